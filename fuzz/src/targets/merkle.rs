//! `merkle`: what an auditor is handed, and believes only as far as it is signed.

use std::sync::LazyLock;

use merkle::{
    Bundle, Checkpoint, SignedNote, Tile, TilePath, TlogProof, Verifier, bundle, leaf_hash,
    verify_consistency, verify_inclusion,
};

use super::MIB;
use crate::{Reached, Target};

pub(super) const NOTE: Target = Target {
    name: "note",
    run: note,
    executions: 200_000,
    memory_bytes: 8 * MIB,
    words: &[
        "\n\n",
        "\u{2014} ",
        "acme/main",
        "+",
        "WEpmqSsW",
        "PRIVATE+KEY+",
    ],
};

pub(super) const PROOF_FILE: Target = Target {
    name: "proof-file",
    run: proof_file,
    executions: 150_000,
    memory_bytes: 8 * MIB,
    words: &[
        "c2sp.org/tlog-proof@v1\n",
        "index ",
        "extra ",
        "\n\n",
        "\u{2014} acme/main ",
    ],
};

pub(super) const TILES: Target = Target {
    name: "tiles",
    run: tiles,
    executions: 1_500_000,
    memory_bytes: 16 * MIB,
    words: &["tile/", "entries/", "x001/", "000", ".p/", "255", "256"],
};

/// The key and the signed head of `crates/merkle/tests/data/v1`.
const VKEY: &str = include_str!("../../../crates/merkle/tests/data/v1/vkey");
const SIGNED: &[u8] = include_bytes!("../../../crates/merkle/tests/data/v1/checkpoint");
const PROOF: &[u8] = include_bytes!("../../../crates/merkle/tests/data/v1/entry-3.tlog-proof");
const ENTRIES: &[u8] = include_bytes!("../../../crates/merkle/tests/data/v1/tile-entries-000.p-5");

static KEY: LazyLock<Verifier> = LazyLock::new(|| VKEY.trim_end().parse().expect("a public key"));
static HEAD: LazyLock<Checkpoint> = LazyLock::new(|| {
    Checkpoint::open(SIGNED, std::slice::from_ref(&*KEY)).expect("a signed checkpoint")
});
static EMPTY_HEAD_TEXT: &str = "acme/main\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

/// A note is printed as it was read. No other text than the two that the key has signed is believed.
fn note(input: &[u8]) -> Reached {
    if let Ok(text) = str::from_utf8(input) {
        if let Ok(key) = text.parse::<Verifier>() {
            assert_eq!(key.to_string(), text);
        }
        if let Ok(signer) = text.parse::<merkle::Signer>() {
            assert_eq!(signer.to_secret_text(), text);
        }
        if let Ok(checkpoint) = text.parse::<Checkpoint>() {
            assert_eq!(checkpoint.to_string(), text);
        }
    }
    let note = match SignedNote::parse(input) {
        Ok(note) => note,
        Err(error) => return Reached::at(error.to_string()),
    };
    assert_eq!(note.to_string().as_bytes(), input, "one note has one text");
    match Checkpoint::of_note(&note, std::slice::from_ref(&*KEY)) {
        Ok(checkpoint) => {
            let text = checkpoint.to_string();
            assert!(
                text == HEAD.to_string() || text == EMPTY_HEAD_TEXT,
                "nobody has signed {text:?}"
            );
            Reached::at("believed")
        }
        Err(error) => Reached::at(error.to_string()),
    }
}

/// A proof file is printed as it was read, and proves nothing but what was made.
fn proof_file(input: &[u8]) -> Reached {
    let proof = match TlogProof::parse(input) {
        Ok(proof) => proof,
        Err(error) => return Reached::at(error.to_string()),
    };
    assert_eq!(
        proof.to_string().as_bytes(),
        input,
        "one proof has one text"
    );
    let made = TlogProof::parse(PROOF).expect("a proof file");
    let bundle = Bundle { index: 0, width: 5 };
    let entries = bundle::parse(bundle, ENTRIES).expect("a bundle");
    let mut reached = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let verified = proof.verify(&leaf_hash(entry), std::slice::from_ref(&*KEY));
        if verified.is_ok() {
            assert_eq!(
                proof.index, place as u64,
                "an entry is proven in one place only"
            );
            assert!(place as u64 != made.index || proof.path == made.path);
        }
        reached.push(verified.err().map(|error| error.to_string()));
    }
    Reached::at(reached)
}

/// Paths of tiles have one spelling; bodies of tiles and bundles are read whole or refused; no
/// path of hashes leads from another leaf to a root.
fn tiles(input: &[u8]) -> Reached {
    let path = str::from_utf8(input)
        .ok()
        .and_then(|text| Some((text, text.parse::<TilePath>().ok()?)));
    if let Some((text, path)) = path {
        assert_eq!(path.to_string(), text);
    }
    let Some(([width, index, size], body)) = input.split_first_chunk() else {
        return Reached::at("short");
    };
    let width = u16::from(*width) + 1;
    let tile = Tile {
        level: 0,
        index: u64::from(*index),
        width,
    };
    let hashes = tile.parse_bytes(body);
    if let Ok(hashes) = &hashes {
        assert_eq!(hashes.concat(), body);
    }
    let entries = bundle::parse(
        Bundle {
            index: u64::from(*index),
            width,
        },
        body,
    );
    if let Ok(entries) = &entries {
        let mut again = Vec::new();
        for entry in entries {
            bundle::append(&mut again, entry).expect("an entry that was read");
        }
        assert_eq!(again, body);
    }
    let (path, _) = body.as_chunks();
    let path = &path[..path.len().min(merkle::MAX_PATH_HASHES + 1)];
    let (index, size) = (u64::from(*index), u64::from(*size));
    let leaf = leaf_hash(b"not in the tree");
    assert!(verify_inclusion(&leaf, index, HEAD.size(), path, HEAD.root()).is_err());
    let included = verify_inclusion(&leaf, index, size, path, &leaf);
    assert!(included.is_err() || size == 1);
    let grown = verify_consistency(index, &leaf, size, HEAD.root(), path);
    assert!(grown.is_err() || index == 0);
    let (included, grown) = (format!("{included:?}"), format!("{grown:?}"));
    Reached::at((hashes.is_ok(), entries.is_ok(), included, grown))
}
