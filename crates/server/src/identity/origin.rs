//! Where a request came from: the address, the program, the connection's safety.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::app::App;
use crate::config::Config;
use crate::error::Refusal;
use crate::front::RequestId;
use crate::health::Peer;
use crate::limits::USER_AGENT_MAX_CHARACTERS;

/// Where a request came from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The client's address: what a trusted proxy says, else the connection's.
    pub(crate) address: Option<IpAddr>,
    /// The program, as it names itself.
    pub(crate) user_agent: Option<String>,
    /// The name of the request.
    pub(crate) request_id: String,
    /// The name the client called the server by, with its port.
    pub(crate) host: String,
    /// Whether the client is on this machine and no proxy speaks for it.
    pub(crate) is_local: bool,
    /// Whether a trusted proxy says that the client used TLS.
    pub(crate) is_tls: bool,
}

impl Origin {
    pub(crate) fn of(parts: &Parts, config: &Config) -> Origin {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        let headers = &parts.headers;
        let trusted = |address: &IpAddr| {
            config
                .trusted_proxies
                .iter()
                .any(|net| net.contains(address))
        };
        let by_proxy = peer.is_some_and(|peer| trusted(&peer.to_canonical()));
        let forwarded = by_proxy.then(|| forwarded_for(headers, trusted)).flatten();
        let has_forwarding = ["forwarded", "x-forwarded-for"]
            .iter()
            .any(|name| headers.contains_key(*name));
        let user_agent = text(headers, header::USER_AGENT.as_str())
            .map(|text| text.chars().take(USER_AGENT_MAX_CHARACTERS).collect());
        Origin {
            address: forwarded.or(peer).map(|address| address.to_canonical()),
            user_agent,
            request_id: parts
                .extensions
                .get::<RequestId>()
                .map_or_else(String::new, |id| id.0.clone()),
            host: text(headers, header::HOST.as_str())
                .unwrap_or_default()
                .to_owned(),
            is_local: peer.is_some_and(|peer| peer.to_canonical().is_loopback()) && !has_forwarding,
            is_tls: by_proxy && text(headers, "x-forwarded-proto") == Some("https"),
        }
    }

    /// Whether cookies travel without TLS and that is fine: a browser on this machine.
    pub(crate) fn is_plain_loopback(&self) -> bool {
        let name = match self.host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => &self.host,
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let is_loopback_name = name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
        self.is_local && !self.is_tls && is_loopback_name
    }

    /// The address as words.
    pub(crate) fn address_text(&self) -> String {
        self.address.map_or_else(String::new, |it| it.to_string())
    }
}

/// The last address in `X-Forwarded-For` that is not one of our own proxies: what the outermost
/// trusted proxy saw. What stands before it the client may have made up.
fn forwarded_for(headers: &HeaderMap, trusted: impl Fn(&IpAddr) -> bool) -> Option<IpAddr> {
    let mut seen: Vec<IpAddr> = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        for part in value.to_str().ok()?.split(',') {
            seen.push(part.trim().parse::<IpAddr>().ok()?.to_canonical());
        }
    }
    let outside = seen.iter().rev().find(|address| !trusted(address));
    outside.or(seen.first()).copied()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

impl FromRequestParts<Arc<App>> for Origin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        Ok(Origin::of(parts, &app.config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(forwarded: &str, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        let proxy: ipnet::IpNet = "192.0.2.0/24".parse().unwrap();
        let found = forwarded_for(&headers, |address| proxy.contains(address));
        assert_eq!(
            found.map(|it| it.to_string()).as_deref(),
            expected,
            "{forwarded}"
        );
    }

    #[test]
    fn what_a_client_made_up_is_not_believed() {
        check("203.0.113.9", Some("203.0.113.9"));
        check("198.51.100.1, 203.0.113.9", Some("203.0.113.9"));
        check("198.51.100.1, 203.0.113.9, 192.0.2.7", Some("203.0.113.9"));
        check("192.0.2.7", Some("192.0.2.7"));
        check("::ffff:203.0.113.9", Some("203.0.113.9"));
        check("nonsense, 203.0.113.9", None);
    }
}
