//! Long work that several threads do side by side, some of it at a time.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Refusal;

/// How many cores there are. Asking the system for them opens files.
pub(crate) static CORES: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));

/// What `work` makes of items, of so many at a time, in their order. It is told the place of the first
/// one. This thread does it, and so many others, as far as threads are to be had.
///
/// # Errors
/// One that `work` answers with; what nobody has begun by then is left.
pub(crate) fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    at_a_time: usize,
    others: usize,
    work: impl Fn(usize, &[T]) -> Result<R, Refusal> + Sync,
) -> Result<Vec<R>, Refusal> {
    let pieces: Vec<&[T]> = items.chunks(at_a_time).collect();
    let taken = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, R)>, Refusal> {
        let next = || {
            let place = taken.fetch_add(1, Ordering::Relaxed);
            Some((place, *pieces.get(place)?))
        };
        let made = std::iter::from_fn(next)
            .map(|(place, piece)| Ok((place, work(place * at_a_time, piece)?)));
        let made: Result<_, _> = made.collect();
        if made.is_err() {
            // What the others would still do is of no use.
            taken.store(pieces.len(), Ordering::Relaxed);
        }
        made
    };
    let mut made = std::thread::scope(|scope| {
        let thread = || std::thread::Builder::new().name("annals-beside".to_owned());
        let begin = |_| thread().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (0..others).filter_map(begin).collect();
        let mut made = work();
        for other in others {
            let panicked = |_| Refusal::internal(&std::io::Error::other("a thread panicked"));
            let theirs = other.join().map_err(panicked)?;
            made = made.and_then(|mut made| {
                made.append(&mut theirs?);
                Ok(made)
            });
        }
        made
    })?;
    made.sort_unstable_by_key(|(place, _)| *place);
    Ok(made.into_iter().map(|(_, made)| made).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn what_is_made_comes_in_order_and_an_error_ends_it() {
        let items: Vec<usize> = (0..1_000).collect();
        for others in [0, 1, 3] {
            let made = side_by_side(&items, 7, others, |first, some| {
                assert_eq!(some.first(), Some(&first));
                Ok(some.to_vec())
            });
            assert_eq!(made.unwrap().concat(), items);
            let failed = side_by_side(&items, 7, others, |_, some| match some.contains(&500) {
                true => Err(Refusal::new(Code::Internal, "as the test wants it")),
                false => Ok(()),
            });
            assert!(failed.is_err());
        }
        let none = side_by_side(&items[..0], 7, 1, |_, _: &[usize]| Ok(()));
        assert_eq!(none.unwrap(), []);
    }
}
