//! Paths through a ledger on a disk in memory, and through its index.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use event::proof::Document;
use event::{Sequence, Timestamp};
use index::{Histogram, Index, Order, Scope, Search, Split};
use ledger::Ledger;
use merkle::{Checkpoint, Verifier};
use query::{ExactField, ParseContext};

use super::{ROUNDS_MAX, Round, house};

const EVENTS: usize = 2_000;
const PAGE: usize = 50;
const PATIENCE: Duration = Duration::from_secs(600);
const DAY_MICROS: i64 = 86_400 * 1_000_000;

pub(super) fn append(folder: &Path) -> anyhow::Result<Round> {
    let ledger = house::ledger(folder)?;
    let mut batches = Vec::new();
    for (batch, lines) in house::lines(1_000 * ROUNDS_MAX).chunks(1_000).enumerate() {
        let prepared = lines
            .iter()
            .enumerate()
            .map(|(n, line)| house::prepare(line, (batch * 1_000 + n) as u64))
            .collect::<anyhow::Result<Vec<_>>>()?;
        batches.push(prepared);
    }
    let mut batches = batches.into_iter();
    Ok(Box::new(move || {
        house::append(&ledger, batches.next().context("no batch is left")?)
    }))
}

pub(super) fn seal(folder: &Path) -> anyhow::Result<Round> {
    let ledgers = several(folder, house::filled)?;
    let mut next = ledgers.into_iter();
    Ok(Box::new(move || {
        let ledger = next.next().context("no ledger is left")?;
        house::seal(&ledger)?;
        // Closing it is no part of sealing.
        std::mem::forget(ledger);
        Ok(())
    }))
}

pub(super) fn read_page(folder: &Path) -> anyhow::Result<Round> {
    let ledger = sealed(folder, EVENTS)?;
    Ok(Box::new(move || {
        for page in 0..4 {
            let sequences: Vec<Sequence> = (0..PAGE)
                .map(|n| Sequence::new(((n * 37 + page * 11) % EVENTS) as u64))
                .collect();
            ensure!(ledger.read_many(&sequences)?.len() == PAGE);
        }
        Ok(())
    }))
}

pub(super) fn index_tail(folder: &Path) -> anyhow::Result<Round> {
    let mut ledgers = several(folder, house::filled)?.into_iter();
    Ok(Box::new(move || {
        let index = Index::open(ledgers.next().context("no ledger is left")?)?;
        ensure!(index.count(&all())?.total == EVENTS as u64);
        std::mem::forget(index);
        Ok(())
    }))
}

pub(super) fn index_build(folder: &Path) -> anyhow::Result<Round> {
    let mut ledgers = several(folder, sealed)?.into_iter();
    Ok(Box::new(move || {
        let ledger = ledgers.next().context("no ledger is left")?;
        let index = Index::open(ledger.clone())?;
        settle(&ledger, &index)?;
        std::mem::forget(index);
        Ok(())
    }))
}

pub(super) fn search_page(folder: &Path) -> anyhow::Result<Round> {
    let ledger = sealed(folder, EVENTS)?;
    let index = Index::open(ledger.clone())?;
    settle(&ledger, &index)?;
    let context = ParseContext::utc(Timestamp::from_micros(house::plan(EVENTS).end_micros()));
    Ok(Box::new(move || {
        for text in [
            "*",
            "actor.id:u-00001",
            "customer shipment",
            "\"duplicate invoice detected\"",
            "*plicate*",
            "category:record_change action:update target.type:order",
        ] {
            let search = Search {
                scope: Scope::of(query::parse(text, &context)?.expr().clone()),
                order: Order::OccurredDesc,
                limit: PAGE,
                after: None,
            };
            let hits = index.search(&search)?;
            ensure!(hits.totals.total > 0, "{text} finds nothing");
            let mut page = Vec::new();
            let found = hits.hits.iter();
            let found = found.map(|hit| (hit.position.sequence, hit.shelf));
            for recorded in ledger.read_found(found)? {
                recorded.to_wire_json(&mut page);
            }
            black_box(page);
        }
        Ok(())
    }))
}

pub(super) fn count(folder: &Path) -> anyhow::Result<Round> {
    let ledger = sealed(folder, EVENTS)?;
    let index = Index::open(ledger.clone())?;
    settle(&ledger, &index)?;
    let plan = house::plan(EVENTS);
    let boundaries: Vec<Timestamp> = (0..=plan.days)
        .map(|day| Timestamp::from_micros(plan.end_micros() - (plan.days - day) * DAY_MICROS))
        .collect();
    Ok(Box::new(move || {
        for _ in 0..20 {
            let buckets = index.histogram(&Histogram {
                scope: all(),
                boundaries: boundaries.clone(),
                split: Some(Split {
                    field: ExactField::Category,
                    limit: 10,
                }),
            })?;
            ensure!(buckets.counts.iter().sum::<u64>() == EVENTS as u64);
            ensure!(index.top(&all(), ExactField::ActorId, 10)?.values.len() == 10);
        }
        Ok(())
    }))
}

pub(super) fn prove(folder: &Path) -> anyhow::Result<Round> {
    let ledger = sealed(folder, EVENTS)?;
    let last = Sequence::new(EVENTS as u64 - 1);
    let head = ledger
        .wait_covered(last, PATIENCE)
        .context("no checkpoint covers the events")?;
    Ok(Box::new(move || {
        let verifier: Verifier = ledger.verifier().to_string().parse()?;
        for n in 0..20 {
            let sequence = Sequence::new(n * 97 % EVENTS as u64);
            let recorded = ledger.read(sequence)?;
            let path = ledger.inclusion_proof(sequence, head.size)?;
            let made = Document::of(&recorded, path, head.note.clone(), verifier.to_string());
            let document = Document::parse(made.to_json().as_bytes())?;
            let disclosure = document.check()?;
            let checkpoint = Checkpoint::open(
                document.checkpoint.as_bytes(),
                std::slice::from_ref(&verifier),
            )?;
            merkle::verify_inclusion(
                &disclosure.entry.leaf_hash(),
                document.index,
                checkpoint.size(),
                &document.path,
                checkpoint.root(),
            )?;
        }
        Ok(())
    }))
}

/// One ledger for each round, made by `make` in folders of their own.
fn several(
    folder: &Path,
    make: fn(&Path, usize) -> anyhow::Result<Ledger>,
) -> anyhow::Result<Vec<Ledger>> {
    (0..ROUNDS_MAX)
        .map(|n| {
            let folder = folder.join(format!("ledger-{n}"));
            std::fs::create_dir(&folder)?;
            make(&folder, EVENTS)
        })
        .collect()
}

fn sealed(folder: &Path, count: usize) -> anyhow::Result<Ledger> {
    let ledger = house::filled(folder, count)?;
    house::seal(&ledger)?;
    Ok(ledger)
}

/// Builds the index files of all parts, on this thread.
fn settle(ledger: &Ledger, index: &Index) -> anyhow::Result<()> {
    while ledger.work()? {}
    ensure!(index.wait_settled(PATIENCE), "the index is not built");
    Ok(())
}

fn all() -> Scope {
    Scope::of(query::Query::all().expr().clone())
}
