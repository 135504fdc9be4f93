//! The cookie that holds a session's token.
//!
//! `__Host-annals` is bound to TLS and to the very host. A browser on this machine that talks plain
//! HTTP cannot keep such a cookie; there, and only there, it is `annals_session`.

use axum::http::{HeaderMap, HeaderValue, header};
use catalog::TokenText;

use crate::identity::origin::Origin;

const SAFE_NAME: &str = "__Host-annals";
const LOOPBACK_NAME: &str = "annals_session";

/// The token in a request's cookie.
pub(crate) fn token(headers: &HeaderMap, origin: &Origin) -> Option<TokenText> {
    let find = |wanted: &str| {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == wanted)
            .and_then(|(_, value)| value.parse().ok())
    };
    match origin.is_plain_loopback() {
        true => find(LOOPBACK_NAME).or_else(|| find(SAFE_NAME)),
        false => find(SAFE_NAME),
    }
}

/// The header that hands a token over.
pub(crate) fn set(origin: &Origin, token: &TokenText) -> HeaderValue {
    value(origin, token.reveal(), "")
}

/// The header that takes the cookie away.
pub(crate) fn clear(origin: &Origin) -> HeaderValue {
    value(origin, "", "; Max-Age=0")
}

fn value(origin: &Origin, token: &str, more: &str) -> HeaderValue {
    let (name, secure) = match origin.is_plain_loopback() {
        true => (LOOPBACK_NAME, ""),
        false => (SAFE_NAME, "; Secure"),
    };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
    let mut value =
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("annals="));
    value.set_sensitive(true);
    value
}
