//! How many tails are open, of each key and in all.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Code, Refusal};
use crate::limits::{TAILS_MAX, TAILS_PER_KEY};

/// The seats.
#[derive(Debug, Clone, Default)]
pub(crate) struct TailSeats {
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// One taken seat; dropping frees it.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: TailSeats,
    key: String,
}

impl TailSeats {
    /// Takes a seat for a key.
    pub(crate) fn take(&self, key: &str) -> Result<Seat, Refusal> {
        let mut taken = self.taken.lock();
        if taken.values().sum::<usize>() >= TAILS_MAX {
            let detail = format!("{TAILS_MAX} tails are open, which is as many as may be");
            return Err(Refusal::new(Code::Overloaded, detail));
        }
        let of_key = taken.entry(key.to_owned()).or_insert(0);
        if *of_key >= TAILS_PER_KEY {
            let detail = format!(
                "this key has {TAILS_PER_KEY} tails open, which is as many as one may have"
            );
            return Err(Refusal::new(Code::TooMany, detail));
        }
        *of_key += 1;
        Ok(Seat {
            seats: self.clone(),
            key: key.to_owned(),
        })
    }

    /// Tails open at this moment.
    pub(crate) fn count(&self) -> usize {
        self.taken.lock().values().sum()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock();
        if let Some(count) = taken.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_first_tail_of_a_key_is_refused() {
        let seats = TailSeats::default();
        let taken: Vec<Seat> = (0..TAILS_PER_KEY)
            .map(|_| seats.take("a").unwrap())
            .collect();
        assert!(seats.take("a").is_err());
        assert!(seats.take("b").is_ok());
        drop(taken);
        assert!(seats.take("a").is_ok());
    }
}
