//! What all ledgers of a process share: the pool that does their background work, and one cache.

use std::io;
use std::sync::Arc;

use crate::frame::LedgerId;
use crate::part::{Block, Part};
use crate::pool::Pool;
use crate::reference::ReadReference;

/// Default memory for unpacked blocks of parts, 256 MiB: those of some hundred thousand events that are
/// read again and again.
pub const DEFAULT_CACHE_BYTES: u64 = 256 << 20;
/// Memory for what blocks are compressed against, 32 MiB: that of the 64 largest parts at least.
const REFERENCE_BYTES: u64 = 32 << 20;

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
    pool: Pool,
    blocks: quick_cache::sync::Cache<BlockKey, Arc<Block>, BlockWeight>,
    references: quick_cache::sync::Cache<PartKey, Arc<ReadReference>, ReferenceWeight>,
}

impl Resources {
    /// Starts the threads. `cache_bytes` bounds the memory for unpacked blocks.
    pub fn start(cache_bytes: u64) -> io::Result<Arc<Resources>> {
        Ok(Resources::with(Pool::start()?, cache_bytes))
    }

    /// Without threads: work is done by whoever calls [`crate::Ledger::work`], so that a run can
    /// be repeated step by step.
    pub fn without_thread(cache_bytes: u64) -> Arc<Resources> {
        Resources::with(Pool::without_threads(), cache_bytes)
    }

    fn with(pool: Pool, cache_bytes: u64) -> Arc<Resources> {
        let typical_blocks = (cache_bytes / (16 << 10)).max(16) as usize;
        let blocks =
            quick_cache::sync::Cache::with_weighter(typical_blocks, cache_bytes, BlockWeight);
        Arc::new(Resources {
            pool,
            blocks,
            references: quick_cache::sync::Cache::with_weighter(
                64,
                REFERENCE_BYTES,
                ReferenceWeight,
            ),
        })
    }

    /// The threads that do background work.
    pub fn pool(&self) -> &Pool {
        &self.pool
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
