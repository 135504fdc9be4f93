//! Canonical JSON text of a value: RFC 8785, except that a number keeps the digits it came with.

use crate::json::{At, Document, NodeKind};
use crate::path::push_segment;
use crate::problem::{Problem, ProblemCode};

/// Appends `text` as a canonical JSON string, quotes included.
pub fn push_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            0x0c => "\\f",
            b'\r' => "\\r",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(text.get(plain_from..at).unwrap_or_default());
        plain_from = at + 1;
        if short.is_empty() {
            let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
            out.push_str("\\u00");
            out.push(digit(byte >> 4));
            out.push(digit(byte & 0xf));
        } else {
            out.push_str(short);
        }
    }
    out.push_str(text.get(plain_from..).unwrap_or_default());
    out.push('"');
}

/// A name that stands twice in an object, somewhere inside a value.
#[derive(Debug)]
pub(crate) struct Twice {
    /// The way to it, the innermost name first: collected on the way out, so that a value without
    /// a fault pays nothing for it.
    segments: Vec<String>,
}

impl Twice {
    #[cold]
    fn within(mut self: Box<Self>, segment: String) -> Box<Self> {
        self.segments.push(segment);
        self
    }

    /// The problem, where the value is that of `field`.
    #[cold]
    pub(crate) fn in_field(&self, field: &str) -> Problem {
        let mut path = field.to_owned();
        for segment in self.segments.iter().rev() {
            push_segment(&mut path, segment);
        }
        duplicate(path)
    }
}

/// Appends the canonical text of a value.
pub(crate) fn push_value(
    document: &Document<'_>,
    value: At,
    out: &mut String,
) -> Result<(), Box<Twice>> {
    match document.kind(value) {
        NodeKind::EscapedString => {
            push_string(&document.string(value).unwrap_or_default(), out);
        }
        NodeKind::Array => {
            out.push('[');
            for (index, element) in document.elements(value).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_value(document, element, out)
                    .map_err(|twice| twice.within(index.to_string()))?;
            }
            out.push(']');
        }
        NodeKind::Object => {
            let mut members: Vec<_> = document.members(value).collect();
            members.sort_by(|(one, _), (two, _)| utf16_order(one, two));
            out.push('{');
            let mut previous: Option<&str> = None;
            for (name, value) in &members {
                if previous == Some(name) {
                    let segments = vec![name.clone().into_owned()];
                    return Err(Box::new(Twice { segments }));
                }
                if previous.is_some() {
                    out.push(',');
                }
                push_string(name, out);
                out.push(':');
                push_value(document, *value, out)
                    .map_err(|twice| twice.within(name.clone().into_owned()))?;
                previous = Some(name);
            }
            out.push('}');
        }
        _ => out.push_str(document.raw(value)),
    }
    Ok(())
}

#[cold]
pub(crate) fn duplicate(path: String) -> Problem {
    Problem::new(
        ProblemCode::DuplicateKey,
        path,
        "the name stands twice in its object",
    )
}

/// RFC 8785 sorts names by UTF-16 code units. That differs from the order of the bytes only where
/// characters beyond the basic plane meet those at its end.
fn utf16_order(one: &str, two: &str) -> std::cmp::Ordering {
    if one.is_ascii() || two.is_ascii() {
        return one.cmp(two);
    }
    one.encode_utf16().cmp(two.encode_utf16())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(json: &str) -> String {
        let document = Document::parse(json.as_bytes(), 1 << 20, 32).unwrap();
        let mut out = String::new();
        push_value(&document, document.root(), &mut out).unwrap();
        out
    }

    #[test]
    fn strings_are_escaped_as_rfc_8785_says() {
        assert_eq!(
            canonical(r#""\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/""#),
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""
        );
        assert_eq!(canonical(r#""\b\t\f\r\u007f""#), "\"\\b\\t\\f\\r\u{7f}\"");
    }

    #[test]
    fn names_sort_by_utf16_code_units() {
        // The example of RFC 8785, section 3.2.3.
        let sorted = canonical(
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
        );
        assert_eq!(
            sorted,
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        );
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(
            canonical("[1.0, 10e2, 12345678901234567890.10, -0]"),
            "[1.0,10e2,12345678901234567890.10,-0]"
        );
    }
}
