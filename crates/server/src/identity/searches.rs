//! Saved searches: private ones, and ones that everybody in the tenant sees.

use std::sync::Arc;

use api::{SavedSearch, SavedSearchChange, SavedSearchList, TenantParams};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use catalog::SearchId;

use crate::app::App;
use crate::auth::{Caller, Grant, Permission};
use crate::error::{Code, Refusal};
use crate::identity::sent::{Sent, field, wrong_field};
use crate::identity::view::object;
use crate::instance::{now, random};
use crate::limits::{SEARCHES_PER_PERSON, SHORT_TEXT_MAX_CHARACTERS};
use crate::own::OwnEvent;
use crate::params::Params;

/// One's own saved searches and the shared ones.
#[utoipa::path(
    get,
    path = "/v1/searches",
    operation_id = "listSearches",
    tag = "Searches",
    params(TenantParams),
    responses(
        (status = 200, description = "Done.", body = SavedSearchList),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn list_searches(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
) -> Result<Json<SavedSearchList>, Refusal> {
    let grant = caller.may(Permission::SaveSearches, params.tenant.as_deref())?;
    let searches = visible(&app, &grant).await?;
    Ok(Json(SavedSearchList {
        searches: searches.iter().map(view).collect(),
    }))
}

async fn visible(app: &App, grant: &Grant) -> Result<Vec<catalog::SavedSearch>, Refusal> {
    let person = catalog::PersonId::from_text(grant.who_id());
    Ok(app
        .instance
        .catalog
        .searches(grant.tenant(), &person)
        .await?)
}

fn view(search: &catalog::SavedSearch) -> SavedSearch {
    SavedSearch {
        id: search.id.to_string(),
        name: search.name.as_str().to_owned(),
        query: search.query.clone(),
        params: object(&search.params),
        shared: search.shared,
        owner: search.person.to_string(),
        created_at: search.created_at.to_string(),
    }
}

/// Save a search.
#[utoipa::path(
    post,
    path = "/v1/searches",
    operation_id = "saveSearch",
    tag = "Searches",
    params(TenantParams),
    request_body = SavedSearchChange,
    responses(
        (status = 200, description = "Done.", body = SavedSearch),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn save_search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TenantParams>,
    sent: Sent,
) -> Result<Json<SavedSearch>, Refusal> {
    let grant = caller.may(Permission::SaveSearches, params.tenant.as_deref())?;
    let asked: SavedSearchChange = sent.parse()?;
    let own = visible(&app, &grant).await?;
    let own = own.iter().filter(|it| it.person.as_str() == grant.who_id());
    if own.count() >= SEARCHES_PER_PERSON {
        let detail = format!("you may save {SEARCHES_PER_PERSON} searches; delete one first");
        return Err(Refusal::new(Code::Conflict, detail));
    }
    let search = catalog::SavedSearch {
        id: SearchId::from_random(random().map_err(|error| Refusal::internal(&error))?),
        tenant: grant.tenant().clone(),
        person: catalog::PersonId::from_text(grant.who_id()),
        name: field("name", asked.name.as_deref().unwrap_or(""))?,
        query: String::new(),
        params: "{}".to_owned(),
        shared: false,
        created_at: now(),
    };
    put(&app, &grant, search, &asked).await
}

/// Change a saved search.
#[utoipa::path(
    patch,
    path = "/v1/searches/{id}",
    operation_id = "changeSearch",
    tag = "Searches",
    params(("id" = String, Path, description = "The search"), TenantParams),
    request_body = SavedSearchChange,
    responses(
        (status = 200, description = "Done.", body = SavedSearch),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn change_search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
    sent: Sent,
) -> Result<Json<SavedSearch>, Refusal> {
    let grant = caller.may(Permission::SaveSearches, params.tenant.as_deref())?;
    let asked: SavedSearchChange = sent.parse()?;
    let search = changeable(&app, &grant, &id).await?;
    put(&app, &grant, search, &asked).await
}

/// A search that the person may change: their own, or a shared one where they manage the tenant.
async fn changeable(app: &App, grant: &Grant, id: &str) -> Result<catalog::SavedSearch, Refusal> {
    let found = visible(app, grant)
        .await?
        .into_iter()
        .find(|it| it.id.as_str() == id);
    let search = found.ok_or_else(|| {
        Refusal::new(
            Code::NotFound,
            "you have no such saved search in this tenant",
        )
    })?;
    if search.person.as_str() != grant.who_id() {
        manages(grant)?;
    }
    Ok(search)
}

fn manages(grant: &Grant) -> Result<(), Refusal> {
    match grant.person() {
        Some((_, _, role)) if Permission::ManageConfig.is_of(role) => Ok(()),
        _ => Err(Refusal::new(
            Code::MissingRole,
            "sharing a search with the tenant needs the role admin",
        )),
    }
}

async fn put(
    app: &App,
    grant: &Grant,
    mut search: catalog::SavedSearch,
    asked: &SavedSearchChange,
) -> Result<Json<SavedSearch>, Refusal> {
    if let Some(name) = &asked.name {
        search.name = field("name", name)?;
    }
    if let Some(query) = &asked.query {
        let context = crate::times::context(now(), None)?;
        query::parse(query, &context)?;
        search.query.clone_from(query);
    }
    if let Some(params) = &asked.params {
        search.params = serde_json::to_string(params).unwrap_or_default();
        if search.params.len() > SHORT_TEXT_MAX_CHARACTERS {
            let why = format!("parameters may have {SHORT_TEXT_MAX_CHARACTERS} bytes");
            return Err(wrong_field("params", why));
        }
    }
    if let Some(shared) = asked.shared {
        if shared != search.shared {
            manages(grant)?;
        }
        search.shared = shared;
    }
    let instance = &app.instance;
    let mut change = instance.change().await?;
    change.put_search(&search).await?;
    let event = OwnEvent::new("annals.search.save", &grant.doer(), "A search was saved")
        .to("search", &search.id, search.name.as_str())
        .with("shared", search.shared);
    instance.record(grant.tenant(), &event).await?;
    change.commit().await?;
    Ok(Json(view(&search)))
}

/// Delete a saved search.
#[utoipa::path(
    delete,
    path = "/v1/searches/{id}",
    operation_id = "deleteSearch",
    tag = "Searches",
    params(("id" = String, Path, description = "The search"), TenantParams),
    responses(
        (status = 204, description = "Done."),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn delete_search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TenantParams>,
) -> Result<StatusCode, Refusal> {
    let grant = caller.may(Permission::SaveSearches, params.tenant.as_deref())?;
    let search = changeable(&app, &grant, &id).await?;
    let instance = &app.instance;
    let mut change = instance.change().await?;
    change.remove_search(&search.id).await?;
    let event = OwnEvent::new(
        "annals.search.delete",
        &grant.doer(),
        "A search was deleted",
    )
    .to("search", &search.id, search.name.as_str());
    instance.record(grant.tenant(), &event).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
