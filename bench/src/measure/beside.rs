//! Acknowledgements while parts are merged and packed, beside those of a server at rest.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
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
/// Background work that an acknowledgement is timed beside.
const TASKS: [&str; 2] = ["merge", "recompress"];
/// More events than are sent one by one, and a seed for others than those of the load.
const EVENTS: u64 = 1_000_000;
const OTHER_SEED: u64 = 1 << 32;

/// Milliseconds to each acknowledgement of one event, ascending.
#[derive(Default)]
pub(crate) struct Beside {
    pub(crate) working_ms: Vec<f64>,
    pub(crate) resting_ms: Vec<f64>,
}

impl Beside {
    /// How many times as long the slowest of a hundred takes beside work.
    pub(crate) fn ratio(&self) -> f64 {
        percentile(&self.working_ms, 99) / percentile(&self.resting_ms, 99)
    }
}

/// What the server does.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// Something that is not timed here.
    Other,
    Works,
    Rests,
}

impl State {
    fn of(server: &Server) -> anyhow::Result<State> {
        let running = server.by_task("annals_background_running")?;
        let runs = |task: &str| TASKS.contains(&task);
        if running
            .iter()
            .any(|(task, pieces)| runs(task) && *pieces > 0.0)
        {
            return Ok(State::Works);
        }
        let is_idle = running.iter().all(|(_, pieces)| *pieces == 0.0);
        Ok(match is_idle && server.waiting_work()? == 0.0 {
            true => State::Rests,
            false => State::Other,
        })
    }
}

/// Sends the load, and then single events until the server has merged and packed it all and
/// `at_rest` of them were acknowledged after that.
pub(crate) fn measure(
    server: &Server,
    key: &str,
    args: &LoadArgs,
    at_rest: usize,
) -> anyhow::Result<Beside> {
    load::send_all(server, key, args)?;
    let plan = Plan {
        seed: args.events.seed ^ OTHER_SEED,
        ..args.events.plan(EVENTS)
    };
    let (state, done) = (AtomicU8::new(State::Other as u8), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| -> anyhow::Result<()> {
            while !done.load(Ordering::Relaxed) {
                state.store(State::of(server)? as u8, Ordering::Relaxed);
                std::thread::sleep(LOOK_EVERY);
            }
            Ok(())
        });
        let sent = send(server, key, plan, &state, at_rest);
        done.store(true, Ordering::Relaxed);
        watcher.join().expect("the watcher panicked")?;
        sent
    })
}

fn send(
    server: &Server,
    key: &str,
    plan: Plan,
    state: &AtomicU8,
    at_rest: usize,
) -> anyhow::Result<Beside> {
    let (mut connection, mut buffer) = (server.connect(key)?, Vec::new());
    let mut generator = Generator::new(plan);
    let (mut beside, mut event) = (Beside::default(), String::new());
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
        if before == State::Works as u8 {
            beside.working_ms.push(took);
        } else if before == State::Rests as u8 {
            beside.resting_ms.push(took);
        }
    }
    beside.working_ms.sort_by(f64::total_cmp);
    beside.resting_ms.sort_by(f64::total_cmp);
    Ok(beside)
}

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let beside = measure(&server, &key, args, AT_REST)?;
    Figures::title("single events, one each 5 ms");
    for (name, times) in [
        ("while parts are merged and packed", &beside.working_ms),
        ("at rest", &beside.resting_ms),
    ] {
        Figures::row(&format!("{name}: events"), times.len());
        for percent in [50, 99] {
            Figures::row(
                &format!("{name}: p{percent} ms"),
                format!("{:.2}", percentile(times, percent)),
            );
        }
    }
    Figures::row("p99, times as long", format!("{:.2}", beside.ratio()));
    server.stop()?;
    Ok(())
}
