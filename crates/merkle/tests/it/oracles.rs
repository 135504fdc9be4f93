//! Random trees held to two other implementations, in both directions: what we make they accept,
//! what they make we accept, and it is the same.

use std::cell::Cell;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use merkle::{
    Hash, consistency_proof, inclusion_proof, leaf_hash, root_at, verify_consistency,
    verify_inclusion,
};
use sha2::Sha256;
use tlog_tiles::{TileHashReader, TileReader};

use crate::memory_log::MemoryLog;
use crate::seed::Seed;

const SEED: u64 = 0x6962;
const TREES: u64 = 40;
const QUESTIONS: u64 = 30;

fn chunks(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks::<32>().0.to_vec()
}

fn random_entries(seed: &mut Seed) -> Vec<Vec<u8>> {
    let size = 1 + seed.below(1500);
    (0..size)
        .map(|_| seed.next().to_le_bytes()[..seed.below(9) as usize].to_vec())
        .collect()
}

fn log_of(entries: &[Vec<u8>]) -> MemoryLog {
    let mut log = MemoryLog::default();
    entries.iter().for_each(|entry| log.push(leaf_hash(entry)));
    log
}

#[test]
fn random_trees_agree_with_ct_merkle() {
    for tree in 0..TREES {
        let mut seed = Seed(SEED + tree);
        let entries = random_entries(&mut seed);
        let size = entries.len() as u64;
        let log = log_of(&entries);
        let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        entries.iter().for_each(|entry| oracle.push(entry.clone()));
        let root = log.root();
        assert_eq!(
            root[..],
            oracle.root().as_bytes()[..],
            "seed {}",
            SEED + tree
        );

        for _ in 0..QUESTIONS {
            let index = seed.below(size);
            let context = format!("seed {}: {index} of {size}", SEED + tree);

            let ours = inclusion_proof(&log, index, size).unwrap();
            let theirs = oracle.prove_inclusion(index as usize);
            assert_eq!(ours, chunks(theirs.as_bytes()), "{context}");
            verify_inclusion(&log.leaf(index), index, size, &ours, &root).expect(&context);
            let proof = InclusionProof::<Sha256>::try_from_bytes(ours.concat()).expect(&context);
            oracle
                .root()
                .verify_inclusion(&entries[index as usize], index, &proof)
                .expect(&context);

            let old = index + 1;
            let ours = consistency_proof(&log, old, size).unwrap();
            let theirs = oracle.prove_consistency((size - old) as usize);
            assert_eq!(ours, chunks(theirs.as_bytes()), "{context}");
            let old_root = root_at(&log, old).unwrap();
            verify_consistency(old, &old_root, size, &root, &ours).expect(&context);
            let proof = ConsistencyProof::<Sha256>::try_from_bytes(ours.concat()).expect(&context);
            let old_root = RootHash::<Sha256>::new(old_root.into(), old);
            oracle
                .root()
                .verify_consistency(&old_root, &proof)
                .expect(&context);
        }
    }
}

/// Our tiles, served to the other implementation.
struct OurTiles<'a> {
    log: &'a MemoryLog,
    confirmed: Cell<usize>,
}

impl TileReader for OurTiles<'_> {
    fn height(&self) -> u8 {
        merkle::TILE_HEIGHT
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &tlog_tiles::Tile| {
            let first = tile.level_index() as usize * 256;
            let hashes = &self.log.levels[usize::from(tile.level())];
            hashes[first..first + tile.width() as usize].concat()
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, tiles: &[tlog_tiles::Tile], _data: &[Vec<u8>]) {
        self.confirmed.set(self.confirmed.get() + tiles.len());
    }
}

#[test]
fn random_trees_agree_with_tlog_tiles() {
    let theirs = |hash: &Hash| tlog_tiles::Hash(*hash);
    for tree in 0..TREES {
        let mut seed = Seed(SEED + tree);
        let entries = random_entries(&mut seed);
        let size = entries.len() as u64;
        let log = log_of(&entries);
        let root = log.root();
        let tiles = OurTiles {
            log: &log,
            confirmed: Cell::new(0),
        };
        let reader = TileHashReader::new(size, theirs(&root), &tiles);

        for _ in 0..QUESTIONS {
            let index = seed.below(size);
            let old = index + 1;
            let context = format!("seed {}: {index} of {size}", SEED + tree);

            let ours = inclusion_proof(&log, index, size).unwrap();
            let proof = tlog_tiles::prove_record(size, index, &reader).expect(&context);
            assert_eq!(
                ours,
                proof.iter().map(|hash| hash.0).collect::<Vec<_>>(),
                "{context}"
            );
            let leaf = tlog_tiles::record_hash(&entries[index as usize]);
            assert_eq!(leaf.0, log.leaf(index));
            tlog_tiles::check_record(&proof, size, theirs(&root), index, leaf).expect(&context);

            let ours = consistency_proof(&log, old, size).unwrap();
            let proof = tlog_tiles::prove_tree(size, old, &reader).expect(&context);
            assert_eq!(
                ours,
                proof.iter().map(|hash| hash.0).collect::<Vec<_>>(),
                "{context}"
            );
            let old_root = root_at(&log, old).unwrap();
            tlog_tiles::check_tree(&proof, size, theirs(&root), old, theirs(&old_root))
                .expect(&context);
        }
        assert!(
            tiles.confirmed.get() > 0,
            "our tiles were authenticated by the other side"
        );
    }
}

#[test]
fn checkpoints_agree_with_tlog_tiles() {
    let ours = merkle::Checkpoint::new("example.com/acme/main", 70_000, leaf_hash(b"root"))
        .unwrap()
        .with_extension("one line more")
        .unwrap();
    let theirs = tlog_tiles::Checkpoint::from_bytes(ours.to_string().as_bytes()).unwrap();
    assert_eq!(theirs.origin(), ours.origin());
    assert_eq!(theirs.size(), ours.size());
    assert_eq!(theirs.hash().0, *ours.root());
    assert_eq!(theirs.extension(), "one line more\n");
    assert_eq!(theirs.to_bytes(), ours.to_string().into_bytes());
}
