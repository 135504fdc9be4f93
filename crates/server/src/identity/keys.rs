//! API keys of a tenant: made, rotated, revoked.

use std::sync::Arc;

use api::{Key, KeyList, MadeKey, NewKey, Rotate, TenantParams};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use catalog::{ApiKey, KeyId, KeyText, Scope, Scopes};

use crate::app::App;
use crate::auth::{Caller, Grant, Permission};
use crate::error::{Code, Refusal};
use crate::identity::access::Access;
use crate::identity::sent::{Sent, field, time, wrong_field};
use crate::instance::{Instance, now, random};
use crate::keys::HeldKey;
use crate::limits::{KEY_LABEL_MAX_CHARACTERS, KEY_OVERLAP_MAX_HOURS};
use crate::own::{Doer, OwnEvent};
use crate::params::Params;

/// The keys of the tenant, without their secrets.
#[utoipa::path(
    get,
    path = "/v1/keys",
    operation_id = "listKeys",
    tag = "Keys",
    params(TenantParams),
    responses(
        (status = 200, description = "Done.", body = KeyList),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn list_keys(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
) -> Result<Json<KeyList>, Refusal> {
    let grant = caller.may(Permission::ReadConfig, params.tenant.as_deref())?;
    app.tell(&grant, &Access::Config { what: "keys" }, true)
        .await?;
    let keys = app.instance.keys.of_tenant(grant.tenant());
    Ok(Json(KeyList {
        keys: keys.iter().map(|key| view(key)).collect(),
    }))
}

fn view(key: &HeldKey) -> Key {
    let used = key.last_use();
    Key {
        last_used_at: used.map(|(at, _)| at.to_string()),
        last_used_from: used.and_then(|(_, from)| from).map(|it| it.to_string()),
        ..new_view(key)
    }
}

fn new_view(key: &ApiKey) -> Key {
    Key {
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        prefix: key.prefix.clone(),
        scopes: key.scopes.iter().map(|it| it.as_str().to_owned()).collect(),
        environment: key.environment.clone(),
        app: key.app.clone(),
        created_at: key.created_at.to_string(),
        created_by: key.created_by.clone(),
        expires_at: key.expires_at.map(|it| it.to_string()),
        revoked_at: key.revoked_at.map(|it| it.to_string()),
        last_used_at: None,
        last_used_from: None,
        replaces: key.replaces.as_ref().map(KeyId::to_string),
    }
}

/// Make a key. Its text is shown this once.
#[utoipa::path(
    post,
    path = "/v1/keys",
    operation_id = "createKey",
    tag = "Keys",
    params(TenantParams),
    request_body = NewKey,
    responses(
        (status = 200, description = "Done.", body = MadeKey),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn create_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
    sent: Sent,
) -> Result<Json<MadeKey>, Refusal> {
    let grant = caller.may(Permission::ManageKeys, params.tenant.as_deref())?;
    let asked: NewKey = sent.parse()?;
    let now = now();
    let scopes: Scopes = field("scopes", &asked.scopes.join(","))?;
    within_own_scopes(&grant, scopes)?;
    let expires_at = asked.expires_at.as_deref().map(|it| time("expires_at", it));
    let expires_at = expires_at.transpose()?;
    if expires_at.is_some_and(|at| at <= now) {
        let why = "the key would have expired already".to_owned();
        return Err(wrong_field("expires_at", why));
    }
    let doer = grant.doer();
    let bytes = random().map_err(|error| Refusal::internal(&error))?;
    let text = KeyText::from_random(bytes);
    let key = ApiKey {
        id: random_id()?,
        tenant: grant.tenant().clone(),
        name: field("name", &asked.name)?,
        hash: text.hash(),
        prefix: text.shown_prefix(),
        scopes,
        created_at: now,
        expires_at,
        revoked_at: None,
        created_by: doer.words().to_owned(),
        environment: label("environment", asked.environment.as_deref())?.unwrap_or_default(),
        app: label("app", asked.app.as_deref())?,
        last_used_at: None,
        last_used_from: None,
        replaces: None,
    };
    app.instance.keep_key(&key, None, &doer).await?;
    Ok(Json(MadeKey {
        key: new_view(&key),
        text: text.reveal().to_owned(),
    }))
}

fn random_id() -> Result<KeyId, Refusal> {
    let bytes = random().map_err(|error| Refusal::internal(&error))?;
    Ok(KeyId::from_random(bytes))
}

/// A plain word about a key; nothing for an empty one.
fn label(name: &str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    check_label(name, text.unwrap_or("")).map_err(|why| wrong_field(name, why))?;
    Ok(text.map(str::to_owned))
}

/// Whether a plain word about a key is one. It stands in events as it is.
pub(crate) fn check_label(name: &str, text: &str) -> Result<(), String> {
    let plain = |c: char| !c.is_control() && !matches!(c, '"' | '\\');
    if text.chars().count() > KEY_LABEL_MAX_CHARACTERS || !text.chars().all(plain) {
        return Err(format!(
            "{name}: at most {KEY_LABEL_MAX_CHARACTERS} characters, without quotes and backslashes"
        ));
    }
    if name == "app" && text.eq_ignore_ascii_case("annals") {
        return Err("the application annals is Annals itself".to_owned());
    }
    Ok(())
}

/// A key manages keys within its own scopes; a person who may manage keys, all of them.
fn within_own_scopes(grant: &Grant, scopes: Scopes) -> Result<(), Refusal> {
    let Some(own) = grant.key() else {
        return Ok(());
    };
    match scopes.iter().find(|scope| !own.scopes.contain(*scope)) {
        None => Ok(()),
        Some(scope) => {
            let detail = format!(
                "key `{}` lacks the scope `{}` and cannot manage keys that have it",
                own.id,
                Scope::as_str(scope)
            );
            Err(Refusal::new(Code::MissingScope, detail))
        }
    }
}

/// A key of the tenant that the caller may manage.
fn managed(app: &App, grant: &Grant, id: &str) -> Result<Arc<HeldKey>, Refusal> {
    let key = app.instance.keys.of_tenant_by_id(grant.tenant(), id);
    let key =
        key.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such key in this tenant"))?;
    within_own_scopes(grant, key.scopes)?;
    Ok(key)
}

/// Make a successor of a key. The old one goes on for the overlap.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/rotate",
    operation_id = "rotateKey",
    tag = "Keys",
    params(("id" = String, Path, description = "The key"), TenantParams),
    request_body = Rotate,
    responses(
        (status = 200, description = "Done.", body = MadeKey),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn rotate_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
    sent: Sent,
) -> Result<Json<MadeKey>, Refusal> {
    let grant = caller.may(Permission::ManageKeys, params.tenant.as_deref())?;
    let asked: Rotate = sent.parse()?;
    if asked.overlap_hours > KEY_OVERLAP_MAX_HOURS {
        let why = format!("an overlap is 0 to {KEY_OVERLAP_MAX_HOURS} hours");
        return Err(wrong_field("overlap_hours", why));
    }
    let old = managed(&app, &grant, &id)?;
    let now = now();
    if old.standing(now) != catalog::KeyStanding::Good {
        let detail = "this key has ended; make a new one instead";
        return Err(Refusal::new(Code::Conflict, detail));
    }
    let bytes = random().map_err(|error| Refusal::internal(&error))?;
    let text = KeyText::from_random(bytes);
    let lifetime = old
        .expires_at
        .map(|at| at.as_micros() - old.created_at.as_micros());
    let doer = grant.doer();
    let key = ApiKey {
        id: random_id()?,
        hash: text.hash(),
        prefix: text.shown_prefix(),
        created_at: now,
        // As long a life as the old one had.
        expires_at: lifetime.map(|micros| now.plus_micros(micros)),
        created_by: doer.words().to_owned(),
        last_used_at: None,
        last_used_from: None,
        replaces: Some(old.id.clone()),
        ..(**old).clone()
    };
    let until = now.plus_micros(i64::from(asked.overlap_hours) * 3_600_000_000);
    app.instance
        .keep_key(&key, Some((&old, until)), &doer)
        .await?;
    Ok(Json(MadeKey {
        key: new_view(&key),
        text: text.reveal().to_owned(),
    }))
}

/// Revoke a key. It is refused from the next request on.
#[utoipa::path(
    delete,
    path = "/v1/keys/{id}",
    operation_id = "revokeKey",
    tag = "Keys",
    params(("id" = String, Path, description = "The key"), TenantParams),
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn revoke_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
) -> Result<StatusCode, Refusal> {
    let grant = caller.may(Permission::ManageKeys, params.tenant.as_deref())?;
    let key = managed(&app, &grant, &id)?;
    app.instance.revoke_key_of(&key.id, &grant.doer()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Instance {
    /// Keeps a new key, and for a successor the new end of the old one.
    pub(crate) async fn keep_key(
        &self,
        key: &ApiKey,
        follows: Option<(&ApiKey, event::Timestamp)>,
        doer: &Doer,
    ) -> Result<(), KeepKeyError> {
        let mut change = self.change().await?;
        change.create_key(key).await?;
        let event = match follows {
            None => key_event("annals.key.create", "made", key, doer),
            Some((old, until)) => {
                change.expire_key(&old.id, until).await?;
                key_event("annals.key.rotate", "made", key, doer)
                    .with("replaces", old.id.as_str())
                    .with("old_expires_at", until.to_string())
            }
        };
        self.record(&key.tenant, &event).await?;
        change.commit().await?;
        self.keys.put(key.clone());
        if let Some((old, _)) = follows
            && let Some(old) = self.catalog.key(&old.id).await?
        {
            self.keys.put(old);
        }
        Ok(())
    }
}

/// Why a key was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepKeyError {
    #[error(transparent)]
    Create(#[from] catalog::CreateKeyError),
    #[error(transparent)]
    Store(#[from] catalog::StoreError),
    #[error(transparent)]
    Record(#[from] crate::instance::RecordError),
}

impl From<KeepKeyError> for Refusal {
    fn from(error: KeepKeyError) -> Self {
        match error {
            KeepKeyError::Create(catalog::CreateKeyError::NoTenant(tenant)) => {
                crate::auth::no_tenant(tenant.as_str())
            }
            KeepKeyError::Create(catalog::CreateKeyError::Store(error))
            | KeepKeyError::Store(error) => error.into(),
            KeepKeyError::Record(error) => error.into(),
        }
    }
}

/// An event about a key.
pub(crate) fn key_event(action: &'static str, done: &str, key: &ApiKey, doer: &Doer) -> OwnEvent {
    let message = format!("API key \"{}\" was {done}", key.name.as_str());
    OwnEvent::new(action, doer, message)
        .to("api_key", &key.id, key.name.as_str())
        .with("scopes", key.scopes.to_string())
        .with(
            "environment",
            Some(key.environment.as_str()).filter(|it| !it.is_empty()),
        )
        .with("app", key.app.as_deref())
        .with("expires_at", key.expires_at.map(|at| at.to_string()))
}
