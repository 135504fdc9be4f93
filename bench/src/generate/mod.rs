//! Seeded audit events in the shape of `POST /v1/events`: the same plan gives the same bytes.
//!
//! 5,000 actors and 200,000 records, both Zipf, over some days with office hours; about 700 bytes
//! an event. Peers were measured with these bytes, so a change here makes old figures worthless:
//! new behaviour is added behind an option that is off unless asked for, with a random stream of
//! its own.

mod clock;
mod random;
mod record;
mod words;

use std::fmt::Write as _;

use clock::OfficeHours;
pub(crate) use clock::rfc3339;
use random::{Random, Zipf, mix};
use words::{DEPTS, FIELDS, FIRST, JOBS, LAST, PHRASES, SERVICES, UAS, VALS, WORDS};

const USERS: usize = 5_000;
const RECORDS: usize = 200_000;
/// Addresses that failed sign-ins come from again and again.
const HOSTILE_ADDRESSES: usize = 400;
/// A late event happened up to this long before the one it follows in the stream.
const LATE_MAX_MICROS: u64 = 48 * 3_600_000_000;

/// What to generate.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) count: u64,
    pub(crate) seed: u64,
    /// Days the events are spread over.
    pub(crate) days: i64,
    /// Unix seconds of the first day's start.
    pub(crate) start_unix: i64,
    /// Every event's time is moved by up to this many seconds either way (parallel senders).
    pub(crate) jitter_seconds: u32,
    /// Percent of the events that arrive up to two days late.
    pub(crate) late_percent: u32,
}

impl Plan {
    /// 90 days from 24 August 2026, as the published figures use them.
    pub(crate) fn new(count: u64, seed: u64) -> Self {
        Self {
            count,
            seed,
            days: 90,
            start_unix: 1_787_529_600,
            jitter_seconds: 0,
            late_percent: 0,
        }
    }

    /// Microseconds since 1970 at which the last day ends.
    pub(crate) fn end_micros(&self) -> i64 {
        (self.start_unix + self.days * 86_400) * 1_000_000
    }
}

/// Writes one event after the other.
pub(crate) struct Generator {
    plan: Plan,
    made: u64,
    random: Random,
    /// Moves times when the plan asks for it; apart, so that it does not disturb the rest.
    disorder: Random,
    hours: OfficeHours,
    users: Zipf,
    records: Zipf,
    phrases: Zipf,
    words: Zipf,
    hostile: Zipf,
    message: String,
}

impl Generator {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            made: 0,
            random: Random::new(plan.seed),
            disorder: Random::new(mix(plan.seed ^ 0xD150)),
            hours: OfficeHours::new(plan.start_unix, plan.days),
            users: Zipf::new(USERS, 1.0),
            records: Zipf::new(RECORDS, 0.9),
            phrases: Zipf::new(PHRASES.len(), 0.9),
            words: Zipf::new(WORDS.len(), 0.7),
            hostile: Zipf::new(HOSTILE_ADDRESSES, 1.1),
            message: String::with_capacity(400),
            plan,
        }
    }

    /// Appends the next event and a line feed; false when the plan's count is reached.
    pub(crate) fn write_next(&mut self, out: &mut String) -> bool {
        if self.made == self.plan.count {
            return false;
        }
        let r = &mut self.random;
        let position = (self.made as f64 + r.fraction()) / self.plan.count as f64;
        let ingested = self.hours.at(position);
        self.made += 1;
        // 3 % arrive late: their own time lies up to 30 s before.
        let occurred = if r.below(100) < 3 {
            (ingested - r.below(30_000_000) as i64).max(self.hours.start_micros())
        } else {
            ingested
        };
        let occurred = disordered(&self.plan, &mut self.disorder, occurred);

        let what = What::draw(r);
        let user = self.users.draw(r);
        let record = self.records.draw(r);
        let failed = what.action == "login_failed" || r.below(100) < 4;

        out.push_str("{\"occurred_at\":\"");
        rfc3339(out, occurred);
        let (a, b) = (r.next(), r.next());
        let ms = (ingested / 1000) as u64;
        let _ = write!(
            out,
            "\",\"id\":\"{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}\"",
            ms >> 16,
            ms & 0xffff,
            a & 0xfff,
            0x8000 | ((a >> 16) & 0x3fff),
            b & 0xffff_ffff_ffff
        );
        let name = if what.action == "login_failed" {
            "login"
        } else {
            what.action
        };
        let _ = write!(
            out,
            ",\"category\":\"{}\",\"action\":\"{name}\"",
            what.category()
        );

        let service = what.group == "system";
        let person = Person::of(user);
        if service {
            let s = SERVICES[r.below(SERVICES.len())];
            let _ = write!(
                out,
                ",\"actor\":{{\"type\":\"service\",\"id\":\"svc-{s}\",\"name\":\"{s}\",\"roles\":[\"service\"],\"groups\":[\"platform\"]}}"
            );
        } else {
            person.write_actor(out);
        }
        out.push_str(",\"targets\":[");
        if what.is_about_oneself() {
            let _ = write!(
                out,
                "{{\"type\":\"user\",\"id\":\"u-{:05}\",\"name\":\"{} {}\"}}",
                user + 1,
                person.first,
                person.last
            );
        } else if service {
            let job = JOBS[r.below(JOBS.len())];
            let _ = write!(
                out,
                "{{\"type\":\"job\",\"id\":\"job-{job}\",\"name\":\"{job}\"}}"
            );
        } else {
            record::target(out, record);
        }
        let outcome = if failed { "failure" } else { "success" };
        let _ = write!(out, "],\"outcome\":\"{outcome}\"");

        if service {
            let (third, fourth, session) = (r.below(4), r.below(250) + 1, r.next());
            let _ = write!(
                out,
                ",\"client\":{{\"ip\":\"10.0.{third}.{fourth}\",\"user_agent\":\"internal-scheduler/3.2\"}},\"session_id\":\"{session:016x}\",\"source\":{{\"app\":\"erp\",\"component\":\"scheduler\"}}"
            );
        } else {
            write_client(out, r, &self.hostile, &what, user, ingested);
        }
        if matches!(
            what.action,
            "update" | "settings_change" | "permission_change"
        ) {
            write_changes(out, r);
        }

        self.message.clear();
        self.message.push_str(what.lead());
        if !what.is_about_oneself() && !service {
            self.message.push(' ');
            record::name(&mut self.message, record);
        }
        if r.below(100) < 60 {
            self.message.push_str(": ");
            self.message.push_str(PHRASES[self.phrases.draw(r)]);
        }
        let extra_words = [0, 0, 1, 2, 3, 4, 6, 10][r.below(8)];
        for _ in 0..extra_words {
            self.message.push(' ');
            self.message.push_str(WORDS[self.words.draw(r)]);
        }
        if r.below(100) < 20 {
            let _ = write!(self.message, " ticket {}", 10_000 + r.below(900_000));
        }
        if self.message.len() < 20 {
            self.message.push_str(" from the web console");
        }
        self.message.truncate(200);
        let request = r.next() & 0xffff_ffff_ffff;
        let _ = write!(
            out,
            ",\"message\":\"{}\",\"request_id\":\"req-{request:012x}\"",
            self.message
        );
        let duration = (-(1.0 - r.fraction()).ln() * 120.0) as u64 + 1;
        let _ = write!(out, ",\"duration_ms\":{duration}");
        write_measures(out, r, what.action);
        out.push_str("}\n");
        true
    }
}

/// What happens: the display group it belongs to and the action's name.
struct What {
    group: &'static str,
    action: &'static str,
}

impl What {
    fn draw(r: &mut Random) -> Self {
        let group = r.weighted(&[
            ("record_change", 45),
            ("user_activity", 30),
            ("system", 15),
            ("security", 10),
        ]);
        let action = match group {
            "record_change" => {
                r.weighted(&[("create", 28), ("update", 57), ("delete", 8), ("import", 7)])
            }
            "user_activity" => r.weighted(&[
                ("view", 44),
                ("api_request", 25),
                ("login", 12),
                ("logout", 8),
                ("export", 7),
                ("search", 4),
            ]),
            "system" => r.weighted(&[
                ("job_run", 60),
                ("integration_sync", 22),
                ("backup", 8),
                ("config_reload", 10),
            ]),
            _ => r.weighted(&[
                ("login_failed", 45),
                ("permission_change", 15),
                ("settings_change", 15),
                ("mfa_challenge", 10),
                ("password_reset", 10),
                ("api_key_create", 5),
            ]),
        };
        Self { group, action }
    }

    fn category(&self) -> &'static str {
        match self.action {
            "view" | "search" => "view",
            "api_request" => "api_request",
            _ => self.group,
        }
    }

    fn is_about_oneself(&self) -> bool {
        matches!(
            self.action,
            "login" | "logout" | "login_failed" | "mfa_challenge" | "password_reset"
        )
    }

    /// The words a message begins with.
    fn lead(&self) -> &'static str {
        match self.action {
            "create" => "Created",
            "update" => "Updated",
            "delete" => "Deleted",
            "import" => "Imported",
            "view" => "Viewed",
            "api_request" => "API call on",
            "login" => "Signed in",
            "logout" => "Signed out",
            "export" => "Exported",
            "search" => "Searched",
            "job_run" => "Job finished",
            "integration_sync" => "Sync finished",
            "backup" => "Backup finished",
            "config_reload" => "Configuration reloaded",
            "login_failed" => "Failed login",
            "permission_change" => "Permissions changed on",
            "settings_change" => "Settings changed on",
            "mfa_challenge" => "MFA challenge",
            "password_reset" => "Password reset",
            _ => "API key created for",
        }
    }
}

struct Person {
    user: usize,
    first: &'static str,
    last: &'static str,
    department: &'static str,
    role: &'static str,
}

impl Person {
    fn of(user: usize) -> Self {
        let hash = mix(user as u64 ^ 0x5EED);
        let (department, roles) = DEPTS[(hash >> 40) as usize % DEPTS.len()];
        Self {
            user,
            first: FIRST[hash as usize % FIRST.len()],
            last: LAST[(hash >> 20) as usize % LAST.len()],
            department,
            role: roles[(hash >> 50) as usize % roles.len()],
        }
    }

    fn write_actor(&self, out: &mut String) {
        let Self {
            user,
            first,
            last,
            department,
            role,
        } = self;
        let _ = write!(
            out,
            ",\"actor\":{{\"type\":\"user\",\"id\":\"u-{0:05}\",\"name\":\"{first} {last}\",\"email\":\"{1}.{2}{0}@example.com\",\"roles\":[\"{role}\"],\"groups\":[\"{department}\"]}}",
            user + 1,
            first.to_lowercase(),
            last.to_lowercase(),
        );
    }
}

fn disordered(plan: &Plan, disorder: &mut Random, occurred: i64) -> i64 {
    let mut at = occurred;
    if plan.jitter_seconds > 0 {
        let span = u64::from(plan.jitter_seconds) * 2_000_000;
        at += disorder.below(span as usize) as i64 - span as i64 / 2;
    }
    if disorder.below(100) < plan.late_percent as usize {
        at -= disorder.below(LATE_MAX_MICROS as usize) as i64;
    }
    at.max(plan.start_unix * 1_000_000)
}

fn write_client(
    out: &mut String,
    r: &mut Random,
    hostile: &Zipf,
    what: &What,
    user: usize,
    ingested: i64,
) {
    out.push_str(",\"client\":{\"ip\":\"");
    if what.action == "login_failed" && r.below(100) < 70 {
        let h = mix(hostile.draw(r) as u64 ^ 0xBAD);
        let _ = write!(
            out,
            "185.{}.{}.{}",
            h % 256,
            (h >> 8) % 256,
            (h >> 16) % 254 + 1
        );
    } else {
        let h = mix((user as u64 * 4 + r.below(4) as u64) ^ 0x1F);
        let (second, third, fourth) = ((h >> 8) % 256, (h >> 16) % 256, (h >> 24) % 254 + 1);
        let _ = write!(out, "{}.{second}.{third}.{fourth}", 80 + h % 40);
    }
    let agent = if what.action == "api_request" {
        UAS[8 + r.below(5)]
    } else {
        UAS[(mix(user as u64) as usize + r.below(2)) % 8]
    };
    // A session is one person's four hours.
    let session = mix((user as u64) << 32 | (ingested / 14_400_000_000) as u64);
    let _ = write!(
        out,
        "\",\"user_agent\":\"{agent}\"}},\"session_id\":\"{session:016x}\",\"source\":{{\"app\":\"erp\",\"component\":\"web\"}}"
    );
}

fn write_changes(out: &mut String, r: &mut Random) {
    let count = 1 + r.weighted(&[(0, 55), (1, 30), (2, 15)]);
    out.push_str(",\"changes\":[");
    for k in 0..count {
        let field = r.pick(FIELDS);
        if k > 0 {
            out.push(',');
        }
        let _ = match field {
            "price" | "quantity" | "credit_limit" | "discount" | "stock_level" => {
                let (old, new) = (r.below(5000), r.below(5000));
                write!(out, "{{\"path\":\"{field}\",\"old\":{old},\"new\":{new}}}")
            }
            _ => {
                let (old, new) = (r.pick(VALS), r.pick(VALS));
                write!(
                    out,
                    "{{\"path\":\"{field}\",\"old\":\"{old}\",\"new\":\"{new}\"}}"
                )
            }
        };
    }
    out.push(']');
}

fn write_measures(out: &mut String, r: &mut Random, action: &str) {
    match action {
        "export" | "import" | "job_run" | "integration_sync" => {
            let _ = write!(out, ",\"counts\":{{\"records\":{}}}", r.below(20_000));
        }
        "create" | "update" => {
            if r.below(2) == 0 {
                let _ = write!(out, ",\"counts\":{{\"records\":{}}}", 1 + r.below(5));
            }
            let (whole, cents) = (r.below(20_000), r.below(100));
            let _ = write!(out, ",\"metadata\":{{\"amount\":{whole}.{cents:02}}}");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(plan: Plan, first_64_bits: u64) {
        let mut generator = Generator::new(plan);
        let mut text = String::new();
        while generator.write_next(&mut text) {}
        assert_eq!(
            fnv1a(text.as_bytes()),
            first_64_bits,
            "the published bytes changed"
        );
    }

    /// FNV-1a, 64 bits.
    fn fnv1a(bytes: &[u8]) -> u64 {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
            (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    #[test]
    fn the_bytes_are_those_the_published_figures_were_measured_with() {
        check(Plan::new(2_000, 42), 0x33e4_9ade_f760_eeb1);
        check(Plan::new(2_000, 7), 0x4201_ac68_f972_8ecb);
        check(
            Plan {
                days: 7,
                start_unix: 1_700_000_000,
                ..Plan::new(500, 9)
            },
            0xda7f_f3bf_2e6b_28f8,
        );
    }

    #[test]
    fn disorder_moves_times_and_nothing_else() {
        let (mut plain, mut moved) = (Generator::new(Plan::new(200, 3)), {
            let plan = Plan {
                jitter_seconds: 30,
                late_percent: 5,
                ..Plan::new(200, 3)
            };
            Generator::new(plan)
        });
        let (mut a, mut b) = (String::new(), String::new());
        while plain.write_next(&mut a) && moved.write_next(&mut b) {}
        let after_time = |line: &str| line.split_once(",\"id\"").map(|(_, rest)| rest.to_owned());
        assert_ne!(a, b);
        assert!(a.lines().map(after_time).eq(b.lines().map(after_time)));
    }
}
