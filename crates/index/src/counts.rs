//! Counting found documents: in buckets of time, and by value.

use std::collections::HashMap;

use event::Timestamp;
use roaring::RoaringBitmap;

use crate::column::BLOCK_DOCS;
use crate::columns::{Columns, NO_VALUE, docs_of_block};
use crate::document::Number;

/// Counts in buckets, by value.
#[derive(Default)]
pub(crate) struct Counted {
    /// The value `None`: events without one.
    pub(crate) by_value: HashMap<Option<String>, Vec<u64>>,
}

/// The times of one bucket, or those before the first or after the last.
struct Stretch {
    from: i64,
    /// The first time behind it; none behind the last boundary.
    to: Option<i64>,
    bucket: Option<usize>,
}

impl Stretch {
    /// The one that a time lies in. There are two boundaries or more.
    fn of(boundaries: &[Timestamp], time: i64) -> Stretch {
        let after = boundaries.partition_point(|boundary| boundary.as_micros() <= time);
        let at = |place: usize| boundaries.get(place).map(|it| it.as_micros());
        Stretch {
            from: after.checked_sub(1).and_then(at).unwrap_or(i64::MIN),
            to: at(after),
            bucket: after.checked_sub(1).filter(|_| after < boundaries.len()),
        }
    }

    fn holds(&self, time: i64) -> bool {
        self.from <= time && self.to.is_none_or(|to| time < to)
    }
}

/// Adds the documents of a source to the buckets; `field` splits them by its first value.
pub(crate) fn add_to_buckets(
    columns: &dyn Columns,
    docs: &RoaringBitmap,
    boundaries: &[Timestamp],
    field: Option<usize>,
    counted: &mut Counted,
) {
    let Some(buckets) = boundaries
        .len()
        .checked_sub(1)
        .filter(|buckets| *buckets > 0)
    else {
        return;
    };
    let bucket_of = |time: i64| Stretch::of(boundaries, time).bucket;
    // A row of buckets for each value, and one for events without.
    let values = field.map_or(0, |field| columns.distinct(field) as usize);
    let mut rows: Vec<Vec<u64>> = vec![Vec::new(); values + 1];
    let mut count = |ordinal: u32, bucket: usize, events: u64| {
        if let Some(row) = rows.get_mut((ordinal as usize).min(values)) {
            if row.is_empty() {
                row.resize(buckets, 0);
            }
            row[bucket] += events;
        }
    };
    // The one row there is, if no document has to be asked for its value.
    let only = match field {
        None => Some(NO_VALUE),
        Some(field) => (values == 1 && columns.has_all(field)).then_some(0),
    };
    let mut times = [0; BLOCK_DOCS];
    for block in 0..columns.blocks() {
        let range = docs_of_block(columns, block);
        let bounds = columns.bounds(Number::Time, block);
        let same = match (bucket_of(bounds.min), bucket_of(bounds.max)) {
            (Some(one), Some(other)) if one == other => Some(one),
            _ => None,
        };
        let events = docs.range_cardinality(range.clone());
        if events == 0 {
            continue;
        }
        if let (Some(bucket), Some(only)) = (same, only) {
            count(only, bucket, events);
            continue;
        }
        if same.is_none() {
            columns.number_block(Number::Time, block, &mut times);
        }
        // Most events are in the bucket of the one before.
        let mut stretch = Stretch::of(boundaries, bounds.min);
        let mut add = |doc: u32| {
            let bucket = same.or_else(|| {
                let time = times[(doc - range.start) as usize];
                if !stretch.holds(time) {
                    stretch = Stretch::of(boundaries, time);
                }
                stretch.bucket
            });
            let ordinal = || field.map_or(NO_VALUE, |field| columns.ordinal(field, doc));
            if let Some(bucket) = bucket {
                count(only.unwrap_or_else(ordinal), bucket, 1);
            }
        };
        if events == u64::from(range.end - range.start) {
            range.clone().for_each(&mut add);
        } else {
            docs.range(range.clone()).for_each(&mut add);
        }
    }
    for (ordinal, row) in rows
        .into_iter()
        .enumerate()
        .filter(|(_, row)| !row.is_empty())
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
