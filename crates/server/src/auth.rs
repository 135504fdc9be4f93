//! Who asks, and what they may: the only way to a ledger leads through a [`Grant`].

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use catalog::{ApiKey, KeyStanding, KeyText, Scope, TenantName};

use crate::app::App;
use crate::error::{Code, Refusal};
use crate::instance::now;

/// Somebody with a good key.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    key: Arc<ApiKey>,
}

/// What a caller wants to do with a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send events.
    Append,
    /// Read events.
    Read,
    /// Read an event with its proof.
    Prove,
    /// Read checkpoints, tiles and entries.
    ReadLog,
}

impl Action {
    fn scopes(self) -> &'static [Scope] {
        match self {
            Action::Append => &[Scope::EventsWrite],
            Action::Read => &[Scope::EventsRead],
            Action::Prove => &[Scope::EventsRead, Scope::LedgerRead],
            Action::ReadLog => &[Scope::LedgerRead],
        }
    }
}

/// Leave to do one thing with one tenant's ledger. Nothing but [`Caller::may`] (and, for logs that
/// were opened to all, [`Grant::for_public_log`]) makes one.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    tenant: TenantName,
    key: Option<Arc<ApiKey>>,
}

impl Grant {
    /// Whose ledger.
    pub(crate) fn tenant(&self) -> &TenantName {
        &self.tenant
    }

    /// Id of the key that asks; none for a public log.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.id.as_str())
    }

    /// Whether the key that asks is still good.
    pub(crate) fn holds(&self, app: &App) -> bool {
        self.key.as_ref().is_none_or(|key| {
            let current = app.instance.keys.current(&key.hash);
            current.is_some_and(|key| key.standing(now()) == KeyStanding::Good)
        })
    }

    /// Leave for everybody to read a log that the configuration opened.
    pub(crate) fn for_public_log(app: &App, tenant: TenantName) -> Option<Grant> {
        app.config.public_log.then_some(Grant { tenant, key: None })
    }
}

impl Caller {
    /// Leave to do `action` with the caller's tenant. `tenant` is the one the request names, if it
    /// names one: another than the key's does not exist for this caller.
    pub(crate) fn may(&self, action: Action, tenant: Option<&str>) -> Result<Grant, Refusal> {
        if let Some(named) = tenant
            && named != self.key.tenant.as_str()
        {
            return Err(no_tenant(named));
        }
        for scope in action.scopes() {
            if !self.key.scopes.contain(*scope) {
                let scope = scope.as_str();
                let detail = format!(
                    "this needs the scope `{scope}`, which key `{}` lacks",
                    self.key.id
                );
                return Err(Refusal::new(Code::MissingScope, detail).with_hint(format!(
                    "make a key that has it: annals key create --name NAME --scope {scope}"
                )));
            }
        }
        Ok(Grant {
            tenant: self.key.tenant.clone(),
            key: Some(self.key.clone()),
        })
    }

    /// Leave to read the numbers of the whole instance. They name every tenant, so a key of `main`
    /// (the instance's own tenant) is asked for.
    pub(crate) fn may_read_metrics(&self) -> Result<(), Refusal> {
        if self.key.scopes.contain(Scope::Admin) && self.key.tenant == TenantName::main() {
            return Ok(());
        }
        let detail = "this needs a key of the tenant `main` with the scope `admin`";
        Err(Refusal::new(Code::MissingScope, detail))
    }
}

/// The answer about a tenant that does not exist, or not for this caller.
pub(crate) fn no_tenant(name: &str) -> Refusal {
    let shown: String = name.chars().take(63).collect();
    Refusal::new(Code::NotFound, format!("there is no tenant `{shown}`")).of_field("tenant")
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(|| {
            Refusal::new(Code::Unauthorized, "this needs an API key")
                .with_hint("send the header `Authorization: Bearer ann_...`")
        })?;
        let no_key = |detail: &str| Refusal::new(Code::Unauthorized, detail);
        let text = header.to_str().ok().and_then(|value| {
            let (scheme, text) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(text.trim())
        });
        let text: KeyText = text.and_then(|text| text.parse().ok()).ok_or_else(|| {
            no_key("the Authorization header holds no API key (`Bearer ann_...`)")
        })?;
        let unknown = || no_key("this API key does not exist");
        let key = app.instance.keys.find(&text).ok_or_else(unknown)?;
        match key.standing(now()) {
            KeyStanding::Good => Ok(Caller { key }),
            KeyStanding::Expired(at) => Err(no_key(&format!(
                "key `{}` expired at {at}; make a new one with `annals key create`",
                key.id
            ))),
            KeyStanding::Revoked(at) => {
                Err(no_key(&format!("key `{}` was revoked at {at}", key.id)))
            }
        }
    }
}

/// A caller, or nobody where no key was sent; a bad key is refused.
impl OptionalFromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Option<Self>, Refusal> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        <Caller as FromRequestParts<Arc<App>>>::from_request_parts(parts, app)
            .await
            .map(Some)
    }
}
