//! The people of a tenant: what they are, and that they stop being it.

use std::sync::Arc;

use api::{Member, MemberChange, PeopleList, TenantParams};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use catalog::{Account, Change, MemberState, Membership, PersonId, Role, TenantName};

use crate::app::App;
use crate::auth::{Caller, Grant, Permission};
use crate::error::{Code, Refusal};
use crate::identity::access::Access;
use crate::identity::invite::invitation_view;
use crate::identity::sent::{Sent, field, time, wrong_field};
use crate::instance::{Instance, now};
use crate::own::{Doer, OwnEvent};
use crate::params::Params;

/// The people of the tenant, and who is invited.
#[utoipa::path(
    get,
    path = "/v1/people",
    operation_id = "listPeople",
    tag = "People",
    params(TenantParams),
    responses(
        (status = 200, description = "Done.", body = PeopleList),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn list_people(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
) -> Result<Json<PeopleList>, Refusal> {
    let grant = caller.may(Permission::ReadPeople, params.tenant.as_deref())?;
    app.tell(&grant, &Access::Config { what: "people" }, true)
        .await?;
    let instance = &app.instance;
    let tenant = grant.tenant();
    let teams = instance.catalog.teams(tenant).await?;
    let mut members: Vec<(Arc<Account>, Membership)> = instance
        .identity
        .people
        .each()
        .into_iter()
        .filter_map(|account| {
            let membership = account.membership(tenant)?.clone();
            Some((account, membership))
        })
        .collect();
    members.sort_by(|(a, at_a), (b, at_b)| {
        (at_a.joined_at, &a.person.id).cmp(&(at_b.joined_at, &b.person.id))
    });
    let people = members.iter().map(|(account, membership)| {
        let in_teams = teams
            .iter()
            .filter(|team| team.members.contains(&account.person.id));
        member(
            instance,
            account,
            membership,
            in_teams.map(|team| team.id.to_string()).collect(),
        )
    });
    let people = people.collect();
    let invitations = instance.catalog.invitations(tenant).await?;
    Ok(Json(PeopleList {
        people,
        invitations: invitations
            .iter()
            .map(|link| invitation_view(instance, link))
            .collect(),
    }))
}

fn member(
    instance: &Instance,
    account: &Account,
    membership: &Membership,
    teams: Vec<String>,
) -> Member {
    let sessions = &instance.identity.sessions;
    let live = sessions.of_person(&account.person.id, now());
    Member {
        id: account.person.id.to_string(),
        name: account.person.name.as_str().to_owned(),
        email: account.person.email.to_string(),
        role: membership.role.as_str().to_owned(),
        role_until: membership.role_until.map(|it| it.to_string()),
        state: membership.state.as_str().to_owned(),
        last_seen_at: live
            .iter()
            .map(|it| it.used_at())
            .max()
            .map(|it| it.to_string()),
        teams,
    }
}

/// Change somebody's role, or disable and enable them. Their sessions end.
#[utoipa::path(
    patch,
    path = "/v1/people/{id}",
    operation_id = "changePerson",
    tag = "People",
    params(("id" = String, Path, description = "The person"), TenantParams),
    request_body = MemberChange,
    responses(
        (status = 200, description = "Done.", body = Member),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn change_person(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
    sent: Sent,
) -> Result<Json<Member>, Refusal> {
    let grant = caller.may(Permission::ManagePeople, params.tenant.as_deref())?;
    let asked: MemberChange = sent.parse()?;
    let change = Wanted {
        role: asked
            .role
            .as_deref()
            .map(|it| field("role", it))
            .transpose()?,
        role_until: match asked.role_until {
            None => None,
            Some(None) => Some(None),
            Some(Some(text)) => Some(Some(time("role_until", &text)?)),
        },
        state: match asked.state.as_deref() {
            None => None,
            Some("active") => Some(MemberState::Active),
            Some("disabled") => Some(MemberState::Disabled),
            Some(_) => {
                let why = "a state is `active` or `disabled`".to_owned();
                return Err(wrong_field("state", why));
            }
        },
    };
    let person = PersonId::from_text(&id);
    let own = own_role(&grant);
    let changed = app
        .instance
        .change_member(grant.tenant(), &person, change, own, &grant.doer())
        .await?;
    let account = app.instance.identity.people.find(&person);
    let account = account.ok_or_else(no_person)?;
    Ok(Json(member(&app.instance, &account, &changed, Vec::new())))
}

/// Take somebody out of the tenant.
#[utoipa::path(
    delete,
    path = "/v1/people/{id}",
    operation_id = "removePerson",
    tag = "People",
    params(("id" = String, Path, description = "The person"), TenantParams),
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn remove_person(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
) -> Result<StatusCode, Refusal> {
    let grant = caller.may(Permission::ManagePeople, params.tenant.as_deref())?;
    let instance = &app.instance;
    let tenant = grant.tenant();
    let person = PersonId::from_text(&id);
    let mut change = instance.change().await?;
    let (account, membership) = instance.member_of(&mut change, tenant, &person).await?;
    not_above(own_role(&grant), membership.role)?;
    change.remove_membership(&person, tenant).await?;
    keeps_an_owner(&mut change, tenant, membership.role).await?;
    change.end_sessions_of(&person, None).await?;
    let event = person_event(
        "annals.person.remove",
        "Removed from the tenant",
        &grant.doer(),
        &account,
    );
    instance.record(tenant, &event).await?;
    change.commit().await?;
    instance.identity.sessions.end_of(&person, None);
    instance.reload_person(&person).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all sessions of somebody.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/sign-out",
    operation_id = "signPersonOut",
    tag = "People",
    params(("id" = String, Path, description = "The person"), TenantParams),
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn sign_person_out(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
) -> Result<StatusCode, Refusal> {
    let grant = caller.may(Permission::ManagePeople, params.tenant.as_deref())?;
    let instance = &app.instance;
    let person = PersonId::from_text(&id);
    let mut change = instance.change().await?;
    let (account, membership) = instance
        .member_of(&mut change, grant.tenant(), &person)
        .await?;
    not_above(own_role(&grant), membership.role)?;
    change.end_sessions_of(&person, None).await?;
    let event = person_event(
        "annals.person.sign_out",
        "Signed out everywhere",
        &grant.doer(),
        &account,
    );
    instance.record(grant.tenant(), &event).await?;
    change.commit().await?;
    instance.identity.sessions.end_of(&person, None);
    Ok(StatusCode::NO_CONTENT)
}

/// What a member is to become; what is none stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) role: Option<Role>,
    pub(crate) role_until: Option<Option<event::Timestamp>>,
    pub(crate) state: Option<MemberState>,
}

impl Instance {
    /// Changes what somebody is in a tenant. `own` is the role of whoever does it.
    pub(crate) async fn change_member(
        &self,
        tenant: &TenantName,
        person: &PersonId,
        wanted: Wanted,
        own: Role,
        doer: &Doer,
    ) -> Result<Membership, Refusal> {
        let now = now();
        let mut change = self.change().await?;
        let (account, before) = self.member_of(&mut change, tenant, person).await?;
        not_above(own, before.role)?;
        let role = wanted.role.unwrap_or(before.role);
        not_above(own, role)?;
        let after = Membership {
            role,
            role_until: match wanted.role_until {
                Some(until) => until,
                None if role == Role::Auditor => before.role_until,
                None => None,
            },
            state: wanted.state.unwrap_or(before.state),
            ..before.clone()
        };
        may_end(after.role, after.role_until, now)?;
        if after == before {
            return Ok(before);
        }
        change.put_membership(&after).await?;
        keeps_an_owner(&mut change, tenant, before.role).await?;
        change.end_sessions_of(person, None).await?;
        if after.state == MemberState::Disabled {
            change.remove_links_of(person).await?;
        }
        let (action, words) = match (before.state, after.state) {
            (MemberState::Active, MemberState::Disabled) => ("annals.person.disable", "Disabled"),
            (MemberState::Disabled, MemberState::Active) => ("annals.person.enable", "Enabled"),
            _ => ("annals.person.role", "Got another role"),
        };
        let event = person_event(action, words, doer, &account)
            .with("role_before", before.role.as_str())
            .with("role", after.role.as_str())
            .with("role_until", after.role_until.map(|it| it.to_string()));
        self.record(tenant, &event).await?;
        change.commit().await?;
        // Committed: what the old role opened is closed.
        self.identity.sessions.end_of(person, None);
        self.reload_person(person).await?;
        Ok(after)
    }

    /// A member of a tenant, as the change sees them.
    pub(crate) async fn member_of(
        &self,
        change: &mut Change,
        tenant: &TenantName,
        person: &PersonId,
    ) -> Result<(Arc<Account>, Membership), Refusal> {
        let account = self.identity.people.find(person).ok_or_else(no_person)?;
        let membership = change.membership(person, tenant).await?;
        Ok((account, membership.ok_or_else(no_person)?))
    }
}

fn no_person() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such person in this tenant")
}

/// The role of the person who asks; the smallest for everybody else.
pub(crate) fn own_role(grant: &Grant) -> Role {
    grant.person().map_or(Role::Viewer, |(_, _, role)| role)
}

/// Refuses a role above one's own.
pub(crate) fn not_above(own: Role, other: Role) -> Result<(), Refusal> {
    if other <= own {
        return Ok(());
    }
    let detail = format!(
        "you are {} and cannot give or change the role {}; ask somebody who has it",
        own.as_str(),
        other.as_str()
    );
    Err(Refusal::new(Code::AboveOwnRole, detail))
}

/// Only an auditor's role ends by itself, and not in the past.
pub(crate) fn may_end(
    role: Role,
    until: Option<event::Timestamp>,
    now: event::Timestamp,
) -> Result<(), Refusal> {
    match until {
        Some(_) if role != Role::Auditor => Err(wrong_field(
            "role_until",
            "only the role of an auditor may end by itself".to_owned(),
        )),
        Some(until) if until <= now => Err(wrong_field(
            "role_until",
            "this time is over already".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Refuses a change after which a tenant that had an owner has none.
async fn keeps_an_owner(
    change: &mut Change,
    tenant: &TenantName,
    role_before: Role,
) -> Result<(), Refusal> {
    if role_before == Role::Owner && change.owners(tenant, now()).await?.is_empty() {
        let detail = format!(
            "this is the last owner of the tenant `{tenant}`; make somebody else an owner first"
        );
        return Err(Refusal::new(Code::LastOwner, detail));
    }
    Ok(())
}

/// An event about a person.
pub(crate) fn person_event(
    action: &'static str,
    words: &str,
    doer: &Doer,
    account: &Account,
) -> OwnEvent {
    let person = &account.person;
    let message = format!("{}: {words}", person.name.as_str());
    OwnEvent::new(action, doer, message).to("person", &person.id, person.name.as_str())
}
