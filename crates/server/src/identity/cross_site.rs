//! Requests that another site made a browser send are refused.
//!
//! A browser says where a request comes from (`Sec-Fetch-Site`, `Origin`), and does not let another
//! site send JSON without asking first. No `GET` changes anything.

use axum::http::{HeaderMap, Method, header};

use crate::error::{Code, Refusal};

/// Refuses what another site made a browser send. `with_cookie` says that the request is believed
/// because of a cookie: then it has to say where it comes from.
pub(crate) fn check(
    method: &Method,
    headers: &HeaderMap,
    with_cookie: bool,
) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let site = text("sec-fetch-site");
    let refused = |detail: &str| Err(Refusal::new(Code::CrossSite, detail));
    if let Some(site) = site
        && !matches!(site, "same-origin" | "none")
    {
        return refused("another site sent this request");
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let host = text(header::HOST.as_str()).unwrap_or("");
    match text(header::ORIGIN.as_str()) {
        Some(origin) => {
            let ours = origin
                .split_once("://")
                .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host));
            if !ours && site != Some("same-origin") {
                return refused("the header `Origin` names another site");
            }
        }
        None if with_cookie && site != Some("same-origin") => {
            return refused(
                "a request with a session needs the header `Origin`, equal to the host",
            );
        }
        None => {}
    }
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || text(header::CONTENT_LENGTH.as_str()).is_some_and(|length| length != "0");
    if (has_body || *method != Method::DELETE) && !is_json(headers) {
        return refused("send `Content-Type: application/json`");
    }
    Ok(())
}

/// Whether the body says that it is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_that(method: Method, headers: &[(&'static str, &str)], with_cookie: bool, fine: bool) {
        let mut map = HeaderMap::new();
        map.insert("host", "log.example.com:7070".parse().unwrap());
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let checked = check(&method, &map, with_cookie);
        assert_eq!(checked.is_ok(), fine, "{method} {headers:?}");
    }

    #[test]
    fn only_our_own_pages_may_change_something() {
        let json = ("content-type", "application/json");
        let ours = ("origin", "http://log.example.com:7070");
        check_that(Method::POST, &[json, ours], true, true);
        check_that(
            Method::POST,
            &[json, ("sec-fetch-site", "same-origin")],
            true,
            true,
        );
        check_that(Method::POST, &[json], true, false);
        check_that(Method::POST, &[json], false, true);
        check_that(Method::POST, &[ours], true, false);
        check_that(
            Method::POST,
            &[ours, ("content-type", "text/plain")],
            true,
            false,
        );
        check_that(
            Method::POST,
            &[json, ("origin", "http://evil.example.com")],
            false,
            false,
        );
        check_that(Method::POST, &[json, ("origin", "null")], true, false);
        check_that(
            Method::POST,
            &[json, ours, ("sec-fetch-site", "cross-site")],
            true,
            false,
        );
        check_that(
            Method::POST,
            &[json, ours, ("sec-fetch-site", "same-site")],
            true,
            false,
        );
        check_that(Method::DELETE, &[ours], true, true);
        check_that(Method::DELETE, &[], true, false);
        check_that(Method::GET, &[], true, true);
        check_that(
            Method::GET,
            &[("sec-fetch-site", "cross-site")],
            true,
            false,
        );
    }
}
