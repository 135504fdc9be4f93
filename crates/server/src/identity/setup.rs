//! The first run: a one-time link makes the first owner.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use api::{SessionView, Setup, SetupState};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use catalog::{
    DisplayName, Email, Link, LinkKind, MemberState, Membership, Person, PersonId, Role,
    TenantName, TokenText,
};

use crate::app::App;
use crate::auth::person_doer;
use crate::error::{Code, Refusal};
use crate::identity::origin::Origin;
use crate::identity::sent::{Sent, field, time_zone};
use crate::identity::view::signed_in;
use crate::identity::{links, password, sign_in};
use crate::instance::{Instance, InstanceError, now, random};
use crate::limits::SETUP_LINK_LIFE;
use crate::own::OwnEvent;

/// Whether the instance waits for its first owner.
#[utoipa::path(
    get,
    path = "/v1/setup",
    operation_id = "getSetup",
    tag = "Account",
    responses((status = 200, description = "Whether it does.", body = SetupState)),
    security(()),
)]
pub(crate) async fn get_setup(State(app): State<Arc<App>>) -> Json<SetupState> {
    Json(SetupState {
        needed: !app.instance.identity.people.has_owner(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Make the first owner, and sign in.
#[utoipa::path(
    post,
    path = "/v1/setup",
    operation_id = "setUp",
    tag = "Account",
    request_body = Setup,
    responses(
        (status = 200, description = "Signed in; the cookie holds the session.", body = SessionView),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
pub(crate) async fn set_up(
    State(app): State<Arc<App>>,
    origin: Origin,
    sent: Sent,
) -> Result<Response, Refusal> {
    let asked: Setup = sent.parse()?;
    let instance = &app.instance;
    // The link first: without it nothing is said about the rest.
    {
        let mut look = instance.change().await?;
        usable(&mut look, &asked.token).await?;
    }
    let name: DisplayName = field("name", &asked.name)?;
    let email: Email = field("email", &asked.email)?;
    let organization: DisplayName = field("organization", &asked.organization)?;
    let zone = time_zone(&asked.time_zone)?;
    let known = [asked.name.as_str(), email.as_str(), organization.as_str()];
    password::check(&asked.password, &known)?;
    let hashed = instance.identity.hasher.hash(asked.password).await?;

    let now = now();
    let mut change = instance.change().await?;
    let link = usable(&mut change, &asked.token).await?;
    let main = TenantName::main();
    let tenant = change.tenant(&main).await?;
    let mut tenant = tenant.ok_or_else(|| Refusal::new(Code::Internal, "`main` is missing"))?;
    tenant.organization = organization.as_str().to_owned();
    change.update_tenant(&tenant).await?;
    let (person, is_new) = match change.person_by_email(&email).await? {
        Some(person) => (person, false),
        None => (
            Person {
                id: PersonId::from_random(random().map_err(|error| Refusal::internal(&error))?),
                name: name.clone(),
                email,
                password: None,
                time_zone: String::new(),
                preferences: "{}".to_owned(),
                created_at: now,
            },
            true,
        ),
    };
    let person = Person {
        name,
        password: Some(hashed),
        time_zone: zone,
        ..person
    };
    match is_new {
        true => change.create_person(&person).await?,
        false => change.update_person(&person).await?,
    }
    let membership = Membership {
        person: person.id.clone(),
        tenant: main.clone(),
        role: Role::Owner,
        role_until: None,
        state: MemberState::Active,
        joined_at: now,
    };
    change.put_membership(&membership).await?;
    change.use_link(&link.id, now).await?;
    change.remove_setup_links().await?;
    let beginning = sign_in::prepare(&app, &mut change, &person.id, &origin, now, true).await?;
    let account = catalog::Account {
        person,
        memberships: vec![membership],
    };
    let session_id = beginning.session.id.as_str().to_owned();
    let doer = person_doer(&account, Some(Role::Owner), &origin, Some(session_id));
    let person = &account.person;
    let done = OwnEvent::new("annals.setup.complete", &doer, "Annals was set up")
        .to("person", &person.id, person.name.as_str())
        .with("organization", organization.as_str());
    instance.record(&main, &done).await?;
    let signed = OwnEvent::new("annals.session.create", &doer, "Signed in").with("with", "set-up");
    instance.record(&main, &signed).await?;
    change.commit().await?;
    instance.reload_person(&person.id).await?;
    let _ = std::fs::remove_file(instance.setup_link_file());
    let (session, token) = beginning.begin(&app);
    signed_in(&app, &origin, &session, &account, &token).await
}

/// The usable set-up link with this token; none once there is an owner.
async fn usable(change: &mut catalog::Change, token: &str) -> Result<Link, Refusal> {
    if change.has_owner().await? {
        let detail = "there is an owner already; ask them for an invitation";
        return Err(Refusal::new(Code::OwnerExists, detail));
    }
    links::usable(change, LinkKind::Setup, token, now()).await
}

impl Instance {
    /// A new set-up link's path (`/setup#...`), good for an hour and one use; none if there is an
    /// owner. Links made before are refused from now on.
    pub async fn make_setup_link(&self) -> Result<Option<String>, InstanceError> {
        if self.identity.people.has_owner() {
            let _ = std::fs::remove_file(self.setup_link_file());
            return Ok(None);
        }
        let now = now();
        let (id, token) = links::fresh()?;
        let link = Link {
            id,
            hash: token.hash(),
            kind: LinkKind::Setup,
            person: None,
            tenant: None,
            email: None,
            role: None,
            role_until: None,
            created_at: now,
            expires_at: now.plus_micros(sign_in::micros(SETUP_LINK_LIFE)),
            used_at: None,
            created_by: "annals".to_owned(),
        };
        let mut change = self.change().await?;
        change.create_link(&link).await?;
        change.commit().await?;
        Ok(Some(links::path(LinkKind::Setup, &token)))
    }

    /// Where a set-up link is written when there is no terminal to show it on.
    pub fn setup_link_file(&self) -> PathBuf {
        self.folder.root().join("setup-link")
    }

    /// Writes a set-up link where only the folder's owner reads it.
    pub fn write_setup_link(&self, url: &str) -> Result<(), InstanceError> {
        let path = self.setup_link_file();
        let failed = |source| InstanceError::System {
            what: "the set-up link cannot be written",
            source,
        };
        let _ = std::fs::remove_file(&path);
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        writeln!(file, "{url}").map_err(failed)
    }

    /// A path (`/demo#...`) that signs into the demo without a password, on this machine, while
    /// this process runs. Makes the demo's owner if there is none.
    pub async fn open_demo(&self, organization: &str) -> Result<String, InstanceError> {
        let now = now();
        let token = TokenText::from_random(random()?);
        let main = TenantName::main();
        let mut change = self.change().await?;
        let parsed = "demo@example.com".parse::<Email>();
        let (Ok(email), Ok(name)) = (parsed, "Demo Owner".parse::<DisplayName>()) else {
            return Ok(String::new());
        };
        let id = match change.person_by_email(&email).await? {
            Some(person) => person.id,
            None => {
                let person = Person {
                    id: PersonId::from_random(random()?),
                    name,
                    email,
                    password: None,
                    time_zone: "UTC".to_owned(),
                    preferences: "{}".to_owned(),
                    created_at: now,
                };
                change.create_person(&person).await?;
                person.id
            }
        };
        change
            .put_membership(&Membership {
                person: id.clone(),
                tenant: main.clone(),
                role: Role::Owner,
                role_until: None,
                state: MemberState::Active,
                joined_at: now,
            })
            .await?;
        if let Some(mut tenant) = change.tenant(&main).await? {
            tenant.organization = organization.to_owned();
            change.update_tenant(&tenant).await?;
        }
        let opened = OwnEvent::new(
            "annals.person.join",
            &crate::own::Doer::CommandLine,
            "The demo was opened to its owner",
        )
        .to("person", &id, "Demo Owner");
        self.record(&main, &opened).await?;
        change.commit().await?;
        self.reload_person(&id).await?;
        self.identity.demo.open(&token, id);
        Ok(format!("/demo#{}", token.reveal()))
    }
}
