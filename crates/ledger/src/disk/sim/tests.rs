//! What a power cut and a failing disk leave, over many seeds.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::ops::RangeInclusive;
use std::path::Path;

use proptest::prelude::*;

use super::{Fault, OperationKind, Sim};
use crate::disk::{Disk, DiskFile, LockError};

const SEEDS: RangeInclusive<u64> = 1..=300;

fn p(path: &str) -> &Path {
    Path::new(path)
}

fn bytes(disk: &Sim, path: &str) -> Vec<u8> {
    let file = disk.open_read(p(path)).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

/// Every name with its bytes; folders have none.
fn contents(disk: &Sim) -> Vec<(String, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in disk.list(p(&folder)).unwrap() {
            let path = p(&folder).join(entry.name).to_str().unwrap().to_owned();
            found.push((path.clone(), (!entry.is_dir).then(|| bytes(disk, &path))));
            if entry.is_dir {
                folders.push(path);
            }
        }
    }
    found
}

fn names(disk: &Sim) -> String {
    let names: Vec<String> = contents(disk).into_iter().map(|(path, _)| path).collect();
    names.join(" ")
}

/// Everything that `look` finds after power cuts of all seeds.
fn outcomes<T: Ord>(disk: &Sim, look: impl Fn(&Sim) -> T) -> BTreeSet<T> {
    SEEDS.map(|seed| look(&disk.crash(seed))).collect()
}

/// A disk whose one file `a` is there for good.
fn with_file(content: &[u8]) -> (Sim, std::sync::Arc<dyn DiskFile>) {
    let disk = Sim::new(7);
    let file = disk.create(p("a")).unwrap();
    file.write_all_at(content, 0).unwrap();
    file.sync_data().unwrap();
    disk.sync_dir(p("")).unwrap();
    (disk, file)
}

#[track_caller]
fn fails<T>(answer: io::Result<T>, kind: ErrorKind) {
    assert_eq!(answer.err().map(|error| error.kind()), Some(kind));
}

#[test]
fn synced_bytes_and_names_survive_every_power_cut() {
    let (disk, file) = with_file(&[1; 3000]);
    disk.create_dir(p("d")).unwrap();
    disk.create(p("d/b")).unwrap();
    disk.sync_dir(p("d")).unwrap();
    disk.sync_dir(p("")).unwrap();
    file.write_all_at(&[2; 2000], 3000).unwrap();
    for seed in SEEDS {
        let left = disk.crash(seed);
        assert_eq!(bytes(&left, "a")[..3000], [1; 3000], "seed {seed}");
        assert_eq!(names(&left), "a d d/b", "seed {seed}");
    }
}

#[test]
fn unsynced_bytes_may_vanish_stay_or_be_torn() {
    let (disk, file) = with_file(b"");
    file.write_all_at(&[9; 2000], 0).unwrap();
    let left = outcomes(&disk, |left| bytes(left, "a"));
    assert!(left.contains(&vec![]) && left.contains(&vec![9; 2000]));
    let some = |wanted: &dyn Fn(&[u8]) -> bool| left.iter().any(|bytes| wanted(bytes));
    assert!(
        some(&|b| !b.is_empty() && b.len() < 2000 && b.iter().all(|b| *b == 9)),
        "a beginning"
    );
    assert!(
        some(&|b| b.len() == 2000 && b[..512] == [0; 512] && b[512..1024] == [9; 512]),
        "a hole"
    );
    assert!(
        some(&|b| !b.is_empty() && b.iter().all(|b| *b == 0)),
        "a length without bytes"
    );
    assert!(some(&|b| b.iter().any(|b| *b != 0 && *b != 9)), "garbage");
}

#[test]
fn bytes_beside_a_torn_overwrite_stay() {
    let (disk, file) = with_file(&[1; 4000]);
    file.write_all_at(&[2; 1500], 700).unwrap();
    let left = outcomes(&disk, |left| bytes(left, "a"));
    assert!(left.len() > 20, "torn in many ways");
    let first_sector_lost = |b: &Vec<u8>| b[700..1024] == [1; 324] && b[1024..1536] == [2; 512];
    assert!(
        left.iter().any(first_sector_lost),
        "torn where the disk's sectors begin"
    );
    for bytes in left {
        assert_eq!(bytes.len(), 4000);
        assert!(bytes[..700] == [1; 700] && bytes[2200..] == [1; 1800]);
    }
}

#[test]
fn unsynced_writes_land_in_any_order() {
    let (disk, file) = with_file(&[0; 2]);
    disk.create(p("b")).unwrap().write_all_at(&[3], 0).unwrap();
    disk.sync_dir(p("")).unwrap();
    file.write_all_at(&[1], 0).unwrap();
    file.write_all_at(&[2], 1).unwrap();
    let left = outcomes(&disk, |left| (bytes(left, "a"), bytes(left, "b")));
    for (first, second) in [(0, 2), (1, 0), (1, 2), (0, 0)] {
        for other in [vec![], vec![3]] {
            assert!(left.contains(&(vec![first, second], other)));
        }
    }
}

#[test]
fn an_unsynced_truncation_may_come_back_under_later_bytes() {
    let (disk, file) = with_file(b"abcdef");
    file.truncate(2).unwrap();
    let left = outcomes(&disk, |left| bytes(left, "a"));
    assert_eq!(left, BTreeSet::from([b"ab".to_vec(), b"abcdef".to_vec()]));
    file.write_all_at(b"X", 2).unwrap();
    assert!(outcomes(&disk, |left| bytes(left, "a")).contains(b"abXdef".as_slice()));
    file.sync_data().unwrap();
    assert_eq!(
        outcomes(&disk, |left| bytes(left, "a")),
        BTreeSet::from([b"abX".to_vec()])
    );
}

#[test]
fn a_synced_file_under_an_unsynced_name_may_be_gone() {
    let disk = Sim::new(7);
    let file = disk.create(p("a")).unwrap();
    file.write_all_at(b"x", 0).unwrap();
    file.sync_all().unwrap();
    let left = outcomes(&disk, contents);
    let whole = vec![("a".to_owned(), Some(b"x".to_vec()))];
    assert_eq!(left, BTreeSet::from([vec![], whole]));
}

#[test]
fn a_folder_takes_what_it_holds_with_it() {
    let disk = Sim::new(7);
    disk.create_dir(p("d")).unwrap();
    disk.create(p("d/a")).unwrap();
    disk.sync_dir(p("d")).unwrap();
    let left = outcomes(&disk, names);
    assert_eq!(left, BTreeSet::from([String::new(), "d d/a".to_owned()]));
}

#[test]
fn an_unsynced_rename_has_the_old_name_or_the_new_one() {
    let (disk, _) = with_file(b"old");
    let new = disk.create(p("new")).unwrap();
    new.write_all_at(b"new", 0).unwrap();
    new.sync_data().unwrap();
    disk.sync_dir(p("")).unwrap();
    disk.rename(p("new"), p("a")).unwrap();
    disk.create(p("new")).unwrap();
    let left = outcomes(&disk, |left| (names(left), bytes(left, "a")));
    let outcome = |names: &str, bytes: &[u8]| (names.to_owned(), bytes.to_vec());
    let reverted = outcome("a new", b"old");
    let all = [reverted, outcome("a", b"new"), outcome("a new", b"new")];
    assert_eq!(left, BTreeSet::from(all));
    for seed in SEEDS {
        let left = disk.crash(seed);
        if bytes(&left, "a") == b"old" {
            assert_eq!(bytes(&left, "new"), b"new", "never both lost, seed {seed}");
        }
    }
    disk.sync_dir(p("")).unwrap();
    assert_eq!(outcomes(&disk, names), BTreeSet::from(["a new".to_owned()]));
}

#[test]
fn names_of_one_folder_are_lost_independently() {
    let (disk, _) = with_file(b"");
    disk.create(p("b")).unwrap();
    disk.remove_file(p("a")).unwrap();
    let all = ["", "a", "a b", "b"].map(str::to_owned);
    assert_eq!(outcomes(&disk, names), BTreeSet::from(all));
}

#[test]
fn after_a_failed_sync_bytes_are_read_and_yet_never_become_durable() {
    let lost = SEEDS.filter(|seed| {
        let disk = Sim::new(*seed);
        let file = disk.create(p("a")).unwrap();
        disk.sync_dir(p("")).unwrap();
        file.write_all_at(b"first ", 0).unwrap();
        disk.fail(OperationKind::Sync, 0, Fault::Device);
        assert!(file.sync_data().is_err());
        file.write_all_at(b"second", 6).unwrap();
        file.sync_data().unwrap();
        assert_eq!(bytes(&disk, "a"), b"first second");
        assert_eq!(bytes(&disk.restart(), "a"), b"first second");
        let left = bytes(&disk.crash(1), "a");
        assert_eq!(left[6..], *b"second");
        left[..6] != *b"first "
    });
    let lost = lost.count();
    assert!((60..240).contains(&lost), "lost in {lost} of 300");
}

#[test]
fn a_length_outlives_a_failed_sync() {
    let (disk, file) = with_file(b"abcdef");
    file.truncate(2).unwrap();
    disk.fail(OperationKind::Sync, 0, Fault::Full);
    fails(file.sync_data(), ErrorKind::StorageFull);
    assert_eq!(outcomes(&disk, |left| bytes(left, "a")).len(), 2);
    file.sync_data().unwrap();
    assert_eq!(
        outcomes(&disk, |left| bytes(left, "a")),
        BTreeSet::from([b"ab".to_vec()])
    );
}

#[test]
fn a_failed_folder_sync_is_made_good_by_a_later_one() {
    let disk = Sim::new(7);
    disk.create(p("a")).unwrap();
    disk.fail(OperationKind::SyncDir, 0, Fault::Device);
    assert!(disk.sync_dir(p("")).is_err());
    assert_eq!(outcomes(&disk, names).len(), 2);
    disk.sync_dir(p("")).unwrap();
    assert_eq!(outcomes(&disk, names).len(), 1);
}

#[test]
fn a_full_disk_takes_a_beginning_and_says_so() {
    let (disk, file) = with_file(b"0123");
    disk.set_capacity(10);
    assert_eq!(disk.free_bytes().unwrap(), 6);
    fails(file.write_all_at(b"456789abc", 4), ErrorKind::StorageFull);
    assert_eq!(bytes(&disk, "a"), b"0123456789");
    file.write_all_at(b"X", 0).unwrap();
    fails(disk.create(p("b")), ErrorKind::StorageFull);
    fails(disk.create_dir(p("d")), ErrorKind::StorageFull);
    fails(file.truncate(11), ErrorKind::StorageFull);
    fails(file.truncate(u64::MAX), ErrorKind::StorageFull);
    fails(file.reserve(11), ErrorKind::StorageFull);
    fails(file.write_all_at(b"X", 1 << 40), ErrorKind::StorageFull);
    file.truncate(4).unwrap();
    file.write_all_at(b"Y", 4).unwrap();
    disk.remove_file(p("a")).unwrap();
    assert_eq!(disk.free_bytes().unwrap(), 10);
}

#[test]
fn a_fault_hits_the_chosen_operation_once() {
    let (disk, file) = with_file(b"x");
    disk.fail(OperationKind::Write, 1, Fault::Full);
    disk.fail(None, 3, Fault::Device);
    disk.fail(OperationKind::Read, 0, Fault::Device);
    assert!(file.read_exact_at(&mut [0], 0).is_err());
    file.read_exact_at(&mut [0], 0).unwrap();
    file.write_all_at(b"1", 0).unwrap();
    file.sync_data().unwrap();
    fails(file.write_all_at(b"2", 0), ErrorKind::StorageFull);
    assert!(disk.rename(p("a"), p("b")).is_err());
    assert_eq!(names(&disk), "a");
    disk.rename(p("a"), p("b")).unwrap();
}

#[test]
fn a_fault_that_is_due_waits_for_the_one_before_it() {
    let (disk, file) = with_file(b"x");
    disk.fail(OperationKind::Write, 0, Fault::Full);
    disk.fail(None, 0, Fault::Device);
    fails(file.write_all_at(b"1", 0), ErrorKind::StorageFull);
    assert!(file.write_all_at(b"2", 0).is_err());
    file.write_all_at(b"3", 0).unwrap();
}

#[test]
fn a_read_only_disk_is_read() {
    let (disk, file) = with_file(b"x");
    disk.set_read_only(true);
    fails(file.write_all_at(b"y", 0), ErrorKind::ReadOnlyFilesystem);
    fails(disk.create(p("b")), ErrorKind::ReadOnlyFilesystem);
    fails(disk.open(p("a")), ErrorKind::ReadOnlyFilesystem);
    fails(disk.sync_dir(p("")), ErrorKind::ReadOnlyFilesystem);
    assert_eq!(bytes(&disk, "a"), b"x");
    disk.set_read_only(false);
    file.write_all_at(b"y", 0).unwrap();
}

#[test]
fn a_read_only_remount_loses_what_was_to_be_synced() {
    let left: BTreeSet<Vec<u8>> = SEEDS
        .map(|seed| {
            let disk = Sim::new(seed);
            let file = disk.create(p("a")).unwrap();
            disk.sync_dir(p("")).unwrap();
            file.write_all_at(b"x", 0).unwrap();
            disk.set_read_only(true);
            fails(file.sync_data(), ErrorKind::ReadOnlyFilesystem);
            disk.set_read_only(false);
            file.sync_data().unwrap();
            bytes(&disk.crash(seed), "a")
        })
        .collect();
    assert!(left.contains(b"".as_slice()) && left.contains(b"x".as_slice()));
}

#[test]
fn a_write_that_fails_may_have_done_a_beginning() {
    let left: BTreeSet<Vec<u8>> = SEEDS
        .map(|seed| {
            let disk = Sim::new(seed);
            let file = disk.create(p("a")).unwrap();
            disk.fail(OperationKind::Write, 0, Fault::Full);
            fails(file.write_all_at(b"abc", 0), ErrorKind::StorageFull);
            bytes(&disk, "a")
        })
        .collect();
    let all = ["", "a", "ab", "abc"].map(|bytes| bytes.as_bytes().to_vec());
    assert_eq!(left, BTreeSet::from(all));
}

#[test]
fn a_restart_stops_the_old_process_and_gives_its_lock_back() {
    let (disk, file) = with_file(b"x");
    let _lock = disk.lock(p("lock")).unwrap();
    file.write_all_at(b"y", 0).unwrap();
    let next = disk.restart();
    assert!(disk.is_stopped() && file.sync_data().is_err());
    assert_eq!(bytes(&next, "a"), b"y");
    next.lock(p("lock")).unwrap();
}

#[test]
fn a_stopped_process_does_nothing_more() {
    let (disk, file) = with_file(b"x");
    let lock = disk.lock(p("lock")).unwrap();
    let steps = disk.ops_count();
    disk.cut_at(steps + 1);
    file.write_all_at(b"y", 0).unwrap();
    file.read_exact_at(&mut [0], 0).unwrap();
    assert!(!disk.is_stopped());
    assert!(file.sync_data().is_err());
    assert!(disk.is_stopped());
    assert!(file.read_exact_at(&mut [0], 0).is_err());
    assert!(disk.exists(p("a")).is_err() && disk.remove_file(p("a")).is_err());
    assert!(matches!(disk.lock(p("lock")), Err(LockError::Io(_))));
    assert_eq!(disk.ops_count(), steps + 2);

    let next = disk.restart();
    assert_eq!((bytes(&next, "a"), next.ops_count()), (b"y".to_vec(), 0));
    next.lock(p("lock")).unwrap();
    let left = outcomes(&next, |left| bytes(left, "a"));
    assert!(left.contains(b"x".as_slice()) && left.contains(b"y".as_slice()));
    drop(lock);
}

#[test]
fn a_write_cut_short_leaves_a_beginning() {
    let left: BTreeSet<Vec<u8>> = SEEDS
        .map(|seed| {
            let disk = Sim::new(seed);
            let file = disk.create(p("a")).unwrap();
            disk.cut_at(1);
            assert!(file.write_all_at(b"abc", 0).is_err());
            bytes(&disk.restart(), "a")
        })
        .collect();
    let all = ["", "a", "ab", "abc"].map(|bytes| bytes.as_bytes().to_vec());
    assert_eq!(left, BTreeSet::from(all));
}

#[test]
fn a_reboot_stops_the_old_process_and_a_crash_lets_it_go_on() {
    let (disk, file) = with_file(b"x");
    disk.fail(None, 0, Fault::Device);
    let left = disk.crash(1);
    assert!(!disk.is_stopped());
    left.rename(p("a"), p("b")).unwrap();
    assert_eq!(names(&disk), "a");
    let _held = disk.lock(p("a")).unwrap_err();
    let left = disk.reboot(1);
    assert!(file.len().is_err());
    assert_eq!(bytes(&left, "a"), b"x");
    left.lock(p("a")).unwrap();
}

#[test]
fn the_trace_names_every_step() {
    let (disk, file) = with_file(b"xyz");
    disk.rename(p("a"), p("b")).unwrap();
    assert!(disk.create(p("b")).is_err());
    file.truncate(1).unwrap();
    let kinds: Vec<OperationKind> = disk.operations().iter().map(|o| o.kind).collect();
    use OperationKind::{Create, Rename, Sync, SyncDir, Truncate, Write};
    assert_eq!(
        kinds,
        [Create, Write, Sync, SyncDir, Rename, Create, Truncate]
    );
    let trace = format!("{disk:?}");
    for line in [
        "    1 Write a 0..3\n",
        "    4 Rename a to b\n",
        "    5 Create b: entity already exists\n",
    ] {
        assert!(trace.contains(line), "{line:?} is not in {trace}");
    }
}

/// What a run asks of a disk; names and places are taken from small sets so that they meet.
#[derive(Debug, Clone)]
enum Ask {
    Create(u8),
    Write(u8, u16, u16),
    Truncate(u8, u16),
    Sync(u8),
    Rename(u8, u8),
    Remove(u8),
    SyncDir,
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let name = 0..4_u8;
    let ask = prop_oneof![
        3 => name.clone().prop_map(Ask::Create),
        5 => (name.clone(), 0..2000_u16, 1..1500_u16).prop_map(|(n, at, len)| Ask::Write(n, at, len)),
        1 => (name.clone(), 0..3000_u16).prop_map(|(n, len)| Ask::Truncate(n, len)),
        2 => name.clone().prop_map(Ask::Sync),
        2 => (name.clone(), name.clone()).prop_map(|(from, to)| Ask::Rename(from, to)),
        1 => name.prop_map(Ask::Remove),
        2 => Just(Ask::SyncDir),
    ];
    prop::collection::vec(ask, 1..60)
}

/// Does as asked, as far as the disk allows.
fn run(disk: &Sim, asks: &[Ask]) {
    let path = |name: &u8| name.to_string();
    let open = |name: &u8| disk.open(p(&path(name)));
    for (n, ask) in asks.iter().enumerate() {
        let _ = match ask {
            Ask::Create(name) => disk.create(p(&path(name))).map(|_| ()),
            Ask::Write(name, offset, length) => open(name).and_then(|file| {
                file.write_all_at(&vec![n as u8 + 1; (*length).into()], (*offset).into())
            }),
            Ask::Truncate(name, length) => {
                open(name).and_then(|file| file.truncate((*length).into()))
            }
            Ask::Sync(name) => open(name).and_then(|file| file.sync_data()),
            Ask::Rename(from, to) => disk.rename(p(&path(from)), p(&path(to))),
            Ask::Remove(name) => disk.remove_file(p(&path(name))),
            Ask::SyncDir => disk.sync_dir(p("")),
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_seed_repeats_itself(asks in asks(), seed: u64, fault in 0..40_u64, cut in 0..60_u64) {
        let left = [(); 2].map(|()| {
            let disk = Sim::new(seed);
            disk.fail(None, fault, Fault::Device);
            disk.fail(OperationKind::Sync, 1, Fault::Full);
            disk.cut_at(cut);
            run(&disk, &asks);
            let operations = disk.operations();
            (operations, contents(&disk.restart()), contents(&disk.reboot(seed)))
        });
        prop_assert_eq!(&left[0], &left[1]);
    }

    #[test]
    fn what_was_synced_last_survives_whatever_the_run(asks in asks(), seed: u64) {
        let disk = Sim::new(seed);
        run(&disk, &asks);
        for entry in disk.list(p("")).unwrap() {
            disk.open(p(&entry.name)).unwrap().sync_data().unwrap();
        }
        disk.sync_dir(p("")).unwrap();
        prop_assert_eq!(contents(&disk.crash(seed)), contents(&disk));
        let left = disk.crash(seed);
        prop_assert_eq!(contents(&left.crash(!seed)), contents(&left), "a disk that has started is settled");
    }
}
