//! What a ledger needs around it so that a run repeats itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use event::{Acceptance, Event, Kind, Salt, Timestamp};
use ledger::disk::Sim;
use ledger::{Clock, Entropy, Ledger, Mode, Options, Prepared, Resources};

use crate::generate::{Generator, Plan};

const SEED: u64 = 42;
/// The first of the plan's days, in microseconds: months of parts do not depend on today.
const START_MICROS: i64 = 1_787_529_600_000_000;
const BATCH: usize = 1_000;

struct CountingClock(AtomicI64);

impl Clock for CountingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

struct SeededEntropy(AtomicU64);

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> std::io::Result<()> {
        for byte in buffer {
            let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (next.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56) as u8;
        }
        Ok(())
    }
}

/// The plan that events come from: `count` of the generator's, over its 90 days.
pub(super) fn plan(count: usize) -> Plan {
    Plan::new(count as u64, SEED)
}

/// Events as applications send them.
pub(super) fn lines(count: usize) -> Vec<String> {
    let mut generator = Generator::new(plan(count));
    let mut lines = vec![String::new(); count];
    for line in &mut lines {
        generator.write_next(line);
    }
    lines
}

/// Accepts an event and commits to it, as the server does for each.
pub(super) fn prepare(line: &str, salt: u64) -> anyhow::Result<Prepared> {
    let acceptance = Acceptance {
        now: Timestamp::from_micros(START_MICROS),
        key_id: Some("key_bench"),
        import: None,
    };
    let event = Event::accept(line.as_bytes(), &acceptance)?;
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&salt.to_le_bytes());
    Ok(Prepared::new(event, Kind::Application, Salt(bytes), None))
}

/// An empty ledger on a disk in memory, whose background work waits to be asked for. Views keep
/// their files in `folder`. Blocks that were read are forgotten.
pub(super) fn ledger(folder: &Path) -> anyhow::Result<Ledger> {
    let options = Options {
        origin: "bench.example.com/main".to_owned(),
        dir: folder.to_owned(),
        clock: Arc::new(CountingClock(AtomicI64::new(START_MICROS))),
        entropy: Arc::new(SeededEntropy(AtomicU64::new(SEED))),
        resources: Resources::without_thread(1),
        sign_after: Duration::from_secs(3_600),
        checkpoint_store: None,
        signing_key: None,
    };
    Ok(Ledger::open(Arc::new(Sim::new(SEED)), options)?)
}

/// A ledger with events, none of them sealed.
pub(super) fn filled(folder: &Path, count: usize) -> anyhow::Result<Ledger> {
    let ledger = ledger(folder)?;
    for (batch, lines) in lines(count).chunks(BATCH).enumerate() {
        let prepared = lines
            .iter()
            .enumerate()
            .map(|(n, line)| prepare(line, (batch * BATCH + n) as u64))
            .collect::<anyhow::Result<Vec<_>>>()?;
        append(&ledger, prepared)?;
    }
    Ok(ledger)
}

/// Appends events, all of which must be new.
pub(super) fn append(ledger: &Ledger, batch: Vec<Prepared>) -> anyhow::Result<()> {
    for outcome in ledger.append(batch, Mode::Each)? {
        let placed = outcome.map_err(|refused| anyhow::anyhow!("{refused:?}"))?;
        anyhow::ensure!(!placed.duplicate, "an event was known already");
    }
    Ok(())
}

/// Seals all events of a ledger.
pub(super) fn seal(ledger: &Ledger) -> anyhow::Result<()> {
    ledger.seal();
    while ledger.work()? {}
    let snapshot = ledger.snapshot();
    anyhow::ensure!(
        snapshot.sealed == snapshot.durable,
        "not everything is sealed"
    );
    Ok(())
}
