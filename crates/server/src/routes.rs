//! Every route, and the OpenAPI document made from them: one list, so that they cannot disagree.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::get as route_get;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::App;
use crate::front::{remember_route, wrong_method};
use crate::identity::{
    account, invite, keys, members, searches, settings, setup, sign_in, teams, tenants,
};
use crate::{
    activity, actors, counts, export, get, health, history, ingest, log, related, search, summary,
    system, tail,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Annals",
        description = "The audit log you can prove. Events go in durably, are found at once, and can be proven.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "Events", description = "Send, find, follow and count events."),
        (name = "Proofs", description = "Prove that an event stands in the ledger."),
        (name = "Log", description = "Checkpoints, tiles and entries (C2SP tlog-tiles), for auditors."),
        (name = "Account", description = "Set up, sign in, and one's own account."),
        (name = "People", description = "Who belongs to a tenant, as what, and in which teams."),
        (name = "Searches", description = "Saved searches."),
        (name = "Keys", description = "API keys: made, rotated, revoked."),
        (name = "Tenants", description = "Tenants and their settings."),
        (name = "Server", description = "Health and metrics."),
    ),
    components(schemas(
        api::Receipt,
        api::RecordedEvent,
        api::NewEvent,
        api::ExportEnd,
        api::Gap,
        api::Problem,
    )),
    modifiers(&Keys),
)]
struct Document;

/// API keys as the document names them.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("ann_...")
            .description(Some(
                "An API key. Scopes: events:write, events:read, ledger:read, admin.",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
        let cookie = ApiKeyValue::with_description(
            "__Host-annals",
            "The session of a person who signed in. Unsafe methods need `Origin`, equal to the \
             host, and JSON.",
        );
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(cookie));
        components.add_security_scheme("session", cookie);
    }
}

fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(search::search, ingest::submit))
        .routes(routes!(export::export))
        .routes(routes!(tail::tail))
        .routes(routes!(counts::histogram))
        .routes(routes!(counts::top))
        .routes(routes!(summary::summary))
        .routes(routes!(actors::list_actors))
        .routes(routes!(activity::get_activity))
        .routes(routes!(system::system_health))
        .routes(routes!(related::get_related))
        .routes(routes!(history::get_history))
        .routes(routes!(counts::complete))
        .routes(routes!(get::get_event))
        .routes(routes!(get::get_proof))
        .routes(routes!(get::get_consistency))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::vkey))
        .routes(routes!(setup::get_setup, setup::set_up))
        .routes(routes!(
            sign_in::get_session,
            sign_in::sign_in,
            sign_in::sign_out
        ))
        .routes(routes!(sign_in::sign_in_with_link))
        .routes(routes!(sign_in::reauthenticate))
        .routes(routes!(invite::look))
        .routes(routes!(invite::accept))
        .routes(routes!(invite::choose_password))
        .routes(routes!(account::get_me, account::change_me))
        .routes(routes!(account::change_password))
        .routes(routes!(account::list_sessions, account::end_other_sessions))
        .routes(routes!(account::end_session))
        .routes(routes!(
            account::get_preferences,
            account::put_preferences,
            account::change_preferences
        ))
        .routes(routes!(members::list_people))
        .routes(routes!(members::change_person, members::remove_person))
        .routes(routes!(members::sign_person_out))
        .routes(routes!(invite::reset_password))
        .routes(routes!(invite::invite))
        .routes(routes!(invite::uninvite))
        .routes(routes!(teams::list_teams, teams::create_team))
        .routes(routes!(teams::change_team, teams::delete_team))
        .routes(routes!(searches::list_searches, searches::save_search))
        .routes(routes!(searches::change_search, searches::delete_search))
        .routes(routes!(keys::list_keys, keys::create_key))
        .routes(routes!(keys::revoke_key))
        .routes(routes!(keys::rotate_key))
        .routes(routes!(tenants::list_tenants, tenants::create_tenant))
        .routes(routes!(tenants::change_tenant))
        .routes(routes!(tenants::suspend_tenant))
        .routes(routes!(tenants::resume_tenant))
        .routes(routes!(
            tenants::request_deletion,
            tenants::withdraw_deletion
        ))
        .routes(routes!(tenants::confirm_deletion))
        .routes(routes!(settings::get_settings, settings::put_settings))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

/// The OpenAPI document as JSON text, as it is checked in (`docs/openapi.json`) and served.
pub fn openapi() -> String {
    let mut text = document().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = documented().split_for_parts();
    // A path with slashes is one parameter for the router and has no name in OpenAPI.
    let (_, tile) = OpenApiRouter::<Arc<App>>::default()
        .routes(routes!(log::tile))
        .split_for_parts();
    document.merge(tile);
    document
}

/// The router with all routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    let (routes, _) = documented().split_for_parts();
    routes
        .route("/log/{tenant}/tile/{*path}", route_get(log::tile))
        .with_state(app)
        .merge(crate::screens::router())
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document()))
        .route_layer(middleware::from_fn(remember_route))
        .fallback(crate::screens::nowhere)
        .method_not_allowed_fallback(wrong_method)
}
