//! What is shown of a session and its person.

use std::sync::Arc;

use api::{Me, SessionTenant, SessionTimes, SessionView};
use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use catalog::{Account, Membership, TokenText};
use serde_json::{Map, Value};

use crate::app::App;
use crate::auth::Permission;
use crate::error::Refusal;
use crate::identity::cookie;
use crate::identity::origin::Origin;
use crate::identity::sessions::LiveSession;
use crate::identity::settings::settings_of;

/// The view of a session.
pub(crate) async fn session_view(
    app: &App,
    session: &LiveSession,
    account: &Account,
) -> Result<SessionView, Refusal> {
    let known = app.instance.catalog.tenants().await?;
    let tenant = |membership: &Membership| {
        let found = known.iter().find(|it| it.name == membership.tenant)?;
        Some(SessionTenant {
            name: membership.tenant.to_string(),
            organization: found.organization.clone(),
            role: membership.role.as_str().to_owned(),
            role_until: membership.role_until.map(|it| it.to_string()),
            state: found.state.as_str().to_owned(),
            permissions: Permission::words_of(membership.role)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            pinned_entities: settings_of(found).pinned_entities,
        })
    };
    let expires_at = session.expires_at();
    Ok(SessionView {
        person: me(account),
        session: SessionTimes {
            id: session.session.id.to_string(),
            created_at: session.session.created_at.to_string(),
            expires_at: expires_at.to_string(),
            fresh_until: session.fresh_until().to_string(),
        },
        tenants: app
            .instance
            .live_memberships(account)
            .filter_map(tenant)
            .collect(),
        preferences: object(&account.person.preferences),
    })
}

/// Oneself.
pub(crate) fn me(account: &Account) -> Me {
    Me {
        id: account.person.id.to_string(),
        name: account.person.name.as_str().to_owned(),
        email: account.person.email.to_string(),
        time_zone: account.person.time_zone.clone(),
    }
}

/// The answer to somebody who just signed in: the view, and the cookie.
pub(crate) async fn signed_in(
    app: &App,
    origin: &Origin,
    session: &Arc<LiveSession>,
    account: &Account,
    token: &TokenText,
) -> Result<Response, Refusal> {
    let view = session_view(app, session, account).await?;
    let mut response = Json(view).into_response();
    response
        .headers_mut()
        .insert(header::SET_COOKIE, cookie::set(origin, token));
    Ok(response)
}

/// Stored JSON that is an object.
pub(crate) fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}
