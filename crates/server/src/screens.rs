//! The screens: the built files of `web/`, inside the binary.
//!
//! Files whose names carry a hash of their contents may be kept for ever; the page that names them
//! is asked for each time. Nothing is loaded from elsewhere, and the content security policy holds
//! the browser to that: no inline script, no inline style.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::front::no_route;

/// What `build.rs` made, sorted by path; empty in a build without screens.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/screens.rs"));

/// The page every screen starts from.
const PAGE: &str = "index.html";

/// Where screens have their addresses; the page reads the rest.
const SCREENS: [&str; 8] = [
    "/",
    "/setup",
    "/sign-in",
    "/invitation",
    "/reset",
    "/demo",
    "/no-tenant",
    "/t/{*screen}",
];

/// Scripts, styles, fonts, pictures and answers come from this server alone, and nobody frames it.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; object-src 'none'";

/// The routes of the screens and their files. A build without screens has the plain page of the
/// first run and the API's description.
pub(crate) fn router() -> Router {
    if FILES.is_empty() {
        let reference = get(async || Redirect::temporary("/docs/"));
        return crate::identity::page::routes().route("/", reference);
    }
    let mut router = Router::new()
        .route("/assets/{*file}", get(file))
        .route("/icon.svg", get(file));
    for screen in SCREENS {
        router = router.route(screen, get(page));
    }
    router
}

async fn page(headers: HeaderMap) -> Response {
    let Some(mut response) = answer(PAGE, &headers) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    let opener = HeaderValue::from_static("same-origin");
    let headers = response.headers_mut();
    headers.insert("cross-origin-opener-policy", opener);
    response
}

/// Answers where there is no route: a browser that looks for a page gets the screens, which say so,
/// everything else a problem document.
pub(crate) async fn nowhere(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let is_api = ["/v1", "/log"].iter().any(|under| {
        let rest = uri.path().strip_prefix(under);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    if FILES.is_empty() || is_api || !wants_page || method != Method::GET {
        return no_route(uri).await.into_response();
    }
    let mut response = page(headers).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn file(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let Some(mut response) = answer(path, &headers) else {
        return no_route(uri).await.into_response();
    };
    let kept = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    // A picture opened by itself runs nothing either.
    let policy = HeaderValue::from_static(POLICY);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// A file in the best coding the client takes, or the answer that it has it already.
fn answer(path: &str, asked: &HeaderMap) -> Option<Response> {
    let plain = find(path)?;
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(plain)));
    let known = asked.get(header::IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let (file, coding) = best(path, plain, asked);
        let mut response = Response::new(Body::from(file));
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static(content_type(path));
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(coding) = coding {
            let coding = HeaderValue::from_static(coding);
            headers.insert(header::CONTENT_ENCODING, coding);
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    Some(response)
}

fn find(path: &str) -> Option<&'static [u8]> {
    let at = FILES.binary_search_by_key(&path, |(name, _)| name).ok()?;
    FILES.get(at).map(|(_, bytes)| *bytes)
}

fn best(
    path: &str,
    plain: &'static [u8],
    asked: &HeaderMap,
) -> (&'static [u8], Option<&'static str>) {
    for (coding, ending) in [("br", ".br"), ("gzip", ".gz")] {
        if takes(asked, coding)
            && let Some(file) = find(&format!("{path}{ending}"))
        {
            return (file, Some(coding));
        }
    }
    (plain, None)
}

/// Whether the client takes a coding. `q=0` refuses it.
fn takes(asked: &HeaderMap, coding: &str) -> bool {
    let accepted = asked.get(header::ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|item| {
        let (name, rest) = item.split_once(';').unwrap_or((item, ""));
        let quality = rest.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case(coding) && quality.parse::<f32>().is_ok_and(|q| q > 0.0)
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accepted: &str, coding: &str, expect: bool) {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::try_from(accepted).unwrap();
        headers.insert(header::ACCEPT_ENCODING, value);
        assert_eq!(takes(&headers, coding), expect, "{accepted} {coding}");
    }

    #[test]
    fn a_coding_is_used_only_where_the_client_takes_it() {
        check("gzip, deflate, br", "br", true);
        check("gzip;q=0.5, br;q=0", "br", false);
        check("gzip;q=0.5, br;q=0", "gzip", true);
        check("identity", "gzip", false);
        assert!(!takes(&HeaderMap::new(), "br"));
    }
}
