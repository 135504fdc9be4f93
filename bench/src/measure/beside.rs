//! Acknowledgements while parts are merged and packed, beside those of a server at rest.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::args::LoadArgs;
use crate::generate::{Generator, Plan};
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, percentile};

/// One event is sent so often: the server is not busy with them.
const EVERY: Duration = Duration::from_millis(5);
/// How often the server is asked what it does.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Acknowledgements at rest.
pub(crate) const AT_REST: usize = 5_000;
/// Work and rest follow each other so many times, so that what else the machine does for a while does not
/// fall on one of them alone.
pub(crate) const ROUNDS: usize = 2;
/// So many parts of a category are merged: the load of a round comes in as many portions, each sealed
/// before the next one is sent, since what is sent in one go is sealed together. A portion fills a journal
/// file, or it is not sealed.
const PORTIONS: u64 = 8;
/// More events than are sent one by one, and a seed for others than those of the load.
const EVENTS: u64 = 1_000_000;
const OTHER_SEED: u64 = 1 << 32;

/// Background work that acknowledgements are timed beside, as `/metrics` names it.
pub(crate) const TASKS: [&str; 2] = ["merge", "recompress"];

/// Milliseconds to each acknowledgement of one event, ascending.
#[derive(Default)]
pub(crate) struct Beside {
    /// While a piece of each of [`TASKS`] was being done, and nothing else.
    pub(crate) working_ms: [Vec<f64>; TASKS.len()],
    pub(crate) resting_ms: Vec<f64>,
}

impl Beside {
    /// How many times as long as at rest the slowest of a hundred takes, beside each of [`TASKS`].
    pub(crate) fn ratios(&self) -> [f64; TASKS.len()] {
        let resting = percentile(&self.resting_ms, 99);
        let times = self.working_ms.each_ref();
        times.map(|times| percentile(times, 99) / resting)
    }
}

/// What the server does: a place in [`TASKS`], or one of these.
const RESTS: usize = TASKS.len();
const DOES_OTHERWISE: usize = TASKS.len() + 1;

fn doing(server: &Server) -> anyhow::Result<usize> {
    let running = server.by_task("annals_background_running")?;
    let mut busy = running.iter().filter(|(_, pieces)| *pieces > 0.0);
    Ok(match (busy.next(), busy.next()) {
        (Some((task, _)), None) => TASKS
            .iter()
            .position(|other| other == task)
            .unwrap_or(DOES_OTHERWISE),
        (None, None) if server.waiting_work()? == 0.0 => RESTS,
        _ => DOES_OTHERWISE,
    })
}

fn is_sealing(server: &Server) -> anyhow::Result<bool> {
    let waiting = server.by_task("annals_background_waiting")?;
    Ok(waiting
        .iter()
        .any(|(task, pieces)| task == "seal" && *pieces > 0.0))
}

/// Sends the load in rounds: a part of it, and then single events until the server has merged and packed
/// it all and as many of them were acknowledged after that; `at_rest` in all.
pub(crate) fn measure(
    server: &Server,
    key: &str,
    args: &LoadArgs,
    at_rest: usize,
    rounds: usize,
) -> anyhow::Result<Beside> {
    let args = &LoadArgs {
        count: args.count / (PORTIONS * rounds as u64),
        ..args.clone()
    };
    let mut generator = Generator::new(Plan {
        seed: args.events.seed ^ OTHER_SEED,
        ..args.events.plan(EVENTS)
    });
    let mut beside = Beside::default();
    for round in 1..=rounds {
        send_load(server, key, args, round)?;
        let (state, done) = (AtomicUsize::new(DOES_OTHERWISE), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| -> anyhow::Result<()> {
                while !done.load(Ordering::Relaxed) {
                    state.store(doing(server)?, Ordering::Relaxed);
                    std::thread::sleep(LOOK_EVERY);
                }
                Ok(())
            });
            let at_rest = at_rest * round / rounds;
            let sent = send(server, key, &mut generator, &state, at_rest, &mut beside);
            done.store(true, Ordering::Relaxed);
            watcher.join().expect("the watcher panicked")?;
            sent
        })?;
    }
    for times in &mut beside.working_ms {
        times.sort_by(f64::total_cmp);
    }
    beside.resting_ms.sort_by(f64::total_cmp);
    Ok(beside)
}

/// Sends the load of a round; `args` say that of a portion.
fn send_load(server: &Server, key: &str, args: &LoadArgs, round: usize) -> anyhow::Result<()> {
    for portion in 0..PORTIONS {
        while portion > 0 && is_sealing(server)? {
            std::thread::sleep(LOOK_EVERY);
        }
        let mut args = args.clone();
        args.events.seed ^= (portion + PORTIONS * round as u64) << 33;
        load::send_all(server, key, &args)?;
    }
    Ok(())
}

/// Sends single events until so many were acknowledged at rest.
fn send(
    server: &Server,
    key: &str,
    generator: &mut Generator,
    state: &AtomicUsize,
    at_rest: usize,
    beside: &mut Beside,
) -> anyhow::Result<()> {
    let (mut connection, mut buffer) = (server.connect(key)?, Vec::new());
    let mut event = String::new();
    let begun = Instant::now();
    let mut due = begun;
    while beside.resting_ms.len() < at_rest {
        anyhow::ensure!(
            begun.elapsed() < load::REST_LIMIT,
            "the server did not come to rest"
        );
        event.clear();
        generator.write_next(&mut event);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        due = due.max(Instant::now()) + EVERY;
        let before = state.load(Ordering::Relaxed);
        let sent = Instant::now();
        let json = "application/json";
        connection
            .post("/v1/events", json, event.trim_end().as_bytes(), &mut buffer)?
            .expect_ok()?;
        let took = sent.elapsed().as_secs_f64() * 1e3;
        if before != state.load(Ordering::Relaxed) {
            continue;
        }
        match beside.working_ms.get_mut(before) {
            Some(times) => times.push(took),
            None if before == RESTS => beside.resting_ms.push(took),
            None => {}
        }
    }
    Ok(())
}

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let beside = measure(&server, &key, args, AT_REST, ROUNDS)?;
    Figures::title("single events, one each 5 ms");
    let beside_tasks = TASKS.iter().zip(&beside.working_ms);
    for (name, times) in beside_tasks.chain([(&"rest", &beside.resting_ms)]) {
        Figures::row(&format!("{name}: events"), times.len());
        for percent in [50, 99] {
            Figures::row(
                &format!("{name}: p{percent} ms"),
                format!("{:.2}", percentile(times, percent)),
            );
        }
    }
    for (task, ratio) in TASKS.iter().zip(beside.ratios()) {
        Figures::row(
            &format!("{task}: p99, times as long"),
            format!("{ratio:.2}"),
        );
    }
    server.stop()?;
    Ok(())
}
