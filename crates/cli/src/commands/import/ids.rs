//! The id of a record that has none, made so that the same files give the same ids every time.

use std::collections::HashMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// How often a record without an id has come, by the hash of its content.
pub(super) type Seen = HashMap<[u8; 16], u32>;

/// The id of a record that has none: of the format, the record whatever the order of its keys, and
/// the number of equal records before it.
pub(super) fn made_id(line: &[u8], seen: &mut Seen) -> Option<String> {
    let record: Value = serde_json::from_slice(line).ok()?;
    if record.as_object()?.contains_key("id") {
        return None;
    }
    let mut canonical = String::with_capacity(line.len());
    push_canonical(&record, &mut canonical);
    let digest = Sha256::new()
        .chain_update("annals import v1\0ndjson\0")
        .chain_update(&canonical);
    let content: [u8; 32] = digest.clone().finalize().into();
    let content: [u8; 16] = std::array::from_fn(|n| content[n]);
    let occurrence = seen.entry(content).or_insert(0);
    let id: [u8; 32] = digest
        .chain_update(format!("\0{occurrence}"))
        .finalize()
        .into();
    *occurrence += 1;
    let hex: String = id
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(format!("imp-{hex}"))
}

/// JSON with sorted keys.
fn push_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in sorted {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                push_canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(elements) => {
            out.push('[');
            for element in elements {
                push_canonical(element, out);
                out.push(',');
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// Puts the id before the closing brace and leaves every other byte as it is.
pub(super) fn push_with_id(out: &mut Vec<u8>, object: &[u8], id: &str) {
    let body = object.strip_suffix(b"}").unwrap_or(object).trim_ascii_end();
    out.extend_from_slice(body);
    if !body.ends_with(b"{") {
        out.push(b',');
    }
    out.extend_from_slice(format!("\"id\":\"{id}\"}}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_id(line: &str, seen: &mut Seen) -> String {
        let id = made_id(line.as_bytes(), seen).unwrap();
        let mut out = Vec::new();
        push_with_id(&mut out, line.as_bytes(), &id);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_same_file_gives_the_same_ids_and_equal_lines_differ() {
        let lines = [
            r#"{"a":1,"b":[{"d":1,"c":2}]}"#,
            r#"{"b":[{"c":2,"d":1}],"a":1}"#,
            r#"{"a":2}"#,
        ];
        let once = |seen: &mut Seen| lines.map(|l| made_id(l.as_bytes(), seen).unwrap());
        let (first, again) = (once(&mut Seen::new()), once(&mut Seen::new()));
        assert_eq!(first, again);
        assert!(first[0] != first[1] && first[1] != first[2]);
        assert_eq!(first[0].len(), 36);
    }

    #[test]
    fn numbers_keep_their_digits_when_an_id_is_added() {
        let line = r#"{"action":"x","metadata":{"n":1.10000000000000000001}}"#;
        assert!(with_id(line, &mut Seen::new()).starts_with(&line[..line.len() - 1]));
        assert!(with_id("{ }", &mut Seen::new()).starts_with("{\"id\":"));
    }

    #[test]
    fn what_has_an_id_keeps_it() {
        assert_eq!(made_id(br#"{"id":"mine"}"#, &mut Seen::new()), None);
        assert_eq!(made_id(b"no json", &mut Seen::new()), None);
    }
}
