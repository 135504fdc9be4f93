//! Asking the index: the only module that knows which index stands behind the routes.

use std::collections::{BTreeMap, HashMap};

use event::{Count, Kind, Recorded, Sequence, Timestamp};
use query::{Expr, Leaf, NumberField, Query};

use crate::error::Refusal;
use crate::tenants::Open;
use crate::times::Span;

/// Which events.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) expr: Expr,
    pub(crate) span: Span,
    /// Whether Annals' own events are among them.
    pub(crate) own: bool,
    /// Only events before this place.
    pub(crate) as_of: Count,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    OccurredDesc,
    OccurredAsc,
    SequenceDesc,
    SequenceAsc,
}

/// Where a page ended: time of occurrence and place of its last event.
pub(crate) type Position = (Timestamp, Sequence);

/// One page.
#[derive(Debug)]
pub(crate) struct Hits {
    pub(crate) events: Vec<Recorded>,
    pub(crate) total: u64,
    pub(crate) own_left_out: u64,
    /// Where the page ended, if there are more.
    pub(crate) next: Option<Position>,
}

/// How many.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) total: u64,
    pub(crate) own_left_out: u64,
}

impl Selection {
    /// The formula with the span in it.
    fn query(&self) -> Query {
        let span = Leaf::Number {
            field: NumberField::Occurred,
            range: self.span,
        };
        let spanned = self.span.min != i64::MIN || self.span.max != i64::MAX;
        match spanned {
            true => Query::new(Expr::and([self.expr.clone(), span.into()])),
            false => Query::new(self.expr.clone()),
        }
    }

    /// Whether the event is one of them; an own event that is only left out counts in `totals`.
    fn picks(&self, query: &Query, recorded: &Recorded, totals: &mut Totals) -> bool {
        if !query.matches(recorded) {
            return false;
        }
        let left_out = !self.own && recorded.kind != Kind::Application;
        if left_out {
            totals.own_left_out += 1;
        } else {
            totals.total += 1;
        }
        !left_out
    }
}

/// One page of a selection.
pub(crate) fn page(
    open: &Open,
    selection: &Selection,
    order: Order,
    limit: usize,
    after: Option<Position>,
) -> Result<Hits, Refusal> {
    let mut totals = Totals::default();
    let mut found: Vec<Position> = Vec::new();
    each(open, selection, &mut totals, |recorded| {
        found.push((occurred(recorded), recorded.sequence));
        true
    })?;
    sort(&mut found, order);
    let start = after.map_or(0, |after| {
        found.partition_point(|one| !is_after(*one, after, order))
    });
    let rest = found.get(start..).unwrap_or_default();
    let shown = rest.get(..limit.min(rest.len())).unwrap_or_default();
    let sequences: Vec<Sequence> = shown.iter().map(|(_, sequence)| *sequence).collect();
    Ok(Hits {
        events: open.ledger.read_many(&sequences)?,
        total: totals.total,
        own_left_out: totals.own_left_out,
        next: if rest.len() > limit {
            shown.last().copied()
        } else {
            None
        },
    })
}

/// Every event of a selection, in order, until `visit` answers false.
pub(crate) fn stream(
    open: &Open,
    selection: &Selection,
    order: Order,
    mut visit: impl FnMut(&Recorded) -> bool,
) -> Result<(), Refusal> {
    let mut totals = Totals::default();
    if order == Order::SequenceAsc {
        return each(open, selection, &mut totals, visit);
    }
    let mut found: Vec<Position> = Vec::new();
    each(open, selection, &mut totals, |recorded| {
        found.push((occurred(recorded), recorded.sequence));
        true
    })?;
    sort(&mut found, order);
    for (_, sequence) in found {
        if !visit(&open.ledger.read(sequence)?) {
            break;
        }
    }
    Ok(())
}

/// Exact counts between boundaries (`boundaries[i]..boundaries[i + 1]`), by value of `split`.
pub(crate) fn histogram(
    open: &Open,
    selection: &Selection,
    boundaries: &[Timestamp],
    split: Option<query::ExactField>,
) -> Result<(Vec<Counted>, Totals), Refusal> {
    let mut totals = Totals::default();
    let mut buckets = vec![Counted::default(); boundaries.len().saturating_sub(1)];
    each(open, selection, &mut totals, |recorded| {
        let place = boundaries.partition_point(|start| *start <= occurred(recorded));
        if let Some(bucket) = place
            .checked_sub(1)
            .and_then(|place| buckets.get_mut(place))
        {
            bucket.total += 1;
            for value in split
                .map(|field| values(recorded, field))
                .unwrap_or_default()
            {
                *bucket.counts.entry(value).or_default() += 1;
            }
        }
        true
    })?;
    Ok((buckets, totals))
}

/// Events of one bucket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted {
    pub(crate) total: u64,
    pub(crate) counts: BTreeMap<String, u64>,
}

/// The most frequent values of a field, ties by value.
pub(crate) fn top(
    open: &Open,
    selection: &Selection,
    field: query::ExactField,
    limit: usize,
) -> Result<(Vec<(String, u64)>, Totals), Refusal> {
    let mut totals = Totals::default();
    let mut counts: HashMap<String, u64> = HashMap::new();
    each(open, selection, &mut totals, |recorded| {
        for value in values(recorded, field) {
            *counts.entry(value).or_default() += 1;
        }
        true
    })?;
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|one, two| two.1.cmp(&one.1).then_with(|| one.0.cmp(&two.0)));
    counts.truncate(limit);
    Ok((counts, totals))
}

fn each(
    open: &Open,
    selection: &Selection,
    totals: &mut Totals,
    mut visit: impl FnMut(&Recorded) -> bool,
) -> Result<(), Refusal> {
    let query = selection.query();
    for sequence in 0..selection.as_of.get() {
        let recorded = open.ledger.read(Sequence::new(sequence))?;
        if selection.picks(&query, &recorded, totals) && !visit(&recorded) {
            break;
        }
    }
    Ok(())
}

/// When it happened; an erased event counts as when it was received.
fn occurred(recorded: &Recorded) -> Timestamp {
    let text = recorded
        .field(event::path::OCCURRED_AT)
        .and_then(|field| field.as_string());
    text.and_then(|text| Timestamp::parse_rfc3339(&text).ok())
        .unwrap_or(recorded.received_at)
}

fn sort(found: &mut [Position], order: Order) {
    match order {
        Order::OccurredAsc => found.sort_unstable(),
        Order::OccurredDesc => found.sort_unstable_by(|one, two| two.cmp(one)),
        Order::SequenceAsc => found.sort_unstable_by_key(|(_, sequence)| *sequence),
        Order::SequenceDesc => {
            found.sort_unstable_by_key(|(_, sequence)| std::cmp::Reverse(*sequence));
        }
    }
}

fn is_after(one: Position, end: Position, order: Order) -> bool {
    match order {
        Order::OccurredAsc => one > end,
        Order::OccurredDesc => one < end,
        Order::SequenceAsc => one.1 > end.1,
        Order::SequenceDesc => one.1 < end.1,
    }
}

/// The values of one field of an event, each once.
fn values(recorded: &Recorded, field: query::ExactField) -> Vec<String> {
    struct One(query::ExactField, Vec<String>);
    impl query::Sink for One {
        fn exact(&mut self, field: query::ExactField, folded: &str) {
            if field == self.0 && !self.1.iter().any(|value| value == folded) {
                self.1.push(folded.to_owned());
            }
        }
        fn text(&mut self, _: query::TextField, _: &str) {}
        fn metadata(&mut self, _: &str, _: query::MetadataValue<'_>) {}
        fn number(&mut self, _: NumberField, _: i64) {}
        fn ip(&mut self, _: std::net::IpAddr) {}
    }
    let mut one = One(field, Vec::new());
    query::analyze(recorded, &mut one);
    one.1
}
