//! The tree and its proofs, held to the definitions of RFC 6962 and to other implementations.

use merkle::{
    EMPTY_ROOT, Frontier, Hash, consistency_proof, frontier_at, inclusion_proof, leaf_hash,
    node_hash, root_at, verify_consistency, verify_inclusion,
};

use crate::memory_log::MemoryLog;

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
    let leaves = &log.levels[&0];
    let mut frontier = Frontier::new();
    for size in 0..=70u64 {
        let tree = &leaves[..size as usize];
        let root = mth(tree);
        assert_eq!(frontier.root(), root, "frontier of {size}");
        assert_eq!(root_at(&log, size).unwrap(), root, "root of {size}");
        assert_eq!(frontier_at(&log, size).unwrap(), frontier);
        for index in 0..size {
            let proof = inclusion_proof(&log, index, size).unwrap();
            assert_eq!(proof, path(index as usize, tree), "inclusion of {index} in {size}");
            verify_inclusion(&tree[index as usize], index, size, &proof, &root).unwrap();
        }
        for old in 1..=size {
            let proof = consistency_proof(&log, old, size).unwrap();
            assert_eq!(proof, subproof(old as usize, tree, true), "from {old} to {size}");
            let old_root = mth(&leaves[..old as usize]);
            verify_consistency(old, &old_root, size, &root, &proof).unwrap();
        }
        frontier.push(leaf_hash(size.to_string().as_bytes()));
    }
}
