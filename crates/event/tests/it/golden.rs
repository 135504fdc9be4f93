//! The vectors of `docs/formats/leaf-v1.md` and `record-v1.md`. They were made by another program
//! from the text of the formats. Added to, never edited.

use std::path::Path;

use event::{Acceptance, Content, Event, Kind, Recorded, Salt, Sequence, Timestamp, path};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    /// The JSON text as it is sent.
    event: String,
    own: bool,
    now: String,
    key_id: Option<String>,
    import: Option<String>,
    kind: u8,
    sequence: u64,
    received_at_micros: i64,
    salt: String,
    fields: Vec<VectorField>,
    body_root: String,
    entry: String,
    leaf: String,
    /// The record with all fields.
    record: String,
    /// Numbers of the fields that are then withheld.
    withhold: Vec<u16>,
    record_withheld: String,
    record_erased: String,
}

#[derive(Deserialize)]
struct VectorField {
    path: String,
    value: String,
    defaulted: bool,
    salt: String,
    commitment: String,
}

fn data() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[track_caller]
fn check(file: &Path) {
    let name = file.file_name().unwrap().to_string_lossy();
    let vector: Vector = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let acceptance = Acceptance {
        now: Timestamp::parse_rfc3339(&vector.now).unwrap(),
        key_id: vector.key_id.as_deref(),
        import: vector.import.as_deref(),
    };
    let accept = if vector.own {
        Event::accept_own
    } else {
        Event::accept
    };
    let event = accept(vector.event.as_bytes(), &acceptance).unwrap();
    let salt = Salt(unhex(&vector.salt).try_into().unwrap());

    let mut recorded = Recorded {
        sequence: Sequence::new(vector.sequence),
        received_at: Timestamp::from_micros(vector.received_at_micros),
        kind: Kind::from_code(vector.kind).unwrap(),
        category: event.category(),
        content: Content::Whole {
            salt,
            event: event.clone(),
        },
        enrichment: None,
    };
    let items = recorded.content.items();
    assert_eq!(items.len(), vector.fields.len(), "{name}");
    for ((number, (field, item)), expected) in
        event.fields().zip(&items).enumerate().zip(&vector.fields)
    {
        assert_eq!(
            (field.path.as_str(), field.value, field.defaulted),
            (
                expected.path.as_str(),
                expected.value.as_str(),
                expected.defaulted
            ),
            "{name}"
        );
        assert_eq!(
            hex(&salt.field(number as u16).0),
            expected.salt,
            "{name} {number}"
        );
        assert_eq!(
            hex(&item.commitment().0),
            expected.commitment,
            "{name} {number}"
        );
    }
    assert_eq!(hex(&event.commit(&salt).0), vector.body_root, "{name}");
    assert_eq!(hex(&recorded.entry().to_bytes()), vector.entry, "{name}");
    assert_eq!(hex(&recorded.entry().leaf_hash()), vector.leaf, "{name}");

    check_record(&recorded, &salt, &vector.record, &name);
    recorded.content = recorded
        .content
        .withhold(|number, _| vector.withhold.contains(&number));
    check_record(&recorded, &salt, &vector.record_withheld, &name);
    recorded.content = recorded.content.erase();
    check_record(&recorded, &salt, &vector.record_erased, &name);
    assert_eq!(hex(&recorded.entry().to_bytes()), vector.entry, "{name}");
}

#[track_caller]
fn check_record(recorded: &Recorded, salt: &Salt, expected: &str, name: &str) {
    let mut bytes = Vec::new();
    recorded.encode(&mut bytes);
    assert_eq!(hex(&bytes), expected, "{name}");
    assert_eq!(
        Recorded::decode(&bytes, salt).unwrap().0,
        *recorded,
        "{name}"
    );
}

#[test]
fn every_vector_is_met() {
    let mut files: Vec<_> = std::fs::read_dir(data().join("events"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 8);
    files.iter().for_each(|file| check(file));
}

#[test]
fn the_codes_of_paths_are_frozen() {
    let frozen = std::fs::read(data().join("well-known-paths.json")).unwrap();
    let frozen: Vec<String> = serde_json::from_slice(&frozen).unwrap();
    assert_eq!(path::WELL_KNOWN, frozen);
}

/// Breaks the smallest vector's fields section and expects the reason.
#[track_caller]
fn check_damage(bytes: &[u8], says: &str) {
    let error = event::EncodedFields::decode(bytes).unwrap_err().to_string();
    assert!(error.contains(says), "{bytes:x?}: {error}");
}

#[test]
fn fields_have_one_encoding_only() {
    let (action, activity) = (1, 2);
    let two = [2, 0b11, action, 2, b'"', b'"', activity, 1, b'1'];
    assert_eq!(
        event::EncodedFields::decode(&two).unwrap().0.as_bytes(),
        two
    );
    check_damage(&[], "ends too early");
    check_damage(&two[..8], "ends too early");
    check_damage(&[0x41, 16], "too many fields");
    check_damage(
        &[1, 0b10, action, 1, b'1'],
        "flags of fields that are not there",
    );
    check_damage(
        &[1, 0x80, action, 1, b'1'],
        "flags of fields that are not there",
    );
    check_damage(&[2, 0, activity, 1, b'1', action, 1, b'1'], "not sorted");
    check_damage(&[2, 0, action, 1, b'1', action, 1, b'1'], "not sorted");
    check_damage(&[1, 0, 92, 1, b'1'], "an unknown path code");
    check_damage(&[1, 0, action, 0x41, 0, b'1'], "longer than needed");
    check_damage(&[1, 0, action, 0x80, b'1'], "seven bits a byte");
    check_damage(&[1, 0, action, 0x7f, 0x7f, 0x7f, 0x7f], "too large");
    check_damage(b"\x01\x00\x00\x07/action\x011", "spelled out");
    check_damage(&[1, 0, action, 1, 0xff], "not UTF-8");
    check_damage(&[2, 0, action, 1, 0xc3, activity, 1, 0xa9], "not UTF-8");
}
