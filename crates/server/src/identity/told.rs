//! What the ledger was told a moment ago: equal accesses of a while leave one event.
//!
//! The first is told at once, and whoever asks the same meanwhile waits until it is durable. What
//! follows within the window is counted; a counted window that had followers is told once more when
//! it ends, with their number. Memory is bounded: with [`TOLD_MAX`] windows open the oldest end
//! early.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use catalog::TenantName;
use event::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::limits::TOLD_MAX;
use crate::own::OwnEvent;

/// For how long equal accesses are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) length: Duration,
    /// Whether the followers are told of, by number, when the window ends.
    pub(crate) counted: bool,
}

/// What makes accesses equal: who, in which ledger, did what, to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Same([u8; 32]);

impl Same {
    pub(crate) fn of(parts: &[&str]) -> Same {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Same(hash.finalize().into())
    }
}

struct Open {
    ends: Instant,
    counted: bool,
    since: Timestamp,
    tenant: TenantName,
    event: OwnEvent,
    first: OnceCell<()>,
    followers: AtomicU64,
}

/// The open windows.
#[derive(Default)]
pub(crate) struct Told {
    windows: Mutex<HashMap<Same, Arc<Open>>>,
    /// Ended windows that are still to be told of.
    ended: Mutex<Vec<Arc<Open>>>,
}

impl Told {
    /// Tells the ledger with `tell`, unless it was told the same within the window.
    pub(crate) async fn once<E, F: Future<Output = Result<(), E>>>(
        &self,
        same: Same,
        window: Window,
        tenant: &TenantName,
        now: Timestamp,
        event: impl FnOnce() -> OwnEvent,
        tell: impl FnOnce(OwnEvent) -> F,
    ) -> Result<(), E> {
        let open = self.open(same, window, tenant, now, event);
        if open.first.initialized() {
            open.followers.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        let mut is_first = false;
        let told = open
            .first
            .get_or_try_init(|| {
                is_first = true;
                tell(open.event.clone())
            })
            .await;
        if !is_first && told.is_ok() {
            open.followers.fetch_add(1, Ordering::Relaxed);
        }
        told?;
        Ok(())
    }

    fn open(
        &self,
        same: Same,
        window: Window,
        tenant: &TenantName,
        now: Timestamp,
        event: impl FnOnce() -> OwnEvent,
    ) -> Arc<Open> {
        let at = Instant::now();
        let mut windows = self.windows.lock();
        if let Some(open) = windows.get(&same)
            && at < open.ends
        {
            return open.clone();
        }
        if windows.len() >= TOLD_MAX {
            self.make_room(&mut windows, at);
        }
        let open = Arc::new(Open {
            ends: at + window.length,
            counted: window.counted,
            since: now,
            tenant: tenant.clone(),
            event: event(),
            first: OnceCell::new(),
            followers: AtomicU64::new(0),
        });
        if let Some(ended) = windows.insert(same, open.clone()) {
            self.end(ended);
        }
        open
    }

    /// Ends what has run out, and then the half that would end first if that was not enough.
    fn make_room(&self, windows: &mut HashMap<Same, Arc<Open>>, at: Instant) {
        self.end_where(windows, |open| at >= open.ends);
        if windows.len() * 2 > TOLD_MAX {
            let mut ends: Vec<Instant> = windows.values().map(|open| open.ends).collect();
            let middle = ends.len() / 2;
            let (_, median, _) = ends.select_nth_unstable(middle);
            let median = *median;
            self.end_where(windows, |open| open.ends <= median);
        }
    }

    fn end_where(&self, windows: &mut HashMap<Same, Arc<Open>>, over: impl Fn(&Open) -> bool) {
        windows.retain(|_, open| {
            let stays = !over(open);
            if !stays {
                self.end(open.clone());
            }
            stays
        });
    }

    fn end(&self, open: Arc<Open>) {
        let mut ended = self.ended.lock();
        // Beyond the bound the numbers of followers are lost, never the accesses themselves.
        if open.counted && ended.len() < TOLD_MAX {
            ended.push(open);
        }
    }

    /// The events that tell of the followers of ended windows; of all windows if `all`.
    pub(crate) fn take_ended(&self, all: bool) -> Vec<(TenantName, OwnEvent)> {
        let at = Instant::now();
        {
            let mut windows = self.windows.lock();
            self.end_where(&mut windows, |open| all || at >= open.ends);
        }
        let ended = std::mem::take(&mut *self.ended.lock());
        ended
            .iter()
            .filter_map(|open| {
                let followers = open.followers.load(Ordering::Relaxed);
                (followers > 0).then(|| {
                    let event = open.event.clone();
                    let event = event
                        .with("count", followers)
                        .with("since", open.since.to_string());
                    (open.tenant.clone(), event)
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::own::Doer;

    const NOW: Timestamp = Timestamp::from_micros(1_768_478_400_000_000);
    const HOUR: Window = Window {
        length: Duration::from_secs(3600),
        counted: true,
    };

    async fn tell(
        told: &Told,
        what: &str,
        window: Window,
        calls: &AtomicUsize,
        works: bool,
    ) -> bool {
        let event = || OwnEvent::new("annals.event.search", &Doer::Server, "searched");
        told.once(
            Same::of(&[what]),
            window,
            &TenantName::main(),
            NOW,
            event,
            |_| async {
                calls.fetch_add(1, Ordering::Relaxed);
                if works { Ok(()) } else { Err(()) }
            },
        )
        .await
        .is_ok()
    }

    #[tokio::test]
    async fn the_first_is_told_and_the_others_are_counted() {
        let (told, calls) = (Told::default(), AtomicUsize::new(0));
        for _ in 0..5 {
            assert!(tell(&told, "a", HOUR, &calls, true).await);
        }
        assert!(tell(&told, "b", HOUR, &calls, true).await);
        assert_eq!(calls.load(Ordering::Relaxed), 2);
        assert!(told.take_ended(false).is_empty());
        assert_eq!(told.take_ended(true).len(), 1, "only `a` had followers");
    }

    #[tokio::test]
    async fn what_was_not_told_is_tried_again() {
        let (told, calls) = (Told::default(), AtomicUsize::new(0));
        assert!(!tell(&told, "a", HOUR, &calls, false).await);
        assert!(!tell(&told, "a", HOUR, &calls, false).await);
        assert!(tell(&told, "a", HOUR, &calls, true).await);
        assert_eq!(calls.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let (told, calls) = (Told::default(), AtomicUsize::new(0));
        for number in 0..TOLD_MAX * 2 {
            tell(&told, &number.to_string(), HOUR, &calls, true).await;
        }
        assert_eq!(calls.load(Ordering::Relaxed), TOLD_MAX * 2);
        assert!(told.windows.lock().len() <= TOLD_MAX);
    }
}
