//! The settings of a tenant: named values, each with a meaning and a limit.

use std::sync::Arc;

use api::{TenantParams, TenantSettings};
use axum::Json;
use axum::extract::State;
use catalog::Tenant;

use crate::app::App;
use crate::auth::{Caller, Permission, no_tenant};
use crate::error::Refusal;
use crate::identity::access::Access;
use crate::identity::sent::{Sent, wrong_field};
use crate::limits::{SETTING_ENTRIES_MAX, SHORT_TEXT_MAX_CHARACTERS};
use crate::own::OwnEvent;
use crate::params::Params;

/// The settings of the tenant.
#[utoipa::path(
    get,
    path = "/v1/settings",
    operation_id = "getSettings",
    tag = "Tenants",
    params(TenantParams),
    responses(
        (status = 200, description = "Done.", body = TenantSettings),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn get_settings(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
) -> Result<Json<TenantSettings>, Refusal> {
    let grant = caller.may(Permission::ReadConfig, params.tenant.as_deref())?;
    app.tell(&grant, &Access::Config { what: "settings" }, true)
        .await?;
    let tenant = app.instance.catalog.tenant(grant.tenant()).await?;
    let tenant = tenant.ok_or_else(|| no_tenant(grant.tenant().as_str()))?;
    Ok(Json(settings_of(&tenant)))
}

/// What is kept, with what is not said at its default.
pub(crate) fn settings_of(tenant: &Tenant) -> TenantSettings {
    let stored: TenantSettings = serde_json::from_str(&tenant.settings).unwrap_or_default();
    TenantSettings {
        organization: tenant.organization.clone(),
        ..stored
    }
}

/// Keep the settings of the tenant.
#[utoipa::path(
    put,
    path = "/v1/settings",
    operation_id = "putSettings",
    tag = "Tenants",
    params(TenantParams),
    request_body = TenantSettings,
    responses(
        (status = 200, description = "Done.", body = TenantSettings),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn put_settings(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
    sent: Sent,
) -> Result<Json<TenantSettings>, Refusal> {
    let grant = caller.may(Permission::ManageConfig, params.tenant.as_deref())?;
    let asked: TenantSettings = sent.parse()?;
    check(&asked)?;
    let instance = &app.instance;
    let mut change = instance.change().await?;
    let tenant = change.tenant(grant.tenant()).await?;
    let mut tenant = tenant.ok_or_else(|| no_tenant(grant.tenant().as_str()))?;
    let before = settings_of(&tenant);
    tenant.organization.clone_from(&asked.organization);
    tenant.settings = serde_json::to_string(&asked).unwrap_or_default();
    change.update_tenant(&tenant).await?;
    let event = OwnEvent::new(
        "annals.settings.update",
        &grant.doer(),
        "Settings were changed",
    )
    .to("tenant", grant.tenant(), grant.tenant().as_str())
    .with("organization_before", before.organization)
    .with("organization", asked.organization.as_str())
    .with("pinned_entities", asked.pinned_entities.join(" "));
    instance.record(grant.tenant(), &event).await?;
    change.commit().await?;
    Ok(Json(asked))
}

fn check(asked: &TenantSettings) -> Result<(), Refusal> {
    let is_short = |text: &str| {
        text.chars().count() <= SHORT_TEXT_MAX_CHARACTERS / 10
            && !text.chars().any(char::is_control)
    };
    if !is_short(&asked.organization) {
        let why = "an organisation's name has at most 200 characters".to_owned();
        return Err(wrong_field("organization", why));
    }
    let entities = &asked.pinned_entities;
    if entities.len() > SETTING_ENTRIES_MAX || !entities.iter().all(|it| is_short(it)) {
        let why = format!("at most {SETTING_ENTRIES_MAX} names of at most 200 characters");
        return Err(wrong_field("pinned_entities", why));
    }
    Ok(())
}
