//! The machinery: scheduled jobs, heartbeats, and what goes wrong with them.

use event::Timestamp;

use crate::company::World;
use crate::draft::{Actor, Draft, Target, Value};
use crate::office::{DAY, HOUR, MINUTE, SECOND};
use crate::queue::Step;

/// A heartbeat says that the system was up since the one before.
pub(crate) const HEARTBEAT_EVERY: i64 = 15 * MINUTE;
/// The one outage of the last 30 days: where it lies before the end of the history, and how much
/// of its quarter of an hour is missing (13 minutes of 30 days leave 99.97 %).
const OUTAGE_BEFORE_END: i64 = 11 * DAY + 7 * HOUR;
const OUTAGE: i64 = 13 * MINUTE;
/// Failed jobs lie this many days before the end of the history.
const FAILURES_BEFORE_END_DAYS: [i64; 5] = [3, 12, 26, 48, 71];

/// A scheduled job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    Backup,
    EmailQueue,
    CurrencyRates,
    IndexRebuild,
    LogRotation,
    ScheduledReports,
    Reconciliation,
    ShopSync,
}

impl Job {
    /// When each job runs: microseconds after midnight.
    pub(crate) fn timetable() -> Vec<(i64, Job)> {
        let mut table = vec![
            (2 * HOUR, Job::Backup),
            (14 * HOUR, Job::Backup),
            (5 * HOUR, Job::ScheduledReports),
            (6 * HOUR, Job::LogRotation),
            (7 * HOUR, Job::IndexRebuild),
            (23 * HOUR, Job::Reconciliation),
        ];
        table.extend((0..24).map(|hour| (hour * HOUR + 4 * MINUTE, Job::EmailQueue)));
        table.extend((0..4).map(|n| (n * 6 * HOUR + 2 * HOUR, Job::CurrencyRates)));
        table.extend((0..12).map(|n| (n * 2 * HOUR + 20 * MINUTE, Job::ShopSync)));
        table
    }

    fn action(self) -> &'static str {
        match self {
            Job::Backup => "job.backup",
            Job::EmailQueue => "job.email_queue",
            Job::CurrencyRates => "job.currency_rates",
            Job::IndexRebuild => "job.index_rebuild",
            Job::LogRotation => "job.log_rotation",
            Job::ScheduledReports => "job.scheduled_reports",
            Job::Reconciliation => "job.reconciliation",
            Job::ShopSync => "integration.sync",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Job::Backup => "Backup of the database",
            Job::EmailQueue => "E-mail queue",
            Job::CurrencyRates => "Currency rates",
            Job::IndexRebuild => "Search index rebuild",
            Job::LogRotation => "Rotation of log files",
            Job::ScheduledReports => "Scheduled reports",
            Job::Reconciliation => "Reconciliation of the day",
            Job::ShopSync => "Web shop synchronisation",
        }
    }

    fn component(self) -> &'static str {
        match self {
            Job::Backup => "database",
            Job::EmailQueue => "mail",
            Job::CurrencyRates | Job::Reconciliation => "finance",
            Job::IndexRebuild => "search",
            Job::LogRotation => "platform",
            Job::ScheduledReports => "reports",
            Job::ShopSync => "webshop",
        }
    }

    /// Mean run time in milliseconds and records handled.
    fn size(self) -> (i64, i64) {
        match self {
            Job::Backup => (240_000, 1_900_000),
            Job::EmailQueue => (2_100, 60),
            Job::CurrencyRates => (900, 34),
            Job::IndexRebuild => (75_000, 210_000),
            Job::LogRotation => (4_000, 40),
            Job::ScheduledReports => (31_000, 9),
            Job::Reconciliation => (52_000, 1_400),
            Job::ShopSync => (6_500, 180),
        }
    }
}

impl World {
    pub(crate) fn run_job(&mut self, at: Timestamp, job: Job) {
        let (mean_ms, mean_records) = job.size();
        let duration = mean_ms / 2 + self.random.wait(mean_ms / 2);
        let records = mean_records / 2 + self.random.between(0, mean_records.max(1));
        let days_before_end = (self.now.as_micros() - at.as_micros()) / DAY;
        let fails = job == Job::EmailQueue
            && self.office.hour(at) == 3
            && FAILURES_BEFORE_END_DAYS.contains(&days_before_end)
            && at < self.now;
        let last_night = job == Job::Reconciliation && days_before_end == 0;
        let warns = job == Job::Reconciliation && (last_night || self.random.chance(8));
        let (result, reason) = match (fails, warns) {
            (true, _) => ("failure", "the mail server did not answer"),
            (_, true) => ("warning", "two payments have no invoice"),
            _ => ("success", ""),
        };
        let mut draft = Draft::new(job.action(), Actor::system("scheduler"))
            .kind("system", "execute")
            .about(Target::new("job", job.action(), job.name()))
            .ending(result, reason)
            .saying(match result {
                "failure" => format!("{} failed", job.name()),
                "warning" => format!("{} finished with a warning", job.name()),
                _ => format!("{} finished", job.name()),
            })
            .counting(records)
            .taking(duration)
            .in_component(job.component());
        if fails {
            draft.severity = "high";
            let error = Draft::new("system.error", Actor::system("platform"))
                .kind("system", "other")
                .about(Self::system_target("mail", "Mail service"))
                .ending("failure", "connection timed out")
                .saying("The mail service could not reach its server")
                .in_component("mail");
            self.report_later(at, SECOND, error);
        }
        self.report(at, &draft);
    }

    pub(crate) fn heartbeat(&mut self, at: Timestamp) {
        self.queue
            .plan(at.plus_micros(HEARTBEAT_EVERY), Step::Heartbeat);
        let before_end = self.now.as_micros() - at.as_micros();
        let hit = (OUTAGE_BEFORE_END - HEARTBEAT_EVERY..OUTAGE_BEFORE_END).contains(&before_end);
        let covered = if hit {
            HEARTBEAT_EVERY - OUTAGE
        } else {
            HEARTBEAT_EVERY
        };
        let load = self.random.between(8, 62);
        let draft = Draft::new("system.heartbeat", Actor::system("monitor"))
            .kind("system", "other")
            .about(Self::system_target("erp", "ERP"))
            .saying(if hit {
                "Up again after a restart"
            } else {
                "Up and well"
            })
            .with("load_percent", Value::Whole(load))
            .taking(covered / 1000)
            .in_component("platform");
        self.report(at, &draft);
        if load > 60 {
            let mut slow = Draft::new("system.performance_alert", Actor::system("monitor"))
                .kind("system", "other")
                .about(Self::system_target("erp", "ERP"))
                .ending("warning", "slow answers")
                .saying("Answers take longer than half a second")
                .with("p95_ms", Value::Whole(500 + load))
                .in_component("platform");
            slow.severity = "medium";
            self.report(at, &slow);
        }
    }
}
