//! Counting found documents by combinations of values.
//!
//! Within a source documents are told apart by the ordinals of their values; texts are only made
//! for the combinations that occur.

use std::io;

use event::{Sequence, Timestamp};
use hashbrown::HashMap;
use roaring::RoaringBitmap;

use crate::column::{ABSENT, BLOCK_DOCS, WHOLE_BLOCK_DOCS, block_of};
use crate::columns::{Columns, docs_of_block};
use crate::document::Number;
use crate::engine::{Class, Group, Groups, Position, Totals};
use crate::keys::BETWEEN;

/// Combinations that get a place in a table of their own; more are looked up.
const TABLE_PLACES: usize = 1 << 16;
/// Stretches of time that are kept before they are sorted and united again.
const SPANS_BEFORE_UNION: usize = 1 << 12;

/// A kept field to tell groups apart by.
pub(crate) struct Column<'a> {
    pub(crate) field: usize,
    pub(crate) class: Option<&'a Class<'a>>,
}

/// What is known of the documents of one group.
#[derive(Debug, Clone)]
pub(crate) struct Sum {
    events: u64,
    /// When, and where in the ledger, as all positions here.
    first: (i64, u64),
    last: (i64, u64),
    timed: u64,
    duration_ms: u128,
    spans: Spans,
}

/// Groups of several sources, by their values: each followed by [`BETWEEN`], which alone stands
/// for none.
#[derive(Default)]
pub(crate) struct Sums {
    by_values: HashMap<String, Sum>,
}

impl Sum {
    fn join(&mut self, other: Sum) {
        self.events += other.events;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.timed += other.timed;
        self.duration_ms += other.duration_ms;
        if !other.spans.0.is_empty() {
            self.spans.0.extend(other.spans.0);
            self.spans.unite();
        }
    }
}

impl Sums {
    /// Adds the documents of a source. Of each, the stretch of time from when it happened for as
    /// long as it took is united with the others of its group, inside `window`.
    pub(crate) fn add(
        &mut self,
        columns: &dyn Columns,
        docs: &RoaringBitmap,
        by: &[Column<'_>],
        window: Option<(i64, i64)>,
    ) -> io::Result<()> {
        let codes = by
            .iter()
            .map(|by| Codes::new(columns, by, docs))
            .collect::<io::Result<Vec<_>>>()?;
        let mut places = Places::new(&codes);
        let mut groups: Vec<(u32, Sum)> = Vec::new();
        let mut key = vec![0u32; by.len()];
        let (mut times, mut durations) = ([0; BLOCK_DOCS], [ABSENT; BLOCK_DOCS]);
        let (mut block, mut is_whole, mut is_timed) = (u32::MAX, false, false);
        for doc in docs {
            let within = doc as usize % BLOCK_DOCS;
            if block != block_of(doc) {
                block = block_of(doc);
                let bounds = columns.bounds(Number::Duration, block);
                is_timed = bounds.min <= bounds.max;
                is_whole = docs.range_cardinality(docs_of_block(columns, block))
                    >= WHOLE_BLOCK_DOCS as u64;
                if is_whole {
                    columns.number_block(Number::Time, block, &mut times);
                    if is_timed {
                        columns.number_block(Number::Duration, block, &mut durations);
                    }
                }
            }
            let number = |number, unpacked: &[i64; BLOCK_DOCS]| match is_whole {
                true => unpacked[within],
                false => columns.number(number, doc),
            };
            let time = number(Number::Time, &times);
            let duration = match is_timed {
                true => number(Number::Duration, &durations),
                false => ABSENT,
            };
            for (code, codes) in key.iter_mut().zip(&codes) {
                *code = codes.of(columns, doc);
            }
            let place = places.of(&key, groups.len());
            if place == groups.len() {
                // Positions hold documents until the end: only two of each group are looked up.
                let at = (time, u64::from(doc));
                let sum = Sum {
                    events: 0,
                    first: at,
                    last: at,
                    timed: 0,
                    duration_ms: 0,
                    spans: Spans::default(),
                };
                groups.push((doc, sum));
            }
            let sum = &mut groups[place].1;
            sum.events += 1;
            // Documents come in the order of their sequences.
            if time < sum.first.0 {
                sum.first = (time, u64::from(doc));
            }
            if time >= sum.last.0 {
                sum.last = (time, u64::from(doc));
            }
            if duration != ABSENT {
                sum.timed += 1;
                sum.duration_ms += u128::from(duration.unsigned_abs());
                if let Some(window) = window {
                    sum.spans.add(time, duration, window);
                }
            }
        }
        let texts = codes
            .iter()
            .map(|codes| codes.texts(columns, groups.iter().map(|(doc, _)| *doc)))
            .collect::<io::Result<Vec<_>>>()?;
        let mut values = String::new();
        if self.by_values.is_empty() {
            self.by_values.reserve(groups.len());
        }
        for (doc, mut sum) in groups {
            for (_, at) in [&mut sum.first, &mut sum.last] {
                *at = columns.sequence(*at as u32);
            }
            values.clear();
            for (codes, texts) in codes.iter().zip(&texts) {
                if let Some(ordinal) = codes.ordinal(columns, doc) {
                    values.push_str(texts.of(ordinal));
                }
                values.push(BETWEEN);
            }
            match self.by_values.get_mut(&values) {
                Some(known) => known.join(sum),
                None => {
                    self.by_values.insert(values.clone(), sum);
                }
            }
        }
        Ok(())
    }

    /// The groups with most events.
    pub(crate) fn finish(mut self, limit: usize, totals: Totals) -> Groups {
        let mut all = Spans::default();
        for sum in self.by_values.values() {
            all.0.extend(&sum.spans.0);
        }
        let nothing = self
            .by_values
            .keys()
            .find(|it| !it.is_empty() && is_nothing(it));
        let without = nothing
            .cloned()
            .and_then(|it| self.by_values.remove_entry(&it));
        let distinct = self.by_values.len() as u64;
        let mut sums: Vec<Entry> = self.by_values.into_iter().collect();
        let order = |one: &Entry, two: &Entry| (two.1.events, &one.0).cmp(&(one.1.events, &two.0));
        if limit > 0 && limit < sums.len() {
            sums.select_nth_unstable_by(limit - 1, order);
        }
        sums.truncate(limit);
        sums.sort_unstable_by(order);
        Groups {
            groups: sums.into_iter().map(group).collect(),
            distinct,
            without: without.map(group),
            covered_micros: all.micros(),
            totals,
        }
    }
}

/// Values, and what is known of the documents that have them.
type Entry = (String, Sum);

fn is_nothing(values: &str) -> bool {
    values.chars().all(|it| it == BETWEEN)
}

fn group((values, sum): Entry) -> Group {
    let position = |(occurred, sequence)| Position {
        occurred: Timestamp::from_micros(occurred),
        sequence: Sequence::new(sequence),
    };
    let value = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
    Group {
        values: values.split_terminator(BETWEEN).map(value).collect(),
        events: sum.events,
        first: position(sum.first),
        last: position(sum.last),
        timed: sum.timed,
        duration_ms: sum.duration_ms,
        covered_micros: sum.spans.micros(),
    }
}

/// The values of one field in one source, as numbers: 0 for none, others from 1.
struct Codes<'a> {
    field: usize,
    class: Option<&'a Class<'a>>,
    distinct: u32,
    /// Code of each ordinal that occurs, where values have classes.
    of_ordinals: Vec<u32>,
}

impl<'a> Codes<'a> {
    /// Of the values that some documents have.
    fn new(columns: &dyn Columns, by: &Column<'a>, docs: &RoaringBitmap) -> io::Result<Self> {
        let mut codes = Codes {
            field: by.field,
            class: by.class,
            distinct: columns.distinct(by.field),
            of_ordinals: Vec::new(),
        };
        if let Some(class) = by.class {
            let mut classes = HashMap::new();
            let mut of_ordinals = vec![0; codes.distinct as usize];
            let ordinals = codes.ordinals(columns, docs.iter());
            columns.values(by.field, &ordinals, &mut |ordinal, value| {
                if let Some(class) = class(value) {
                    let next = classes.len() as u32 + 1;
                    of_ordinals[ordinal as usize] = *classes.entry(class).or_insert(next);
                }
            })?;
            codes.of_ordinals = of_ordinals;
        }
        Ok(codes)
    }

    /// The ordinal of a document's first value.
    fn ordinal(&self, columns: &dyn Columns, doc: u32) -> Option<u32> {
        let ordinal = columns.ordinal(self.field, doc);
        // Also not if a damaged file says more than there are.
        (ordinal < self.distinct).then_some(ordinal)
    }

    /// The ordinals of some documents, each once, in ascending order.
    fn ordinals(&self, columns: &dyn Columns, docs: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut ordinals: Vec<u32> = docs.filter_map(|doc| self.ordinal(columns, doc)).collect();
        ordinals.sort_unstable();
        ordinals.dedup();
        ordinals
    }

    fn of(&self, columns: &dyn Columns, doc: u32) -> u32 {
        match self.ordinal(columns, doc) {
            None => 0,
            Some(ordinal) if self.class.is_none() => ordinal + 1,
            Some(ordinal) => self.of_ordinals[ordinal as usize],
        }
    }

    /// The values of some documents, or their classes.
    fn texts(&self, columns: &dyn Columns, docs: impl Iterator<Item = u32>) -> io::Result<Texts> {
        let ordinals = self.ordinals(columns, docs);
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(ordinals.len()));
        columns.values(self.field, &ordinals, &mut |_, value| {
            match self.class {
                Some(class) => text.push_str(&class(value).unwrap_or_default()),
                None => text.push_str(value),
            }
            ends.push(text.len());
        })?;
        Ok(Texts {
            ordinals,
            text,
            ends,
        })
    }
}

/// What stands for some ordinals.
struct Texts {
    /// Ascending.
    ordinals: Vec<u32>,
    text: String,
    /// Where that of each ordinal ends in `text`.
    ends: Vec<usize>,
}

impl Texts {
    fn of(&self, ordinal: u32) -> &str {
        let Ok(place) = self.ordinals.binary_search(&ordinal) else {
            return "";
        };
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[place]]
    }
}

/// Finds the place of a combination of codes.
enum Places {
    /// By one number made of all codes: the place, plus one.
    Table(Vec<u32>, Vec<usize>),
    Map(HashMap<Box<[u32]>, usize>),
}

impl Places {
    fn new(codes: &[Codes<'_>]) -> Places {
        let radices: Vec<usize> = codes.iter().map(|it| it.distinct as usize + 1).collect();
        let combinations = radices
            .iter()
            .try_fold(1usize, |all, radix| all.checked_mul(*radix));
        match combinations.filter(|all| *all <= TABLE_PLACES) {
            Some(all) => Places::Table(vec![0; all], radices),
            None => Places::Map(HashMap::new()),
        }
    }

    /// The place of a key; `next` if it is new.
    fn of(&mut self, key: &[u32], next: usize) -> usize {
        match self {
            Places::Table(places, radices) => {
                let number = key
                    .iter()
                    .zip(radices)
                    .fold(0, |number, (code, radix)| number * *radix + *code as usize);
                if places[number] == 0 {
                    places[number] = next as u32 + 1;
                }
                places[number] as usize - 1
            }
            Places::Map(places) => match places.get(key) {
                Some(place) => *place,
                None => {
                    places.insert(key.into(), next);
                    next
                }
            },
        }
    }
}

/// Stretches of time in microseconds, from (included) to (excluded).
#[derive(Debug, Clone, Default)]
struct Spans(Vec<(i64, i64)>);

impl Spans {
    fn add(&mut self, time: i64, duration_ms: i64, (from, to): (i64, i64)) {
        let end = time
            .saturating_add(duration_ms.saturating_mul(1000))
            .min(to);
        let start = time.max(from);
        if end <= start {
            return;
        }
        match self.0.last_mut() {
            // The usual case: each goes on where the one before ended.
            Some(last) if last.0 <= start && start <= last.1 => last.1 = last.1.max(end),
            _ => {
                self.0.push((start, end));
                self.unite_if_many();
            }
        }
    }

    /// Keeps the work at a few comparisons for each stretch: it is sorted again when it has doubled.
    fn unite_if_many(&mut self) {
        if self.0.len() >= SPANS_BEFORE_UNION && self.0.len() == self.0.capacity() {
            self.unite();
        }
    }

    fn unite(&mut self) {
        self.0.sort_unstable();
        let mut united: Vec<(i64, i64)> = Vec::new();
        for (start, end) in self.0.drain(..) {
            match united.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => united.push((start, end)),
            }
        }
        self.0 = united;
    }

    fn micros(mut self) -> u64 {
        self.unite();
        self.0.iter().map(|(start, end)| start.abs_diff(*end)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Spans;

    #[test]
    fn stretches_of_time_are_united_inside_the_window() {
        for (stretches, expected) in [
            (&[][..], 0),
            (&[(0, 1), (500, 1), (3_000, 1)][..], 2_500),
            (&[(9_500, 4), (-500, 1), (20_000, 1)], 1_000),
            (&[(5_000, 1), (1_000, 1), (2_000, 3), (0, 0)], 5_000),
            (&[(i64::MIN + 1, 1 << 53), (1, 0)], 0),
            (&[(-1_000, 1 << 53)], 10_000),
        ] {
            let mut spans = Spans::default();
            for (time, duration) in stretches {
                spans.add(*time, *duration, (0, 10_000));
            }
            assert_eq!(spans.micros(), expected, "{stretches:?}");
        }
    }
}
