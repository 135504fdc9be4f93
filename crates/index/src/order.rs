//! Found documents of all sources in one order, read block by block as they are asked for.
//!
//! Each source offers its blocks by the best that can be in them. A block is read only when it
//! could hold something better than the best document at hand, so the latest fifty of a million
//! cost a few blocks, however late or early single events came.

use std::collections::BinaryHeap;
use std::sync::Arc;

use event::{Sequence, Timestamp};
use ledger::Shelf;
use roaring::RoaringBitmap;

use crate::columns::{Columns, docs_of_block};
use crate::document::Number;
use crate::engine::{Hit, Order, Position};
use crate::found::{Found, Home};

/// A source with no more documents than this offers them together: going through its blocks would take
/// longer.
const FEW_DOCS: u64 = 64;

/// Sorts as the order does: what comes first is greatest.
type Rank = (i64, u64);

fn rank(order: Order, occurred: i64, sequence: u64) -> Rank {
    match order {
        Order::OccurredDesc => (occurred, sequence),
        Order::OccurredAsc => (occurred.saturating_neg(), !sequence),
        Order::SequenceDesc => (0, sequence),
        Order::SequenceAsc => (0, !sequence),
    }
}

/// Iterator over found documents in order.
pub(crate) struct Ordered {
    order: Order,
    after: Option<Rank>,
    sources: Vec<Cursor>,
    /// The best each source may still have: rank, source.
    blocks: BinaryHeap<(Rank, usize)>,
    /// Documents read and not yet given out, with when they happened.
    hits: BinaryHeap<(Rank, i64, u64, Option<Shelf>)>,
}

struct Cursor {
    home: Home,
    docs: RoaringBitmap,
    blocks: Blocks,
    /// How many of the blocks were offered.
    offered: usize,
}

enum Blocks {
    /// All documents as if they were in one block.
    Together(Rank),
    Listed(Arc<[u32]>),
    Ascending(u32),
    Descending(u32),
}

impl Blocks {
    fn get(&self, place: usize) -> Option<u32> {
        match self {
            Blocks::Together(_) => None,
            Blocks::Listed(blocks) => blocks.get(place).copied(),
            Blocks::Ascending(count) => Some(place as u32).filter(|block| block < count),
            Blocks::Descending(count) => count.checked_sub(place as u32 + 1),
        }
    }
}

impl Ordered {
    /// Of what was found, behind a position. Some `wanted` of it will be asked for.
    pub(crate) fn new(
        found: Vec<Found>,
        order: Order,
        after: Option<Position>,
        wanted: usize,
    ) -> Ordered {
        let after = after.map(|position| {
            rank(
                order,
                position.occurred.as_micros(),
                position.sequence.get(),
            )
        });
        let mut ordered = Ordered {
            order,
            after,
            sources: Vec::new(),
            blocks: BinaryHeap::new(),
            hits: BinaryHeap::new(),
        };
        let all: u64 = found.iter().map(|found| found.docs.len()).sum();
        let all_are_wanted = all <= wanted as u64;
        for Found { home, docs } in found {
            if docs.is_empty() {
                continue;
            }
            let is_few = docs.len() <= FEW_DOCS;
            let together = best_of(&home, order).filter(|_| is_few);
            if all_are_wanted || (is_few && together.is_none()) {
                home.with(|columns| ordered.read(columns, home.shelf(), docs.iter()));
                continue;
            }
            let count = || home.with(|columns| columns.blocks());
            let blocks = match (together, order) {
                (Some(best), _) => Blocks::Together(best),
                (None, Order::OccurredDesc) => Blocks::Listed(home.newest_blocks()),
                (None, Order::OccurredAsc) => Blocks::Listed(home.oldest_blocks()),
                (None, Order::SequenceAsc) => Blocks::Ascending(count()),
                (None, Order::SequenceDesc) => Blocks::Descending(count()),
            };
            ordered.sources.push(Cursor {
                home,
                docs,
                blocks,
                offered: 0,
            });
            ordered.offer(ordered.sources.len() - 1);
        }
        ordered
    }

    fn read(
        &mut self,
        columns: &dyn Columns,
        shelf: Option<Shelf>,
        docs: impl Iterator<Item = u32>,
    ) {
        let by_time = matches!(self.order, Order::OccurredDesc | Order::OccurredAsc);
        for doc in docs {
            let sequence = columns.sequence(doc);
            let occurred = columns.number(Number::Time, doc);
            let rank = rank(self.order, if by_time { occurred } else { 0 }, sequence);
            if self.after.is_none_or(|after| rank < after) {
                self.hits.push((rank, occurred, sequence, shelf));
            }
        }
    }

    /// Offers the next block of a source that has documents.
    fn offer(&mut self, source: usize) {
        let (order, after) = (self.order, self.after);
        let cursor = &mut self.sources[source];
        if let Blocks::Together(best) = cursor.blocks {
            if cursor.offered == 0 {
                self.blocks.push((best, source));
            }
            return;
        }
        let (blocks, docs, offered) = (&cursor.blocks, &cursor.docs, &mut cursor.offered);
        let best = cursor.home.with(|columns| {
            while let Some(block) = blocks.get(*offered) {
                let range = docs_of_block(columns, block);
                let (best, worst) = ends(columns, order, block, &range);
                let passed = after.is_some_and(|after| worst >= after);
                if !passed && docs.range(range).next().is_some() {
                    return Some(best);
                }
                *offered += 1;
            }
            None
        });
        if let Some(best) = best {
            self.blocks.push((best, source));
        }
    }

    fn read_block(&mut self, source: usize) {
        let cursor = &mut self.sources[source];
        let block = cursor.blocks.get(cursor.offered);
        cursor.offered += 1;
        let (home, docs) = (cursor.home.clone(), std::mem::take(&mut cursor.docs));
        home.with(|columns| {
            let range = block.map_or(0..columns.len(), |block| docs_of_block(columns, block));
            self.read(columns, home.shelf(), docs.range(range));
        });
        self.sources[source].docs = docs;
        self.offer(source);
    }
}

/// The rank that no document of a part can be beyond; `None` of what is no part.
fn best_of(home: &Home, order: Order) -> Option<Rank> {
    let Home::Part(part) = home else {
        return None;
    };
    let ((min, max), name) = (part.times(), part.info.name);
    Some(match order {
        Order::OccurredDesc => (max, u64::MAX),
        Order::OccurredAsc => (min.saturating_neg(), u64::MAX),
        Order::SequenceDesc => (0, name.last),
        Order::SequenceAsc => (0, !name.first),
    })
}

/// The ranks that no document of a block can be beyond.
fn ends(
    columns: &dyn Columns,
    order: Order,
    block: u32,
    docs: &std::ops::Range<u32>,
) -> (Rank, Rank) {
    let bounds = columns.bounds(Number::Time, block);
    let (first, last) = (columns.sequence(docs.start), columns.sequence(docs.end - 1));
    match order {
        Order::OccurredDesc => (
            rank(order, bounds.max, last),
            rank(order, bounds.min, first),
        ),
        Order::OccurredAsc => (
            rank(order, bounds.min, first),
            rank(order, bounds.max, last),
        ),
        Order::SequenceDesc => (rank(order, 0, last), rank(order, 0, first)),
        Order::SequenceAsc => (rank(order, 0, first), rank(order, 0, last)),
    }
}

impl Iterator for Ordered {
    type Item = Hit;

    fn next(&mut self) -> Option<Hit> {
        while let Some((best, source)) = self.blocks.peek().copied() {
            if self.hits.peek().is_some_and(|(rank, ..)| *rank > best) {
                break;
            }
            self.blocks.pop();
            self.read_block(source);
        }
        let (_, occurred, sequence, shelf) = self.hits.pop()?;
        let position = Position {
            occurred: Timestamp::from_micros(occurred),
            sequence: Sequence::new(sequence),
        };
        Some(Hit { position, shelf })
    }
}
