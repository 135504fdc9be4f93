//! JSON bodies: read up to a limit, parsed after the caller was allowed to send one.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::Method;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::error::{Code, Refusal};
use crate::identity::cross_site;
use crate::limits::JSON_BODY_MAX_BYTES;

/// What was sent. Made from a request, it refuses what another site made a browser send.
pub(crate) struct Sent {
    bytes: Bytes,
}

impl Sent {
    /// The body as `T`.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        // Serde would also take an array of the values in the order of the fields.
        if self.bytes.trim_ascii_start().first() == Some(&b'[') {
            return Err(Refusal::new(Code::InvalidBody, "the body is a JSON object"));
        }
        serde_json::from_slice(&self.bytes).map_err(|error| {
            // What was sent is not repeated: it may hold a password.
            let detail = match error.classify() {
                serde_json::error::Category::Data => shortened(&error.to_string()),
                _ => format!(
                    "the body is no JSON: line {}, column {}",
                    error.line(),
                    error.column()
                ),
            };
            Refusal::new(Code::InvalidBody, detail)
        })
    }
}

/// Keeps a message about a type or a name, and drops the value that it may quote.
fn shortened(message: &str) -> String {
    match message.split_once(", expected") {
        Some((found, expected)) if found.starts_with("invalid") => {
            format!("the body has a value of the wrong kind: expected{expected}")
        }
        _ => message.to_owned(),
    }
}

impl FromRequest<Arc<App>> for Sent {
    type Rejection = Refusal;

    async fn from_request(request: Request<Body>, app: &Arc<App>) -> Result<Self, Refusal> {
        let by_key = request
            .headers()
            .contains_key(axum::http::header::AUTHORIZATION);
        if by_key {
            let needs_type = request.method() != Method::DELETE;
            if needs_type && !cross_site::is_json(request.headers()) {
                let detail = "the body is JSON: send `Content-Type: application/json`";
                return Err(Refusal::new(Code::Unsupported, detail));
            }
        } else {
            cross_site::check(request.method(), request.headers(), false)?;
        }
        let body = Limited::new(request.into_body(), JSON_BODY_MAX_BYTES);
        let collected = tokio::time::timeout(app.config.patience.body, body.collect()).await;
        match collected {
            Ok(Ok(collected)) => Ok(Sent {
                bytes: collected.to_bytes(),
            }),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                let detail = format!("the body may have {} KiB", JSON_BODY_MAX_BYTES >> 10);
                Err(Refusal::new(Code::BodyTooLarge, detail))
            }
            Ok(Err(_)) => Err(Refusal::new(Code::BrokenBody, "the body broke off")),
            Err(_) => Err(Refusal::new(Code::Timeout, "the body took too long")),
        }
    }
}

/// A field of a body as a value of its type, or a refusal that names it.
pub(crate) fn field<T>(name: &str, text: &str) -> Result<T, Refusal>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| wrong_field(name, error.to_string()))
}

/// A time in a body.
pub(crate) fn time(name: &str, text: &str) -> Result<event::Timestamp, Refusal> {
    event::Timestamp::parse_rfc3339(text)
        .map_err(|_| wrong_field(name, "a time looks like 2027-01-31T00:00:00Z".to_owned()))
}

/// A time zone in a body.
pub(crate) fn time_zone(text: &str) -> Result<String, Refusal> {
    match jiff::tz::TimeZone::get(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(wrong_field(
            "time_zone",
            "a time zone is an IANA name such as Europe/Berlin".to_owned(),
        )),
    }
}

/// The refusal of a field.
pub(crate) fn wrong_field(name: &str, why: String) -> Refusal {
    Refusal::new(Code::InvalidField, why).of_field(format!("/{name}"))
}
