//! One's own account: name, password, sessions, preferences.

use std::sync::Arc;

use api::{Me, MeChange, OwnSession, PasswordChange, Preferences, SessionList};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use catalog::{Account, Change, Person, SessionId};
use serde_json::{Map, Value};

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
    let name = asked.name.map(|name| field("name", &name)).transpose()?;
    let zone = asked.time_zone.map(|zone| time_zone(&zone)).transpose()?;
    let person = update(&app, account, |person| {
        person.name = name.unwrap_or_else(|| person.name.clone());
        person.time_zone = zone.unwrap_or_else(|| person.time_zone.clone());
        let event = OwnEvent::new(
            "annals.me.update",
            &caller.doer(),
            "Changed their own account",
        );
        Ok(event
            .to("person", &person.id, person.name.as_str())
            .with("time_zone", person.time_zone.as_str()))
    })
    .await?;
    let changed = Account {
        person,
        memberships: Vec::new(),
    };
    Ok(Json(view::me(&changed)))
}

/// Changes a person as the catalog holds them now, which another request may have changed since this
/// one began; told to all their tenants by the event that `apply` answers.
async fn update(
    app: &App,
    account: &Account,
    apply: impl FnOnce(&mut Person) -> Result<OwnEvent, Refusal>,
) -> Result<Person, Refusal> {
    let instance = &app.instance;
    let mut change = instance.change().await?;
    let mut person = kept(&mut change, account).await?;
    let event = apply(&mut person)?;
    change.update_person(&person).await?;
    instance
        .record_in(&instance.audience(account), &event)
        .await?;
    change.commit().await?;
    instance.reload_person(&person.id).await?;
    Ok(person)
}

/// A person as a change of the catalog sees them.
async fn kept(change: &mut Change, account: &Account) -> Result<Person, Refusal> {
    let person = change.person(&account.person.id).await?;
    person.ok_or_else(|| Refusal::new(Code::Internal, "the person is missing"))
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
        ..kept(&mut change, account).await?
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

/// Keep these preferences, and no others.
#[utoipa::path(
    put,
    path = "/v1/me/preferences",
    operation_id = "putPreferences",
    tag = "Account",
    request_body = Preferences,
    responses(
        (status = 200, description = "All that is kept now.", body = Preferences),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn put_preferences(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Json<Preferences>, Refusal> {
    let asked: Preferences = sent.parse()?;
    keep_preferences(&app, &caller, |kept| *kept = asked.0).await
}

/// Change some of one's preferences.
///
/// A JSON Merge Patch (RFC 7396): what it names takes the place of what is kept, `null` removes it,
/// everything else stays.
#[utoipa::path(
    patch,
    path = "/v1/me/preferences",
    operation_id = "changePreferences",
    tag = "Account",
    request_body = Preferences,
    responses(
        (status = 200, description = "All that is kept now.", body = Preferences),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn change_preferences(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Json<Preferences>, Refusal> {
    let asked: Preferences = sent.parse()?;
    keep_preferences(&app, &caller, |kept| merge(kept, asked.0)).await
}

/// Keeps what `apply` makes of one's preferences.
async fn keep_preferences(
    app: &App,
    caller: &Caller,
    apply: impl FnOnce(&mut Map<String, Value>),
) -> Result<Json<Preferences>, Refusal> {
    let (_, account) = caller.person()?;
    let person = update(app, account, |person| {
        let mut preferences = view::object(&person.preferences);
        apply(&mut preferences);
        person.preferences = Value::Object(preferences).to_string();
        if person.preferences.len() > PREFERENCES_MAX_BYTES {
            let why = format!("preferences may have {} KiB", PREFERENCES_MAX_BYTES >> 10);
            return Err(wrong_field("", why));
        }
        let event = OwnEvent::new(
            "annals.me.update",
            &caller.doer(),
            "Changed their preferences",
        );
        Ok(event.to("person", &person.id, person.name.as_str()))
    })
    .await?;
    Ok(Json(Preferences(view::object(&person.preferences))))
}

/// RFC 7396, section 2.
fn merge(kept: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                kept.remove(&name);
            }
            Value::Object(patch) => {
                let mut inner = match kept.remove(&name) {
                    Some(Value::Object(inner)) => inner,
                    _ => Map::new(),
                };
                merge(&mut inner, patch);
                kept.insert(name, Value::Object(inner));
            }
            value => {
                kept.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(kept: Value, patch: Value, expected: Value) {
        let object = |value| serde_json::from_value::<Map<String, Value>>(value).unwrap();
        let mut merged = object(kept);
        merge(&mut merged, object(patch));
        assert_eq!(Value::Object(merged), expected);
    }

    /// Appendix A of RFC 7396, as far as both are objects.
    #[test]
    fn preferences_are_merged_as_rfc_7396_says() {
        check(json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"}));
        check(
            json!({"a": "b"}),
            json!({"b": "c"}),
            json!({"a": "b", "b": "c"}),
        );
        check(json!({"a": "b"}), json!({"a": null}), json!({}));
        check(
            json!({"a": "b", "b": "c"}),
            json!({"a": null}),
            json!({"b": "c"}),
        );
        check(json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"}));
        check(json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]}));
        check(
            json!({"a": {"b": "c"}}),
            json!({"a": {"b": "d", "c": null}}),
            json!({"a": {"b": "d"}}),
        );
        check(
            json!({"a": [{"b": "c"}]}),
            json!({"a": [1]}),
            json!({"a": [1]}),
        );
        check(
            json!({"e": null}),
            json!({"a": 1}),
            json!({"e": null, "a": 1}),
        );
        check(
            json!({}),
            json!({"a": {"bb": {"ccc": null}}}),
            json!({"a": {"bb": {}}}),
        );
    }
}
