//! The characters of a query: words, quotes, stars and comparison signs.

use crate::QueryError;
use crate::ask::Form;
use crate::error::{Mistake, QueryErrorCode as Code, shown};
use crate::order::Comparison;

/// A place in the characters of a query.
pub(crate) struct Scanner<'a> {
    chars: &'a [char],
    pub(crate) at: usize,
}

/// A value as it stands in the query.
pub(crate) struct Value {
    pub(crate) comparison: Option<Comparison>,
    pub(crate) text: String,
    /// In quotes; then the stars stand outside of the text.
    pub(crate) quoted: bool,
    pub(crate) star_before: bool,
    pub(crate) star_after: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(chars: &'a [char]) -> Self {
        Self { chars, at: 0 }
    }

    /// Reads one value, with a comparison sign before it if one may stand there.
    pub(crate) fn value(&mut self, may_compare: bool) -> Result<Value, QueryError> {
        let start = self.at;
        let comparison = if may_compare { self.comparison() } else { None };
        let star_before = self.peek() == Some('*') && self.char_at(self.at + 1) == Some('"');
        if star_before {
            self.at += 1;
        }
        if self.peek() == Some('"') {
            let text = self.quoted()?;
            let star_after = self.peek() == Some('*');
            if star_after {
                self.at += 1;
            }
            if self
                .peek()
                .is_some_and(|c| !c.is_whitespace() && c != '(' && c != ')')
            {
                return Err(
                    Mistake::new(Code::Quote, "text follows the closing quote directly")
                        .hint("put a space between them, or write \\\" for a quote inside quotes")
                        .at(self.at, 1),
                );
            }
            if text.is_empty() {
                return Err(Mistake::new(Code::Empty, "nothing is inside the quotes")
                    .at(start, self.at - start));
            }
            return Ok(Value {
                comparison,
                text,
                quoted: true,
                star_before,
                star_after,
            });
        }
        let text = self.bare_word();
        self.at += text.chars().count();
        if let Some(sign @ ('"' | '(')) = self.peek() {
            let (code, name) = if sign == '"' {
                (Code::Quote, "quote")
            } else {
                (Code::Parenthesis, "parenthesis")
            };
            return Err(
                Mistake::new(code, format!("a {name} stands in the middle of a word"))
                    .hint("put a space before it, or the whole word in quotes")
                    .at(self.at, 1),
            );
        }
        if text.is_empty() {
            return Err(Mistake::new(Code::Empty, "the comparison has no value")
                .hint("write the value right after the sign: records:>1000")
                .at(start, self.at - start));
        }
        Ok(Value {
            comparison,
            text,
            quoted: false,
            star_before: false,
            star_after: false,
        })
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let (comparison, length) = match (self.peek()?, self.char_at(self.at + 1)) {
            ('>', Some('=')) => (Comparison::AtLeast, 2),
            ('<', Some('=')) => (Comparison::AtMost, 2),
            ('>', _) => (Comparison::Greater, 1),
            ('<', _) => (Comparison::Less, 1),
            _ => return None,
        };
        self.at += length;
        Some(comparison)
    }

    /// Reads a text in quotes, the parser standing on the first.
    pub(crate) fn quoted(&mut self) -> Result<String, QueryError> {
        let open = self.at;
        let mut text = String::new();
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += 1;
            match (c, self.peek()) {
                ('"', _) => return Ok(text),
                ('\\', Some(escaped @ ('"' | '\\'))) => {
                    text.push(escaped);
                    self.at += 1;
                }
                _ => text.push(c),
            }
        }
        Err(Mistake::new(Code::Quote, "this quote is never closed")
            .hint("add `\"` at the end of the phrase; write \\\" for a quote inside quotes")
            .at(open, 1))
    }

    /// The characters up to the next space, quote or parenthesis; does not move.
    pub(crate) fn bare_word(&self) -> String {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        rest.iter().take_while(|&&c| !ends_word(c)).collect()
    }

    pub(crate) fn at_keyword(&self, keyword: &str) -> bool {
        self.bare_word() == keyword && self.char_at(self.at + keyword.len()) != Some('"')
    }

    pub(crate) fn takes_keyword(&mut self, keyword: &str) -> bool {
        let takes = self.at_keyword(keyword);
        if takes {
            self.at += keyword.len();
        }
        takes
    }

    pub(crate) fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.char_at(self.at)
    }

    pub(crate) fn char_at(&self, place: usize) -> Option<char> {
        self.chars.get(place).copied()
    }

    pub(crate) fn slice(&self, start: usize, end: usize) -> String {
        self.chars
            .get(start..end)
            .unwrap_or_default()
            .iter()
            .collect()
    }
}

impl Value {
    /// What the stars around the value mean, and the text without them.
    pub(crate) fn form(&self) -> Result<(Form, &str), Mistake> {
        if self.quoted {
            return match (self.star_before, self.star_after) {
                (false, false) => Ok((Form::Whole, &self.text)),
                (false, true) => Ok((Form::Prefix, &self.text)),
                (true, true) => Ok((Form::Part, &self.text)),
                (true, false) => Err(only_an_ending(&self.text)),
            };
        }
        let (before, text) = match self.text.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, &*self.text),
        };
        let (text, after) = match text.strip_suffix('*') {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        if text.contains('*') {
            return Err(Mistake::new(Code::Wildcard, "`*` stands inside the word")
            .hint("it works at the end (`abc*`) or on both sides (`*abc*`); put the word in quotes to search for the sign"));
        }
        if text.is_empty() {
            return Err(Mistake::new(Code::TooShort, "`*` alone is not a value")
                .hint("write at least one character before it"));
        }
        match (before, after) {
            (false, false) => Ok((Form::Whole, text)),
            (false, true) => Ok((Form::Prefix, text)),
            (true, true) => Ok((Form::Part, text)),
            (true, false) => Err(only_an_ending(text)),
        }
    }
}

fn only_an_ending(text: &str) -> Mistake {
    let text = shown(text);
    Mistake::new(
        Code::Wildcard,
        "words cannot be searched by their ending alone",
    )
    .hint(format!(
        "add a `*` at the end to search anywhere in a word: *{text}*"
    ))
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '(' | ')')
}
