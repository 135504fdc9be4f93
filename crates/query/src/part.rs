//! Substrings that reach over signs and spaces (`*@example.com*`), and what of them a dictionary
//! of words can look up.

use crate::{SUBSTRING_MIN_CHARS, words};

/// Something that every text with the substring must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// A word that is whole, or only the beginning of one.
    Word { word: String, prefix: bool },
    /// A piece within one word.
    Inside(String),
}

/// Whether `part`, which is folded, can only occur within a word.
pub(crate) fn is_one_word(part: &str) -> bool {
    part.chars()
        .all(|c| words::is_word_char(c) && !words::stands_alone(c))
}

/// What a text that contains `part` must have. Empty if nothing of it can be looked up; the parser
/// refuses such a part.
pub(crate) fn anchors(part: &str) -> Vec<Anchor> {
    if is_one_word(part) {
        return within(part)
            .map(|piece| Anchor::Inside(piece.to_owned()))
            .into_iter()
            .collect();
    }
    let mut found: Vec<Anchor> = leading_piece(part)
        .map(|piece| Anchor::Inside(piece.to_owned()))
        .into_iter()
        .collect();
    // After the leading piece every word starts where it does in the text, so it is cut into the
    // same pieces; only the last may go on in the text.
    let (_, rest) = part.split_at(leading_run(part).len());
    words::words(rest, |word| {
        found.push(Anchor::Word {
            word: word.to_owned(),
            prefix: false,
        })
    });
    if let (true, Some(Anchor::Word { prefix, .. })) = (goes_on(rest), found.last_mut()) {
        *prefix = true;
    }
    found
}

/// The piece at the start of `part` that ends a word of the text, if it is long enough to be
/// looked up. A text must have it within one word.
pub(crate) fn leading_piece(part: &str) -> Option<&str> {
    within(leading_run(part))
}

fn leading_run(part: &str) -> &str {
    let ends = |c: char| !words::is_word_char(c) || words::stands_alone(c);
    part.split(ends).next().unwrap_or_default()
}

fn within(piece: &str) -> Option<&str> {
    let chars = piece.chars().count();
    (SUBSTRING_MIN_CHARS..=words::WORD_MAX_CHARS)
        .contains(&chars)
        .then_some(piece)
}

/// Whether a word at the end of `text` may be only the beginning of one.
pub(crate) fn goes_on(text: &str) -> bool {
    text.chars()
        .next_back()
        .is_some_and(|c| words::is_word_char(c) && !words::stands_alone(c))
}
