//! Guessing passwords is slowed down, by account and by address, without locking anybody out.
//!
//! After [`SIGN_IN_FAILURES_MAX`] failures in [`SIGN_IN_WINDOW`] an address may not try at all. An
//! account that so many tries failed for is closed to every address that failed for it, and every
//! other one has one try: its owner, with the right password, gets in from where they are.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::limits::{SIGN_IN_FAILURES_MAX, SIGN_IN_TRACKED_MAX, SIGN_IN_WINDOW};

/// What failed, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Tried {
    Address(IpAddr),
    /// A hash of the account's name, so that a long one costs no memory.
    Account([u8; 16]),
    Both([u8; 16], IpAddr),
}

#[derive(Debug)]
struct Count {
    failures: u32,
    begun: Instant,
}

/// The failures of a while.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    counts: Mutex<HashMap<Tried, Count>>,
}

impl Throttle {
    /// How long to wait before this account may be tried from this address; none if it may be
    /// tried now.
    pub(crate) fn wait(
        &self,
        account: &str,
        from: Option<IpAddr>,
        now: Instant,
    ) -> Option<Duration> {
        let (name, place) = (name(account), place(from));
        let counts = self.counts.lock();
        let left = |tried: Tried, least: u32| {
            let count = counts.get(&tried)?;
            let ends = count.begun + SIGN_IN_WINDOW;
            (count.failures >= least && now < ends).then(|| ends - now)
        };
        let by_address = left(Tried::Address(place), SIGN_IN_FAILURES_MAX);
        let by_account = left(Tried::Account(name), SIGN_IN_FAILURES_MAX)
            .and_then(|_| left(Tried::Both(name, place), 1));
        by_address.max(by_account)
    }

    /// Notes a failure.
    pub(crate) fn failed(&self, account: &str, from: Option<IpAddr>, now: Instant) {
        let (name, place) = (name(account), place(from));
        let mut counts = self.counts.lock();
        if counts.len() + 3 > SIGN_IN_TRACKED_MAX {
            make_room(&mut counts, now);
        }
        for tried in [
            Tried::Address(place),
            Tried::Account(name),
            Tried::Both(name, place),
        ] {
            let count = counts.entry(tried).or_insert(Count {
                failures: 0,
                begun: now,
            });
            if now >= count.begun + SIGN_IN_WINDOW {
                *count = Count {
                    failures: 0,
                    begun: now,
                };
            }
            count.failures += 1;
        }
    }

    /// Notes that the right password was given: this address is trusted with this account again.
    pub(crate) fn succeeded(&self, account: &str, from: Option<IpAddr>) {
        let (name, place) = (name(account), place(from));
        self.counts.lock().remove(&Tried::Both(name, place));
    }
}

/// Forgets what has run out, and then the oldest half if that was not enough.
fn make_room(counts: &mut HashMap<Tried, Count>, now: Instant) {
    counts.retain(|_, count| now < count.begun + SIGN_IN_WINDOW);
    if counts.len() * 2 > SIGN_IN_TRACKED_MAX {
        let mut begun: Vec<Instant> = counts.values().map(|count| count.begun).collect();
        let middle = begun.len() / 2;
        let (_, median, _) = begun.select_nth_unstable(middle);
        let median = *median;
        counts.retain(|_, count| count.begun > median);
    }
}

fn name(account: &str) -> [u8; 16] {
    let digest = Sha256::digest(account.trim().to_lowercase().as_bytes());
    let mut name = [0; 16];
    name.copy_from_slice(&digest[..16]);
    name
}

/// One place a network: whoever has an IPv6 address has 2^64 of them.
fn place(from: Option<IpAddr>) -> IpAddr {
    match from.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let bits = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
        Some(address) => address,
        None => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_address_waits_after_ten_failures_whatever_the_accounts() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..10 {
            assert_eq!(throttle.wait("x@example.com", ip("192.0.2.1"), now), None);
            throttle.failed(&format!("{number}@example.com"), ip("192.0.2.1"), now);
        }
        assert!(
            throttle
                .wait("x@example.com", ip("192.0.2.1"), now)
                .is_some()
        );
        assert_eq!(throttle.wait("x@example.com", ip("192.0.2.2"), now), None);
        let later = now + SIGN_IN_WINDOW;
        assert_eq!(throttle.wait("x@example.com", ip("192.0.2.1"), later), None);
    }

    #[test]
    fn an_account_is_closed_to_those_who_failed_and_open_to_its_owner() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..10 {
            throttle.failed("Ann@example.com", ip(&format!("192.0.2.{number}")), now);
        }
        assert!(
            throttle
                .wait("ann@example.com", ip("192.0.2.3"), now)
                .is_some()
        );
        assert_eq!(
            throttle.wait("ann@example.com", ip("198.51.100.1"), now),
            None
        );
        throttle.failed("ann@example.com", ip("198.51.100.1"), now);
        assert!(
            throttle
                .wait("ann@example.com", ip("198.51.100.1"), now)
                .is_some()
        );
    }

    #[test]
    fn the_addresses_of_one_network_are_one() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..10 {
            throttle.failed("a@example.com", ip(&format!("2001:db8::{number:x}")), now);
        }
        assert!(
            throttle
                .wait("b@example.com", ip("2001:db8::ffff"), now)
                .is_some()
        );
        assert_eq!(
            throttle.wait("b@example.com", ip("2001:db8:0:1::1"), now),
            None
        );
    }

    #[test]
    fn memory_is_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..SIGN_IN_TRACKED_MAX as u32 {
            let from = Some(IpAddr::V4(number.into()));
            throttle.failed(
                &number.to_string(),
                from,
                now + Duration::from_millis(u64::from(number)),
            );
        }
        assert!(throttle.counts.lock().len() <= SIGN_IN_TRACKED_MAX);
    }
}
