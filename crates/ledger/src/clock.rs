//! Time and randomness, passed in, so that a seed replays a run.

use event::Timestamp;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Now, by the wall clock; it may jump.
    fn now(&self) -> Timestamp;
}

/// Where secrets come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills a buffer with bytes nobody can guess.
    fn fill(&self, buffer: &mut [u8]) -> std::io::Result<()>;
}

/// The operating system's clock and random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

impl Entropy for System {
    fn fill(&self, buffer: &mut [u8]) -> std::io::Result<()> {
        getrandom::fill(buffer).map_err(|error| std::io::Error::other(error.to_string()))
    }
}
