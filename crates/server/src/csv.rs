//! Events as CSV (RFC 4180) that is safe to open in a spreadsheet: a cell that a spreadsheet would
//! take for a formula gets an apostrophe before it.

use std::collections::HashMap;

use event::Recorded;
use serde_json::value::RawValue;

/// The columns: name, and where the value stands in the event.
const COLUMNS: [(&str, &str); 42] = [
    ("sequence", "/sequence"),
    ("display_id", "/display_id"),
    ("received_at", "/received_at"),
    ("occurred_at", "/occurred_at"),
    ("kind", "/kind"),
    ("action", "/action"),
    ("activity", "/activity"),
    ("category", "/category"),
    ("severity", "/severity"),
    ("outcome", "/outcome/result"),
    ("outcome_code", "/outcome/code"),
    ("outcome_reason", "/outcome/reason"),
    ("actor_type", "/actor/type"),
    ("actor_id", "/actor/id"),
    ("actor_name", "/actor/name"),
    ("actor_email", "/actor/email"),
    ("actor_roles", "/actor/roles"),
    ("actor_groups", "/actor/groups"),
    ("on_behalf_of_id", "/on_behalf_of/id"),
    ("on_behalf_of_name", "/on_behalf_of/name"),
    ("target_type", "/targets/0/type"),
    ("target_id", "/targets/0/id"),
    ("target_name", "/targets/0/name"),
    ("targets", "/targets"),
    ("changes", "/changes"),
    ("message", "/message"),
    ("client_ip", "/client/ip"),
    ("client_user_agent", "/client/user_agent"),
    ("session_id", "/session_id"),
    ("correlation_id", "/correlation_id"),
    ("request_id", "/request_id"),
    ("source_app", "/source/app"),
    ("source_component", "/source/component"),
    ("source_environment", "/source/environment"),
    ("records", "/counts/records"),
    ("bytes", "/counts/bytes"),
    ("duration_ms", "/duration_ms"),
    ("labels", "/labels"),
    ("metadata", "/metadata"),
    ("id", "/id"),
    ("ingest_key_id", "/ingest/key_id"),
    ("erased_fields", "/erasure/withheld"),
];

/// Writes the line with the names of the columns.
pub(crate) fn push_header(out: &mut Vec<u8>) {
    for (place, (name, _)) in COLUMNS.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(name.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes one event. Lists and objects are JSON within their cell. A number is copied with the
/// digits it came with, however many; it cannot be a formula.
pub(crate) fn push_row(out: &mut Vec<u8>, recorded: &Recorded) {
    let mut json = Vec::with_capacity(1024);
    recorded.to_wire_json(&mut json);
    let mut cells = Cells {
        event: serde_json::from_slice(&json).unwrap_or_default(),
        container: ("", Members::new()),
    };
    for (place, (_, pointer)) in COLUMNS.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        let Some(value) = cells.find(pointer).map(RawValue::get) else {
            continue;
        };
        match value.as_bytes().first() {
            Some(b'"') => push_cell(
                out,
                &serde_json::from_str::<String>(value).unwrap_or_default(),
            ),
            Some(b'n') | None => {}
            Some(_) => push_quoted(out, "", value),
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// The members of an object, each as it is written.
type Members<'a> = HashMap<String, &'a RawValue>;

/// Finds values by their place in an event, without reading them.
struct Cells<'a> {
    event: Members<'a>,
    /// The object looked into last: columns of one object stand together.
    container: (&'static str, Members<'a>),
}

impl<'a> Cells<'a> {
    fn find(&mut self, pointer: &'static str) -> Option<&'a RawValue> {
        let (container, name) = pointer.rsplit_once('/')?;
        if container.is_empty() {
            return self.event.get(name).copied();
        }
        if self.container.0 != container {
            self.container = (container, self.members(container).unwrap_or_default());
        }
        self.container.1.get(name).copied()
    }

    /// The members of an object of the event, or of the first element of one of its lists.
    fn members(&self, container: &str) -> Option<Members<'a>> {
        let name = container.strip_prefix('/')?;
        let object = match name.strip_suffix("/0") {
            None => *self.event.get(name)?,
            Some(list) => {
                let list: Vec<&'a RawValue> =
                    serde_json::from_str(self.event.get(list)?.get()).ok()?;
                *list.first()?
            }
        };
        serde_json::from_str(object.get()).ok()
    }
}

fn push_cell(out: &mut Vec<u8>, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    push_quoted(out, if formula { "'" } else { "" }, text);
}

fn push_quoted(out: &mut Vec<u8>, guard: &str, text: &str) {
    let quoted = text.contains([',', '"', '\r', '\n']);
    if quoted {
        out.push(b'"');
    }
    out.extend_from_slice(guard.as_bytes());
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    if quoted {
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, cell: &str) {
        let mut out = Vec::new();
        push_cell(&mut out, text);
        assert_eq!(String::from_utf8(out).unwrap(), cell);
    }

    #[test]
    fn formulas_are_disarmed() {
        check(
            "=HYPERLINK(\"http://example.com\")",
            "\"'=HYPERLINK(\"\"http://example.com\"\")\"",
        );
        for start in ['=', '+', '-', '@', '\t'] {
            check(&format!("{start}1"), &format!("'{start}1"));
        }
        check("\r1", "\"'\r1\"");
    }

    #[test]
    fn what_parts_cells_is_quoted() {
        check("plain", "plain");
        check("a,b", "\"a,b\"");
        check("say \"hi\"\nthere", "\"say \"\"hi\"\"\nthere\"");
    }
}
