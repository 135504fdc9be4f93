//! The tree and its proofs, held to the definitions of RFC 6962 and to other implementations.

use merkle::{
    ConsistencyError, EMPTY_ROOT, Frontier, FrontierError, Hash, HashReader, MAX_PATH_HASHES,
    MAX_TREE_SIZE, ProveError, Tile, consistency_proof, frontier_at, inclusion_proof, leaf_hash,
    node_hash, root_at, verify_consistency, verify_inclusion,
};

use crate::memory_log::{MemoryLog, UniformLog, entry};
use crate::seed::Seed;

/// MTH of RFC 6962 section 2.1, word for word.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// PATH of RFC 6962 section 2.1.1, word for word.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let middle = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(middle);
    let (mut path, sibling) = if index < middle {
        (path(index, left), mth(right))
    } else {
        (path(index - middle, right), mth(left))
    };
    path.push(sibling);
    path
}

/// SUBPROOF of RFC 6962 section 2.1.2, word for word.
fn subproof(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if known { Vec::new() } else { vec![mth(leaves)] };
    }
    let middle = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(middle);
    let (mut proof, sibling) = if old <= middle {
        (subproof(old, left, known), mth(right))
    } else {
        (subproof(old - middle, right, false), mth(left))
    };
    proof.push(sibling);
    proof
}

#[test]
fn every_proof_of_small_trees_is_the_one_rfc_6962_defines() {
    let log = MemoryLog::of_numbers(70);
    let leaves = &log.levels[0];
    let mut frontier = Frontier::new();
    for size in 0..=70u64 {
        let tree = &leaves[..size as usize];
        let root = mth(tree);
        assert_eq!(frontier.root(), root, "frontier of {size}");
        assert_eq!(root_at(&log, size).unwrap(), root, "root of {size}");
        assert_eq!(frontier_at(&log, size).unwrap(), frontier);
        for index in 0..size {
            let proof = inclusion_proof(&log, index, size).unwrap();
            assert_eq!(
                proof,
                path(index as usize, tree),
                "inclusion of {index} in {size}"
            );
            verify_inclusion(&tree[index as usize], index, size, &proof, &root).unwrap();
        }
        for old in 1..=size {
            let proof = consistency_proof(&log, old, size).unwrap();
            assert_eq!(
                proof,
                subproof(old as usize, tree, true),
                "from {old} to {size}"
            );
            let old_root = mth(&leaves[..old as usize]);
            verify_consistency(old, &old_root, size, &root, &proof).unwrap();
        }
        frontier.push(leaf_hash(&entry(size)));
    }
}

#[test]
fn a_frontier_goes_on_from_its_peaks() {
    let mut whole = Frontier::new();
    for number in 0..1000u64 {
        let peaks: Vec<Hash> = whole.peaks().copied().collect();
        let mut taken_up = Frontier::from_peaks(number, &peaks).unwrap();
        assert_eq!(taken_up, whole);
        whole.push(leaf_hash(&entry(number)));
        taken_up.push(leaf_hash(&entry(number)));
        assert_eq!(taken_up, whole);
        assert_eq!(whole.size(), number + 1);
    }
}

#[test]
fn peaks_that_do_not_fit_the_size_are_refused() {
    let one = [EMPTY_ROOT];
    assert_eq!(
        Frontier::from_peaks(3, &one),
        Err(FrontierError::WrongCount {
            size: 3,
            expected: 2,
            found: 1
        })
    );
    assert!(Frontier::from_peaks(0, &one).is_err());
    assert_eq!(
        Frontier::from_peaks(1 << 63, &one),
        Err(FrontierError::TooLarge { size: 1 << 63 })
    );
}

#[test]
fn proofs_hold_in_the_largest_trees() {
    let leaf = leaf_hash(b"the same");
    let log = UniformLog::of(leaf);
    let mut seed = Seed(70_000);
    let mut sizes = vec![
        1,
        2,
        3,
        MAX_TREE_SIZE,
        MAX_TREE_SIZE - 1,
        1 << 62,
        (1 << 62) + 1,
    ];
    for bits in 1..63 {
        sizes.push((1 << bits) - 1);
        sizes.push((1 << bits) + seed.below(1 << bits));
    }
    for &size in &sizes {
        let root = log.root(size);
        assert_eq!(root_at(&log, size).unwrap(), root, "root of {size}");
        assert_eq!(frontier_at(&log, size).unwrap().root(), root);
        for index in [0, size / 2, size - 1, seed.below(size)] {
            let proof = inclusion_proof(&log, index, size).unwrap();
            assert!(proof.len() <= MAX_PATH_HASHES);
            assert_eq!(
                verify_inclusion(&leaf, index, size, &proof, &root),
                Ok(()),
                "{index} in {size}"
            );
        }
        for old in [1, size / 2, size - 1, size, seed.below(size)] {
            let proof = consistency_proof(&log, old, size).unwrap();
            assert!(proof.len() <= MAX_PATH_HASHES);
            assert_eq!(
                verify_consistency(old, &log.root(old), size, &root, &proof),
                Ok(()),
                "{old} to {size}"
            );
        }
    }
}

#[test]
fn questions_outside_the_tree_are_refused() {
    let log = MemoryLog::of_numbers(5);
    let too_large = MAX_TREE_SIZE + 1;
    assert_eq!(
        inclusion_proof(&log, 5, 5),
        Err(ProveError::OutsideTree { index: 5, size: 5 })
    );
    assert_eq!(
        inclusion_proof(&log, 0, 0),
        Err(ProveError::OutsideTree { index: 0, size: 0 })
    );
    assert_eq!(
        consistency_proof(&log, 5, 4),
        Err(ProveError::Shrunk { old: 5, new: 4 })
    );
    assert_eq!(
        consistency_proof(&log, 1, u64::MAX),
        Err(ProveError::TooLarge { size: u64::MAX })
    );
    assert_eq!(
        inclusion_proof(&log, 0, too_large),
        Err(ProveError::TooLarge { size: too_large })
    );
    assert_eq!(
        root_at(&log, too_large),
        Err(ProveError::TooLarge { size: too_large })
    );
    assert_eq!(
        frontier_at(&log, too_large),
        Err(ProveError::TooLarge { size: too_large })
    );
}

#[test]
fn every_tree_grows_out_of_the_empty_one_and_out_of_itself() {
    let log = MemoryLog::of_numbers(5);
    let root = log.root();
    assert_eq!(consistency_proof(&log, 0, 5).unwrap(), Vec::<Hash>::new());
    assert_eq!(verify_consistency(0, &EMPTY_ROOT, 5, &root, &[]), Ok(()));
    assert_eq!(verify_consistency(5, &root, 5, &root, &[]), Ok(()));
    assert_eq!(
        verify_consistency(0, &EMPTY_ROOT, 0, &EMPTY_ROOT, &[]),
        Ok(())
    );

    use ConsistencyError::{Shrunk, WrongLength, WrongNewRoot, WrongOldRoot};
    assert_eq!(
        verify_consistency(0, &root, 5, &root, &[]),
        Err(WrongOldRoot)
    );
    assert_eq!(
        verify_consistency(0, &EMPTY_ROOT, 5, &root, &[root]),
        Err(WrongLength)
    );
    assert_eq!(
        verify_consistency(5, &root, 5, &EMPTY_ROOT, &[]),
        Err(WrongNewRoot)
    );
    assert_eq!(
        verify_consistency(5, &root, 5, &root, &[root]),
        Err(WrongLength)
    );
    assert_eq!(
        verify_consistency(5, &root, 4, &root, &[]),
        Err(Shrunk { old: 5, new: 4 })
    );
}

/// Every way to bend a proof that people have got wrong before.
fn bent(proof: &[Hash], root: &Hash, leaf: &Hash) -> Vec<Vec<Hash>> {
    let mut bent = Vec::new();
    for extra in [root, leaf, &EMPTY_ROOT, &[0; 32]] {
        bent.push([&[*extra], proof].concat());
        bent.push([proof, &[*extra]].concat());
    }
    for place in 0..proof.len() {
        let mut shorter = proof.to_vec();
        shorter.remove(place);
        bent.push(shorter);
        let mut doubled = proof.to_vec();
        doubled.insert(place, proof[place]);
        bent.push(doubled);
        let mut swapped = proof.to_vec();
        swapped.swap(place, 0);
        if swapped != proof {
            bent.push(swapped);
        }
    }
    bent.push(vec![*root; MAX_PATH_HASHES + 1]);
    bent
}

#[test]
fn an_inclusion_proof_shows_one_leaf_at_one_place_of_one_tree() {
    let log = MemoryLog::of_numbers(40);
    for size in 1..=40u64 {
        let root = root_at(&log, size).unwrap();
        for index in 0..size {
            let leaf = log.leaf(index);
            let proof = inclusion_proof(&log, index, size).unwrap();
            let refused = |leaf: &Hash, index, size, proof: &[Hash], root: &Hash| {
                assert!(
                    verify_inclusion(leaf, index, size, proof, root).is_err(),
                    "{index} in {size} with {} hashes",
                    proof.len()
                );
            };
            for wrong in [
                index + 1,
                index ^ 2,
                index.wrapping_sub(1),
                index + size,
                u64::MAX,
            ] {
                refused(&leaf, wrong, size, &proof, &root);
            }
            refused(&log.leaf((index + 1) % 40), index, size, &proof, &root);
            refused(&leaf, index, size, &proof, &leaf_hash(b""));
            refused(&leaf, index, 0, &proof, &root);
            refused(
                &root,
                index,
                size,
                &[&[leaf], proof.as_slice()].concat(),
                &root,
            );
            for bent in bent(&proof, &root, &leaf) {
                refused(&leaf, index, size, &bent, &root);
            }
        }
    }
}

#[test]
fn a_consistency_proof_shows_one_pair_of_trees() {
    let log = MemoryLog::of_numbers(40);
    let roots: Vec<Hash> = (0..=40).map(|size| root_at(&log, size).unwrap()).collect();
    for new in 2..=40u64 {
        for old in 1..new {
            let (old_root, new_root) = (&roots[old as usize], &roots[new as usize]);
            let proof = consistency_proof(&log, old, new).unwrap();
            let refused = |old, old_root: &Hash, new, new_root: &Hash, proof: &[Hash]| {
                assert!(
                    verify_consistency(old, old_root, new, new_root, proof).is_err(),
                    "{old} to {new} with {} hashes",
                    proof.len()
                );
            };
            refused(old, new_root, new, old_root, &proof);
            refused(old, &EMPTY_ROOT, new, new_root, &proof);
            refused(old, old_root, new, &EMPTY_ROOT, &proof);
            refused(0, old_root, new, new_root, &proof);
            refused(new, old_root, old, new_root, &proof);
            refused(old, old_root, old, new_root, &proof);
            for bent in bent(&proof, new_root, old_root) {
                refused(old, old_root, new, new_root, &bent);
            }
        }
    }
}

#[test]
fn a_source_that_gives_other_widths_or_nothing_is_named() {
    struct Short;
    impl HashReader for Short {
        type Error = &'static str;
        fn tile(&self, tile: Tile) -> Result<Vec<Hash>, &'static str> {
            match tile.level {
                0 => Ok(vec![EMPTY_ROOT; usize::from(tile.width) - 1]),
                _ => Err("no such file"),
            }
        }
    }
    let first = Tile {
        level: 0,
        index: 0,
        width: 7,
    };
    assert_eq!(
        root_at(Short, 7),
        Err(ProveError::WrongWidth {
            tile: first,
            found: 6
        })
    );
    let above = Tile {
        level: 1,
        index: 0,
        width: 1,
    };
    let error = root_at(Short, 256).unwrap_err();
    assert_eq!(
        error,
        ProveError::Read {
            tile: above,
            source: "no such file"
        }
    );
    assert_eq!(error.to_string(), "cannot read tile/1/000.p/1");
}

#[test]
fn a_proof_reads_each_tile_once() {
    use std::cell::RefCell;
    use std::convert::Infallible;

    struct Counting<'a>(&'a MemoryLog, RefCell<Vec<Tile>>);
    impl HashReader for Counting<'_> {
        type Error = Infallible;
        fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Infallible> {
            self.1.borrow_mut().push(tile);
            self.0.tile(tile)
        }
    }
    let log = MemoryLog::of_numbers(70_000);
    let reads = |prove: &dyn Fn(&Counting<'_>)| {
        let counting = Counting(&log, RefCell::default());
        prove(&counting);
        let mut read = counting.1.into_inner();
        let all = read.len();
        read.sort();
        read.dedup();
        assert_eq!(read.len(), all, "a tile was read twice");
        all
    };
    for index in [0, 255, 256, 40_000, 65_535, 65_536, 69_999] {
        assert!(reads(&|log| drop(inclusion_proof(log, index, 70_000).unwrap())) <= 5);
        assert!(reads(&|log| drop(consistency_proof(log, index, 70_000).unwrap())) <= 5);
    }
}
