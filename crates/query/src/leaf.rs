//! The primitive questions, and what each means for one value.

use ipnet::IpNet;

use crate::part::{self, Anchor};
use crate::{DecimalRange, ExactField, Expr, NumberField, NumberRange, TextFields};

/// A question about one event. It holds if *some* value of the event answers it; an event without
/// such a value does not match. All strings are folded ([`crate::words::fold`]).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// A value of `field` equals `value`.
    Exact {
        /// Which values.
        field: ExactField,
        /// The whole value.
        value: String,
    },
    /// A value of `field` starts with `prefix` (never empty).
    ExactPrefix {
        /// Which values; never one that [`ExactField::is_lookup_only`].
        field: ExactField,
        /// How the value starts.
        prefix: String,
    },
    /// A value of `field` contains `part`.
    ExactContains {
        /// Which values; never one that [`ExactField::is_lookup_only`].
        field: ExactField,
        /// At least [`crate::SUBSTRING_MIN_CHARS`] characters.
        part: String,
    },
    /// One text of one of `fields` has these words one after the other.
    Words {
        /// Which texts.
        fields: TextFields,
        /// At least one word.
        words: Vec<String>,
        /// Whether the last word is only the beginning of a word.
        prefix: bool,
    },
    /// One text of one of `fields` contains `part`. If `part` is a single word (every character a
    /// word character and none that stands alone), some word of the text contains it; otherwise
    /// the folded text contains it, and one of its words contains the letters and digits that
    /// `part` begins with, if they are long enough to be looked up (only words that are cut for
    /// their length can lack them).
    WordContains {
        /// Which texts.
        fields: TextFields,
        /// At least [`crate::SUBSTRING_MIN_CHARS`] characters, with a word that can be looked up.
        part: String,
    },
    /// As [`Leaf::Words`], for the values of one metadata key ([`crate::MetadataValue::words`]).
    MetadataWords {
        /// The key as [`crate::Sink::metadata`] gives it.
        key: String,
        /// At least one word.
        words: Vec<String>,
        /// Whether the last word is only the beginning of a word.
        prefix: bool,
    },
    /// As [`Leaf::WordContains`], for the values of one metadata key.
    MetadataContains {
        /// The key as [`crate::Sink::metadata`] gives it.
        key: String,
        /// At least [`crate::SUBSTRING_MIN_CHARS`] characters, with a word that can be looked up.
        part: String,
    },
    /// A value of the metadata key is a number in `range`.
    MetadataNumber {
        /// The key as [`crate::Sink::metadata`] gives it.
        key: String,
        /// The numbers asked for.
        range: DecimalRange,
    },
    /// The number is in `range`.
    Number {
        /// Which number.
        field: NumberField,
        /// The numbers asked for.
        range: NumberRange,
    },
    /// The client's address is in `net`, whose host bits are zero.
    Ip {
        /// The addresses asked for.
        net: IpNet,
    },
}

impl Leaf {
    /// Whether an index of single terms cannot decide this leaf: phrases, and substrings with
    /// characters that are not in words. It looks up [`Leaf::candidates`] and asks
    /// [`Leaf::matches`] of each event found.
    pub fn needs_verification(&self) -> bool {
        match self {
            Leaf::Words { words, .. } | Leaf::MetadataWords { words, .. } => words.len() > 1,
            Leaf::WordContains { part, .. } | Leaf::MetadataContains { part, .. } => {
                !part::is_one_word(part)
            }
            _ => false,
        }
    }

    /// A formula over leaves that need no verification, which holds for every event this leaf
    /// holds for; the leaf itself where it needs none.
    pub fn candidates(&self) -> Expr {
        match self {
            Leaf::Words {
                fields,
                words,
                prefix,
            } => Expr::and(single_words(words, *prefix, |words, prefix| Leaf::Words {
                fields: *fields,
                words,
                prefix,
            })),
            Leaf::MetadataWords { key, words, prefix } => {
                Expr::and(single_words(words, *prefix, |words, prefix| {
                    Leaf::MetadataWords {
                        key: key.clone(),
                        words,
                        prefix,
                    }
                }))
            }
            Leaf::WordContains { fields, part } if !part::is_one_word(part) => {
                Expr::and(part::anchors(part).into_iter().map(|anchor| {
                    Expr::from(match anchor {
                        Anchor::Word { word, prefix } => Leaf::Words {
                            fields: *fields,
                            words: vec![word],
                            prefix,
                        },
                        Anchor::Inside(part) => Leaf::WordContains {
                            fields: *fields,
                            part,
                        },
                    })
                }))
            }
            Leaf::MetadataContains { key, part } if !part::is_one_word(part) => {
                Expr::and(part::anchors(part).into_iter().map(|anchor| {
                    let key = key.clone();
                    Expr::from(match anchor {
                        Anchor::Word { word, prefix } => Leaf::MetadataWords {
                            key,
                            words: vec![word],
                            prefix,
                        },
                        Anchor::Inside(part) => Leaf::MetadataContains { key, part },
                    })
                }))
            }
            leaf => leaf.clone().into(),
        }
    }
}

/// All leaves of a formula, in the order of its text.
pub(crate) fn leaves(expr: &Expr) -> Vec<&Leaf> {
    match expr {
        Expr::All | Expr::None => Vec::new(),
        Expr::And(members) | Expr::Or(members) => members.iter().flat_map(leaves).collect(),
        Expr::Not(inner) => leaves(inner),
        Expr::Leaf(leaf) => vec![leaf],
    }
}

fn single_words(
    words: &[String],
    prefix: bool,
    leaf: impl Fn(Vec<String>, bool) -> Leaf,
) -> Vec<Expr> {
    let last = words.len().saturating_sub(1);
    words
        .iter()
        .enumerate()
        .map(|(place, word)| leaf(vec![word.clone()], prefix && place == last).into())
        .collect()
}
