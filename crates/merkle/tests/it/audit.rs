//! Whole logs held to their heads: honest ones pass, and what is wrong is named.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::convert::Infallible;

use merkle::tile::tiles_of;
use merkle::{
    Audit, AuditError, EMPTY_ROOT, Hash, HashReader, MAX_TREE_SIZE, ProveError, Tile, root_at,
};

use crate::memory_log::{Flip, MemoryLog, Tampered};

/// Feeds the first `size` leaves of the log and says how it went.
fn audit(log: &MemoryLog, size: u64) -> Result<(), AuditError<Infallible>> {
    let mut audit = Audit::start(log, size, &root_at(log, size)?)?;
    for leaf in log.levels.first().into_iter().flatten().take(size as usize) {
        audit.push(leaf)?;
    }
    audit.finish()
}

#[test]
fn an_honest_log_passes_at_every_size() {
    let log = MemoryLog::of_numbers(70_000);
    for size in (0..=520).chain([65_279, 65_535, 65_536, 65_537, 65_792, 65_793, 70_000]) {
        assert_eq!(audit(&log, size), Ok(()), "size {size}");
    }
}

/// Notes which tiles are asked for.
struct Watched<'a>(&'a MemoryLog, std::cell::RefCell<Vec<Tile>>);

impl HashReader for Watched<'_> {
    type Error = Infallible;
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Infallible> {
        self.1.borrow_mut().push(tile);
        self.0.tile(tile)
    }
}

#[test]
fn every_tile_is_checked_once() {
    let log = MemoryLog::of_numbers(70_000);
    for size in [1, 256, 300, 65_536, 65_836, 70_000] {
        let watched = Watched(&log, Default::default());
        let mut audit = Audit::start(&watched, size, &root_at(&log, size).unwrap()).unwrap();
        for index in 0..size {
            audit.push(&log.leaf(index)).unwrap();
        }
        audit.finish().unwrap();
        let asked = watched.1.into_inner();
        let distinct: BTreeSet<Tile> = asked.iter().copied().collect();
        assert_eq!(distinct, tiles_of(size).collect(), "size {size}");
        assert_eq!(
            asked.len(),
            distinct.len(),
            "a tile was read twice at size {size}"
        );
    }
}

#[test]
fn missing_and_surplus_entries_are_refused() {
    let log = MemoryLog::of_numbers(300);
    let root = log.root();
    let mut audit = Audit::start(&log, 300, &root).unwrap();
    assert_eq!(
        audit.clone().finish(),
        Err(AuditError::TooFewEntries {
            size: 300,
            found: 0
        })
    );
    for index in 0..300 {
        assert_eq!(audit.checked(), index);
        audit.push(&log.leaf(index)).unwrap();
        if index < 299 {
            let found = index + 1;
            let missing = AuditError::TooFewEntries { size: 300, found };
            assert_eq!(audit.clone().finish(), Err(missing));
        }
    }
    assert_eq!(
        audit.push(&log.leaf(0)),
        Err(AuditError::TooManyEntries { size: 300 })
    );
    assert_eq!(audit.finish(), Ok(()));
}

#[test]
fn the_root_decides_before_any_entry_is_read() {
    let log = MemoryLog::of_numbers(300);
    let start = |size, root: &Hash| Audit::start(&log, size, root).map(drop);
    assert_eq!(
        start(300, &EMPTY_ROOT),
        Err(AuditError::WrongRoot { size: 300 })
    );
    assert_eq!(
        start(299, &log.root()),
        Err(AuditError::WrongRoot { size: 299 })
    );
    assert_eq!(
        start(0, &log.root()),
        Err(AuditError::WrongRoot { size: 0 })
    );
    assert_eq!(start(0, &EMPTY_ROOT), Ok(()));
    let too_large = MAX_TREE_SIZE + 1;
    assert_eq!(
        start(too_large, &EMPTY_ROOT),
        Err(AuditError::Read(ProveError::TooLarge { size: too_large }))
    );
}

#[test]
fn all_wrong_entries_can_be_listed() {
    let log = MemoryLog::of_numbers(600);
    let mut audit = Audit::start(&log, 600, &log.root()).unwrap();
    let mut wrong = Vec::new();
    for index in 0..600 {
        let leaf = if [0, 255, 256, 599].contains(&index) {
            [1; 32]
        } else {
            log.leaf(index)
        };
        if let Err(AuditError::WrongEntry { index }) = audit.push(&leaf) {
            wrong.push(index);
        }
    }
    assert_eq!(audit.finish(), Ok(()));
    assert_eq!(wrong, [0, 255, 256, 599]);
}

#[test]
fn a_wrong_tile_is_named_when_it_is_reached() {
    let log = MemoryLog::of_numbers(70_000);
    let flip = Flip {
        level: 0,
        number: 1000,
        bit: 3,
    };
    let tampered = Tampered {
        log: &log,
        flip: Cell::new(Some(flip)),
    };
    let mut audit = Audit::start(&tampered, 70_000, &log.root()).unwrap();
    for index in 0..768 {
        audit.push(&log.leaf(index)).unwrap();
    }
    let error = audit.push(&log.leaf(768)).unwrap_err();
    assert_eq!(
        error,
        AuditError::WrongTile {
            tile: Tile {
                level: 0,
                index: 3,
                width: 256
            }
        }
    );
    assert_eq!(
        error.to_string(),
        "tile/0/003 is not the tile of the signed tree"
    );
}
