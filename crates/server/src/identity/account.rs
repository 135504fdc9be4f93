//! One's own account: name, password, sessions, preferences.

use std::sync::Arc;

use api::{Me, MeChange, OwnSession, PasswordChange, Preferences, SessionList};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use catalog::{Account, Person, SessionId};

use crate::app::App;
use crate::auth::Caller;
use crate::error::{Code, Refusal};
use crate::identity::sent::{Sent, field, time_zone, wrong_field};
use crate::identity::{password, sign_in, view};
use crate::instance::now;
use crate::limits::PREFERENCES_MAX_BYTES;
use crate::own::OwnEvent;

/// Oneself.
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "getMe",
    tag = "Account",
    responses(
        (status = 200, description = "Done.", body = Me),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn get_me(caller: Caller) -> Result<Json<Me>, Refusal> {
    let (_, account) = caller.person()?;
    Ok(Json(view::me(account)))
}

/// Change one's name or time zone.
#[utoipa::path(
    patch,
    path = "/v1/me",
    operation_id = "changeMe",
    tag = "Account",
    request_body = MeChange,
    responses(
        (status = 200, description = "Done.", body = Me),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn change_me(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Json<Me>, Refusal> {
    let (_, account) = caller.person()?;
    let asked: MeChange = sent.parse()?;
    let mut person = account.person.clone();
    if let Some(name) = &asked.name {
        person.name = field("name", name)?;
    }
    if let Some(zone) = &asked.time_zone {
        person.time_zone = time_zone(zone)?;
    }
    let event = OwnEvent::new(
        "annals.me.update",
        &caller.doer(),
        "Changed their own account",
    )
    .to("person", &person.id, person.name.as_str())
    .with("time_zone", person.time_zone.as_str());
    update(&app, account, &person, event).await?;
    let changed = Account {
        person,
        memberships: Vec::new(),
    };
    Ok(Json(view::me(&changed)))
}

/// Keeps a person as they are now, told to all their tenants.
async fn update(
    app: &App,
    account: &Account,
    person: &Person,
    event: OwnEvent,
) -> Result<(), Refusal> {
    let instance = &app.instance;
    let mut change = instance.change().await?;
    change.update_person(person).await?;
    instance
        .record_in(&instance.audience(account), &event)
        .await?;
    change.commit().await?;
    instance.reload_person(&person.id).await?;
    Ok(())
}

/// Change one's password. All other sessions end.
#[utoipa::path(
    post,
    path = "/v1/me/password",
    operation_id = "changePassword",
    tag = "Account",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn change_password(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<StatusCode, Refusal> {
    let (session, account) = caller.person()?;
    let asked: PasswordChange = sent.parse()?;
    sign_in::own_password(&app, &caller, account, asked.current).await?;
    let person = &account.person;
    password::check(&asked.new, &[person.name.as_str(), person.email.as_str()])?;
    let instance = &app.instance;
    let hashed = instance.identity.hasher.hash(asked.new).await?;
    let mut change = instance.change().await?;
    let changed = Person {
        password: Some(hashed),
        ..person.clone()
    };
    change.update_person(&changed).await?;
    change
        .end_sessions_of(&person.id, Some(&session.session.id))
        .await?;
    let event = OwnEvent::new(
        "annals.password.change",
        &caller.doer(),
        "Changed their password",
    )
    .to("person", &person.id, person.name.as_str());
    instance
        .record_in(&instance.audience(account), &event)
        .await?;
    change.commit().await?;
    // Committed: what the old password opened is closed before anybody hears of the new one.
    let sessions = &instance.identity.sessions;
    sessions.end_of(&person.id, Some(&session.session.id));
    instance.reload_person(&person.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own sessions.
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    operation_id = "listSessions",
    tag = "Account",
    responses(
        (status = 200, description = "Done.", body = SessionList),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn list_sessions(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<SessionList>, Refusal> {
    let (current, account) = caller.person()?;
    let live = app
        .instance
        .identity
        .sessions
        .of_person(&account.person.id, now());
    let sessions = live.iter().map(|it| OwnSession {
        id: it.session.id.to_string(),
        created_at: it.session.created_at.to_string(),
        last_used_at: it.used_at().to_string(),
        address: it.session.address.clone(),
        user_agent: it.session.user_agent.clone(),
        current: it.session.id == current.session.id,
    });
    Ok(Json(SessionList {
        sessions: sessions.collect(),
    }))
}

/// End one of one's sessions.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{id}",
    operation_id = "endSession",
    tag = "Account",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn end_session(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (_, account) = caller.person()?;
    let sessions = &app.instance.identity.sessions;
    let own = sessions.of_person(&account.person.id, now());
    if !own.iter().any(|it| it.session.id.as_str() == id) {
        return Err(Refusal::new(
            Code::NotFound,
            "you have no such session; it may have ended",
        ));
    }
    end(
        &app,
        &caller,
        account,
        Ended::One(SessionId::from_text(&id)),
    )
    .await
}

/// End all of one's sessions but this one.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions",
    operation_id = "endOtherSessions",
    tag = "Account",
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn end_other_sessions(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<StatusCode, Refusal> {
    let (session, account) = caller.person()?;
    end(
        &app,
        &caller,
        account,
        Ended::AllBut(session.session.id.clone()),
    )
    .await
}

enum Ended {
    One(SessionId),
    AllBut(SessionId),
}

async fn end(
    app: &App,
    caller: &Caller,
    account: &Account,
    which: Ended,
) -> Result<StatusCode, Refusal> {
    let instance = &app.instance;
    let person = &account.person.id;
    let mut change = instance.change().await?;
    let event = OwnEvent::new(
        "annals.session.delete",
        &caller.doer(),
        "Ended own sessions",
    );
    let event = match &which {
        Ended::One(id) => {
            change.end_session(id).await?;
            event.to("session", id, id.as_str())
        }
        Ended::AllBut(id) => {
            change.end_sessions_of(person, Some(id)).await?;
            event.with("which", "all others")
        }
    };
    instance
        .record_in(&instance.audience(account), &event)
        .await?;
    change.commit().await?;
    match &which {
        Ended::One(id) => instance.identity.sessions.end(id),
        Ended::AllBut(id) => instance.identity.sessions.end_of(person, Some(id)),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// One's preferences.
#[utoipa::path(
    get,
    path = "/v1/me/preferences",
    operation_id = "getPreferences",
    tag = "Account",
    responses(
        (status = 200, description = "Done.", body = Preferences),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn get_preferences(caller: Caller) -> Result<Json<Preferences>, Refusal> {
    let (_, account) = caller.person()?;
    Ok(Json(Preferences(view::object(&account.person.preferences))))
}

/// Keep one's preferences.
#[utoipa::path(
    put,
    path = "/v1/me/preferences",
    operation_id = "putPreferences",
    tag = "Account",
    request_body = Preferences,
    responses(
        (status = 200, description = "Done.", body = Preferences),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn put_preferences(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Json<Preferences>, Refusal> {
    let (_, account) = caller.person()?;
    let asked: Preferences = sent.parse()?;
    let text = serde_json::to_string(&asked.0).unwrap_or_default();
    if text.len() > PREFERENCES_MAX_BYTES {
        let why = format!("preferences may have {} KiB", PREFERENCES_MAX_BYTES >> 10);
        return Err(wrong_field("", why));
    }
    let person = Person {
        preferences: text,
        ..account.person.clone()
    };
    let event = OwnEvent::new(
        "annals.me.update",
        &caller.doer(),
        "Changed their preferences",
    )
    .to("person", &person.id, person.name.as_str());
    update(&app, account, &person, event).await?;
    Ok(Json(asked))
}
