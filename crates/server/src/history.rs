//! One record's history: `GET /v1/targets/{type}/{id}/history`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use api::{FieldState, History, HistoryEntry, HistoryGap, HistoryParams};
use axum::Json;
use axum::extract::{Path, State};
use event::path::{self, TargetMember};
use event::{Activity, Change, Event, EventRef, Recorded, Sequence};
use query::{Decimal, ExactField, Expr, words};
use serde_json::value::RawValue;

use crate::app::{App, blocking};
use crate::auth::{Caller, Permission};
use crate::error::{Code, Refusal};
use crate::find::{self, Order, Position, Selection};
use crate::get::{event_named, read};
use crate::identity::access::{Access, Asked};
use crate::instance::now;
use crate::params::Params;
use crate::related::{exact, wire_json};
use crate::search::{limit_of, rfc3339};
use crate::tenants::Open;
use crate::times;

/// Events listed where the request does not say.
const ENTRIES_DEFAULT: u32 = 100;
/// Most events listed.
const ENTRIES_MAX: u32 = 1_000;
/// Most events that are read to rebuild a state: the newest ones. A record that changes more often
/// is a counter, and its state follows from its newest changes all the same.
const FOLDED_MAX: u64 = 10_000;

/// What happened to a record, and what it was like at a moment.
#[utoipa::path(
    get,
    path = "/v1/targets/{type}/{id}/history",
    operation_id = "getHistory",
    tag = "Events",
    params(
        ("type" = String, Path, description = "What kind of record"),
        ("id" = String, Path, description = "Its id"),
        HistoryParams,
    ),
    responses(
        (status = 200, description = "The history; empty where no event speaks of the record.", body = History),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn get_history(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((kind, id)): Path<(String, String)>,
    Params(params): Params<HistoryParams>,
) -> Result<Json<History>, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let context = times::context(now(), params.tz.as_deref())?;
    let span = times::span(None, params.at.as_deref(), &context)?;
    let limit = u64::from(limit_of(params.limit, ENTRIES_DEFAULT, ENTRIES_MAX)?);
    let around = Named::read("around", params.around)?;
    let after = Named::read("after", params.after)?;
    if around.is_some() && params.first.is_some() {
        let why = "`first` and `around` exclude each other";
        return Err(Refusal::new(Code::InvalidParameter, why).of_field("first"));
    }
    if after.is_some() && params.at.is_some() {
        let why = "`at` and `after` exclude each other";
        return Err(Refusal::new(Code::InvalidParameter, why).of_field("after"));
    }
    let asked = Asked {
        to: params.at.clone(),
        ..Asked::default()
    }
    .and(Some(&format!("history of {kind} {id}")));
    let open = app.ledger(&grant, Access::Search(asked)).await?;
    let _turn = app.searches.clone().acquire_owned().await;
    blocking(move || {
        let mut selection = Selection {
            expr: Expr::And(vec![
                exact(ExactField::TargetType, &kind),
                exact(ExactField::TargetId, &id),
            ]),
            span,
            own: true,
            as_of: open.ledger.durable(),
        };
        let total = match after {
            None => find::page(&open, &selection, Order::SequenceAsc, 0, None)?.total,
            Some(after) => {
                let (at, sequence) = after.position(&open)?;
                let before = find::count_before(&open, &selection, (at, sequence))?;
                let next = Sequence::new(sequence.get() + 1);
                let up_to = find::count_before(&open, &selection, (at, next))?;
                if up_to == before {
                    let why = format!("`{}` is no event of this record", after.shown);
                    return Err(Refusal::new(Code::InvalidParameter, why).of_field("after"));
                }
                selection.span.max = at.as_micros();
                up_to
            }
        };
        let last_page = total.saturating_sub(limit);
        let first = match (around, params.first) {
            (Some(around), _) => {
                let place = find::count_before(&open, &selection, around.position(&open)?)?;
                place.saturating_sub(limit / 2).min(last_page)
            }
            (None, Some(first)) => first.min(total),
            (None, None) => last_page,
        };
        let listed = first..first.saturating_add(limit);
        let passed_over = total.saturating_sub(FOLDED_MAX);
        let mut record = Record::default();
        let mut entries = Vec::new();
        let mut place = 0;
        let mut failed = None;
        find::stream(&open, &selection, Order::OccurredAsc, |recorded| {
            let mut take = || {
                let gaps = match place < passed_over {
                    true => Vec::new(),
                    false => record.take(recorded, &kind, &id)?,
                };
                if listed.contains(&place) {
                    let event = wire_json(recorded)?;
                    entries.push(HistoryEntry { event, gaps });
                }
                place += 1;
                Ok(())
            };
            failed = take().err();
            // Others at the moment of the last one may follow it.
            failed.is_none() && place < total
        })?;
        if let Some(refusal) = failed {
            return Err(refusal);
        }
        Ok(Json(History {
            r#type: kind,
            id,
            name: record.name,
            total,
            complete: total <= FOLDED_MAX,
            deleted: record.deleted,
            first,
            entries,
            state: record.fields.into_values().collect(),
            as_of: selection.as_of.get(),
        }))
    })
    .await
}

/// An event that a parameter names.
struct Named {
    parameter: &'static str,
    event: EventRef,
    shown: String,
}

impl Named {
    fn read(parameter: &'static str, id: Option<String>) -> Result<Option<Named>, Refusal> {
        id.map(|shown| {
            let event = event_named(&shown).map_err(|refusal| refusal.of_field(parameter))?;
            Ok(Named {
                parameter,
                event,
                shown,
            })
        })
        .transpose()
    }

    /// Where it stands in the order of occurrence.
    fn position(&self, open: &Open) -> Result<Position, Refusal> {
        let recorded = read(&open.ledger, self.event, &self.shown)
            .map_err(|refusal| refusal.of_field(self.parameter))?;
        // An erased event has lost its time; it belongs to no record any more.
        let at = recorded
            .event()
            .map_or(recorded.received_at, Event::occurred_at);
        Ok((at, recorded.sequence))
    }
}

/// What the events so far say of a record.
#[derive(Default)]
struct Record {
    name: Option<String>,
    deleted: bool,
    fields: BTreeMap<String, FieldState>,
}

impl Record {
    /// Takes what one event says; the gaps before it.
    fn take(
        &mut self,
        recorded: &Recorded,
        kind: &str,
        id: &str,
    ) -> Result<Vec<HistoryGap>, Refusal> {
        let mut gaps = Vec::new();
        if let Some(event) = recorded.event() {
            self.name = name_of(event, kind, id).or_else(|| self.name.take());
            // An event changes, creates or deletes its first target; the others it only names.
            if is_target(event, 0, kind, id) {
                for change in event.changes() {
                    gaps.extend(self.apply(change, recorded, event)?);
                }
                match event.activity() {
                    Activity::Create => self.deleted = false,
                    Activity::Delete => self.deleted = true,
                    _ => {}
                }
            }
        }
        Ok(gaps)
    }

    /// Takes the new value; a gap if the old one is not what was there.
    fn apply(
        &mut self,
        change: Change<'_>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<Option<HistoryGap>, Refusal> {
        let Some(path) = change.path.map(Cow::into_owned) else {
            return Ok(None);
        };
        let before = self.fields.get(&path);
        // Where a value was not recorded there is nothing that the next one could contradict.
        let left = before.and_then(|before| before.value.as_ref());
        let gap = match (left, change.old.as_deref()) {
            (Some(left), Some(old)) if !same_value(left.get(), old) => Some(HistoryGap {
                path: path.clone(),
                left: left.clone(),
                found: raw(old)?,
            }),
            _ => None,
        };
        let state = FieldState {
            label: change
                .label
                .map(Cow::into_owned)
                .or_else(|| before.and_then(|before| before.label.clone())),
            r#type: change.kind.map(Cow::into_owned),
            value: change.new.as_deref().map(raw).transpose()?,
            sequence: recorded.sequence.get(),
            since: rfc3339(event.occurred_at()),
            path: path.clone(),
        };
        self.fields.insert(path, state);
        Ok(gap)
    }
}

/// Whether two JSON texts are one value. In what order an object's members stand and how a number
/// is written (`1`, `1.0`, `1e0`) does not count.
fn same_value(one: &str, two: &str) -> bool {
    if one == two {
        return true;
    }
    let starts_with = |letter| one.starts_with(letter) && two.starts_with(letter);
    if starts_with('{') {
        let members = |json| serde_json::from_str::<BTreeMap<String, &RawValue>>(json).ok();
        members(one).zip(members(two)).is_some_and(|(one, two)| {
            one.keys().eq(two.keys()) && all_same(one.values().zip(two.values()))
        })
    } else if starts_with('[') {
        let elements = |json| serde_json::from_str::<Vec<&RawValue>>(json).ok();
        elements(one).zip(elements(two)).is_some_and(|(one, two)| {
            one.len() == two.len() && all_same(one.iter().zip(two.iter()))
        })
    } else {
        Decimal::parse(one).is_some_and(|one| Some(one) == Decimal::parse(two))
    }
}

fn all_same<'a>(mut pairs: impl Iterator<Item = (&'a &'a RawValue, &'a &'a RawValue)>) -> bool {
    pairs.all(|(one, two)| same_value(one.get(), two.get()))
}

/// The name that an event gives the record.
fn name_of(event: &Event, kind: &str, id: &str) -> Option<String> {
    (0..path::TARGETS_WITH_CODES)
        .filter(|place| is_target(event, *place, kind, id))
        .find_map(|place| event.string(event::Code::target(place, TargetMember::Name)?))
        .map(|name| name.into_owned())
}

/// Whether the record is the event's target at this place. As in a search, case does not matter.
fn is_target(event: &Event, place: usize, kind: &str, id: &str) -> bool {
    let is = |member, wanted: &str| {
        event::Code::target(place, member)
            .and_then(|code| event.string(code))
            .is_some_and(|text| words::fold(&text) == words::fold(wanted))
    };
    is(TargetMember::Type, kind) && is(TargetMember::Id, id)
}

fn raw(json: &str) -> Result<Box<RawValue>, Refusal> {
    RawValue::from_string(json.to_owned()).map_err(|error| Refusal::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::same_value;

    #[track_caller]
    fn check(one: &str, two: &str, same: bool) {
        assert_eq!(same_value(one, two), same, "{one} and {two}");
        assert_eq!(same_value(two, one), same, "{two} and {one}");
    }

    #[test]
    fn values_are_compared_and_not_how_they_are_written() {
        check(
            r#"{"a":1,"b":[{"c":2,"d":3}]}"#,
            r#"{"b":[{"d":3,"c":2.0}],"a":1e0}"#,
            true,
        );
        check("100", "100.00", true);
        check("-0", "0", true);
        check("9007199254740993", "9007199254740992", false);
        check("100", r#""100""#, false);
        check(r#""100""#, r#""100.00""#, false);
        check("null", "false", false);
        check("{}", "[]", false);
        check(r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false);
        check("[1,2]", "[2,1]", false);
        check("[1,2]", "[1]", false);
        check(r#"{"a":1}"#, r#"{"b":1}"#, false);
    }
}
