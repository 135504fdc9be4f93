//! What all ledgers of a process share: one thread that seals, merges and erases, and one cache.
//!
//! The thread takes no input: it is told that a ledger may have work, looks at its state and does
//! the next thing, which is safe to repeat.

use std::io;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use parking_lot::Mutex;

use crate::frame::LedgerId;
use crate::ledger::Inner;
use crate::part::{Block, Part};
use crate::reference::ReadReference;

/// Default memory for unpacked blocks of parts, 64 MiB: the blocks of a few thousand events that
/// somebody is reading.
pub const DEFAULT_CACHE_BYTES: u64 = 64 << 20;
/// Memory for what blocks are compressed against, 32 MiB: that of the 64 largest parts at least.
const REFERENCE_BYTES: u64 = 32 << 20;
/// How long the thread waits before it tries failed work again.
const RETRY: Duration = Duration::from_secs(2);

type PartKey = (LedgerId, u64);
type BlockKey = (LedgerId, u64, u32);

#[derive(Clone)]
struct ReferenceWeight;

impl quick_cache::Weighter<PartKey, Arc<ReadReference>> for ReferenceWeight {
    fn weight(&self, _: &PartKey, reference: &Arc<ReadReference>) -> u64 {
        reference.memory_bytes() as u64
    }
}

#[derive(Clone)]
struct BlockWeight;

impl quick_cache::Weighter<BlockKey, Arc<Block>> for BlockWeight {
    fn weight(&self, _: &BlockKey, block: &Arc<Block>) -> u64 {
        block.memory_bytes() as u64
    }
}

/// Shared by the ledgers of a process.
pub struct Resources {
    wake: Sender<Weak<Inner>>,
    worker: Mutex<Option<JoinHandle<()>>>,
    stop: Option<Sender<()>>,
    blocks: quick_cache::sync::Cache<BlockKey, Arc<Block>, BlockWeight>,
    references: quick_cache::sync::Cache<PartKey, Arc<ReadReference>, ReferenceWeight>,
}

impl Resources {
    /// Starts the thread. `cache_bytes` bounds the memory for unpacked blocks.
    pub fn start(cache_bytes: u64) -> io::Result<Arc<Resources>> {
        let (wake, woken) = crossbeam_channel::unbounded();
        let (stop, stopped) = crossbeam_channel::bounded(1);
        let worker = std::thread::Builder::new()
            .name("annals-seal".to_owned())
            .spawn(move || work(&woken, &stopped))?;
        Ok(Resources::with(wake, Some(worker), Some(stop), cache_bytes))
    }

    /// Without a thread: work is done by whoever calls [`crate::Ledger::work`], so that a run can
    /// be repeated step by step.
    pub fn without_thread(cache_bytes: u64) -> Arc<Resources> {
        let (wake, _) = crossbeam_channel::unbounded();
        Resources::with(wake, None, None, cache_bytes)
    }

    fn with(
        wake: Sender<Weak<Inner>>,
        worker: Option<JoinHandle<()>>,
        stop: Option<Sender<()>>,
        cache_bytes: u64,
    ) -> Arc<Resources> {
        let typical_blocks = (cache_bytes / (16 << 10)).max(16) as usize;
        let blocks =
            quick_cache::sync::Cache::with_weighter(typical_blocks, cache_bytes, BlockWeight);
        Arc::new(Resources {
            wake,
            worker: Mutex::new(worker),
            stop,
            blocks,
            references: quick_cache::sync::Cache::with_weighter(
                64,
                REFERENCE_BYTES,
                ReferenceWeight,
            ),
        })
    }

    /// Says that a ledger may have work.
    pub(crate) fn wake(&self, ledger: Weak<Inner>) {
        // The receiver lives as long as the thread; without it the work is done at the next open.
        let _ = self.wake.send(ledger);
    }

    /// A block of a part, from the cache or the disk.
    pub(crate) fn block(
        &self,
        ledger: &LedgerId,
        part: &Part,
        place: usize,
    ) -> io::Result<Arc<Block>> {
        let key = (*ledger, part.entry().generation, place as u32);
        if let Some(block) = self.blocks.get(&key) {
            return Ok(block);
        }
        let reference = self
            .references
            .get_or_insert_with(&(key.0, key.1), || part.reference().map(Arc::new))?;
        let block = Arc::new(part.read_block(place, &reference)?);
        self.blocks.insert(key, block.clone());
        Ok(block)
    }

    /// Drops a part's blocks from the cache.
    pub(crate) fn forget(&self, ledger: &LedgerId, generation: u64) {
        self.blocks
            .retain(|(of, number, _), _| of != ledger || *number != generation);
        self.references.remove(&(*ledger, generation));
    }
}

impl Drop for Resources {
    fn drop(&mut self) {
        if let Some(stop) = &self.stop {
            let _ = stop.send(());
        }
        if let Some(worker) = self.worker.lock().take()
            && worker.thread().id() != std::thread::current().id()
        {
            let _ = worker.join();
        }
    }
}

fn work(woken: &Receiver<Weak<Inner>>, stopped: &Receiver<()>) {
    let mut failed: Vec<Weak<Inner>> = Vec::new();
    loop {
        let wait = if failed.is_empty() {
            Duration::from_secs(3600)
        } else {
            RETRY
        };
        let ready = crossbeam_channel::select! {
            recv(stopped) -> _ => return,
            recv(woken) -> ledger => ledger.map_err(|_| RecvTimeoutError::Disconnected),
            default(wait) => Err(RecvTimeoutError::Timeout),
        };
        let ready = match ready {
            Ok(ledger) => vec![ledger],
            Err(RecvTimeoutError::Timeout) => std::mem::take(&mut failed),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        for ledger in ready {
            while let Some(inner) = ledger.upgrade() {
                match inner.next_work() {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::error!(ledger = %inner.origin, %error, "background work on a ledger failed; it is tried again");
                        failed.push(Arc::downgrade(&inner));
                        break;
                    }
                }
                if !stopped.is_empty() {
                    return;
                }
            }
        }
    }
}
