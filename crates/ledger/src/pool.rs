//! Background work: what every ledger and view of a process has to do besides answering, done by
//! one small pool of threads.
//!
//! The threads take no input: they are told that somebody may have work in a [`Lane`], and he looks
//! at his state and does the next piece, which is safe to repeat. After a piece the next in the
//! queue has his turn, so that no tenant waits for all the work of another. A busy machine gives
//! requests the CPU before all lanes but the first (module `pace`).

use std::collections::{HashMap, VecDeque};
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use event::Count;
use parking_lot::{Condvar, Mutex};

use crate::pace::{self, Pace, Patience, Requests, thread_cpu};
use crate::side_by_side::cores;

/// How long a piece of work that failed waits until it is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// How often everybody is asked for work that comes with time alone.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Which pieces of work wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// What senders are put off for if it falls far behind: sealing, and the index of what was just
    /// sealed. Half as many threads as there are cores.
    Fresh,
    /// What keeps files few, and erased events gone: one thread.
    Upkeep,
    /// What only saves space: one thread.
    Cold,
}

impl Lane {
    /// Every lane, the most urgent first.
    pub const ALL: [Lane; 3] = [Lane::Fresh, Lane::Upkeep, Lane::Cold];

    fn threads(self) -> usize {
        match self {
            Lane::Fresh => (cores() / 2).max(1),
            Lane::Upkeep | Lane::Cold => 1,
        }
    }

    fn thread_name(self) -> &'static str {
        match self {
            Lane::Fresh => "annals-fresh",
            Lane::Upkeep => "annals-upkeep",
            Lane::Cold => "annals-cold",
        }
    }
}

/// Who has background work.
pub trait Work: Send + Sync {
    /// Whose work it is, for the log.
    fn name(&self) -> &str;

    /// Does the next piece of work of a lane; `false` if there is none. Pieces are counted by
    /// [`Meters::measure`].
    ///
    /// # Errors
    /// When the piece failed; it is tried again later.
    fn work(&self, lane: Lane, meters: &Meters) -> io::Result<bool>;

    /// The events before `end` will be sealed as soon as this returns: what is to be made of them
    /// while they are in memory is made now.
    fn before_seal(&self, _end: Count) {}
}

/// What a piece of work does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Journal files become parts.
    Seal,
    /// The index of a part is made.
    Index,
    /// What tombstones erased is removed from parts.
    Erase,
    /// Small parts, or runs of ids, become a larger one.
    Merge,
    /// A part that rests is packed tighter.
    Recompress,
}

impl Task {
    /// Every task.
    pub const ALL: [Task; 5] = [
        Task::Seal,
        Task::Index,
        Task::Erase,
        Task::Merge,
        Task::Recompress,
    ];

    /// Its name, in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Seal => "seal",
            Task::Index => "index",
            Task::Erase => "erase",
            Task::Merge => "merge",
            Task::Recompress => "recompress",
        }
    }
}

/// What became of the pieces of one task since the start of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Pieces done.
    pub done: u64,
    /// Pieces that failed, each try counted.
    pub failed: u64,
    /// Pieces being done now.
    pub running: u64,
    /// CPU time of all pieces.
    pub cpu: Duration,
    /// Bytes of new files, of the pieces that are done.
    pub written_bytes: u64,
}

#[derive(Default)]
struct Meter {
    done: AtomicU64,
    failed: AtomicU64,
    running: AtomicU64,
    cpu_nanos: AtomicU64,
    written_bytes: AtomicU64,
}

/// Counts background work.
#[derive(Default)]
pub struct Meters {
    tasks: [Meter; Task::ALL.len()],
    patience: Patience,
}

impl Meters {
    /// Does a piece of work on this thread and counts it. `piece` answers with the bytes it wrote,
    /// or `None` if it turned out that there was nothing to do; `true` stands for the first.
    ///
    /// # Errors
    /// Those of the piece.
    pub fn measure(
        &self,
        task: Task,
        piece: impl FnOnce(&Piece<'_>) -> io::Result<Option<u64>>,
    ) -> io::Result<bool> {
        struct Running<'m>(&'m Meter, Duration);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.add_cpu(thread_cpu().saturating_sub(self.1));
                self.0.running.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let meter = &self.tasks[task as usize];
        meter.running.fetch_add(1, Ordering::Relaxed);
        let running = Running(meter, thread_cpu());
        let done = piece(&Piece {
            meter,
            patience: &self.patience,
        });
        drop(running);
        match &done {
            Ok(Some(bytes)) => {
                meter.done.fetch_add(1, Ordering::Relaxed);
                meter.written_bytes.fetch_add(*bytes, Ordering::Relaxed);
            }
            Ok(None) => {}
            Err(_) => {
                meter.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(done?.is_some())
    }

    /// What was counted so far.
    pub fn tally(&self, task: Task) -> Tally {
        let meter = &self.tasks[task as usize];
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        Tally {
            done: read(&meter.done),
            failed: read(&meter.failed),
            running: read(&meter.running),
            cpu: Duration::from_nanos(read(&meter.cpu_nanos)),
            written_bytes: read(&meter.written_bytes),
        }
    }
}

impl Meter {
    fn add_cpu(&self, cpu: Duration) {
        let nanos = cpu.as_nanos() as u64;
        self.cpu_nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// A piece of work that is being measured.
pub struct Piece<'m> {
    meter: &'m Meter,
    patience: &'m Patience,
}

impl Piece<'_> {
    /// Does the long part of the piece on a thread of its own, which has the CPU only while nobody
    /// else wants it, and waits for it. It must take no lock that a request may wait for. `work` is
    /// told whether it gives way; if so it breaks off with `Interrupted` when it gets nowhere, and
    /// the next pieces do not give way.
    ///
    /// # Errors
    /// Those of the work, and when no thread can be started.
    pub(crate) fn aside<T: Send>(
        &self,
        work: impl FnOnce(bool) -> io::Result<T> + Send,
    ) -> io::Result<T> {
        let gives_way = self.patience.gives_way();
        let (done, cpu) = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("annals-aside".to_owned())
                .spawn_scoped(scope, || {
                    if gives_way {
                        pace::give_way();
                    } else {
                        pace::step_back();
                    }
                    (work(gives_way), thread_cpu())
                })?;
            let joined = thread.join();
            io::Result::Ok(joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })?;
        self.meter.add_cpu(cpu);
        if gives_way && is_broken_off(&done) {
            self.patience.hurry();
        }
        done
    }
}

/// Did a piece break off, to be done again later if at all?
pub(crate) fn is_broken_off<T>(done: &io::Result<T>) -> bool {
    matches!(done, Err(error) if error.kind() == io::ErrorKind::Interrupted)
}

/// The threads, and who is waiting for them.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start() -> io::Result<Pool> {
        let pool = Pool::without_threads();
        for lane in Lane::ALL {
            for _ in 0..lane.threads() {
                let shared = pool.shared.clone();
                let thread = std::thread::Builder::new()
                    .name(lane.thread_name().to_owned())
                    .spawn(move || {
                        match lane {
                            // A burst has the CPU for itself, as long as few files wait.
                            Lane::Fresh => pace::step_back(),
                            Lane::Upkeep | Lane::Cold => pace::step_back_further(),
                        }
                        shared.run(lane);
                    })?;
                pool.threads.lock().push(thread);
            }
        }
        Ok(pool)
    }

    /// Work is done by whoever asks for it, on his own thread.
    pub fn without_threads() -> Pool {
        Pool {
            shared: Arc::default(),
            threads: Mutex::default(),
        }
    }

    /// Makes somebody known who will have work.
    pub fn know(&self, who: Weak<dyn Work>) {
        let mut known = self.shared.known.lock();
        known.retain(|who| who.strong_count() > 0);
        known.push(who);
    }

    /// Says that somebody may have work in these lanes.
    pub fn wake(&self, who: &Weak<dyn Work>, lanes: &[Lane]) {
        if self.threads.lock().is_empty() {
            return;
        }
        for lane in lanes {
            self.shared.lanes[*lane as usize].wake(who);
        }
    }

    /// Takes note that somebody asks or sends something.
    pub(crate) fn note_request(&self) {
        self.shared.requests.note();
    }

    /// Says whether the disk has room for what must be kept alone: then nothing is sealed, merged or
    /// packed, whose new files would take it before the old ones go, but for what is to be erased.
    pub fn save_space(&self, saves: bool) {
        self.shared.saves_space.store(saves, Ordering::Release);
        if !saves {
            let known = self.shared.known.lock().clone();
            known.iter().for_each(|who| self.wake(who, &Lane::ALL));
        }
    }

    /// Whether only what must be kept may take room on the disk.
    pub fn saves_space(&self) -> bool {
        self.shared.saves_space.load(Ordering::Acquire)
    }

    /// Begins a piece of work that rests now and then, on this thread, which gives way or does not.
    pub(crate) fn pace(&self, gives_way: bool) -> Pace<'_> {
        Pace::new(&self.shared.requests, gives_way)
    }

    /// What was done so far.
    pub fn meters(&self) -> &Meters {
        &self.shared.meters
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for lane in &self.shared.lanes {
            lane.stop();
        }
        // Taken out first: a piece that is being done may still wake others.
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            // The last owner may be a piece of work.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

#[derive(Default)]
struct Shared {
    lanes: [Queue; Lane::ALL.len()],
    known: Mutex<Vec<Weak<dyn Work>>>,
    meters: Meters,
    requests: Requests,
    saves_space: AtomicBool,
}

impl Shared {
    fn run(&self, lane: Lane) {
        let queue = &self.lanes[lane as usize];
        loop {
            let who = match queue.next() {
                Next::Work(who) => who,
                Next::LookAgain if lane == Lane::Cold => {
                    let known = self.known.lock().clone();
                    known.iter().for_each(|who| queue.wake(who));
                    continue;
                }
                Next::LookAgain => continue,
                Next::Stop => return,
            };
            let left = match who.upgrade() {
                Some(who) => self.piece(&*who, lane),
                None => Left::Nothing,
            };
            queue.done(who, left);
        }
    }

    fn piece(&self, who: &dyn Work, lane: Lane) -> Left {
        let work = || who.work(lane, &self.meters);
        // A piece that panics must not end the work of all others.
        match std::panic::catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(true)) => Left::More,
            Ok(Ok(false)) => Left::Nothing,
            Ok(Err(error)) => {
                tracing::error!(ledger = who.name(), %error, "background work on a ledger failed; it is tried again");
                Left::Failed
            }
            Err(_) => {
                tracing::error!(
                    ledger = who.name(),
                    "background work on a ledger broke off; it is tried again"
                );
                Left::Failed
            }
        }
    }
}

/// What a piece of work leaves behind.
enum Left {
    More,
    Nothing,
    Failed,
}

enum Next {
    Work(Weak<dyn Work>),
    LookAgain,
    Stop,
}

/// Who waits in a lane. Everybody waits once, and is served by one thread at a time.
#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<Weak<dyn Work>>,
    /// Those who wait, `false`, or are being served; then `true` says that they were woken again.
    places: HashMap<usize, Place>,
    failed: Vec<(Instant, Weak<dyn Work>)>,
    looked: Option<Instant>,
    stopped: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Waiting,
    Served,
    ServedAndWoken,
}

fn address(who: &Weak<dyn Work>) -> usize {
    who.as_ptr().cast::<()>().addr()
}

impl Queue {
    fn wake(&self, who: &Weak<dyn Work>) {
        let mut state = self.state.lock();
        match state.places.get(&address(who)) {
            Some(Place::Served) => {
                state.places.insert(address(who), Place::ServedAndWoken);
            }
            Some(Place::Waiting | Place::ServedAndWoken) => {}
            None => {
                state.places.insert(address(who), Place::Waiting);
                state.waiting.push_back(who.clone());
                self.changed.notify_one();
            }
        }
    }

    fn next(&self) -> Next {
        let mut state = self.state.lock();
        loop {
            if state.stopped {
                return Next::Stop;
            }
            let now = Instant::now();
            let due = |failed: &(Instant, Weak<dyn Work>)| failed.0 <= now;
            let ready: Vec<_> = state.failed.extract_if(.., |it| due(it)).collect();
            for (_, who) in ready {
                state.waiting.push_back(who);
            }
            if let Some(who) = state.waiting.pop_front() {
                state.places.insert(address(&who), Place::Served);
                return Next::Work(who);
            }
            let looked = *state.looked.get_or_insert(now);
            if now.duration_since(looked) >= LOOK_AGAIN {
                state.looked = Some(now);
                return Next::LookAgain;
            }
            let retry = state.failed.iter().map(|failed| failed.0).min();
            let until = retry.map_or(looked + LOOK_AGAIN, |retry| retry.min(looked + LOOK_AGAIN));
            self.changed.wait_until(&mut state, until);
        }
    }

    fn done(&self, who: Weak<dyn Work>, left: Left) {
        let mut state = self.state.lock();
        let woken = state.places.remove(&address(&who)) == Some(Place::ServedAndWoken);
        match left {
            Left::Nothing if !woken => {}
            Left::More | Left::Nothing => {
                state.places.insert(address(&who), Place::Waiting);
                state.waiting.push_back(who);
                self.changed.notify_one();
            }
            Left::Failed => {
                state.places.insert(address(&who), Place::Waiting);
                state.failed.push((Instant::now() + RETRY, who));
            }
        }
    }

    fn stop(&self) {
        self.state.lock().stopped = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody with a number of pieces to do, each of which takes a while.
    struct Pieces {
        left: AtomicU64,
        takes: Duration,
        fails_once: AtomicBool,
        panics_once: AtomicBool,
        order: Arc<Mutex<Vec<&'static str>>>,
        name: &'static str,
        served: AtomicU64,
    }

    impl Pieces {
        fn new(name: &'static str, left: u64, order: &Arc<Mutex<Vec<&'static str>>>) -> Pieces {
            Pieces {
                left: AtomicU64::new(left),
                takes: Duration::from_millis(2),
                fails_once: AtomicBool::new(false),
                panics_once: AtomicBool::new(false),
                order: order.clone(),
                name,
                served: AtomicU64::new(0),
            }
        }

        fn is_done(&self) -> bool {
            self.left.load(Ordering::SeqCst) == 0
        }
    }

    impl Work for Pieces {
        fn name(&self) -> &str {
            self.name
        }

        fn work(&self, _: Lane, meters: &Meters) -> io::Result<bool> {
            let served = self.served.fetch_add(1, Ordering::SeqCst);
            assert_eq!(served, 0, "one thread at a time");
            std::thread::sleep(self.takes);
            let done = meters.measure(Task::Merge, |_| {
                if self.fails_once.swap(false, Ordering::SeqCst) {
                    return Err(io::Error::other("as the test wants it"));
                }
                self.order.lock().push(self.name);
                let left = self.left.load(Ordering::SeqCst);
                self.left.store(left.saturating_sub(1), Ordering::SeqCst);
                Ok((left > 0).then_some(10))
            });
            self.served.store(0, Ordering::SeqCst);
            assert!(!self.panics_once.swap(false, Ordering::SeqCst));
            done
        }
    }

    fn wait(what: impl Fn() -> bool) {
        let begun = Instant::now();
        while !what() {
            assert!(begun.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn everybody_has_his_turn_after_each_piece() {
        let pool = Pool::start().unwrap();
        let order = Arc::default();
        let (one, two) = (
            Arc::new(Pieces::new("one", 20, &order)),
            Arc::new(Pieces::new("two", 20, &order)),
        );
        let weak = |pieces: &Arc<Pieces>| Arc::downgrade(pieces) as Weak<dyn Work>;
        for _ in 0..5 {
            pool.wake(&weak(&one), &[Lane::Upkeep]);
            pool.wake(&weak(&two), &[Lane::Upkeep]);
        }
        wait(|| one.is_done() && two.is_done());
        let order = order.lock();
        let begin = order.iter().position(|name| *name == "two").unwrap();
        let pairs = order[begin..].chunks_exact(2).take(8);
        assert!(
            pairs.into_iter().all(|pair| pair[0] != pair[1]),
            "{order:?}"
        );
    }

    #[test]
    fn what_failed_or_panicked_is_tried_again_and_counted() {
        let pool = Pool::start().unwrap();
        let order = Arc::default();
        let pieces = Arc::new(Pieces::new("one", 3, &order));
        pieces.fails_once.store(true, Ordering::SeqCst);
        pieces.panics_once.store(true, Ordering::SeqCst);
        pool.wake(&(Arc::downgrade(&pieces) as Weak<dyn Work>), &[Lane::Fresh]);
        wait(|| pieces.is_done());
        wait(|| pool.meters().tally(Task::Merge).running == 0);
        let tally = pool.meters().tally(Task::Merge);
        assert_eq!((tally.done, tally.failed), (3, 1));
        assert_eq!(tally.written_bytes, 30);
        assert_eq!(pool.meters().tally(Task::Seal), Tally::default());
    }

    #[test]
    fn who_is_known_is_asked_for_cold_work_and_who_is_gone_is_not() {
        let pool = Pool::start().unwrap();
        let order = Arc::default();
        let pieces = Arc::new(Pieces::new("one", 1, &order));
        pool.know(Arc::downgrade(&pieces) as Weak<dyn Work>);
        let gone = Arc::new(Pieces::new("gone", 1, &order));
        pool.know(Arc::downgrade(&gone) as Weak<dyn Work>);
        drop(gone);
        wait(|| pieces.is_done());
        assert!(order.lock().iter().all(|name| *name == "one"));
    }
}
