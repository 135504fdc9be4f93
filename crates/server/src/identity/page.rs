//! The plain page of the first run: set up, sign in, join, choose a password, make the first key,
//! wait for the first event. One page of HTML with one script and one style, all from here.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Where the page is served; the script does what the path says.
const PATHS: [&str; 5] = ["/setup", "/sign-in", "/invitation", "/reset", "/demo"];

/// The routes of the page.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = || async {
        file(
            "text/html; charset=utf-8",
            include_str!("page/welcome.html"),
        )
    };
    let script = || async {
        file(
            "text/javascript; charset=utf-8",
            include_str!("page/welcome.js"),
        )
    };
    let style = || async { file("text/css; charset=utf-8", include_str!("page/welcome.css")) };
    PATHS
        .iter()
        .fold(Router::new(), |router, path| router.route(path, get(page)))
        .route("/welcome.js", get(script))
        .route("/welcome.css", get(style))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind))],
        text,
    )
        .into_response()
}
