//! Refusals and their status codes: nothing else in the server knows one.
//!
//! A handler answers with a [`Refusal`]; the front door (`front`) writes it as a problem document,
//! with the request's id.

use std::sync::Arc;
use std::time::Duration;

use api::Problem;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalog::TenantName;

use crate::identity::told::Same;
use crate::instance::RecordError;
use crate::limits::RETRY_AFTER;
use crate::own::OwnEvent;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal;)+) => {
        /// Every kind of refusal that is not about one event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            fn parts(self) -> (&'static str, StatusCode, &'static str) {
                match self { $(Code::$name => ($code, StatusCode::$status, $title),)+ }
            }
        }
    };
}

codes! {
    /// A parameter has a wrong name or value.
    InvalidParameter = "invalid_parameter", BAD_REQUEST, "Invalid parameter";
    /// The query cannot be read.
    InvalidQuery = "invalid_query", BAD_REQUEST, "Invalid query";
    /// The cursor is none, or belongs to another search.
    InvalidCursor = "invalid_cursor", BAD_REQUEST, "Invalid cursor";
    /// The request names no tenant and the person has several.
    TenantRequired = "tenant_required", BAD_REQUEST, "Tenant required";
    /// The body is not what its encoding says.
    BrokenEncoding = "broken_encoding", BAD_REQUEST, "Broken compression";
    /// The body broke off.
    BrokenBody = "broken_body", BAD_REQUEST, "Broken body";
    /// No key, or none that is good.
    Unauthorized = "unauthorized", UNAUTHORIZED, "Not signed in";
    /// Unknown account or wrong password; which one is not said.
    SignInFailed = "sign_in_failed", UNAUTHORIZED, "Sign-in failed";
    /// Another site made a browser send it.
    CrossSite = "cross_site", FORBIDDEN, "From another site";
    /// The person's role does not allow it.
    MissingRole = "missing_role", FORBIDDEN, "Missing role";
    /// Only a person may do this, no key.
    NeedsPerson = "needs_person", FORBIDDEN, "For people only";
    /// The password has to be given again first.
    Reauthenticate = "reauthenticate", FORBIDDEN, "Password needed again";
    /// Nobody gives or takes a role above their own.
    AboveOwnRole = "above_own_role", FORBIDDEN, "Above one's own role";
    /// The key lacks the scope.
    MissingScope = "missing_scope", FORBIDDEN, "Missing scope";
    /// The tenant was suspended.
    TenantSuspended = "tenant_suspended", FORBIDDEN, "Tenant suspended";
    /// There is no such thing, or not for this caller.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// No link has this token, or not any more.
    LinkUnknown = "link_unknown", NOT_FOUND, "Unknown link";
    /// There is no such route.
    NoRoute = "no_route", NOT_FOUND, "No such route";
    /// The route knows other methods.
    Method = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The body took too long.
    Timeout = "timeout", REQUEST_TIMEOUT, "Timed out";
    /// The link was used before.
    LinkUsed = "link_used", GONE, "Link used";
    /// The link's time has run out.
    LinkExpired = "link_expired", GONE, "Link expired";
    /// There is an owner already.
    OwnerExists = "owner_exists", CONFLICT, "Set up already";
    /// The address belongs to a member already.
    EmailTaken = "email_taken", CONFLICT, "Address taken";
    /// The name is taken.
    NameTaken = "name_taken", CONFLICT, "Name taken";
    /// A tenant keeps an owner.
    LastOwner = "last_owner", CONFLICT, "Last owner";
    /// A second owner has to agree.
    NeedsSecondOwner = "needs_second_owner", CONFLICT, "Second owner needed";
    /// As things stand it cannot be done.
    Conflict = "conflict", CONFLICT, "Conflict";
    /// The id belongs to an event with other content.
    IdConflict = "id_conflict", CONFLICT, "Id used before";
    /// The id belongs to an erased event.
    Erased = "erased", CONFLICT, "Id of an erased event";
    /// More bytes than a body may have.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "Body too large";
    /// More events than a batch may have.
    TooManyEvents = "too_many_events", PAYLOAD_TOO_LARGE, "Too many events";
    /// A media type or encoding that is not taken.
    Unsupported = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
    /// The body is not the JSON that this route takes.
    InvalidBody = "invalid_body", UNPROCESSABLE_ENTITY, "Invalid body";
    /// A field of the body cannot be used.
    InvalidField = "invalid_field", UNPROCESSABLE_ENTITY, "Invalid field";
    /// The password is too short or guessed first.
    PasswordWeak = "password_weak", UNPROCESSABLE_ENTITY, "Weak password";
    /// The batch was all or nothing and another event was refused.
    WithBatch = "refused_with_batch", UNPROCESSABLE_ENTITY, "Refused with its batch";
    /// Too many sign-ins failed.
    TooManyFailures = "too_many_failures", TOO_MANY_REQUESTS, "Too many failures";
    /// A limit of this caller was reached.
    TooMany = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests";
    /// The ledger asks senders to slow down.
    Busy = "busy", TOO_MANY_REQUESTS, "Busy";
    /// The server has as much to do as it can.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "Overloaded";
    /// There is no room for events.
    DiskFull = "disk_full", SERVICE_UNAVAILABLE, "Disk full";
    /// The event that tells of this could not be kept, so it was not done.
    NotRecorded = "not_recorded", SERVICE_UNAVAILABLE, "Not recorded";
    /// The ledger takes no events.
    LedgerStopped = "ledger_stopped", SERVICE_UNAVAILABLE, "Ledger stopped";
    /// The ledger cannot be opened.
    LedgerUnavailable = "ledger_unavailable", SERVICE_UNAVAILABLE, "Ledger unavailable";
    /// No checkpoint covers the event yet.
    NotCovered = "not_covered", SERVICE_UNAVAILABLE, "Not covered yet";
    /// Something broke; the log says what.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Internal error";
}

/// Why a request was refused. Nothing was changed, unless the detail says otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    retry_after: Option<Duration>,
    problem: Box<Problem>,
    /// What the ledger is to hear of this refusal.
    denial: Option<Arc<Denial>>,
}

/// A refusal that ledgers hear of: who was refused what, and whose ledgers it concerns.
#[derive(Debug)]
pub(crate) struct Denial {
    /// The tenants it concerns: one at least has to hear of it.
    pub(crate) tenants: Vec<TenantName>,
    /// What makes refusals equal in one ledger, so that many leave one event with their number.
    pub(crate) same: Vec<String>,
    pub(crate) event: OwnEvent,
    /// What `main` hears where none of them can.
    pub(crate) otherwise: Option<OwnEvent>,
}

impl Denial {
    /// One that concerns a single tenant.
    pub(crate) fn of(tenant: TenantName, same: &[&str], event: OwnEvent) -> Self {
        Denial {
            tenants: vec![tenant],
            same: same.iter().map(|it| (*it).to_owned()).collect(),
            event,
            otherwise: None,
        }
    }

    /// What makes it equal to another in a tenant's ledger.
    pub(crate) fn same_in(&self, tenant: &TenantName) -> Same {
        let mut parts = vec![tenant.as_str()];
        parts.extend(self.same.iter().map(String::as_str));
        Same::of(&parts)
    }
}

impl Refusal {
    /// A refusal in these words.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let (name, status, title) = code.parts();
        let retries = matches!(
            code,
            Code::TooMany | Code::Busy | Code::Overloaded | Code::DiskFull | Code::NotCovered
        );
        Refusal {
            status,
            retry_after: retries.then_some(RETRY_AFTER),
            problem: Box::new(problem(name, status, title, detail.into())),
            denial: None,
        }
    }

    /// The parameter or field at fault.
    pub(crate) fn of_field(mut self, field: impl Into<String>) -> Self {
        self.problem.field = Some(field.into());
        self
    }

    /// What would be right.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.problem.hint = Some(hint.into());
        self
    }

    /// When to try again.
    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The event that has the id already.
    pub(crate) fn with_existing(mut self, sequence: u64) -> Self {
        self.problem.existing = Some(sequence);
        self
    }

    /// That the ledger has to hear of it before the answer goes out.
    pub(crate) fn told(mut self, denial: Denial) -> Self {
        self.denial = Some(Arc::new(denial));
        self
    }

    /// What the ledger has to hear; afterwards nothing more.
    pub(crate) fn take_denial(&mut self) -> Option<Arc<Denial>> {
        self.denial.take()
    }

    /// Something broke that is nobody's fault outside: the operator reads `error` in the log, the
    /// caller learns only where to look.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = error_chain(error), "a request failed");
        Refusal::new(
            Code::Internal,
            "something broke here; the server's log says what",
        )
    }

    /// The status of a batch of which nothing was kept.
    pub(crate) fn status_of_refused_batch() -> StatusCode {
        StatusCode::UNPROCESSABLE_ENTITY
    }

    /// The status of `/readyz`.
    pub(crate) fn status_of_readiness(ready: bool) -> StatusCode {
        if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }

    /// The problem, for an event of a batch.
    pub(crate) fn into_problem(self) -> Problem {
        *self.problem
    }

    /// The answer, with the request's id in it.
    pub(crate) fn render(mut self, request_id: &str) -> Response {
        self.problem.request_id = Some(request_id.to_owned());
        let body = serde_json::to_vec(&*self.problem).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(api::PROBLEM_MEDIA_TYPE),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs().max(1);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Carries the refusal to the front door, which writes it.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<event::Problem> for Refusal {
    fn from(refused: event::Problem) -> Self {
        use event::ProblemCode as P;
        let (status, title) = match refused.code {
            P::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Event too large"),
            P::MalformedJson => (StatusCode::UNPROCESSABLE_ENTITY, "Malformed JSON"),
            P::InvalidUtf8 => (StatusCode::UNPROCESSABLE_ENTITY, "Invalid UTF-8"),
            P::LoneSurrogate => (StatusCode::UNPROCESSABLE_ENTITY, "Lone surrogate"),
            P::Nul => (StatusCode::UNPROCESSABLE_ENTITY, "NUL character"),
            P::DuplicateKey => (StatusCode::UNPROCESSABLE_ENTITY, "Duplicate name"),
            P::TooDeep => (StatusCode::UNPROCESSABLE_ENTITY, "Nested too deep"),
            P::TooManyFields => (StatusCode::UNPROCESSABLE_ENTITY, "Too many fields"),
            P::PathTooLong => (StatusCode::UNPROCESSABLE_ENTITY, "Path too long"),
            P::UnknownField => (StatusCode::UNPROCESSABLE_ENTITY, "Unknown field"),
            P::MissingField => (StatusCode::UNPROCESSABLE_ENTITY, "Missing field"),
            P::WrongType => (StatusCode::UNPROCESSABLE_ENTITY, "Wrong type"),
            P::WrongValue => (StatusCode::UNPROCESSABLE_ENTITY, "Wrong value"),
            P::TimeOutOfRange => (StatusCode::UNPROCESSABLE_ENTITY, "Time out of range"),
            P::Reserved => (StatusCode::UNPROCESSABLE_ENTITY, "Reserved name"),
            P::Conflict => (StatusCode::UNPROCESSABLE_ENTITY, "Conflicting fields"),
        };
        let mut problem = problem(refused.code.as_str(), status, title, refused.detail);
        problem.field = Some(refused.field).filter(|field| !field.is_empty());
        problem.position = refused.offset;
        Refusal {
            status,
            retry_after: None,
            problem: Box::new(problem),
            denial: None,
        }
    }
}

impl From<ledger::Refused> for Refusal {
    fn from(refused: ledger::Refused) -> Self {
        let detail = refused.to_string();
        match refused {
            ledger::Refused::Conflict { existing } => Refusal::new(Code::IdConflict, detail)
                .of_field("/id")
                .with_existing(existing.get()),
            ledger::Refused::Erased { existing } => Refusal::new(Code::Erased, detail)
                .of_field("/id")
                .with_existing(existing.get()),
            ledger::Refused::WithBatch => Refusal::new(Code::WithBatch, detail),
        }
    }
}

impl From<ledger::AppendError> for Refusal {
    fn from(error: ledger::AppendError) -> Self {
        let detail = error.to_string();
        match error {
            ledger::AppendError::Busy { retry_after, .. } => {
                Refusal::new(Code::Busy, detail).with_retry_after(retry_after)
            }
            ledger::AppendError::DiskFull => Refusal::new(Code::DiskFull, detail),
            ledger::AppendError::TooLarge { .. } => Refusal::new(Code::BodyTooLarge, detail),
            ledger::AppendError::Disk(_) | ledger::AppendError::Stopped(_) => {
                tracing::error!(error = detail, "events could not be kept");
                Refusal::new(
                    Code::LedgerStopped,
                    "the ledger cannot take events; the server's log says why. Whether these were \
                     kept is not known: send them again, with their ids",
                )
            }
        }
    }
}

/// An event about the action was not kept, so the action was not done.
impl From<RecordError> for Refusal {
    fn from(error: RecordError) -> Self {
        tracing::error!(
            error = error_chain(&error),
            "an action was refused because the event that tells of it could not be kept"
        );
        let detail = "the event that tells of this cannot be kept at this moment, so nothing was \
                      done; the server's log says why";
        Refusal::new(Code::NotRecorded, detail).with_retry_after(RETRY_AFTER)
    }
}

impl From<catalog::StoreError> for Refusal {
    fn from(error: catalog::StoreError) -> Self {
        if error.is_disk_full() {
            tracing::error!("a change was refused because the disk is full");
            return Refusal::new(Code::DiskFull, "the disk is full, so nothing was changed");
        }
        Refusal::internal(&error)
    }
}

impl From<ledger::ReadError> for Refusal {
    fn from(error: ledger::ReadError) -> Self {
        match error {
            ledger::ReadError::Unknown(sequence) => {
                Refusal::new(Code::NotFound, format!("there is no event {sequence}"))
            }
            ledger::ReadError::Io(_) => Refusal::internal(&error),
        }
    }
}

impl From<query::QueryError> for Refusal {
    fn from(error: query::QueryError) -> Self {
        let mut refusal = Refusal::new(Code::InvalidQuery, error.message).of_field("q");
        refusal.problem.position = Some(error.position as u64);
        refusal.problem.length = Some(error.length as u64);
        refusal.problem.hint = error.hint;
        refusal
    }
}

fn problem(code: &str, status: StatusCode, title: &str, detail: String) -> Problem {
    Problem {
        kind: format!("/problems/{code}"),
        title: title.to_owned(),
        status: status.as_u16(),
        detail,
        code: code.to_owned(),
        field: None,
        position: None,
        length: None,
        hint: None,
        existing: None,
        request_id: None,
    }
}

/// An error with its causes, in one line.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
