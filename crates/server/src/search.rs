//! `GET /v1/events`: one page of what a query finds.

use std::sync::Arc;

use api::{OwnEvents, SearchParams, Sort};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use event::{Count, Recorded, Sequence, Timestamp};
use query::{Expr, Leaf, NumberField, NumberRange, ParseContext};

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::cursor::{Binding, Cursor};
use crate::error::{Code, Refusal};
use crate::find::{self, Order, Selection};
use crate::identity::access::{Access, Asked};
use crate::instance::now;
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::params::Params;
use crate::tenants::Open;
use crate::times;

/// Search events: exact totals, pages that stay the same while events come in.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "searchEvents",
    tag = "Events",
    params(SearchParams),
    responses(
        (status = 200, description = "One page.", body = api::EventsPage),
        (status = "4XX", description = "Refused; a wrong query says where and how to mend it.", body = api::Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again later.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<SearchParams>,
) -> Result<Response, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let limit = limit_of(params.limit, PAGE_DEFAULT, PAGE_MAX)?;
    let binding = binding(grant.tenant().as_str(), &params);
    let cursor = params
        .cursor
        .as_deref()
        .map(|text| Cursor::from_text(text, &binding))
        .transpose()?;
    let asked_at = cursor.map_or_else(now, |cursor| cursor.now);
    let context = times::context(asked_at, params.tz.as_deref())?;
    let mut selection = select(
        params.q.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
        params.own,
        &context,
    )?;
    let order = order_of(
        params.order.unwrap_or_default(),
        params.sort.unwrap_or_default(),
    );
    let asked = Asked::of(&params.q, &params.from, &params.to).and(params.id.as_deref());
    app.search(&grant, Access::Search(asked), move |open| {
        selection.as_of = seen_by(cursor.map(|cursor| cursor.as_of), open)?;
        if let Some(id) = params.id.as_deref() {
            let found = open.ledger.find_id(id)?;
            selection.expr = Expr::and([selection.expr, only(found)]);
        }
        let after = cursor.map(|cursor| (cursor.occurred, cursor.sequence));
        let wire = |recorded: Recorded| {
            let mut json = Vec::with_capacity(1024);
            recorded.to_wire_json(&mut json);
            json
        };
        let hits = find::page_of(open, &selection, order, limit as usize, after, wire)?;
        let next = hits.next.map(|(occurred, sequence)| {
            let cursor = Cursor {
                as_of: selection.as_of,
                now: asked_at,
                occurred,
                sequence,
            };
            cursor.to_text(&binding)
        });
        let head = open.ledger.head();
        let events: usize = hits.events.iter().map(|json| json.len() + 1).sum();
        let mut body = Vec::with_capacity(512 + events);
        body.extend_from_slice(b"{\"events\":[");
        for (place, json) in hits.events.iter().enumerate() {
            if place > 0 {
                body.push(b',');
            }
            body.extend_from_slice(json);
        }
        let (total, left_out) = (hits.total, hits.own_left_out);
        body.extend(format!("],\"total\":{total},\"own_left_out\":{left_out}").bytes());
        if let Some(next) = next {
            body.extend(format!(",\"next_cursor\":\"{next}\"").bytes());
        }
        let root = BASE64_STANDARD.encode(head.root);
        let (as_of, size) = (selection.as_of, head.size);
        body.extend(
            format!(",\"as_of\":{as_of},\"checkpoint\":{{\"size\":{size},\"root\":\"{root}\"}}}}")
                .bytes(),
        );
        Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
    })
    .await
}

/// The selection that parameters name. `as_of` is still to be set.
pub(crate) fn select(
    q: Option<&str>,
    from: Option<&str>,
    to: Option<&str>,
    own: Option<OwnEvents>,
    context: &ParseContext,
) -> Result<Selection, Refusal> {
    Ok(Selection {
        expr: query::parse(q.unwrap_or_default(), context)?.expr().clone(),
        span: times::span(from, to, context)?,
        own: own.unwrap_or_default() == OwnEvents::Include,
        as_of: Count::ZERO,
    })
}

/// What a page sees: what the first one saw, where a cursor says so.
pub(crate) fn seen_by(first: Option<Count>, open: &Open) -> Result<Count, Refusal> {
    let durable = open.ledger.durable();
    match first {
        Some(as_of) if as_of > durable => {
            let detail = "the cursor is of a larger ledger than this one";
            Err(Refusal::new(Code::InvalidCursor, detail).of_field("cursor"))
        }
        Some(as_of) => Ok(as_of),
        None => Ok(durable),
    }
}

/// A number of things to list.
pub(crate) fn limit_of(asked: Option<u32>, default: u32, max: u32) -> Result<u32, Refusal> {
    number_of("limit", asked, default, max)
}

/// A number of things to list, under another name.
pub(crate) fn number_of(
    name: &'static str,
    asked: Option<u32>,
    default: u32,
    max: u32,
) -> Result<u32, Refusal> {
    match asked.unwrap_or(default) {
        number if (1..=max).contains(&number) => Ok(number),
        _ => {
            let detail = format!("`{name}` is a number from 1 to {max}");
            Err(Refusal::new(Code::InvalidParameter, detail).of_field(name))
        }
    }
}

/// The order that two parameters name.
pub(crate) fn order_of(order: api::Order, sort: Sort) -> Order {
    match (order, sort) {
        (api::Order::Desc, Sort::Occurred) => Order::OccurredDesc,
        (api::Order::Asc, Sort::Occurred) => Order::OccurredAsc,
        (api::Order::Desc, Sort::Sequence) => Order::SequenceDesc,
        (api::Order::Asc, Sort::Sequence) => Order::SequenceAsc,
    }
}

fn only(sequence: Option<Sequence>) -> Expr {
    match sequence {
        Some(sequence) => {
            let place = i64::try_from(sequence.get()).unwrap_or(i64::MAX);
            let range = NumberRange::exactly(place);
            Leaf::Number {
                field: NumberField::Sequence,
                range,
            }
            .into()
        }
        None => Expr::None,
    }
}

/// What a cursor of this search is bound to: everything but the size of the page.
fn binding(tenant: &str, params: &SearchParams) -> Binding {
    let order = format!(
        "{:?} {:?}",
        params.order.unwrap_or_default(),
        params.sort.unwrap_or_default()
    );
    let own = format!("{:?}", params.own.unwrap_or_default());
    Binding::of(&[
        Some(tenant),
        params.q.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
        params.tz.as_deref(),
        params.id.as_deref(),
        Some(&order),
        Some(&own),
    ])
}

/// A moment as it is written in answers.
pub(crate) fn rfc3339(moment: Timestamp) -> String {
    moment.to_string()
}
