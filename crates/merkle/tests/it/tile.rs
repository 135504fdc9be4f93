//! Tiles: which ones a tree has, what their paths are, and paths that are none.

use merkle::bundle::{self, BundleError, EntryTooLarge};
use merkle::tile::{TileBytesError, hashes_at, tiles_of};
use merkle::{Bundle, Tile, TilePath};
use proptest::prelude::*;

#[track_caller]
fn check(path: &str, expect: impl Into<Option<TilePath>>) {
    let expect = expect.into();
    assert_eq!(path.parse().ok(), expect, "{path}");
    if let Some(named) = expect {
        assert_eq!(named.to_string(), path);
    }
}

fn hashes(level: u8, index: u64, width: u16) -> TilePath {
    TilePath::Hashes(Tile {
        level,
        index,
        width,
    })
}

fn entries(index: u64, width: u16) -> TilePath {
    TilePath::Entries(Bundle { index, width })
}

#[test]
fn paths_name_tiles() {
    check("tile/0/000", hashes(0, 0, 256));
    check("tile/0/x001/x234/067", hashes(0, 1_234_067, 256));
    check("tile/0/x001/234.p/17", hashes(0, 1234, 17));
    check("tile/63/999.p/255", hashes(63, 999, 255));
    check("tile/1/x001/000.p/1", hashes(1, 1000, 1));
    check(
        "tile/7/x018/x446/x744/x073/x709/x551/615",
        hashes(7, u64::MAX, 256),
    );
    check("tile/entries/000", entries(0, 256));
    check("tile/entries/x273/000.p/112", entries(273_000, 112));
}

#[test]
fn every_tile_has_one_path() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/00a",
        "tile/0/+00",
        "tile/0/-01",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/x001/x000",
        "tile/0/001/002",
        "tile/0/X001/002",
        "tile/0/x01/002",
        "tile/0/x001//002",
        "tile/00/000",
        "tile/64/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile//000",
        "tile/data/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1/2",
        "tile/0/000.p/1.p/1",
        "tile/0/000.q/1",
        "tile/0/000.p/65537",
        "tile/7/x018/x446/x744/x073/x709/x551/616",
        "tile/7/x001/x018/x446/x744/x073/x709/x551/615",
        "tile/entries/",
        "tile/entries/00",
        "tile/Entries/000",
        "tile/8/0/000",
        "tile/0/\u{0661}\u{0662}\u{0663}",
        "checkpoint",
        "tile/0/../000",
        "tile/0/000\n",
    ] {
        check(path, None);
    }
}

#[test]
fn a_tree_of_70_000_has_the_tiles_the_specification_names() {
    let tiles: Vec<Tile> = tiles_of(70_000).collect();
    let count = |level, full| {
        let tiles = tiles.iter().filter(|tile| tile.level == level);
        tiles.filter(|tile| (tile.width == 256) == full).count()
    };
    assert_eq!((count(0, true), count(1, true)), (273, 1));
    let partial: Vec<String> = tiles
        .iter()
        .filter(|tile| tile.width < 256)
        .map(Tile::to_string)
        .collect();
    assert_eq!(
        partial,
        ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    );
    assert_eq!(tiles.len(), 273 + 1 + 3);
    assert!(tiles.iter().all(|tile| tile.is_in(70_000)));

    let tiles: Vec<String> = tiles_of(256).map(|tile| tile.to_string()).collect();
    assert_eq!(tiles, ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(tiles_of(0).count(), 0);
}

#[test]
fn a_tree_has_the_first_hashes_of_its_tiles_and_no_others() {
    let tile = |level, index, width| Tile {
        level,
        index,
        width,
    };
    assert!(tile(0, 273, 112).is_in(70_000));
    assert!(tile(0, 273, 1).is_in(70_000));
    assert!(!tile(0, 273, 113).is_in(70_000));
    assert!(!tile(0, 274, 1).is_in(70_000));
    assert!(!tile(3, 0, 1).is_in(70_000));
    assert!(!tile(63, 0, 1).is_in(u64::MAX));
    assert!(!tile(0, u64::MAX, 256).is_in(u64::MAX));
    assert!(!tile(0, 0, 1).is_in(0));
    assert_eq!(hashes_at(8, u64::MAX), 0);
    assert_eq!(hashes_at(255, u64::MAX), 0);

    assert!(
        Bundle {
            index: 273,
            width: 112
        }
        .is_in(70_000)
    );
    assert!(
        !Bundle {
            index: 273,
            width: 113
        }
        .is_in(70_000)
    );
    assert_eq!(
        Bundle {
            index: 273,
            width: 112
        }
        .first_entry(),
        Some(69_888)
    );
    assert_eq!(
        Bundle {
            index: u64::MAX,
            width: 1
        }
        .first_entry(),
        None
    );
    assert_eq!(
        Bundle::of_tree(273, 70_000),
        Some(Bundle {
            index: 273,
            width: 112
        })
    );
    assert_eq!(Bundle::of_tree(274, 70_000), None);
}

#[test]
fn the_body_of_a_tile_has_32_bytes_for_each_hash() {
    let tile = Tile {
        level: 0,
        index: 0,
        width: 2,
    };
    let body: Vec<u8> = (0..64).collect();
    let hashes = tile.parse_bytes(&body).unwrap();
    assert_eq!(hashes.concat(), body);
    for length in [0, 32, 63, 65, 96] {
        assert_eq!(
            tile.parse_bytes(&vec![0; length]),
            Err(TileBytesError {
                tile,
                expected_bytes: 64,
                found_bytes: length
            })
        );
    }
}

#[test]
fn the_body_of_a_bundle_is_its_entries_behind_their_lengths() {
    let mut body = Vec::new();
    bundle::append(&mut body, b"one").unwrap();
    bundle::append(&mut body, b"").unwrap();
    assert_eq!(body, b"\x00\x03one\x00\x00");
    let two = Bundle { index: 0, width: 2 };
    assert_eq!(bundle::parse(two, &body).unwrap(), [&b"one"[..], b""]);

    for width in [1, 3, 256] {
        let bundle = Bundle { index: 0, width };
        assert_eq!(
            bundle::parse(bundle, &body),
            Err(BundleError::WrongCount { bundle })
        );
    }
    for (length, entry) in [(1, 0), (4, 0), (6, 1)] {
        assert_eq!(
            bundle::parse(two, &body[..length]),
            Err(BundleError::Truncated { bundle: two, entry })
        );
    }

    let mut longest = Vec::new();
    bundle::append(&mut longest, &[7; 65_535]).unwrap();
    assert_eq!(
        bundle::parse(Bundle { index: 0, width: 1 }, &longest).unwrap(),
        [[7; 65_535]]
    );
    let before = body.clone();
    assert_eq!(
        bundle::append(&mut body, &[7; 65_536]),
        Err(EntryTooLarge { size_bytes: 65_536 })
    );
    assert_eq!(body, before);
}

proptest! {
    #[test]
    fn paths_survive_the_way_there_and_back(
        level in 0u8..=63,
        index in prop_oneof![any::<u64>(), 0u64..3000],
        width in 1u16..=256,
    ) {
        let tile = Tile { level, index, width };
        prop_assert_eq!(tile.to_string().parse(), Ok(TilePath::Hashes(tile)));
        let bundle = Bundle { index, width };
        prop_assert_eq!(bundle.to_string().parse(), Ok(TilePath::Entries(bundle)));
        // Another implementation writes the height as well.
        let theirs = tlog_tiles::Tile::new(8, level, index, width.into(), false).path();
        prop_assert_eq!(theirs.replacen("tile/8/", "tile/", 1), tile.to_string());
    }

    #[test]
    fn entries_survive_the_way_into_a_bundle_and_back(
        entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..=256),
    ) {
        let mut body = Vec::new();
        for entry in &entries {
            bundle::append(&mut body, entry).unwrap();
        }
        let width = u16::try_from(entries.len()).unwrap();
        prop_assert_eq!(bundle::parse(Bundle { index: 9, width }, &body).unwrap(), entries);
    }
}
