//! The 200,000 business records events are about: a rank gives a type, an id and a name.

use std::fmt::Write as _;

use super::random::mix;
use super::words::{COMPANY_A, COMPANY_B, ETYPES, FIRST, LAST, PROD_A, PROD_B};

/// Appends the record of `rank` as a target: `{"type":..,"id":..,"name":..}`.
pub(super) fn target(out: &mut String, rank: usize) {
    let (kind, prefix) = kind_of(rank);
    let _ = write!(
        out,
        "{{\"type\":\"{kind}\",\"id\":\"{prefix}-{:07}\",\"name\":\"",
        rank + 1
    );
    name(out, rank);
    out.push_str("\"}");
}

/// Appends the name of the record of `rank`.
pub(super) fn name(out: &mut String, rank: usize) {
    let hash = mix(rank as u64 ^ 0xABCD);
    let (a, b) = (hash as usize, (hash >> 32) as usize);
    let _ = match kind_of(rank).0 {
        "customer" => {
            write!(
                out,
                "{} {}",
                COMPANY_A[a % COMPANY_A.len()],
                COMPANY_B[b % COMPANY_B.len()]
            )
        }
        "order" => write!(out, "Order SO-{}", 100_000 + rank),
        "product" => {
            let (first, second) = (PROD_A[a % PROD_A.len()], PROD_B[b % PROD_B.len()]);
            write!(out, "{first} {second} {}", rank % 900 + 100)
        }
        "invoice" => write!(out, "Invoice INV-{}", 400_000 + rank),
        _ => write!(out, "{} {}", FIRST[a % FIRST.len()], LAST[b % LAST.len()]),
    };
}

fn kind_of(rank: usize) -> (&'static str, &'static str) {
    let kind = match mix(rank as u64 ^ 0xE17) % 20 {
        0..=4 => 0,
        5..=11 => 1,
        12..=14 => 2,
        15..=18 => 3,
        _ => 4,
    };
    ETYPES[kind]
}
