//! Counting found documents: in buckets of time, and by value.

use std::io;
use std::ops::Range;

use event::Timestamp;
use hashbrown::HashMap;
use roaring::RoaringBitmap;

use crate::column::{ABSENT, BLOCK_DOCS, Block, WHOLE_BLOCK_DOCS, block_of};
use crate::columns::{Columns, NO_VALUE, docs_of_block};
use crate::document::Number;

/// Counts in buckets, by value.
#[derive(Default)]
pub(crate) struct Counted {
    /// The value `None`: events without one.
    pub(crate) by_value: HashMap<Option<String>, Vec<u64>>,
}

/// So many boundaries are compared one by one.
const FEW_BOUNDARIES: usize = 8;

/// Adds the documents of a source to the buckets; `field` splits them by its first value.
pub(crate) fn add_to_buckets(
    columns: &dyn Columns,
    docs: &RoaringBitmap,
    boundaries: &[Timestamp],
    field: Option<usize>,
    counted: &mut Counted,
) -> io::Result<()> {
    if boundaries.len() < 2 {
        return Ok(());
    }
    let values = field.map_or(0, |field| columns.distinct(field) as usize);
    let mut counter = Counter {
        columns,
        boundaries: boundaries.iter().map(|it| it.as_micros()).collect(),
        row: match field {
            None => Row::One(NO_VALUE),
            Some(field) if values == 1 && columns.has_all(field) => Row::One(0),
            Some(field) => Row::OfValue(field),
        },
        rows: Rows {
            places: boundaries.len() + 1,
            rows: vec![Vec::new(); values + 1],
        },
        times: [0; BLOCK_DOCS],
        ordinals: [ABSENT; BLOCK_DOCS],
    };
    for_each_block(columns, docs, |block, docs| counter.add(block, &docs));
    counter.rows.finish(columns, field, counted)
}

/// How many boundaries are not after a time. Where they are few, all are compared: which of them a
/// time is behind is hard to foresee.
fn passed(boundaries: &[i64], time: i64) -> usize {
    if boundaries.len() <= FEW_BOUNDARIES {
        return boundaries.iter().filter(|it| **it <= time).count();
    }
    boundaries.partition_point(|boundary| *boundary <= time)
}

/// Counts the documents of a source.
struct Counter<'c> {
    columns: &'c dyn Columns,
    boundaries: Vec<i64>,
    row: Row,
    rows: Rows,
    times: Block,
    ordinals: Block,
}

/// In which row a document counts.
#[derive(Clone, Copy)]
enum Row {
    /// All in that of one ordinal: none has to be asked for its value.
    One(u32),
    /// In that of its value of a field.
    OfValue(usize),
}

impl Counter<'_> {
    fn add(&mut self, block: u32, docs: &BlockDocs<'_>) {
        let bounds = self.columns.bounds(Number::Time, block);
        let all = self.parting(bounds.min, bounds.max);
        if all.is_empty() {
            return self.add_all(block, docs, all.start);
        }
        match self.columns.core(block) {
            Some(core) if docs.len() >= WHOLE_BLOCK_DOCS => {
                let parting = self.parting(core.min, core.max);
                self.add_parted(block, docs, parting.clone());
                self.move_outliers(block, docs, core.outliers, parting, all);
            }
            _ => self.add_parted(block, docs, all),
        }
    }

    /// The boundaries that are after one time and not after a later one.
    fn parting(&self, min: i64, max: i64) -> Range<usize> {
        passed(&self.boundaries, min)..passed(&self.boundaries, max)
    }

    /// Adds documents that the same boundaries are not after.
    fn add_all(&mut self, block: u32, docs: &BlockDocs<'_>, passed: usize) {
        match self.row {
            Row::One(ordinal) => self.rows.add(ordinal, passed, docs.len() as u64),
            Row::OfValue(field) => {
                for ordinal in docs.ordinals(self.columns, field, block, &mut self.ordinals) {
                    self.rows.add(ordinal, passed, 1);
                }
            }
        }
    }

    /// Adds documents of a block that these boundaries part; those before the first and behind the
    /// last of them count as next to it.
    fn add_parted(&mut self, block: u32, docs: &BlockDocs<'_>, parting: Range<usize>) {
        let first = parting.start;
        if parting.is_empty() {
            return self.add_all(block, docs, first);
        }
        let times = docs.numbers(self.columns, Number::Time, block, &mut self.times);
        let within = self.boundaries.get(parting).unwrap_or_default();
        match self.row {
            Row::One(ordinal) if within.len() <= FEW_BOUNDARIES => {
                let mut left = times.len();
                for (place, boundary) in within.iter().enumerate() {
                    let behind = times.iter().filter(|time| *boundary <= **time).count();
                    self.rows
                        .add(ordinal, first + place, (left - behind) as u64);
                    left = behind;
                }
                self.rows.add(ordinal, first + within.len(), left as u64);
            }
            Row::One(ordinal) => {
                for time in times {
                    self.rows.add(ordinal, first + passed(within, *time), 1);
                }
            }
            Row::OfValue(field) => {
                let ordinals = docs.ordinals(self.columns, field, block, &mut self.ordinals);
                for (ordinal, time) in ordinals.zip(times) {
                    self.rows.add(ordinal, first + passed(within, *time), 1);
                }
            }
        }
    }

    /// Counts outliers where they are: they were counted by the boundaries that part the core.
    fn move_outliers(
        &mut self,
        block: u32,
        docs: &BlockDocs<'_>,
        outliers: &[u8],
        parting: Range<usize>,
        all: Range<usize>,
    ) {
        self.columns
            .number_places(Number::Time, block, outliers, &mut self.times);
        let within = self.boundaries.get(all.clone()).unwrap_or_default();
        // Where it was counted, and where it is to be.
        let places = |time: i64| {
            let place = all.start + passed(within, time);
            (place.clamp(parting.start, parting.end), place)
        };
        let times = &self.times[..outliers.len()];
        // Nearly always: nothing to ask about each of them.
        if let (Row::One(ordinal), BlockDocs::All(_)) = (self.row, docs) {
            let row = self.rows.row(ordinal);
            times.iter().for_each(|time| shift(row, places(*time)));
            return;
        }
        for (place, time) in outliers.iter().zip(times) {
            let doc = block * BLOCK_DOCS as u32 + u32::from(*place);
            if docs.has(doc) {
                let ordinal = match self.row {
                    Row::One(ordinal) => ordinal,
                    Row::OfValue(field) => self.columns.ordinal(field, doc),
                };
                shift(self.rows.row(ordinal), places(*time));
            }
        }
    }
}

/// Counts an event elsewhere in a row that was counted already.
fn shift(row: &mut [u64], (from, to): (usize, usize)) {
    if from != to
        && let Ok([from, to]) = row.get_disjoint_mut([from, to])
    {
        *from -= 1;
        *to += 1;
    }
}

/// A row of counts for each value of a source, and one for events without.
struct Rows {
    /// How many counts a row has: one for each bucket, one before and one behind them.
    places: usize,
    rows: Vec<Vec<u64>>,
}

impl Rows {
    /// Counts events that so many boundaries are not after.
    fn add(&mut self, ordinal: u32, passed: usize, events: u64) {
        if let Some(sum) = self.row(ordinal).get_mut(passed) {
            *sum += events;
        }
    }

    fn row(&mut self, ordinal: u32) -> &mut [u64] {
        let last = self.rows.len() - 1;
        let row = &mut self.rows[(ordinal as usize).min(last)];
        if row.is_empty() {
            row.resize(self.places, 0);
        }
        row
    }

    fn finish(
        self,
        columns: &dyn Columns,
        field: Option<usize>,
        counted: &mut Counted,
    ) -> io::Result<()> {
        let buckets = self.places - 2;
        let row = |ordinal: usize| self.rows[ordinal].get(1..=buckets).unwrap_or_default();
        let has_events = |ordinal: &usize| row(*ordinal).iter().any(|events| *events > 0);
        let mut add = |ordinal: usize, value: Option<&str>| {
            let sums = counted
                .by_value
                .entry(value.map(str::to_owned))
                .or_insert_with(|| vec![0; buckets]);
            sums.iter_mut()
                .zip(row(ordinal))
                .for_each(|(sum, events)| *sum += events);
        };
        let last = self.rows.len() - 1;
        if has_events(&last) {
            add(last, None);
        }
        let Some(field) = field else {
            return Ok(());
        };
        let with_events = (0..last).filter(has_events).map(|ordinal| ordinal as u32);
        columns.values(
            field,
            &with_events.collect::<Vec<_>>(),
            &mut |ordinal, value| {
                add(ordinal as usize, Some(value));
            },
        )
    }
}

/// The found documents of a block.
enum BlockDocs<'d> {
    All(usize),
    Some(&'d [u32]),
}

impl BlockDocs<'_> {
    fn len(&self) -> usize {
        match self {
            BlockDocs::All(len) => *len,
            BlockDocs::Some(docs) => docs.len(),
        }
    }

    fn has(&self, doc: u32) -> bool {
        match self {
            BlockDocs::All(_) => true,
            BlockDocs::Some(docs) => docs.binary_search(&doc).is_ok(),
        }
    }

    /// The numbers of the documents.
    fn numbers<'o>(
        &self,
        columns: &dyn Columns,
        number: Number,
        block: u32,
        out: &'o mut Block,
    ) -> &'o [i64] {
        self.read(
            |doc| columns.number(number, doc),
            |out| columns.number_block(number, block, out),
            out,
        )
    }

    /// The ordinals of their first values.
    fn ordinals<'o>(
        &self,
        columns: &dyn Columns,
        field: usize,
        block: u32,
        out: &'o mut Block,
    ) -> impl Iterator<Item = u32> + use<'o> {
        let one = |doc| match columns.ordinal(field, doc) {
            NO_VALUE => ABSENT,
            ordinal => i64::from(ordinal),
        };
        let ordinals = self.read(one, |out| columns.ordinal_block(field, block, out), out);
        // Beyond `u32` only if absent.
        ordinals
            .iter()
            .map(|ordinal| u32::try_from(*ordinal).unwrap_or(NO_VALUE))
    }

    /// Asks for each of them, or for the whole block where that is quicker.
    fn read<'o>(
        &self,
        one: impl Fn(u32) -> i64,
        all: impl FnOnce(&mut Block),
        out: &'o mut Block,
    ) -> &'o [i64] {
        match self {
            BlockDocs::All(_) => all(out),
            BlockDocs::Some(docs) if docs.len() < WHOLE_BLOCK_DOCS => {
                out.iter_mut()
                    .zip(*docs)
                    .for_each(|(out, doc)| *out = one(*doc));
            }
            BlockDocs::Some(docs) => {
                all(out);
                for (place, doc) in docs.iter().enumerate() {
                    out[place] = out[*doc as usize % BLOCK_DOCS];
                }
            }
        }
        &out[..self.len()]
    }
}

/// After so many documents of a block, the others of it are taken run by run.
const MANY_DOCS: usize = 16;

/// Calls `each` with every block that has some of the documents, and with these.
fn for_each_block(
    columns: &dyn Columns,
    docs: &RoaringBitmap,
    mut each: impl FnMut(u32, BlockDocs<'_>),
) {
    let mut of_block = Vec::with_capacity(BLOCK_DOCS);
    let mut left = docs.range(..columns.len());
    let mut run = 0..0;
    loop {
        if run.is_empty() {
            // To find where a run ends is dear where documents are few: then each is its own.
            let few = (1..MANY_DOCS).contains(&of_block.len());
            let next = match few {
                true => left.next().map(|doc| doc..doc + 1),
                false => left.next_range().map(|run| *run.start()..run.end() + 1),
            };
            run = next.unwrap_or(u32::MAX..u32::MAX);
        }
        if let Some(last) = of_block.last().map(|last| block_of(*last))
            && block_of(run.start) != last
        {
            each(last, BlockDocs::Some(&of_block));
            of_block.clear();
        }
        if run.is_empty() {
            return;
        }
        let block = block_of(run.start);
        let range = docs_of_block(columns, block);
        let piece = run.start..run.end.min(range.end);
        run.start = piece.end;
        match piece == range {
            true => each(block, BlockDocs::All(range.len())),
            false => of_block.extend(piece),
        }
    }
}

/// Adds to each value of a kept field how many of the documents have it.
pub(crate) fn add_to_values(
    columns: &dyn Columns,
    docs: &RoaringBitmap,
    field: usize,
    sums: &mut HashMap<String, u64>,
) -> io::Result<()> {
    let first = docs.iter().map(|doc| columns.ordinal(field, doc));
    let more = columns.more(field).iter();
    let more = more.filter(|(doc, _)| docs.contains(*doc));
    let ordinals = first.chain(more.map(|(_, ordinal)| *ordinal));
    let counted = count_ordinals(ordinals, docs.len(), columns.distinct(field));
    let ordinals: Vec<u32> = counted.iter().map(|(ordinal, _)| *ordinal).collect();
    // Values come in the order they are asked for.
    let mut counts = counted.iter().map(|(_, count)| *count);
    columns.values(field, &ordinals, &mut |_, value| {
        let count = counts.next().unwrap_or_default();
        match sums.get_mut(value) {
            Some(sum) => *sum += count,
            None => {
                sums.insert(value.to_owned(), count);
            }
        }
    })
}

/// Where this many times as many values might come as documents do, they are sorted: a count for each
/// would mostly be a zero.
const VALUES_WORTH_SORTING: u64 = 4;

/// How often each ordinal below `distinct` comes, in order, of those that do; there are about so many.
fn count_ordinals(
    ordinals: impl Iterator<Item = u32>,
    expected: u64,
    distinct: u32,
) -> Vec<(u32, u64)> {
    let ordinals = ordinals.filter(|ordinal| *ordinal < distinct);
    if expected.saturating_mul(VALUES_WORTH_SORTING) < u64::from(distinct) {
        let mut ordinals: Vec<u32> = ordinals.collect();
        ordinals.sort_unstable();
        let same = ordinals.chunk_by(|one, next| one == next);
        return same.map(|it| (it[0], it.len() as u64)).collect();
    }
    let mut counts = vec![0u64; distinct as usize];
    ordinals.for_each(|ordinal| counts[ordinal as usize] += 1);
    let counts = (0..).zip(counts).filter(|(_, count)| *count > 0);
    counts.collect()
}

/// The most frequent values, equal ones by value; and how many there are.
pub(crate) fn most_frequent(sums: HashMap<String, u64>, limit: usize) -> (Vec<(String, u64)>, u64) {
    let distinct = sums.len() as u64;
    let mut values: Vec<(String, u64)> = sums.into_iter().collect();
    let order = |one: &(String, u64), two: &(String, u64)| {
        two.1.cmp(&one.1).then_with(|| one.0.cmp(&two.0))
    };
    if limit > 0 && limit < values.len() {
        values.select_nth_unstable_by(limit - 1, order);
    }
    values.truncate(limit);
    values.sort_unstable_by(order);
    (values, distinct)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_counted_alike_by_sorting_and_by_counters() {
        let ordinals = [7, 3, 7, NO_VALUE, 0, 9, 7, 3, 10];
        let sorted = count_ordinals(ordinals.into_iter(), 2, 10);
        assert_eq!(sorted, [(0, 1), (3, 2), (7, 3), (9, 1)]);
        assert_eq!(sorted, count_ordinals(ordinals.into_iter(), 9, 10));
        assert!(count_ordinals([NO_VALUE].into_iter(), 1, 0).is_empty());
    }
}
