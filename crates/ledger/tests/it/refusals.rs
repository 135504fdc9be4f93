//! What a ledger refuses to open, and what it does when the disk fails.

use std::path::Path;
use std::sync::Arc;

use event::Sequence;
use ledger::disk::sim::{Fault, OperationKind};
use ledger::disk::{Disk, Sim};
use ledger::{AppendError, OpenError};

use crate::house::{House, append, seal};

fn ledger_of(count: u64, sealed: bool) -> (House, Arc<Sim>) {
    let house = House::new(9);
    let disk = Arc::new(Sim::new(9));
    let ledger = house.open(disk.clone()).unwrap();
    for n in 0..count {
        append(&ledger, vec![house.event(&n.to_string(), "x")]).unwrap();
    }
    if sealed {
        seal(&ledger).unwrap();
    }
    ledger.close();
    (house, disk)
}

fn flip(disk: &Sim, path: &str, at: u64) {
    let file = disk.open(Path::new(path)).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    file.sync_data().unwrap();
}

#[test]
fn damage_is_named_and_not_opened() {
    let (house, disk) = ledger_of(10, false);
    flip(&disk, "journal/0", 200);
    assert!(matches!(
        house.open(disk).err(),
        Some(OpenError::Journal(_))
    ));
    let (house, disk) = ledger_of(10, false);
    flip(&disk, "manifest", 5);
    assert!(matches!(
        house.open(disk).err(),
        Some(OpenError::Manifest(_))
    ));
    let (house, disk) = ledger_of(10, true);
    flip(&disk, "tree/entries", 50);
    assert!(matches!(
        house.open(disk).err(),
        Some(OpenError::Different { .. })
    ));
    let (house, disk) = ledger_of(10, false);
    flip(&disk, "last-checkpoint", 30);
    assert!(matches!(house.open(disk).err(), Some(OpenError::Head(_))));
}

#[test]
fn a_ledger_shorter_than_its_checkpoint_is_not_opened() {
    let (house, disk) = ledger_of(10, false);
    let file = disk.open(Path::new("journal/0")).unwrap();
    let length = file.len().unwrap();
    file.truncate(length - 10).unwrap();
    file.sync_data().unwrap();
    match house.open(disk).err() {
        Some(OpenError::Shorter {
            durable: 9,
            signed: 10,
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_ledgers_folder_is_refused_by_name() {
    let (house, disk) = ledger_of(1, false);
    let text = b"not a manifest";
    disk.remove_file(Path::new("key")).unwrap();
    let file = disk.create(Path::new("key")).unwrap();
    file.write_all_at(text, 0).unwrap();
    assert!(matches!(house.open(disk).err(), Some(OpenError::Head(_))));
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let house = House::new(10);
    let disk = Arc::new(Sim::new(10));
    let ledger = house.open(disk.clone()).unwrap();
    append(&ledger, vec![house.event("a", "one")]).unwrap();
    disk.fail(Some(OperationKind::Write), 0, Fault::Full);
    assert!(matches!(
        append(&ledger, vec![house.event("b", "two")]),
        Err(AppendError::DiskFull)
    ));
    assert!(ledger.is_full());
    append(&ledger, vec![house.event("c", "three")]).unwrap();
    assert!(!ledger.is_full());
    assert_eq!(ledger.find_id("b").unwrap(), None);
    assert_eq!(ledger.find_id("c").unwrap(), Some(Sequence::new(1)));
    ledger.close();
    assert_eq!(house.open(disk).unwrap().durable().get(), 2);
}

#[test]
fn after_a_failed_sync_nothing_more_is_acknowledged_until_the_next_start() {
    let house = House::new(11);
    let disk = Arc::new(Sim::new(11));
    let ledger = house.open(disk.clone()).unwrap();
    append(&ledger, vec![house.event("a", "one")]).unwrap();
    disk.fail(Some(OperationKind::Sync), 0, Fault::Device);
    assert!(matches!(
        append(&ledger, vec![house.event("b", "two")]),
        Err(AppendError::Stopped(_))
    ));
    assert!(matches!(
        append(&ledger, vec![house.event("c", "three")]),
        Err(AppendError::Stopped(_))
    ));
    assert!(ledger.failure().is_some());
    drop(ledger);
    // What was readable is made durable by the start, so a power cut right after it takes nothing.
    let again = house.open(Arc::new(disk.restart())).unwrap();
    assert_eq!(again.find_id("a").unwrap(), Some(Sequence::new(0)));
}
