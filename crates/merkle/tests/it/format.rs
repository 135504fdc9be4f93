//! The frozen bytes of `docs/formats/checkpoint.md`: the files in `tests/data/v1` are opened by
//! every later version, and the page shows the same bytes.

use merkle::{
    Bundle, Checkpoint, EMPTY_ROOT, Signer, Tile, TlogProof, Verifier, bundle, inclusion_proof,
    leaf_hash, verify_inclusion,
};

use crate::memory_log::MemoryLog;

const PAGE: &str = include_str!("../../../../docs/formats/checkpoint.md");
const SECRET: &str = include_str!("../data/v1/secret");
const VKEY: &str = include_str!("../data/v1/vkey");
const CHECKPOINT: &str = include_str!("../data/v1/checkpoint");
const EMPTY_CHECKPOINT: &str = include_str!("../data/v1/empty-checkpoint");
const PROOF: &str = include_str!("../data/v1/entry-3.tlog-proof");
const TILE: &[u8] = include_bytes!("../data/v1/tile-0-000.p-5");
const ENTRIES: &[u8] = include_bytes!("../data/v1/tile-entries-000.p-5");

const ORIGIN: &str = "acme/main";

/// The five entries of the example: 45 bytes each, `example entry N` and zeroes.
fn entries() -> Vec<[u8; 45]> {
    let entry = |number: u8| {
        let mut entry = [0; 45];
        let text = format!("example entry {number}");
        entry[..text.len()].copy_from_slice(text.as_bytes());
        entry
    };
    (0..5).map(entry).collect()
}

fn log() -> MemoryLog {
    let mut log = MemoryLog::default();
    entries()
        .iter()
        .for_each(|entry| log.push(leaf_hash(entry)));
    log
}

#[track_caller]
fn check_golden(name: &str, made: &str, golden: &str) {
    assert_eq!(made, golden, "{name} has changed; the bytes of v1 never do");
    assert!(
        PAGE.contains(golden.trim_end()),
        "the page does not show {name}"
    );
}

#[test]
fn the_example_is_made_as_it_always_was() {
    let log = log();
    let signer = Signer::from_seed(ORIGIN, &std::array::from_fn(|place| place as u8)).unwrap();
    let head = Checkpoint::new(ORIGIN, 5, log.root()).unwrap();
    let checkpoint = head.sign(&[&signer]).unwrap();
    let empty = Checkpoint::new(ORIGIN, 0, EMPTY_ROOT)
        .unwrap()
        .sign(&[&signer])
        .unwrap();
    let path = inclusion_proof(&log, 3, 5).unwrap();
    let proof = TlogProof {
        index: 3,
        path,
        checkpoint: checkpoint.clone(),
        extra: None,
    };
    check_golden(
        "the private key",
        &format!("{}\n", signer.to_secret_text()),
        SECRET,
    );
    check_golden("the vkey", &format!("{}\n", signer.verifier()), VKEY);
    check_golden("the checkpoint", &checkpoint.to_string(), CHECKPOINT);
    check_golden(
        "the checkpoint of the empty log",
        &empty.to_string(),
        EMPTY_CHECKPOINT,
    );
    check_golden("the proof file", &proof.to_string(), PROOF);
    assert!(
        PAGE.contains(&hex::encode(log.leaf(3))),
        "the page does not show the leaf"
    );

    assert_eq!(log.levels[0].concat(), TILE);
    let mut body = Vec::new();
    for entry in entries() {
        bundle::append(&mut body, &entry).unwrap();
    }
    assert_eq!(body, ENTRIES);
}

#[test]
fn the_example_of_v1_still_opens() {
    let known: Vec<Verifier> = vec![VKEY.trim_end().parse().unwrap()];
    let signer: Signer = SECRET.trim_end().parse().unwrap();
    assert_eq!(signer.verifier(), &known[0]);
    let head = Checkpoint::open(CHECKPOINT.as_bytes(), &known).unwrap();
    assert_eq!((head.origin(), head.size()), (ORIGIN, 5));
    assert_eq!(
        Checkpoint::open(EMPTY_CHECKPOINT.as_bytes(), &known)
            .unwrap()
            .root(),
        &EMPTY_ROOT
    );

    let entries = bundle::parse(Bundle { index: 0, width: 5 }, ENTRIES).unwrap();
    let leaves = Tile {
        level: 0,
        index: 0,
        width: 5,
    }
    .parse_bytes(TILE)
    .unwrap();
    for (entry, leaf) in entries.iter().zip(&leaves) {
        assert_eq!(leaf_hash(entry), *leaf);
    }
    let proof = TlogProof::parse(PROOF.as_bytes()).unwrap();
    assert_eq!(proof.verify(&leaves[3], &known).unwrap(), head);
    assert_eq!(
        verify_inclusion(&leaves[3], 3, 5, &proof.path, head.root()),
        Ok(())
    );
}
