//! The engine against the plain meaning of the language: matches, tail, parts and parts without an
//! index give one answer.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use event::{Count, Kind, Recorded, Sequence, Timestamp};
use ledger::{FollowError, PartInfo, PartName, ReadError, Shelf, Snapshot};
use parking_lot::Mutex;
use query::Query;
use query::testing::{self, Random};

use crate::engine::{Engine, Order, Position, Scope, Search};
use crate::local::LocalEngine;
use crate::log::{Batch, Log};

/// A log in memory, whose parts are made when a test says so.
#[derive(Default)]
struct FakeLog {
    state: Mutex<FakeState>,
}

#[derive(Default)]
struct FakeState {
    events: Arc<Vec<Recorded>>,
    batches: Vec<Arc<dyn Batch>>,
    parts: Vec<(PartInfo, Vec<u64>)>,
    sealed: u64,
    erased_through: u64,
    generation: u64,
}

struct FakeBatch {
    events: Arc<Vec<Recorded>>,
    first: usize,
    len: usize,
}

impl Batch for FakeBatch {
    fn first(&self) -> Sequence {
        Sequence::new(self.first as u64)
    }

    fn len(&self) -> usize {
        self.len
    }

    fn recorded(&self, place: usize) -> io::Result<Recorded> {
        Ok(self.events[self.first + place].clone())
    }
}

impl FakeLog {
    fn of(events: Vec<Recorded>, batch: usize) -> Arc<FakeLog> {
        let events = Arc::new(events);
        let batches = (0..events.len())
            .step_by(batch)
            .map(|first| {
                let len = batch.min(events.len() - first);
                Arc::new(FakeBatch {
                    events: events.clone(),
                    first,
                    len,
                }) as Arc<dyn Batch>
            })
            .collect();
        Arc::new(FakeLog {
            state: Mutex::new(FakeState {
                events,
                batches,
                ..FakeState::default()
            }),
        })
    }

    fn add_part(state: &mut FakeState, shelf: Shelf, sequences: Vec<u64>) {
        let (Some(first), Some(last)) = (sequences.first(), sequences.last()) else {
            return;
        };
        state.generation += 1;
        let name = PartName {
            shelf,
            first: *first,
            last: *last,
            generation: state.generation,
        };
        state.parts.push((
            PartInfo {
                name,
                count: sequences.len() as u64,
                bytes: 1,
            },
            sequences,
        ));
        state.parts.sort_by_key(|(info, _)| info.name);
    }

    /// Seals what is before `end`, one part for each shelf.
    fn seal(&self, end: u64) {
        let mut state = self.state.lock();
        let mut shelves: BTreeMap<Shelf, Vec<u64>> = BTreeMap::new();
        for event in &state.events.clone()[state.sealed as usize..end as usize] {
            let shelf = match event.kind {
                Kind::Tombstone | Kind::Policy => Shelf::Control,
                _ => Shelf::Category(event.category),
            };
            shelves.entry(shelf).or_default().push(event.sequence.get());
        }
        shelves
            .into_iter()
            .for_each(|(shelf, sequences)| FakeLog::add_part(&mut state, shelf, sequences));
        state.sealed = end;
    }

    /// Makes one part of each shelf.
    fn merge(&self) {
        let mut state = self.state.lock();
        let mut shelves: BTreeMap<Shelf, Vec<u64>> = BTreeMap::new();
        for (info, sequences) in std::mem::take(&mut state.parts) {
            shelves
                .entry(info.name.shelf)
                .or_default()
                .extend(sequences);
        }
        shelves
            .into_iter()
            .for_each(|(shelf, sequences)| FakeLog::add_part(&mut state, shelf, sequences));
    }

    /// Erases events, and rewrites the parts.
    fn erase(&self, erased: &HashSet<u64>) {
        let mut state = self.state.lock();
        let mut events = state.events.to_vec();
        for event in events
            .iter_mut()
            .filter(|event| erased.contains(&event.sequence.get()))
        {
            event.content = event.content.clone().erase();
            event.enrichment = None;
        }
        state.events = Arc::new(events);
        state.erased_through += 1;
        for (info, sequences) in std::mem::take(&mut state.parts) {
            FakeLog::add_part(&mut state, info.name.shelf, sequences);
        }
    }

    fn events(&self) -> Arc<Vec<Recorded>> {
        self.state.lock().events.clone()
    }
}

impl Log for FakeLog {
    fn durable(&self) -> Count {
        Count::new(self.state.lock().events.len() as u64)
    }

    fn snapshot(&self) -> Snapshot {
        let state = self.state.lock();
        Snapshot {
            parts: state.parts.iter().map(|(info, _)| *info).collect(),
            sealed: Count::new(state.sealed),
            durable: Count::new(state.events.len() as u64),
            erased_through: Count::new(state.erased_through),
        }
    }

    fn batches_from(&self, from: Count, _: Duration) -> Result<Vec<Arc<dyn Batch>>, FollowError> {
        let state = self.state.lock();
        if from.get() < state.sealed {
            return Err(FollowError::Sealed {
                sealed: Count::new(state.sealed),
            });
        }
        let behind =
            |batch: &&Arc<dyn Batch>| batch.first().get() + batch.len() as u64 > from.get();
        Ok(state.batches.iter().filter(behind).cloned().collect())
    }

    fn read_part(
        &self,
        name: &PartName,
        each: &mut dyn FnMut(Recorded) -> bool,
    ) -> io::Result<bool> {
        let (events, sequences) = {
            let state = self.state.lock();
            let Some((_, sequences)) = state.parts.iter().find(|(info, _)| info.name == *name)
            else {
                return Ok(false);
            };
            (state.events.clone(), sequences.clone())
        };
        sequences
            .iter()
            .all(|sequence| each(events[*sequence as usize].clone()));
        Ok(true)
    }

    fn read_many(&self, sequences: &[Sequence]) -> Result<Vec<Recorded>, ReadError> {
        let events = self.events();
        Ok(sequences
            .iter()
            .map(|sequence| events[sequence.get() as usize].clone())
            .collect())
    }

    fn set_view_progress(&self, _: Count) {}

    fn wait_change(&self, seen: u64, patience: Duration) -> u64 {
        std::thread::sleep(patience.min(Duration::from_millis(2)));
        seen + 1
    }
}

fn corpus(random: &mut Random, events: u64) -> Vec<Recorded> {
    (0..events)
        .map(|sequence| testing::event(random, Sequence::new(sequence)))
        .collect()
}

fn open(log: &Arc<FakeLog>, dir: &std::path::Path) -> LocalEngine {
    LocalEngine::open(log.clone(), dir.join("index")).unwrap()
}

fn take_in(engine: &LocalEngine, log: &FakeLog) {
    while engine.applied() < log.durable() {
        engine
            .apply(&log.batches_from(engine.applied(), Duration::ZERO).unwrap())
            .unwrap();
    }
}

fn settle(engine: &LocalEngine) {
    while engine.settle().unwrap() {}
}

fn occurred(event: &Recorded) -> i64 {
    let field = event
        .field(event::path::OCCURRED_AT)
        .and_then(|field| field.as_string().map(|text| text.into_owned()));
    let time = field.and_then(|text| Timestamp::parse_rfc3339(&text).ok());
    time.unwrap_or(event.received_at).as_micros()
}

fn in_scope(event: &Recorded, scope: &Scope) -> bool {
    let time = Timestamp::from_micros(occurred(event));
    scope
        .as_of
        .is_none_or(|count| count.contains(event.sequence))
        && scope.from.is_none_or(|from| from <= time)
        && scope.to.is_none_or(|to| time < to)
        && Query::new(scope.expr.clone()).matches(event)
}

/// What a page holds, by looking at every event.
fn naive(events: &[Recorded], search: &Search) -> (Vec<(i64, u64)>, u64, u64) {
    let matching: Vec<&Recorded> = events
        .iter()
        .filter(|event| in_scope(event, &search.scope))
        .collect();
    let counts = |event: &&&Recorded| search.scope.own || event.kind == Kind::Application;
    let mut hits: Vec<(i64, u64)> = matching
        .iter()
        .filter(counts)
        .map(|event| (occurred(event), event.sequence.get()))
        .collect();
    match search.order {
        Order::OccurredAsc => hits.sort(),
        Order::OccurredDesc => hits.sort_by(|one, two| two.cmp(one)),
        Order::SequenceAsc => hits.sort_by_key(|(_, sequence)| *sequence),
        Order::SequenceDesc => hits.sort_by_key(|(_, sequence)| std::cmp::Reverse(*sequence)),
    }
    let total = hits.len() as u64;
    (hits, total, matching.len() as u64 - total)
}

fn pair(position: &Position) -> (i64, u64) {
    (position.occurred.as_micros(), position.sequence.get())
}

#[track_caller]
fn check(engine: &LocalEngine, events: &[Recorded], search: &Search, home: &str, seed: u64) {
    let (hits, total, own_left_out) = naive(events, search);
    let answer = engine.search(search).unwrap();
    let found: Vec<_> = answer.hits.iter().map(pair).collect();
    let context = || {
        format!(
            "{home}, seed {seed}: {} ({:?})",
            Query::new(search.scope.expr.clone()),
            search
        )
    };
    assert_eq!(found, hits[..hits.len().min(search.limit)], "{}", context());
    assert_eq!(
        (answer.totals.total, answer.totals.own_left_out),
        (total, own_left_out),
        "{}",
        context()
    );
    assert_eq!(
        answer.next.is_some(),
        hits.len() > search.limit && search.limit > 0,
        "{}",
        context()
    );
}

fn random_search(random: &mut Random, events: u64) -> Search {
    let mut scope = Scope::of(testing::query(random).expr().clone());
    scope.own = random.once_in(3);
    let time = |random: &mut Random| {
        testing::NOW.plus_micros(-(random.below(400 * 86_400) as i64) * 1_000_000)
    };
    scope.from = random.once_in(4).then(|| time(random));
    scope.to = random.once_in(4).then(|| time(random));
    scope.as_of = random
        .once_in(4)
        .then(|| Count::new(random.below(events as usize + 1) as u64));
    let order = random.pick(&[
        Order::OccurredDesc,
        Order::OccurredAsc,
        Order::SequenceDesc,
        Order::SequenceAsc,
    ]);
    Search {
        scope,
        order,
        limit: 1 + random.below(30),
        after: None,
    }
}

fn first_seed() -> u64 {
    std::env::var("ANNALS_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1)
}

/// 40 ledgers, 260 questions each, in four homes.
#[test]
fn every_home_answers_what_looking_at_every_event_answers() {
    for seed in first_seed()..first_seed() + 40 {
        let random = &mut Random::new(seed);
        let count = 40 + random.below(260) as u64;
        let log = FakeLog::of(corpus(random, count), 1 + random.below(50));
        let events = log.events();
        let searches: Vec<Search> = (0..260).map(|_| random_search(random, count)).collect();
        let dir = tempfile::tempdir().unwrap();
        let check_all = |engine: &LocalEngine, home: &str| {
            searches
                .iter()
                .for_each(|search| check(engine, &log.events(), search, home, seed));
        };

        let engine = open(&log, dir.path());
        take_in(&engine, &log);
        check_all(&engine, "tail");

        let middle = random.below(count as usize) as u64;
        log.seal(middle / 2);
        settle(&engine);
        log.seal(middle);
        settle(&engine);
        check_all(&engine, "parts and tail");

        log.seal(count);
        let empty = tempfile::tempdir().unwrap();
        check_all(&open(&log, empty.path()), "parts without an index");

        settle(&engine);
        assert_eq!(engine.stats().covered.get(), count);
        log.merge();
        settle(&engine);
        check_all(&engine, "merged parts");
        drop(engine);
        let again = open(&log, dir.path());
        assert_eq!(again.stats().unindexed_parts, 0);
        check_all(&again, "merged parts opened again");

        let erased: HashSet<u64> = (0..count).filter(|_| random.once_in(5)).collect();
        log.erase(&erased);
        log.merge();
        settle(&again);
        check_all(&again, "parts after an erasure");
        drop(events);
    }
}
