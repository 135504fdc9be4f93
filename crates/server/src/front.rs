//! The front door: what every request passes, whatever its route.
//!
//! It gives the request an id, turns it away when there is too much to do, writes refusals as
//! problem documents, and counts.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{HeaderValue, Request, header};
use axum::middleware::Next;
use axum::response::Response;
use tower::ServiceExt;

use crate::app::App;
use crate::error::{Code, Refusal};
use crate::guard::Page;
use crate::limits::REQUEST_ID_MAX_CHARACTERS;

/// Paths that answer whatever else goes on.
const ALWAYS_ANSWERED: [&str; 2] = ["/healthz", "/readyz"];

/// The router behind its door.
#[derive(Clone)]
pub(crate) struct Front {
    app: Arc<App>,
    router: Router,
}

/// The name of a request, in answers, logs and events.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// The route that was taken, as the router calls it.
#[derive(Clone)]
struct Route(MatchedPath);

impl Front {
    pub(crate) fn new(app: Arc<App>, router: Router) -> Self {
        Front { app, router }
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, mut request: Request<Body>) -> Response {
        let begun = Instant::now();
        let request_id = request_id(request.headers().get(api::REQUEST_ID_HEADER));
        let always = ALWAYS_ANSWERED.contains(&request.uri().path());
        let method = request.method().clone();
        let headers_of = Page::of(request.uri().path());
        request
            .extensions_mut()
            .insert(RequestId(request_id.clone()));
        let _seat;
        let mut response = match self.app.requests.clone().try_acquire_owned() {
            Ok(permit) => {
                _seat = permit;
                self.route(request).await
            }
            Err(_) if always => self.route(request).await,
            Err(_) => {
                let detail = "the server answers as many requests as it may; try again in a moment";
                axum::response::IntoResponse::into_response(Refusal::new(Code::Overloaded, detail))
            }
        };
        if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
            let refusal = self.app.tell_refused(refusal).await;
            let allow = response.headers_mut().remove(header::ALLOW);
            response = refusal.render(&request_id);
            if let Some(allow) = allow {
                response.headers_mut().insert(header::ALLOW, allow);
            }
        }
        let route = response.extensions_mut().remove::<Route>();
        let route = route.as_ref().map_or("none", |route| route.0.as_str());
        let status = response.status().as_u16();
        let took = begun.elapsed();
        self.app.meters.answered(route, status, took);
        let milliseconds = took.as_secs_f64() * 1e3;
        if response.status().is_server_error() {
            tracing::warn!(request_id, %method, route, status, milliseconds, "a request failed");
        } else {
            tracing::debug!(request_id, %method, route, status, milliseconds, "a request was answered");
        }
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::try_from(request_id) {
            headers.insert(api::REQUEST_ID_HEADER, value);
        }
        headers_of.guard(headers);
        response
    }

    async fn route(&self, request: Request<Body>) -> Response {
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// A layer of the routes: remembers which one was taken.
pub(crate) async fn remember_route(
    path: MatchedPath,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Route(path));
    response
}

/// Answers where there is no route.
pub(crate) async fn no_route(uri: axum::http::Uri) -> Refusal {
    let shown: String = uri.path().chars().take(100).collect();
    Refusal::new(Code::NoRoute, format!("there is nothing at {shown}"))
        .with_hint("the routes are listed at /docs")
}

/// Answers where the route knows other methods; the router names them in `Allow`.
pub(crate) async fn wrong_method(method: axum::http::Method) -> Refusal {
    Refusal::new(Code::Method, format!("this route does not take {method}"))
}

/// The id a client chose, if it is sane, else a new one.
fn request_id(chosen: Option<&HeaderValue>) -> String {
    let sane = |text: &&str| {
        (1..=REQUEST_ID_MAX_CHARACTERS).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    match chosen.and_then(|value| value.to_str().ok()).filter(sane) {
        Some(chosen) => chosen.to_owned(),
        None => {
            let mut random = [0; 8];
            // Without randomness the id only tells requests apart less well.
            let _ = getrandom::fill(&mut random);
            format!("req_{:016x}", u64::from_be_bytes(random))
        }
    }
}
