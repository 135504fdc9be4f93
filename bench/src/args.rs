//! The command line. Defaults are the counts the published figures use.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::generate::Plan;
use crate::hot_paths::ROUNDS_MAX;

/// Measures a real `annals serve` on this machine.
#[derive(Parser)]
#[command(name = "annals-bench", version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write generated events as NDJSON; the same arguments give the same bytes
    Generate(GenerateArgs),
    /// Send batches as fast as they are acknowledged
    Ingest(IngestArgs),
    /// Send batches at a fixed rate for minutes; counts refusals and watches memory
    Sustained(SustainedArgs),
    /// Send single events from many connections, one acknowledgement each
    Singles(SinglesArgs),
    /// Search for every event right after its acknowledgement, under load
    Freshness(FreshnessArgs),
    /// Time acknowledgements while parts are merged and packed, and at rest
    Beside(LoadArgs),
    /// Time the queries Q1..Q10 over a loaded server
    Queries(QueriesArgs),
    /// Bytes on disk per event once sealing and merging are done
    Size(LoadArgs),
    /// Time from start to the first answered search: after a clean stop and after kill -9
    Start(LoadArgs),
    /// Events per second when the index is built again from the ledger
    Rebuild(LoadArgs),
    /// Events per second of `annals verify` over a folder
    Verify(LoadArgs),
    /// Memory of a server that was started on a loaded folder and left alone
    Rest(LoadArgs),
    /// Memory and open files with many small tenants
    Tenants(TenantsArgs),
    /// Run the whole workload, also on other products, and write a page about it
    Report(ReportArgs),
    /// Run rounds of a hot path, for counting instructions; without a name all are listed
    HotPath(HotPathArgs),
}

#[derive(clap::Args)]
pub(crate) struct ReportArgs {
    /// Also with 5 million events, and a sustained run of ten minutes
    #[arg(long)]
    pub(crate) full: bool,
    /// With 100,000 events, to see that everything works
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,
    /// With this many events and next to no runs, for tests
    #[arg(long, hide = true)]
    pub(crate) count: Option<u64>,
    /// Seed of the events; figures must not depend on one
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// The page to write; standard output if absent
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// The `annals` program; the one beside this program if absent
    #[arg(long)]
    pub(crate) annals: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct HotPathArgs {
    /// Which one
    pub(crate) name: Option<String>,
    /// How often
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=ROUNDS_MAX as i64))]
    pub(crate) rounds: u8,
}

/// Which events are generated.
#[derive(clap::Args, Clone)]
pub(crate) struct EventArgs {
    /// Seed of the events; figures must not depend on one
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Move every event's time by up to this many seconds either way
    #[arg(long, default_value_t = 0)]
    pub(crate) jitter_seconds: u32,
    /// Percent of the events that arrive up to two days late
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) late_percent: u32,
}

impl EventArgs {
    pub(crate) fn plan(&self, count: u64) -> Plan {
        Plan {
            jitter_seconds: self.jitter_seconds,
            late_percent: self.late_percent,
            ..Plan::new(count, self.seed)
        }
    }
}

#[derive(clap::Args)]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    /// Also wait until all is packed as tightly as it will be
    #[arg(long)]
    pub(crate) until_rest: bool,
}

#[derive(clap::Args)]
pub(crate) struct GenerateArgs {
    /// How many events
    #[arg(long, default_value_t = 1_000_000)]
    count: u64,
    #[command(flatten)]
    events: EventArgs,
    /// File to write; standard output if absent
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Days the events are spread over
    #[arg(long, default_value_t = 90)]
    days: i64,
    /// Unix seconds of the first day's start
    #[arg(long, default_value_t = 1_787_529_600)]
    start_unix: i64,
}

impl GenerateArgs {
    pub(crate) fn plan(&self) -> Plan {
        Plan {
            days: self.days,
            start_unix: self.start_unix,
            ..self.events.plan(self.count)
        }
    }
}

/// Which server is started, and where.
#[derive(clap::Args, Clone)]
pub(crate) struct ServerArgs {
    /// The `annals` program; the one beside this program if absent
    #[arg(long)]
    pub(crate) annals: Option<PathBuf>,
    /// Empty folder for the data, kept afterwards; a temporary one if absent
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
}

impl ServerArgs {
    /// The `annals` program.
    pub(crate) fn program(&self) -> std::io::Result<PathBuf> {
        match &self.annals {
            Some(path) => Ok(path.clone()),
            None => Ok(std::env::current_exe()?.with_file_name("annals")),
        }
    }
}

/// How events are sent.
#[derive(clap::Args, Clone)]
pub(crate) struct BatchArgs {
    /// Events in one request
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) batch: u64,
    /// Connections that send at once
    #[arg(long, default_value_t = 4)]
    pub(crate) connections: usize,
}

#[derive(clap::Args, Clone)]
pub(crate) struct LoadArgs {
    /// How many events
    #[arg(long, default_value_t = 300_000)]
    pub(crate) count: u64,
    #[command(flatten)]
    pub(crate) batches: BatchArgs,
    #[command(flatten)]
    pub(crate) events: EventArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(clap::Args)]
pub(crate) struct SustainedArgs {
    /// Events a second that are offered
    #[arg(long, default_value_t = 30_000)]
    pub(crate) rate: u64,
    /// For how long
    #[arg(long, default_value_t = 600)]
    pub(crate) seconds: u64,
    #[command(flatten)]
    pub(crate) batches: BatchArgs,
    #[command(flatten)]
    pub(crate) events: EventArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(clap::Args)]
pub(crate) struct TenantsArgs {
    /// How many tenants
    #[arg(long, default_value_t = 1_000)]
    pub(crate) count: u64,
    /// Events of each, one request each
    #[arg(long, default_value_t = 10)]
    pub(crate) events: u64,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(clap::Args)]
pub(crate) struct SinglesArgs {
    /// How many events in all
    #[arg(long, default_value_t = 200_000)]
    pub(crate) count: u64,
    /// Connections, each with one event under way
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,
    /// Stop after this many seconds even if events are left
    #[arg(long = "seconds", default_value = "120", value_parser = seconds)]
    pub(crate) time_limit: Duration,
    #[command(flatten)]
    pub(crate) events: EventArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(clap::Args)]
pub(crate) struct FreshnessArgs {
    /// How many events are searched for
    #[arg(long, default_value_t = 100_000)]
    pub(crate) count: u64,
    /// Connections that send one event and search for it
    #[arg(long, default_value_t = 8)]
    pub(crate) connections: usize,
    /// Events a second of other load meanwhile, in batches of 1,000
    #[arg(long, default_value_t = 5_000)]
    pub(crate) load_rate: u64,
    /// Stop after this many seconds even if events are left
    #[arg(long = "seconds", default_value = "900", value_parser = seconds)]
    pub(crate) time_limit: Duration,
    #[command(flatten)]
    pub(crate) events: EventArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(clap::Args)]
pub(crate) struct QueriesArgs {
    #[command(flatten)]
    pub(crate) load: QueriesLoad,
    /// Counted runs of each query
    #[arg(long, default_value_t = 25)]
    pub(crate) runs: usize,
    /// Runs before counting begins
    #[arg(long, default_value_t = 2)]
    pub(crate) warm_up: usize,
    /// Use the events already in `--data` from an earlier run with the same options
    #[arg(long, requires = "data")]
    pub(crate) reuse: bool,
    /// Only these questions, such as Q3
    #[arg(long)]
    pub(crate) only: Vec<String>,
    #[command(flatten)]
    pub(crate) beside: BesideArgs,
}

/// A second server that is asked in turn with the first: other events, or another program.
#[derive(clap::Args)]
pub(crate) struct BesideArgs {
    /// The folder of an earlier run, asked in turn with the first
    #[arg(long)]
    beside: Option<PathBuf>,
    /// How many events that folder holds, if not as many
    #[arg(long, requires = "beside")]
    pub(crate) beside_count: Option<u64>,
    /// The program that serves that folder, if not the same
    #[arg(long, requires = "beside")]
    beside_annals: Option<PathBuf>,
}

impl BesideArgs {
    pub(crate) fn server(&self, annals: &Option<PathBuf>) -> Option<ServerArgs> {
        Some(ServerArgs {
            annals: self.beside_annals.clone().or_else(|| annals.clone()),
            data: Some(self.beside.clone()?),
        })
    }
}

/// As [`LoadArgs`], with the count the query figures use.
#[derive(clap::Args, Clone)]
pub(crate) struct QueriesLoad {
    /// How many events are loaded first
    #[arg(long, default_value_t = 1_000_000)]
    count: u64,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    server: ServerArgs,
}

impl QueriesLoad {
    pub(crate) fn load(&self) -> LoadArgs {
        LoadArgs {
            count: self.count,
            batches: BatchArgs {
                batch: 1_000,
                connections: 4,
            },
            events: self.events.clone(),
            server: self.server.clone(),
        }
    }
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    Ok(Duration::from_secs(text.parse()?))
}
