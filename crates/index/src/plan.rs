//! A formula, looked up in one source and answered with the documents it holds for.
//!
//! Looking up comes first, so that it is known how many documents each member can have; members of
//! an AND are then answered from the fewest on, each only where all before it hold.

use std::ops::{Bound, Range};

use query::{DecimalRange, ExactField, Expr, Leaf, NumberField, TextField, TextFields};
use roaring::RoaringBitmap;

use crate::columns::{ends_of, in_range, of_range, span};
use crate::document::Number;
use crate::keys;
use crate::source::{Fault, Source};
use crate::terms::Dictionary;

/// Which documents may be looked at, beside what the formula says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// From this time on, in microseconds.
    pub(crate) from: i64,
    /// Before this time.
    pub(crate) to: i64,
    /// Places in the ledger.
    pub(crate) sequences: (u64, u64),
}

/// The documents of a source in the window that the formula holds for.
pub(crate) fn evaluate<S: Source>(
    source: &S,
    expr: &Expr,
    window: &Window,
) -> Result<RoaringBitmap, Fault> {
    let columns = source.columns();
    let mut docs = columns.doc_from(window.sequences.0)..columns.doc_from(window.sequences.1);
    let mut members = Vec::new();
    if window.from != i64::MIN || window.to != i64::MAX {
        let last = window
            .to
            .saturating_sub(if window.to == i64::MAX { 0 } else { 1 });
        docs = span(columns, Number::Time, window.from, last, docs);
        members.push(Plan::Numbers {
            number: Number::Time,
            min: window.from,
            max: last,
            own: false,
        });
    }
    if docs.is_empty() {
        return Ok(RoaringBitmap::new());
    }
    members.push(look_up(source, expr)?);
    Plan::And(members).run(source, &docs, None)
}

/// A formula after its leaves were looked up.
enum Plan<L> {
    All,
    Docs(Range<u32>),
    Lists(Vec<L>),
    /// `own`: only documents whose time is their own.
    Numbers {
        number: Number,
        min: i64,
        max: i64,
        own: bool,
    },
    Phrase(Vec<Vec<L>>),
    /// Narrowed by the plan, decided by the events themselves.
    Check(Leaf, Box<Plan<L>>),
    Found(RoaringBitmap),
    And(Vec<Plan<L>>),
    Or(Vec<Plan<L>>),
    Not(Box<Plan<L>>),
}

fn look_up<S: Source>(source: &S, expr: &Expr) -> Result<Plan<S::List>, Fault> {
    Ok(match expr {
        Expr::All => Plan::All,
        Expr::None => Plan::Lists(Vec::new()),
        Expr::And(members) => {
            let mut plans = Vec::with_capacity(members.len());
            for member in members {
                let plan = look_up(source, member)?;
                // Of what one member never holds for, the others need not be looked up.
                if matches!(&plan, Plan::Lists(lists) if lists.is_empty()) {
                    return Ok(plan);
                }
                plans.push(plan);
            }
            Plan::And(plans)
        }
        Expr::Or(members) => {
            let plans = members.iter().map(|member| look_up(source, member));
            Plan::Or(plans.collect::<Result<_, _>>()?)
        }
        Expr::Not(inner) => Plan::Not(Box::new(look_up(source, inner)?)),
        Expr::Leaf(leaf) => Lookup { source }.leaf(leaf)?,
    })
}

struct Lookup<'s, S> {
    source: &'s S,
}

impl<S: Source> Lookup<'_, S> {
    fn leaf(&self, leaf: &Leaf) -> Result<Plan<S::List>, Fault> {
        let mut lists = Vec::new();
        match leaf {
            Leaf::Exact { field, value } if field.is_lookup_only() => {
                let found = Plan::Found(self.source.ids(*field, value)?);
                return Ok(Plan::Check(leaf.clone(), Box::new(found)));
            }
            Leaf::Exact {
                field: ExactField::Ip,
                value,
            } => {
                self.ips(|address| address.to_string() == *value, &mut lists)?;
            }
            Leaf::ExactPrefix {
                field: ExactField::Ip,
                prefix,
            } => {
                self.ips(
                    |address| address.to_string().starts_with(prefix),
                    &mut lists,
                )?;
            }
            Leaf::ExactContains {
                field: ExactField::Ip,
                part,
            } => {
                self.ips(|address| address.to_string().contains(part), &mut lists)?;
            }
            Leaf::Exact { field, value } => {
                self.one(Dictionary::Keys, &keys::exact(*field, value), &mut lists)?
            }
            Leaf::ExactPrefix { field, prefix } => {
                self.beginning(
                    Dictionary::Keys,
                    &keys::exact(*field, prefix),
                    |_| true,
                    &mut lists,
                )?;
            }
            Leaf::ExactContains { field, part } => {
                self.containing(Dictionary::Keys, &keys::exact(*field, ""), part, &mut lists)?;
            }
            Leaf::Words {
                fields,
                words,
                prefix,
            } => match words.as_slice() {
                [word] => {
                    for field in fields.iter() {
                        self.word(field, word, *prefix, &mut lists)?;
                    }
                }
                _ if S::KNOWS_PLACES => return self.phrase(*fields, words, *prefix),
                _ => return self.check(leaf),
            },
            _ if leaf.needs_verification() => return self.check(leaf),
            Leaf::WordContains { fields, part } => {
                for field in fields.iter() {
                    self.containing(Dictionary::Words, &keys::text(field, ""), part, &mut lists)?;
                }
            }
            Leaf::MetadataWords { key, words, prefix } => {
                let word = words.first().map(String::as_str).unwrap_or_default();
                self.metadata_word(key, word, *prefix, &mut lists)?;
            }
            Leaf::MetadataContains { key, part } => {
                self.containing(
                    Dictionary::Keys,
                    &keys::metadata_word(key, ""),
                    part,
                    &mut lists,
                )?;
                self.numbers(key, |digits| digits.contains(part), &mut lists)?;
            }
            Leaf::MetadataNumber { key, range } => self.number_range(key, range, &mut lists)?,
            Leaf::Number { field, range } => return Ok(self.number(*field, range.min, range.max)),
            Leaf::Ip { net } => {
                let (first, last) = (keys::ip(net.network()), keys::ip(net.broadcast()));
                self.between(
                    Dictionary::Keys,
                    first.as_bytes(),
                    &keys::after(&last),
                    |_| true,
                    &mut lists,
                )?;
            }
        }
        Ok(Plan::Lists(lists))
    }

    fn check(&self, leaf: &Leaf) -> Result<Plan<S::List>, Fault> {
        Ok(Plan::Check(
            leaf.clone(),
            Box::new(look_up(self.source, &leaf.candidates())?),
        ))
    }

    fn one(
        &self,
        dictionary: Dictionary,
        key: &str,
        lists: &mut Vec<S::List>,
    ) -> Result<(), Fault> {
        lists.extend(self.source.list(dictionary, key)?);
        Ok(())
    }

    fn between(
        &self,
        dictionary: Dictionary,
        from: &[u8],
        to: &[u8],
        keep: impl Fn(&str) -> bool,
        lists: &mut Vec<S::List>,
    ) -> Result<(), Fault> {
        self.source.lists(dictionary, from, to, &mut |key, list| {
            if keep(key) {
                lists.push(list);
            }
            true
        })?;
        Ok(())
    }

    /// Keys that begin with `prefix` and go on as `keep` likes.
    fn beginning(
        &self,
        dictionary: Dictionary,
        prefix: &str,
        keep: impl Fn(&str) -> bool,
        lists: &mut Vec<S::List>,
    ) -> Result<(), Fault> {
        let keep = |key: &str| key.strip_prefix(prefix).is_some_and(&keep);
        self.between(
            dictionary,
            prefix.as_bytes(),
            &keys::after(prefix),
            keep,
            lists,
        )
    }

    /// Keys that begin with `beginning` and have `part` somewhere behind it.
    fn containing(
        &self,
        dictionary: Dictionary,
        beginning: &str,
        part: &str,
        lists: &mut Vec<S::List>,
    ) -> Result<(), Fault> {
        self.source
            .lists_containing(dictionary, beginning, part, &mut |list| lists.push(list))?;
        Ok(())
    }

    fn word(
        &self,
        field: TextField,
        word: &str,
        prefix: bool,
        lists: &mut Vec<S::List>,
    ) -> Result<(), Fault> {
        let key = keys::text(field, word);
        if prefix {
            self.beginning(Dictionary::Words, &key, |_| true, lists)
        } else {
            self.one(Dictionary::Words, &key, lists)
        }
    }

    fn phrase(
        &self,
        fields: TextFields,
        words: &[String],
        prefix: bool,
    ) -> Result<Plan<S::List>, Fault> {
        let last = words.len().saturating_sub(1);
        let mut phrases = Vec::new();
        'field: for field in fields.iter() {
            let mut phrase = Vec::new();
            for (place, word) in words.iter().enumerate() {
                let mut lists = Vec::new();
                self.word(field, word, prefix && place == last, &mut lists)?;
                if lists.is_empty() {
                    continue 'field;
                }
                phrase.push(lists);
            }
            phrases.push(Plan::Phrase(phrase));
        }
        Ok(Plan::Or(phrases))
    }

    fn metadata_word(
        &self,
        key: &str,
        word: &str,
        prefix: bool,
        lists: &mut Vec<S::List>,
    ) -> Result<(), Fault> {
        let name = keys::metadata_word(key, word);
        if prefix {
            self.beginning(Dictionary::Keys, &name, |_| true, lists)?;
            self.numbers(key, |digits| digits.starts_with(word), lists)
        } else {
            self.one(Dictionary::Keys, &name, lists)?;
            self.one(Dictionary::Keys, &keys::metadata_number(key, word), lists)
        }
    }

    fn numbers(
        &self,
        key: &str,
        keep: impl Fn(&str) -> bool,
        lists: &mut Vec<S::List>,
    ) -> Result<(), Fault> {
        let keep = |rest: &str| keys::digits_of(rest).is_some_and(&keep);
        self.beginning(Dictionary::Keys, &keys::metadata_numbers(key), keep, lists)
    }

    fn number_range(
        &self,
        key: &str,
        range: &DecimalRange,
        lists: &mut Vec<S::List>,
    ) -> Result<(), Fault> {
        let from = match &range.min {
            Bound::Included(min) => keys::metadata_number_from(key, min),
            Bound::Excluded(min) => keys::metadata_number_after(key, min),
            Bound::Unbounded => keys::metadata_numbers(key),
        };
        let to = match &range.max {
            Bound::Included(max) => keys::metadata_number_after(key, max).into_bytes(),
            Bound::Excluded(max) => keys::metadata_number_from(key, max).into_bytes(),
            Bound::Unbounded => keys::after(&keys::metadata_numbers(key)),
        };
        self.between(Dictionary::Keys, from.as_bytes(), &to, |_| true, lists)
    }

    fn ips(
        &self,
        keep: impl Fn(std::net::IpAddr) -> bool,
        lists: &mut Vec<S::List>,
    ) -> Result<(), Fault> {
        let keep = |rest: &str| keys::address_of(rest).is_some_and(&keep);
        self.beginning(Dictionary::Keys, &keys::ips(), keep, lists)
    }

    fn number(&self, field: NumberField, min: i64, max: i64) -> Plan<S::List> {
        let (number, own) = match field {
            NumberField::Records => (Number::Records, false),
            NumberField::Bytes => (Number::Bytes, false),
            NumberField::Duration => (Number::Duration, false),
            NumberField::Occurred => (Number::Time, true),
            NumberField::Received => (Number::Received, false),
            NumberField::Sequence => {
                let columns = self.source.columns();
                let end =
                    u64::try_from(max).map_or(0, |max| columns.doc_from(max.saturating_add(1)));
                return Plan::Docs(columns.doc_from(u64::try_from(min).unwrap_or(0)).min(end)..end);
            }
        };
        Plan::Numbers {
            number,
            min,
            max,
            own,
        }
    }
}

/// A list is looked up document by document where it holds this many times more than are left.
const SEEK_WORTH: u64 = 16;
/// Asking an event itself costs about as much as this many documents of a list.
const CHECK_COST: u64 = 256;
/// Looking at the places of a word costs about as much as this many documents of a list.
const PLACE_COST: u64 = 16;

impl<L: Clone> Plan<L> {
    /// About how much work it is for documents of a range, in documents.
    fn cost<S: Source<List = L>>(&self, source: &S, docs: &Range<u32>) -> u64 {
        let all = docs.len() as u64;
        match self {
            Plan::All | Plan::Docs(_) => 0,
            Plan::Lists(lists) => docs_within(source, lists, docs),
            Plan::Numbers { .. } => all / 8,
            Plan::Phrase(words) => words
                .iter()
                .map(|lists| docs_within(source, lists, docs))
                .min()
                .unwrap_or(0)
                .saturating_mul(PLACE_COST),
            Plan::Check(_, narrowed) => narrowed.cost(source, docs).saturating_mul(CHECK_COST),
            Plan::Found(docs) => docs.len(),
            Plan::And(members) => members
                .iter()
                .map(|member| member.cost(source, docs))
                .min()
                .unwrap_or(0),
            Plan::Or(members) => members.iter().map(|member| member.cost(source, docs)).sum(),
            Plan::Not(inner) => inner.cost(source, docs).saturating_add(all),
        }
    }

    /// The documents of a range it holds for; of `within`, which lies in the range, if it is there.
    fn run<S: Source<List = L>>(
        &self,
        source: &S,
        docs: &Range<u32>,
        within: Option<&RoaringBitmap>,
    ) -> Result<RoaringBitmap, Fault> {
        if within.is_some_and(|within| within.is_empty()) {
            return Ok(RoaringBitmap::new());
        }
        let columns = source.columns();
        Ok(match self {
            Plan::All => given(docs, within),
            Plan::Docs(only) => {
                let both = docs.start.max(only.start)..docs.end.min(only.end);
                cut(given(&both, None), within)
            }
            Plan::Found(found) => cut(of_range(found.clone(), docs), within),
            Plan::Lists(lists) => lists_within(source, lists, docs, within)?,
            Plan::Numbers {
                number,
                min,
                max,
                own,
            } => {
                let found = in_range(columns, *number, *min, *max, docs, within);
                if *own {
                    found - columns.without_time()
                } else {
                    found
                }
            }
            Plan::Phrase(words) => {
                let mut order: Vec<&Vec<L>> = words.iter().collect();
                order.sort_by_key(|lists| docs_within(source, lists, docs));
                let mut found: Option<RoaringBitmap> = within.cloned();
                for lists in order {
                    found = Some(lists_within(source, lists, docs, found.as_ref())?);
                }
                source.phrase(words, &found.unwrap_or_default())?
            }
            Plan::Check(leaf, narrowed) => {
                let narrowed = narrowed.run(source, docs, within)?;
                if narrowed.is_empty() {
                    narrowed
                } else {
                    source.check(leaf, &narrowed)?
                }
            }
            Plan::And(members) => {
                // What holds for all says nothing of any.
                let members = members.iter().filter(|member| !matches!(member, Plan::All));
                let mut order: Vec<(u64, &Plan<L>)> = members
                    .map(|member| (member.cost(source, docs), member))
                    .collect();
                order.sort_by_key(|(cost, _)| *cost);
                let mut found: Option<RoaringBitmap> = within.cloned();
                for (_, member) in order {
                    found = Some(member.run(source, docs, found.as_ref())?);
                }
                found.unwrap_or_else(|| given(docs, None))
            }
            Plan::Or(members) => {
                let mut found = RoaringBitmap::new();
                for member in members {
                    found |= member.run(source, docs, within)?;
                }
                found
            }
            Plan::Not(inner) => given(docs, within) - inner.run(source, docs, within)?,
        })
    }
}

/// About how many documents of a range some lists have, doubles counted.
fn docs_within<S: Source>(source: &S, lists: &[S::List], docs: &Range<u32>) -> u64 {
    let listed = lists.iter().map(|list| u64::from(source.docs_of(list)));
    let all = u64::from(source.columns().len()).max(1);
    (listed.sum::<u64>() * docs.len() as u64).div_ceil(all)
}

fn lists_within<S: Source>(
    source: &S,
    lists: &[S::List],
    docs: &Range<u32>,
    within: Option<&RoaringBitmap>,
) -> Result<RoaringBitmap, Fault> {
    let Some(within) = within else {
        return Ok(source.union(lists, docs.clone())?);
    };
    let docs = ends_of(within);
    let seeks = within.len().saturating_mul(SEEK_WORTH * lists.len() as u64);
    if seeks < docs_within(source, lists, &docs) {
        let mut found = RoaringBitmap::new();
        for list in lists {
            found |= source.retain(list, within)?;
        }
        return Ok(found);
    }
    Ok(cut(source.union(lists, docs)?, Some(within)))
}

fn given(docs: &Range<u32>, within: Option<&RoaringBitmap>) -> RoaringBitmap {
    let mut given = within.cloned().unwrap_or_default();
    if within.is_none() {
        given.insert_range(docs.clone());
    }
    given
}

fn cut(mut found: RoaringBitmap, within: Option<&RoaringBitmap>) -> RoaringBitmap {
    if let Some(within) = within {
        found &= within;
    }
    found
}
