//! What an append, a read and a reopening promise.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event::{Content, Count, Sequence};
use ledger::disk::{Disk, Real, Sim};
use ledger::{Lane, Ledger, Meters, Mode, Refused, Work};

use crate::house::{House, append, message, seal, work};

fn on_both_disks(check: impl Fn(&House, Arc<dyn Disk>)) {
    let folder = tempfile::tempdir().unwrap();
    check(
        &House::new(1),
        Arc::new(Real::create(folder.path()).unwrap()),
    );
    check(&House::new(1), Arc::new(Sim::new(1)));
}

fn notes(ledger: &Ledger) -> Vec<String> {
    (0..ledger.durable().get())
        .map(|n| message(&ledger.read(Sequence::new(n)).unwrap()).unwrap_or_default())
        .collect()
}

#[test]
fn what_was_appended_reads_back_sealed_or_not_and_after_reopening() {
    on_both_disks(|house, disk| {
        let ledger = house.open(disk.clone()).unwrap();
        assert_eq!(ledger.head().size, Count::ZERO);
        let mut expected = Vec::new();
        for round in 0..40 {
            let batch = (0..7)
                .map(|n| house.event(&format!("{round}-{n}"), &format!("note {round} {n}")))
                .collect();
            expected.extend((0..7).map(|n| format!("note {round} {n}")));
            let outcomes = append(&ledger, batch).unwrap();
            assert_eq!(outcomes[0].as_ref().unwrap().sequence.get(), round * 7);
            if round % 3 == 0 {
                seal(&ledger).unwrap();
            }
        }
        assert_eq!(notes(&ledger), expected);
        let head = ledger
            .wait_covered(Sequence::new(279), Duration::from_secs(5))
            .unwrap();
        ledger.close();
        let again = house.open(disk.clone()).unwrap();
        assert_eq!(notes(&again), expected);
        assert_eq!(again.head().root, head.root);
        for n in [0, 100, 279] {
            let recorded = again.read(Sequence::new(n)).unwrap();
            let leaf = recorded.entry().leaf_hash();
            let path = again.inclusion_proof(Sequence::new(n), head.size).unwrap();
            merkle::verify_inclusion(&leaf, n, head.size.get(), &path, &head.root).unwrap();
            assert_eq!(
                again.find_id(&format!("{}-{}", n / 7, n % 7)).unwrap(),
                Some(Sequence::new(n))
            );
        }
        assert_eq!(again.find_id("never sent").unwrap(), None);
    });
}

#[test]
fn neighbouring_parts_merge_and_nothing_moves() {
    on_both_disks(|house, disk| {
        let ledger = house.open(disk.clone()).unwrap();
        for round in 0..20 {
            append(
                &ledger,
                vec![house.event(&format!("id-{round}"), &format!("note {round}"))],
            )
            .unwrap();
            seal(&ledger).unwrap();
        }
        let parts = ledger.snapshot().parts;
        assert!(parts.len() < 8, "{parts:?}");
        assert_eq!(parts.iter().map(|part| part.count).sum::<u64>(), 20);
        assert_eq!(
            notes(&ledger),
            (0..20)
                .map(|round| format!("note {round}"))
                .collect::<Vec<_>>()
        );
        ledger.close();
        let again = house.open(disk).unwrap();
        assert_eq!(again.durable().get(), 20);
        assert_eq!(again.find_id("id-3").unwrap(), Some(Sequence::new(3)));
    });
}

#[test]
fn the_same_id_is_a_duplicate_or_a_conflict_wherever_the_first_one_is() {
    let house = House::new(2);
    let disk = Arc::new(Sim::new(2));
    let mut ledger = house.open(disk.clone()).unwrap();
    let first = append(
        &ledger,
        vec![
            house.event("a", "one"),
            house.event("a", "one"),
            house.event("a", "other"),
        ],
    )
    .unwrap();
    let at = Sequence::new(0);
    let check = |ledger: &Ledger| {
        let outcomes = append(
            ledger,
            vec![house.event("a", "one"), house.event("a", "other")],
        )
        .unwrap();
        let known = outcomes[0].as_ref().unwrap();
        assert!(known.duplicate && known.sequence == at);
        assert_eq!(outcomes[1], Err(Refused::Conflict { existing: at }));
        assert_eq!(ledger.durable().get(), 1);
    };
    assert!(!first[0].as_ref().unwrap().duplicate);
    assert!(first[1].as_ref().unwrap().duplicate);
    assert_eq!(first[2], Err(Refused::Conflict { existing: at }));
    check(&ledger);
    seal(&ledger).unwrap();
    check(&ledger);
    ledger.close();
    ledger = house.open(disk).unwrap();
    check(&ledger);
}

#[test]
fn an_atomic_batch_is_kept_whole_or_not_at_all() {
    let house = House::new(3);
    let ledger = house.open(Arc::new(Sim::new(3))).unwrap();
    append(&ledger, vec![house.event("a", "one")]).unwrap();
    let batch = vec![house.event("b", "two"), house.event("a", "other")];
    let outcomes = ledger.append(batch, Mode::Atomic).unwrap();
    assert_eq!(
        outcomes,
        [
            Err(Refused::WithBatch),
            Err(Refused::Conflict {
                existing: Sequence::new(0)
            })
        ]
    );
    assert_eq!(ledger.durable().get(), 1);
    let batch = vec![house.event("b", "two"), house.event("a", "one")];
    let outcomes = ledger.append(batch, Mode::Atomic).unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().sequence.get(), 1);
    assert!(outcomes[1].as_ref().unwrap().duplicate);
}

#[test]
fn a_new_month_begins_a_new_part() {
    let house = House::new(4);
    let ledger = house.open(Arc::new(Sim::new(4))).unwrap();
    append(&ledger, vec![house.event("a", "march")]).unwrap();
    house
        .clock
        .0
        .fetch_add(30 * 86_400 * 1_000_000, Ordering::Relaxed);
    append(&ledger, vec![house.event("b", "april")]).unwrap();
    seal(&ledger).unwrap();
    assert_eq!(ledger.snapshot().parts.len(), 2);
    assert_eq!(notes(&ledger), ["march", "april"]);
}

#[test]
fn a_clock_that_goes_back_is_an_event() {
    let house = House::new(5);
    let ledger = house.open(Arc::new(Sim::new(5))).unwrap();
    append(&ledger, vec![house.event("a", "before")]).unwrap();
    house.clock.0.fetch_sub(60 * 1_000_000, Ordering::Relaxed);
    let placed = append(&ledger, vec![house.event("b", "after")]).unwrap();
    assert_eq!(placed[0].as_ref().unwrap().sequence.get(), 2);
    let jump = ledger.read(Sequence::new(1)).unwrap();
    assert_eq!(jump.event().unwrap().action(), ledger::CLOCK_JUMP_ACTION);
    assert_eq!(jump.kind, event::Kind::Own);
}

#[test]
fn groups_are_followed_in_order_and_sealed_ones_are_refused_by_name() {
    let house = House::new(6);
    let ledger = house.open(Arc::new(Sim::new(6))).unwrap();
    for n in 0..5 {
        append(
            &ledger,
            vec![
                house.event(&n.to_string(), "x"),
                house.event(&format!("{n}b"), "y"),
            ],
        )
        .unwrap();
    }
    let groups = ledger.groups_from(Count::new(3), Duration::ZERO).unwrap();
    assert_eq!(
        groups
            .iter()
            .map(|group| group.first().get())
            .collect::<Vec<_>>(),
        [2, 4, 6, 8]
    );
    assert!(
        groups[0]
            .records()
            .all(|recorded| matches!(recorded.unwrap().content, Content::Whole { .. }))
    );
    assert!(
        ledger
            .groups_from(Count::new(10), Duration::ZERO)
            .unwrap()
            .is_empty()
    );
    seal(&ledger).unwrap();
    assert!(ledger.groups_from(Count::new(3), Duration::ZERO).is_err());
    work(&ledger).unwrap();
}

/// A view that reads what is about to be sealed.
struct Reader {
    ledger: Ledger,
    read: Mutex<Vec<(u64, usize)>>,
}

impl Work for Reader {
    fn name(&self) -> &str {
        "reader"
    }

    fn work(&self, _: Lane, _: &Meters) -> std::io::Result<bool> {
        Ok(false)
    }

    fn before_seal(&self, end: Count) {
        let groups = self.ledger.groups_from(Count::new(0), Duration::ZERO);
        let events = groups.map_or(0, |groups| groups.iter().map(|group| group.len()).sum());
        self.read.lock().unwrap().push((end.get(), events));
    }
}

#[test]
fn views_see_events_once_more_before_they_are_sealed() {
    let house = House::new(8);
    let ledger = house.open(Arc::new(Sim::new(8))).unwrap();
    let reader = Arc::new(Reader {
        ledger: ledger.clone(),
        read: Mutex::default(),
    });
    let work: Arc<dyn Work> = reader.clone();
    ledger.add_follower(Arc::downgrade(&work));
    for n in 0..5 {
        append(&ledger, vec![house.event(&n.to_string(), "x")]).unwrap();
    }
    assert!(reader.read.lock().unwrap().is_empty());
    seal(&ledger).unwrap();
    assert_eq!(*reader.read.lock().unwrap(), [(5, 5)]);

    // A lock that somebody panicked with: the view panics, too, and the events are sealed.
    let poisoned = reader.clone();
    let _ = std::thread::spawn(move || {
        let _read = poisoned.read.lock().unwrap();
        panic!("on purpose");
    })
    .join();
    append(&ledger, vec![house.event("5", "x")]).unwrap();
    seal(&ledger).unwrap();
    assert!(ledger.groups_from(Count::new(5), Duration::ZERO).is_err());
}

#[test]
fn room_laid_out_for_the_journal_is_no_frame_and_is_given_back() {
    on_both_disks(|house, disk| {
        let ledger = house.open(disk.clone()).unwrap();
        let note = "x".repeat(500);
        for n in 0..20 {
            append(&ledger, vec![house.event(&n.to_string(), &note)]).unwrap();
        }
        let open = disk_file(&*disk, 0).unwrap();
        assert!(open.ends_with(&[0; 4_096]), "room for more");
        // The next small frame is synced in its place: the file does not grow.
        append(&ledger, vec![house.event("20", &note)]).unwrap();
        let grown = disk_file(&*disk, 0).unwrap();
        assert_eq!(grown.len(), open.len());
        let open = grown;
        // Whoever looks from outside, or comes after a crash, finds the frames and nothing torn.
        let crashed = open.clone();
        ledger.close();
        let closed = disk_file(&*disk, 0).unwrap();
        assert_eq!(closed, open[..closed.len()]);
        assert!(closed.len() < open.len());
        let file = disk.open(Path::new("journal/0")).unwrap();
        file.write_all_at(&crashed, 0).unwrap();
        file.sync_data().unwrap();
        let ledger = house.open(disk.clone()).unwrap();
        assert_eq!(notes(&ledger), vec![note.clone(); 21]);
        append(&ledger, vec![house.event("more", &note)]).unwrap();
        assert_eq!(ledger.durable().get(), 22);
        seal(&ledger).unwrap();
        assert_eq!(notes(&ledger), vec![note; 22]);
    });
}

fn disk_file(disk: &dyn Disk, first: u64) -> Option<Vec<u8>> {
    let file = disk
        .open_read(Path::new(&format!("journal/{first}")))
        .ok()?;
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    Some(bytes)
}
