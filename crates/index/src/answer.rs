//! Answers of the engine on this machine.

use std::io;
use std::sync::Arc;

use event::Count;
use hashbrown::HashMap;
use ledger::{Lane, Meters};
use query::{ExactField, MetadataValue, NumberField, Sink, TextField};

use crate::columns::{Columns, ends_of};
use crate::counts::{Counted, add_to_buckets, add_to_values, most_frequent};
use crate::document::value_field;
use crate::engine::{
    Buckets, By, Completion, Engine, Grouping, Groups, Histogram, Hits, Matches, Order, Scope,
    Search, SearchError, Stats, Top, Totals,
};
use crate::found::{Found, Home};
use crate::groups::{Column, Sums};
use crate::keys;
use crate::local::{Answering, LocalEngine};
use crate::log::Batch;
use crate::order::Ordered;
use crate::source::Source;
use crate::terms::Dictionary;

/// Keys that a completion looks at in one source: a prefix that common completes nothing.
const COMPLETE_KEYS: usize = 20_000;

/// Rows of a part without an index that are read again at once, to list values that rows do not keep.
const READ_EVENTS: usize = 1_024;

impl Engine for LocalEngine {
    fn apply(&self, batches: &[Arc<dyn Batch>]) -> Result<(), SearchError> {
        LocalEngine::apply(self, batches)
    }

    fn applied(&self) -> Count {
        LocalEngine::applied(self)
    }

    fn restart(&self) {
        self.go_on_from(&self.log.snapshot());
    }

    fn settle(&self, lane: Lane, meters: &Meters) -> io::Result<bool> {
        LocalEngine::settle(self, lane, meters)
    }

    fn search(&self, search: &Search) -> Result<Hits, SearchError> {
        let (totals, found) = self.find(&search.scope)?;
        let mut ordered = Ordered::new(found, search.order, search.after, search.limit);
        let hits: Vec<_> = ordered.by_ref().take(search.limit).collect();
        let last = hits.last().map(|hit| hit.position);
        let next = last.filter(|_| ordered.next().is_some());
        Ok(Hits { hits, totals, next })
    }

    fn count(&self, scope: &Scope) -> Result<Totals, SearchError> {
        Ok(self.find(scope)?.0)
    }

    fn histogram(&self, histogram: &Histogram) -> Result<Buckets, SearchError> {
        let field = match histogram.split {
            Some(split) => {
                Some(value_field(split.field).ok_or(SearchError::NotCounted(split.field))?)
            }
            None => None,
        };
        // Only events in some bucket count.
        let (first, last) = (
            histogram.boundaries.first().copied(),
            histogram.boundaries.last().copied(),
        );
        let scope = Scope {
            from: histogram.scope.from.max(first),
            to: match (histogram.scope.to, last) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
            ..histogram.scope.clone()
        };
        let (totals, found) = self.find(&scope)?;
        let mut counted = Counted::default();
        for Found { home, docs } in &found {
            home.with(|columns| {
                add_to_buckets(columns, docs, &histogram.boundaries, field, &mut counted)
            })?;
        }
        Ok(buckets(counted, histogram, totals))
    }

    fn top(&self, scope: &Scope, field: ExactField, limit: usize) -> Result<Top, SearchError> {
        if field.is_lookup_only() {
            return Err(SearchError::NotCounted(field));
        }
        let (totals, found) = self.find(scope)?;
        let mut sums = HashMap::new();
        for Found { home, docs } in &found {
            match value_field(field) {
                Some(kept) => home.with(|columns| add_to_values(columns, docs, kept, &mut sums))?,
                None => self.add_to_keys(home, docs, field, &mut sums)?,
            }
        }
        let (values, distinct) = most_frequent(sums, limit);
        Ok(Top {
            values,
            distinct,
            totals,
        })
    }

    fn groups(&self, grouping: &Grouping<'_>) -> Result<Groups, SearchError> {
        let by = grouping
            .by
            .iter()
            .map(column)
            .collect::<Result<Vec<_>, _>>()?;
        let window = grouping
            .window
            .map(|(from, to)| (from.as_micros(), to.as_micros()));
        let (totals, found) = self.find(&grouping.scope)?;
        let mut sums = Sums::default();
        for Found { home, docs } in &found {
            home.with(|columns| sums.add(columns, docs, &by, window))?;
        }
        Ok(sums.finish(grouping.limit, totals))
    }

    fn complete(
        &self,
        what: Completion,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, u64)>, SearchError> {
        let prefix = query::words::fold(prefix);
        let beginnings: Vec<(Dictionary, String, usize)> = match what {
            Completion::Values(ExactField::Ip) => vec![(Dictionary::Keys, keys::ips(), 1)],
            Completion::Values(field) => vec![(Dictionary::Keys, keys::exact(field, &prefix), 1)],
            Completion::Words(fields) => fields
                .iter()
                .map(|field| (Dictionary::Words, keys::text(field, &prefix), 1))
                .collect(),
        };
        let is_ip = matches!(what, Completion::Values(ExactField::Ip));
        let mut sums = HashMap::new();
        let erasures = self.log.erasures();
        if self.view().erased_through != erasures.through.get() {
            self.adopt(&self.log.snapshot())?;
        }
        let view = self.view();
        // What holds erased words, or must be read event by event, completes nothing for now.
        let untouched = |first: u64, end: u64| {
            view.erased_through == erasures.through.get()
                && !erasures.touch(first, end.saturating_sub(1))
        };
        for (dictionary, beginning, tag) in &beginnings {
            for part in view.parts.iter() {
                let name = part.info().name;
                if let Answering::Indexed(index) = part
                    && untouched(name.first, name.last + 1)
                {
                    let source = index.source(&*self.log);
                    let count = |list: &_| source.docs_of(list);
                    add_keys(&source, *dictionary, beginning, *tag, count, &mut sums)?;
                }
            }
            for segment in view.segments.iter() {
                let segment = segment.read();
                // What parts answer for already does not count twice.
                let first = segment.columns().doc_from(view.covered);
                if !untouched(segment.first().unwrap_or(u64::MAX), segment.end()) {
                    continue;
                }
                let count = |list: &_| segment.docs_from(list, first);
                add_keys(&*segment, *dictionary, beginning, *tag, count, &mut sums)?;
            }
        }
        if is_ip {
            let text = |(digits, count): (String, u64)| {
                Some((keys::address_of(&digits)?.to_string(), count))
            };
            sums = sums
                .into_iter()
                .filter_map(text)
                .filter(|(text, _)| text.starts_with(&*prefix))
                .collect();
        }
        Ok(most_frequent(sums, limit).0)
    }

    fn matches(&self, scope: &Scope, order: Order) -> Result<(Totals, Matches), SearchError> {
        let (totals, found) = self.find(scope)?;
        Ok((totals, Box::new(Ordered::new(found, order, None, 0))))
    }

    fn stats(&self) -> Stats {
        let view = self.view();
        let unindexed = view
            .parts
            .iter()
            .filter(|part| matches!(part, Answering::Plain(_)))
            .count() as u64;
        let snapshot = self.log.snapshot();
        let missing = |info: &&ledger::PartInfo| !view.open.contains_key(&info.name);
        Stats {
            missing_parts: snapshot.parts.iter().filter(missing).count() as u64,
            applied: self.applied(),
            covered: Count::new(view.covered),
            parts: view.open.len() as u64,
            unindexed_parts: unindexed,
            bytes: view.open.values().map(|index| index.bytes).sum(),
        }
    }
}

fn buckets(counted: Counted, histogram: &Histogram, totals: Totals) -> Buckets {
    let buckets = histogram.boundaries.len().saturating_sub(1);
    let mut counts = vec![0; buckets];
    for row in counted.by_value.values() {
        counts
            .iter_mut()
            .zip(row)
            .for_each(|(sum, events)| *sum += events);
    }
    let mut series: Vec<(Option<String>, Vec<u64>)> = Vec::new();
    if let Some(split) = histogram.split {
        series = counted.by_value.into_iter().collect();
        let events = |row: &[u64]| row.iter().sum::<u64>();
        // Most events first; the events without a value after all others.
        series.sort_by(|(one, ones), (two, twos)| {
            (one.is_none(), events(twos), one).cmp(&(two.is_none(), events(ones), two))
        });
        let values = series
            .iter()
            .filter(|(value, _)| value.is_some())
            .count()
            .min(split.limit);
        let rest = series.split_off(values);
        if !rest.is_empty() {
            let mut others = vec![0; buckets];
            for (_, row) in rest {
                others
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, events)| *sum += events);
            }
            series.push((None, others));
        }
    }
    Buckets {
        counts,
        series,
        totals,
    }
}

fn column<'a>(by: &By<'a>) -> Result<Column<'a>, SearchError> {
    let field = value_field(by.field).ok_or(SearchError::NotCounted(by.field))?;
    Ok(Column {
        field,
        class: by.class,
    })
}

/// Adds how many documents have each key that begins so, by what follows the tag.
fn add_keys<S: Source>(
    source: &S,
    dictionary: Dictionary,
    beginning: &str,
    tag: usize,
    count: impl Fn(&S::List) -> u32,
    sums: &mut HashMap<String, u64>,
) -> io::Result<()> {
    let mut left = COMPLETE_KEYS;
    source.lists(
        dictionary,
        beginning.as_bytes(),
        &keys::after(beginning),
        &mut |key, list| {
            let docs = count(&list);
            if docs > 0 {
                *sums.entry(key[tag..].to_owned()).or_default() += u64::from(docs);
            }
            left -= 1;
            left > 0
        },
    )
}

impl LocalEngine {
    /// Adds to each value of a field, which is not kept by document, how many documents have it.
    fn add_to_keys(
        &self,
        home: &Home,
        docs: &roaring::RoaringBitmap,
        field: ExactField,
        sums: &mut HashMap<String, u64>,
    ) -> Result<(), SearchError> {
        match home {
            Home::Part(part) => count_keys(&part.source(&*self.log), docs, field, sums)?,
            Home::Segment(segment) => count_keys(&*segment.read(), docs, field, sums)?,
            Home::Rows(columns) => {
                let sequences: Vec<_> = docs
                    .iter()
                    .map(|doc| event::Sequence::new(columns.sequence(doc)))
                    .collect();
                for sequences in sequences.chunks(READ_EVENTS) {
                    for event in self.log.read_many(sequences)? {
                        let mut values = Values {
                            field,
                            values: Vec::new(),
                        };
                        query::analyze(&event, &mut values);
                        values.values.sort_unstable();
                        values.values.dedup();
                        values
                            .values
                            .into_iter()
                            .for_each(|value| *sums.entry(value).or_default() += 1);
                    }
                }
            }
        }
        Ok(())
    }
}

fn count_keys<S: Source>(
    source: &S,
    docs: &roaring::RoaringBitmap,
    field: ExactField,
    sums: &mut HashMap<String, u64>,
) -> io::Result<()> {
    let beginning = keys::exact(field, "");
    let mut lists = Vec::new();
    source.lists(
        Dictionary::Keys,
        beginning.as_bytes(),
        &keys::after(&beginning),
        &mut |key, list| {
            lists.push((key[beginning.len()..].to_owned(), list));
            true
        },
    )?;
    for (value, list) in lists {
        let common = if u64::from(source.docs_of(&list)) > docs.len().saturating_mul(16) {
            source.retain(&list, docs)?.len()
        } else {
            source.union(&[list], ends_of(docs))?.intersection_len(docs)
        };
        if common > 0 {
            *sums.entry(value).or_default() += common;
        }
    }
    Ok(())
}

/// The values of one field.
struct Values {
    field: ExactField,
    values: Vec<String>,
}

impl Sink for Values {
    fn exact(&mut self, field: ExactField, folded: &str) {
        if field == self.field {
            self.values.push(folded.to_owned());
        }
    }
    fn text(&mut self, _: TextField, _: &str) {}
    fn metadata(&mut self, _: &str, _: MetadataValue<'_>) {}
    fn number(&mut self, _: NumberField, _: i64) {}
    fn ip(&mut self, _: std::net::IpAddr) {}
}
