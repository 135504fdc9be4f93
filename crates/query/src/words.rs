//! How text becomes words: the only tokenizer, used for events and for queries alike.
//!
//! A word is a longest run of letters and digits (Unicode alphanumeric characters and the marks
//! that join them), folded to lower case. Characters of scripts written without spaces (Han,
//! Hiragana, Katakana, Thai, Lao, Khmer, Myanmar) are a word each, so that a phrase of them finds
//! any part of a sentence. There is no stemming, no stop word and no Unicode normalisation.

use std::borrow::Cow;

/// Characters of one word. A longer run is cut into pieces of this length, counted from its start,
/// in events and in queries alike: a term stays small enough for any dictionary, and a search for
/// the whole run or its beginning still finds it as a phrase of the pieces.
pub const WORD_MAX_CHARS: usize = 255;

/// Calls `each` with every word of `text`, in order, folded.
pub fn words(text: &str, mut each: impl FnMut(&str)) {
    let mut scratch = String::new();
    words_with(text, &mut scratch, &mut each);
}

/// As [`words`], with a buffer that the caller keeps for the next text.
pub fn words_with(text: &str, scratch: &mut String, mut each: impl FnMut(&str)) {
    if text.is_ascii() {
        ascii_words(text, scratch, &mut each);
    } else {
        unicode_words(text, scratch, &mut each);
    }
}

/// The words of `text` as a list: for queries, which are short.
pub fn list(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    words(text, |word| found.push(word.to_owned()));
    found
}

/// `text` in the form in which values are compared: every character in lower case, one by one, and
/// the Greek final sigma as a sigma. Folding twice changes nothing, and the fold of a piece is a
/// piece of the fold, which the usual context-dependent lower case does not promise.
pub fn fold(text: &str) -> Cow<'_, str> {
    if !needs_folding(text) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    push_folded(text, &mut folded);
    Cow::Owned(folded)
}

/// As [`fold`], into a buffer that the caller keeps; answers `text` itself where nothing changes.
pub fn fold_with<'a>(text: &'a str, scratch: &'a mut String) -> &'a str {
    if !needs_folding(text) {
        return text;
    }
    scratch.clear();
    push_folded(text, scratch);
    scratch
}

/// Whether `c` belongs to a word (or is one).
pub fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || is_joining_mark(c)
}

/// Whether `c` is always a word of its own: scripts written without spaces.
pub fn stands_alone(c: char) -> bool {
    matches!(c as u32,
        0x0E01..=0x0EFF                         // Thai, Lao
        | 0x1000..=0x109F | 0xA9E0..=0xA9FF | 0xAA60..=0xAA7F   // Myanmar
        | 0x1780..=0x17FF | 0x19E0..=0x19FF     // Khmer
        | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x3035 | 0x3038..=0x303C
        | 0x3041..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9F   // Hiragana, Katakana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF   // Han
        | 0x1AFF0..=0x1AFFF | 0x1B000..=0x1B16F
        | 0x20000..=0x3FFFF)
}

/// Marks that are neither letter nor digit to Unicode but stand inside words: accents written as
/// characters of their own, the signs that join Indic consonants, zero-width joiners.
fn is_joining_mark(c: char) -> bool {
    matches!(
        c as u32,
        0x0300
            ..=0x036F
                | 0x093C
                | 0x094D
                | 0x09BC
                | 0x09CD
                | 0x0A3C
                | 0x0A4D
                | 0x0ABC
                | 0x0ACD
                | 0x0B3C
                | 0x0B4D
                | 0x0BCD
                | 0x0C4D
                | 0x0CBC
                | 0x0CCD
                | 0x0D4D
                | 0x0DCA
                | 0x200C
                | 0x200D
    )
}

fn needs_folding(text: &str) -> bool {
    text.bytes()
        .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
}

fn push_folded(text: &str, folded: &mut String) {
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            folded.extend(folded_char(c));
        }
    }
}

fn folded_char(c: char) -> impl Iterator<Item = char> {
    if c == 'ς' { 'σ' } else { c }.to_lowercase()
}

fn ascii_words(text: &str, scratch: &mut String, each: &mut impl FnMut(&str)) {
    for run in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut rest = run;
        while !rest.is_empty() {
            // ASCII: bytes are characters, so every place is a boundary.
            let (word, after) = rest.split_at(rest.len().min(WORD_MAX_CHARS));
            rest = after;
            each(fold_with(word, scratch));
        }
    }
}

fn unicode_words(text: &str, word: &mut String, each: &mut impl FnMut(&str)) {
    word.clear();
    let mut chars = 0;
    // Characters are judged after folding, so that the words of a text are those of its fold.
    for c in text.chars().flat_map(folded_char) {
        let alone = stands_alone(c);
        if !word.is_empty() && (alone || chars == WORD_MAX_CHARS || !is_word_char(c)) {
            each(word);
            word.clear();
            chars = 0;
        }
        if !is_word_char(c) {
            continue;
        }
        word.push(c);
        chars += 1;
        if alone {
            each(word);
            word.clear();
            chars = 0;
        }
    }
    if !word.is_empty() {
        each(word);
    }
    word.clear();
}
