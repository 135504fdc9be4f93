//! One changed bit, anywhere, is refused.

use std::cell::Cell;

use merkle::tile::tiles_of;
use merkle::{
    Audit, AuditError, Checkpoint, Hash, TILE_WIDTH, Tile, TlogProof, inclusion_proof, leaf_hash,
    verify_consistency, verify_inclusion,
};

use crate::memory_log::{Flip, MemoryLog, Tampered, entry};
use crate::note::{log_proof, signer};
use crate::seed::{Seed, flip_some_bit};

const SIZE: u64 = 70_000;
const SEED: u64 = 0x70_000;
const ORIGIN: &str = "example.com/acme/main";

/// Flips one bit of one hash in the tiles and says what the audit, having come to `at`, thinks.
fn audit_of_flip<'a>(
    tampered: &'a Tampered<'a>,
    flip: Flip,
    audit: &mut Audit<&'a Tampered<'a>>,
    at: &Hash,
) -> Result<(), AuditError<std::convert::Infallible>> {
    tampered.flip.set(Some(flip));
    let verdict = audit.push(at);
    tampered.flip.set(None);
    verdict
}

#[test]
fn an_audit_refuses_a_flipped_bit_in_every_hash_of_70_000() {
    let log = MemoryLog::of_numbers(SIZE);
    let root = log.root();
    let tampered = Tampered {
        log: &log,
        flip: Cell::new(None),
    };
    let mut seed = Seed(SEED);
    let mut flipped = 0;

    // The partial tiles at the right edge are held to the root at the start.
    let partial = |tile: &Tile| tile.width < TILE_WIDTH;
    for tile in tiles_of(SIZE).filter(partial) {
        for within in 0..u64::from(tile.width) {
            let number = tile.index * u64::from(TILE_WIDTH) + within;
            let flip = Flip {
                level: tile.level,
                number,
                bit: seed.below(256) as usize,
            };
            tampered.flip.set(Some(flip));
            let verdict = Audit::start(&tampered, SIZE, &root).map(drop);
            assert_eq!(
                verdict,
                Err(AuditError::WrongRoot { size: SIZE }),
                "{flip:?}"
            );
            flipped += 1;
        }
    }
    tampered.flip.set(None);

    // Every full tile is held to its parent where the audit comes to its first leaf.
    let mut audit = Audit::start(&tampered, SIZE, &root).unwrap();
    for index in 0..SIZE {
        let leaf = log.leaf(index);
        let reached = tiles_of(SIZE)
            .take_while(|tile| tile.level < 2)
            .filter(|tile| {
                let leaves_each = u64::from(TILE_WIDTH).pow(u32::from(tile.level) + 1);
                !partial(tile) && tile.index * leaves_each == index
            });
        if index % u64::from(TILE_WIDTH) == 0 {
            for tile in reached {
                for within in 0..u64::from(TILE_WIDTH) {
                    let number = tile.index * u64::from(TILE_WIDTH) + within;
                    let flip = Flip {
                        level: tile.level,
                        number,
                        bit: seed.below(256) as usize,
                    };
                    let verdict = audit_of_flip(&tampered, flip, &mut audit.clone(), &leaf);
                    assert_eq!(verdict, Err(AuditError::WrongTile { tile }), "{flip:?}");
                    flipped += 1;
                }
            }
        }
        audit.push(&leaf).unwrap();
    }
    audit.finish().unwrap();
    let all_hashes: usize = log.levels.iter().map(Vec::len).sum();
    assert_eq!(flipped, all_hashes);
    assert_eq!(flipped, 70_000 + 273 + 1);
}

#[test]
fn a_flipped_bit_in_every_entry_of_70_000_is_refused() {
    let log = MemoryLog::of_numbers(SIZE);
    let root = log.root();
    let mut seed = Seed(SEED);
    let mut audit = Audit::start(&log, SIZE, &root).unwrap();
    for index in 0..SIZE {
        let mut changed = entry(index);
        flip_some_bit(&mut changed, &mut seed);
        let leaf = leaf_hash(&changed);
        assert_eq!(
            audit.clone().push(&leaf),
            Err(AuditError::WrongEntry { index })
        );
        assert_eq!(audit.push(&leaf_hash(&entry(index))), Ok(()));

        let mut path = inclusion_proof(&log, index, SIZE).unwrap();
        let honest = log.leaf(index);
        assert_eq!(verify_inclusion(&honest, index, SIZE, &path, &root), Ok(()));
        assert!(
            verify_inclusion(&leaf, index, SIZE, &path, &root).is_err(),
            "entry {index}"
        );
        let place = seed.below(path.len() as u64) as usize;
        flip_some_bit(&mut path[place], &mut seed);
        assert!(
            verify_inclusion(&honest, index, SIZE, &path, &root).is_err(),
            "entry {index}"
        );
    }
    assert_eq!(audit.finish(), Ok(()));
}

/// Calls `refused` with every variant of `bytes` that differs in one bit.
fn each_bit(bytes: &[u8], mut refused: impl FnMut(&[u8]) -> bool) {
    let mut changed = bytes.to_vec();
    for bit in 0..bytes.len() * 8 {
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(
            refused(&changed),
            "bit {} of byte {} was accepted: {:?}",
            bit % 8,
            bit / 8,
            String::from_utf8_lossy(&changed)
        );
        changed[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn every_bit_of_a_checkpoint_counts() {
    let key = signer(ORIGIN, 1);
    let known = [key.verifier().clone()];
    let head = Checkpoint::new(ORIGIN, SIZE, [0x5a; 32]).unwrap();
    for head in [head.clone(), head.with_extension("note to self").unwrap()] {
        let note = head.sign(&[&key]).unwrap().to_string();
        assert_eq!(Checkpoint::open(note.as_bytes(), &known), Ok(head));
        each_bit(note.as_bytes(), |changed| {
            Checkpoint::open(changed, &known).is_err()
        });
    }
}

#[test]
fn every_bit_of_a_checkpoint_with_two_keys_counts_for_one_of_them() {
    let (old, new) = (signer(ORIGIN, 1), signer(ORIGIN, 2));
    let known = [old.verifier().clone(), new.verifier().clone()];
    let head = Checkpoint::new(ORIGIN, SIZE, [0x5a; 32]).unwrap();
    let note = head.sign(&[&old, &new]).unwrap().to_string();
    let both = |bytes: &[u8]| -> bool {
        merkle::SignedNote::parse(bytes).is_ok_and(|note| {
            note.verify(&known)
                .is_ok_and(|signed_by| signed_by.len() == 2)
        })
    };
    assert!(both(note.as_bytes()));
    each_bit(note.as_bytes(), |changed| {
        // A signature line may become one of an unknown key; what the note says never changes.
        Checkpoint::open(changed, &known).is_ok_and(|read| read == head) || !both(changed)
    });
    each_bit(note.as_bytes(), |changed| !both(changed));
}

#[test]
fn every_bit_of_a_vkey_counts() {
    let key = signer(ORIGIN, 1);
    let vkey = key.verifier().to_string();
    each_bit(vkey.as_bytes(), |changed| {
        std::str::from_utf8(changed).is_err()
            || std::str::from_utf8(changed)
                .unwrap()
                .parse::<merkle::Verifier>()
                .is_err()
    });
}

#[test]
fn every_bit_of_a_proof_file_counts() {
    let log = MemoryLog::of_numbers(1000);
    let key = signer(ORIGIN, 1);
    let known = [key.verifier().clone()];
    for index in [0, 700, 999] {
        let file = log_proof(&log, index, &key).to_string();
        let leaf = log.leaf(index);
        let accepted = |bytes: &[u8]| {
            TlogProof::parse(bytes).is_ok_and(|proof| proof.verify(&leaf, &known).is_ok())
        };
        assert!(accepted(file.as_bytes()));
        each_bit(file.as_bytes(), |changed| !accepted(changed));
        each_bit(&leaf, |changed| {
            let proof = TlogProof::parse(file.as_bytes()).unwrap();
            proof.verify(changed.try_into().unwrap(), &known).is_err()
        });
    }
}

#[test]
fn only_extra_data_can_change_in_a_proof_file_that_has_some() {
    let log = MemoryLog::of_numbers(10);
    let key = signer(ORIGIN, 1);
    let known = [key.verifier().clone()];
    let honest = TlogProof {
        extra: Some(b"extra".to_vec()),
        ..log_proof(&log, 4, &key)
    };
    each_bit(
        honest.to_string().as_bytes(),
        |changed| match TlogProof::parse(changed) {
            Ok(read) if read.verify(&log.leaf(4), &known).is_ok() => {
                TlogProof {
                    extra: honest.extra.clone(),
                    ..read
                } == honest
            }
            _ => true,
        },
    );
}

#[test]
fn every_bit_of_a_consistency_proof_counts() {
    let log = MemoryLog::of_numbers(1000);
    let root = |size| merkle::root_at(&log, size).unwrap();
    for old in [1, 255, 256, 257, 512, 700, 999] {
        let proof = merkle::consistency_proof(&log, old, 1000).unwrap();
        let (old_root, new_root) = (root(old), root(1000));
        assert_eq!(
            verify_consistency(old, &old_root, 1000, &new_root, &proof),
            Ok(())
        );
        let refused = |old_root: &[u8], new_root: &[u8], proof: &[u8]| {
            let (old_root, new_root) = (old_root.try_into().unwrap(), new_root.try_into().unwrap());
            let proof = proof.as_chunks::<32>().0;
            verify_consistency(old, old_root, 1000, new_root, proof).is_err()
        };
        each_bit(&proof.concat(), |changed| {
            refused(&old_root, &new_root, changed)
        });
        each_bit(&old_root, |changed| {
            refused(changed, &new_root, &proof.concat())
        });
        each_bit(&new_root, |changed| {
            refused(&old_root, changed, &proof.concat())
        });
    }
}
