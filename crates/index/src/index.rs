//! The index of a ledger: an engine, a thread that takes in what is new, and the background work
//! that makes its files.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use event::Count;
use ledger::{Lane, Ledger, Meters, Work};
use parking_lot::Mutex;
use query::ExactField;

use crate::engine::{
    Buckets, Completion, Engine, Grouping, Groups, Histogram, Hits, Matches, Order, Scope, Search,
    SearchError, Stats, Top, Totals,
};
use crate::local::LocalEngine;
use crate::log::Log;
use crate::settle::Look;

/// How long the thread waits at once before it looks whether it should stop.
const PATIENCE: Duration = Duration::from_millis(200);
/// Name of the index's folder in that of the ledger.
const FOLDER: &str = "index";

/// The search index of one ledger. Dropping it stops its thread and its work; its files stay.
pub struct Index {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    /// Its folder, for the log of the server.
    name: String,
    log: Arc<dyn Log>,
    engine: LocalEngine,
    stopped: AtomicBool,
    me: Weak<Inner>,
}

impl Index {
    /// Opens the index of a ledger and starts to follow it. What is missing or damaged is built in
    /// the background; answers are exact at once.
    ///
    /// # Errors
    /// When the index's folder cannot be made or read, or a thread cannot be started.
    pub fn open(ledger: Ledger) -> io::Result<Index> {
        let dir = ledger.dir().to_owned();
        Index::over(Arc::new(ledger), &dir)
    }

    /// Opens the index of any log, with its files in `dir/index`.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn over(log: Arc<dyn Log>, dir: &Path) -> io::Result<Index> {
        let engine = LocalEngine::open(log.clone(), dir.join(FOLDER))?;
        let inner = Arc::new_cyclic(|me| Inner {
            name: engine.folder.display().to_string(),
            log,
            engine,
            stopped: AtomicBool::new(false),
            me: me.clone(),
        });
        inner.log.add_follower(inner.me.clone());
        let follower = inner.clone();
        let thread = std::thread::Builder::new()
            .name("annals-follow".to_owned())
            .spawn(move || follower.follow())?;
        Ok(Index {
            inner,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Finds a page of events.
    ///
    /// # Errors
    /// When events cannot be read.
    pub fn search(&self, search: &Search) -> Result<Hits, SearchError> {
        self.current()?.search(search)
    }

    /// Counts events.
    ///
    /// # Errors
    /// When events cannot be read.
    pub fn count(&self, scope: &Scope) -> Result<Totals, SearchError> {
        self.current()?.count(scope)
    }

    /// Counts events in buckets of time.
    ///
    /// # Errors
    /// When events cannot be read, or the field to split by is not kept.
    pub fn histogram(&self, histogram: &Histogram) -> Result<Buckets, SearchError> {
        self.current()?.histogram(histogram)
    }

    /// Lists the most frequent values of a field.
    ///
    /// # Errors
    /// When events cannot be read, or the field's values are only kept for looking up.
    pub fn top(&self, scope: &Scope, field: ExactField, limit: usize) -> Result<Top, SearchError> {
        self.current()?.top(scope, field, limit)
    }

    /// Counts events by combinations of values.
    ///
    /// # Errors
    /// When events cannot be read, or the values of a field are not kept by event.
    pub fn groups(&self, grouping: &Grouping<'_>) -> Result<Groups, SearchError> {
        self.current()?.groups(grouping)
    }

    /// Suggests values or words that begin with `prefix`, most frequent first.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn complete(
        &self,
        what: Completion,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, u64)>, SearchError> {
        self.current()?.complete(what, prefix, limit)
    }

    /// Every matching place, in order, found as it is taken.
    ///
    /// # Errors
    /// When events cannot be read.
    pub fn matches(&self, scope: &Scope, order: Order) -> Result<(Totals, Matches), SearchError> {
        self.current()?.matches(scope, order)
    }

    /// How large the index is and how far it has come.
    pub fn stats(&self) -> Stats {
        self.inner.engine.stats()
    }

    /// Waits until every sealed event is answered for by index files, at most `patience`.
    pub fn wait_settled(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            let snapshot = self.inner.log.snapshot();
            let stats = self.stats();
            if stats.covered >= snapshot.sealed
                && stats.unindexed_parts == 0
                && stats.parts == snapshot.parts.len() as u64
            {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The engine, with everything in it that is durable now.
    fn current(&self) -> Result<&LocalEngine, SearchError> {
        self.inner.engine.catch_up(self.inner.log.durable())?;
        Ok(&self.inner.engine)
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.inner.stopped.store(true, Ordering::Release);
        self.inner.engine.stop();
        // Closing an idle ledger is what another one's opening waits for.
        self.inner.log.wake();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn follow(&self) {
        // Whoever needs an event takes it in himself if it is not there yet: a search, and sealing.
        ledger::step_back();
        let mut looked = Instant::now();
        while !self.is_stopped() {
            if let Err(error) = self.engine.take(Count::new(u64::MAX), PATIENCE) {
                tracing::error!(%error, "the index cannot follow the ledger; it is tried again");
                std::thread::sleep(PATIENCE);
            }
            if looked.elapsed() >= PATIENCE {
                looked = Instant::now();
                self.look();
            }
        }
    }

    /// Lets parts answer for what was taken in meanwhile, and has made what is missing.
    fn look(&self) {
        match self.engine.look() {
            Ok(Look::Settled) => {}
            Ok(Look::FilesMissing) => self.log.add_follower(self.me.clone()),
            Err(error) => {
                tracing::error!(%error, "the index cannot take up the parts of the ledger; it is tried again")
            }
        }
    }
}

impl Work for Inner {
    fn name(&self) -> &str {
        &self.name
    }

    fn work(&self, lane: Lane, meters: &Meters) -> io::Result<bool> {
        self.engine.settle(lane, meters)
    }

    fn before_seal(&self, end: Count) {
        // What the tail has goes into the index of the part; what it has not is read from the part.
        if !self.is_stopped()
            && let Err(error) = self.engine.catch_up(end)
        {
            tracing::error!(%error, "the index cannot follow the ledger; it reads the part instead");
        }
    }
}
