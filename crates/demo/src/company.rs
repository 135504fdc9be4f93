//! The company at one moment: its people, records and open sessions, and the loop that takes the
//! next step.

use std::collections::{BTreeMap, VecDeque};

use event::Timestamp;

use crate::draft::{Draft, Target};
use crate::jobs::{HEARTBEAT_EVERY, Job};
use crate::office::{DAY, HOUR, MINUTE, Office, SECOND};
use crate::queue::{Queue, Step};
use crate::random::Random;
use crate::records::Records;
use crate::session::{Session, SessionId};
use crate::staff::{self, Person};
use crate::{HISTORY_DAYS, Made, story};

/// Live, somebody does something about this often, in microseconds.
const PULSE: (i64, i64) = (1_500_000, 5_000_000);

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) office: Office,
    pub(crate) staff: Vec<Person>,
    pub(crate) records: Records,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) next_session: SessionId,
    pub(crate) queue: Queue,
    /// The moment the history ends.
    pub(crate) now: Timestamp,
    ready: VecDeque<Made>,
    live: bool,
}

impl World {
    pub(crate) fn found(seed: u64, now: Timestamp) -> Self {
        let mut random = Random::new(seed);
        let staff = staff::hire(&mut random);
        let records = Records::found(&mut random);
        let start = now.plus_micros(-HISTORY_DAYS * DAY);
        let mut queue = Queue::default();
        queue.plan(start, Step::Day);
        queue.plan(start.plus_micros(HEARTBEAT_EVERY), Step::Heartbeat);
        queue.plan(start.plus_micros(2 * MINUTE), Step::ShopOrder);
        queue.plan(start.plus_micros(3 * MINUTE), Step::ApiCall);
        queue.plan(start.plus_micros(HOUR), Step::Intruder);
        for (at, beat) in story::script(start, now) {
            queue.plan(at, Step::Beat(beat));
        }
        Self {
            random,
            office: Office::new(),
            staff,
            records,
            sessions: BTreeMap::new(),
            next_session: 1,
            queue,
            now,
            ready: VecDeque::new(),
            live: false,
        }
    }

    /// From now on something happens every few seconds, at night too.
    pub(crate) fn go_live(&mut self, from: Timestamp) {
        if !self.live {
            self.live = true;
            self.queue.plan(from.plus_micros(SECOND), Step::Pulse);
        }
    }

    /// The next event that happens at `until` or before.
    pub(crate) fn next_until(&mut self, until: Timestamp) -> Option<Made> {
        loop {
            if let Some(made) = self.ready.pop_front() {
                return Some(made);
            }
            let (at, step) = self.queue.next_due(until)?;
            self.take(at, step);
        }
    }

    /// Reports an event at the present moment of the company.
    pub(crate) fn report(&mut self, at: Timestamp, draft: &Draft) {
        let noise = [self.random.bits(), self.random.bits()];
        self.ready.push_back(draft.made(at, noise));
    }

    /// Reports an event some microseconds later.
    pub(crate) fn report_later(&mut self, at: Timestamp, after: i64, draft: Draft) {
        self.queue
            .plan(at.plus_micros(after), Step::Happens(Box::new(draft)));
    }

    /// A name that ties events together.
    pub(crate) fn token(&mut self, prefix: &str) -> String {
        format!("{prefix}_{:012x}", self.random.bits() & 0xffff_ffff_ffff)
    }

    fn take(&mut self, at: Timestamp, step: Step) {
        match step {
            Step::Day => self.begin_day(at),
            Step::SignIn(person) => self.sign_in(at, person),
            Step::Mistyped(person, attempt) => self.mistype(at, person, attempt),
            Step::Work(session) => self.work(at, session),
            Step::SignOut(session) => self.sign_out(at, session),
            Step::Happens(draft) => self.report(at, &draft),
            Step::ShopOrder => self.shop_order(at),
            Step::ApiCall => self.api_call(at),
            Step::Agent => self.agent_at_work(at),
            Step::Intruder => self.intrude(at),
            Step::Job(job) => self.run_job(at, job),
            Step::Heartbeat => self.heartbeat(at),
            Step::Beat(beat) => self.tell(at, beat),
            Step::Pulse => self.pulse(at),
        }
    }

    /// Plans who comes in, and the jobs of the day.
    fn begin_day(&mut self, at: Timestamp) {
        let date = self.office.date(at);
        let midnight = self.office.midnight(date);
        let weekend = Office::is_weekend(date);
        for person in 0..self.staff.len() {
            let comes = match (weekend, self.staff[person].department.works_weekends()) {
                (false, _) => 88,
                (true, true) => 22,
                (true, false) => 2,
            };
            let arrives = 8 * HOUR + 30 * MINUTE + self.random.between(-70 * MINUTE, 70 * MINUTE);
            if self.random.chance(comes) {
                self.plan_from(at, midnight.plus_micros(arrives), Step::SignIn(person));
            }
        }
        for (of_day, job) in Job::timetable() {
            self.plan_from(at, midnight.plus_micros(of_day), Step::Job(job));
        }
        for _ in 0..6 {
            let of_day = self.random.between(8 * HOUR, 18 * HOUR);
            self.plan_from(at, midnight.plus_micros(of_day), Step::Agent);
        }
        // 25 hours and a bit later it is the next day even where the clock was changed.
        let tomorrow = self.office.date(midnight.plus_micros(DAY + 2 * HOUR));
        let next = self.office.midnight(tomorrow);
        self.queue.plan(next, Step::Day);
    }

    /// Plans a step unless its time has passed already.
    fn plan_from(&mut self, now: Timestamp, at: Timestamp, step: Step) {
        if at > now {
            self.queue.plan(at, step);
        }
    }

    /// Live: somebody in the office does something; at night somebody comes in for it.
    fn pulse(&mut self, at: Timestamp) {
        let next = self.random.between(PULSE.0, PULSE.1);
        self.queue.plan(at.plus_micros(next), Step::Pulse);
        if self.random.chance(20) {
            return self.make_api_call(at);
        }
        let open: Vec<SessionId> = self.sessions.keys().copied().collect();
        if open.len() < 3 {
            let person = self.random.below(self.staff.len());
            return self.sign_in(at, person);
        }
        let session = open[self.random.below(open.len())];
        self.work_once(at, session);
    }

    /// The company as something events are about.
    pub(crate) fn system_target(id: &str, name: &str) -> Target {
        Target::new("system", id, name)
    }
}
