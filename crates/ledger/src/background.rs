//! What all ledgers of a process share: the pool that does their background work, and one cache.

use std::io;
use std::sync::Arc;

use crate::frame::LedgerId;
use crate::part::{Block, Part};
use crate::pool::Pool;
use crate::reference::ReadReference;

/// Default memory for unpacked blocks of parts, 64 MiB: some thousand that are read again and again, on
/// the pages that people look at.
pub const DEFAULT_CACHE_BYTES: u64 = 64 << 20;
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
        let block = self.unpack(key, part)?;
        self.blocks.insert(key, block.clone());
        Ok(block)
    }

    /// As [`Resources::block`], of which the cache takes no note: for whoever will not come back.
    fn block_once(&self, ledger: &LedgerId, part: &Part, place: usize) -> io::Result<Arc<Block>> {
        let key = (*ledger, part.entry().generation, place as u32);
        match self.blocks.get(&key) {
            Some(block) => Ok(block),
            None => self.unpack(key, part),
        }
    }

    fn unpack(&self, key: BlockKey, part: &Part) -> io::Result<Arc<Block>> {
        let reference = self
            .references
            .get_or_insert_with(&(key.0, key.1), || part.reference().map(Arc::new))?;
        Ok(Arc::new(part.read_block(key.2 as usize, &reference)?))
    }

    /// Drops a part's blocks from the cache.
    pub(crate) fn forget(&self, ledger: &LedgerId, generation: u64) {
        self.blocks
            .retain(|(of, number, _), _| of != ledger || *number != generation);
        self.references.remove(&(*ledger, generation));
    }
}

/// Unpacked blocks of one ledger that a reader holds on to while it is near them.
pub(crate) struct Nearby {
    /// Their memory; the last used is held whatever it takes.
    most_bytes: usize,
    is_once: bool,
    /// By generation and place, the last used first.
    blocks: Vec<(u64, usize, Arc<Block>)>,
}

impl Nearby {
    /// For a reader of a few events, that somebody may ask for again: the last used block.
    pub(crate) fn of_page() -> Nearby {
        Nearby::new(0, false)
    }

    fn new(most_bytes: usize, is_once: bool) -> Nearby {
        Nearby {
            most_bytes,
            is_once,
            blocks: Vec::new(),
        }
    }

    /// A block of a part of the ledger.
    pub(crate) fn block(
        &mut self,
        resources: &Resources,
        ledger: &LedgerId,
        part: &Part,
        place: usize,
    ) -> io::Result<&Block> {
        let generation = part.entry().generation;
        let is_it = |held: &(u64, usize, Arc<Block>)| (held.0, held.1) == (generation, place);
        match self.blocks.iter().position(is_it) {
            Some(0) => {}
            Some(at) => self.blocks[..=at].rotate_right(1),
            None => {
                let block = match self.is_once {
                    true => resources.block_once(ledger, part, place)?,
                    false => resources.block(ledger, part, place)?,
                };
                self.blocks.insert(0, (generation, place, block));
                self.let_go();
            }
        }
        Ok(&self.blocks[0].2)
    }

    /// Lets go of the blocks that were not used for longest, until the others take little enough.
    fn let_go(&mut self) {
        let mut bytes = 0;
        let mut fits = |(.., block): &(u64, usize, Arc<Block>)| {
            bytes += block.memory_bytes();
            bytes <= self.most_bytes
        };
        let held = self.blocks.iter().take_while(|held| fits(held)).count();
        self.blocks.truncate(held.max(1));
    }
}

/// What somebody holds on to who reads much of a ledger, once and along its order: the blocks it unpacks
/// do not push out of the cache what others ask for again and again.
pub struct Scan(pub(crate) Nearby);

/// Memory for the blocks that a scan holds, 1 MiB, some forty of them: each category has parts of its own,
/// and what came through several connections is in neither order exactly.
const SCAN_BYTES: usize = 1 << 20;

impl Default for Scan {
    fn default() -> Scan {
        Scan(Nearby::new(SCAN_BYTES, true))
    }
}

#[cfg(test)]
mod tests {
    use event::Sequence;

    use super::*;
    use crate::disk::Real;
    use crate::manifest::Shelf;
    use crate::testing::{self, seal_one};

    #[test]
    fn a_scan_reads_with_the_cache_and_leaves_it_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Real::create(folder.path()).unwrap());
        let resources = Resources::without_thread(1 << 20);
        let ledger = testing::ledger(&disk, &resources);
        (0..3).for_each(|n| seal_one(&ledger, n));
        let event = ledger.read(Sequence::new(0)).unwrap();
        resources.blocks.clear();
        let shelf = Shelf::of(event.kind, event.category);
        let found = |n| [(Sequence::new(n), Some(shelf))].into_iter();

        let mut scan = Scan::default();
        for n in [0, 1, 2, 0] {
            let read = ledger.read_along(&mut scan, found(n)).unwrap();
            assert_eq!(read[0].sequence, Sequence::new(n));
        }
        assert_eq!(resources.blocks.len(), 0);
        let order = scan.0.blocks.iter().map(|(generation, ..)| *generation);
        let order: Vec<u64> = order.collect();
        assert_eq!(order.len(), 3, "each part is unpacked once");
        ledger.read_along(&mut scan, found(2)).unwrap();
        assert_eq!(scan.0.blocks[0].0, order[1], "the last used is first");

        ledger.read_found(found(1)).unwrap();
        assert_eq!(resources.blocks.len(), 1);
        let cached = |n: u64| {
            let mut scan = Scan::default();
            ledger.read_along(&mut scan, found(n)).unwrap();
            let block = scan.0.blocks[0].2.clone();
            drop(scan);
            Arc::strong_count(&block)
        };
        assert_eq!((cached(0), cached(1)), (1, 2), "what is cached is shared");
    }

    #[test]
    fn a_scan_holds_blocks_as_far_as_they_fit_and_always_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Real::create(folder.path()).unwrap());
        let ledger = testing::ledger(&disk, &Resources::without_thread(1 << 20));
        (0..6).for_each(|n| seal_one(&ledger, n));
        let event = ledger.read(Sequence::new(0)).unwrap();
        let shelf = Shelf::of(event.kind, event.category);
        let held_after_all = |most_bytes: usize| {
            let mut scan = Scan(Nearby::new(most_bytes, true));
            for n in 0..6 {
                let found = [(Sequence::new(n), Some(shelf))].into_iter();
                ledger.read_along(&mut scan, found).unwrap();
            }
            scan.0.blocks
        };
        let all = held_after_all(SCAN_BYTES);
        assert_eq!(all.len(), 6);
        let sizes: Vec<usize> = all.iter().map(|held| held.2.memory_bytes()).collect();
        for (most, held) in [(0, 1), (sizes[0], 1), (sizes[0] + sizes[1], 2)] {
            let last = held_after_all(most);
            assert_eq!(last.len(), held, "{most} bytes");
            assert_eq!(last[0].0, all[0].0, "the last used");
        }
    }
}
