//! Headers that guard whoever reads an answer in a browser.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Which policy an answer needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// An answer of the API: nothing of it is ever run.
    Answer,
    /// A page of ours with files of its own.
    Ours,
    /// The reference of the API, whose bundled files bring styles and pictures inside themselves.
    Reference,
}

const ANSWER: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const OURS: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                    font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
                    form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";
const REFERENCE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                         img-src 'self' data:; font-src 'self' data:; connect-src 'self'; \
                         frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

impl Page {
    /// The policy for a path.
    pub(crate) fn of(path: &str) -> Page {
        let under = |folder: &str| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let answers = [
            "/v1",
            "/log",
            "/healthz",
            "/readyz",
            "/metrics",
            "/openapi.json",
        ];
        if under("/docs") {
            Page::Reference
        } else if answers.iter().any(|folder| under(folder)) {
            Page::Answer
        } else {
            Page::Ours
        }
    }

    /// Adds what is missing.
    pub(crate) fn guard(self, headers: &mut HeaderMap) {
        let policy = match self {
            Page::Answer => ANSWER,
            Page::Ours => OURS,
            Page::Reference => REFERENCE,
        };
        let fixed = [
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "same-origin",
            ),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_reference_may_hold_styles_inside() {
        for (path, page) in [
            ("/docs/index.html", Page::Reference),
            ("/docs", Page::Reference),
            ("/docsx", Page::Ours),
            ("/v1/events", Page::Answer),
            ("/setup", Page::Ours),
            ("/", Page::Ours),
        ] {
            assert_eq!(Page::of(path), page, "{path}");
        }
        assert!(!OURS.contains("unsafe") && !ANSWER.contains("unsafe"));
        assert!(
            !REFERENCE
                .replace("style-src 'self' 'unsafe-inline'", "")
                .contains("unsafe")
        );
    }
}
