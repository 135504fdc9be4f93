//! Checking a folder: sound ones pass, and whatever is changed is named.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::disk::{Disk, Sim};
use ledger::{Reader, Report, check};
use merkle::Verifier;

use crate::house::{House, append, seal};

fn folder() -> (Arc<dyn Disk>, Verifier, String) {
    let house = House::new(30);
    let disk: Arc<dyn Disk> = Arc::new(Sim::new(30));
    let ledger = house.open(disk.clone()).unwrap();
    for n in 0..600 {
        append(
            &ledger,
            vec![house.event(&n.to_string(), "words of an event")],
        )
        .unwrap();
        if n == 299 || n == 599 {
            seal(&ledger).unwrap();
        }
    }
    append(&ledger, vec![house.tombstone(r#"[{"first":7,"last":9}]"#)]).unwrap();
    let early = ledger
        .wait_covered(event::Sequence::new(600), std::time::Duration::from_secs(5))
        .unwrap()
        .note
        .clone();
    seal(&ledger).unwrap();
    append(&ledger, vec![house.event("last", "not sealed")]).unwrap();
    let verifier = ledger.verifier().clone();
    ledger.close();
    (disk, verifier, early)
}

fn files(disk: &dyn Disk, folder: &Path, into: &mut Vec<PathBuf>) {
    for listed in disk.list(folder).unwrap() {
        let path = folder.join(&listed.name);
        if listed.is_dir {
            files(disk, &path, into)
        } else {
            into.push(path)
        }
    }
}

fn checked(disk: &Arc<dyn Disk>, verifier: &Verifier) -> Report {
    check(disk, verifier, None).unwrap()
}

#[test]
fn a_sound_folder_passes_with_its_older_checkpoint() {
    let (disk, verifier, early) = folder();
    let report = check(&disk, &verifier, Some(early.as_bytes())).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.events, report.signed, report.erased), (602, 602, 3));
}

/// What somebody can do who writes to the folder and has no key: add a tombstone that nobody has
/// signed, and remove what it names.
#[test]
fn a_body_is_not_covered_by_a_tombstone_that_nobody_signed() {
    let house = House::new(31);
    let disk: Arc<dyn Disk> = Arc::new(Sim::new(31));
    let ledger = house.open(disk.clone()).unwrap();
    for n in 0..5 {
        append(&ledger, vec![house.event(&n.to_string(), "words")]).unwrap();
    }
    let patience = std::time::Duration::from_secs(5);
    let covered = |n| ledger.wait_covered(event::Sequence::new(n), patience);
    let before = covered(4).unwrap().note.clone();
    append(&ledger, vec![house.tombstone(r#"[{"first":2,"last":2}]"#)]).unwrap();
    covered(5).unwrap();
    seal(&ledger).unwrap();
    let verifier = ledger.verifier().clone();
    ledger.close();
    assert!(checked(&disk, &verifier).is_sound());

    // The folder now holds what the other way would lead to, but for the checkpoint.
    let file = disk.open(Path::new("last-checkpoint")).unwrap();
    file.truncate(0).unwrap();
    file.write_all_at(before.as_bytes(), 0).unwrap();
    let report = checked(&disk, &verifier);
    let finding = "event 2: its body is missing and no signed tombstone says that it was erased";
    assert_eq!(
        report
            .findings
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [finding]
    );
}

/// A part that holds events of the journal too: each is what its entry says, and still one too many.
#[test]
fn an_event_that_is_not_sealed_may_not_stand_in_a_part() {
    let house = House::new(32);
    let disk: Arc<dyn Disk> = Arc::new(Sim::new(32));
    let ledger = house.open(disk.clone()).unwrap();
    for n in 0..3 {
        append(&ledger, vec![house.event(&n.to_string(), "words")]).unwrap();
    }
    let bytes_of = |path: &Path| {
        let file = disk.open_read(path).unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    };
    let write = |path: &Path, bytes: &[u8]| {
        if disk.exists(path).unwrap() {
            disk.remove_file(path).unwrap();
        }
        let file = disk.create(path).unwrap();
        file.write_all_at(bytes, 0).unwrap();
    };
    let name = disk.list(Path::new("journal")).unwrap()[0].name.clone();
    let journal = Path::new("journal").join(name);
    let written = bytes_of(&journal);
    seal(&ledger).unwrap();
    let verifier = ledger.verifier().clone();
    ledger.close();
    assert!(checked(&disk, &verifier).is_sound());

    write(&journal, &written);
    let manifest = String::from_utf8(bytes_of(Path::new("manifest"))).unwrap();
    let (json, _) = manifest.rsplit_once("\ncrc32c ").unwrap();
    let json = json.replace("\"sealed\": 3", "\"sealed\": 0");
    let sum = crc32c::crc32c(json.as_bytes());
    write(
        Path::new("manifest"),
        format!("{json}\ncrc32c {sum:08x}\n").as_bytes(),
    );
    let report = checked(&disk, &verifier);
    let finds = |finding: &ledger::Finding| {
        finding.place == "event 0" && finding.what.contains("is not what its entry")
    };
    assert!(report.findings.iter().any(finds), "{:?}", report.findings);
}

#[test]
fn a_changed_byte_is_found_in_every_file() {
    let (disk, verifier, _) = folder();
    let mut all = Vec::new();
    files(&*disk, Path::new(""), &mut all);
    assert!(all.len() > 7, "{all:?}");
    for path in all
        .iter()
        .filter(|path| !path.ends_with("key") && !path.ends_with("vkey"))
    {
        let file = disk.open(path).unwrap();
        let length = file.len().unwrap();
        for at in (0..length).step_by((length as usize / 40).max(1)) {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ 4], at).unwrap();
            let report = checked(&disk, &verifier);
            assert!(
                !report.is_sound(),
                "a changed byte {at} of {} went unseen",
                path.display()
            );
            file.write_all_at(&byte, at).unwrap();
        }
    }
    assert!(checked(&disk, &verifier).is_sound());
}

#[test]
fn a_history_rewritten_by_the_keys_owner_is_found_by_an_older_checkpoint() {
    let (disk, verifier, early) = folder();
    // The same key, other events.
    let house = House::new(30);
    let forged: Arc<dyn Disk> = Arc::new(Sim::new(31));
    let ledger = house.open(forged.clone()).unwrap();
    assert_eq!(
        ledger.verifier(),
        &verifier,
        "the test's key is made from its seed"
    );
    for n in 0..602 {
        append(
            &ledger,
            vec![house.event(&n.to_string(), "words of another event")],
        )
        .unwrap();
    }
    ledger.close();
    assert!(checked(&forged, &verifier).is_sound());
    let report = check(&forged, &verifier, Some(early.as_bytes())).unwrap();
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.place == "the older checkpoint"),
        "{:?}",
        report.findings
    );
    assert!(
        check(&disk, &verifier, Some(early.as_bytes()))
            .unwrap()
            .is_sound()
    );
}

/// The folder of a ledger whose parts have the first version of their format.
fn parts_of_version_1() -> Arc<dyn Disk> {
    fn copy(from: &Path, folder: &Path, to: &dyn Disk) {
        for entry in std::fs::read_dir(from.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                to.create_dir(&path).unwrap();
                copy(from, &path, to);
            } else {
                let bytes = std::fs::read(entry.path()).unwrap();
                let file = to.create(&path).unwrap();
                file.write_all_at(&bytes, 0).unwrap();
            }
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parts-v1");
    let disk: Arc<dyn Disk> = Arc::new(Sim::new(1));
    copy(&folder, Path::new(""), &*disk);
    disk
}

#[test]
fn parts_of_version_1_are_read_and_checked() {
    let disk = parts_of_version_1();
    let verifier = ledger::read_vkey(&*disk).unwrap();
    let report = checked(&disk, &verifier);
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.events, report.signed), (48, 48));
    let reader = Reader::open(&disk, &verifier).unwrap();
    let whole = (0..48)
        .map(|place| reader.read(event::Sequence::new(place)).unwrap())
        .filter(|recorded| recorded.event().is_some_and(|event| event.id().is_some()))
        .count();
    assert!(whole > 30, "{whole} events");
}
