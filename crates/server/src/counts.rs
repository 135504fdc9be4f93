//! Counting: `GET /v1/events/histogram`, `/top`, `/complete`.

use std::sync::Arc;

use api::{
    Bucket, CompleteParams, Completion, Histogram, HistogramParams, Interval, Suggestion,
    SuggestionKind, Top, TopParams, TopValue, WeekStart,
};
use axum::Json;
use axum::extract::State;
use event::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Unit, Zoned};
use query::{ExactField, catalogue};

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::{Code, Refusal};
use crate::find;
use crate::identity::access::{Access, Asked};
use crate::instance::now;
use crate::limits::{BUCKETS_MAX, SUGGESTIONS_MAX, TOP_MAX};
use crate::params::Params;
use crate::search::{limit_of, rfc3339, select};
use crate::times;

/// A month, where `from` is left out.
const DEFAULT_SPAN_MICROS: i64 = 30 * 86_400 * 1_000_000;

/// Exact counts by time, and by the values of a field.
#[utoipa::path(
    get,
    path = "/v1/events/histogram",
    operation_id = "histogram",
    tag = "Events",
    params(HistogramParams),
    responses(
        (status = 200, description = "The counts.", body = Histogram),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn histogram(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<HistogramParams>,
) -> Result<Json<Histogram>, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let context = times::context(now(), params.tz.as_deref())?;
    let mut selection = select(
        params.q.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
        params.own,
        &context,
    )?;
    if params.to.is_none() {
        selection.span.max = context.now.as_micros().saturating_sub(1);
    }
    if params.from.is_none() {
        selection.span.min = selection.span.max.saturating_sub(DEFAULT_SPAN_MICROS);
    }
    let split = params
        .split
        .as_deref()
        .map(|name| field_named("split", name))
        .transpose()?;
    let interval = params.interval.unwrap_or_default();
    let week_start = params.week_start.unwrap_or_default();
    let boundaries = boundaries(selection.span, interval, week_start, &context.tz)?;
    let asked = Asked::of(&params.q, &params.from, &params.to);
    app.search(&grant, Access::Search(asked), move |open| {
        selection.as_of = open.ledger.durable();
        let (counted, totals) = find::histogram(open, &selection, &boundaries, split)?;
        let buckets = boundaries
            .iter()
            .zip(counted)
            .map(|(start, counted)| Bucket {
                start: rfc3339(*start),
                total: counted.total,
                counts: counted.counts,
            });
        let (from, to) = times::ends(selection.span);
        Ok(Json(Histogram {
            interval,
            split: params.split,
            from: rfc3339(from),
            to: rfc3339(to),
            buckets: buckets.collect(),
            total: totals.total,
            own_left_out: totals.own_left_out,
            as_of: selection.as_of.get(),
        }))
    })
    .await
}

/// The most frequent values of a field, with exact counts.
#[utoipa::path(
    get,
    path = "/v1/events/top",
    operation_id = "top",
    tag = "Events",
    params(TopParams),
    responses(
        (status = 200, description = "The values.", body = Top),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn top(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TopParams>,
) -> Result<Json<Top>, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let context = times::context(now(), params.tz.as_deref())?;
    let mut selection = select(
        params.q.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
        params.own,
        &context,
    )?;
    let field = field_named("field", &params.field)?;
    let limit = limit_of(params.limit, 10, TOP_MAX)?;
    let asked = Asked::of(&params.q, &params.from, &params.to);
    app.search(&grant, Access::Search(asked), move |open| {
        selection.as_of = open.ledger.durable();
        let (values, totals) = find::top(open, &selection, field, limit as usize)?;
        let values = values
            .into_iter()
            .map(|(value, count)| TopValue { value, count });
        Ok(Json(Top {
            field: params.field,
            values: values.collect(),
            total: totals.total,
            own_left_out: totals.own_left_out,
            as_of: selection.as_of.get(),
        }))
    })
    .await
}

/// What could stand at the end of a query: fields, and the values they have.
#[utoipa::path(
    get,
    path = "/v1/events/complete",
    operation_id = "complete",
    tag = "Events",
    params(CompleteParams),
    responses(
        (status = 200, description = "The suggestions.", body = Completion),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn complete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<CompleteParams>,
) -> Result<Json<Completion>, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let limit = limit_of(params.limit, 10, SUGGESTIONS_MAX)? as usize;
    let text = params.q.unwrap_or_default();
    if text.chars().count() > query::QUERY_MAX_CHARS {
        let detail = format!("a query has at most {} characters", query::QUERY_MAX_CHARS);
        return Err(Refusal::new(Code::InvalidQuery, detail).of_field("q"));
    }
    let from = text.rfind([' ', '(']).map_or(0, |place| place + 1);
    let term = text.get(from..).unwrap_or_default();
    let from = from + term.len() - term.trim_start_matches('-').len();
    let term = term.trim_start_matches('-');
    let Some((name, typed)) = term.split_once(':') else {
        return Ok(Json(Completion {
            from: from as u64,
            suggestions: fields_like(term, limit),
        }));
    };
    let (name, typed) = (name.to_owned(), typed.to_owned());
    let of = name.clone();
    app.search(&grant, Access::Complete { of }, move |open| {
        let suggestions = values_like(open, &name, &typed, limit)?;
        Ok(Json(Completion {
            from: from as u64,
            suggestions,
        }))
    })
    .await
}

fn fields_like(typed: &str, limit: usize) -> Vec<Suggestion> {
    let typed = typed.to_lowercase();
    let fits = |field: &&catalogue::Field| {
        field.name.starts_with(&typed) || field.aliases.iter().any(|it| it.starts_with(&typed))
    };
    let suggestion = |field: &catalogue::Field| Suggestion {
        text: format!("{}:", field.name),
        kind: SuggestionKind::Field,
        description: Some(field.description.to_owned()),
        count: None,
    };
    catalogue::FIELDS
        .iter()
        .filter(fits)
        .take(limit)
        .map(suggestion)
        .collect()
}

fn values_like(
    open: &crate::tenants::Open,
    name: &str,
    typed: &str,
    limit: usize,
) -> Result<Vec<Suggestion>, Refusal> {
    let Some(field) = catalogue::find(name) else {
        return Ok(Vec::new());
    };
    let typed = query::words::fold(typed.trim_start_matches('"')).into_owned();
    let suggestion = |value: &str, count| {
        let plain = |c: char| c.is_alphanumeric() || "._-@/:".contains(c);
        let value = match value.chars().all(plain) {
            true => value.to_owned(),
            false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
        };
        Suggestion {
            text: format!("{name}:{value}"),
            kind: SuggestionKind::Value,
            description: None,
            count,
        }
    };
    if !field.values().is_empty() {
        let words = field
            .values()
            .iter()
            .filter(|word| word.starts_with(&typed));
        return Ok(words
            .take(limit)
            .map(|word| suggestion(word, None))
            .collect());
    }
    let Some(exact) = field
        .exact_fields()
        .iter()
        .find(|exact| !exact.is_lookup_only())
    else {
        return Ok(Vec::new());
    };
    let values = find::values_like(open, *exact, &typed, limit)?;
    Ok(values
        .iter()
        .map(|(value, count)| suggestion(value, Some(*count)))
        .collect())
}

/// The field of whole values that a name of the search language stands for.
fn field_named(parameter: &'static str, name: &str) -> Result<ExactField, Refusal> {
    let known = ExactField::ALL
        .iter()
        .find(|field| field.name() == name)
        .copied();
    let known = known
        .or_else(|| catalogue::find(name).and_then(|field| field.exact_fields().first().copied()));
    known.ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        Refusal::new(
            Code::InvalidParameter,
            format!("`{shown}` is no field whose values can be counted"),
        )
        .of_field(parameter)
        .with_hint("such as category, action, actor.id, target.type, ip")
    })
}

/// Where buckets begin, and behind them where the last one ends; they cover the span.
pub(crate) fn boundaries(
    span: times::Span,
    interval: Interval,
    week_start: WeekStart,
    tz: &TimeZone,
) -> Result<Vec<Timestamp>, Refusal> {
    let too_many = || {
        let detail =
            format!("the time between `from` and `to` has more than {BUCKETS_MAX} buckets");
        Refusal::new(Code::InvalidParameter, detail)
            .of_field("interval")
            .with_hint("take a longer interval or a shorter time")
    };
    if span.max < span.min {
        return Ok(Vec::new());
    }
    let zoned = |micros: i64| {
        jiff::Timestamp::from_microsecond(micros)
            .map(|at| at.to_zoned(tz.clone()))
            .map_err(|_| too_many())
    };
    let broken = |error: jiff::Error| Refusal::new(Code::InvalidParameter, error.to_string());
    let mut at = first_boundary(&zoned(span.min)?, interval, week_start).map_err(broken)?;
    let mut boundaries = Vec::new();
    loop {
        boundaries.push(Timestamp::from_micros(at.timestamp().as_microsecond()));
        if at.timestamp().as_microsecond() > span.max {
            return Ok(boundaries);
        }
        if boundaries.len() > BUCKETS_MAX {
            return Err(too_many());
        }
        let step = match interval {
            Interval::Minute => 1.minute(),
            Interval::Quarter => 15.minutes(),
            Interval::Hour => 1.hour(),
            Interval::Day => 1.day(),
            Interval::Week => 1.week(),
            Interval::Month => 1.month(),
        };
        at = at.checked_add(step).map_err(broken)?;
        if matches!(interval, Interval::Day | Interval::Week | Interval::Month) {
            at = at.start_of_day().map_err(broken)?;
        }
    }
}

fn first_boundary(
    moment: &Zoned,
    interval: Interval,
    week_start: WeekStart,
) -> Result<Zoned, jiff::Error> {
    let round = |unit, by| {
        let how = jiff::ZonedRound::new()
            .smallest(unit)
            .increment(by)
            .mode(jiff::RoundMode::Trunc);
        moment.round(how)
    };
    match interval {
        Interval::Minute => round(Unit::Minute, 1),
        Interval::Quarter => round(Unit::Minute, 15),
        Interval::Hour => round(Unit::Hour, 1),
        Interval::Day => moment.start_of_day(),
        Interval::Week => {
            let first = match week_start {
                WeekStart::Monday => Weekday::Monday,
                WeekStart::Saturday => Weekday::Saturday,
                WeekStart::Sunday => Weekday::Sunday,
            };
            let days = i64::from(moment.weekday().since(first));
            moment.checked_sub(days.days())?.start_of_day()
        }
        Interval::Month => moment.first_of_month()?.start_of_day(),
    }
}

#[cfg(test)]
mod tests {
    use query::NumberRange;

    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, interval: Interval, tz: &str, expect: &[&str]) {
        let context = times::context(Timestamp::EPOCH, Some(tz)).unwrap();
        let span = times::span(Some(from), Some(to), &context).unwrap();
        let found = boundaries(span, interval, WeekStart::Monday, &context.tz).unwrap();
        let found: Vec<String> = found
            .iter()
            .map(|at| at.to_string()[..16].to_owned())
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn buckets_cover_the_span_in_the_askers_zone() {
        let days = ["2026-01-14T23:00", "2026-01-15T23:00", "2026-01-16T23:00"];
        check(
            "2026-01-15",
            "2026-01-16",
            Interval::Day,
            "Europe/Berlin",
            &days,
        );
        let weeks = ["2026-01-12T00:00", "2026-01-19T00:00"];
        check("2026-01-15", "2026-01-16", Interval::Week, "UTC", &weeks);
        let months = ["2026-01-01T00:00", "2026-02-01T00:00"];
        check("2026-01-15", "2026-01-16", Interval::Month, "UTC", &months);
        let quarters = ["2026-01-15T10:15", "2026-01-15T10:30"];
        check(
            "2026-01-15T10:20Z",
            "2026-01-15T10:30:00Z",
            Interval::Quarter,
            "UTC",
            &quarters,
        );
    }

    #[test]
    fn a_day_of_23_hours_is_one_bucket() {
        let days = ["2026-03-28T23:00", "2026-03-29T22:00"];
        check(
            "2026-03-29",
            "2026-03-29",
            Interval::Day,
            "Europe/Berlin",
            &days,
        );
    }

    #[test]
    fn too_many_buckets_are_refused() {
        let span = NumberRange {
            min: 0,
            max: i64::MAX / 4,
        };
        assert!(boundaries(span, Interval::Minute, WeekStart::Monday, &TimeZone::UTC).is_err());
    }
}
