//! The binary `annals`: everything is in the library, except what serves memory to all of it.

use std::process::ExitCode;

/// Events and answers are many short-lived pieces made in one thread and dropped in another, which
/// the allocator of the C library serves slowly: `docs/decisions/0009-allocator.md`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::run()
}
