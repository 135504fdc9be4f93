//! Erasing events, fields and ranges: the value is gone, the proof holds.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use event::{Content, Sequence};
use ledger::disk::{Disk, Sim};
use ledger::{Ledger, Packing, Refused, Scan, Shelf};

use crate::house::{House, append, message, seal, work};

fn house_with(count: u64) -> (House, Arc<Sim>, Ledger) {
    let house = House::new(20);
    let disk = Arc::new(Sim::new(20));
    let ledger = house.open(disk.clone()).unwrap();
    for n in 0..count {
        append(
            &ledger,
            vec![house.event(&n.to_string(), &format!("secret{n}word"))],
        )
        .unwrap();
    }
    (house, disk, ledger)
}

fn erase(house: &House, ledger: &Ledger, erased: &str) {
    let placed = append(ledger, vec![house.tombstone(erased)]).unwrap();
    let sequence = placed[0].as_ref().unwrap().sequence;
    ledger
        .wait_covered(sequence, Duration::from_secs(5))
        .unwrap();
}

/// Is the text in any file, packed or not?
fn on_disk(house: &House, disk: &Arc<Sim>, text: &str) -> bool {
    let ledger = house.open(disk.clone()).unwrap();
    let raw = disk.list(Path::new("journal")).unwrap().iter().any(|file| {
        let file = disk
            .open_read(&Path::new("journal").join(&file.name))
            .unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read_exact_at(&mut bytes, 0).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    });
    let packed = ledger.snapshot().parts.iter().any(|part| {
        ledger.part(&part.name).unwrap().records().any(|recorded| {
            message(&recorded.unwrap()).is_some_and(|message| message.contains(text))
        })
    });
    raw || packed
}

/// What a part's blocks are compressed against; read as the format says, not as the code does.
fn reference(disk: &Arc<Sim>, part: &ledger::PartInfo) -> Vec<u8> {
    let file = disk
        .open_read(&Path::new("parts").join(part.name.to_string()))
        .unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let number = |at: usize| {
        let bytes = &bytes[bytes.len() - at..][..4];
        u32::from_le_bytes(bytes.try_into().unwrap()) as usize
    };
    let (packed, unpacked) = (number(20), number(16));
    if packed == 0 {
        return Vec::new();
    }
    zstd::bulk::decompress(&bytes[56..56 + packed], unpacked).unwrap()
}

#[test]
fn an_erased_event_is_not_kept_in_what_others_are_compressed_against() {
    let (house, disk, ledger) = house_with(600);
    seal(&ledger).unwrap();
    let holds = |ledger: &Ledger, text: &str| {
        ledger.snapshot().parts.iter().any(|part| {
            let reference = reference(&disk, part);
            reference
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    };
    let sampled = "secret0word";
    assert!(holds(&ledger, sampled), "the first event is always sampled");
    erase(&house, &ledger, r#"[{"first":0,"last":0}]"#);
    seal(&ledger).unwrap();
    work(&ledger).unwrap();
    assert!(!holds(&ledger, sampled));
    assert!(holds(&ledger, "secret"), "others still are");
    let read = ledger.read(Sequence::new(599)).unwrap();
    assert_eq!(message(&read).as_deref(), Some("secret599word"));
}

/// Wherever an index says it saw an event, it is read as its entry leads to it, also by a scan that
/// began before the parts were replaced.
#[track_caller]
fn check_found(ledger: &Ledger, scan: &mut Scan) {
    let all: Vec<Sequence> = (0..ledger.durable().get()).map(Sequence::new).collect();
    let read: Vec<_> = all.iter().map(|it| ledger.read(*it).unwrap()).collect();
    let right = |place: usize| Shelf::of(read[place].kind, read[place].category);
    for shelf_of in [
        &|place| Some(right(place)) as Option<Shelf>,
        &|_| None,
        &|_| Some(Shelf::Control),
        &|place| (place % 2 == 0).then_some(Shelf::Hold),
    ] as [&dyn Fn(usize) -> Option<Shelf>; 4]
    {
        let found = (0..all.len())
            .rev()
            .map(|place| (all[place], shelf_of(place)));
        let places: Vec<_> = found.clone().collect();
        let mut found = ledger.read_found(found).unwrap();
        found.reverse();
        assert_eq!(found, read);
        let mut along: Vec<_> = places
            .chunks(50)
            .flat_map(|step| ledger.read_along(scan, step.iter().copied()).unwrap())
            .collect();
        along.reverse();
        assert_eq!(along, read);
    }
}

#[test]
fn what_an_index_found_is_read_as_its_entry_says() {
    let (house, _, ledger) = house_with(300);
    let mut scan = Scan::default();
    check_found(&ledger, &mut scan);
    seal(&ledger).unwrap();
    append(&ledger, vec![house.event("later", "later")]).unwrap();
    check_found(&ledger, &mut scan);
    erase(&house, &ledger, r#"[{"first":3,"last":5}]"#);
    assert_eq!(message(&ledger.read(Sequence::new(3)).unwrap()), None);
    check_found(&ledger, &mut scan);
    seal(&ledger).unwrap();
    work(&ledger).unwrap();
    check_found(&ledger, &mut scan);
    let unknown = (Sequence::new(9_999), Some(Shelf::Control));
    assert!(ledger.read_found([unknown].into_iter()).is_err());
}

#[test]
fn an_event_erased_from_a_part_that_was_packed_tighter_is_gone_and_it_stays_so() {
    let (house, disk, ledger) = house_with(600);
    seal(&ledger).unwrap();
    house.rest();
    work(&ledger).unwrap();
    assert_eq!(ledger.parts_packed(Packing::Cold).0, 1);
    let before = ledger.read(Sequence::new(3)).unwrap().entry();
    erase(&house, &ledger, r#"[{"first":3,"last":3}]"#);
    ledger.seal();
    while ledger.backlog().seal + ledger.backlog().erase > 0 {
        assert!(ledger.work().unwrap());
    }
    assert_eq!(ledger.parts_packed(Packing::Cold).0, 1);
    let erased = ledger.read(Sequence::new(3)).unwrap();
    assert!(matches!(erased.content, Content::Erased { .. }));
    assert_eq!(erased.entry(), before);
    ledger.close();
    assert!(!on_disk(&house, &disk, "secret3word"));
    assert!(on_disk(&house, &disk, "secret4word"));
}

#[test]
fn an_erased_event_is_gone_everywhere_and_its_proof_holds() {
    let (house, disk, ledger) = house_with(10);
    let before = ledger.read(Sequence::new(3)).unwrap().entry();
    erase(&house, &ledger, r#"[{"first":3,"last":3}]"#);
    assert!(
        matches!(
            ledger.read(Sequence::new(3)).unwrap().content,
            Content::Erased { .. }
        ),
        "at once"
    );
    seal(&ledger).unwrap();
    work(&ledger).unwrap();
    let erased = ledger.read(Sequence::new(3)).unwrap();
    assert!(matches!(erased.content, Content::Erased { .. }));
    assert_eq!(erased.entry(), before);
    let again = append(&ledger, vec![house.event("3", "secret3word")]).unwrap();
    assert_eq!(
        again,
        [Err(Refused::Erased {
            existing: Sequence::new(3)
        })]
    );
    ledger.close();
    assert!(!on_disk(&house, &disk, "secret3word"));
    assert!(on_disk(&house, &disk, "secret4word"));
}

#[test]
fn an_erased_field_is_gone_and_the_others_still_prove() {
    let (house, disk, ledger) = house_with(3);
    let whole = ledger.read(Sequence::new(1)).unwrap();
    let number = whole
        .fields()
        .position(|field| field.path.as_str() == "/message")
        .unwrap();
    erase(
        &house,
        &ledger,
        &format!(r#"[{{"first":1,"last":1,"fields":[{number}]}}]"#),
    );
    seal(&ledger).unwrap();
    let left = ledger.read(Sequence::new(1)).unwrap();
    assert_eq!(left.entry(), whole.entry());
    assert_eq!(left.content.withheld_count(), 1);
    assert_eq!(message(&left), None);
    ledger.close();
    assert!(!on_disk(&house, &disk, "secret1word"));
}

#[test]
fn a_range_erased_by_policy_drops_its_parts_and_frees_its_ids() {
    let (house, disk, ledger) = house_with(10);
    seal(&ledger).unwrap();
    erase(
        &house,
        &ledger,
        r#"[{"first":0,"last":9,"category":"record_change"}]"#,
    );
    seal(&ledger).unwrap();
    assert!(matches!(
        ledger.read(Sequence::new(5)).unwrap().content,
        Content::Erased { .. }
    ));
    assert!(
        ledger
            .snapshot()
            .parts
            .iter()
            .all(|part| part.name.shelf.as_str() != "record_change")
    );
    let placed = append(&ledger, vec![house.event("5", "new life")]).unwrap();
    assert_eq!(placed[0].as_ref().unwrap().sequence.get(), 11);
    ledger.close();
    assert!(!on_disk(&house, &disk, "secret5word"));
}

#[test]
fn an_erasure_that_was_cut_off_is_finished_after_the_next_start() {
    let (house, disk, ledger) = house_with(10);
    seal(&ledger).unwrap();
    erase(&house, &ledger, r#"[{"first":3,"last":5}]"#);
    drop(ledger);
    let again = house.open(disk.clone()).unwrap();
    assert!(
        matches!(
            again.read(Sequence::new(4)).unwrap().content,
            Content::Erased { .. }
        ),
        "at once"
    );
    seal(&again).unwrap();
    again.close();
    assert!(!on_disk(&house, &disk, "secret4word"));
}
