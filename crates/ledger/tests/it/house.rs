//! A ledger whose time, randomness and background work belong to the test.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use event::{Acceptance, Event, Kind, Recorded, Salt, Timestamp};
use ledger::disk::Disk;
use ledger::{
    AppendError, Clock, Entropy, Ledger, Mode, OpenError, Options, Outcomes, Prepared, Resources,
};

/// 2026-03-10T12:00:00Z in microseconds.
pub const START_MICROS: i64 = 1_773_144_000_000_000;

/// A clock that moves when it is told to.
pub struct TestClock(pub AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1_000, Ordering::Relaxed))
    }
}

/// Bytes that differ each time and repeat each run.
pub struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, buffer: &mut [u8]) -> std::io::Result<()> {
        for byte in buffer {
            let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (next.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56) as u8;
        }
        Ok(())
    }
}

/// What stays the same across reopenings of one ledger.
#[derive(Clone)]
pub struct House {
    pub clock: Arc<TestClock>,
    entropy: Arc<TestEntropy>,
    pub resources: Arc<Resources>,
    salts: Arc<AtomicU64>,
}

impl House {
    pub fn new(seed: u64) -> House {
        House {
            clock: Arc::new(TestClock(AtomicI64::new(START_MICROS))),
            entropy: Arc::new(TestEntropy(AtomicU64::new(seed))),
            resources: Resources::without_thread(1 << 20),
            salts: Arc::new(AtomicU64::new(seed)),
        }
    }

    pub fn open(&self, disk: Arc<dyn Disk>) -> Result<Ledger, OpenError> {
        Ledger::open(
            disk,
            Options {
                origin: "test.example.com/main".to_owned(),
                dir: PathBuf::new(),
                clock: self.clock.clone(),
                entropy: self.entropy.clone(),
                resources: self.resources.clone(),
                sign_after: Duration::from_secs(3600),
                checkpoint_store: None,
                signing_key: None,
            },
        )
    }

    /// Lets so much time go by that a ledger to which nothing is added counts as quiet.
    pub fn rest(&self) {
        self.clock.0.fetch_add(31_000_000, Ordering::Relaxed);
    }

    /// An event with an id and a text that says which one it is.
    pub fn event(&self, id: &str, note: &str) -> Prepared {
        self.prepare(&format!(
            r#"{{"id":"{id}","action":"customer.update","actor":{{"id":"u-1","name":"Ada Example"}},"message":"{note}","targets":[{{"type":"customer","id":"c-{id}"}}]}}"#
        ))
    }

    pub fn prepare(&self, json: &str) -> Prepared {
        let acceptance = Acceptance {
            now: self.clock.now(),
            key_id: Some("key_test"),
            import: None,
        };
        let event = Event::accept(json.as_bytes(), &acceptance).unwrap();
        Prepared::new(event, Kind::Application, self.salt(), None)
    }

    /// A tombstone, as the server will write it.
    pub fn tombstone(&self, erased: &str) -> Prepared {
        let json = format!(
            r#"{{"action":"annals.event.erase","actor":{{"type":"system"}},"metadata":{{"erased":{erased},"reason":"asked for"}}}}"#
        );
        let acceptance = Acceptance {
            now: self.clock.now(),
            key_id: None,
            import: None,
        };
        let event = Event::accept_own(json.as_bytes(), &acceptance).unwrap();
        Prepared::new(event, Kind::Tombstone, self.salt(), None)
    }

    fn salt(&self) -> Salt {
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&self.salts.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        Salt(salt)
    }
}

pub fn append(ledger: &Ledger, batch: Vec<Prepared>) -> Result<Outcomes, AppendError> {
    ledger.append(batch, Mode::Each)
}

/// Does all background work there is.
pub fn work(ledger: &Ledger) -> std::io::Result<()> {
    while ledger.work()? {}
    Ok(())
}

/// Closes the journal file and seals everything.
pub fn seal(ledger: &Ledger) -> std::io::Result<()> {
    ledger.seal();
    work(ledger)
}

pub fn message(recorded: &Recorded) -> Option<String> {
    recorded
        .field(event::path::MESSAGE)?
        .as_string()
        .map(|text| text.into_owned())
}
