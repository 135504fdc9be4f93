//! The engine against the plain meaning of the language: matches, tail, parts and parts without an
//! index give one answer.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use event::{Acceptance, Content, Count, Event, Kind, Recorded, Salt, Sequence, Timestamp};
use ledger::{
    Erasure, Erasures, FollowError, Lane, Meters, PartInfo, PartName, Pool, ReadError, Shelf,
    Snapshot, ViewProgress, Work,
};
use parking_lot::Mutex;
use query::testing::{self, Random};
use query::{ExactField, Expr, Leaf, MetadataValue, NumberField, Query, Sink, TextField};

use crate::engine::{
    By, Engine, Grouping, Histogram, Order, Position, Scope, Search, SearchError, Split,
};
use crate::local::LocalEngine;
use crate::log::{Batch, Log};

/// A log in memory, whose parts are made when a test says so.
struct FakeLog {
    state: Mutex<FakeState>,
    pool: Pool,
    /// How often a part was read.
    reads: AtomicU64,
}

#[derive(Default)]
struct FakeState {
    events: Arc<Vec<Recorded>>,
    batches: Vec<Arc<dyn Batch>>,
    parts: Vec<(PartInfo, Vec<u64>)>,
    sealed: u64,
    erased_through: u64,
    pending: Vec<Erasure>,
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
            pool: Pool::start().unwrap(),
            reads: AtomicU64::new(0),
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

    fn erasures(&self) -> Erasures {
        let state = self.state.lock();
        Erasures {
            through: Count::new(state.erased_through),
            pending: state.pending.as_slice().into(),
        }
    }

    fn id_candidates(&self, id: &str) -> Result<Vec<Sequence>, ReadError> {
        let events = self.events();
        let carries = |event: &&Recorded| {
            let own = event.field(event::path::ID);
            own.is_some_and(|own| own.as_string().as_deref() == Some(id))
        };
        Ok(events
            .iter()
            .filter(carries)
            .map(|event| event.sequence)
            .collect())
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
        self.reads.fetch_add(1, Ordering::Relaxed);
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

    fn set_view_progress(&self, _: ViewProgress) {}

    fn wake(&self) {}

    fn add_follower(&self, follower: Weak<dyn Work>) {
        self.pool.wake(&follower, &Lane::ALL);
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
    while work(engine) {}
}

/// Makes the next file, of whichever lane.
fn work(engine: &LocalEngine) -> bool {
    let meters = Meters::default();
    Lane::ALL
        .iter()
        .any(|lane| engine.settle(*lane, &meters).unwrap())
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
    let found: Vec<_> = answer.hits.iter().map(|hit| pair(&hit.position)).collect();
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

/// 40 ledgers, 50 questions each, in six homes: 12,000 answers.
#[test]
fn every_home_answers_what_looking_at_every_event_answers() {
    for seed in first_seed()..first_seed() + 40 {
        let random = &mut Random::new(seed);
        let count = 40 + random.below(260) as u64;
        let log = FakeLog::of(corpus(random, count), 1 + random.below(50));
        let searches: Vec<Search> = (0..50).map(|_| random_search(random, count)).collect();
        let dir = tempfile::tempdir().unwrap();
        let check_all = |engine: &LocalEngine, home: &str| {
            let random = &mut Random::new(seed);
            for search in &searches {
                check(engine, &log.events(), search, home, seed);
                if random.once_in(5) {
                    check_groups(engine, &log.events(), &search.scope, random, home);
                }
            }
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
        let other = open(&log, empty.path());
        check_all(&other, "parts without an index");
        settle(&other);
        check_all(&other, "parts whose index is made from them");
        drop(other);

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
    }
}

/// Ledgers whose events are in several parts and the tail.
fn mixed(seed: u64, dir: &std::path::Path) -> (Arc<FakeLog>, LocalEngine) {
    let random = &mut Random::new(seed);
    let log = FakeLog::of(corpus(random, 1_500), 37);
    let engine = open(&log, dir);
    take_in(&engine, &log);
    for end in [400, 900, 1_100] {
        log.seal(end);
        settle(&engine);
    }
    (log, engine)
}

#[test]
fn what_is_erased_is_not_found_from_the_tombstone_on() {
    for seed in 0..12 {
        let dir = tempfile::tempdir().unwrap();
        let (log, engine) = mixed(seed, dir.path());
        let random = &mut Random::new(100 + seed);
        let pending: Vec<Erasure> = (0..6)
            .map(|n| {
                let first = random.below(1_450) as u64;
                Erasure {
                    first,
                    last: first + random.below(40) as u64,
                    category: None,
                    // Some lose everything, some single fields.
                    fields: if n % 2 == 0 { vec![] } else { vec![0, 2, 3, 5] },
                }
            })
            .collect();
        let erased = |events: &[Recorded]| -> Vec<Recorded> {
            let one = |event: &Recorded| {
                pending
                    .iter()
                    .fold(event.clone(), |event, erasure| erasure.apply(event))
            };
            events.iter().map(one).collect()
        };
        let events = erased(&log.events());
        let searches: Vec<Search> = (0..40).map(|_| random_search(random, 1_500)).collect();
        let check_all = |home: &str| {
            for search in &searches {
                check(&engine, &events, search, home, seed);
            }
            check_words(&engine, &events, home);
        };

        log.state.lock().pending = pending.clone();
        check_all("with a tombstone");

        {
            // Carried out in the sealed events only, as a ledger does; the others wait.
            let mut state = log.state.lock();
            let (done, waiting) = pending.iter().cloned().partition(|it| it.last < 1_100);
            state.pending = done;
            let masked: Vec<Recorded> = {
                let apply = |event: &Recorded| {
                    let erasures = state.pending.iter();
                    erasures.fold(event.clone(), |event, erasure| erasure.apply(event))
                };
                state.events.iter().map(apply).collect()
            };
            state.events = Arc::new(masked);
            state.pending = waiting;
        }
        log.erase(&HashSet::new());
        check_all("carried out, indices not built yet");
        log.merge();
        settle(&engine);
        check_all("carried out");
    }
}

/// No word that completes is in no event.
#[track_caller]
fn check_words(engine: &LocalEngine, events: &[Recorded], home: &str) {
    let mut known = HashSet::new();
    for event in events {
        query::analyze(event, &mut Actions(&mut known));
    }
    let what = crate::engine::Completion::Values(ExactField::Action);
    for (value, _) in engine.complete(what, "", 10_000).unwrap() {
        assert!(known.contains(&value), "{home}: `{value}` still completes");
    }
}

struct Actions<'a>(&'a mut HashSet<String>);

impl Sink for Actions<'_> {
    fn exact(&mut self, field: ExactField, folded: &str) {
        if field == ExactField::Action {
            self.0.insert(folded.to_owned());
        }
    }
    fn text(&mut self, _: TextField, _: &str) {}
    fn metadata(&mut self, _: &str, _: MetadataValue<'_>) {}
    fn number(&mut self, _: NumberField, _: i64) {}
    fn ip(&mut self, _: std::net::IpAddr) {}
}

#[test]
fn pages_follow_each_other_without_gap_or_double() {
    let dir = tempfile::tempdir().unwrap();
    let (log, engine) = mixed(11, dir.path());
    let random = &mut Random::new(12);
    for order in [
        Order::OccurredDesc,
        Order::OccurredAsc,
        Order::SequenceDesc,
        Order::SequenceAsc,
    ] {
        for expr in [
            Expr::All,
            testing::query(random).expr().clone(),
            testing::query(random).expr().clone(),
        ] {
            let scope = Scope {
                own: true,
                ..Scope::of(expr)
            };
            let whole = Search {
                scope: scope.clone(),
                order,
                limit: usize::MAX,
                after: None,
            };
            let (hits, total, _) = naive(&log.events(), &whole);
            let (totals, all) = engine.matches(&scope, order).unwrap();
            assert_eq!(totals.total, total);
            assert_eq!(all.map(|hit| pair(&hit.position)).collect::<Vec<_>>(), hits);

            let mut paged = Vec::new();
            let mut search = Search {
                limit: 1 + random.below(200),
                ..whole
            };
            loop {
                let page = engine.search(&search).unwrap();
                assert_eq!(page.totals.total, total);
                paged.extend(page.hits.iter().map(|hit| pair(&hit.position)));
                search.after = page.next;
                if page.next.is_none() {
                    break;
                }
            }
            assert_eq!(paged, hits);
        }
    }
}

/// The values of one field of an event, in order, each once.
fn values(event: &Recorded, field: ExactField) -> Vec<String> {
    struct Take(ExactField, Vec<String>);
    impl Sink for Take {
        fn exact(&mut self, field: ExactField, folded: &str) {
            if field == self.0 && !self.1.iter().any(|value| value == folded) {
                self.1.push(folded.to_owned());
            }
        }
        fn text(&mut self, _: TextField, _: &str) {}
        fn metadata(&mut self, _: &str, _: MetadataValue<'_>) {}
        fn number(&mut self, _: NumberField, _: i64) {}
        fn ip(&mut self, _: std::net::IpAddr) {}
    }
    let mut take = Take(field, Vec::new());
    query::analyze(event, &mut take);
    take.1
}

/// Ids of sessions that differ in their last character are one class; the others have none.
fn class(value: &str) -> Option<String> {
    let (last, _) = value.char_indices().next_back()?;
    (last > 1).then(|| value[..last].to_owned())
}

/// What a fold over the events knows of a group.
#[derive(Default)]
struct NaiveGroup {
    at: Vec<(i64, u64)>,
    durations: Vec<i64>,
    stretches: Vec<(i64, i64)>,
}

/// Microseconds that stretches of time cover, by asking of each moment where one begins or ends.
fn covered(stretches: &[(i64, i64)]) -> u64 {
    let mut ends: Vec<i64> = stretches.iter().flat_map(|it| [it.0, it.1]).collect();
    ends.sort_unstable();
    let is_covered = |pair: &&[i64]| {
        stretches
            .iter()
            .any(|(start, end)| *start <= pair[0] && pair[1] <= *end)
    };
    let pairs = ends.windows(2).filter(is_covered);
    pairs.map(|pair| pair[0].abs_diff(pair[1])).sum()
}

fn duration(event: &Recorded) -> Option<i64> {
    struct Take(Option<i64>);
    impl Sink for Take {
        fn exact(&mut self, _: ExactField, _: &str) {}
        fn text(&mut self, _: TextField, _: &str) {}
        fn metadata(&mut self, _: &str, _: MetadataValue<'_>) {}
        fn number(&mut self, field: NumberField, value: i64) {
            if field == NumberField::Duration {
                self.0 = Some(value);
            }
        }
        fn ip(&mut self, _: std::net::IpAddr) {}
    }
    let mut take = Take(None);
    query::analyze(event, &mut take);
    take.0
}

/// Groups by any fields are those of a fold over the events.
#[track_caller]
fn check_groups(
    engine: &LocalEngine,
    events: &[Recorded],
    scope: &Scope,
    random: &mut Random,
    home: &str,
) {
    let by: Vec<By<'_>> = (0..random.below(4))
        .map(|_| By {
            field: random.pick(crate::document::VALUE_FIELDS),
            class: random
                .once_in(3)
                .then_some(&class as &crate::engine::Class<'_>),
        })
        .collect();
    let fields: Vec<ExactField> = by.iter().map(|by| by.field).collect();
    let from = testing::NOW.plus_micros(-(random.below(400) as i64) * 86_400_000_000);
    let to = from.plus_micros(random.below(100) as i64 * 86_400_000_000);
    let counts = |event: &&Recorded| {
        in_scope(event, scope) && (scope.own || event.kind == Kind::Application)
    };
    let mut naive: BTreeMap<Vec<Option<String>>, NaiveGroup> = BTreeMap::new();
    let mut all = Vec::new();
    for event in events.iter().filter(counts) {
        let key = by.iter().map(|by| {
            let value = values(event, by.field).into_iter().next()?;
            by.class.map_or(Some(value.clone()), |class| class(&value))
        });
        let group = naive.entry(key.collect()).or_default();
        let time = occurred(event);
        group.at.push((time, event.sequence.get()));
        if let Some(duration) = duration(event) {
            group.durations.push(duration);
            let end = to.as_micros().min(time + duration * 1000);
            let stretch = (time.max(from.as_micros()), end);
            if stretch.0 < stretch.1 {
                group.stretches.push(stretch);
                all.push(stretch);
            }
        }
    }
    let whole: usize = naive.values().map(|group| group.at.len()).sum();
    let without = (!fields.is_empty())
        .then(|| naive.remove(&vec![None; fields.len()]))
        .flatten();
    let mut expected: Vec<_> = naive.into_iter().collect();
    expected.sort_by_key(|(_, group)| std::cmp::Reverse(group.at.len()));
    let limit = match random.once_in(3) {
        true => random.below(5),
        false => usize::MAX,
    };
    let grouping = Grouping {
        scope: scope.clone(),
        by,
        window: Some((from, to)),
        limit,
    };
    let context = || format!("{home}: {fields:?} {scope:?}");
    let answer = engine.groups(&grouping).unwrap();
    assert_eq!(answer.distinct, expected.len() as u64, "{}", context());
    assert_eq!(answer.covered_micros, covered(&all), "{}", context());
    assert_eq!(answer.groups.len(), expected.len().min(limit));
    assert_eq!(answer.totals.total, whole as u64, "{}", context());
    assert_eq!(
        answer.without.as_ref().map(|group| group.events),
        without.as_ref().map(|group| group.at.len() as u64),
        "{}",
        context()
    );
    for (group, (key, naive)) in answer.groups.iter().zip(&expected) {
        assert_eq!(&group.values, key, "{}", context());
        assert_eq!(group.events, naive.at.len() as u64, "{}", context());
        assert_eq!(Some(&pair(&group.first)), naive.at.iter().min());
        assert_eq!(Some(&pair(&group.last)), naive.at.iter().max());
        let sum: u128 = naive.durations.iter().map(|it| *it as u128).sum();
        assert_eq!(
            (group.timed, group.duration_ms),
            (naive.durations.len() as u64, sum),
            "{}",
            context()
        );
        assert_eq!(
            group.covered_micros,
            covered(&naive.stretches),
            "{}",
            context()
        );
    }
}

#[test]
fn many_values_are_grouped_as_few_are() {
    let dir = tempfile::tempdir().unwrap();
    let (log, engine) = mixed(45, dir.path());
    let random = &mut Random::new(46);
    let fields = [
        ExactField::Action,
        ExactField::ActorId,
        ExactField::TargetId,
        ExactField::Session,
        ExactField::Ip,
    ];
    let answer = engine
        .groups(&Grouping {
            scope: Scope::of(Expr::All),
            by: fields.map(By::values).to_vec(),
            window: None,
            limit: usize::MAX,
        })
        .unwrap();
    let events = log.events();
    let counts = |event: &&Recorded| event.kind == Kind::Application;
    let keys: HashSet<Vec<Option<String>>> = events
        .iter()
        .filter(counts)
        .map(|event| {
            fields
                .map(|field| values(event, field).into_iter().next())
                .to_vec()
        })
        .filter(|values| values.iter().any(Option::is_some))
        .collect();
    let found: HashSet<Vec<Option<String>>> =
        answer.groups.iter().map(|it| it.values.clone()).collect();
    assert_eq!(found, keys);
    assert!(matches!(
        engine.groups(&Grouping {
            scope: Scope::of(Expr::All),
            by: vec![By::values(ExactField::Label)],
            window: None,
            limit: 1,
        }),
        Err(SearchError::NotCounted(ExactField::Label))
    ));
    for scope in counting_scopes(random) {
        check_groups(&engine, &log.events(), &scope, random, "parts and tail");
    }
}

fn counting_scopes(random: &mut Random) -> Vec<Scope> {
    let mut scopes = vec![
        Scope::of(Expr::All),
        Scope {
            own: true,
            ..Scope::of(Expr::All)
        },
    ];
    scopes.extend((0..20).map(|_| random_search(random, 1_500).scope));
    scopes
}

#[test]
fn top_values_are_those_of_a_fold_over_the_events() {
    let dir = tempfile::tempdir().unwrap();
    let (log, engine) = mixed(21, dir.path());
    let plain_dir = tempfile::tempdir().unwrap();
    let plain = open(&log, plain_dir.path());
    take_in(&plain, &log);
    for scope in counting_scopes(&mut Random::new(22)) {
        for field in ExactField::ALL.iter().copied() {
            if field.is_lookup_only() {
                assert!(matches!(
                    engine.top(&scope, field, 3),
                    Err(SearchError::NotCounted(_))
                ));
                continue;
            }
            let mut sums: BTreeMap<String, u64> = BTreeMap::new();
            let events = log.events();
            let counts = |event: &&Recorded| {
                in_scope(event, &scope) && (scope.own || event.kind == Kind::Application)
            };
            for event in events.iter().filter(counts) {
                values(event, field)
                    .into_iter()
                    .for_each(|value| *sums.entry(value).or_default() += 1);
            }
            let mut expected: Vec<(String, u64)> = sums.into_iter().collect();
            let distinct = expected.len() as u64;
            expected.sort_by(|one, two| two.1.cmp(&one.1).then_with(|| one.0.cmp(&two.0)));
            expected.truncate(4);
            for engine in [&engine, &plain] {
                let top = engine.top(&scope, field, 4).unwrap();
                assert_eq!(
                    (&top.values, top.distinct),
                    (&expected, distinct),
                    "{field:?} {scope:?}"
                );
            }
        }
    }
}

#[test]
fn histograms_are_those_of_a_fold_over_the_events() {
    let dir = tempfile::tempdir().unwrap();
    let (log, engine) = mixed(31, dir.path());
    let random = &mut Random::new(32);
    let fields = [
        None,
        Some(ExactField::Category),
        Some(ExactField::Outcome),
        Some(ExactField::ActorId),
        Some(ExactField::TargetType),
    ];
    for scope in counting_scopes(random) {
        for field in fields {
            let start = testing::NOW.plus_micros(-(random.below(400) as i64) * 86_400_000_000);
            let step = 1 + random.below(40) as i64 * 86_400_000_000 / 3;
            let boundaries: Vec<Timestamp> = (0..2 + random.below(30) as i64)
                .map(|n| start.plus_micros(n * step))
                .collect();
            let histogram = Histogram {
                scope: scope.clone(),
                boundaries,
                split: field.map(|field| Split {
                    field,
                    limit: 1_000,
                }),
            };
            check_histogram(&engine, &log.events(), &histogram, "mixed");
        }
    }
}

#[track_caller]
fn check_histogram(engine: &LocalEngine, events: &[Recorded], asked: &Histogram, home: &str) {
    let Histogram {
        scope,
        boundaries,
        split,
    } = asked;
    let buckets = boundaries.len() - 1;
    let mut counts = vec![0; buckets];
    let mut by_value: BTreeMap<Option<String>, Vec<u64>> = BTreeMap::new();
    let mut own_left_out = 0;
    for event in events.iter().filter(|event| in_scope(event, scope)) {
        let time = occurred(event);
        let bucket = (0..buckets)
            .find(|n| boundaries[*n].as_micros() <= time && time < boundaries[n + 1].as_micros());
        let Some(bucket) = bucket else { continue };
        if !scope.own && event.kind != Kind::Application {
            own_left_out += 1;
            continue;
        }
        counts[bucket] += 1;
        let value = split.and_then(|split| values(event, split.field).into_iter().next());
        by_value.entry(value).or_insert_with(|| vec![0; buckets])[bucket] += 1;
    }
    let answer = engine.histogram(asked).unwrap();
    assert_eq!(answer.counts, counts, "{home}: {asked:?}");
    let totals = (answer.totals.total, answer.totals.own_left_out);
    let expected = (counts.iter().sum::<u64>(), own_left_out);
    assert_eq!(totals, expected, "{home}: {asked:?}");
    if split.is_some() {
        let series: BTreeMap<_, _> = answer.series.into_iter().collect();
        assert_eq!(series, by_value, "{home}: {asked:?}");
    }
}

const MINUTE_MICROS: i64 = 60_000_000;
const HOUR_MICROS: i64 = 60 * MINUTE_MICROS;

/// Events that happened one a minute, moved by up to a minute; of twenty one is up to two days late,
/// and now and then a clock is wrong by years.
fn late_corpus(random: &mut Random, events: i64) -> Vec<Recorded> {
    let one = |n: i64| {
        let received_at = testing::NOW.plus_micros((n - events) * MINUTE_MICROS);
        let moved = random.below(2 * MINUTE_MICROS as usize) as i64 - MINUTE_MICROS;
        let moved = match random.below(400) {
            0 => -received_at.as_micros(),
            1 => -(random.below(3 * 365 * 24) as i64) * HOUR_MICROS,
            2..22 => -(random.below(48 * HOUR_MICROS as usize) as i64),
            _ => moved,
        };
        let json = format!(
            r#"{{"action":"{}","category":"{}","actor":{{"type":"user","id":"u-{}"}},"outcome":"{}","occurred_at":"{}"}}"#,
            random.pick(&["login", "order.view"]),
            random.pick(&["security", "view", "view", "view"]),
            random.below(40),
            random.pick(&["success", "success", "success", "failure"]),
            received_at.plus_micros(moved),
        );
        let acceptance = Acceptance {
            now: testing::NOW,
            key_id: None,
            import: None,
        };
        let event = Event::accept(json.as_bytes(), &acceptance).unwrap();
        Recorded {
            sequence: Sequence::new(n as u64),
            received_at,
            kind: match random.once_in(50) {
                true => Kind::Own,
                false => Kind::Application,
            },
            category: event.category(),
            content: Content::Whole {
                salt: Salt([7; 16]),
                event,
            },
            enrichment: None,
        }
    };
    (0..events).map(one).collect()
}

/// Boundaries as a chart has them, at whole steps or not, of days that are 23 to 25 hours long, or
/// without any order to them.
fn random_boundaries(random: &mut Random, minutes: i64) -> Vec<Timestamp> {
    let start = -(random.below(minutes as usize + 3_000) as i64) * MINUTE_MICROS;
    let start = match random.once_in(2) {
        true => start - start.rem_euclid(24 * HOUR_MICROS),
        false => start - random.below(MINUTE_MICROS as usize) as i64,
    };
    let step = random.pick(&[15 * MINUTE_MICROS, HOUR_MICROS, 24 * HOUR_MICROS, 0]);
    let mut end = testing::NOW.as_micros() + start;
    (0..2 + random.below(40))
        .map(|_| {
            let boundary = Timestamp::from_micros(end);
            end += match step {
                0 => random.below(30 * HOUR_MICROS as usize) as i64,
                day if day > HOUR_MICROS => day + random.pick(&[0, 0, 0, -1, 1]) * HOUR_MICROS,
                step => step,
            };
            boundary
        })
        .collect()
}

/// 60 charts of each of five ledgers, in five homes: 1,500 answers.
#[test]
fn histograms_of_late_events_are_those_of_a_fold_over_the_events() {
    for seed in first_seed()..first_seed() + 5 {
        let random = &mut Random::new(seed);
        let minutes = 3_000 + random.below(3_000) as i64;
        let log = FakeLog::of(late_corpus(random, minutes), 500);
        let questions = [
            "*",
            "*",
            "outcome:success",
            "action:login",
            "actor.id:u-7",
            "-category:view",
            "-actor.id:u-7",
        ];
        let mut asked = Vec::new();
        for _ in 0..60 {
            let question = query::parse(random.pick(&questions), &testing::context()).unwrap();
            let mut scope = Scope::of(question.expr().clone());
            let time = |random: &mut Random| {
                testing::NOW.plus_micros(-(random.below(minutes as usize) as i64) * 61_234_567)
            };
            scope.from = random.once_in(3).then(|| time(random));
            scope.to = random.once_in(3).then(|| time(random));
            scope.own = random.once_in(3);
            let count = random.below(minutes as usize) as u64;
            scope.as_of = random.once_in(4).then(|| Count::new(count));
            let field = random.pick(&[
                None,
                Some(ExactField::Category),
                Some(ExactField::Outcome),
                Some(ExactField::ActorId),
                Some(ExactField::App),
                Some(ExactField::Session),
                Some(ExactField::TargetId),
            ]);
            asked.push(Histogram {
                scope,
                boundaries: random_boundaries(random, minutes),
                split: field.map(|field| Split {
                    field,
                    limit: 1_000,
                }),
            });
        }
        let dir = tempfile::tempdir().unwrap();
        let engine = open(&log, dir.path());
        let check_all = |home: &str| {
            let home = format!("{home}, seed {seed}");
            for asked in &asked {
                check_histogram(&engine, &log.events(), asked, &home);
            }
        };
        take_in(&engine, &log);
        check_all("tail");
        let middle = random.below(minutes as usize) as u64;
        for end in [middle / 2, middle] {
            log.seal(end);
            settle(&engine);
        }
        check_all("parts and tail");
        log.seal(minutes as u64);
        settle(&engine);
        check_all("parts");
        log.merge();
        settle(&engine);
        check_all("merged parts");
        let erased = (0..minutes as u64).filter(|_| random.once_in(30)).collect();
        log.erase(&erased);
        settle(&engine);
        check_all("parts after an erasure");
    }
}

#[test]
fn a_histogram_puts_rare_values_together() {
    let dir = tempfile::tempdir().unwrap();
    let (_, engine) = mixed(41, dir.path());
    let boundaries = vec![Timestamp::from_micros(0), testing::NOW.plus_micros(1)];
    let histogram = |limit| Histogram {
        scope: Scope::of(Expr::All),
        boundaries: boundaries.clone(),
        split: Some(Split {
            field: ExactField::Action,
            limit,
        }),
    };
    let (all, few) = (
        engine.histogram(&histogram(100)).unwrap(),
        engine.histogram(&histogram(2)).unwrap(),
    );
    assert_eq!(few.series.len(), 3);
    assert_eq!(few.series[..2], all.series[..2]);
    assert_eq!(few.series[2].0, None);
    assert_eq!(
        few.series.iter().map(|(_, row)| row[0]).sum::<u64>(),
        few.counts[0]
    );
}

/// Every file of an index.
fn files(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let shelves = fs::read_dir(dir.join("index"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = shelves
        .flat_map(|shelf| {
            fs::read_dir(shelf)
                .unwrap()
                .map(|entry| entry.unwrap().path())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_missing_damaged_or_left_over_is_put_right_while_serving() {
    let dir = tempfile::tempdir().unwrap();
    let (log, engine) = mixed(51, dir.path());
    drop(engine);
    let random = &mut Random::new(52);
    let good: Vec<(std::path::PathBuf, Vec<u8>)> = files(dir.path())
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    for round in 0..30 {
        let (path, bytes) = &good[random.below(good.len())];
        let mut broken = bytes.clone();
        match round % 5 {
            0 => fs::remove_file(path).unwrap(),
            1 => fs::write(path, []).unwrap(),
            2 => {
                broken.truncate(random.below(bytes.len()));
                fs::write(path, &broken).unwrap();
            }
            3 => {
                // As a crash leaves it: unfinished beside the place, which is empty.
                fs::rename(path, path.with_extension("9.new")).unwrap();
                fs::write(dir.path().join("index/stray"), b"x").unwrap();
            }
            _ => {
                let at = random.below(bytes.len());
                broken[at] ^= 1 << random.below(8);
                fs::write(path, &broken).unwrap();
            }
        }
        let engine = open(&log, dir.path());
        take_in(&engine, &log);
        assert_eq!(engine.stats().unindexed_parts, 1, "round {round}");
        for search in (0..8)
            .map(|_| random_search(random, 1_500))
            .collect::<Vec<_>>()
        {
            check(
                &engine,
                &log.events(),
                &search,
                "a part to be built again",
                52,
            );
        }
        settle(&engine);
        assert_eq!(engine.stats().unindexed_parts, 0);
        let search = random_search(random, 1_500);
        check(&engine, &log.events(), &search, "built again", 52);
        drop(engine);
        assert_eq!(
            files(dir.path()),
            good.iter()
                .map(|(path, _)| path.clone())
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn an_index_of_another_schema_is_built_again() {
    let dir = tempfile::tempdir().unwrap();
    let (log, engine) = mixed(61, dir.path());
    drop(engine);
    for path in files(dir.path()) {
        let text = fs::read(&path).unwrap();
        let part = path
            .strip_prefix(dir.path().join("index"))
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let origin = crate::file::Origin { part, count: 1 };
        let mut file = crate::file::FileWriter::create(&dir.path().join("index"), origin).unwrap();
        file.section("other", &text).unwrap();
        file.publish("another schema").unwrap();
    }
    let engine = open(&log, dir.path());
    take_in(&engine, &log);
    assert!(engine.stats().unindexed_parts > 0);
    settle(&engine);
    assert_eq!(engine.stats().unindexed_parts, 0);
    check(
        &engine,
        &log.events(),
        &random_search(&mut Random::new(62), 1_500),
        "built again",
        61,
    );
}

#[test]
fn events_sealed_before_they_were_taken_in_are_still_found() {
    let dir = tempfile::tempdir().unwrap();
    let random = &mut Random::new(71);
    let log = FakeLog::of(corpus(random, 600), 50);
    let index = crate::Index::over(log.clone(), dir.path()).unwrap();
    for end in (50..=600).step_by(50) {
        log.seal(end);
        let search = random_search(random, 600);
        let (hits, total, _) = naive(&log.events(), &search);
        let answer = index.search(&search).unwrap();
        assert_eq!(
            answer
                .hits
                .iter()
                .map(|hit| pair(&hit.position))
                .collect::<Vec<_>>(),
            hits[..hits.len().min(search.limit)]
        );
        assert_eq!(answer.totals.total, total);
    }
    assert!(index.wait_settled(Duration::from_secs(60)));
    log.merge();
    assert!(index.wait_settled(Duration::from_secs(60)));
    assert_eq!(
        index
            .count(&Scope {
                own: true,
                ..Scope::of(Expr::All)
            })
            .unwrap()
            .total,
        600
    );
    assert_eq!(index.stats().covered.get(), 600);
}

#[test]
fn the_index_of_a_new_part_is_made_from_the_tail_unless_something_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let random = &mut Random::new(71);
    let log = FakeLog::of(corpus(random, 900), 50);
    let engine = open(&log, dir.path());
    take_in(&engine, &log);
    let searches: Vec<Search> = (0..50).map(|_| random_search(random, 900)).collect();
    let reads = || log.reads.load(Ordering::Relaxed);
    log.seal(300);
    settle(&engine);
    assert_eq!(engine.stats().covered.get(), 300);
    assert_eq!(reads(), 0, "no part is read");
    for search in &searches {
        check(&engine, &log.events(), search, "made from the tail", 71);
    }

    let erasure = Erasure {
        first: 310,
        last: 310,
        category: None,
        fields: vec![],
    };
    log.state.lock().pending = vec![erasure];
    log.seal(600);
    settle(&engine);
    let parts = log.snapshot().parts.to_vec();
    let range = |info: &&PartInfo| info.name.first <= 310 && 310 <= info.name.last;
    assert_eq!(reads(), parts.iter().filter(range).count() as u64);
    assert!((1..parts.len() as u64).contains(&reads()));

    // Carried out: the tail is forgotten, and the parts are read.
    log.state.lock().pending = vec![];
    let before = reads();
    log.erase(&HashSet::from([310]));
    settle(&engine);
    take_in(&engine, &log);
    assert!(reads() > before);
    for search in &searches {
        check(&engine, &log.events(), search, "after an erasure", 71);
    }
}

#[test]
fn ids_are_found_with_and_without_the_hash_of_a_part() {
    let one = |n: u64| {
        // The ledger knows ids as they were sent; a search does not tell capitals apart.
        let id = if n.is_multiple_of(3) {
            format!("ORDER-{n}")
        } else {
            format!("order-{n}")
        };
        let json = format!(
            r#"{{"id":"{id}","action":"login","category":"{}","actor":{{"type":"user","id":"u-1"}},"request_id":"req-{}"}}"#,
            ["security", "view"][n as usize % 2],
            n / 4,
        );
        let acceptance = Acceptance {
            now: testing::NOW,
            key_id: None,
            import: None,
        };
        let event = Event::accept(json.as_bytes(), &acceptance).unwrap();
        Recorded {
            sequence: Sequence::new(n),
            received_at: testing::NOW,
            kind: Kind::Application,
            category: event.category(),
            content: Content::Whole {
                salt: Salt([7; 16]),
                event,
            },
            enrichment: None,
        }
    };
    let log = FakeLog::of((0..600).map(one).collect(), 50);
    let leaf = |field, value: String| Expr::Leaf(Leaf::Exact { field, value });
    let check_ids = |engine: &LocalEngine, home: &str| {
        for n in (0..620).step_by(7) {
            let known = u64::from(n < 600);
            for (expr, expected) in [
                (leaf(ExactField::Id, format!("order-{n}")), known),
                (
                    leaf(ExactField::Request, format!("req-{}", n / 4)),
                    4 * known,
                ),
            ] {
                let search = Search {
                    scope: Scope::of(expr),
                    order: Order::SequenceAsc,
                    limit: 10,
                    after: None,
                };
                check(engine, &log.events(), &search, home, n);
                assert_eq!(
                    engine.search(&search).unwrap().totals.total,
                    expected,
                    "{home} {n}"
                );
            }
        }
    };
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let engine = open(&log, dirs[0].path());
    take_in(&engine, &log);
    check_ids(&engine, "tail");
    log.seal(500);
    settle(&engine);
    check_ids(&engine, "parts and tail");
    log.merge();
    settle(&engine);
    check_ids(&engine, "merged");
    let engine = open(&log, dirs[1].path());
    settle(&engine);
    take_in(&engine, &log);
    check_ids(&engine, "made from parts");
}

#[test]
fn an_index_made_from_the_tail_is_that_made_from_the_part() {
    let random = &mut Random::new(61);
    let log = FakeLog::of(corpus(random, 2_000), 70);
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let engine = open(&log, dirs[0].path());
    take_in(&engine, &log);
    log.seal(1_900);
    settle(&engine);
    assert_eq!(log.reads.load(Ordering::Relaxed), 0);
    settle(&open(&log, dirs[1].path()));
    let parts = log.snapshot().parts;
    assert_eq!(log.reads.load(Ordering::Relaxed), parts.len() as u64);
    for info in parts.iter() {
        let [one, other] = [0, 1].map(|dir| {
            let folder = dirs[dir].path().join("index");
            let name = info.name.to_string();
            let sections =
                crate::file::Sections::open(&folder, &name, &crate::keys::schema()).unwrap();
            let all = sections.iter();
            all.map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
                .collect::<BTreeMap<_, _>>()
        });
        assert!(one.len() > 20);
        assert!(one == other, "{}", info.name);
    }
}

#[test]
fn a_part_that_is_packed_anew_takes_over_its_index() {
    let dir = tempfile::tempdir().unwrap();
    let random = &mut Random::new(91);
    let log = FakeLog::of(corpus(random, 800), 50);
    let engine = open(&log, dir.path());
    take_in(&engine, &log);
    log.seal(800);
    settle(&engine);
    let parts = log.snapshot().parts;
    let (reads, bytes) = (log.reads.load(Ordering::Relaxed), engine.stats().bytes);
    // One part of each shelf as before, under new names.
    log.merge();
    assert!(
        parts
            .iter()
            .all(|part| !log.snapshot().parts.contains(part))
    );
    settle(&engine);
    assert_eq!(log.reads.load(Ordering::Relaxed), reads, "no part is read");
    assert_eq!(engine.stats().parts, parts.len() as u64);
    assert!(engine.stats().bytes.abs_diff(bytes) < 200);
    let search = random_search(&mut Random::new(92), 800);
    check(&engine, &log.events(), &search, "taken over", 91);
    drop(engine);
    let again = open(&log, dir.path());
    check(&again, &log.events(), &search, "opened again", 91);
    assert_eq!(log.reads.load(Ordering::Relaxed), reads);
}

#[test]
fn completion_counts_values_and_words() {
    let dir = tempfile::tempdir().unwrap();
    let (log, engine) = mixed(81, dir.path());
    for (field, prefix, folded) in [
        (ExactField::ActorId, "J", "j"),
        (ExactField::Ip, "10.0.0", "10.0.0"),
        (ExactField::Action, "", ""),
    ] {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for event in log.events().iter() {
            for value in values(event, field) {
                if value.starts_with(folded) {
                    *counts.entry(value).or_default() += 1;
                }
            }
        }
        let mut plain: Vec<_> = counts.into_iter().collect();
        plain.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        plain.truncate(10);
        let completed = engine
            .complete(crate::Completion::Values(field), prefix, 10)
            .unwrap();
        assert!(!plain.is_empty());
        assert_eq!(completed, plain, "{field:?}");
    }
    let words = engine
        .complete(
            crate::Completion::Words(query::TextFields::FREE),
            "cred",
            10,
        )
        .unwrap();
    assert_eq!(words[0].0, "credit");
}
