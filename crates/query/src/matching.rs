//! One event against a formula, without an index: a single pass that answers every leaf.

use std::net::IpAddr;

use event::Recorded;

use crate::analyze::{Wanted, analyze_wanted};
use crate::leaf::leaves;
use crate::{
    Decimal, ExactField, Expr, Leaf, MetadataValue, NumberField, Sink, TextField, part, words,
};

/// Whether `event` matches the formula.
pub(crate) fn matches(expr: &Expr, event: &Recorded) -> bool {
    match expr {
        Expr::All => true,
        Expr::None => false,
        _ => {
            let leaves = leaves(expr);
            let answers = answer(&leaves, event);
            verdict(expr, &mut answers.iter().copied())
        }
    }
}

impl Leaf {
    /// Whether the event matches the leaf.
    pub fn matches(&self, event: &Recorded) -> bool {
        answer(&[self], event).contains(&true)
    }
}

fn answer(leaves: &[&Leaf], event: &Recorded) -> Vec<bool> {
    let mut sheet = Sheet {
        leaves,
        answers: vec![false; leaves.len()],
        text: Tokens::default(),
    };
    analyze_wanted(event, Wanted::by(leaves.iter().copied()), &mut sheet);
    sheet.answers
}

/// Takes the answers in the order of the leaves, so it visits every one of them.
fn verdict(expr: &Expr, answers: &mut impl Iterator<Item = bool>) -> bool {
    match expr {
        Expr::All => true,
        Expr::None => false,
        Expr::And(members) => members
            .iter()
            .fold(true, |all, member| verdict(member, answers) & all),
        Expr::Or(members) => members
            .iter()
            .fold(false, |any, member| verdict(member, answers) | any),
        Expr::Not(inner) => !verdict(inner, answers),
        Expr::Leaf(_) => answers.next().unwrap_or(false),
    }
}

/// The answers so far: a leaf holds as soon as one value says so.
struct Sheet<'l> {
    leaves: &'l [&'l Leaf],
    answers: Vec<bool>,
    text: Tokens,
}

impl Sheet<'_> {
    fn each(&mut self, mut holds: impl FnMut(&Leaf, &mut Tokens) -> bool) {
        for (leaf, answer) in self.leaves.iter().zip(&mut self.answers) {
            *answer = *answer || holds(leaf, &mut self.text);
        }
    }
}

impl Sink for Sheet<'_> {
    fn exact(&mut self, field: ExactField, folded: &str) {
        self.each(|leaf, _| match leaf {
            Leaf::Exact {
                field: asked,
                value,
            } => *asked == field && value == folded,
            Leaf::ExactPrefix {
                field: asked,
                prefix,
            } => *asked == field && folded.starts_with(prefix),
            Leaf::ExactContains { field: asked, part } => *asked == field && folded.contains(part),
            _ => false,
        });
    }

    fn text(&mut self, field: TextField, value: &str) {
        self.text.forget();
        self.each(|leaf, text| match leaf {
            Leaf::Words {
                fields,
                words,
                prefix,
            } => fields.contains(field) && text.of(value).has_phrase(words, *prefix),
            Leaf::WordContains { fields, part } => {
                fields.contains(field) && text.of(value).contains(value, part)
            }
            _ => false,
        });
    }

    fn metadata(&mut self, key: &str, value: MetadataValue<'_>) {
        self.text.forget();
        self.each(|leaf, text| match leaf {
            Leaf::MetadataWords {
                key: asked,
                words,
                prefix,
            } => asked == key && text.of_metadata(value).has_phrase(words, *prefix),
            Leaf::MetadataContains { key: asked, part } => {
                asked == key && text.of_metadata(value).contains(value.as_text(), part)
            }
            Leaf::MetadataNumber { key: asked, range } => match value {
                MetadataValue::Number(digits) if asked == key => {
                    Decimal::parse(digits).is_some_and(|number| range.contains(&number))
                }
                _ => false,
            },
            _ => false,
        });
    }

    fn number(&mut self, field: NumberField, value: i64) {
        self.each(|leaf, _| {
            matches!(leaf, Leaf::Number { field: asked, range } if *asked == field && range.contains(value))
        });
    }

    fn ip(&mut self, address: IpAddr) {
        self.each(|leaf, _| matches!(leaf, Leaf::Ip { net } if net.contains(&address)));
    }
}

/// The words of one text, read when the first leaf asks for them.
#[derive(Default)]
struct Tokens {
    known: bool,
    text: String,
    /// Where each word ends in `text`; they stand without gaps.
    ends: Vec<usize>,
}

impl Tokens {
    fn forget(&mut self) {
        self.known = false;
    }

    fn of(&mut self, value: &str) -> &Self {
        self.of_metadata(MetadataValue::Text(value))
    }

    fn of_metadata(&mut self, value: MetadataValue<'_>) -> &Self {
        if !self.known {
            self.known = true;
            self.text.clear();
            self.ends.clear();
            let Self { text, ends, .. } = self;
            value.words(|word| {
                text.push_str(word);
                ends.push(text.len());
            });
        }
        self
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .filter_map(|(start, &end)| self.text.get(start..end))
    }

    fn has_phrase(&self, phrase: &[String], prefix: bool) -> bool {
        let starts = self
            .ends
            .len()
            .checked_sub(phrase.len())
            .map_or(0..0, |last| 0..last + 1);
        starts
            .into_iter()
            .any(|start| self.phrase_is_at(start, phrase, prefix))
    }

    fn phrase_is_at(&self, start: usize, phrase: &[String], prefix: bool) -> bool {
        let last = phrase.len().saturating_sub(1);
        phrase.iter().enumerate().all(|(place, asked)| {
            let word = self.word(start + place).unwrap_or_default();
            if prefix && place == last {
                word.starts_with(&**asked)
            } else {
                word == asked
            }
        })
    }

    fn word(&self, place: usize) -> Option<&str> {
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..*self.ends.get(place)?)
    }

    fn contains(&self, value: &str, part: &str) -> bool {
        let within_a_word = |piece: &str| self.words().any(|word| word.contains(piece));
        if part::is_one_word(part) {
            return within_a_word(part);
        }
        words::fold(value).contains(part) && part::leading_piece(part).is_none_or(within_a_word)
    }
}
