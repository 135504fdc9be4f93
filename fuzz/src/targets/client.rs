//! `client`: a proof document, as somebody hands it to an auditor who knows the log's key.

use std::sync::LazyLock;

use client::proof::check;
use event::proof::{Document, ProofField};
use merkle::Verifier;

use super::MIB;
use crate::{Reached, Target};

pub(super) const PROOF: Target = Target {
    name: "proof",
    run: proof,
    executions: 1_000_000,
    memory_bytes: 8 * MIB,
    words: &[
        "{\"commitment\":\"",
        "\"fields\":[",
        "\"entry\":\"",
        "\"index\":",
        "\"path\":[",
        "\"checkpoint\":\"",
        "\"event\":{",
        "\"salt\":\"",
        "\"value\":",
        "/metadata/",
    ],
};

/// The documents of the corpus, all of one log, and its key.
struct Made {
    verifier: Verifier,
    documents: Vec<Document>,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let inputs = PROOF.corpus().expect("the corpus of `proof`");
    let read = |input: &Vec<u8>| Document::parse(input).expect("a proof document");
    let documents: Vec<Document> = inputs.iter().map(read).collect();
    let verifier: Verifier = documents[0].vkey.trim_end().parse().expect("a public key");
    for document in &documents {
        check(document, &verifier).expect("a proof that holds");
    }
    Made {
        verifier,
        documents,
    }
});

/// A document that is believed says nothing of an event but what one of the corpus says of it:
/// some of its fields may be withheld, none may be another.
fn proof(input: &[u8]) -> Reached {
    let document = match Document::parse(input) {
        Ok(document) => document,
        Err(error) => return Reached::at(error.to_string()),
    };
    let again = Document::parse(document.to_json().as_bytes());
    assert_eq!(
        again.as_ref().ok(),
        Some(&document),
        "a document reads as it was written"
    );
    let proven = match check(&document, &MADE.verifier) {
        Ok(proven) => proven,
        Err(error) => return Reached::at(error.to_string()),
    };
    let made = MADE
        .documents
        .iter()
        .find(|made| made.index == document.index)
        .unwrap_or_else(|| panic!("nobody has proven event {}", document.index));
    assert_eq!(document.entry, made.entry);
    for (shown, made) in document.fields.iter().zip(&made.fields) {
        if let ProofField::Shown { .. } = shown {
            assert_eq!(shown, made, "a field that nobody has sent");
        }
    }
    Reached::at((document.index, proven.disclosure.withheld))
}
