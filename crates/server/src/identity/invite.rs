//! Invitations and new passwords: one-time links for others.

use std::sync::Arc;

use api::{
    AcceptInvitation, Invitation, InvitationLook, LinkToken, MadeInvitation, MadeLink,
    NewInvitation, Reset, SessionView, TenantParams,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use catalog::{
    Account, DisplayName, Email, Link, LinkId, LinkKind, MemberState, Membership, Person, PersonId,
    Role, TenantName, TenantState, TokenText,
};
use event::Timestamp;

use crate::app::App;
use crate::auth::{Caller, Permission, no_tenant, person_doer, suspended};
use crate::error::{Code, Refusal};
use crate::identity::members::{may_end, not_above, own_role, person_event};
use crate::identity::origin::Origin;
use crate::identity::sent::{Sent, field, time, time_zone};
use crate::identity::view::signed_in;
use crate::identity::{links, password, sign_in};
use crate::instance::{Instance, now, random};
use crate::limits::INVITATION_LIFE;
use crate::own::{Doer, OwnEvent};
use crate::params::Params;

/// Invite somebody. The link is shown this once and works for 72 hours, once.
#[utoipa::path(
    post,
    path = "/v1/invitations",
    operation_id = "invite",
    tag = "People",
    params(TenantParams),
    request_body = NewInvitation,
    responses(
        (status = 200, description = "Done.", body = MadeInvitation),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn invite(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
    sent: Sent,
) -> Result<Json<MadeInvitation>, Refusal> {
    let grant = caller.may(Permission::ManagePeople, params.tenant.as_deref())?;
    let asked: NewInvitation = sent.parse()?;
    let email: Email = field("email", &asked.email)?;
    let role: Role = field("role", &asked.role)?;
    let role_until = asked.role_until.as_deref().map(|it| time("role_until", it));
    let role_until = role_until.transpose()?;
    let now = now();
    not_above(own_role(&grant), role)?;
    may_end(role, role_until, now)?;
    let instance = &app.instance;
    let mut change = instance.change().await?;
    if let Some(person) = change.person_by_email(&email).await?
        && change
            .membership(&person.id, grant.tenant())
            .await?
            .is_some()
    {
        let detail = format!("`{email}` belongs to somebody in this tenant already");
        return Err(Refusal::new(Code::EmailTaken, detail).of_field("/email"));
    }
    let created_by = grant.who_id().to_owned();
    let (link, token) = new_link(LinkKind::Invitation, now, created_by)?;
    let link = Link {
        tenant: Some(grant.tenant().clone()),
        email: Some(email.clone()),
        role: Some(role),
        role_until,
        ..link
    };
    change.create_link(&link).await?;
    let event = OwnEvent::new("annals.person.invite", &grant.doer(), "Invited a person")
        .to("invitation", &link.id, email.as_str())
        .with("role", role.as_str())
        .with("role_until", role_until.map(|it| it.to_string()));
    instance.record(grant.tenant(), &event).await?;
    change.commit().await?;
    Ok(Json(MadeInvitation {
        invitation: invitation_view(instance, &link),
        link: links::absolute(caller.origin(), LinkKind::Invitation, &token),
    }))
}

fn new_link(
    kind: LinkKind,
    now: Timestamp,
    created_by: String,
) -> Result<(Link, TokenText), Refusal> {
    let (id, token) = links::fresh().map_err(|error| Refusal::internal(&error))?;
    let link = Link {
        id,
        hash: token.hash(),
        kind,
        person: None,
        tenant: None,
        email: None,
        role: None,
        role_until: None,
        created_at: now,
        expires_at: now.plus_micros(sign_in::micros(INVITATION_LIFE)),
        used_at: None,
        created_by,
    };
    Ok((link, token))
}

/// An invitation without its secret.
pub(crate) fn invitation_view(instance: &Instance, link: &Link) -> Invitation {
    Invitation {
        id: link.id.to_string(),
        email: link
            .email
            .as_ref()
            .map_or_else(String::new, Email::to_string),
        role: link.role.map_or("", Role::as_str).to_owned(),
        role_until: link.role_until.map(|it| it.to_string()),
        created_at: link.created_at.to_string(),
        expires_at: link.expires_at.to_string(),
        invited_by: invited_by(instance, link),
    }
}

fn invited_by(instance: &Instance, link: &Link) -> String {
    let people = &instance.identity.people;
    match people.find(&PersonId::from_text(&link.created_by)) {
        Some(account) => account.person.name.as_str().to_owned(),
        None => link.created_by.clone(),
    }
}

/// Take an invitation back.
#[utoipa::path(
    delete,
    path = "/v1/invitations/{id}",
    operation_id = "uninvite",
    tag = "People",
    params(("id" = String, Path, description = "The invitation"), TenantParams),
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn uninvite(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
) -> Result<StatusCode, Refusal> {
    let grant = caller.may(Permission::ManagePeople, params.tenant.as_deref())?;
    let instance = &app.instance;
    let mut change = instance.change().await?;
    let removed = change
        .remove_invitation(&LinkId::from_text(&id), grant.tenant())
        .await?;
    let link = removed.ok_or_else(|| {
        Refusal::new(
            Code::NotFound,
            "there is no such unused invitation in this tenant",
        )
    })?;
    not_above(own_role(&grant), link.role.unwrap_or(Role::Viewer))?;
    let email = link.email.as_ref().map_or("", Email::as_str);
    let event = OwnEvent::new(
        "annals.person.uninvite",
        &grant.doer(),
        "Took an invitation back",
    )
    .to("invitation", &link.id, email);
    instance.record(grant.tenant(), &event).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation is for.
#[utoipa::path(
    post,
    path = "/v1/invitations/look",
    operation_id = "lookAtInvitation",
    tag = "Account",
    request_body = LinkToken,
    responses(
        (status = 200, description = "Done.", body = InvitationLook),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
pub(crate) async fn look(
    State(app): State<Arc<App>>,
    sent: Sent,
) -> Result<Json<InvitationLook>, Refusal> {
    let asked: LinkToken = sent.parse()?;
    let instance = &app.instance;
    let mut change = instance.change().await?;
    let link = links::usable(&mut change, LinkKind::Invitation, &asked.token, now()).await?;
    let invited = Invited::of(&link)?;
    let tenant = change.tenant(&invited.tenant).await?;
    let has_account = change.person_by_email(&invited.email).await?.is_some();
    Ok(Json(InvitationLook {
        email: invited.email.to_string(),
        tenant: invited.tenant.to_string(),
        organization: tenant.map_or_else(String::new, |it| it.organization),
        role: invited.role.as_str().to_owned(),
        invited_by: invited_by(instance, &link),
        has_account,
    }))
}

/// What an invitation says.
struct Invited {
    tenant: TenantName,
    email: Email,
    role: Role,
}

impl Invited {
    fn of(link: &Link) -> Result<Invited, Refusal> {
        match (&link.tenant, &link.email, link.role) {
            (Some(tenant), Some(email), Some(role)) => Ok(Invited {
                tenant: tenant.clone(),
                email: email.clone(),
                role,
            }),
            _ => Err(Refusal::new(Code::LinkUnknown, "this link is not known")),
        }
    }
}

/// Join a tenant, and sign in. An existing account gives its password.
#[utoipa::path(
    post,
    path = "/v1/invitations/accept",
    operation_id = "acceptInvitation",
    tag = "Account",
    request_body = AcceptInvitation,
    responses(
        (status = 200, description = "Done.", body = SessionView),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
pub(crate) async fn accept(
    State(app): State<Arc<App>>,
    origin: Origin,
    sent: Sent,
) -> Result<Response, Refusal> {
    let asked: AcceptInvitation = sent.parse()?;
    let token = asked.token.clone();
    let instance = &app.instance;
    let (link, before) = {
        let mut look = instance.change().await?;
        let link = links::usable(&mut look, LinkKind::Invitation, &token, now()).await?;
        let invited = Invited::of(&link)?;
        (link, look.person_by_email(&invited.email).await?)
    };
    let invited = Invited::of(&link)?;
    match instance.tenant_state(&invited.tenant) {
        Some(TenantState::Active) => {}
        Some(TenantState::Suspended) => return Err(suspended(&invited.tenant)),
        _ => return Err(no_tenant(invited.tenant.as_str())),
    }
    let person = match before {
        Some(person) => {
            let email = person.email.as_str();
            sign_in::not_throttled(&app, email, origin.address)?;
            let hashed = person.password.clone();
            let hasher = &instance.identity.hasher;
            if !hasher.matches(asked.password, hashed).await? {
                let account = instance.identity.people.find(&person.id);
                return Err(sign_in::failed(&app, &origin, email, account.as_deref()));
            }
            person
        }
        None => new_person(&app, &invited.email, asked).await?,
    };

    let now = now();
    let mut change = instance.change().await?;
    let link = links::usable(&mut change, LinkKind::Invitation, &token, now).await?;
    match change.person_by_email(&person.email).await? {
        None => change.create_person(&person).await?,
        // What somebody became by other ways, an older invitation does not change.
        Some(person) => {
            let there = change.membership(&person.id, &invited.tenant).await?;
            if there.is_some() {
                let detail = format!("you belong to the tenant `{}` already", invited.tenant);
                return Err(Refusal::new(Code::Conflict, detail));
            }
        }
    }
    let membership = Membership {
        person: person.id.clone(),
        tenant: invited.tenant.clone(),
        role: invited.role,
        role_until: link.role_until,
        state: MemberState::Active,
        joined_at: now,
    };
    change.put_membership(&membership).await?;
    change.use_link(&link.id, now).await?;
    let mut beginning = sign_in::prepare(&app, &mut change, &person.id, &origin, now, true).await?;
    let known = instance.identity.people.find(&person.id);
    let mut memberships = known.map_or_else(Vec::new, |it| it.memberships.clone());
    memberships.retain(|it| it.tenant != invited.tenant);
    memberships.push(membership);
    let account = Account {
        person,
        memberships,
    };
    let session_id = beginning.session.id.as_str().to_owned();
    let doer = person_doer(&account, Some(invited.role), &origin, Some(session_id));
    let event = person_event("annals.person.join", "Joined the tenant", &doer, &account)
        .with("invitation", link.id.as_str())
        .with("role", invited.role.as_str());
    instance.record(&invited.tenant, &event).await?;
    let signed =
        OwnEvent::new("annals.session.create", &doer, "Signed in").with("with", "an invitation");
    beginning.tell(&app, &mut change, &account, &signed).await?;
    change.commit().await?;
    instance.reload_person(&account.person.id).await?;
    let (session, token) = beginning.begin(&app);
    signed_in(&app, &origin, &session, &account, &token).await
}

async fn new_person(app: &App, email: &Email, asked: AcceptInvitation) -> Result<Person, Refusal> {
    let name: DisplayName = field("name", asked.name.as_deref().unwrap_or(""))?;
    let zone = time_zone(asked.time_zone.as_deref().unwrap_or("UTC"))?;
    password::check(&asked.password, &[name.as_str(), email.as_str()])?;
    let hashed = app.instance.identity.hasher.hash(asked.password).await?;
    Ok(Person {
        id: PersonId::from_random(random().map_err(|error| Refusal::internal(&error))?),
        name,
        email: email.clone(),
        password: Some(hashed),
        time_zone: zone,
        preferences: "{}".to_owned(),
        created_at: now(),
    })
}

/// A link with which somebody chooses a new password. It works for 72 hours, once.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/reset",
    operation_id = "resetPassword",
    tag = "People",
    params(("id" = String, Path, description = "The person"), TenantParams),
    responses(
        (status = 200, description = "Done.", body = MadeLink),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn reset_password(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
) -> Result<Json<MadeLink>, Refusal> {
    let grant = caller.may(Permission::ManagePeople, params.tenant.as_deref())?;
    let instance = &app.instance;
    let person = PersonId::from_text(&id);
    let mut change = instance.change().await?;
    let (account, membership) = instance
        .member_of(&mut change, grant.tenant(), &person)
        .await?;
    not_above(own_role(&grant), membership.role)?;
    // A new password opens all tenants of the person: whoever makes the link must be at least what
    // the person is, in each of them.
    let own = grant.person().map(|(_, own, _)| own.clone());
    for there in &account.memberships {
        let role = own
            .as_ref()
            .and_then(|own| own.membership(&there.tenant))
            .filter(|it| it.is_live(now()))
            .map(|it| it.role);
        if role.is_none_or(|role| role < there.role) {
            let detail = "this person belongs to other tenants, where you are less than they are";
            return Err(Refusal::new(Code::AboveOwnRole, detail)
                .with_hint("on the server's machine: annals user reset ADDRESS"));
        }
    }
    let (link, token) = new_link(LinkKind::Reset, now(), grant.who_id().to_owned())?;
    let link = Link {
        person: Some(person.clone()),
        ..link
    };
    change.create_link(&link).await?;
    let event = reset_event(&grant.doer(), &account);
    let audience = instance.audience(&account);
    instance.record_in(&audience, &event).await?;
    change.commit().await?;
    Ok(Json(MadeLink {
        link: links::absolute(caller.origin(), LinkKind::Reset, &token),
    }))
}

fn reset_event(doer: &Doer, account: &Account) -> OwnEvent {
    person_event(
        "annals.person.reset",
        "Got a link for a new password",
        doer,
        account,
    )
}

/// Choose a new password with a link, and sign in. All other sessions end.
#[utoipa::path(
    post,
    path = "/v1/reset",
    operation_id = "choosePassword",
    tag = "Account",
    request_body = Reset,
    responses(
        (status = 200, description = "Done.", body = SessionView),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
pub(crate) async fn choose_password(
    State(app): State<Arc<App>>,
    origin: Origin,
    sent: Sent,
) -> Result<Response, Refusal> {
    let asked: Reset = sent.parse()?;
    let instance = &app.instance;
    let unknown = || {
        Refusal::new(
            Code::LinkUnknown,
            "this link is not known; ask for a new one",
        )
    };
    let link = {
        let mut look = instance.change().await?;
        links::usable(&mut look, LinkKind::Reset, &asked.token, now()).await?
    };
    let account = link.person.as_ref();
    let account = account.and_then(|id| instance.identity.people.find(id));
    let account = account
        .filter(|it| instance.live_memberships(it).next().is_some())
        .ok_or_else(unknown)?;
    let person = &account.person;
    password::check(
        &asked.password,
        &[person.name.as_str(), person.email.as_str()],
    )?;
    let hashed = instance.identity.hasher.hash(asked.password).await?;
    let now = now();
    let mut change = instance.change().await?;
    links::usable(&mut change, LinkKind::Reset, &asked.token, now).await?;
    change.use_link(&link.id, now).await?;
    let changed = Person {
        password: Some(hashed),
        ..change.person(&person.id).await?.ok_or_else(unknown)?
    };
    change.update_person(&changed).await?;
    change.end_sessions_of(&person.id, None).await?;
    let mut beginning = sign_in::prepare(&app, &mut change, &person.id, &origin, now, true).await?;
    let session_id = beginning.session.id.as_str().to_owned();
    let doer = person_doer(&account, None, &origin, Some(session_id));
    let event = person_event(
        "annals.password.change",
        "Chose a new password",
        &doer,
        &account,
    )
    .with("link", link.id.as_str());
    let audience = instance.audience(&account);
    instance.record_in(&audience, &event).await?;
    let signed = OwnEvent::new("annals.session.create", &doer, "Signed in")
        .with("with", "a link for a new password");
    beginning.tell(&app, &mut change, &account, &signed).await?;
    change.commit().await?;
    instance.identity.sessions.end_of(&person.id, None);
    instance.reload_person(&person.id).await?;
    let (session, token) = beginning.begin(&app);
    signed_in(&app, &origin, &session, &account, &token).await
}

impl Instance {
    /// A link's path (`/reset#...`) with which a person chooses a password.
    pub(crate) async fn make_reset_link(
        &self,
        account: &Account,
        doer: &Doer,
    ) -> Result<String, Refusal> {
        let (link, token) = new_link(LinkKind::Reset, now(), doer.words().to_owned())?;
        let link = Link {
            person: Some(account.person.id.clone()),
            ..link
        };
        let mut change = self.change().await?;
        change.create_link(&link).await?;
        let event = reset_event(doer, account);
        self.record_in(&self.audience(account), &event).await?;
        change.commit().await?;
        Ok(links::path(LinkKind::Reset, &token))
    }
}
