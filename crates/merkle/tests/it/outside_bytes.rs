//! Bytes from outside never panic, and whatever parses prints as the very bytes it came from.

use merkle::bundle;
use merkle::{Bundle, Checkpoint, SignedNote, Signer, Tile, TilePath, TlogProof, Verifier};
use merkle::{verify_consistency, verify_inclusion};
use proptest::prelude::*;

use crate::memory_log::MemoryLog;
use crate::note::{log_proof, signer};

fn check(bytes: &[u8]) {
    if let Ok(note) = SignedNote::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
    }
    if let Ok(proof) = TlogProof::parse(bytes) {
        assert_eq!(proof.to_string().as_bytes(), bytes);
    }
    let _ = bundle::parse(Bundle { index: 0, width: 2 }, bytes);
    let _ = Tile {
        level: 0,
        index: u64::MAX,
        width: u16::MAX,
    }
    .parse_bytes(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(path) = text.parse::<TilePath>() {
        assert_eq!(path.to_string(), text);
    }
    if let Ok(key) = text.parse::<Verifier>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = text.parse::<Signer>() {
        assert_eq!(key.to_secret_text(), text);
    }
}

/// One proper text of every kind, to be bent.
fn specimens() -> Vec<String> {
    let key = signer("example.com/acme/main", 1);
    let log = MemoryLog::of_numbers(20);
    let mut proof = log_proof(&log, 7, &key);
    let head = Checkpoint::new(key.name(), 20, log.root()).unwrap();
    let bare = proof.to_string();
    proof.extra = Some(b"beside".to_vec());
    vec![
        bare,
        proof.to_string(),
        head.to_string(),
        head.with_extension("more").unwrap().to_string(),
        proof.checkpoint.to_string(),
        key.verifier().to_string(),
        key.to_secret_text(),
        "tile/0/x001/x234/067.p/8".into(),
        "tile/entries/x001/234".into(),
    ]
}

#[test]
fn proper_texts_print_as_they_were() {
    specimens().iter().for_each(|text| check(text.as_bytes()));
}

#[test]
fn every_prefix_and_suffix_of_a_proper_text_is_handled() {
    for text in specimens() {
        for end in 0..=text.len() {
            check(&text.as_bytes()[..end]);
            check(&text.as_bytes()[end..]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn any_text_of_the_characters_that_matter(text in "[a-zA-Z0-9+/= —\n.x]{0,80}") {
        check(text.as_bytes());
        check(format!("tile/{text}").as_bytes());
        check(format!("a\n\n— {text}\n").as_bytes());
        check(format!("c2sp.org/tlog-proof@v1\n{text}").as_bytes());
    }

    #[test]
    fn proper_texts_with_pieces_replaced(
        which in any::<prop::sample::Index>(),
        start in any::<prop::sample::Index>(),
        removed in 0usize..8,
        put in proptest::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"\n +=/0A1x".to_vec())],
            0..8,
        ),
    ) {
        let mut bytes = which.get(&specimens()).clone().into_bytes();
        let start = start.index(bytes.len());
        let end = (start + removed).min(bytes.len());
        bytes.splice(start..end, put);
        check(&bytes);
    }

    #[test]
    fn proofs_of_any_shape(
        numbers in any::<[u64; 2]>(),
        small in prop::array::uniform2(0u64..80),
        path in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
        hashes in any::<[[u8; 32]; 2]>(),
    ) {
        let [a, b] = hashes;
        for [x, y] in [numbers, small, [small[0], numbers[1]], [u64::MAX - 1, u64::MAX]] {
            // A made-up proof leads nowhere, whatever the sizes say.
            prop_assert!(verify_inclusion(&a, x, y, &path, &b).is_err());
            let trivial = x == 0 || x == y;
            prop_assert!(trivial || verify_consistency(x, &a, y, &b, &path).is_err());
        }
    }
}
