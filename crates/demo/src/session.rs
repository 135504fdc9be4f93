//! Signing in and out, mistyped passwords, and strangers at the door.

use event::Timestamp;

use crate::company::World;
use crate::draft::{Actor, Client, Draft, Target, Value};
use crate::office::{HOUR, MINUTE, SECOND};
use crate::queue::Step;
use crate::staff::PersonId;

/// A wrong password this many times locks the account.
pub(crate) const ATTEMPT_LIMIT: i64 = 5;
/// Strangers try from the documentation network 192.0.2.0/24.
const HOSTILE_NETWORK: &str = "192.0.2";
const HOSTILE_AGENT: &str = "python-requests/2.32.5";
/// Somebody does something about this often while signed in.
const WORK_EVERY: i64 = 22 * MINUTE;

pub(crate) type SessionId = u64;

/// One person signed in from one place.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) person: PersonId,
    pub(crate) token: String,
    pub(crate) client: Client,
    pub(crate) began: Timestamp,
    pub(crate) ends: Timestamp,
}

impl World {
    /// A person comes to work: sometimes after a mistyped password or two.
    pub(crate) fn sign_in(&mut self, at: Timestamp, person: PersonId) {
        if self.random.chance(5) {
            let wrong = 1 + i64::from(self.random.chance(30));
            for attempt in 1..=wrong {
                self.queue.plan(
                    at.plus_micros((attempt - 1) * 9 * SECOND),
                    Step::Mistyped(person, attempt),
                );
            }
            let after = at.plus_micros(wrong * 11 * SECOND);
            return self.open_session(after, at, person);
        }
        self.open_session(at, at, person);
    }

    /// Opens a session at `at`; events planned for later than `now` wait their turn.
    fn open_session(&mut self, at: Timestamp, now: Timestamp, person: PersonId) {
        let at_home = self.random.chance(25);
        let on_phone = at_home && self.random.chance(20);
        let client = self.staff[person].client(at_home, on_phone);
        let token = self.token("sess");
        let length = self.random.between(3 * HOUR, 8 * HOUR);
        let session = Session {
            person,
            token: token.clone(),
            client: client.clone(),
            began: at,
            ends: at.plus_micros(length),
        };
        let p = &self.staff[person];
        let mut draft = Draft::new("login", p.actor())
            .kind("security", "login")
            .about(p.target())
            .saying(format!("{} signed in from {}", p.name(), client.ip))
            .with(
                "method",
                (if p.second_factor {
                    "password and code"
                } else {
                    "password"
                })
                .into(),
            )
            .with_client(client)
            .in_component("auth");
        draft.session = token;
        let (ends, id) = (session.ends, self.next_session);
        self.next_session += 1;
        self.sessions.insert(id, session);
        self.report_later(now, at.as_micros() - now.as_micros(), draft);
        let first = self.random.wait(4 * MINUTE);
        self.queue.plan(at.plus_micros(first), Step::Work(id));
        self.queue.plan(ends, Step::SignOut(id));
    }

    /// One thing is done in a session and the next is planned.
    pub(crate) fn work(&mut self, at: Timestamp, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let ends = session.ends;
        self.work_once(at, id);
        let next = at.plus_micros(self.random.wait(WORK_EVERY).max(5 * SECOND));
        if next < ends {
            self.queue.plan(next, Step::Work(id));
        }
    }

    pub(crate) fn sign_out(&mut self, at: Timestamp, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        // Some just close the lid: their session ends by itself.
        if self.random.chance(12) {
            return;
        }
        let person = &self.staff[session.person];
        let minutes = (at.as_micros() - session.began.as_micros()) / MINUTE;
        let mut draft = Draft::new("logout", person.actor())
            .kind("security", "logout")
            .about(person.target())
            .saying(format!(
                "{} signed out after {minutes} minutes",
                person.name()
            ))
            .with("session_minutes", Value::Whole(minutes))
            .with_client(session.client)
            .in_component("auth");
        draft.session = session.token;
        self.report(at, &draft);
    }

    pub(crate) fn mistype(&mut self, at: Timestamp, person: PersonId, attempt: i64) {
        let client = self.staff[person].client(false, false);
        let draft = self.failed_sign_in(person, attempt, client);
        self.report(at, &draft);
    }

    /// A failed sign-in of a known account, numbered against the limit.
    pub(crate) fn failed_sign_in(&self, person: PersonId, attempt: i64, client: Client) -> Draft {
        let p = &self.staff[person];
        let mut draft = Draft::new("login", p.actor())
            .kind("security", "login")
            .about(p.target())
            .ending("failure", "wrong password")
            .saying(format!(
                "Failed sign-in {attempt} of {ATTEMPT_LIMIT} for {}",
                p.email()
            ))
            .with("attempt", Value::Whole(attempt))
            .with("attempt_limit", Value::Whole(ATTEMPT_LIMIT))
            .with_client(client)
            .in_component("auth");
        draft.severity = match attempt {
            ATTEMPT_LIMIT.. => "high",
            3.. => "medium",
            _ => "low",
        };
        draft
    }

    /// The account is locked after too many attempts.
    pub(crate) fn account_locked(&self, person: PersonId, client: Client) -> Draft {
        let p = &self.staff[person];
        let mut draft = Draft::new("account.lock", Actor::system("auth"))
            .about(p.target())
            .ending("denied", "too many failed sign-ins")
            .saying(format!(
                "Account of {} locked after {ATTEMPT_LIMIT} failed sign-ins",
                p.name()
            ))
            .with_client(client)
            .in_component("auth");
        draft.severity = "high";
        draft
    }

    pub(crate) fn hostile_client(&mut self) -> Client {
        let host = 10 + self.random.favouring_few(40);
        Client {
            ip: format!("{HOSTILE_NETWORK}.{host}"),
            user_agent: HOSTILE_AGENT,
        }
    }

    /// A stranger guesses names at the door.
    pub(crate) fn intrude(&mut self, at: Timestamp) {
        let next = self.random.wait(4 * HOUR);
        self.queue.plan(at.plus_micros(next), Step::Intruder);
        let client = self.hostile_client();
        for n in 0..self.random.between(1, 5) {
            let draft = self.unknown_sign_in(n + 1, client.clone());
            self.report_later(at, n * 4 * SECOND, draft);
        }
    }

    /// A failed sign-in with a name nobody here has.
    pub(crate) fn unknown_sign_in(&mut self, attempt: i64, client: Client) -> Draft {
        let guessed = self
            .random
            .pick(&["admin", "root", "test", "billing", "sales"]);
        let mut draft = Draft::new("login", Actor::anonymous())
            .kind("security", "login")
            .about(Target::new(
                "user",
                format!("{guessed}@example.com"),
                guessed,
            ))
            .ending("failure", "unknown user")
            .saying(format!(
                "Failed sign-in {attempt} of {ATTEMPT_LIMIT} with the unknown name {guessed}"
            ))
            .with("attempt", Value::Whole(attempt))
            .with("attempt_limit", Value::Whole(ATTEMPT_LIMIT))
            .with_client(client)
            .in_component("auth");
        draft.severity = if attempt >= ATTEMPT_LIMIT {
            "high"
        } else {
            "medium"
        };
        draft
    }
}
