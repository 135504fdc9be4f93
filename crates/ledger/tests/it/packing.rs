//! Merging, and packing tighter what rests: when it happens, once, and cut at any step.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use event::{Content, Count, Sequence};
use ledger::disk::{Disk, Sim};
use ledger::{Ledger, Packing, ViewProgress, check};

use crate::house::{House, append, message, work};

/// Events of one sealed file: enough that its part takes more than a page of the disk.
const EVENTS: u64 = 60;

fn text(n: u64) -> String {
    // Digits that do not pack, and words that do.
    let digits: String = (0..12u64)
        .map(|k| {
            format!(
                "{:016x}",
                (n * 12 + k + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            )
        })
        .collect();
    format!("the event of the number {n} with the digits {digits}")
}

/// Appends so many events and closes their file.
fn fill(house: &House, ledger: &Ledger) {
    let first = ledger.durable().get();
    let batch = (first..first + EVENTS)
        .map(|n| house.event(&n.to_string(), &text(n)))
        .collect();
    let outcomes = append(ledger, batch).unwrap();
    assert!(outcomes.iter().all(Result::is_ok));
    ledger.seal();
}

fn hold_merges(ledger: &Ledger, hold: bool) {
    ledger.set_view_progress(ViewProgress {
        seen: Count::new(u64::MAX),
        merged: !hold,
    });
}

fn audit(ledger: &Ledger, events: u64, when: &str) {
    assert_eq!(ledger.durable().get(), events, "{when}");
    for n in 0..events {
        let recorded = ledger.read(Sequence::new(n)).unwrap();
        assert!(matches!(recorded.content, Content::Whole { .. }), "{when}");
        assert_eq!(message(&recorded), Some(text(n)), "{when}");
        assert_eq!(recorded.entry(), ledger.entry(Sequence::new(n)).unwrap());
    }
}

fn files(disk: &dyn Disk, folder: &str) -> usize {
    disk.list(Path::new(folder)).unwrap().len()
}

#[test]
fn merging_and_packing_may_be_cut_at_any_step() {
    let house = House::new(50);
    let disk = Arc::new(Sim::new(50));
    let ledger = house.open(disk.clone()).unwrap();
    hold_merges(&ledger, true);
    for _ in 0..8 {
        fill(&house, &ledger);
        work(&ledger).unwrap();
    }
    assert_eq!(ledger.snapshot().parts.len(), 8);
    ledger.close();

    let (mut step, mut cuts) = (0, 0);
    loop {
        let disk = Arc::new(disk.crash(step));
        let ledger = house.open(disk.clone()).unwrap();
        house.rest();
        disk.cut_at(disk.ops_count() + step);
        let whole = work(&ledger).is_ok() && !disk.is_stopped();
        drop(ledger);
        if whole {
            break;
        }
        cuts += 1;
        let when = format!("cut at step {step}");
        let disk = Arc::new(disk.reboot(step));
        let ledger = house.open(disk.clone()).unwrap();
        audit(&ledger, 8 * EVENTS, &when);
        house.rest();
        work(&ledger).unwrap();
        audit(&ledger, 8 * EVENTS, &when);
        assert_eq!(ledger.snapshot().parts.len(), 1, "{when}");
        assert_eq!(ledger.parts_packed(Packing::Cold).0, 1, "{when}");
        let verifier = ledger.verifier().clone();
        ledger.close();
        assert_eq!(files(&*disk, "parts/record_change"), 1, "{when}");
        let disk: Arc<dyn Disk> = disk;
        let report = check(&disk, &verifier, None).unwrap();
        assert!(report.is_sound(), "{when}: {:?}", report.findings);
        step += 1;
    }
    // Of each of the two: a file, its folder, the manifest, and the removal of the old files.
    assert!(cuts > 20, "{cuts}");
}

#[test]
fn while_space_is_saved_only_what_is_to_be_erased_is_written_anew() {
    let house = House::new(52);
    let disk = Arc::new(Sim::new(52));
    let ledger = house.open(disk.clone()).unwrap();
    let pool = house.resources.pool();
    fill(&house, &ledger);
    work(&ledger).unwrap();
    let sealed = ledger.snapshot().parts[0];
    let erased = append(&ledger, vec![house.tombstone(r#"[{"first":0,"last":0}]"#)]).unwrap();
    let tombstone = erased[0].as_ref().unwrap().sequence;
    ledger
        .wait_covered(tombstone, Duration::from_secs(5))
        .unwrap();
    ledger.seal();
    assert!(ledger.work().unwrap());

    pool.save_space(true);
    fill(&house, &ledger);
    house.rest();
    let last = |ledger: &Ledger| {
        ledger
            .snapshot()
            .parts
            .iter()
            .map(|part| part.name.last)
            .max()
    };
    assert_eq!(ledger.backlog().erase, 1);
    work(&ledger).unwrap();
    assert_eq!(ledger.backlog().erase, 0);
    assert_eq!(last(&ledger), Some(tombstone.get()));
    let rewritten = ledger.snapshot().parts[0];
    assert!(rewritten.name.generation > sealed.name.generation);
    assert_eq!(ledger.parts_packed(Packing::Cold).0, 0);

    // Another tombstone, behind what is not sealed yet.
    let erased = append(&ledger, vec![house.tombstone(r#"[{"first":1,"last":1}]"#)]).unwrap();
    let behind = erased[0].as_ref().unwrap().sequence;
    ledger.wait_covered(behind, Duration::from_secs(5)).unwrap();
    ledger.seal();
    work(&ledger).unwrap();
    assert_eq!(last(&ledger), Some(behind.get()));
    assert!(ledger.snapshot().parts[0].name.generation > rewritten.name.generation);

    fill(&house, &ledger);
    assert!(!ledger.work().unwrap());
    pool.save_space(false);
    work(&ledger).unwrap();
    assert_eq!(last(&ledger), Some(behind.get() + EVENTS));
}

#[test]
fn a_part_is_packed_tighter_once_when_it_rests_and_says_so_after_a_restart() {
    let house = House::new(51);
    let disk = Arc::new(Sim::new(51));
    let ledger = house.open(disk.clone()).unwrap();
    fill(&house, &ledger);
    work(&ledger).unwrap();
    let fresh = ledger.snapshot().parts[0];
    let roots = ledger.head().root;
    assert_eq!(ledger.backlog().recompress, 1);
    assert_eq!(ledger.parts_packed(Packing::Fresh), (1, fresh.bytes));

    house.rest();
    assert!(ledger.work().unwrap());
    let cold = ledger.snapshot().parts[0];
    assert!(cold.name.generation > fresh.name.generation);
    assert_eq!((cold.name.first, cold.name.last), (0, EVENTS - 1));
    assert_eq!(ledger.parts_packed(Packing::Cold), (1, cold.bytes));
    assert_eq!(ledger.backlog().recompress, 0);
    assert_eq!(files(&*disk, "parts/record_change"), 1);
    audit(&ledger, EVENTS, "packed");
    assert_eq!(ledger.head().root, roots);

    house.rest();
    assert!(!ledger.work().unwrap(), "once");
    ledger.close();
    let again = house.open(Arc::new(disk.restart())).unwrap();
    house.rest();
    assert!(!again.work().unwrap(), "once, also after a restart");
    assert_eq!(again.snapshot().parts[0], cold);
    audit(&again, EVENTS, "opened again");
}

#[test]
fn the_journal_of_a_quiet_ledger_is_sealed_if_that_is_worth_it() {
    let house = House::new(55);
    let ledger = house.open(Arc::new(Sim::new(55))).unwrap();
    let fill = |events: u64| {
        let first = ledger.durable().get();
        let batch = (first..first + events)
            .map(|n| house.event(&n.to_string(), &text(n)))
            .collect();
        append(&ledger, batch).unwrap();
    };
    fill(100);
    house.rest();
    work(&ledger).unwrap();
    assert_eq!(ledger.snapshot().sealed.get(), 0, "too little");
    fill(4_000);
    work(&ledger).unwrap();
    assert_eq!(ledger.snapshot().sealed.get(), 0, "not quiet");
    house.rest();
    work(&ledger).unwrap();
    assert_eq!(ledger.snapshot().sealed.get(), 4_100);
    assert_eq!(ledger.disk_use().journal, 0);
    assert!(!ledger.rests(), "its parts are still to be packed");
    house.rest();
    work(&ledger).unwrap();
    assert!(ledger.rests());
    fill(1);
    assert!(ledger.rests(), "one event more changes nothing");
    audit(&ledger, 4_101, "sealed while it was quiet");
}

#[test]
fn what_is_new_or_waits_for_a_view_is_left_alone() {
    let house = House::new(52);
    let ledger = house.open(Arc::new(Sim::new(52))).unwrap();
    fill(&house, &ledger);
    work(&ledger).unwrap();
    assert!(!ledger.work().unwrap(), "just sealed");
    house.rest();
    hold_merges(&ledger, true);
    assert!(!ledger.work().unwrap(), "the views have not followed");
    ledger.set_view_progress(ViewProgress {
        seen: Count::new(5),
        merged: true,
    });
    assert!(!ledger.work().unwrap(), "the views have not come so far");
    hold_merges(&ledger, false);
    assert!(ledger.work().unwrap());
    assert_eq!(ledger.parts_packed(Packing::Cold).0, 1);
}

#[test]
fn parts_of_a_month_that_is_over_do_not_wait_for_quiet() {
    let house = House::new(53);
    let ledger = house.open(Arc::new(Sim::new(53))).unwrap();
    fill(&house, &ledger);
    work(&ledger).unwrap();
    let month_micros = 31 * 86_400 * 1_000_000;
    house.clock.0.fetch_add(month_micros, Ordering::Relaxed);
    fill(&house, &ledger);
    work(&ledger).unwrap();
    let parts = ledger.snapshot().parts;
    assert_eq!(parts.len(), 2);
    assert_eq!(ledger.parts_packed(Packing::Cold), (1, parts[0].bytes));
    assert_eq!(
        ledger.part(&parts[1].name).unwrap().packing(),
        Packing::Fresh
    );
}

#[test]
fn neighbours_that_rest_become_one_part() {
    let house = House::new(56);
    let ledger = house.open(Arc::new(Sim::new(56))).unwrap();
    fill(&house, &ledger);
    work(&ledger).unwrap();
    house.rest();
    work(&ledger).unwrap();
    let cold = ledger.snapshot().parts[0];
    for _ in 0..3 {
        fill(&house, &ledger);
        work(&ledger).unwrap();
    }
    assert_eq!(ledger.snapshot().parts.len(), 4);
    house.rest();
    work(&ledger).unwrap();
    let parts = ledger.snapshot().parts;
    assert_eq!(parts[0], cold, "what is packed already stays");
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[1].name.last, 4 * EVENTS - 1);
    assert_eq!(ledger.parts_packed(Packing::Cold).0, 2);
    audit(&ledger, 4 * EVENTS, "packed together");
}

#[test]
fn parts_packed_tighter_while_it_was_quiet_are_merged_when_their_time_comes() {
    let house = House::new(54);
    let ledger = house.open(Arc::new(Sim::new(54))).unwrap();
    for n in 0..7 {
        fill(&house, &ledger);
        work(&ledger).unwrap();
        house.rest();
        work(&ledger).unwrap();
        assert_eq!(ledger.parts_packed(Packing::Cold).0, n + 1);
    }
    fill(&house, &ledger);
    work(&ledger).unwrap();
    assert_eq!(ledger.snapshot().parts.len(), 1);
    assert_eq!(ledger.parts_packed(Packing::Fresh).0, 1);
    house.rest();
    work(&ledger).unwrap();
    assert_eq!(ledger.parts_packed(Packing::Cold).0, 1);
    audit(&ledger, 8 * EVENTS, "merged");
}
