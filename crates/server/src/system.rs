//! Health of the systems that send events: `GET /v1/system/health`.

use std::sync::Arc;

use api::{
    JobNumbers, NoData, ResponseTime, SourceUptime, SystemHealth, SystemHealthParams, Uptime,
};
use axum::Json;
use axum::extract::State;
use event::{Category, Outcome, path};
use query::{ExactField, Expr, Leaf, NumberField, NumberRange};

use crate::actors::text;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::{Code, Refusal};
use crate::find::{self, By, Group, Selection};
use crate::identity::access::{Access, Asked};
use crate::instance::now;
use crate::params::Params;
use crate::related::exact;
use crate::search::rfc3339;
use crate::tenants::Open;
use crate::times::{self, Span};

/// An event by which a system says that it was up.
const HEARTBEAT: &str = "system.heartbeat";
/// How actions of jobs begin.
const JOB_PREFIX: &str = "job.";
/// Sources that are listed.
const SOURCES_MAX: usize = 100;
/// Heartbeats of before a period are looked at if they are this young, or last for longer.
const DAY_MICROS: i64 = 86_400 * 1_000_000;

/// Uptime, failed jobs and response times, as events tell of them.
#[utoipa::path(
    get,
    path = "/v1/system/health",
    operation_id = "systemHealth",
    tag = "Events",
    params(SystemHealthParams),
    responses(
        (status = 200, description = "The numbers; absent, with the reason, where there is no data.", body = SystemHealth),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn system_health(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<SystemHealthParams>,
) -> Result<Json<SystemHealth>, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let context = times::context(now(), params.tz.as_deref())?;
    let mut period = times::period(params.from.as_deref(), params.to.as_deref(), &context)?;
    // Nothing can be said of what is still to come.
    period.max = period.max.min(context.now.as_micros() - 1);
    if period.min > period.max {
        let detail = "the period has not begun";
        return Err(Refusal::new(Code::InvalidParameter, detail).of_field("from"));
    }
    let asked = Asked::of(&None, &params.from, &params.to).and(Some("system health"));
    app.search(&grant, Access::Search(asked), move |open| {
        let all = Selection {
            expr: Expr::All,
            span: period,
            own: false,
            as_of: open.ledger.durable(),
        };
        let (from, to) = times::ends(period);
        Ok(Json(SystemHealth {
            from: rfc3339(from),
            to: rfc3339(to),
            uptime: uptime(open, &all)?,
            jobs: jobs(open, &all)?,
            response: response(open, &all)?,
            as_of: all.as_of.get(),
        }))
    })
    .await
}

fn uptime(open: &Open, all: &Selection) -> Result<Uptime, Refusal> {
    let number = |field, min| {
        let range = NumberRange { min, max: i64::MAX };
        Expr::Leaf(Leaf::Number { field, range })
    };
    let period = all.span;
    // A heartbeat may reach into the period from before it.
    let reaches = Expr::or([
        number(NumberField::Occurred, period.min.saturating_sub(DAY_MICROS)),
        number(NumberField::Duration, DAY_MICROS / 1000),
    ]);
    let heartbeats = Selection {
        expr: Expr::and([exact(ExactField::Action, HEARTBEAT), reaches]),
        span: Span {
            min: i64::MIN,
            max: period.max,
        },
        ..all.clone()
    };
    let by = [
        By::values(ExactField::App),
        By::values(ExactField::Component),
    ];
    let found = find::groups(open, &heartbeats, &by, Some(period), usize::MAX)?;
    let mut sources: Vec<Group> = found.groups.into_iter().chain(found.without).collect();
    // What only comes close to the period is not of it.
    sources.retain(|it| it.covered_micros > 0 || it.last.occurred.as_micros() >= period.min);
    sources.sort_by(|one, two| one.values.cmp(&two.values));
    let (from, to) = times::ends(period);
    let period_micros = from.as_micros().abs_diff(to.as_micros());
    let share = |covered: u64| covered as f64 / period_micros as f64;
    let no_data = if sources.is_empty() {
        Some(NoData::NoEvents)
    } else if sources.iter().all(|source| source.timed == 0) {
        Some(NoData::NoDurations)
    } else {
        None
    };
    let sources_total = sources.len() as u64;
    sources.truncate(SOURCES_MAX);
    let last: Vec<_> = sources.iter().map(|source| source.last.sequence).collect();
    let last = open.ledger.read_many(&last)?;
    let sources = sources.iter().zip(&last).map(|(source, last)| {
        let has_data = source.timed > 0;
        SourceUptime {
            app: text(last, path::SOURCE_APP),
            component: text(last, path::SOURCE_COMPONENT),
            share: has_data.then(|| share(source.covered_micros)),
            no_data: (!has_data).then_some(NoData::NoDurations),
            covered_ms: source.covered_micros / 1000,
            last_at: rfc3339(source.last.occurred),
        }
    });
    Ok(Uptime {
        share: no_data.is_none().then(|| share(found.covered_micros)),
        no_data,
        covered_ms: found.covered_micros / 1000,
        period_ms: period_micros / 1000,
        sources: sources.collect(),
        sources_total,
    })
}

fn jobs(open: &Open, all: &Selection) -> Result<JobNumbers, Refusal> {
    let jobs = Selection {
        expr: Expr::Leaf(Leaf::ExactPrefix {
            field: ExactField::Action,
            prefix: JOB_PREFIX.to_owned(),
        }),
        ..all.clone()
    };
    let by = [By::values(ExactField::Outcome)];
    let found = find::groups(open, &jobs, &by, None, usize::MAX)?;
    let is_failure = |group: &&Group| group.values == [Some(Outcome::Failure.as_str().to_owned())];
    let total = found.totals.total;
    let failed = found
        .groups
        .iter()
        .find(is_failure)
        .map_or(0, |it| it.events);
    Ok(JobNumbers {
        total,
        failed,
        failed_share: (total > 0).then(|| failed as f64 / total as f64),
        no_data: (total == 0).then_some(NoData::NoEvents),
    })
}

fn response(open: &Open, all: &Selection) -> Result<ResponseTime, Refusal> {
    let requests = Selection {
        expr: exact(ExactField::Category, Category::ApiRequest.as_str()),
        ..all.clone()
    };
    let found = find::groups(open, &requests, &[], None, 1)?;
    let (timed, sum) = found
        .groups
        .first()
        .map_or((0, 0), |group| (group.timed, group.duration_ms));
    let no_data = match (found.totals.total, timed) {
        (0, _) => Some(NoData::NoEvents),
        (_, 0) => Some(NoData::NoDurations),
        _ => None,
    };
    Ok(ResponseTime {
        requests: found.totals.total,
        timed,
        mean_ms: no_data.is_none().then(|| sum as f64 / timed as f64),
        no_data,
    })
}
