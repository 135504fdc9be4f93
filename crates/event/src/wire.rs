//! An event as everybody sees it: its fields as nested JSON, with a few reserved names beside them.
//!
//! Everything but the reserved names is what is hashed. Fields come sorted by path, so one pass
//! opens and closes the objects around them.

use crate::canonical::push_string;
use crate::fields::Field;
use crate::limits::FIELDS_MAX;
use crate::recorded::Recorded;
use crate::withheld::Content;

/// Top-level names that are no fields of the event.
pub const RESERVED_NAMES: &[&str] = &[
    "display_id",
    "sequence",
    "received_at",
    "kind",
    "enrichment",
    "erasure",
];

pub(crate) fn write(recorded: &Recorded, out: &mut Vec<u8>) {
    let push = |out: &mut Vec<u8>, text: &str| out.extend_from_slice(text.as_bytes());
    push(out, "{\"display_id\":\"");
    push(out, &recorded.display_id());
    push(out, "\",\"sequence\":");
    push(out, &recorded.sequence.to_string());
    push(out, ",\"received_at\":\"");
    recorded.received_at.push_to(out);
    push(out, "\",\"kind\":");
    out.push(b'0' + recorded.kind.code());
    let fields: Vec<Field<'_>> = recorded.fields().collect();
    if !fields.is_empty() {
        push(out, ",");
        write_fields(&fields, out);
    }
    if let Some(enrichment) = &recorded.enrichment {
        push(out, ",\"enrichment\":");
        let json = serde_json::to_string(enrichment).unwrap_or_else(|_| "{}".to_owned());
        push(out, &json);
    }
    if !matches!(recorded.content, Content::Whole { .. }) {
        let erasure = format!(
            ",\"erasure\":{{\"withheld\":{},\"of\":{},\"category\":\"{}\"}}",
            recorded.content.withheld_count(),
            recorded.content.field_count(),
            recorded.category,
        );
        push(out, &erasure);
    }
    push(out, "}");
}

/// Writes the members of the event's object, without its braces.
pub(crate) fn write_fields(fields: &[Field<'_>], out: &mut Vec<u8>) {
    let mut rest = fields;
    let mut first = true;
    while let Some(field) = rest.first() {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        let path = field.path.as_str();
        let name = path.strip_prefix('/').unwrap_or(path);
        let array = ["targets", "changes"].into_iter().find(|array| {
            name.strip_prefix(array)
                .is_some_and(|rest| rest.starts_with('/'))
        });
        match array {
            Some(array) => {
                let prefix = format!("/{array}/");
                let length = rest
                    .iter()
                    .take_while(|it| it.path.as_str().starts_with(&prefix))
                    .count();
                let (elements, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                write_name(array, out);
                write_array(elements, &prefix, out);
                rest = behind;
            }
            None => {
                let top = name.split('/').next().unwrap_or(name);
                let length = group_length(rest, 1 + top.len());
                let (group, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                write_member(group, 0, out);
                rest = behind;
            }
        }
    }
}

/// How many of the first fields share the first `prefix` bytes of the first one's path as a whole
/// part of it.
fn group_length(fields: &[Field<'_>], prefix: usize) -> usize {
    let Some(first) = fields.first().and_then(|it| it.path.as_str().get(..prefix)) else {
        return 1;
    };
    let shares = |field: &&Field<'_>| {
        let rest = field.path.as_str().strip_prefix(first);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    fields.iter().take_while(shares).count().max(1)
}

/// Writes name and value of the member whose part of the path begins at byte `from`; all `group`
/// belongs to it.
fn write_member(group: &[Field<'_>], from: usize, out: &mut Vec<u8>) {
    let Some(first) = group.first() else { return };
    let path = first.path.as_str();
    let part = path.get(from + 1..).unwrap_or_default();
    let name = part.split('/').next().unwrap_or(part);
    write_name(name, out);
    let end = from + 1 + name.len();
    if end >= path.len() {
        out.extend_from_slice(first.value.as_bytes());
        return;
    }
    write_object(group, end, out);
}

/// Writes an object whose members' parts of the path begin at byte `from`.
fn write_object(group: &[Field<'_>], from: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut rest = group;
    let mut first = true;
    while let Some(field) = rest.first() {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        let part = field.path.as_str().get(from + 1..).unwrap_or_default();
        let end = from + 1 + part.find('/').unwrap_or(part.len());
        let (member, behind) = rest
            .split_at_checked(group_length(rest, end))
            .unwrap_or((rest, &[]));
        write_member(member, from, out);
        rest = behind;
    }
    out.push(b'}');
}

/// Writes the elements of `targets` or `changes` by number. Where all of an element is withheld an
/// empty object stands, which no accepted event has there.
fn write_array(fields: &[Field<'_>], prefix: &str, out: &mut Vec<u8>) {
    let number = |field: &Field<'_>| -> Option<usize> {
        field
            .path
            .as_str()
            .strip_prefix(prefix)?
            .split('/')
            .next()?
            .parse()
            .ok()
    };
    let mut elements: Vec<(usize, &[Field<'_>])> = fields
        .chunk_by(|one, two| number(one) == number(two))
        .filter_map(|element| Some((number(element.first()?)?, element)))
        .collect();
    elements.sort_by_key(|(number, _)| *number);
    out.push(b'[');
    let mut next = 0;
    for (number, element) in elements {
        while next < number.min(FIELDS_MAX) {
            out.extend_from_slice(b"{},");
            next += 1;
        }
        let from = prefix.len() + number.checked_ilog10().unwrap_or(0) as usize + 1;
        write_object(element, from, out);
        out.push(b',');
        next = number + 1;
    }
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(b']');
}

fn write_name(segment: &str, out: &mut Vec<u8>) {
    let plain = !segment
        .bytes()
        .any(|byte| matches!(byte, b'~' | b'"' | b'\\' | 0..=0x1f));
    if plain {
        out.push(b'"');
        out.extend_from_slice(segment.as_bytes());
        out.push(b'"');
    } else {
        let mut name = String::with_capacity(segment.len() + 8);
        push_string(&segment.replace("~1", "/").replace("~0", "~"), &mut name);
        out.extend_from_slice(name.as_bytes());
    }
    out.push(b':');
}
