//! Paths that touch no disk: values in, values out.

use std::hint::black_box;
use std::path::Path;

use event::{Category, Entry, Kind, Timestamp};
use import::Mapper;
use merkle::Frontier;
use query::ParseContext;

use super::{ROUNDS_MAX, Round, house};

pub(super) fn accept(_: &Path) -> anyhow::Result<Round> {
    let lines = house::lines(500);
    Ok(Box::new(move || {
        for (salt, line) in lines.iter().enumerate() {
            black_box(house::prepare(line, salt as u64)?);
        }
        Ok(())
    }))
}

pub(super) fn tree(_: &Path) -> anyhow::Result<Round> {
    let prepared = house::prepare(&house::lines(1)[0], 1)?;
    let entry = Entry {
        kind: Kind::Application,
        category: Category::Security,
        received_at: Timestamp::from_micros(0),
        field_count: prepared.event.field_count(),
        body_root: prepared.body_root,
    };
    Ok(Box::new(move || {
        let mut frontier = Frontier::new();
        for _ in 0..100 {
            for _ in 0..100 {
                let received_at = Timestamp::from_micros(frontier.size() as i64);
                frontier.push(
                    Entry {
                        received_at,
                        ..entry
                    }
                    .leaf_hash(),
                );
            }
            black_box(frontier.root());
        }
        Ok(())
    }))
}

/// Words, fields, ranges, times, addresses, groups, substrings: every part of the language.
const QUERIES: &[&str] = &[
    "customer shipment",
    "\"duplicate invoice detected\"",
    "*plicate*",
    "actor.id:u-00007 occurred:now-30d..now",
    "action:login outcome:failure -actor:john \"credit limit\" records:>1000 role:admin",
    "category:record_change action:update target.type:order outcome:failure",
    "occurred:2026-01-15..2026-01-22 (entity:customer OR entity:order) message:refund*",
    "ip:10.0.0.0/8 -agent:*curl* bytes:>10MB duration:200ms..5s",
    "metadata.order.lines.sku:A-1 metadata.attempt:>=3 severity:>=high",
    "role:(admin OR auditor) NOT (label:pci OR label:test) id:LOG-2026-0000123",
];

pub(super) fn parse_query(_: &Path) -> anyhow::Result<Round> {
    Ok(Box::new(|| {
        let context = ParseContext::utc(Timestamp::from_micros(house::plan(1).end_micros()));
        for _ in 0..100 {
            for text in QUERIES {
                black_box(query::parse(black_box(text), &context)?);
            }
        }
        Ok(())
    }))
}

const GITHUB: &str = include_str!("../../../crates/import/tests/data/github-audit/events.jsonl");
const OKTA: &str = include_str!("../../../crates/import/tests/data/okta-system-log/events.jsonl");

pub(super) fn import(_: &Path) -> anyhow::Result<Round> {
    Ok(Box::new(|| {
        for _ in 0..5 {
            for (mapper, log) in [(Mapper::GitHub, GITHUB), (Mapper::Okta, OKTA)] {
                for record in log.lines() {
                    black_box(mapper.map(black_box(record.as_bytes()))?);
                }
            }
        }
        Ok(())
    }))
}

const _: () = assert!(ROUNDS_MAX >= 2, "a difference needs two rounds");
