//! Signing in and out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::{LinkToken, Reauthenticate, SessionView, SignIn};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalog::{
    Account, Change, Email, PersonId, Session, SessionId, TenantName, TenantState, TokenHash,
    TokenText,
};
use event::Timestamp;
use parking_lot::RwLock;

use crate::app::App;
use crate::auth::{Caller, anonymous_doer, person_doer};
use crate::error::{Code, Denial, Refusal};
use crate::identity::cookie;
use crate::identity::origin::Origin;
use crate::identity::sent::Sent;
use crate::identity::sessions::LiveSession;
use crate::identity::view::{session_view, signed_in};
use crate::instance::{now, random};
use crate::limits::{SESSION_MAX, SESSIONS_PER_PERSON, SIGN_IN_REFUSAL_STEP, UNTOLD_RETRY};
use crate::own::{Ended, OwnEvent};

/// The link that signs into the demo, while it runs.
#[derive(Debug, Default)]
pub(crate) struct DemoLink {
    of: RwLock<Option<(TokenHash, PersonId)>>,
}

impl DemoLink {
    /// From now on this token signs this person in.
    pub(crate) fn open(&self, token: &TokenText, person: PersonId) {
        *self.of.write() = Some((token.hash(), person));
    }

    fn person(&self, token: &str) -> Option<PersonId> {
        let token: TokenText = token.parse().ok()?;
        let of = self.of.read();
        let (hash, person) = of.as_ref()?;
        (*hash == token.hash()).then(|| person.clone())
    }
}

/// A session that is about to begin.
pub(crate) struct Beginning {
    pub(crate) session: Session,
    pub(crate) token: TokenText,
    kept: bool,
    ends: Vec<SessionId>,
}

/// Prepares a session of a person. It begins with [`Beginning::begin`], after the commit.
pub(crate) async fn prepare(
    app: &App,
    change: &mut Change,
    person: &PersonId,
    origin: &Origin,
    now: Timestamp,
    kept: bool,
) -> Result<Beginning, Refusal> {
    let random_id = random().map_err(|error| Refusal::internal(&error))?;
    let token = TokenText::from_random(random().map_err(|error| Refusal::internal(&error))?);
    let fresh = if kept {
        app.config.password_fresh
    } else {
        SESSION_MAX
    };
    let session = Session {
        id: SessionId::from_random(random_id),
        person: person.clone(),
        hash: token.hash(),
        created_at: now,
        last_used_at: now,
        fresh_until: now.plus_micros(micros(fresh)),
        address: origin.address_text(),
        user_agent: origin.user_agent.clone().unwrap_or_default(),
        untold: Vec::new(),
    };
    let live = app.instance.identity.sessions.of_person(person, now);
    let surplus = (live.len() + 1).saturating_sub(SESSIONS_PER_PERSON);
    let ends: Vec<SessionId> = live
        .iter()
        .take(surplus)
        .map(|it| it.session.id.clone())
        .collect();
    for id in &ends {
        change.end_session(id).await?;
    }
    if kept {
        change.create_session(&session).await?;
    }
    Ok(Beginning {
        session,
        token,
        kept,
        ends,
    })
}

impl Beginning {
    /// Tells the ledgers of all tenants the person belongs to, one of which has to take it. A ledger
    /// that cannot is told later, and until then the session does not open its tenant.
    pub(crate) async fn tell(
        &mut self,
        app: &App,
        change: &mut Change,
        account: &Account,
        signed_in: &OwnEvent,
    ) -> Result<(), Refusal> {
        let audience = app.instance.audience(account);
        let told = app.instance.record_where_possible(&audience, signed_in);
        let untold = told.await?;
        if self.kept && !untold.is_empty() {
            change.set_untold(&self.session.id, &untold).await?;
        }
        self.session.untold = untold;
        Ok(())
    }

    /// Begins it: committed, and known from now on.
    pub(crate) fn begin(self, app: &App) -> (Arc<LiveSession>, TokenText) {
        let sessions = &app.instance.identity.sessions;
        for id in &self.ends {
            sessions.end(id);
        }
        let live = sessions.put(LiveSession::new(self.session, self.kept));
        (live, self.token)
    }
}

/// Sign in with address and password.
#[utoipa::path(
    post,
    path = "/v1/session",
    operation_id = "signIn",
    tag = "Account",
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in; the cookie holds the session.", body = SessionView),
        (status = 429, description = "Too many failures; try again later.", body = api::Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    origin: Origin,
    sent: Sent,
) -> Result<Response, Refusal> {
    let begun = Instant::now();
    let asked: SignIn = sent.parse()?;
    match check(&app, &origin, &asked.email, asked.password).await {
        Ok(account) => {
            let answer = begin_session(&app, &origin, &account, "a password", true).await?;
            app.instance
                .identity
                .throttle
                .succeeded(&asked.email, origin.address);
            Ok(answer)
        }
        Err(refusal) => {
            // Told before the wait, so that the time does not say whose ledger heard of it.
            let refusal = app.tell_refused(refusal).await;
            wait_for_step(begun).await;
            Err(refusal)
        }
    }
}

/// The account that address and password open, or the refusal: the same one whatever was wrong.
pub(crate) async fn check(
    app: &App,
    origin: &Origin,
    email: &str,
    password: String,
) -> Result<Arc<Account>, Refusal> {
    let instance = &app.instance;
    let identity = &instance.identity;
    not_throttled(app, email, origin.address)?;
    let account = email
        .parse::<Email>()
        .ok()
        .and_then(|email| identity.people.by_email(&email));
    let hashed = account.as_ref().and_then(|it| it.person.password.clone());
    let matches = identity.hasher.matches(password, hashed).await?;
    let opens = account
        .as_ref()
        .is_some_and(|it| instance.live_memberships(it).next().is_some());
    match account {
        Some(account) if matches && opens => Ok(account),
        account => Err(failed(app, origin, email, account.as_deref())),
    }
}

/// Refuses an account and address that failed too often.
pub(crate) fn not_throttled(app: &App, email: &str, from: Option<IpAddr>) -> Result<(), Refusal> {
    let throttle = &app.instance.identity.throttle;
    match throttle.wait(email, from, Instant::now()) {
        None => Ok(()),
        Some(wait) => {
            let minutes = wait.as_secs().div_ceil(60);
            let detail = format!("too many sign-ins failed; try again in {minutes} minutes");
            Err(Refusal::new(Code::TooManyFailures, detail).with_retry_after(wait))
        }
    }
}

/// Notes a failure, and says so in the words that every failure gets. All tenants of a known account
/// hear of it, because it would have opened all of them. An unknown one is told to `main`, and so is,
/// without a name, a known one whose ledgers cannot be told: the answer must not tell them apart.
pub(crate) fn failed(
    app: &App,
    origin: &Origin,
    email: &str,
    account: Option<&Account>,
) -> Refusal {
    let instance = &app.instance;
    instance
        .identity
        .throttle
        .failed(email, origin.address, Instant::now());
    let address = origin.address_text();
    let name = email.trim().to_lowercase();
    let failure = |doer| {
        OwnEvent::new("annals.session.failure", &doer, "A sign-in failed")
            .ended(Ended::Failure("unknown account or wrong password"))
    };
    // What was typed may be a password in the wrong place: it is not kept.
    let unknown = failure(anonymous_doer(origin)).with("account", "unknown");
    let same = ["sign-in", address.as_str(), name.as_str()];
    let denial = match account {
        None => Denial::of(TenantName::main(), &same, unknown),
        Some(account) => {
            let person = &account.person;
            let event = failure(person_doer(account, None, origin, None)).to(
                "person",
                &person.id,
                person.name.as_str(),
            );
            Denial {
                tenants: instance.audience(account),
                otherwise: Some(unknown),
                ..Denial::of(TenantName::main(), &same, event)
            }
        }
    };
    Refusal::new(
        Code::SignInFailed,
        "this address and password do not fit together",
    )
    .told(denial)
}

/// Waits until the answer has taken a whole number of steps, so that its time says nothing.
async fn wait_for_step(begun: Instant) {
    let until = begun + whole_steps(begun.elapsed());
    tokio::time::sleep_until(until.into()).await;
}

/// The whole number of steps that comes after a time.
fn whole_steps(took: Duration) -> Duration {
    let step = SIGN_IN_REFUSAL_STEP.as_micros().max(1);
    let steps = took.as_micros() / step + 1;
    Duration::from_micros(u64::try_from(steps * step).unwrap_or(u64::MAX))
}

/// Begins a session, tells the ledgers, commits, and answers.
async fn begin_session(
    app: &App,
    origin: &Origin,
    account: &Account,
    with: &'static str,
    kept: bool,
) -> Result<Response, Refusal> {
    let now = now();
    let mut change = app.instance.change().await?;
    let mut beginning = prepare(app, &mut change, &account.person.id, origin, now, kept).await?;
    let session_id = beginning.session.id.as_str().to_owned();
    let doer = person_doer(account, None, origin, Some(session_id));
    let event = OwnEvent::new("annals.session.create", &doer, "Signed in").with("with", with);
    beginning.tell(app, &mut change, account, &event).await?;
    change.commit().await?;
    let (session, token) = beginning.begin(app);
    signed_in(app, origin, &session, account, &token).await
}

/// Tells the ledgers that could not be told of a session. It does not open the tenants of those
/// that still cannot.
pub(crate) async fn tell_untold(
    app: &App,
    session: &LiveSession,
    account: &Account,
    origin: &Origin,
) {
    if session.untold().is_empty() {
        return;
    }
    let mut tried = session.telling.lock().await;
    if tried.is_some_and(|tried| tried.elapsed() < UNTOLD_RETRY) {
        return;
    }
    let instance = &app.instance;
    let mut untold = session.untold();
    untold.retain(|it| instance.tenant_state(it) != Some(TenantState::Deleted));
    let began = &session.session;
    let doer = person_doer(account, None, origin, Some(began.id.as_str().to_owned()));
    let event = OwnEvent::new("annals.session.create", &doer, "Signed in earlier")
        .with("with", "told late")
        .with("signed_in_at", began.created_at.to_string())
        .with("fresh_until", session.fresh_until().to_string());
    if let Ok(left) = instance.record_where_possible(&untold, &event).await {
        session.set_untold(left.clone());
        let kept = async {
            let mut change = instance.change().await?;
            change.set_untold(&began.id, &left).await?;
            change.commit().await
        };
        // Kept or not, they were told; after a restart they would be told again.
        if session.kept
            && let Err(error) = kept.await
        {
            tracing::warn!(%error, "which ledgers were told of a session could not be written down");
        }
    }
    *tried = Some(Instant::now());
}

/// Sign into the demo with its link, on the machine it runs on.
#[utoipa::path(
    post,
    path = "/v1/session/link",
    operation_id = "signInWithLink",
    tag = "Account",
    request_body = LinkToken,
    responses(
        (status = 200, description = "Signed in; the cookie holds the session.", body = SessionView),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
pub(crate) async fn sign_in_with_link(
    State(app): State<Arc<App>>,
    origin: Origin,
    sent: Sent,
) -> Result<Response, Refusal> {
    let asked: LinkToken = sent.parse()?;
    let identity = &app.instance.identity;
    let person = identity.demo.person(&asked.token);
    let account = person.filter(|_| origin.is_plain_loopback());
    let account = account.and_then(|id| identity.people.find(&id));
    let Some(account) = account else {
        let detail = "this link is not known; it works while its demo runs, on the same machine";
        return Err(Refusal::new(Code::LinkUnknown, detail));
    };
    begin_session(&app, &origin, &account, "the demo's link", false).await
}

/// Who is signed in.
#[utoipa::path(
    get,
    path = "/v1/session",
    operation_id = "getSession",
    tag = "Account",
    responses(
        (status = 200, description = "The session.", body = SessionView),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn get_session(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<SessionView>, Refusal> {
    let (session, account) = caller.person()?;
    Ok(Json(session_view(&app, session, account).await?))
}

/// Give the password again, before something that needs it.
#[utoipa::path(
    post,
    path = "/v1/session/reauthenticate",
    operation_id = "reauthenticate",
    tag = "Account",
    request_body = Reauthenticate,
    responses(
        (status = 200, description = "The session, fresh for five minutes.", body = SessionView),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn reauthenticate(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Json<SessionView>, Refusal> {
    let begun = Instant::now();
    let (session, account) = caller.person()?;
    let asked: Reauthenticate = sent.parse()?;
    if let Err(refusal) = own_password(&app, &caller, account, asked.password).await {
        let refusal = app.tell_refused(refusal).await;
        wait_for_step(begun).await;
        return Err(refusal);
    }
    let now = now();
    let until = now.plus_micros(micros(app.config.password_fresh));
    let mut change = app.instance.change().await?;
    change
        .touch_session(&session.session.id, now, until)
        .await?;
    let event = OwnEvent::new(
        "annals.session.reauthenticate",
        &caller.doer(),
        "Gave the password again",
    );
    let audience = app.instance.audience(account);
    let told = app.instance.record_where_possible(&audience, &event);
    // What could not be told of this is told of the session again before it opens that tenant.
    let mut untold = session.untold();
    untold.extend(told.await?);
    untold.sort();
    untold.dedup();
    change.set_untold(&session.session.id, &untold).await?;
    change.commit().await?;
    session.set_untold(untold);
    session.freshen(until);
    Ok(Json(session_view(&app, session, account).await?))
}

/// Checks the password of the one who is signed in.
pub(crate) async fn own_password(
    app: &App,
    caller: &Caller,
    account: &Account,
    password: String,
) -> Result<(), Refusal> {
    let email = account.person.email.as_str();
    let origin = caller.origin();
    not_throttled(app, email, origin.address)?;
    let hashed = account.person.password.clone();
    let identity = &app.instance.identity;
    if identity.hasher.matches(password, hashed).await? {
        identity.throttle.succeeded(email, origin.address);
        return Ok(());
    }
    Err(failed(app, origin, email, Some(account)))
}

/// Sign out. Always works: where the ledger cannot be told, the session ends all the same.
#[utoipa::path(
    delete,
    path = "/v1/session",
    operation_id = "signOut",
    tag = "Account",
    responses(
        (status = 204, description = "Signed out; the cookie is taken away."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (session, account) = caller.person()?;
    let origin = caller.origin();
    debug_assert!(cookie::token(&headers, origin).is_some());
    app.instance.identity.sessions.end(&session.session.id);
    let event = OwnEvent::new("annals.session.delete", &caller.doer(), "Signed out");
    let ended = async {
        let mut change = app.instance.change().await?;
        change.end_session(&session.session.id).await?;
        let audience = app.instance.audience(account);
        let told = app.instance.record_where_possible(&audience, &event).await;
        change.commit().await?;
        told?;
        Ok::<_, Refusal>(())
    };
    if ended.await.is_err() {
        tracing::error!("a sign-out could not be written down; the session has ended here");
    }
    let headers = [(header::SET_COOKIE, cookie::clear(origin))];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// A duration as the catalog counts.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_takes_a_whole_number_of_steps() {
        for (took, answered) in [(0, 250), (31, 250), (249, 250), (250, 500), (731, 750)] {
            let steps = whole_steps(Duration::from_millis(took));
            assert_eq!(steps, Duration::from_millis(answered), "{took}");
        }
    }
}
