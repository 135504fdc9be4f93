//! Tenants: made, renamed, suspended, deleted by two owners.

use std::sync::Arc;

use api::{NewTenant, TenantChange, TenantDeletion, TenantEntry};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use catalog::{
    CreateTenantError, Deletion, DisplayName, MemberState, Membership, Role, Tenant, TenantName,
    TenantState,
};

use crate::admin::AdminError;
use crate::app::App;
use crate::auth::{Caller, Grant, Permission, no_tenant};
use crate::error::{Code, Refusal};
use crate::identity::sent::{Sent, field};
use crate::identity::teams;
use crate::instance::{InstanceError, now};
use crate::own::OwnEvent;

/// The tenants that one belongs to.
#[utoipa::path(
    get,
    path = "/v1/tenants",
    operation_id = "listTenants",
    tag = "Tenants",
    responses(
        (status = 200, description = "Done.", body = Vec<TenantEntry>),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn list_tenants(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<TenantEntry>>, Refusal> {
    let (_, account) = caller.person()?;
    let tenants = app.instance.catalog.tenants().await?;
    let deletions = app.instance.catalog.deletions().await?;
    let own = app.instance.live_memberships(account).filter_map(|it| {
        let tenant = tenants.iter().find(|tenant| tenant.name == it.tenant)?;
        let deletion = deletions.iter().find(|asked| asked.tenant == it.tenant);
        Some(entry(tenant, deletion))
    });
    Ok(Json(own.collect()))
}

fn entry(tenant: &Tenant, deletion: Option<&Deletion>) -> TenantEntry {
    TenantEntry {
        name: tenant.name.to_string(),
        organization: tenant.organization.clone(),
        state: tenant.state.as_str().to_owned(),
        created_at: tenant.created_at.to_string(),
        deletion: deletion.map(|asked| TenantDeletion {
            requested_by: asked.requested_by.to_string(),
            requested_at: asked.requested_at.to_string(),
        }),
    }
}

async fn shown(app: &App, name: &TenantName) -> Result<Json<TenantEntry>, Refusal> {
    let tenant = app.instance.catalog.tenant(name).await?;
    let tenant = tenant.ok_or_else(|| no_tenant(name.as_str()))?;
    let deletions = app.instance.catalog.deletions().await?;
    let deletion = deletions.iter().find(|asked| asked.tenant == *name);
    Ok(Json(entry(&tenant, deletion)))
}

/// Make a tenant and become its owner. Needs an owner of `main`.
#[utoipa::path(
    post,
    path = "/v1/tenants",
    operation_id = "createTenant",
    tag = "Tenants",
    request_body = NewTenant,
    responses(
        (status = 200, description = "Done.", body = TenantEntry),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn create_tenant(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Json<TenantEntry>, Refusal> {
    let main = TenantName::main();
    let grant = caller.may(Permission::ManageTenants, Some(main.as_str()))?;
    let asked: NewTenant = sent.parse()?;
    let name: TenantName = field("name", &asked.name)?;
    let organization: DisplayName = field("organization", &asked.organization)?;
    let (_, account) = caller.person()?;
    let instance = &app.instance;
    let now = now();
    let mut change = instance.change().await?;
    let mut tenant = change
        .create_tenant(&name, now)
        .await
        .map_err(|error| match error {
            CreateTenantError::Exists(_) => {
                // Whose it is, and whether it was deleted, is not said.
                let detail = format!("the name `{name}` is taken; a name is never given twice");
                Refusal::new(Code::NameTaken, detail).of_field("/name")
            }
            CreateTenantError::Store(error) => error.into(),
        })?;
    tenant.organization = organization.as_str().to_owned();
    change.update_tenant(&tenant).await?;
    teams::make_first(&mut change, &name, now).await?;
    change
        .put_membership(&Membership {
            person: account.person.id.clone(),
            tenant: name.clone(),
            role: Role::Owner,
            role_until: None,
            state: MemberState::Active,
            joined_at: now,
        })
        .await?;
    let event = OwnEvent::new(
        "annals.tenant.create",
        &grant.doer(),
        format!("Tenant \"{name}\" was made"),
    )
    .to("tenant", &name, name.as_str())
    .with("organization", organization.as_str());
    instance.record(&main, &event).await?;
    instance.record(&name, &event).await?;
    change.commit().await?;
    instance.set_tenant_state(&name, TenantState::Active);
    instance.reload_person(&account.person.id).await?;
    Ok(Json(entry(&tenant, None)))
}

/// Leave to manage the tenant that the path names, and its name.
fn managed(caller: &Caller, name: &str) -> Result<(Grant, TenantName), Refusal> {
    let grant = caller.may(Permission::ManageTenants, Some(name))?;
    let name = grant.tenant().clone();
    Ok((grant, name))
}

/// Change the organisation of a tenant.
#[utoipa::path(
    patch,
    path = "/v1/tenants/{name}",
    operation_id = "changeTenant",
    tag = "Tenants",
    params(("name" = String, Path, description = "The tenant")),
    request_body = TenantChange,
    responses(
        (status = 200, description = "Done.", body = TenantEntry),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn change_tenant(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Json<TenantEntry>, Refusal> {
    let (grant, name) = managed(&caller, &name)?;
    let asked: TenantChange = sent.parse()?;
    let organization: DisplayName = field("organization", &asked.organization)?;
    let instance = &app.instance;
    let mut change = instance.change().await?;
    let tenant = change.tenant(&name).await?;
    let mut tenant = tenant.ok_or_else(|| no_tenant(name.as_str()))?;
    let before = std::mem::replace(&mut tenant.organization, organization.as_str().to_owned());
    change.update_tenant(&tenant).await?;
    let message = format!("Tenant \"{name}\" was changed");
    let event = OwnEvent::new("annals.tenant.update", &grant.doer(), message)
        .to("tenant", &name, name.as_str())
        .with("organization_before", before)
        .with("organization", organization.as_str());
    instance.record(&name, &event).await?;
    change.commit().await?;
    shown(&app, &name).await
}

/// Answer nothing for a tenant any more, and keep everything.
#[utoipa::path(
    post,
    path = "/v1/tenants/{name}/suspend",
    operation_id = "suspendTenant",
    tag = "Tenants",
    params(("name" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "Done.", body = TenantEntry),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn suspend_tenant(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    _: Sent,
) -> Result<Json<TenantEntry>, Refusal> {
    let (grant, name) = managed(&caller, &name)?;
    app.instance.suspend_tenant(&name, grant.doer()).await?;
    shown(&app, &name).await
}

/// Answer for a suspended tenant again.
#[utoipa::path(
    post,
    path = "/v1/tenants/{name}/resume",
    operation_id = "resumeTenant",
    tag = "Tenants",
    params(("name" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "Done.", body = TenantEntry),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn resume_tenant(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    _: Sent,
) -> Result<Json<TenantEntry>, Refusal> {
    let (grant, name) = managed(&caller, &name)?;
    app.instance.resume_tenant(&name, grant.doer()).await?;
    shown(&app, &name).await
}

/// Ask for the deletion of a tenant. A second owner confirms it.
#[utoipa::path(
    post,
    path = "/v1/tenants/{name}/deletion",
    operation_id = "requestDeletion",
    tag = "Tenants",
    params(("name" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "Done.", body = TenantEntry),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn request_deletion(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    _: Sent,
) -> Result<Json<TenantEntry>, Refusal> {
    let (grant, name) = managed(&caller, &name)?;
    not_main(&name)?;
    let (_, account) = caller.person()?;
    let instance = &app.instance;
    let mut change = instance.change().await?;
    if change.owners(&name, now()).await?.len() < 2 {
        return Err(needs_second_owner(&name));
    }
    let asked = Deletion {
        tenant: name.clone(),
        requested_by: account.person.id.clone(),
        requested_at: now(),
    };
    change.request_deletion(&asked).await?;
    let message = format!("The deletion of tenant \"{name}\" was asked for");
    let event = OwnEvent::new("annals.tenant.deletion_request", &grant.doer(), message).to(
        "tenant",
        &name,
        name.as_str(),
    );
    instance.record(&name, &event).await?;
    change.commit().await?;
    shown(&app, &name).await
}

fn not_main(name: &TenantName) -> Result<(), Refusal> {
    match *name == TenantName::main() {
        false => Ok(()),
        true => Err(Refusal::new(
            Code::Conflict,
            "the tenant `main` holds the events of the server itself and stays",
        )),
    }
}

fn needs_second_owner(name: &TenantName) -> Refusal {
    let detail = format!(
        "a second owner of the tenant `{name}` has to confirm its deletion, and there is none: \
         invite one first"
    );
    Refusal::new(Code::NeedsSecondOwner, detail).with_hint(format!(
        "or, on the server's machine: annals tenant delete {name}"
    ))
}

/// Delete a tenant that another owner asked to delete. There is no way back; its last checkpoint is kept.
#[utoipa::path(
    post,
    path = "/v1/tenants/{name}/deletion/confirm",
    operation_id = "confirmDeletion",
    tag = "Tenants",
    params(("name" = String, Path, description = "The tenant")),
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn confirm_deletion(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    _: Sent,
) -> Result<StatusCode, Refusal> {
    let (grant, name) = managed(&caller, &name)?;
    not_main(&name)?;
    let (_, account) = caller.person()?;
    let instance = &app.instance;
    let (asked, owners) = {
        let mut change = instance.change().await?;
        let asked = change.deletion(&name).await?;
        (asked, change.owners(&name, now()).await?)
    };
    let Some(asked) = asked else {
        let detail = "nobody asked for this deletion; ask for it first, another owner confirms";
        return Err(Refusal::new(Code::Conflict, detail));
    };
    // Whoever asked must still own the tenant, and be somebody else.
    if asked.requested_by == account.person.id || !owners.contains(&asked.requested_by) {
        return Err(needs_second_owner(&name));
    }
    instance.delete_tenant(&name, grant.doer()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take back that a tenant is to be deleted.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{name}/deletion",
    operation_id = "withdrawDeletion",
    tag = "Tenants",
    params(("name" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "Done.", body = TenantEntry),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn withdraw_deletion(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<TenantEntry>, Refusal> {
    let (grant, name) = managed(&caller, &name)?;
    let instance = &app.instance;
    let mut change = instance.change().await?;
    if change.deletion(&name).await?.is_none() {
        let detail = "nobody asked for the deletion of this tenant";
        return Err(Refusal::new(Code::NotFound, detail));
    }
    change.withdraw_deletion(&name).await?;
    let message = format!("The deletion of tenant \"{name}\" was withdrawn");
    let event = OwnEvent::new("annals.tenant.deletion_withdraw", &grant.doer(), message).to(
        "tenant",
        &name,
        name.as_str(),
    );
    instance.record(&name, &event).await?;
    change.commit().await?;
    shown(&app, &name).await
}

impl From<AdminError> for Refusal {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Refused(why) => Refusal::new(Code::Conflict, why),
            AdminError::NotRecorded(error) => error.into(),
            AdminError::Instance(InstanceError::Store(error)) => error.into(),
            AdminError::Instance(error) => Refusal::internal(&error),
        }
    }
}
