//! The sequencer: the only code that makes a ledger grow.
//!
//! Batches go through four steps in one order: plan, stage, commit, publish. Before *commit*
//! returns nothing has happened; afterwards everything has, and a crash only delays *publish*:
//! recovery reads the same frame and publishes it at the next open. Between groups it signs what
//! is durable.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use event::{Acceptance, Content, Count, Entry, Event, Kind, Recorded, Salt, Sequence, Timestamp};

use crate::erasure::erasures_of;
use crate::frame::{FRAME_HEADER_BYTES, FrameBuilder, Month};
use crate::group::{Group, push_event};
use crate::ids::IdHash;
use crate::journal::{WriteError, Writer};
use crate::ledger::{AppendError, Inner, Mode, Outcomes, Placed, Prepared, Refused, id_of};
use crate::pool::Lane;
use crate::state::{Unit, UnitIds};

/// Events of a journal file at which it is closed, to be sealed.
pub const UNIT_EVENTS: u64 = 50_000;
/// Bytes of a journal file at which it is closed, to be sealed, 64 MiB.
pub const UNIT_BYTES: u64 = 64 << 20;
/// Closed journal files that are sealed together: the parts are larger and need fewer merges, and a
/// burst of as many events has the CPU for itself.
pub const SEAL_TOGETHER: usize = 4;
/// Bytes of journal files that are sealed together, at the most where there are several.
pub(crate) const SEAL_BYTES: u64 = 2 * UNIT_BYTES;
/// How long a closed journal file waits for others.
const SEAL_PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes gathered into one group from several batches, 8 MiB: what a sync takes along without
/// making everybody wait.
const GROUP_BYTES: usize = 8 << 20;
/// How soon after an event a checkpoint that covers it is signed. Half of what is promised.
pub const SIGN_AFTER: Duration = Duration::from_millis(500);
/// How far the clock may go back before that is an event of its own, in microseconds.
const CLOCK_JUMP_MICROS: i64 = 1_000_000;
/// The action of that event.
pub const CLOCK_JUMP_ACTION: &str = "annals.clock.jump";

pub(crate) type Reply = Box<dyn FnOnce(Result<Outcomes, AppendError>) + Send>;

/// A batch on its way.
pub(crate) struct Append {
    pub(crate) batch: Vec<Prepared>,
    pub(crate) mode: Mode,
    pub(crate) bytes: usize,
    pub(crate) reply: Reply,
}

/// What the sequencer is asked.
pub(crate) enum Command {
    /// Append a batch.
    Append(Append),
    /// Sign what is durable now.
    Sign,
    /// Close the journal file, then answer.
    Rotate(Sender<()>),
    /// Sign and end.
    Stop,
}

pub(crate) struct Sequencer {
    pub(crate) inner: Arc<Inner>,
    pub(crate) commands: Receiver<Command>,
    /// The open journal file; none before the first event and after a failed rotation.
    pub(crate) writer: Option<Writer>,
    pub(crate) sign_after: Duration,
    /// When closed journal files are sealed although more could join them.
    pub(crate) seal_at: Option<Instant>,
}

/// An answer that waits for the commit.
struct Waiting {
    reply: Reply,
    outcomes: Outcomes,
}

/// What a group will hold.
#[derive(Default)]
struct Plan {
    new: Vec<Staged>,
    /// Places in `new` by id.
    ids: UnitIds,
    waiting: Vec<Waiting>,
}

/// An event of a group, with the hash of its id.
struct Staged {
    prepared: Prepared,
    id: Option<IdHash>,
}

impl Sequencer {
    pub(crate) fn run(mut self) {
        let mut sign_at: Option<Instant> = None;
        let mut carried: Option<Command> = None;
        loop {
            let due = [sign_at, self.seal_at].into_iter().flatten().min();
            let command = match (carried.take(), due) {
                (Some(command), _) => Ok(command),
                (None, Some(at)) => self.commands.recv_deadline(at),
                (None, None) => self
                    .commands
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
            };
            match command {
                Ok(Command::Append(first)) => carried = self.gather_and_commit(first),
                Ok(Command::Sign) => sign_at = Some(Instant::now()),
                // What is due is done below.
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Command::Rotate(done)) => {
                    self.rotate_if_used();
                    let _ = done.send(());
                }
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.seal_at.is_some_and(|at| at <= Instant::now()) {
                self.seal_at = None;
                self.inner.wake(&[Lane::Fresh]);
            }
            let uncovered = self.inner.head.read().size.get() < self.inner.state.read().durable;
            sign_at = match sign_at {
                Some(at) if at <= Instant::now() => {
                    self.sign();
                    // Also after a failed attempt: it is tried again.
                    (self.inner.head.read().size.get() < self.inner.state.read().durable)
                        .then(|| Instant::now() + self.sign_after)
                }
                None if uncovered => Some(Instant::now() + self.sign_after),
                at => at.filter(|_| uncovered),
            };
        }
        self.sign();
        while let Ok(command) = self.commands.try_recv() {
            if let Command::Append(append) = command {
                self.inner
                    .queued_bytes
                    .fetch_sub(append.bytes, Ordering::AcqRel);
                (append.reply)(Err(AppendError::Stopped("it was closed".to_owned())));
            }
        }
    }

    /// Takes along what else waits, up to a limit, and commits it as one group. Returns a command
    /// that must come after it.
    fn gather_and_commit(&mut self, first: Append) -> Option<Command> {
        let mut bytes = first.bytes;
        let mut batches = vec![first];
        let mut carried = None;
        while bytes < GROUP_BYTES {
            match self.commands.try_recv() {
                Ok(Command::Append(next)) if bytes + next.bytes <= GROUP_BYTES => {
                    bytes += next.bytes;
                    batches.push(next);
                }
                Ok(other) => {
                    carried = Some(other);
                    break;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        let freed = batches.iter().map(|batch| batch.bytes).sum();
        self.inner.queued_bytes.fetch_sub(freed, Ordering::AcqRel);
        if let Some(why) = self.inner.failed.get() {
            batches
                .into_iter()
                .for_each(|batch| (batch.reply)(Err(AppendError::Stopped(why.clone()))));
            return carried;
        }
        let mut now = self.inner.clock.now();
        now = now.max(Timestamp::from_micros(0));
        let mut plan = Plan::default();
        self.plan_clock_jump(&mut plan, now);
        for batch in batches {
            self.plan(&mut plan, batch, now);
        }
        self.commit(plan, now);
        carried
    }

    /// Decides for each event of a batch: new, known, or refused.
    fn plan(&self, plan: &mut Plan, append: Append, now: Timestamp) {
        let start = plan.new.len();
        let next = self.inner.state.read().durable;
        let mut outcomes = Vec::with_capacity(append.batch.len());
        for prepared in append.batch {
            let known = prepared
                .event
                .id()
                .map(|id| (self.inner.id_key.hash(&id), id.into_owned()));
            if let Some((hash, id)) = &known {
                match self.known(plan, *hash, id, &prepared, next, now) {
                    Ok(None) => {}
                    Ok(Some(outcome)) => {
                        outcomes.push(outcome);
                        continue;
                    }
                    Err(error) => {
                        // Without its ids the ledger cannot tell what it knows: keep nothing.
                        plan.take_back(start);
                        return (append.reply)(Err(AppendError::Disk(error.to_string())));
                    }
                }
            }
            let place = plan.new.len();
            let id = known.map(|(hash, _)| hash);
            if let Some(hash) = id {
                plan.ids.insert(hash, place as u64);
            }
            outcomes.push(Ok(Placed {
                sequence: Sequence::new(next + place as u64),
                received_at: now,
                duplicate: false,
            }));
            plan.new.push(Staged { prepared, id });
        }
        if append.mode == Mode::Atomic && outcomes.iter().any(Result::is_err) {
            plan.take_back(start);
            for outcome in &mut outcomes {
                if outcome.is_ok() {
                    *outcome = Err(Refused::WithBatch);
                }
            }
            return (append.reply)(Ok(outcomes));
        }
        plan.waiting.push(Waiting {
            reply: append.reply,
            outcomes,
        });
    }

    /// What the ledger or this group already knows of an id.
    fn known(
        &self,
        plan: &Plan,
        hash: IdHash,
        id: &str,
        prepared: &Prepared,
        next: u64,
        now: Timestamp,
    ) -> std::io::Result<Option<Result<Placed, Refused>>> {
        let mut places = Vec::new();
        plan.ids.candidates(hash, &mut places);
        for place in places {
            let staged = usize::try_from(place).ok().and_then(|at| plan.new.get(at));
            let Some(Staged {
                prepared: staged, ..
            }) = staged
            else {
                continue;
            };
            if staged.event.id().as_deref() != Some(id) {
                continue;
            }
            let sequence = Sequence::new(next + place);
            return Ok(Some(if prepared.event.same_content(&staged.event) {
                Ok(Placed {
                    sequence,
                    received_at: now,
                    duplicate: true,
                })
            } else {
                Err(Refused::Conflict { existing: sequence })
            }));
        }
        for sequence in self.inner.id_candidates_of(hash)? {
            let (stored, kept) = self.inner.read(sequence).map_err(std::io::Error::other)?;
            // Dropped by retention: the id is free again.
            if !kept {
                continue;
            }
            let existing = stored.sequence;
            match &stored.content {
                Content::Erased { .. } => return Ok(Some(Err(Refused::Erased { existing }))),
                Content::Whole { event, .. } if event.id().as_deref() == Some(id) => {
                    return Ok(Some(if prepared.event.same_content(event) {
                        Ok(Placed {
                            sequence: existing,
                            received_at: stored.received_at,
                            duplicate: true,
                        })
                    } else {
                        Err(Refused::Conflict { existing })
                    }));
                }
                Content::Whole { .. } => {}
                // Parts of it were erased: what is left cannot be compared with what was sent.
                Content::Withheld(_) => match id_of(&stored) {
                    Some(other) if other != id => {}
                    _ => return Ok(Some(Err(Refused::Erased { existing }))),
                },
            }
        }
        Ok(None)
    }

    fn plan_clock_jump(&self, plan: &mut Plan, now: Timestamp) {
        let last = self.inner.state.read().last_received;
        if last - now.as_micros() <= CLOCK_JUMP_MICROS {
            return;
        }
        let json = serde_json::json!({
            "action": CLOCK_JUMP_ACTION,
            "actor": {"type": "system"},
            "message": "The server's clock went back.",
            "metadata": {"before": Timestamp::from_micros(last).to_string(), "after": now.to_string()},
        });
        let acceptance = Acceptance {
            now,
            key_id: None,
            import: None,
        };
        let mut salt = Salt([0; 16]);
        let prepared = self
            .inner
            .entropy
            .fill(&mut salt.0)
            .map_err(|error| error.to_string())
            .and_then(|()| {
                Event::accept_own(json.to_string().as_bytes(), &acceptance)
                    .map_err(|problem| problem.to_string())
            })
            .map(|event| Prepared::new(event, Kind::Own, salt, None));
        match prepared {
            Ok(prepared) => {
                let id = prepared.event.id().map(|id| self.inner.id_key.hash(&id));
                plan.new.push(Staged { prepared, id });
            }
            Err(error) => tracing::error!(
                error,
                "the clock went back and the event that says so could not be made"
            ),
        }
    }

    /// Writes the new events as one frame, syncs it, and only then tells anybody.
    fn commit(&mut self, plan: Plan, now: Timestamp) {
        let Plan { new, waiting, .. } = plan;
        if new.is_empty() {
            return answer(waiting, &Ok(()), u64::MAX);
        }
        let first = self.inner.state.read().durable;
        let (year, month) = now.year_month();
        let month = Month {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month,
        };
        if let Err(error) = self.ready_file(month) {
            return answer(waiting, &Err(self.refusal(&error)), first);
        }
        let Some(writer) = &mut self.writer else {
            return;
        };
        let bytes = new.iter().map(|it| bytes_in_frame(&it.prepared));
        let bytes: usize = bytes.sum();
        let mut builder = FrameBuilder::new(Vec::with_capacity(FRAME_HEADER_BYTES + bytes));
        let mut places = Vec::with_capacity(new.len());
        let mut entries = Vec::with_capacity(new.len());
        let mut ids = Vec::with_capacity(new.len());
        let mut erasures = Vec::new();
        let mut scratch = Vec::new();
        for (sequence, Staged { prepared, id }) in (first..).zip(new) {
            let entry = Entry {
                kind: prepared.kind,
                category: prepared.event.category(),
                received_at: now,
                field_count: prepared.event.field_count(),
                body_root: prepared.body_root,
            };
            entries.push(entry.to_bytes());
            ids.extend(id.map(|hash| (hash, sequence)));
            let recorded = Recorded {
                sequence: Sequence::new(sequence),
                received_at: now,
                kind: entry.kind,
                category: entry.category,
                content: Content::Whole {
                    salt: prepared.salt,
                    event: prepared.event,
                },
                enrichment: prepared.enrichment,
            };
            erasures.extend(
                erasures_of(&recorded)
                    .into_iter()
                    .map(|erasure| (sequence, erasure)),
            );
            let at = builder.push(|out| push_event(out, &recorded, &mut scratch));
            places.push(at + FRAME_HEADER_BYTES as u32);
        }
        let (frame, checksum) = builder.finish(&self.inner.id, first, writer.previous());
        if let Err(error) = writer.append(&frame, checksum) {
            let refusal = match error {
                WriteError::Refused(error) => self.refusal(&error),
                WriteError::Lost(error) => {
                    self.inner.fail(format!(
                        "a write to the journal could not be made durable: {error}"
                    ));
                    AppendError::Stopped(error.to_string())
                }
            };
            return answer(waiting, &Err(refusal), first);
        }
        // Committed. The events are in the ledger, whatever happens from here on; recovery reads
        // this frame and publishes the same.
        self.inner.full.store(false, Ordering::Release);
        let bytes = frame.len() as u64;
        let erases = !erasures.is_empty();
        let group = Arc::new(Group::new(first, frame, places));
        {
            let mut state = self.inner.state.write();
            state.durable = group.end();
            state.last_received = now.as_micros();
            entries.into_iter().for_each(|entry| state.tree.push(entry));
            state.erasures.extend(erasures);
            if let Some(unit) = state.units.back_mut() {
                unit.groups.push(group);
                unit.bytes += bytes;
                ids.into_iter()
                    .for_each(|(hash, sequence)| unit.ids.insert(hash, sequence));
            }
        }
        answer(waiting, &Ok(()), first);
        self.inner.announce();
        if erases {
            // An erasure is carried out on sealed events only.
            self.rotate_if_used();
        }
    }

    /// Makes sure that there is a journal file for events of this month with room in it.
    fn ready_file(&mut self, month: Month) -> std::io::Result<()> {
        let (first, fits) = {
            let state = self.inner.state.read();
            let fits = state.units.back().is_some_and(|unit| {
                unit.month == month
                    && unit.end() - unit.first < UNIT_EVENTS
                    && unit.bytes < UNIT_BYTES
            });
            (state.durable, fits)
        };
        if fits && self.writer.is_some() {
            return Ok(());
        }
        let empty = self
            .inner
            .state
            .read()
            .units
            .back()
            .is_some_and(|unit| unit.first == first);
        if empty {
            // A file without events, of another month or just taken up: it is made anew.
            self.inner.state.write().units.pop_back();
        }
        self.writer = None;
        self.writer = Some(Writer::create(
            &*self.inner.disk,
            &self.inner.id,
            first,
            month,
        )?);
        let (closed, bytes) = {
            let mut state = self.inner.state.write();
            let bytes: u64 = state.units.iter().map(|unit| unit.bytes).sum();
            let closed = state.units.len();
            state.units.push_back(Unit::new(first, month));
            (closed, bytes)
        };
        if closed >= SEAL_TOGETHER || bytes >= SEAL_BYTES {
            self.seal_at = None;
            self.inner.wake(&[Lane::Fresh]);
        } else if closed > 0 {
            self.seal_at.get_or_insert(Instant::now() + SEAL_PATIENCE);
        }
        Ok(())
    }

    /// Begins a new journal file unless the current one is empty. After a write whose fate is not
    /// known none may follow: the file must stay the last.
    fn rotate_if_used(&mut self) {
        if self.inner.failed.get().is_some() {
            return;
        }
        let month = self
            .inner
            .state
            .read()
            .units
            .back()
            .filter(|unit| unit.end() > unit.first)
            .map(|unit| unit.month);
        let Some(month) = month else { return };
        let first = self.inner.state.read().durable;
        self.writer = None;
        match Writer::create(&*self.inner.disk, &self.inner.id, first, month) {
            Ok(writer) => {
                self.writer = Some(writer);
                self.inner
                    .state
                    .write()
                    .units
                    .push_back(Unit::new(first, month));
                self.inner.wake(&[Lane::Fresh]);
            }
            Err(error) => {
                tracing::error!(ledger = %self.inner.origin, %error, "a new journal file could not be made")
            }
        }
    }

    fn refusal(&self, error: &std::io::Error) -> AppendError {
        if error.kind() == std::io::ErrorKind::StorageFull {
            self.inner.full.store(true, Ordering::Release);
            return AppendError::DiskFull;
        }
        AppendError::Disk(error.to_string())
    }

    /// Signs everything durable, unless that has been done.
    fn sign(&self) {
        let inner = &self.inner;
        if inner.failed.get().is_some() {
            return;
        }
        let (size, root) = {
            let state = inner.state.read();
            (Count::new(state.durable), state.tree.root())
        };
        if inner.head.read().size == size {
            return;
        }
        match inner
            .keeper
            .sign(&*inner.disk, size, root, inner.clock.now())
        {
            Ok(head) => {
                *inner.head.write() = Arc::new(head);
                inner.announce();
                if !inner.state.read().erasures.is_empty() {
                    inner.wake(&[Lane::Upkeep]);
                }
            }
            Err(error) => {
                tracing::error!(ledger = %inner.origin, %error, "the checkpoint could not be signed; it is tried again")
            }
        }
    }
}

impl Plan {
    /// Takes back what a batch staged.
    fn take_back(&mut self, start: usize) {
        let staged = self.new.get(start..).unwrap_or_default();
        let ids = staged.iter().filter_map(|staged| staged.id);
        self.ids.take_back(start as u64, ids);
        self.new.truncate(start);
    }
}

/// About what an event takes in a frame: salt, place, fields, enrichment and their lengths.
fn bytes_in_frame(prepared: &Prepared) -> usize {
    let enrichment = prepared.enrichment.as_ref();
    48 + prepared.event.encoded().len() + enrichment.map_or(0, |it| it.as_str().len())
}

/// Tells every sender what became of its batch. `first` is where the group was to begin: answers
/// that speak of events from there on hold only if the commit did.
fn answer(waiting: Vec<Waiting>, committed: &Result<(), AppendError>, first: u64) {
    let depends = |outcome: &Result<Placed, Refused>| match outcome {
        Ok(placed) => placed.sequence.get() >= first,
        Err(Refused::Conflict { existing } | Refused::Erased { existing }) => {
            existing.get() >= first
        }
        Err(Refused::WithBatch) => false,
    };
    for Waiting { reply, outcomes } in waiting {
        match committed {
            Err(error) if outcomes.iter().any(depends) => reply(Err(error.clone())),
            _ => reply(Ok(outcomes)),
        }
    }
}
