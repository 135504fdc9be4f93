//! Who asks, and what they may: the only way to a ledger leads through a [`Grant`].

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{Method, Uri, header};
use catalog::{Account, KeyStanding, KeyText, Membership, Role, Scope, TenantName, TenantState};
use serde_json::json;

use crate::app::App;
use crate::error::{Code, Denial, Refusal};
use crate::identity::origin::Origin;
use crate::identity::sessions::LiveSession;
use crate::identity::{cookie, cross_site, sign_in};
use crate::instance::{Instance, now};
use crate::keys::HeldKey;
use crate::limits::UNTOLD_RETRY;
use crate::own::{Doer, Ended, OwnEvent, Remote};
use crate::stream::Allowed;

/// One thing that can be allowed. What it takes is said once, in [`Permission::scopes`] and
/// [`Permission::role`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Send events.
    Append,
    /// Read events.
    Read,
    /// Read an event with its proof.
    Prove,
    /// Take any number of events along.
    Export,
    /// Read checkpoints, tiles and entries.
    ReadLog,
    /// Read keys, teams and settings.
    ReadConfig,
    /// Read who belongs to the tenant, and who is invited.
    ReadPeople,
    /// Manage teams, settings and shared searches.
    ManageConfig,
    /// Manage keys.
    ManageKeys,
    /// Invite people, give them roles, take them away.
    ManagePeople,
    /// Suspend, resume, rename and delete the tenant; in `main`: make others.
    ManageTenants,
    /// Keep searches of one's own.
    SaveSearches,
}

impl Permission {
    /// The scopes a key needs, all of them; none where no key may do it.
    fn scopes(self) -> Option<&'static [Scope]> {
        match self {
            Permission::Append => Some(&[Scope::EventsWrite]),
            Permission::Read | Permission::Export => Some(&[Scope::EventsRead]),
            Permission::Prove => Some(&[Scope::EventsRead, Scope::LedgerRead]),
            Permission::ReadLog => Some(&[Scope::LedgerRead]),
            Permission::ReadConfig | Permission::ManageConfig | Permission::ManageKeys => {
                Some(&[Scope::Admin])
            }
            Permission::ReadPeople
            | Permission::ManagePeople
            | Permission::ManageTenants
            | Permission::SaveSearches => None,
        }
    }

    /// The smallest role a person needs; none where no person may do it.
    fn role(self) -> Option<Role> {
        match self {
            Permission::Append => None,
            Permission::Read | Permission::Prove | Permission::SaveSearches => Some(Role::Viewer),
            Permission::Export
            | Permission::ReadLog
            | Permission::ReadConfig
            | Permission::ReadPeople => Some(Role::Auditor),
            Permission::ManageConfig | Permission::ManageKeys | Permission::ManagePeople => {
                Some(Role::Admin)
            }
            Permission::ManageTenants => Some(Role::Owner),
        }
    }

    /// Whether a person has to have given the password just now.
    fn needs_fresh(self) -> bool {
        matches!(
            self,
            Permission::ManageKeys | Permission::ManagePeople | Permission::ManageTenants
        )
    }

    /// Whether a role has it.
    pub(crate) fn is_of(self, role: Role) -> bool {
        self.role().is_some_and(|least| role >= least)
    }

    /// The words in which a person is told what a role may.
    const WORDS: [(&'static str, Permission); 7] = [
        ("events.read", Permission::Read),
        ("events.export", Permission::Export),
        ("log.read", Permission::ReadLog),
        ("config.read", Permission::ReadConfig),
        ("config.manage", Permission::ManageConfig),
        ("people.manage", Permission::ManagePeople),
        ("tenants.manage", Permission::ManageTenants),
    ];

    /// What a role may, in words.
    pub(crate) fn words_of(role: Role) -> Vec<&'static str> {
        let of_role = Permission::WORDS.iter().filter(|(_, it)| it.is_of(role));
        of_role.map(|(word, _)| *word).collect()
    }
}

/// Somebody who asks.
#[derive(Clone)]
pub(crate) enum Who {
    /// A key.
    Key(Arc<HeldKey>),
    /// A person who signed in.
    Person(Arc<LiveSession>, Arc<Account>),
}

impl Who {
    /// Id of the key or the person.
    fn id(&self) -> &str {
        match self {
            Who::Key(key) => key.id.as_str(),
            Who::Person(_, account) => account.person.id.as_str(),
        }
    }
}

/// Somebody with a good key or a session.
#[derive(Clone)]
pub(crate) struct Caller {
    who: Who,
    origin: Arc<Origin>,
    method: Method,
    uri: Uri,
    instance: Arc<Instance>,
}

/// Leave to do one thing in one tenant. Nothing but [`Caller::may`] (and, for logs that were opened
/// to all, [`Grant::for_public_log`]) makes one.
#[derive(Clone)]
pub(crate) struct Grant {
    tenant: TenantName,
    by: Option<By>,
}

/// Who a grant was given to.
#[derive(Clone)]
struct By {
    who: Who,
    role: Option<Role>,
    permission: Permission,
    origin: Arc<Origin>,
}

impl Grant {
    /// In which tenant.
    pub(crate) fn tenant(&self) -> &TenantName {
        &self.tenant
    }

    /// Id of the key that asks; none for a person and a public log.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.key().map(|key| key.id.as_str())
    }

    /// The key that asks.
    pub(crate) fn key(&self) -> Option<&HeldKey> {
        match &self.by.as_ref()?.who {
            Who::Key(key) => Some(key),
            Who::Person(..) => None,
        }
    }

    /// Id of the key or the person; empty for a public log.
    pub(crate) fn who_id(&self) -> &str {
        self.by.as_ref().map_or("", |by| by.who.id())
    }

    /// The person that asks, with their session and role.
    pub(crate) fn person(&self) -> Option<(&Arc<LiveSession>, &Arc<Account>, Role)> {
        let by = self.by.as_ref()?;
        match (&by.who, by.role) {
            (Who::Person(session, account), Some(role)) => Some((session, account, role)),
            _ => None,
        }
    }

    /// Whether nobody in particular asks, because the log is open to all.
    pub(crate) fn is_public(&self) -> bool {
        self.by.is_none()
    }

    /// Who asks, for the event that tells of it.
    pub(crate) fn doer(&self) -> Doer {
        match &self.by {
            Some(by) => doer(&by.who, by.role, &by.origin),
            None => Doer::Server,
        }
    }

    /// Whether the leave still holds: the key is good, the session is live, the person is still
    /// what they were, the tenant is active.
    pub(crate) fn holds(&self, app: &App) -> bool {
        if app.instance.tenant_state(&self.tenant) != Some(TenantState::Active) {
            return false;
        }
        let Some(by) = &self.by else { return true };
        let now = now();
        match &by.who {
            Who::Key(key) => app
                .instance
                .keys
                .current(&key.hash)
                .is_some_and(|key| key.standing(now) == KeyStanding::Good),
            Who::Person(session, account) => {
                let identity = &app.instance.identity;
                let account = identity.people.find(&account.person.id);
                identity.sessions.holds(&session.session.hash, now)
                    && account.is_some_and(|account| {
                        account
                            .membership(&self.tenant)
                            .is_some_and(|it| it.is_live(now) && by.permission.is_of(it.role))
                    })
            }
        }
    }

    /// Leave for everybody to read a log that the configuration opened.
    pub(crate) fn for_public_log(app: &App, tenant: TenantName) -> Option<Grant> {
        app.config.public_log.then_some(Grant { tenant, by: None })
    }
}

impl Caller {
    /// Leave to do something. `tenant` is the one the request names, if it names one: one that the
    /// caller does not belong to does not exist for them. A refusal is told to the caller's own
    /// ledger.
    pub(crate) fn may(
        &self,
        permission: Permission,
        tenant: Option<&str>,
    ) -> Result<Grant, Refusal> {
        let (tenant, role) = match &self.who {
            Who::Key(key) => {
                if let Some(named) = tenant
                    && named != key.tenant.as_str()
                {
                    return Err(self.foreign(named));
                }
                self.has_scopes(key, permission)?;
                (key.tenant.clone(), None)
            }
            Who::Person(session, account) => {
                let membership = self.membership(account, tenant)?;
                if !permission.is_of(membership.role) {
                    let least = permission.role().map_or("no person", Role::as_str);
                    let detail = format!(
                        "this needs the role {least}; you are {} in the tenant `{}`",
                        membership.role.as_str(),
                        membership.tenant
                    );
                    let refusal = Refusal::new(Code::MissingRole, detail);
                    return Err(self.denied(&membership.tenant, refusal, "the role is missing"));
                }
                self.has_fresh_password(session, permission)?;
                is_told(session, &membership.tenant)?;
                (membership.tenant.clone(), Some(membership.role))
            }
        };
        let resumes = permission == Permission::ManageTenants;
        match self.instance.tenant_state(&tenant) {
            Some(TenantState::Active) => {}
            Some(TenantState::Suspended) if resumes => {}
            Some(TenantState::Suspended) => return Err(suspended(&tenant)),
            Some(TenantState::Deleted) | None => return Err(no_tenant(tenant.as_str())),
        }
        Ok(Grant {
            tenant,
            by: Some(By {
                who: self.who.clone(),
                role,
                permission,
                origin: self.origin.clone(),
            }),
        })
    }

    /// What the person is in the tenant that the request names, or in their only one.
    fn membership<'a>(
        &'a self,
        account: &'a Account,
        tenant: Option<&str>,
    ) -> Result<&'a Membership, Refusal> {
        let mut live = self.instance.live_memberships(account);
        let Some(named) = tenant else {
            let first = live.next().ok_or_else(not_signed_in)?;
            return match live.next() {
                None => Ok(first),
                Some(_) => Err(Refusal::new(
                    Code::TenantRequired,
                    "you belong to several tenants: say which one with `?tenant=`",
                )
                .of_field("tenant")),
            };
        };
        let mut found = live.filter(|it| it.tenant.as_str() == named);
        found.next().ok_or_else(|| self.foreign(named))
    }

    fn has_scopes(&self, key: &HeldKey, permission: Permission) -> Result<(), Refusal> {
        let Some(scopes) = permission.scopes() else {
            let refusal =
                Refusal::new(Code::NeedsPerson, "only a person who signed in may do this");
            return Err(self.denied(&key.tenant, refusal, "no key may do this"));
        };
        for scope in scopes {
            if !key.scopes.contain(*scope) {
                let scope = scope.as_str();
                let detail = format!(
                    "this needs the scope `{scope}`, which key `{}` lacks",
                    key.id
                );
                let refusal = Refusal::new(Code::MissingScope, detail).with_hint(format!(
                    "make a key that has it: annals key create --name NAME --scope {scope}"
                ));
                return Err(self.denied(&key.tenant, refusal, "the scope is missing"));
            }
        }
        Ok(())
    }

    fn has_fresh_password(
        &self,
        session: &LiveSession,
        permission: Permission,
    ) -> Result<(), Refusal> {
        if permission.needs_fresh() && now() >= session.fresh_until() {
            let detail = "give your password again first: it was given too long ago for this";
            return Err(Refusal::new(Code::Reauthenticate, detail));
        }
        Ok(())
    }

    /// Leave to read the numbers of the whole instance. They name every tenant, so a key or an
    /// administrator of `main` (the instance's own tenant) is asked for.
    pub(crate) fn may_read_metrics(&self) -> Result<(), Refusal> {
        let allowed = match &self.who {
            Who::Key(key) => key.scopes.contain(Scope::Admin) && key.tenant == TenantName::main(),
            Who::Person(session, account) => {
                is_told(session, &TenantName::main())?;
                self.instance.live_memberships(account).any(|it| {
                    it.tenant == TenantName::main() && Permission::ManageConfig.is_of(it.role)
                })
            }
        };
        if allowed {
            return Ok(());
        }
        let detail = "this needs a key of the tenant `main` with the scope `admin`";
        let refusal = Refusal::new(Code::MissingScope, detail);
        Err(self.denied(&self.home(), refusal, "the scope is missing"))
    }

    /// The person that asks, with their session.
    pub(crate) fn person(&self) -> Result<(&Arc<LiveSession>, &Arc<Account>), Refusal> {
        match &self.who {
            Who::Person(session, account) => Ok((session, account)),
            Who::Key(key) => {
                let refusal =
                    Refusal::new(Code::NeedsPerson, "only a person who signed in may do this");
                Err(self.denied(&key.tenant, refusal, "no key may do this"))
            }
        }
    }

    /// Where the request came from.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Who asks, for events that concern no tenant in particular.
    pub(crate) fn doer(&self) -> Doer {
        doer(&self.who, None, &self.origin)
    }

    /// A refusal because of what the caller is, with what the ledger hears of it.
    pub(crate) fn denied(
        &self,
        tenant: &TenantName,
        refusal: Refusal,
        reason: &'static str,
    ) -> Refusal {
        let what = format!("{} {}", self.method, self.uri.path());
        let event = OwnEvent::new("annals.access.denied", &self.doer(), "Access was denied")
            .with("request", what)
            .ended(Ended::Denied(reason));
        let same = ["denied", self.who.id(), reason];
        refusal.told(Denial::of(tenant.clone(), &same, event))
    }

    /// The refusal of a tenant that does not exist for the caller, told to their own ledger alone.
    fn foreign(&self, named: &str) -> Refusal {
        let home = self.home();
        self.denied(&home, no_tenant(named), "there is no such tenant")
    }

    /// The tenant whose ledger hears of what concerns no tenant the caller belongs to.
    fn home(&self) -> TenantName {
        match &self.who {
            Who::Key(key) => key.tenant.clone(),
            Who::Person(_, account) => self
                .instance
                .live_memberships(account)
                .next()
                .map_or_else(TenantName::main, |it| it.tenant.clone()),
        }
    }
}

/// Refuses a session in a tenant whose ledger could not be told of it.
fn is_told(session: &LiveSession, tenant: &TenantName) -> Result<(), Refusal> {
    if !session.is_untold(tenant) {
        return Ok(());
    }
    let detail = format!(
        "the ledger of the tenant `{tenant}` cannot be told at this moment that you signed in, so \
         nothing was done; the server's log says why"
    );
    Err(Refusal::new(Code::NotRecorded, detail).with_retry_after(UNTOLD_RETRY))
}

/// A caller as an actor of Annals' own events.
fn doer(who: &Who, role: Option<Role>, origin: &Origin) -> Doer {
    match who {
        Who::Key(key) => remote(
            json!({"type": "api_key", "id": key.id.as_str(), "name": key.name.as_str()}),
            format!("key {}", key.id),
            origin,
            None,
        ),
        Who::Person(session, account) => person_doer(
            account,
            role,
            origin,
            Some(session.session.id.as_str().to_owned()),
        ),
    }
}

/// A person as an actor of Annals' own events.
pub(crate) fn person_doer(
    account: &Account,
    role: Option<Role>,
    origin: &Origin,
    session_id: Option<String>,
) -> Doer {
    let person = &account.person;
    let mut actor = json!({
        "type": "user",
        "id": person.id.as_str(),
        "name": person.name.as_str(),
        "email": person.email.as_str(),
    });
    if let Some(role) = role {
        actor["roles"] = json!([role.as_str()]);
    }
    remote(actor, person.email.to_string(), origin, session_id)
}

/// Nobody known, from somewhere.
pub(crate) fn anonymous_doer(origin: &Origin) -> Doer {
    remote(
        json!({"type": "anonymous"}),
        "nobody".to_owned(),
        origin,
        None,
    )
}

fn remote(
    actor: serde_json::Value,
    words: String,
    origin: &Origin,
    session_id: Option<String>,
) -> Doer {
    Doer::Remote(Arc::new(Remote {
        actor,
        words,
        address: origin.address,
        user_agent: origin.user_agent.clone(),
        session_id,
        request_id: origin.request_id.clone(),
    }))
}

/// Asks again whether a grant still holds and the server goes on, for what goes on for long.
pub(crate) fn holds(app: &Arc<App>, grant: &Grant) -> Allowed {
    let (app, grant) = (app.clone(), grant.clone());
    Box::new(move || grant.holds(&app) && !*app.stopping.borrow())
}

/// The answer about a tenant that does not exist, or not for this caller.
pub(crate) fn no_tenant(name: &str) -> Refusal {
    let shown: String = name.chars().take(63).collect();
    Refusal::new(Code::NotFound, format!("there is no tenant `{shown}`")).of_field("tenant")
}

/// The answer about a suspended tenant.
pub(crate) fn suspended(tenant: &TenantName) -> Refusal {
    let detail = format!("the tenant `{tenant}` is suspended; nothing of it is lost");
    Refusal::new(Code::TenantSuspended, detail).with_hint(format!("annals tenant resume {tenant}"))
}

/// The answer to somebody without a session.
pub(crate) fn not_signed_in() -> Refusal {
    Refusal::new(
        Code::Unauthorized,
        "this needs an API key, or somebody who signed in",
    )
    .with_hint("send the header `Authorization: Bearer ann_...`, or sign in")
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let origin = Origin::of(parts, &app.config);
        let who = match parts.headers.get(header::AUTHORIZATION) {
            Some(header) => Who::Key(key(app, header, &origin)?),
            None => {
                let token = cookie::token(&parts.headers, &origin).ok_or_else(not_signed_in)?;
                cross_site::check(&parts.method, &parts.headers, true)?;
                let identity = &app.instance.identity;
                let session = identity.sessions.find(&token, now());
                let session = session.ok_or_else(not_signed_in)?;
                let account = identity.people.find(&session.session.person);
                let account = account
                    .filter(|account| app.instance.live_memberships(account).next().is_some())
                    .ok_or_else(not_signed_in)?;
                sign_in::tell_untold(app, &session, &account, &origin).await;
                Who::Person(session, account)
            }
        };
        Ok(Caller {
            who,
            origin: Arc::new(origin),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            instance: app.instance.clone(),
        })
    }
}

/// The good key that a header holds.
fn key(
    app: &App,
    header: &axum::http::HeaderValue,
    origin: &Origin,
) -> Result<Arc<HeldKey>, Refusal> {
    let text = header.to_str().ok().and_then(|value| {
        let (scheme, text) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(text.trim())
    });
    let text: Option<KeyText> = text.and_then(|text| text.parse().ok());
    let Some(text) = text else {
        let detail = "the Authorization header holds no API key (`Bearer ann_...`)";
        return Err(bad_key(
            origin,
            None,
            "the header holds no key",
            detail.to_owned(),
        ));
    };
    let Some(key) = app.instance.keys.find(&text) else {
        let detail = "this API key does not exist".to_owned();
        return Err(bad_key(origin, None, "the key does not exist", detail));
    };
    match key.standing(now()) {
        KeyStanding::Good => {
            key.used(now(), origin.address);
            Ok(key)
        }
        KeyStanding::Expired(at) => {
            let detail = format!(
                "key `{}` expired at {at}; make a new one with `annals key create`",
                key.id
            );
            Err(bad_key(origin, Some(&key), "the key has expired", detail))
        }
        KeyStanding::Revoked(at) => {
            let detail = format!("key `{}` was revoked at {at}", key.id);
            Err(bad_key(origin, Some(&key), "the key was revoked", detail))
        }
    }
}

/// The refusal of a key that is not good: told to its tenant's ledger, or to `main` where there is
/// no such key.
fn bad_key(
    origin: &Origin,
    key: Option<&HeldKey>,
    reason: &'static str,
    detail: String,
) -> Refusal {
    let tenant = key.map_or_else(TenantName::main, |key| key.tenant.clone());
    let event = OwnEvent::new(
        "annals.session.failure",
        &anonymous_doer(origin),
        "An API key was refused",
    )
    .ended(Ended::Failure(reason));
    let event = match key {
        Some(key) => event.to("api_key", &key.id, key.name.as_str()),
        None => event,
    };
    let id = key.map_or("", |key| key.id.as_str());
    let address = origin.address_text();
    let denial = Denial::of(tenant, &["bad key", &address, id], event);
    Refusal::new(Code::Unauthorized, detail).told(denial)
}

/// A caller, or nobody where neither key nor cookie was sent; a bad key is refused.
impl OptionalFromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Option<Self>, Refusal> {
        let origin = Origin::of(parts, &app.config);
        let has_cookie = cookie::token(&parts.headers, &origin).is_some();
        if !parts.headers.contains_key(header::AUTHORIZATION) && !has_cookie {
            return Ok(None);
        }
        <Caller as FromRequestParts<Arc<App>>>::from_request_parts(parts, app)
            .await
            .map(Some)
    }
}
