//! Texts of strings: without quotes, without escapes.

use std::borrow::Cow;

/// A string's text without its quotes.
pub(crate) fn unquoted(raw: &str) -> &str {
    raw.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(raw)
}

/// Replaces the escapes of a well-formed string's inner text.
pub(crate) fn unescape(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut letters = escaped.chars();
        match letters.next() {
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('u') => {
                let first = unit(&mut letters);
                let code = if (0xD800..0xDC00).contains(&first) {
                    // A well-formed string goes on with the other half.
                    letters.next();
                    letters.next();
                    let second = unit(&mut letters);
                    0x10000 + ((first - 0xD800) << 10) + (second.wrapping_sub(0xDC00) & 0x3FF)
                } else {
                    first
                };
                text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => text.push(other),
            None => {}
        }
        rest = letters.as_str();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Four hexadecimal digits.
fn unit(letters: &mut std::str::Chars<'_>) -> u32 {
    let digits = letters.take(4).filter_map(|letter| letter.to_digit(16));
    digits.fold(0, |unit, digit| unit * 16 + digit)
}
