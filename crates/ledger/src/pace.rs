//! How background work gives way to requests.
//!
//! A thread that counts less than others (nice) still runs a slice of several milliseconds before
//! whoever wakes has its place, and whoever sends one event wakes five threads in turn. Merging and
//! packing run on a thread that the scheduler takes off the CPU for anybody at once, and rest most of
//! the time while somebody asks or sends, for the sake of the disk and of a machine that is shared.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How much less than a request a thread counts to the scheduler that does background work: with 10,
/// about a tenth where both want the CPU.
const NICE: i32 = 10;
/// How much less one counts whose work nobody waits for: about a third of the other.
const NICE_UPKEEP: i32 = 15;
/// While somebody asks or sends, long work has this part of the time of one thread at the most, in
/// percent.
const PACED_PERCENT: u32 = 20;
/// How long nobody may have asked or sent anything for such work not to rest.
const QUIET: Duration = Duration::from_secs(2);
/// Such work between two rests: long enough that it finds its data in the caches of the CPU.
const PACED_SLICE: Duration = Duration::from_millis(5);
/// Work that gives way starves once it has waited for a CPU so long, and this many times as long as it
/// had one.
const STARVED_AFTER: Duration = Duration::from_secs(10);
const STARVED_TIMES: u32 = 20;
/// So many pieces do not give way after one that starved: files must not become more and more while
/// no CPU is ever idle.
const HURRIED_PIECES: u32 = 16;

/// CPU time of this thread.
pub(crate) fn thread_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// When somebody last asked or sent something.
pub(crate) struct Requests {
    start: Instant,
    /// Milliseconds from the start.
    last: AtomicU64,
}

impl Default for Requests {
    fn default() -> Self {
        Requests {
            start: Instant::now(),
            last: AtomicU64::new(0),
        }
    }
}

impl Requests {
    pub(crate) fn note(&self) {
        let now = self.start.elapsed().as_millis() as u64;
        self.last.store(now, Ordering::Relaxed);
    }

    fn are_rare(&self) -> bool {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.start.elapsed() >= last + QUIET
    }
}

/// Keeps long work within its share of the time.
pub(crate) struct Pace<'p> {
    requests: &'p Requests,
    gives_way: bool,
    /// CPU time of the thread after the last rest.
    began: Duration,
}

impl Pace<'_> {
    /// Of work that begins now, on this thread.
    pub(crate) fn new(requests: &Requests, gives_way: bool) -> Pace<'_> {
        Pace {
            requests,
            gives_way,
            began: thread_cpu(),
        }
    }

    /// Rests if it is time to.
    ///
    /// # Errors
    /// `Interrupted` if the thread gives way and gets nowhere.
    pub(crate) fn step(&mut self) -> io::Result<()> {
        let cpu = thread_cpu();
        let worked = cpu.saturating_sub(self.began);
        if worked >= PACED_SLICE {
            if self.gives_way && is_starved(thread_waited(), cpu) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if !self.requests.are_rare() {
                std::thread::sleep(rest_after(worked));
            }
            self.began = thread_cpu();
        }
        Ok(())
    }
}

fn rest_after(worked: Duration) -> Duration {
    worked * (100 - PACED_PERCENT) / PACED_PERCENT
}

fn is_starved(waited: Duration, cpu: Duration) -> bool {
    waited >= STARVED_AFTER && waited > cpu * STARVED_TIMES
}

/// How long this thread was ready to run and had no CPU, as far as the system tells.
fn thread_waited() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    // Nanoseconds on a CPU, nanoseconds waiting for one, slices.
    let nanos = stat.split(' ').nth(1).and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Whether long work can afford to give way to everybody.
#[derive(Default)]
pub(crate) struct Patience {
    /// Pieces that still do not.
    hurried: AtomicU32,
}

impl Patience {
    /// Does the next piece give way?
    pub(crate) fn gives_way(&self) -> bool {
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.hurried
            .fetch_update(set, fetch, |left| left.checked_sub(1))
            .is_err()
    }

    /// A piece that gave way got nowhere.
    pub(crate) fn hurry(&self) {
        self.hurried.store(HURRIED_PIECES, Ordering::Relaxed);
    }
}

/// Lets requests have the CPU before the calling thread, from now on.
pub fn step_back() {
    count_less(NICE);
}

/// Lets requests, and what senders may have to wait for, have the CPU before the calling thread.
pub(crate) fn step_back_further() {
    count_less(NICE_UPKEEP);
}

fn count_less(nice: i32) {
    #[cfg(target_os = "linux")]
    {
        // On Linux a thread has a priority of its own. Where it may not be changed the work is
        // only less polite.
        let thread = rustix::thread::gettid();
        let _ = rustix::process::setpriority_process(Some(thread), nice);
    }
}

/// Lets the calling thread have the CPU only while nobody else wants it, from now on. There is no way
/// back.
pub(crate) fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy::Idle, ThreadPriority, ThreadSchedulePolicy,
            set_thread_priority_and_policy, thread_native_id,
        };
        let policy = ThreadSchedulePolicy::Normal(Idle);
        let thread = thread_native_id();
        if let Err(error) = set_thread_priority_and_policy(thread, ThreadPriority::Min, policy) {
            tracing::debug!(%error, "background work cannot give way to all others");
        }
    }
    // Last: setting the policy sets this too.
    step_back();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_work_rests_most_of_the_time_while_somebody_asks() {
        assert_eq!(rest_after(PACED_SLICE), Duration::from_millis(20));
        let requests = Requests::default();
        requests.note();
        let begun = Instant::now();
        let mut pace = Pace::new(&requests, true);
        for _ in 0..4 {
            let since = thread_cpu();
            while thread_cpu() - since < PACED_SLICE {}
            pace.step().unwrap();
        }
        assert!(begun.elapsed() >= 4 * (PACED_SLICE + rest_after(PACED_SLICE)));
    }

    #[test]
    fn requests_are_rare_when_none_came_for_a_while() {
        let mut requests = Requests::default();
        assert!(!requests.are_rare());
        requests.start -= QUIET;
        assert!(requests.are_rare());
        requests.note();
        assert!(!requests.are_rare());
    }

    #[test]
    fn who_gets_nowhere_does_not_give_way_for_a_while() {
        let seconds = Duration::from_secs;
        assert!(!is_starved(seconds(9), Duration::ZERO));
        assert!(!is_starved(seconds(40), seconds(2)));
        assert!(is_starved(seconds(41), seconds(2)));
        let patience = Patience::default();
        assert!(patience.gives_way());
        patience.hurry();
        for _ in 0..HURRIED_PIECES {
            assert!(!patience.gives_way());
        }
        assert!(patience.gives_way());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_how_long_a_thread_waited() {
        // Two threads on one CPU: each waits while the other runs.
        let allowed = rustix::thread::sched_getaffinity(None).unwrap();
        let first = (0..rustix::thread::CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu));
        let mut one = rustix::thread::CpuSet::new();
        one.set(first.unwrap());
        let waited = || {
            rustix::thread::sched_setaffinity(None, &one).unwrap();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(100) {}
            thread_waited()
        };
        let both = std::thread::scope(|scope| {
            let threads = [scope.spawn(waited), scope.spawn(waited)];
            threads.map(|thread| thread.join().unwrap())
        });
        assert!(
            both.iter().sum::<Duration>() > Duration::from_millis(20),
            "{both:?}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_scheduler_knows_who_gives_way() {
        let policy = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            // Behind the name, which may hold anything: field 3 is the state, 41 the policy.
            let (_, fields) = stat.rsplit_once(") ").unwrap();
            fields.split(' ').nth(38).unwrap().to_owned()
        };
        let idle = std::thread::spawn(move || {
            give_way();
            policy()
        });
        assert_eq!(idle.join().unwrap(), "5");
        let nice = std::thread::spawn(move || {
            step_back();
            policy()
        });
        assert_eq!(nice.join().unwrap(), "0");
    }
}
