//! Random events and random queries for tests that hold two readers of the language to each other.
//!
//! Everything follows from a seed. Values are hostile on purpose: other scripts, empty strings,
//! nested metadata, numbers that are no doubles, more targets and changes than have codes, missing,
//! withheld and erased fields. Events and queries draw from the same few values, so that queries
//! find something.

use event::Timestamp;

use crate::ParseContext;

mod events;
mod queries;

pub use events::event;
pub use queries::{garbage, query, query_text};

/// Random numbers from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of one seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 if the limit is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() % (limit.max(1) as u64)) as usize
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `choices`, which is not empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// 2026-01-22T10:20:00Z, the `now` of random events and queries.
pub const NOW: Timestamp = Timestamp::from_micros(1_769_077_200_000_000);

/// What random queries are read with.
pub fn context() -> ParseContext {
    ParseContext::utc(NOW)
}

const WORDS: &[&str] = &[
    "refund",
    "Credit",
    "credit",
    "limit",
    "order",
    "Orders",
    "größe",
    "GRÖSSE",
    "naïve",
    "ΟΔΟΣ",
    "οδός",
    "限度額",
    "ファイル",
    "ไทย",
    "e\u{301}cole",
    "İstanbul",
    "x",
    "42",
    "3.5",
    "1000.00",
    "o'neil",
    "a-b_c",
    "foo@bar.com",
    "🙂",
    "ß",
    "HTTP/1.1",
    "ABC-123",
    "\"quoted\"",
    "back\\slash",
    "tab\there",
    "new\nline",
    "कार्य",
    "Привет",
    "true",
    "customer.credit_limit",
    "OR",
    "a..b",
    "*",
    "10:30",
];

const IDS: &[&str] = &[
    "u-1",
    "U-2",
    "john",
    "john@example.com",
    "Ann@Example.com",
    "CUST-1042",
    "Ünï",
    "id with space",
    "限度額-7",
    "urn:a:b",
    "x*y",
    "a..b",
    "17",
    "LOG-2026-0000003",
    "10.0.0.1",
    "(p)",
    "q\"q",
    "admin",
    "Admin",
    "auditor",
];

const ACTIONS: &[&str] = &[
    "login",
    "login.failed",
    "customer.credit_limit.update",
    "customer.create",
    "order.view",
    "report.generate",
    "Export-Run",
    "größe.ändern",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "3",
    "3.5",
    "1e3",
    "1000",
    "1000.00",
    "9007199254740993",
    "9007199254740992",
    "-5",
    "-5.25",
    "1E-7",
    "0.0000001",
    "123456789012345678901234567890.5",
    "123456789012345678901234567891",
    "42",
];

const COUNTS: &[&str] = &["0", "1", "3", "17", "1000", "5000", "9007199254740992"];

const ADDRESSES: &[&str] = &[
    "10.0.0.1",
    "10.0.0.2",
    "192.168.1.105",
    "203.0.113.9",
    "2001:db8::1",
    "2001:DB8:0:0::2",
    "::ffff:10.0.0.1",
    "::1",
];
