//! Counting found documents: in buckets of time, and by value.

use std::collections::HashMap;

use event::Timestamp;
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

/// Boundaries up to which the documents of a block are counted boundary by boundary.
const COUNTED_BOUNDARIES: usize = 8;

/// Adds the documents of a source to the buckets; `field` splits them by its first value.
pub(crate) fn add_to_buckets(
    columns: &dyn Columns,
    docs: &RoaringBitmap,
    boundaries: &[Timestamp],
    field: Option<usize>,
    counted: &mut Counted,
) {
    let boundaries: Vec<i64> = boundaries.iter().map(|it| it.as_micros()).collect();
    if boundaries.len() < 2 {
        return;
    }
    let mut rows = Rows::new(columns, field, boundaries.len() - 1);
    // The one row there is, if no document has to be asked for its value.
    let only = match field {
        None => Some(NO_VALUE),
        Some(field) => (rows.values == 1 && columns.has_all(field)).then_some(0),
    };
    let (mut times, mut ordinals) = ([0; BLOCK_DOCS], [ABSENT; BLOCK_DOCS]);
    for_each_block(columns, docs, |block, docs| {
        let bounds = columns.bounds(Number::Time, block);
        let first = passed(&boundaries, bounds.min);
        // Those that part the block: its documents are behind the first of them or not, and so on.
        let within = boundaries
            .get(first..passed(&boundaries, bounds.max))
            .unwrap_or_default();
        let times: &[i64] = match within {
            [] => &[],
            _ => docs.read(
                |doc| columns.number(Number::Time, doc),
                |out| columns.number_block(Number::Time, block, out),
                &mut times,
            ),
        };
        if let Some(only) = only {
            if within.len() <= COUNTED_BOUNDARIES {
                let mut left = docs.len();
                for (place, boundary) in within.iter().enumerate() {
                    let behind = times.iter().filter(|time| *boundary <= **time).count();
                    rows.add(only, first + place, (left - behind) as u64);
                    left = behind;
                }
                rows.add(only, first + within.len(), left as u64);
            } else {
                for time in times {
                    rows.add(only, first + passed(within, *time), 1);
                }
            }
            return;
        }
        let ordinals = field.map_or(&[][..], |field| {
            docs.read(
                |doc| match columns.ordinal(field, doc) {
                    NO_VALUE => ABSENT,
                    ordinal => i64::from(ordinal),
                },
                |out| columns.ordinal_block(field, block, out),
                &mut ordinals,
            )
        });
        // Beyond `u32` only if absent.
        let ordinals = ordinals
            .iter()
            .map(|ordinal| u32::try_from(*ordinal).unwrap_or(NO_VALUE));
        if within.is_empty() {
            ordinals.for_each(|ordinal| rows.add(ordinal, first, 1));
        } else {
            ordinals.zip(times).for_each(|(ordinal, time)| {
                rows.add(ordinal, first + passed(within, *time), 1);
            });
        }
    });
    rows.finish(columns, field, counted);
}

/// How many boundaries are not after a time.
fn passed(boundaries: &[i64], time: i64) -> usize {
    boundaries.partition_point(|boundary| *boundary <= time)
}

/// A row of buckets for each value of a source, and one for events without.
struct Rows {
    buckets: usize,
    values: usize,
    rows: Vec<Vec<u64>>,
}

impl Rows {
    fn new(columns: &dyn Columns, field: Option<usize>, buckets: usize) -> Rows {
        let values = field.map_or(0, |field| columns.distinct(field) as usize);
        Rows {
            buckets,
            values,
            rows: vec![Vec::new(); values + 1],
        }
    }

    /// Counts events that so many boundaries are not after; those outside of all buckets do not
    /// count.
    fn add(&mut self, ordinal: u32, passed: usize, events: u64) {
        let Some(row) = self.rows.get_mut((ordinal as usize).min(self.values)) else {
            return;
        };
        if row.is_empty() {
            row.resize(self.buckets, 0);
        }
        if let Some(sum) = passed.checked_sub(1).and_then(|bucket| row.get_mut(bucket)) {
            *sum += events;
        }
    }

    fn finish(self, columns: &dyn Columns, field: Option<usize>, counted: &mut Counted) {
        let Rows {
            buckets,
            values,
            rows,
        } = self;
        for (ordinal, row) in rows
            .into_iter()
            .enumerate()
            .filter(|(_, row)| row.iter().any(|events| *events > 0))
        {
            let value = field
                .filter(|_| ordinal < values)
                .map(|field| columns.value(field, ordinal as u32).into_owned());
            let sums = counted
                .by_value
                .entry(value)
                .or_insert_with(|| vec![0; buckets]);
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, events)| *sum += events);
        }
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

    /// The numbers of the documents, asked one by one or with those of the whole block.
    fn read<'o>(
        &self,
        one: impl Fn(u32) -> i64,
        all: impl FnOnce(&mut Block),
        out: &'o mut Block,
    ) -> &'o [i64] {
        match self {
            BlockDocs::All(_) => all(out),
            BlockDocs::Some(docs) if (docs.len() as u64) < WHOLE_BLOCK_DOCS => {
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

/// Calls `each` with every block that has some of the documents, and with these.
fn for_each_block(
    columns: &dyn Columns,
    docs: &RoaringBitmap,
    mut each: impl FnMut(u32, BlockDocs<'_>),
) {
    let mut of_block = Vec::with_capacity(BLOCK_DOCS);
    let mut left = docs.iter();
    let mut next = left.next();
    while let Some(first) = next {
        let block = block_of(first);
        let range = docs_of_block(columns, block);
        if first == range.start && docs.contains_range(range.clone()) {
            each(block, BlockDocs::All(range.len()));
            left.advance_to(range.end);
            next = left.next();
            continue;
        }
        of_block.clear();
        while let Some(doc) = next.filter(|doc| block_of(*doc) == block) {
            of_block.push(doc);
            next = left.next();
        }
        each(block, BlockDocs::Some(&of_block));
    }
}

/// Adds to each value of a kept field how many of the documents have it.
pub(crate) fn add_to_values(
    columns: &dyn Columns,
    docs: &RoaringBitmap,
    field: usize,
    sums: &mut HashMap<String, u64>,
) {
    let mut counts = vec![0u64; columns.distinct(field) as usize];
    let mut count = |ordinal: u32| {
        if let Some(count) = counts.get_mut(ordinal as usize) {
            *count += 1;
        }
    };
    docs.iter()
        .for_each(|doc| count(columns.ordinal(field, doc)));
    columns
        .more(field)
        .iter()
        .filter(|(doc, _)| docs.contains(*doc))
        .for_each(|(_, ordinal)| count(*ordinal));
    for (ordinal, count) in counts
        .into_iter()
        .enumerate()
        .filter(|(_, count)| *count > 0)
    {
        *sums
            .entry(columns.value(field, ordinal as u32).into_owned())
            .or_default() += count;
    }
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
