//! A second reader of the language, made as an index is: it sees only what `analyze` emits, keeps
//! single terms, and asks the event itself only where a leaf says so.

use std::collections::BTreeSet;
use std::net::IpAddr;

use event::{Recorded, Sequence};

use crate::testing::{Random, event, query};
use crate::{
    Decimal, ExactField, Expr, Leaf, MetadataValue, NumberField, Sink, TextField, analyze, words,
};

/// What an index holds of one event.
#[derive(Default)]
struct Terms {
    exact: BTreeSet<(ExactField, String)>,
    words: BTreeSet<(TextField, String)>,
    metadata_words: BTreeSet<(String, String)>,
    metadata_numbers: BTreeSet<(String, Vec<u8>)>,
    numbers: BTreeSet<(NumberField, i64)>,
    addresses: BTreeSet<IpAddr>,
}

impl Sink for Terms {
    fn exact(&mut self, field: ExactField, folded: &str) {
        assert!(!folded.is_empty());
        self.exact.insert((field, folded.to_owned()));
    }

    fn text(&mut self, field: TextField, value: &str) {
        words::words(value, |word| {
            self.words.insert((field, word.to_owned()));
        });
    }

    fn metadata(&mut self, key: &str, value: MetadataValue<'_>) {
        value.words(|word| {
            self.metadata_words
                .insert((key.to_owned(), word.to_owned()));
        });
        if let MetadataValue::Number(digits) = value {
            let number = Decimal::parse(digits).expect("a number of JSON");
            self.metadata_numbers
                .insert((key.to_owned(), sort_key(&number)));
        }
    }

    fn number(&mut self, field: NumberField, value: i64) {
        assert!(
            self.numbers.iter().all(|&(other, _)| other != field),
            "{field:?} comes twice"
        );
        self.numbers.insert((field, value));
    }

    fn ip(&mut self, address: IpAddr) {
        self.addresses.insert(address);
    }
}

fn sort_key(number: &Decimal) -> Vec<u8> {
    let mut key = Vec::new();
    number.push_sort_key(&mut key);
    key
}

impl Terms {
    fn hold(&self, expr: &Expr, event: &Recorded) -> bool {
        expr.evaluate(&mut |leaf| {
            if leaf.needs_verification() {
                let candidate = self.hold(&leaf.candidates(), event);
                let verified = leaf.matches(event);
                assert!(
                    candidate || !verified,
                    "{leaf:?} is missed by {:?}",
                    leaf.candidates()
                );
                candidate && verified
            } else {
                self.hold_term(leaf)
            }
        })
    }

    fn hold_term(&self, leaf: &Leaf) -> bool {
        let is = |word: &str, asked: &str, prefix: bool| {
            if prefix {
                word.starts_with(asked)
            } else {
                word == asked
            }
        };
        match leaf {
            Leaf::Exact { field, value } => self.exact.contains(&(*field, value.clone())),
            Leaf::ExactPrefix { field, prefix } => {
                assert!(!field.is_lookup_only());
                self.exact
                    .iter()
                    .any(|(other, value)| other == field && value.starts_with(prefix))
            }
            Leaf::ExactContains { field, part } => {
                assert!(!field.is_lookup_only());
                self.exact
                    .iter()
                    .any(|(other, value)| other == field && value.contains(part))
            }
            Leaf::Words {
                fields,
                words,
                prefix,
            } => self
                .words
                .iter()
                .any(|(field, word)| fields.contains(*field) && is(word, &words[0], *prefix)),
            Leaf::WordContains { fields, part } => self
                .words
                .iter()
                .any(|(field, word)| fields.contains(*field) && word.contains(part)),
            Leaf::MetadataWords { key, words, prefix } => self
                .metadata_words
                .iter()
                .any(|(other, word)| other == key && is(word, &words[0], *prefix)),
            Leaf::MetadataContains { key, part } => self
                .metadata_words
                .iter()
                .any(|(other, word)| other == key && word.contains(part)),
            Leaf::MetadataNumber { key, range } => {
                let ends = (
                    range.min.as_ref().map(sort_key),
                    range.max.as_ref().map(sort_key),
                );
                self.metadata_numbers.iter().any(|(other, number)| {
                    other == key && std::ops::RangeBounds::contains(&ends, number)
                })
            }
            Leaf::Number { field, range } => self
                .numbers
                .iter()
                .any(|&(other, value)| other == *field && range.contains(value)),
            Leaf::Ip { net } => self.addresses.iter().any(|address| net.contains(address)),
        }
    }
}

#[test]
fn terms_and_matches_agree_on_random_queries_and_events() {
    let events: Vec<(Recorded, Terms)> = (0..200)
        .map(|seed| {
            let event = event(&mut Random::new(seed), Sequence::new(seed % 20));
            let mut terms = Terms::default();
            analyze(&event, &mut terms);
            (event, terms)
        })
        .collect();
    let (mut found, mut mixed) = (0, 0);
    for seed in 0..2_000 {
        let query = query(&mut Random::new(seed));
        let before = found;
        for (event, terms) in &events {
            let matches = query.matches(event);
            found += usize::from(matches);
            assert_eq!(
                terms.hold(query.expr(), event),
                matches,
                "seed {seed}: {query} on {:?}",
                event.display_id()
            );
        }
        mixed += usize::from((1..events.len()).contains(&(found - before)));
    }
    assert!(
        mixed > 800,
        "only {mixed} queries find some events and miss others"
    );
}

#[test]
fn a_phrase_never_reaches_into_the_next_value() {
    let mut hits = 0;
    for seed in 0..300 {
        let event = event(&mut Random::new(seed), Sequence::new(seed));
        struct Texts(Vec<String>);
        impl Sink for Texts {
            fn exact(&mut self, _: ExactField, _: &str) {}
            fn text(&mut self, _: TextField, value: &str) {
                let mut text = String::from("\0");
                words::words(value, |word| text.extend([word, "\0"]));
                self.0.push(text);
            }
            fn metadata(&mut self, _: &str, _: MetadataValue<'_>) {}
            fn number(&mut self, _: NumberField, _: i64) {}
            fn ip(&mut self, _: IpAddr) {}
        }
        let mut texts = Texts(Vec::new());
        analyze(&event, &mut texts);
        let mut random = Random::new(seed);
        for _ in 0..20 {
            let phrase = [
                random.pick(&["credit", "limit", "refund", "限", "x"]),
                random.pick(&["limit", "order", "度", "42"]),
            ];
            let leaf = Leaf::Words {
                fields: crate::TextFields::FREE,
                words: phrase.map(str::to_owned).to_vec(),
                prefix: false,
            };
            let joined = format!("\0{}\0{}\0", phrase[0], phrase[1]);
            let expected = texts.0.iter().any(|text| text.contains(&joined));
            hits += usize::from(expected);
            assert_eq!(leaf.matches(&event), expected, "seed {seed}: {phrase:?}");
        }
    }
    assert!(hits > 20, "{hits}");
}

#[test]
fn every_random_event_is_accepted() {
    let erased = (0..5_000)
        .map(|seed| event(&mut Random::new(seed), Sequence::new(seed)))
        .filter(|event| event.fields().next().is_none())
        .count();
    assert!((100..1_000).contains(&erased), "{erased} are erased");
}
