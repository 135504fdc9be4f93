//! Logs: sentences with fields, on standard error, never with a secret in them.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Writes logs from now on: for people on a terminal, JSON lines elsewhere. `filter` is as in
/// `RUST_LOG`; a filter that cannot be read is ignored in favour of `info`.
pub fn log_to_stderr(filter: Option<&str>) {
    let filter = filter
        .and_then(|filter| EnvFilter::try_new(filter).ok())
        .unwrap_or_else(|| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A subscriber that is there already stays.
    let _ = if std::io::stderr().is_terminal() {
        logs.with_target(false).try_init()
    } else {
        logs.json().flatten_event(true).try_init()
    };
}
