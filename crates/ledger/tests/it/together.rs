//! Many at once: appenders, readers, sealing, merging and erasing on one ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use event::{Content, Sequence};
use ledger::disk::{Disk, Real};
use ledger::{AppendError, Ledger, Prepared, Reader, Resources, check};

use crate::house::{House, append, message};

const APPENDERS: u64 = 4;
const BATCHES: u64 = 60;
const BATCH: u64 = 10;

fn read_around(ledger: &Ledger, stop: &AtomicBool, reads: &AtomicU64) {
    let mut at = 1u64;
    while !stop.load(Ordering::Relaxed) {
        let durable = ledger.durable().get();
        if durable == 0 {
            std::thread::yield_now();
            continue;
        }
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let sequence = Sequence::new((at >> 20) % durable);
        let recorded = ledger.read(sequence).unwrap();
        assert_eq!(recorded.sequence, sequence);
        assert_eq!(recorded.entry(), ledger.entry(sequence).unwrap());
        reads.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sealing may fall behind so many small journal files; then the ledger says so.
fn append_when_free(ledger: &Ledger, batch: impl Fn() -> Vec<Prepared>) {
    loop {
        match append(ledger, batch()) {
            Ok(outcomes) => return assert!(outcomes.iter().all(Result::is_ok)),
            Err(AppendError::Busy { .. }) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn everything_at_once_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(Real::create(folder.path()).unwrap());
    let mut house = House::new(40);
    house.resources = Resources::start(1 << 20).unwrap();
    let ledger = house.open(disk.clone()).unwrap();
    let (stop, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| read_around(&ledger, &stop, &reads)))
            .collect();
        let appenders: Vec<_> = (0..APPENDERS)
            .map(|who| {
                let (house, ledger) = (&house, &ledger);
                scope.spawn(move || {
                    for n in 0..BATCHES {
                        append_when_free(ledger, || {
                            (0..BATCH)
                                .map(|k| {
                                    house
                                        .event(&format!("{who}-{n}-{k}"), &format!("{who} {n} {k}"))
                                })
                                .collect()
                        });
                        if n % 7 == who {
                            ledger.seal();
                        }
                        if n % 20 == 10 {
                            append_when_free(ledger, || {
                                vec![house.tombstone(&format!(r#"[{{"first":{n},"last":{n}}}]"#))]
                            });
                        }
                    }
                })
            })
            .collect();
        let appended: Vec<_> = appenders.into_iter().map(|thread| thread.join()).collect();
        ledger.seal();
        let sealed = ledger.wait_sealed(Duration::from_secs(60));
        stop.store(true, Ordering::Relaxed);
        readers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert!(sealed && appended.iter().all(Result::is_ok));
    });
    assert!(reads.load(Ordering::Relaxed) > 0);
    let mut seen = std::collections::BTreeSet::new();
    for sequence in 0..ledger.durable().get() {
        let recorded = ledger.read(Sequence::new(sequence)).unwrap();
        if let Content::Whole { .. } = recorded.content
            && let Some(message) = message(&recorded)
        {
            assert!(seen.insert(message), "an event stands twice");
        }
    }
    // Three places were erased, each by four tombstones; a tombstone itself cannot be.
    assert!(
        seen.len() as u64 >= APPENDERS * BATCHES * BATCH - 3,
        "{}",
        seen.len()
    );
    let verifier = ledger.verifier().clone();
    ledger.close();
    let report = check(&disk, &verifier, None).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    let again = house.open(disk).unwrap();
    assert_eq!(again.durable().get(), report.events);
}

#[test]
fn a_folder_is_read_from_outside_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(Real::create(folder.path()).unwrap());
    let mut house = House::new(41);
    house.resources = Resources::start(1 << 20).unwrap();
    let ledger = house.open(disk.clone()).unwrap();
    let verifier = ledger.verifier().clone();
    let done = AtomicBool::new(false);
    let (checks, proofs) = std::thread::scope(|scope| {
        let appender = scope.spawn(|| {
            for n in 0..400 {
                append_when_free(&ledger, || {
                    (0..BATCH)
                        .map(|k| house.event(&format!("{n}-{k}"), &format!("{n} {k}")))
                        .collect()
                });
                if n % 5 == 0 {
                    ledger.seal();
                }
                if n % 20 == 10 {
                    append_when_free(&ledger, || {
                        vec![house.tombstone(&format!(r#"[{{"first":{n},"last":{n}}}]"#))]
                    });
                }
                let newest = ledger.durable().get() - 1;
                ledger.wait_covered(Sequence::new(newest), Duration::from_secs(5));
            }
            done.store(true, Ordering::Relaxed);
        });
        let checker = scope.spawn(|| {
            let (mut checks, mut least) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                let signed = ledger.head().size.get();
                let report = check(&disk, &verifier, None).unwrap();
                assert!(report.is_sound(), "{:?}", report.findings);
                assert!(report.signed >= signed && report.events >= report.signed);
                assert!(report.events >= least, "it shrank");
                least = report.events;
                checks += 1;
            }
            checks
        });
        let prover = scope.spawn(|| {
            let (mut proofs, mut at) = (0, 1u64);
            while !done.load(Ordering::Relaxed) {
                let reader = Reader::open(&disk, &verifier).unwrap();
                let size = reader.head().size.get();
                if size == 0 {
                    continue;
                }
                at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let sequence = Sequence::new((at >> 20) % size);
                let entry = reader.read(sequence).unwrap().entry();
                let path = reader.inclusion_proof(sequence).unwrap();
                let leaf = merkle::leaf_hash(&entry.to_bytes());
                merkle::verify_inclusion(&leaf, sequence.get(), size, &path, &reader.head().root)
                    .unwrap();
                proofs += 1;
            }
            proofs
        });
        appender.join().unwrap();
        (checker.join().unwrap(), prover.join().unwrap())
    });
    assert!(checks > 3 && proofs > 3, "{checks} checks, {proofs} proofs");
    ledger.close();
}
