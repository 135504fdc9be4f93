//! A power cut at any step: what was acknowledged is there, what is there was sent, and the ledger
//! says the same of itself as a naive model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use event::{Content, Sequence};
use ledger::disk::sim::{Fault, OperationKind};
use ledger::disk::{Disk as _, Sim};
use ledger::{Ledger, Mode};

use crate::house::{House, append, message, seal, work};

/// Seeds of one run. A failing test names its seed; `ANNALS_SEED=n` runs it alone.
const SEEDS: u64 = 1_000;

/// What a run knows of a ledger.
#[derive(Default)]
struct Model {
    /// Sent texts by id.
    sent: BTreeMap<String, String>,
    /// Acknowledged places and their texts.
    acknowledged: BTreeMap<u64, String>,
    /// Acknowledged erasures.
    erased: Vec<u64>,
    /// Sent erasures, acknowledged or not.
    maybe_erased: Vec<u64>,
    /// The largest signed size that was shown.
    signed: u64,
}

/// A small generator, so that a seed is a run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// One step of a run: appends, seals, merges, signs or erases. Errors are what a cut disk gives.
fn step(house: &House, ledger: &Ledger, dice: &mut Dice, model: &mut Model, n: u64) {
    match dice.roll(10) {
        0..=5 => {
            // Some texts are long and do not pack, so that some parts are worth packing again.
            let long = dice.roll(8) == 0;
            let batch: Vec<(String, String)> = (0..1 + dice.roll(4))
                .map(|k| {
                    let noise: String = (0..if long { 200 } else { 0 })
                        .map(|_| format!("{:08x}", dice.roll(1 << 32)))
                        .collect();
                    (format!("{n}-{k}"), format!("text {n} {k} {noise}"))
                })
                .collect();
            model.sent.extend(batch.iter().cloned());
            let mode = if dice.roll(4) == 0 {
                Mode::Atomic
            } else {
                Mode::Each
            };
            let prepared = batch
                .iter()
                .map(|(id, text)| house.event(id, text))
                .collect();
            if let Ok(outcomes) = ledger.append(prepared, mode) {
                for (outcome, (_, text)) in outcomes.iter().zip(&batch) {
                    let placed = outcome.as_ref().expect("new ids are not refused");
                    model
                        .acknowledged
                        .insert(placed.sequence.get(), text.clone());
                }
            }
        }
        // Closed files wait for each other, and are sealed some at a time.
        6 => ledger.seal(),
        7 => {
            let _ = seal(ledger);
        }
        8 => {
            if dice.roll(2) == 0 {
                house.rest();
            }
            let _ = work(ledger);
            let known = ledger.durable().get().checked_sub(1);
            known.and_then(|last| {
                ledger.wait_covered(Sequence::new(last), Duration::from_millis(50))
            });
            model.signed = model.signed.max(ledger.head().size.get());
        }
        _ => {
            let Some(last) = ledger.durable().get().checked_sub(1) else {
                return;
            };
            let victim = dice.roll(last + 1);
            model.maybe_erased.push(victim);
            let tombstone = house.tombstone(&format!(r#"[{{"first":{victim},"last":{victim}}}]"#));
            if append(ledger, vec![tombstone]).is_ok() {
                model.erased.push(victim);
            }
        }
    }
}

fn audit(ledger: &Ledger, model: &Model, seed: u64) {
    let durable = ledger.durable().get();
    assert!(
        durable >= model.signed,
        "seed {seed}: shorter than what was signed"
    );
    for sequence in 0..durable {
        let recorded = ledger
            .read(Sequence::new(sequence))
            .unwrap_or_else(|error| panic!("seed {seed}: event {sequence}: {error:?}"));
        let entry = ledger.entry(Sequence::new(sequence)).unwrap();
        assert_eq!(
            recorded.entry(),
            entry,
            "seed {seed}: event {sequence} is not what the tree holds"
        );
        match &recorded.content {
            Content::Whole { event, .. } => {
                assert!(
                    !model.erased.contains(&sequence) || recorded.kind == event::Kind::Tombstone,
                    "seed {seed}: {sequence} was erased"
                );
                if let Some(id) = event.id() {
                    assert_eq!(
                        model.sent.get(&*id),
                        message(&recorded).as_ref(),
                        "seed {seed}: event {sequence} was never sent"
                    );
                    assert_eq!(
                        ledger.find_id(&id).unwrap(),
                        Some(Sequence::new(sequence)),
                        "seed {seed}: id of {sequence}"
                    );
                }
            }
            _ => assert!(
                model.maybe_erased.contains(&sequence),
                "seed {seed}: event {sequence} lost its body"
            ),
        }
    }
    for (sequence, text) in &model.acknowledged {
        assert!(
            *sequence < durable,
            "seed {seed}: acknowledged event {sequence} is lost"
        );
        let recorded = ledger.read(Sequence::new(*sequence)).unwrap();
        if let Content::Whole { .. } = recorded.content {
            assert_eq!(
                message(&recorded).as_ref(),
                Some(text),
                "seed {seed}: event {sequence} moved"
            );
        }
    }
    let head = ledger.head();
    assert_eq!(
        head.size.get(),
        durable,
        "seed {seed}: the start signs what there is"
    );
}

/// Runs a seed on a disk that is cut at a step of its choice, then again on what is left, and
/// audits after each start.
fn run(seed: u64) {
    let mut dice = Dice(seed);
    let house = House::new(seed);
    let mut disk = Arc::new(Sim::new(seed));
    let mut model = Model::default();
    let mut n = 0;
    for life in 0..4 {
        match dice.roll(4) {
            0 => disk.fail(Some(OperationKind::Sync), dice.roll(60), Fault::Device),
            1 => disk.fail(
                None,
                dice.roll(200),
                if dice.roll(2) == 0 {
                    Fault::Full
                } else {
                    Fault::Device
                },
            ),
            _ => {}
        }
        disk.cut_at(20 + dice.roll(if life == 0 { 200 } else { 400 }));
        if let Ok(ledger) = house.open(disk.clone()) {
            if !disk.is_stopped() {
                audit(&ledger, &model, seed);
            }
            for _ in 0..40 {
                if disk.is_stopped() {
                    break;
                }
                step(&house, &ledger, &mut dice, &mut model, n);
                n += 1;
            }
            drop(ledger);
        }
        disk = Arc::new(disk.reboot(dice.roll(u64::MAX)));
    }
    let ledger = house
        .open(disk.clone())
        .unwrap_or_else(|error| panic!("seed {seed}: {error:?}\n{disk:?}"));
    audit(&ledger, &model, seed);
    house.rest();
    work(&ledger).unwrap_or_else(|error| panic!("seed {seed}: {error:?}"));
    audit(&ledger, &model, seed);
}

#[test]
fn nothing_acknowledged_is_lost_wherever_the_power_is_cut() {
    if let Some(seed) = std::env::var("ANNALS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
    {
        return run(seed);
    }
    let next = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if seed >= SEEDS {
                        return;
                    }
                    run(seed);
                }
            });
        }
    });
}

/// The power is cut at every step from before the eighth run of ids is written until all eight are one.
#[test]
fn ids_are_known_wherever_the_merging_of_their_runs_is_cut() {
    let id = |n: usize| format!("id-{n}");
    let begin = |house: &House, disk: &Arc<Sim>| {
        let ledger = house.open(disk.clone()).unwrap();
        for n in 0..8 {
            append(&ledger, vec![house.event(&id(n), "text")]).unwrap();
            if n < 7 {
                seal(&ledger).unwrap();
            }
        }
        ledger
    };
    let runs = |disk: &Arc<Sim>| disk.list(Path::new("ids")).unwrap().len();
    let (mut cut, mut seen) = (0, BTreeSet::new());
    loop {
        let (house, disk) = (House::new(cut), Arc::new(Sim::new(cut)));
        let ledger = begin(&house, &disk);
        assert_eq!(runs(&disk), 7);
        disk.cut_at(disk.ops_count() + cut);
        let done = seal(&ledger).is_ok() && !disk.is_stopped();
        drop(ledger);
        let disk = Arc::new(disk.reboot(cut));
        let ledger = house.open(disk.clone()).unwrap();
        for n in 0..8 {
            let found = ledger.find_id(&id(n)).unwrap();
            assert_eq!(found, Some(Sequence::new(n as u64)), "cut {cut}: {n}");
        }
        seen.insert(runs(&disk));
        seal(&ledger).unwrap();
        assert_eq!(runs(&disk), 1, "cut {cut}");
        if done {
            break;
        }
        cut += 1;
    }
    // Before the eighth was sealed, before they were merged, and after it.
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [1, 7, 8]);
}
