//! What belongs to an event: `GET /v1/events/{id}/related`.

use std::sync::Arc;

use api::{GetParams, Related, RelatedGroup, RelatedWhy};
use axum::Json;
use axum::extract::{Path, State};
use event::{Code as FieldCode, Event, Recorded, path};
use query::{ExactField, Expr, Leaf, NumberField, NumberRange, Query, words};
use serde_json::value::RawValue;

use crate::app::{App, blocking};
use crate::auth::{Caller, Permission};
use crate::error::Refusal;
use crate::find::{self, Order, Selection};
use crate::get::{event_named, read};
use crate::identity::access::{Access, Asked};
use crate::params::Params;
use crate::tenants::Open;
use crate::times::Span;

/// Events listed on each side of the event: enough to see what led to it and what followed.
const NEAREST: usize = 5;

/// The events that share a record, a correlation, a request, a session or a parent with one.
#[utoipa::path(
    get,
    path = "/v1/events/{id}/related",
    operation_id = "getRelated",
    tag = "Events",
    params(("id" = String, Path, description = "Display id or sequence"), GetParams),
    responses(
        (status = 200, description = "The events by why they belong to it.", body = Related),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn get_related(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<GetParams>,
) -> Result<Json<Related>, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let named = event_named(&id)?;
    let asked = Asked::default().and(Some(&format!("related to {id}")));
    let open = app.ledger(&grant, Access::Search(asked)).await?;
    let _turn = app.searches.clone().acquire_owned().await;
    blocking(move || {
        let recorded = read(&open.ledger, named, &id)?;
        let as_of = open.ledger.durable();
        let mut groups = Vec::new();
        if let Some(event) = recorded.event() {
            for (why, expr) in reasons(event) {
                let expr = on_its_side(why, expr, event);
                let selection = Selection {
                    expr,
                    span: Span {
                        min: i64::MIN,
                        max: i64::MAX,
                    },
                    own: true,
                    as_of,
                };
                groups.extend(group(&open, why, &selection, &recorded, event)?);
            }
        }
        Ok(Json(Related {
            groups,
            as_of: as_of.get(),
        }))
    })
    .await
}

/// Why other events may belong to this one, and what finds them.
fn reasons(event: &Event) -> Vec<(RelatedWhy, Expr)> {
    let same = |code: FieldCode, field| Some(exact(field, &event.string(code)?));
    let target = |member| FieldCode::target(0, member).and_then(|code| event.string(code));
    let record = || {
        Some(Expr::And(vec![
            exact(ExactField::TargetType, &target(path::TargetMember::Type)?),
            exact(ExactField::TargetId, &target(path::TargetMember::Id)?),
        ]))
    };
    [
        (RelatedWhy::Parent, same(path::PARENT_ID, ExactField::Id)),
        (RelatedWhy::Child, same(path::ID, ExactField::Parent)),
        (
            RelatedWhy::Correlation,
            same(path::CORRELATION_ID, ExactField::Correlation),
        ),
        (
            RelatedWhy::Request,
            same(path::REQUEST_ID, ExactField::Request),
        ),
        (RelatedWhy::RecordBefore, record()),
        (RelatedWhy::RecordAfter, record()),
        (
            RelatedWhy::Session,
            same(path::SESSION_ID, ExactField::Session),
        ),
    ]
    .into_iter()
    .filter_map(|(why, expr)| Some((why, expr?)))
    .collect()
}

/// What happened to the record before is found up to the event's time, what happened after from
/// there: each has a number of its own.
fn on_its_side(why: RelatedWhy, expr: Expr, event: &Event) -> Expr {
    let here = event.occurred_at().as_micros();
    let (min, max) = match why {
        RelatedWhy::RecordBefore => (i64::MIN, here),
        RelatedWhy::RecordAfter => (here, i64::MAX),
        _ => return expr,
    };
    let time = Expr::Leaf(Leaf::Number {
        field: NumberField::Occurred,
        range: NumberRange { min, max },
    });
    Expr::and([expr, time])
}

/// Events with this value, whole.
pub(crate) fn exact(field: ExactField, value: &str) -> Expr {
    Expr::Leaf(Leaf::Exact {
        field,
        value: words::fold(value).into_owned(),
    })
}

/// The nearest events before and after; `None` if there are none.
fn group(
    open: &Open,
    why: RelatedWhy,
    selection: &Selection,
    recorded: &Recorded,
    event: &Event,
) -> Result<Option<RelatedGroup>, Refusal> {
    let here = Some((event.occurred_at(), recorded.sequence));
    let before = find::page(open, selection, Order::OccurredDesc, NEAREST, here)?;
    let after = find::page(open, selection, Order::OccurredAsc, NEAREST, here)?;
    let is_other = |other: &&Recorded| other.sequence != recorded.sequence;
    let earlier = before.events.iter().rev().filter(is_other);
    let later = after.events.iter().filter(is_other);
    let events: Vec<&Recorded> = match why {
        RelatedWhy::RecordBefore => earlier.collect(),
        RelatedWhy::RecordAfter => later.collect(),
        _ => earlier.chain(later).collect(),
    };
    if events.is_empty() {
        return Ok(None);
    }
    Ok(Some(RelatedGroup {
        why,
        q: Query::new(selection.expr.clone()).to_string(),
        total: before.total,
        events: events
            .into_iter()
            .map(wire_json)
            .collect::<Result<_, _>>()?,
    }))
}

/// An event as it stands on the wire.
pub(crate) fn wire_json(recorded: &Recorded) -> Result<Box<RawValue>, Refusal> {
    let mut json = Vec::with_capacity(1024);
    recorded.to_wire_json(&mut json);
    let json = String::from_utf8(json).map_err(|error| Refusal::internal(&error))?;
    RawValue::from_string(json).map_err(|error| Refusal::internal(&error))
}
