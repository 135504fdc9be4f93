//! Everything that the page shows, measured one after the other. What fails is written down and
//! does not keep the rest from being measured.

use std::time::Duration;

use anyhow::Context as _;

use super::{Size, plan};
use crate::args::{
    BatchArgs, EventArgs, LoadArgs, ReportArgs, ServerArgs, SinglesArgs, SustainedArgs, TenantsArgs,
};
use crate::load;
use crate::measure::beside::Beside;
use crate::measure::ingest::Ingest;
use crate::measure::queries::Asked;
use crate::measure::rebuild::Rebuild;
use crate::measure::singles::Singles;
use crate::measure::sustained::Sustained;
use crate::measure::tenants::Use;
use crate::measure::{beside, ingest, rebuild, rest, singles, start, sustained, tenants, verify};
use crate::peers::{self, Work, postgres, sqlite};
use crate::questions::{self, Product, Timed};
use crate::server::{DataFolder, Server};

/// Events a second that the sustained run offers: what the project promises to take.
pub(super) const SUSTAINED_RATE: u64 = 45_000;
const BATCH: u64 = 1_000;
const CONNECTIONS: usize = 4;
/// Events of each tenant.
pub(super) const TENANT_EVENTS: u64 = 10;
/// Starts after a kill; the one in the middle is shown.
const STARTS: usize = 3;
/// Bursts; the one in the middle counts.
pub(super) const BURSTS: usize = 3;

/// A figure, or why there is none.
pub(super) type Measured<T> = Result<T, String>;

/// One server with many events.
pub(super) struct Loaded {
    pub(super) events: u64,
    pub(super) ingest: Ingest,
    /// CPU seconds of the server until it rested.
    pub(super) cpu_seconds: f64,
    /// On disk when it rested.
    pub(super) bytes: u64,
    pub(super) questions: Vec<Timed>,
    pub(super) rest_bytes: u64,
    /// After kill -9, to the first answered search.
    pub(super) start: Duration,
    pub(super) rebuild: Rebuild,
    pub(super) verify: Duration,
}

pub(super) struct Everything {
    /// The slowest first.
    pub(super) bursts: Measured<[Ingest; BURSTS]>,
    pub(super) sustained: Measured<Sustained>,
    pub(super) beside: Measured<Beside>,
    pub(super) one: Measured<Singles>,
    pub(super) many: Measured<Singles>,
    /// Beside each how many events it was to hold.
    pub(super) loads: Vec<(u64, Measured<Loaded>)>,
    /// With moved times and late events.
    pub(super) disordered: Measured<Vec<Timed>>,
    pub(super) tenants: Measured<Use>,
    /// Other products that are installed, by name.
    pub(super) peers: Vec<(&'static str, Measured<peers::Figures>)>,
    /// Those that are not.
    pub(super) missing: Vec<&'static str>,
}

impl Everything {
    /// What could not be measured, and why.
    pub(super) fn failed(&self) -> Vec<String> {
        let mut failed = Vec::new();
        let mut note = |name: &str, error: Option<&String>| {
            failed.extend(error.map(|error| format!("{name}: {error}")));
        };
        note("burst", self.bursts.as_ref().err());
        note("beside background work", self.beside.as_ref().err());
        note("sustained", self.sustained.as_ref().err());
        note("single commits, 1 connection", self.one.as_ref().err());
        note("single commits, 64 connections", self.many.as_ref().err());
        for (events, load) in &self.loads {
            note(&format!("with {events} events"), load.as_ref().err());
        }
        note("jittered and late events", self.disordered.as_ref().err());
        note("tenants", self.tenants.as_ref().err());
        for (name, peer) in &self.peers {
            note(name, peer.as_ref().err());
        }
        failed.extend(self.disagreements());
        failed
    }

    /// Questions that products answered differently.
    pub(super) fn disagreements(&self) -> Vec<String> {
        let Some((_, Ok(loaded))) = self.loads.first() else {
            return Vec::new();
        };
        let mut wrong = Vec::new();
        for (_, peer) in &self.peers {
            let Ok(peer) = peer else { continue };
            let names = crate::questions::QUESTIONS.iter().map(|(name, _)| name);
            let pairs = loaded.questions.iter().zip(&peer.questions);
            for (name, (own, others)) in names.zip(pairs) {
                if !own.answer.agrees_with(&others.answer) {
                    wrong.push(format!(
                        "{name}: {} answers {}, Annals {}",
                        peer.name,
                        others.answer.summary(),
                        own.answer.summary()
                    ));
                }
            }
        }
        wrong
    }
}

pub(super) fn everything(args: &ReportArgs, size: &Size) -> Everything {
    let server = ServerArgs {
        annals: args.annals.clone(),
        data: None,
    };
    let of = |count: u64, disorder: bool| {
        let plan = plan(count, args.seed, disorder);
        LoadArgs {
            count,
            batches: BatchArgs {
                batch: BATCH,
                connections: CONNECTIONS,
            },
            events: EventArgs {
                seed: args.seed,
                jitter_seconds: plan.jitter_seconds,
                late_percent: plan.late_percent,
            },
            server: server.clone(),
        }
    };
    let single = |connections: usize| SinglesArgs {
        count: size.singles,
        connections,
        time_limit: size.singles_limit,
        events: of(size.singles, false).events,
        server: server.clone(),
    };
    let first = size.loads.first().copied().unwrap_or_default();
    let bursts = stage("burst", || bursts(&of(size.burst, false)));
    let beside = stage("acknowledgements beside background work", || {
        with_server(&server, |server, key| {
            beside::measure(server, key, &of(first, false), size.at_rest, size.rounds)
        })
    });
    let one = stage("single commits, 1 connection", || {
        with_server(&server, |server, key| {
            singles::measure(server, key, &single(1))
        })
    });
    let many = stage("single commits, 64 connections", || {
        with_server(&server, |server, key| {
            singles::measure(server, key, &single(64))
        })
    });
    let (loads, disordered) = loads(&of, size);
    let sustained = stage("sustained rate", || {
        with_server(&server, |server, key| {
            let args = SustainedArgs {
                rate: SUSTAINED_RATE,
                seconds: size.sustained.as_secs(),
                batches: of(0, false).batches,
                events: of(0, false).events,
                server: of(0, false).server,
            };
            sustained::measure(server, key, &args)
        })
    });
    let tenants = stage("tenants", || {
        tenants::measure(&TenantsArgs {
            count: size.tenants,
            events: TENANT_EVENTS,
            server: server.clone(),
        })
    });
    let work = Work {
        plan: plan(first, args.seed, false),
        runs: size.runs,
        singles: size.singles,
        singles_limit: size.singles_limit,
    };
    let mut all = Everything {
        bursts,
        beside,
        sustained,
        one,
        many,
        loads,
        disordered,
        tenants,
        peers: Vec::new(),
        missing: Vec::new(),
    };
    match postgres::programs() {
        None => all.missing.push("PostgreSQL"),
        Some(programs) => all.peers.push((
            "PostgreSQL",
            stage("PostgreSQL", || postgres::measure(&programs, &work)),
        )),
    }
    if sqlite::is_installed() {
        all.peers
            .push(("SQLite", stage("SQLite", || sqlite::measure(&work))));
    } else {
        all.missing.push("SQLite");
    }
    all
}

/// One part of the run, said before it begins.
fn stage<T>(name: &str, measure: impl FnOnce() -> anyhow::Result<T>) -> Measured<T> {
    eprintln!("measuring: {name}");
    measure().map_err(|error| {
        eprintln!("failed: {name}: {error:#}");
        format!("{error:#}")
    })
}

fn with_server<T>(
    args: &ServerArgs,
    measure: impl FnOnce(&Server, &str) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let data = DataFolder::new(args)?;
    let server = Server::start(args, &data)?;
    let key = server.create_key()?;
    let measured = measure(&server, &key)?;
    server.stop()?;
    Ok(measured)
}

fn bursts(args: &LoadArgs) -> anyhow::Result<[Ingest; BURSTS]> {
    let mut bursts = Vec::new();
    for _ in 0..BURSTS {
        let data = DataFolder::new(&args.server)?;
        let server = Server::start(&args.server, &data)?;
        let key = server.create_key()?;
        bursts.push(ingest::measure(&server, &data, &key, args)?);
        server.stop()?;
    }
    bursts.sort_by(|one, two| one.per_second().total_cmp(&two.per_second()));
    let count = |bursts: Vec<_>| anyhow::anyhow!("{} bursts", bursts.len());
    bursts.try_into().map_err(count)
}

/// A server that has taken its events and rests.
struct Rested {
    // Dropped first: its folder may go when it has.
    server: Server,
    data: DataFolder,
    args: LoadArgs,
    key: String,
    ingest: Ingest,
    cpu_seconds: f64,
    bytes: u64,
}

impl Rested {
    fn new(args: LoadArgs) -> anyhow::Result<Rested> {
        let data = DataFolder::new(&args.server)?;
        let server = Server::start(&args.server, &data)?;
        let key = server.create_key()?;
        let ingest = ingest::measure(&server, &data, &key, &args)?;
        let rests = server.wait_until_rest(&data, load::REST_LIMIT)?;
        anyhow::ensure!(rests, "the server did not come to rest");
        Ok(Rested {
            cpu_seconds: server.cpu_seconds()?,
            bytes: data.size_bytes()?.total(),
            args,
            data,
            server,
            key,
            ingest,
        })
    }
}

/// What is measured with each of the loads, and the questions with moved times and late events.
type Loads = (Vec<(u64, Measured<Loaded>)>, Measured<Vec<Timed>>);

/// Loads all servers before any is asked, so that they can be asked in turn.
fn loads(of: &dyn Fn(u64, bool) -> LoadArgs, size: &Size) -> Loads {
    let rested = |count: u64, disorder: bool| {
        let words = if disorder { ", some moved or late" } else { "" };
        let name = format!("a server with {count} events{words}");
        stage(&name, || Rested::new(of(count, disorder)))
    };
    let loads = size.loads.iter().map(|count| rested(*count, false));
    let mut servers: Vec<Measured<Rested>> = loads.collect();
    servers.push(rested(size.disordered, true));
    let asked = stage("questions", || {
        let mut asked = Vec::new();
        for rested in servers.iter().flatten() {
            let plan = rested.args.events.plan(rested.args.count);
            asked.push(Asked::connect(&rested.server, &rested.key, &plan)?);
        }
        let mut products: Vec<&mut dyn Product> = asked.iter_mut().map(|it| it as _).collect();
        questions::time_all(&mut products, size.runs)
    });
    let mut asked = asked.map(Vec::into_iter);
    let mut measured = Vec::new();
    for rested in servers {
        measured.push(rested.and_then(|rested| match &mut asked {
            Ok(asked) => Ok((rested, asked.next().unwrap_or_default())),
            Err(error) => Err(error.clone()),
        }));
    }
    let disordered = measured
        .pop()
        .unwrap_or_else(|| Err("not loaded".to_owned()));
    let disordered = disordered.map(|(_, questions)| questions);
    let loaded = |(count, measured): (&u64, Measured<_>)| {
        let measured = measured.and_then(|(rested, questions)| {
            stage(&format!("what stands with {count} events"), || {
                loaded(rested, questions)
            })
        });
        (*count, measured)
    };
    let loads = size.loads.iter().zip(measured).map(loaded).collect();
    (loads, disordered)
}

/// Everything else that needs a server with many events.
fn loaded(rested: Rested, questions: Vec<Timed>) -> anyhow::Result<Loaded> {
    let Rested {
        args,
        data,
        server,
        key,
        ingest,
        cpu_seconds,
        bytes,
    } = rested;
    server.kill()?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let (server, searched) =
            start::measure(&args.server, &data, &key, args.count).context("start after kill -9")?;
        starts.push(searched);
        server.kill()?;
    }
    starts.sort();
    let (server, rest_bytes) = rest::measure(&args.server, &data, &key)?;
    server.stop()?;
    let verify = verify::measure(&args.server, &data)?;
    let (server, rebuild) = rebuild::measure(&args.server, &data, &key)?;
    server.stop()?;
    Ok(Loaded {
        events: args.count,
        ingest,
        cpu_seconds,
        bytes,
        questions,
        rest_bytes,
        start: starts[STARTS / 2],
        rebuild,
        verify,
    })
}
