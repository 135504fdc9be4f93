//! Long work on several threads, an item at a time.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// How many cores this process may use. Asked for once: the system opens files to tell.
pub fn cores() -> usize {
    static CORES: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));
    *CORES
}

/// What `work` makes of each item, in their order. This thread does it; once it has been at it for
/// `alone`, up to `helpers` others take items, too, as far as threads are to be had and there are items
/// left for them. A panic of `work` is one of this function, on whichever thread it was.
///
/// # Errors
/// The first, in the order of the items, that `work` answered with; items that nobody has taken by then
/// are left.
pub fn side_by_side<T: Sync, R: Send, E: Send>(
    items: &[T],
    helpers: usize,
    alone: Duration,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let taken = AtomicUsize::new(0);
    let next = || {
        let place = taken.fetch_add(1, Ordering::Relaxed);
        let made = work(items.get(place)?);
        if made.is_err() {
            taken.store(items.len(), Ordering::Relaxed);
        }
        Some((place, made))
    };
    let mut made = std::thread::scope(|scope| {
        let begun = Instant::now();
        let mut others = None;
        let mut made = Vec::with_capacity(items.len());
        loop {
            let left = items.len().saturating_sub(taken.load(Ordering::Relaxed));
            if others.is_none() && left > 1 && begun.elapsed() >= alone {
                let help = |_| {
                    let thread = Builder::new().name("annals-beside".to_owned());
                    let help = move || std::iter::from_fn(next).collect::<Vec<_>>();
                    thread.spawn_scoped(scope, help).ok()
                };
                let threads = 0..helpers.min(left - 1);
                others = Some(threads.filter_map(help).collect::<Vec<_>>());
            }
            match next() {
                Some(one) => made.push(one),
                None => break,
            }
        }
        for other in others.into_iter().flatten() {
            let theirs = other.join();
            made.append(&mut theirs.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        made
    });
    made.sort_unstable_by_key(|(place, _)| *place);
    made.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn what_is_made_comes_in_order_and_an_error_ends_it() {
        let items: Vec<u32> = (0..500).collect();
        let doubled: Vec<u32> = items.iter().map(|item| item * 2).collect();
        for (helpers, alone) in [(0, 0), (1, 0), (3, 0), (1, 2), (3, u64::MAX)] {
            let alone = Duration::from_millis(alone);
            let rest = || thread::sleep(Duration::from_micros(50));
            let made = side_by_side(&items, helpers, alone, |item| {
                rest();
                Ok::<_, u32>(item * 2)
            });
            assert_eq!(made.unwrap(), doubled);
            let looked = AtomicUsize::new(0);
            let failed = side_by_side(&items, helpers, alone, |item| {
                looked.fetch_add(1, Ordering::Relaxed);
                rest();
                if *item == 20 { Err(20) } else { Ok(()) }
            });
            assert_eq!(failed, Err(20));
            if helpers == 0 || alone > Duration::from_secs(60) {
                assert_eq!(looked.into_inner(), 21);
            }
        }
        let none = side_by_side(&[], 1, Duration::ZERO, |item: &u32| Ok::<_, u32>(*item));
        assert_eq!(none, Ok(Vec::new()));
    }

    #[test]
    fn helpers_take_items_and_nobody_else_does() {
        // Each item waits for all others to have been taken, each by another thread.
        let together = Barrier::new(4);
        let threads = side_by_side(&[(); 4], 3, Duration::ZERO, |()| {
            together.wait();
            Ok::<_, u32>(thread::current().id())
        });
        let mut threads = threads.unwrap();
        threads.dedup();
        assert_eq!(threads.len(), 4);

        let alone = side_by_side(&[(); 50], 3, Duration::MAX, |()| {
            Ok::<_, u32>(thread::current().id())
        });
        let me = thread::current().id();
        assert!(alone.unwrap().iter().all(|thread| *thread == me));
    }

    #[test]
    fn a_panic_of_a_helper_is_not_lost() {
        let (together, me) = (Barrier::new(2), thread::current().id());
        let work = || {
            side_by_side(&[(); 2], 1, Duration::ZERO, |()| {
                together.wait();
                assert_eq!(thread::current().id(), me);
                Ok::<_, u32>(())
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
    }
}
