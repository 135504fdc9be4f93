//! An event as everybody sees it: its fields as nested JSON, with a few reserved names beside them.
//!
//! Everything but the reserved names is what is hashed. Fields come sorted by path, so one pass
//! opens and closes the objects around them.

use crate::canonical::push_string;
use crate::display_id::{DisplayId, push_number};
use crate::fields::{Field, Fields};
use crate::limits::FIELDS_MAX;
use crate::path::Path;
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
    DisplayId::new(recorded.sequence, recorded.received_at).push_to(out);
    push(out, "\",\"sequence\":");
    push_number(recorded.sequence.get(), 1, out);
    push(out, ",\"received_at\":\"");
    recorded.received_at.push_to(out);
    push(out, "\",\"kind\":");
    out.push(b'0' + recorded.kind.code());
    write_fields(recorded.fields(), out);
    if let Some(enrichment) = &recorded.enrichment {
        push(out, ",\"enrichment\":");
        push(out, enrichment.as_str());
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

/// Writes the fields as members of the event's object, each top-level one behind a comma.
fn write_fields(fields: Fields<'_>, out: &mut Vec<u8>) {
    let mut nesting = Nesting {
        container: "",
        next_element: 0,
        out,
    };
    // Paths with a code are of elements below 10.
    let has_far = fields.clone().any(|field| {
        matches!(field.path, Path::Literal(_)) && element_number(&field).is_some_and(|it| it >= 10)
    });
    if !has_far {
        fields.for_each(|field| nesting.write(&field));
    } else {
        // Paths sort element 10 before element 2.
        let mut fields: Vec<Field<'_>> = fields.collect();
        for run in fields.chunk_by_mut(|one, two| array_of(one) == array_of(two)) {
            run.sort_by_key(element_number);
        }
        fields.iter().for_each(|field| nesting.write(field));
    }
    nesting.go_to("");
}

/// The object at `container` as JSON, of the fields within it sorted by path.
pub(crate) fn object<'a>(container: &'a str, fields: impl Iterator<Item = Field<'a>>) -> String {
    let mut json = vec![b'{'];
    let mut nesting = Nesting {
        container,
        next_element: 0,
        out: &mut json,
    };
    fields.for_each(|field| nesting.write(&field));
    nesting.go_to(container);
    json.push(b'}');
    String::from_utf8_lossy(&json).into_owned()
}

/// The array whose elements' fields come with paths of their own.
fn array_of<'a>(field: &Field<'a>) -> Option<&'a str> {
    let path = field.path.as_str();
    ARRAYS.into_iter().find(|array| {
        path.strip_prefix(array)
            .is_some_and(|rest| rest.starts_with('/'))
    })
}

/// The number of the element of `targets` or `changes` that a field belongs to.
fn element_number(field: &Field<'_>) -> Option<usize> {
    let Path::Literal(path) = field.path else {
        let target = field.path.target().map(|(number, _)| number);
        return target.or_else(|| field.path.change().map(|(number, _)| number));
    };
    let rest = path.strip_prefix(array_of(field)?)?.strip_prefix('/')?;
    rest.split('/').next()?.parse().ok()
}

/// The arrays whose elements are descended into.
const ARRAYS: [&str; 2] = ["/changes", "/targets"];

/// The objects and arrays that are open while fields are written in order.
struct Nesting<'p, 'o> {
    /// Path of the innermost open one; empty for the event itself.
    container: &'p str,
    /// Number of the next element of the open array.
    next_element: usize,
    out: &'o mut Vec<u8>,
}

impl<'p> Nesting<'p, '_> {
    fn write(&mut self, field: &Field<'p>) {
        let (container, name) = field.path.split();
        if container != self.container {
            self.go_to(container);
        }
        self.separate();
        match field.path {
            Path::Known(_) => write_plain_name(name, self.out),
            Path::Literal(_) if ARRAYS.contains(&container) => {}
            Path::Literal(_) => write_name(name, self.out),
        }
        self.out.extend_from_slice(field.value.as_bytes());
    }

    /// A comma, unless this is the first thing in its container.
    fn separate(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
    }

    /// Closes what `container` does not lie in and opens what is missing on the way to it.
    fn go_to(&mut self, container: &'p str) {
        let shared = shared_container(self.container, container);
        while self.container.len() > shared {
            self.out.push(if ARRAYS.contains(&self.container) {
                b']'
            } else {
                b'}'
            });
            self.container = self
                .container
                .rsplit_once('/')
                .map_or("", |(outer, _)| outer);
        }
        while self.container.len() < container.len() {
            let from = self.container.len() + 1;
            let rest = container.get(from..).unwrap_or_default();
            let name = rest.split('/').next().unwrap_or(rest);
            self.open(name);
            self.container = container.get(..from + name.len()).unwrap_or(container);
        }
    }

    fn open(&mut self, name: &str) {
        if ARRAYS.contains(&self.container) {
            // Where all of an element is withheld an empty object stands, which no accepted event
            // has there.
            let number = name.parse().unwrap_or(0).min(FIELDS_MAX);
            while self.next_element < number {
                self.separate();
                self.out.extend_from_slice(b"{}");
                self.next_element += 1;
            }
            self.next_element += 1;
            self.separate();
            self.out.push(b'{');
            return;
        }
        let is_array = self.container.is_empty() && matches!(name, "changes" | "targets");
        self.separate();
        write_name(name, self.out);
        self.out.push(if is_array { b'[' } else { b'{' });
        if is_array {
            self.next_element = 0;
        }
    }
}

/// How many bytes of both paths are the same whole segments.
fn shared_container(one: &str, two: &str) -> usize {
    let same = one
        .bytes()
        .zip(two.bytes())
        .take_while(|(one, two)| one == two)
        .count();
    let ends_in = |path: &str| path.len() == same || path.as_bytes().get(same) == Some(&b'/');
    if ends_in(one) && ends_in(two) {
        return same;
    }
    let prefix = one.as_bytes().get(..same).unwrap_or_default();
    prefix.iter().rposition(|byte| *byte == b'/').unwrap_or(0)
}

fn write_name(segment: &str, out: &mut Vec<u8>) {
    let plain = !segment
        .bytes()
        .any(|byte| matches!(byte, b'~' | b'"' | b'\\' | 0..=0x1f));
    if plain {
        return write_plain_name(segment, out);
    }
    let mut name = String::with_capacity(segment.len() + 8);
    push_string(&segment.replace("~1", "/").replace("~0", "~"), &mut name);
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
}

/// Writes a name that needs no escapes.
fn write_plain_name(name: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}
