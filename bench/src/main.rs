//! The load program: drives a real `annals serve` over loopback HTTP and prints figures.
//!
//! Every run starts a server of its own on a folder of its own, is bounded in count and time, and
//! reports the server's CPU seconds beside wall time, because wall time on shared machines varies
//! several times over with what else runs. Build the server first: `cargo build --release`.
#![expect(
    clippy::print_stdout,
    reason = "printing figures is what this program is for"
)]

mod args;
mod generate;
mod hot_paths;
mod http;
mod load;
mod measure;
mod peers;
mod process;
mod questions;
mod report;
mod server;
mod table;

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use clap::Parser as _;

use args::{Command, GenerateArgs};

fn main() -> anyhow::Result<()> {
    match args::Args::parse().command {
        Command::Generate(args) => generate_file(&args),
        Command::Ingest(args) => measure::ingest::run(&args),
        Command::Sustained(args) => measure::sustained::run(&args),
        Command::Singles(args) => measure::singles::run(&args),
        Command::Freshness(args) => measure::freshness::run(&args),
        Command::Beside(args) => measure::beside::run(&args),
        Command::Queries(args) => measure::queries::run(&args),
        Command::Size(args) => measure::size::run(&args),
        Command::Start(args) => measure::start::run(&args),
        Command::Rebuild(args) => measure::rebuild::run(&args),
        Command::Verify(args) => measure::verify::run(&args),
        Command::Rest(args) => measure::rest::run(&args),
        Command::Tenants(args) => measure::tenants::run(&args),
        Command::Report(args) => report::run(&args),
        Command::HotPath(args) => hot_paths::run(&args),
    }
}

fn generate_file(args: &GenerateArgs) -> anyhow::Result<()> {
    let sink: Box<dyn Write> = match args.out.as_deref() {
        None => Box::new(std::io::stdout()),
        Some(path) if path == Path::new("-") => Box::new(std::io::stdout()),
        Some(path) => Box::new(
            std::fs::File::create(path)
                .with_context(|| format!("cannot create {}", path.display()))?,
        ),
    };
    let mut sink = BufWriter::with_capacity(1 << 20, sink);
    let mut generator = generate::Generator::new(args.plan());
    let mut line = String::with_capacity(2048);
    while generator.write_next(&mut line) {
        sink.write_all(line.as_bytes())?;
        line.clear();
    }
    Ok(sink.flush()?)
}
