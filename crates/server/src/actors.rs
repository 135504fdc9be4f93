//! Who did something: `GET /v1/actors`.

use std::sync::Arc;

use api::{ActorEntry, Actors, ActorsParams, OwnEvents};
use axum::Json;
use axum::extract::State;
use event::{Code as FieldCode, Recorded, path};
use query::ExactField;

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::cursor::{Binding, ListCursor};
use crate::error::Refusal;
use crate::find::{self, By, Group};
use crate::identity::access::{Access, Asked};
use crate::instance::now;
use crate::limits::{ACTORS_DEFAULT, ACTORS_MAX};
use crate::params::Params;
use crate::search::{limit_of, rfc3339, seen_by, select};
use crate::times;

/// The people and services that did something, with exact counts of their events.
#[utoipa::path(
    get,
    path = "/v1/actors",
    operation_id = "listActors",
    tag = "Events",
    params(ActorsParams),
    responses(
        (status = 200, description = "One page.", body = Actors),
        (status = "4XX", description = "Refused; a wrong query says where and how to mend it.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn list_actors(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<ActorsParams>,
) -> Result<Json<Actors>, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let limit = u64::from(limit_of(params.limit, ACTORS_DEFAULT, ACTORS_MAX)?);
    let own = (params.own.unwrap_or_default() == OwnEvents::Include).then_some("own");
    let binding = Binding::of(&[
        Some("actors"),
        Some(grant.tenant().as_str()),
        params.q.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
        params.tz.as_deref(),
        own,
    ]);
    let cursor = params.cursor.as_deref();
    let cursor = cursor
        .map(|text| ListCursor::from_text(text, &binding))
        .transpose()?;
    let asked_at = cursor.map_or_else(now, |cursor| cursor.now);
    let shown = cursor.map_or(0, |cursor| cursor.shown);
    let context = times::context(asked_at, params.tz.as_deref())?;
    let mut selection = select(
        params.q.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
        params.own,
        &context,
    )?;
    let asked = Asked::of(&params.q, &params.from, &params.to).and(Some("actors"));
    app.search(&grant, Access::Search(asked), move |open| {
        selection.as_of = seen_by(cursor.map(|cursor| cursor.as_of), open)?;
        let end = shown.saturating_add(limit);
        let by = [By::values(ExactField::ActorId)];
        let found = find::groups(open, &selection, &by, None, end as usize)?;
        let page = found.groups.get(shown as usize..).unwrap_or_default();
        let last: Vec<_> = page.iter().map(|group| group.last.sequence).collect();
        let last = open.ledger.read_many(&last)?;
        let next = (end < found.distinct).then(|| {
            let cursor = ListCursor {
                as_of: selection.as_of,
                now: asked_at,
                shown: end,
            };
            cursor.to_text(&binding)
        });
        Ok(Json(Actors {
            actors: page.iter().zip(&last).map(entry).collect(),
            total: found.distinct,
            events: found.totals.total,
            events_without_actor: found.without.map_or(0, |group| group.events),
            own_left_out: found.totals.own_left_out,
            next_cursor: next,
            as_of: selection.as_of.get(),
        }))
    })
    .await
}

fn entry((group, last): (&Group, &Recorded)) -> ActorEntry {
    ActorEntry {
        // Where the field was erased meanwhile, the value that was counted.
        id: text(last, path::ACTOR_ID).unwrap_or_else(|| first_value(group)),
        name: text(last, path::ACTOR_NAME),
        r#type: text(last, path::ACTOR_TYPE),
        events: group.events,
        first_at: rfc3339(group.first.occurred),
        last_at: rfc3339(group.last.occurred),
    }
}

fn first_value(group: &Group) -> String {
    let value = group.values.first().cloned();
    value.flatten().unwrap_or_default()
}

/// A text that an event holds, also one of which other fields are withheld.
pub(crate) fn text(recorded: &Recorded, field: FieldCode) -> Option<String> {
    let text = recorded.field(field)?.as_string()?.into_owned();
    Some(text).filter(|text| !text.is_empty())
}
