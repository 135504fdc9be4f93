//! A bound on memory: bytes are taken before they are filled and given back when they are freed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that all requests together may hold.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    left: Arc<AtomicUsize>,
}

/// Bytes held by one request; dropping gives them back.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Budget {
            left: Arc::new(AtomicUsize::new(bytes)),
        }
    }

    /// Nothing yet.
    pub(crate) fn hold(&self) -> Held {
        Held {
            budget: self.clone(),
            bytes: 0,
        }
    }

    /// Bytes nobody holds.
    pub(crate) fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }
}

impl Held {
    /// Takes more bytes; false if there are not as many left, and then nothing is taken.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let taken = self
            .budget
            .left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| {
                left.checked_sub(bytes)
            });
        self.bytes += if taken.is_ok() { bytes } else { 0 };
        taken.is_ok()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes as many bytes as make `bytes` in all.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        bytes <= self.bytes || self.grow(bytes - self.bytes)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_comes_back() {
        let budget = Budget::new(100);
        let mut one = budget.hold();
        let mut two = budget.hold();
        assert!(one.grow(60));
        assert!(!two.grow(41));
        assert!(two.grow(40));
        assert!(one.grow_to(60));
        assert!(!one.grow_to(61));
        drop(one);
        assert_eq!(budget.left(), 60);
        drop(two);
        assert_eq!(budget.left(), 100);
    }
}
