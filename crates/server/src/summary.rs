//! What a dashboard opens with: `GET /v1/summary`.

use std::sync::Arc;

use api::{
    ActivityGroup, HighPriority, Interval, Period, Storage, Summary, SummaryParams, WeekStart,
};
use axum::Json;
use axum::extract::State;
use event::path::{self, TargetMember};
use event::{Recorded, Timestamp};
use jiff::tz::TimeZone;
use query::{ExactField, Expr, Leaf, ParseContext, words};

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::counts::boundaries;
use crate::error::{Code, Refusal};
use crate::find::{self, Order, Selection};
use crate::identity::access::{Access, Asked};
use crate::instance::now;
use crate::params::Params;
use crate::related::wire_json;
use crate::search::rfc3339;
use crate::tenants::Open;
use crate::times::{self, Span};

/// How far back types and high priorities are looked at.
const SPAN_MICROS: i64 = 30 * 86_400 * 1_000_000;
/// What needs a look.
const HIGH_PRIORITY: &str = "severity:high OR severity:critical";
/// How many rows of it are shown.
const HIGH_PRIORITY_ROWS: usize = 8;
/// Events of one action and [`Subject`] within this time are one row.
const ROLL_UP_MICROS: i64 = 10 * 60 * 1_000_000;
/// Most events that are looked at to fill the rows, so that a storm does not slow the page.
const ROLL_UP_EVENTS: usize = 2_000;
/// Display groups and the categories that belong to each. Together they are all categories.
const GROUPS: [(&str, &[&str]); 4] = [
    ("record_changes", &["record_change"]),
    ("user_actions", &["user_activity", "api_request", "view"]),
    ("system_events", &["system"]),
    ("security_events", &["security"]),
];

/// Counts of today, this week and this month, storage, types of events and what needs a look.
#[utoipa::path(
    get,
    path = "/v1/summary",
    operation_id = "summary",
    tag = "Events",
    params(SummaryParams),
    responses(
        (status = 200, description = "The summary.", body = Summary),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn summary(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<SummaryParams>,
) -> Result<Json<Summary>, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let context = times::context(now(), params.tz.as_deref())?;
    let week_start = params.week_start.unwrap_or_default();
    let asked = Asked::default().and(Some("summary"));
    app.search(&grant, Access::Search(asked), move |open| {
        let all = Selection {
            expr: Expr::All,
            span: Span {
                min: context.now.as_micros().saturating_sub(SPAN_MICROS),
                max: context.now.as_micros(),
            },
            own: false,
            as_of: open.ledger.durable(),
        };
        let period = |interval| period(open, &all, interval, week_start, &context);
        Ok(Json(Summary {
            today: period(Interval::Day)?,
            this_week: period(Interval::Week)?,
            this_month: period(Interval::Month)?,
            storage: storage(open),
            activity: activity(open, &all)?,
            high_priority: high_priority(open, &all, &context)?,
            as_of: all.as_of.get(),
        }))
    })
    .await
}

/// The calendar period around now.
fn period(
    open: &Open,
    all: &Selection,
    interval: Interval,
    week_start: WeekStart,
    context: &ParseContext,
) -> Result<Period, Refusal> {
    let (from, to) = around(context.now, interval, week_start, &context.tz)?;
    let selection = Selection {
        span: Span {
            min: from.as_micros(),
            max: to.as_micros() - 1,
        },
        ..all.clone()
    };
    let counted = find::page(open, &selection, Order::SequenceAsc, 0, None)?;
    Ok(Period {
        from: rfc3339(from),
        to: rfc3339(to),
        events: counted.total,
    })
}

fn around(
    now: Timestamp,
    interval: Interval,
    week_start: WeekStart,
    tz: &TimeZone,
) -> Result<(Timestamp, Timestamp), Refusal> {
    let moment = Span {
        min: now.as_micros(),
        max: now.as_micros(),
    };
    match boundaries(moment, interval, week_start, tz)?.as_slice() {
        [from, to, ..] => Ok((*from, *to)),
        _ => Err(Refusal::new(
            Code::Internal,
            "the calendar has no such period",
        )),
    }
}

fn storage(open: &Open) -> Storage {
    let ledger = open.ledger.disk_use();
    let index_bytes = open.index.stats().bytes;
    Storage {
        total_bytes: ledger.parts + ledger.journal + ledger.tree + ledger.ids + index_bytes,
        event_bytes: ledger.parts,
        journal_bytes: ledger.journal,
        tree_bytes: ledger.tree,
        id_bytes: ledger.ids,
        index_bytes,
    }
}

fn activity(open: &Open, all: &Selection) -> Result<Vec<ActivityGroup>, Refusal> {
    let (values, _) = find::top(open, all, ExactField::Category, usize::MAX)?;
    let events_of = |categories: &[&str]| {
        let belongs = |(value, _): &&(String, u64)| categories.contains(&value.as_str());
        values.iter().filter(belongs).map(|(_, count)| count).sum()
    };
    let counts = GROUPS.map(|(_, categories)| events_of(categories));
    let shares = shares(&counts);
    Ok(GROUPS
        .iter()
        .zip(counts.iter().zip(shares))
        .map(|((group, categories), (events, share))| ActivityGroup {
            group,
            categories: categories.to_vec(),
            events: *events,
            share,
        })
        .collect())
}

/// Whole per cent that sum to 100, by the largest remainders; ties go to the earlier one.
fn shares(counts: &[u64]) -> Vec<u64> {
    let sum: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    if sum == 0 {
        return vec![0; counts.len()];
    }
    let parts = |count: &u64| {
        let hundredfold = u128::from(*count) * 100;
        (hundredfold / sum, hundredfold % sum)
    };
    let mut shares: Vec<u64> = counts.iter().map(|count| parts(count).0 as u64).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(parts(&counts[*place]).1));
    let missing = 100 - shares.iter().sum::<u64>();
    order
        .into_iter()
        .take(missing as usize)
        .for_each(|place| shares[place] += 1);
    shares
}

/// Whom an event is about, as far as it says so in a value that can be asked for whole: the actor
/// by id or by e-mail address, the first target where the actor is not known, or the system itself;
/// as searches compare it.
type Subject = Option<(ExactField, String)>;

/// Events of one action and subject that follow each other closely.
struct Row {
    action: String,
    subject: Subject,
    newest: Recorded,
    events: u64,
    first: Timestamp,
    last: Timestamp,
}

fn high_priority(
    open: &Open,
    all: &Selection,
    context: &ParseContext,
) -> Result<Vec<HighPriority>, Refusal> {
    let query = query::parse(HIGH_PRIORITY, context)?;
    let selection = Selection {
        expr: query.expr().clone(),
        ..all.clone()
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut looked_at = 0;
    find::stream(open, &selection, Order::OccurredDesc, |recorded| {
        looked_at += 1;
        roll_up(&mut rows, recorded);
        rows.len() <= HIGH_PRIORITY_ROWS && looked_at < ROLL_UP_EVENTS
    })?;
    rows.truncate(HIGH_PRIORITY_ROWS);
    rows.into_iter()
        .map(|row| shown(row, query.expr()))
        .collect()
}

fn roll_up(rows: &mut Vec<Row>, recorded: &Recorded) {
    let Some(event) = recorded.event() else {
        return;
    };
    let at = event.occurred_at();
    let action = folded(&event.action());
    let subject = [
        (ExactField::ActorId, Some(path::ACTOR_ID)),
        (ExactField::ActorEmail, Some(path::ACTOR_EMAIL)),
        (
            ExactField::TargetId,
            path::Code::target(0, TargetMember::Id),
        ),
    ]
    .into_iter()
    .find_map(|(field, path)| Some((field, folded(&event.string(path?)?))))
    .or_else(|| {
        let system = event.string(path::ACTOR_TYPE)? == "system";
        system.then(|| (ExactField::ActorType, "system".to_owned()))
    });
    // Events of nobody and nothing known may be of different people: each is a row of its own.
    let close = |row: &&mut Row| {
        subject.is_some()
            && row.subject == subject
            && row.action == action
            && row.last.as_micros() - at.as_micros() <= ROLL_UP_MICROS
    };
    match rows.iter_mut().find(close) {
        Some(row) => {
            row.events += 1;
            row.first = row.first.min(at);
        }
        None => rows.push(Row {
            action,
            subject,
            newest: recorded.clone(),
            events: 1,
            first: at,
            last: at,
        }),
    }
}

/// A value as searches compare it.
fn folded(value: &str) -> String {
    words::fold(value).into_owned()
}

fn shown(row: Row, high_priority: &Expr) -> Result<HighPriority, Refusal> {
    let like_it = [Some((ExactField::Action, row.action)), row.subject]
        .into_iter()
        .flatten()
        .map(|(field, value)| Expr::from(Leaf::Exact { field, value }));
    Ok(HighPriority {
        event: wire_json(&row.newest)?,
        events: row.events,
        first_at: rfc3339(row.first),
        last_at: rfc3339(row.last),
        q: Expr::and([high_priority.clone()].into_iter().chain(like_it)).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn shares_sum_to_a_hundred() {
        for (counts, expected) in [
            (vec![0, 0, 0, 0], vec![0, 0, 0, 0]),
            (vec![1, 1, 1, 0], vec![34, 33, 33, 0]),
            (vec![45, 30, 15, 10], vec![45, 30, 15, 10]),
            (vec![1, 999_999, 0, 0], vec![0, 100, 0, 0]),
            (vec![u64::MAX, u64::MAX, 0, 0], vec![50, 50, 0, 0]),
        ] {
            assert_eq!(shares(&counts), expected, "{counts:?}");
        }
    }
}
