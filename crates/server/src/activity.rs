//! What one actor did: `GET /v1/actors/{id}/activity`.
//!
//! Every number but those of sessions comes from one look at the index, so that they add up.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use api::{
    ActionDetail, ActivityParams, ActorActivity, ActorProfile, ModuleEvents, NoActivity,
    OtherModules, OwnEvents, RecentAction, RecordNumbers, SecurityNumbers, SessionNumbers,
};
use axum::Json;
use axum::extract::{Path, State};
use event::path::{self, TargetMember};
use event::{
    Activity, Category, Code as FieldCode, Outcome, Recorded, Sequence, Timestamp, catalogue,
};
use query::{ExactField, Expr};

use crate::actors::text;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::{Code, Refusal};
use crate::find::{self, By, Group, Order, Selection};
use crate::identity::access::{Access, Asked};
use crate::instance::now;
use crate::limits::{RECENT_DEFAULT, RECENT_MAX, SESSION_ATTEMPTS_MAX};
use crate::params::Params;
use crate::related::{exact, wire_json};
use crate::search::{number_of, rfc3339};
use crate::tenants::Open;
use crate::times::{self, Span};

/// Events that are read to find an actor's name, address and roles: not every event says them.
const PROFILE_EVENTS: usize = 20;
/// Modules that are named; the rarer ones count together.
const MODULES_MAX: usize = 8;
/// A session that nobody signed out of ends this long after its last event.
const SESSION_SILENCE_MICROS: i64 = 30 * 60 * 1_000_000;

/// What one person or service did in a period, in numbers that add up.
#[utoipa::path(
    get,
    path = "/v1/actors/{id}/activity",
    operation_id = "getActivity",
    tag = "Events",
    params(("id" = String, Path, description = "`actor.id` of their events"), ActivityParams),
    responses(
        (status = 200, description = "The activity; zeros where the period has none.", body = ActorActivity),
        (status = "4XX", description = "Refused; 404 where no event has such an actor.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn get_activity(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<ActivityParams>,
) -> Result<Json<ActorActivity>, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let context = times::context(now(), params.tz.as_deref())?;
    let period = times::period(params.from.as_deref(), params.to.as_deref(), &context)?;
    let recent = number_of("recent", params.recent, RECENT_DEFAULT, RECENT_MAX)?;
    let own = params.own.unwrap_or_default() == OwnEvents::Include;
    let shown: String = id.chars().take(event::limits::TERM_MAX_BYTES).collect();
    let asked =
        Asked::of(&None, &params.from, &params.to).and(Some(&format!("activity of {shown}")));
    app.search(&grant, Access::Search(asked), move |open| {
        let selection = Selection {
            expr: exact(ExactField::ActorId, &id),
            span: period,
            own,
            as_of: open.ledger.durable(),
        };
        let actor = profile(open, &selection, &id)?;
        let tally = Tally::of(open, &selection)?;
        let (modules, other) = modules(open, tally.modules)?;
        let newest = find::page(open, &selection, Order::OccurredDesc, recent as usize, None)?;
        let (from, to) = times::ends(period);
        Ok(Json(ActorActivity {
            actor,
            from: rfc3339(from),
            to: rfc3339(to),
            total_actions: tally.events,
            no_data: (tally.events == 0).then_some(NoActivity::NoEventsInPeriod),
            failed: tally.failed,
            records: tally.records,
            reports_generated: tally.reports,
            exports: tally.exports,
            modules,
            other,
            sessions: sessions(open, &selection, tally.sign_in_attempts)?,
            security: tally.security,
            recent: newest
                .events
                .iter()
                .map(recent_action)
                .collect::<Result<_, _>>()?,
            own_left_out: tally.own_left_out,
            as_of: selection.as_of.get(),
        }))
    })
    .await
}

/// Who the actor is, by their newest events in the whole ledger.
fn profile(open: &Open, selection: &Selection, id: &str) -> Result<ActorProfile, Refusal> {
    let any = Selection {
        span: Span {
            min: i64::MIN,
            max: i64::MAX,
        },
        own: true,
        ..selection.clone()
    };
    let newest = find::page(open, &any, Order::OccurredDesc, PROFILE_EVENTS, None)?.events;
    let Some(last) = newest.first() else {
        let shown: String = id.chars().take(64).collect();
        let detail = format!("no event has an actor with the id `{shown}`");
        return Err(Refusal::new(Code::NotFound, detail)
            .of_field("id")
            .with_hint("`GET /v1/actors` lists the ids there are; a name or an address is no id"));
    };
    let newest_text = |field| newest.iter().find_map(|event| text(event, field));
    let roles = newest.iter().find_map(|event| {
        let field = event.field(path::ACTOR_ROLES)?;
        let roles: Vec<String> = field.strings().map(|role| role.into_owned()).collect();
        Some(roles).filter(|roles| !roles.is_empty())
    });
    Ok(ActorProfile {
        id: newest_text(path::ACTOR_ID).unwrap_or_else(|| id.to_owned()),
        name: newest_text(path::ACTOR_NAME),
        email: newest_text(path::ACTOR_EMAIL),
        r#type: newest_text(path::ACTOR_TYPE),
        roles: roles.unwrap_or_default(),
        last_at: rfc3339(occurred(last)),
    })
}

/// When an event occurred; when it was received where it does not say any more.
fn occurred(recorded: &Recorded) -> Timestamp {
    let said = text(recorded, path::OCCURRED_AT);
    said.and_then(|said| Timestamp::parse_rfc3339(&said).ok())
        .unwrap_or(recorded.received_at)
}

/// An action of which a number here depends, by what the catalogue knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Report,
    Password,
    /// Failed by its name, whatever the outcome says.
    FailedSignIn,
    /// Part of a sign-in that another event tells of.
    FurtherFactor,
}

impl Meaning {
    const ALL: [Meaning; 4] = [
        Meaning::Report,
        Meaning::Password,
        Meaning::FailedSignIn,
        Meaning::FurtherFactor,
    ];

    fn of(action: &str) -> Option<Meaning> {
        Some(match catalogue::lookup(action).action {
            "report.generate" => Meaning::Report,
            "password.change"
            | "password.reset"
            | "password_change"
            | "password_reset"
            | "annals.password.change" => Meaning::Password,
            "login.fail"
            | "login.failed"
            | "login.failure"
            | "login_failed"
            | "login_failure"
            | "fail_login"
            | "annals.session.failure" => Meaning::FailedSignIn,
            "mfa.challenge" | "mfa_challenge" | "annals.session.reauthenticate" => {
                Meaning::FurtherFactor
            }
            _ => return None,
        })
    }

    fn name(self) -> String {
        format!("{self:?}")
    }

    fn named(name: &str) -> Option<Meaning> {
        Meaning::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// Whether an outcome says that it was not done.
fn is_failed(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failure | Outcome::Denied)
}

const FAILED: &str = "failed";

fn failed_class(outcome: &str) -> Option<String> {
    Outcome::parse(outcome)
        .is_some_and(is_failed)
        .then(|| FAILED.to_owned())
}

fn meaning_class(action: &str) -> Option<String> {
    Meaning::of(action).map(Meaning::name)
}

/// The numbers of a period.
#[derive(Debug, Default)]
struct Tally {
    events: u64,
    own_left_out: u64,
    failed: u64,
    records: RecordNumbers,
    reports: u64,
    exports: u64,
    security: SecurityNumbers,
    /// Events of activity `login`, of whatever meaning.
    sign_in_attempts: u64,
    /// Events by the type of the first target, with the place of the newest.
    modules: BTreeMap<Option<String>, (u64, (Timestamp, Sequence))>,
}

impl Tally {
    fn of(open: &Open, selection: &Selection) -> Result<Tally, Refusal> {
        let by = [
            By::values(ExactField::TargetType),
            By::values(ExactField::Activity),
            By::values(ExactField::Category),
            By {
                field: ExactField::Outcome,
                class: Some(&failed_class),
            },
            By {
                field: ExactField::Action,
                class: Some(&meaning_class),
            },
        ];
        let found = find::groups(open, selection, &by, None, usize::MAX)?;
        let mut tally = Tally {
            own_left_out: found.totals.own_left_out,
            ..Tally::default()
        };
        for group in found.groups.iter().chain(&found.without) {
            tally.take(group);
        }
        Ok(tally)
    }

    fn take(&mut self, group: &Group) {
        let [module, activity, category, outcome, meaning] = group.values.as_slice() else {
            return;
        };
        let events = group.events;
        let activity = activity.as_deref().and_then(Activity::parse);
        let category = category.as_deref().and_then(Category::parse);
        let meaning = meaning.as_deref().and_then(Meaning::named);
        let failed = outcome.is_some() || meaning == Some(Meaning::FailedSignIn);
        self.events += events;
        let newest = (group.last.occurred, group.last.sequence);
        let module = self.modules.entry(module.clone()).or_insert((0, newest));
        *module = (module.0 + events, module.1.max(newest));
        if activity == Some(Activity::Login) {
            self.sign_in_attempts += events;
            match (meaning, failed) {
                (Some(Meaning::FurtherFactor), _) => {}
                (_, true) => self.security.failed_sign_ins += events,
                (_, false) => self.security.sign_ins += events,
            }
        }
        if failed {
            self.failed += events;
            return;
        }
        match (category, activity) {
            (Some(Category::RecordChange), Some(Activity::Create)) => {
                self.records.created += events
            }
            (Some(Category::RecordChange), Some(Activity::Update)) => {
                self.records.modified += events
            }
            (Some(Category::RecordChange), Some(Activity::Delete)) => {
                self.records.deleted += events
            }
            (Some(Category::View), Some(Activity::Read)) => self.records.viewed += events,
            _ => {}
        }
        if activity == Some(Activity::Export) {
            self.exports += events;
        }
        match meaning {
            Some(Meaning::Report) => self.reports += events,
            Some(Meaning::Password) => self.security.password_changes += events,
            _ => {}
        }
    }
}

/// The modules with most events by name, all others together.
fn modules(
    open: &Open,
    mut counted: BTreeMap<Option<String>, (u64, (Timestamp, Sequence))>,
) -> Result<(Vec<ModuleEvents>, OtherModules), Refusal> {
    let without_target = counted.remove(&None).map_or(0, |(events, _)| events);
    let mut named: Vec<_> = counted.into_iter().collect();
    // Equal ones stay in the order of their names.
    named.sort_by_key(|(_, (events, _))| std::cmp::Reverse(*events));
    let rare = named.split_off(named.len().min(MODULES_MAX));
    let rare_events: u64 = rare.iter().map(|(_, (events, _))| events).sum();
    let newest: Vec<Sequence> = named.iter().map(|(_, (_, (_, at)))| *at).collect();
    let newest = open.ledger.read_many(&newest)?;
    // As the sender writes it; what was counted where that was erased meanwhile.
    let spelled = |recorded| text(recorded, FieldCode::target(0, TargetMember::Type)?);
    let modules = named.into_iter().zip(&newest).map(|(module, recorded)| {
        let (value, (events, _)) = module;
        let module = spelled(recorded).or(value).unwrap_or_default();
        ModuleEvents { module, events }
    });
    let other = OtherModules {
        events: rare_events + without_target,
        modules: rare.len() as u64,
        without_target,
    };
    Ok((modules.collect(), other))
}

/// When a session began and ended.
struct Session {
    began: Timestamp,
    ended: Option<Timestamp>,
}

/// The sessions that began in the period, paired by their ids in the columns of the index.
fn sessions(open: &Open, selection: &Selection, attempts: u64) -> Result<SessionNumbers, Refusal> {
    let of_activity = |activity: Activity| exact(ExactField::Activity, activity.as_str());
    let mut attempted = Selection {
        expr: Expr::and([selection.expr.clone(), of_activity(Activity::Login)]),
        ..selection.clone()
    };
    let complete = attempts <= SESSION_ATTEMPTS_MAX as u64;
    if !complete && let Some(start) = find::start_of_newest(open, &attempted, SESSION_ATTEMPTS_MAX)?
    {
        attempted.span.min = start.as_micros();
    }
    let since = Timestamp::from_micros(attempted.span.min);
    let by = [
        By::values(ExactField::Session),
        By {
            field: ExactField::Outcome,
            class: Some(&failed_class),
        },
        By {
            field: ExactField::Action,
            class: Some(&meaning_class),
        },
    ];
    let mut sign_ins = 0;
    let mut sessions: HashMap<String, Session> = HashMap::new();
    let found = find::groups(open, &attempted, &by, None, usize::MAX)?;
    for group in found.groups.iter().chain(&found.without) {
        let [session, None, meaning] = group.values.as_slice() else {
            continue;
        };
        let meaning = meaning.as_deref().and_then(Meaning::named);
        if let Some(Meaning::FailedSignIn | Meaning::FurtherFactor) = meaning {
            continue;
        }
        sign_ins += group.events;
        if let Some(session) = session {
            let began = group.first.occurred;
            let session = sessions.entry(session.clone());
            let session = session.or_insert(Session { began, ended: None });
            session.began = session.began.min(began);
        }
    }
    // A session may end after the period, and be ended by another: by the system, after a while.
    let later = Selection {
        span: Span {
            min: attempted.span.min,
            max: i64::MAX,
        },
        ..selection.clone()
    };
    let signed_out = Selection {
        expr: Expr::and([
            of_activity(Activity::Logout),
            exact(ExactField::Outcome, Outcome::Failure.as_str()).negate(),
            exact(ExactField::Outcome, Outcome::Denied.as_str()).negate(),
        ]),
        ..later.clone()
    };
    end_sessions(open, &signed_out, &mut sessions, 0)?;
    let not_signed_out = sessions.values().filter(|it| it.ended.is_none()).count() as u64;
    end_sessions(open, &later, &mut sessions, SESSION_SILENCE_MICROS)?;
    let total = sessions.len() as u64;
    let micros: u128 = sessions
        .values()
        .map(|it| {
            let ended = it.ended.unwrap_or(it.began).as_micros();
            u128::from(ended.abs_diff(it.began.as_micros()))
        })
        .sum();
    let mean =
        |micros: u128, of: u64| (micros + u128::from(of) * 500_000) / u128::from(of) / 1_000_000;
    Ok(SessionNumbers {
        total,
        signed_out: total - not_signed_out,
        not_signed_out,
        unpaired: sign_ins - total,
        average_seconds: (total > 0).then(|| mean(micros, total) as u64),
        complete,
        since: rfc3339(since),
    })
}

/// Ends the sessions that have not ended: each some time after its last event of a selection, if it
/// has one after it began.
fn end_sessions(
    open: &Open,
    selection: &Selection,
    sessions: &mut HashMap<String, Session>,
    after_micros: i64,
) -> Result<(), Refusal> {
    if sessions.values().all(|session| session.ended.is_some()) {
        return Ok(());
    }
    let is_open = |id: &str| {
        let session = sessions.get(id)?;
        session.ended.is_none().then(|| id.to_owned())
    };
    let by = [By {
        field: ExactField::Session,
        class: Some(&is_open),
    }];
    let found = find::groups(open, selection, &by, None, usize::MAX)?;
    for group in found.groups {
        let id = group.values.into_iter().next().flatten();
        let Some(session) = id.and_then(|id| sessions.get_mut(&id)) else {
            continue;
        };
        if session.began <= group.last.occurred {
            session.ended = Some(group.last.occurred.plus_micros(after_micros));
        }
    }
    Ok(())
}

/// An event as the list of recent ones shows it.
fn recent_action(recorded: &Recorded) -> Result<RecentAction, Refusal> {
    let word = |field| text(recorded, field);
    let activity = word(path::ACTIVITY).and_then(|word| Activity::parse(&word));
    let outcome = word(path::OUTCOME_RESULT).and_then(|word| Outcome::parse(&word));
    let meaning = word(path::ACTION).and_then(|action| Meaning::of(&action));
    let failed = outcome.is_some_and(is_failed) || meaning == Some(Meaning::FailedSignIn);
    let activity = activity.unwrap_or(Activity::Other);
    let label = match failed {
        true => format!("{}_failed", activity.as_str()),
        false => activity.as_str().to_owned(),
    };
    let target = |member| FieldCode::target(0, member).and_then(word);
    let signs = matches!(activity, Activity::Login | Activity::Logout);
    let detail = if recorded.fields().any(|field| field.path.change().is_some()) {
        ActionDetail::Changes
    } else if signs && word(path::CLIENT_IP).is_some() {
        ActionDetail::Address
    } else if target(TargetMember::Name)
        .or_else(|| target(TargetMember::Id))
        .is_some()
    {
        ActionDetail::Target
    } else if word(path::MESSAGE).is_some() {
        ActionDetail::Message
    } else {
        ActionDetail::None
    };
    Ok(RecentAction {
        event: wire_json(recorded)?,
        label,
        detail,
    })
}
