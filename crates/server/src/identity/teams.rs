//! Teams: people and addresses under one name.

use std::sync::Arc;

use api::{Team, TeamChange, TeamList, TenantParams};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use catalog::{Change, Email, FIRST_TEAMS, PersonId, StoreError, TeamId, TenantName};
use event::Timestamp;
use ledger::{Entropy, System};

use crate::app::App;
use crate::auth::{Caller, Grant, Permission};
use crate::error::{Code, Refusal};
use crate::identity::access::Access;
use crate::identity::sent::{Sent, field, wrong_field};
use crate::instance::{now, random};
use crate::limits::{TEAM_ENTRIES_MAX, TEAMS_MAX};
use crate::own::OwnEvent;
use crate::params::Params;

/// Gives a new tenant its first teams.
pub(crate) async fn make_first(
    change: &mut Change,
    tenant: &TenantName,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (place, name) in (0i64..).zip(FIRST_TEAMS) {
        let mut id = [0; 8];
        System
            .fill(&mut id)
            .map_err(|error| StoreError::Database(error.into()))?;
        let Ok(name) = name.parse() else { continue };
        let team = catalog::Team {
            id: TeamId::from_random(id),
            tenant: tenant.clone(),
            name,
            addresses: "[]".to_owned(),
            members: Vec::new(),
            // A microsecond apart, so that they stay in this order.
            created_at: now.plus_micros(place),
        };
        change.put_team(&team).await?;
    }
    Ok(())
}

/// The teams of the tenant.
#[utoipa::path(
    get,
    path = "/v1/teams",
    operation_id = "listTeams",
    tag = "People",
    params(TenantParams),
    responses(
        (status = 200, description = "Done.", body = TeamList),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn list_teams(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
) -> Result<Json<TeamList>, Refusal> {
    let grant = caller.may(Permission::ReadConfig, params.tenant.as_deref())?;
    app.tell(&grant, &Access::Config { what: "teams" }, true)
        .await?;
    let teams = app.instance.catalog.teams(grant.tenant()).await?;
    Ok(Json(TeamList {
        teams: teams.iter().map(view).collect(),
    }))
}

fn view(team: &catalog::Team) -> Team {
    Team {
        id: team.id.to_string(),
        name: team.name.as_str().to_owned(),
        members: team.members.iter().map(PersonId::to_string).collect(),
        addresses: serde_json::from_str(&team.addresses).unwrap_or_default(),
    }
}

/// Make a team.
#[utoipa::path(
    post,
    path = "/v1/teams",
    operation_id = "createTeam",
    tag = "People",
    params(TenantParams),
    request_body = TeamChange,
    responses(
        (status = 200, description = "Done.", body = Team),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn create_team(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
    sent: Sent,
) -> Result<Json<Team>, Refusal> {
    let grant = caller.may(Permission::ManageConfig, params.tenant.as_deref())?;
    let asked: TeamChange = sent.parse()?;
    let teams = app.instance.catalog.teams(grant.tenant()).await?;
    if teams.len() >= TEAMS_MAX {
        let detail = format!("a tenant has at most {TEAMS_MAX} teams");
        return Err(Refusal::new(Code::Conflict, detail));
    }
    let team = catalog::Team {
        id: TeamId::from_random(random().map_err(|error| Refusal::internal(&error))?),
        tenant: grant.tenant().clone(),
        name: field("name", asked.name.as_deref().unwrap_or(""))?,
        addresses: "[]".to_owned(),
        members: Vec::new(),
        created_at: now(),
    };
    put(
        &app,
        &grant,
        "annals.team.create",
        "made",
        team,
        &asked,
        &teams,
    )
    .await
}

/// Change a team.
#[utoipa::path(
    patch,
    path = "/v1/teams/{id}",
    operation_id = "changeTeam",
    tag = "People",
    params(("id" = String, Path, description = "The team"), TenantParams),
    request_body = TeamChange,
    responses(
        (status = 200, description = "Done.", body = Team),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn change_team(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
    sent: Sent,
) -> Result<Json<Team>, Refusal> {
    let grant = caller.may(Permission::ManageConfig, params.tenant.as_deref())?;
    let asked: TeamChange = sent.parse()?;
    let teams = app.instance.catalog.teams(grant.tenant()).await?;
    let team = found(&teams, &id)?.clone();
    put(
        &app,
        &grant,
        "annals.team.update",
        "changed",
        team,
        &asked,
        &teams,
    )
    .await
}

fn found<'a>(teams: &'a [catalog::Team], id: &str) -> Result<&'a catalog::Team, Refusal> {
    let team = teams.iter().find(|team| team.id.as_str() == id);
    team.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such team in this tenant"))
}

/// Keeps a team with the changes asked for.
async fn put(
    app: &App,
    grant: &Grant,
    action: &'static str,
    done: &str,
    mut team: catalog::Team,
    asked: &TeamChange,
    others: &[catalog::Team],
) -> Result<Json<Team>, Refusal> {
    let instance = &app.instance;
    if let Some(name) = &asked.name {
        team.name = field("name", name)?;
    }
    let taken = |it: &&catalog::Team| it.id != team.id && it.name == team.name;
    if others.iter().any(|it| taken(&it)) {
        let detail = format!("there is a team `{}` already", team.name.as_str());
        return Err(Refusal::new(Code::NameTaken, detail).of_field("/name"));
    }
    if let Some(members) = &asked.members {
        few_enough("members", members.len())?;
        team.members = members.iter().map(|id| PersonId::from_text(id)).collect();
        team.members.sort();
        team.members.dedup();
        for id in &team.members {
            let account = instance.identity.people.find(id);
            if account.is_none_or(|it| it.membership(grant.tenant()).is_none()) {
                let why = "a member of a team is a person of this tenant".to_owned();
                return Err(wrong_field("members", why));
            }
        }
    }
    if let Some(addresses) = &asked.addresses {
        few_enough("addresses", addresses.len())?;
        let emails: Vec<String> = addresses
            .iter()
            .map(|it| Ok(field::<Email>("addresses", it)?.to_string()))
            .collect::<Result<_, Refusal>>()?;
        team.addresses = serde_json::to_string(&emails).unwrap_or_default();
    }
    let mut change = instance.change().await?;
    change.put_team(&team).await?;
    let message = format!("Team \"{}\" was {done}", team.name.as_str());
    let event = OwnEvent::new(action, &grant.doer(), message)
        .to("team", &team.id, team.name.as_str())
        .with("members", team.members.len() as u64);
    instance.record(grant.tenant(), &event).await?;
    change.commit().await?;
    Ok(Json(view(&team)))
}

fn few_enough(name: &str, count: usize) -> Result<(), Refusal> {
    match count <= TEAM_ENTRIES_MAX {
        true => Ok(()),
        false => Err(wrong_field(name, format!("at most {TEAM_ENTRIES_MAX}"))),
    }
}

/// Delete a team.
#[utoipa::path(
    delete,
    path = "/v1/teams/{id}",
    operation_id = "deleteTeam",
    tag = "People",
    params(("id" = String, Path, description = "The team"), TenantParams),
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("key" = ["admin"])),
)]
pub(crate) async fn delete_team(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
) -> Result<StatusCode, Refusal> {
    let grant = caller.may(Permission::ManageConfig, params.tenant.as_deref())?;
    let instance = &app.instance;
    let teams = instance.catalog.teams(grant.tenant()).await?;
    let team = found(&teams, &id)?;
    let mut change = instance.change().await?;
    change.remove_team(&team.id).await?;
    let message = format!("Team \"{}\" was deleted", team.name.as_str());
    let event = OwnEvent::new("annals.team.delete", &grant.doer(), message).to(
        "team",
        &team.id,
        team.name.as_str(),
    );
    instance.record(grant.tenant(), &event).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
