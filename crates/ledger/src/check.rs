//! Checking a ledger's folder without opening it: every file, every event against its entry, every
//! entry against the tree, the tree against the signed checkpoint.
//!
//! Needs no server and no lock, changes nothing, and names everything it finds. A server may be
//! writing to the folder: what is checked is the ledger of one moment.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use event::{Content, ENTRY_BYTES, Entry, Recorded};
use merkle::{Audit, Checkpoint, Frontier, Hash, Verifier, leaf_hash};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::disk::{Disk, DiskFile};
use crate::erasure::{Erasure, erasures_of};
use crate::head::{HeadError, SignedHead, read_last};
use crate::held::Held;
use crate::ids::IdRun;
use crate::journal;
use crate::ledger::ENTRIES_READ_FOR_ONE;
use crate::manifest::{IdRunEntry, Manifest, PartEntry, Shelf};
use crate::part::{Block, Part};
use crate::tree::{EntryBytes, Tree};

/// Most findings that are listed one by one; the rest is only counted.
pub const MAX_FINDINGS: usize = 100;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: a file of the ledger's folder, or `event n`.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// What a check found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// `<instance>/<tenant>`.
    pub origin: String,
    /// Events the folder holds.
    pub events: u64,
    /// Events covered by the signed checkpoint.
    pub signed: u64,
    /// Bodies that a tombstone or retention removed.
    pub erased: u64,
    /// Events some fields of which were erased.
    pub withheld: u64,
    /// Bytes of a group that was cut short by a crash and never acknowledged.
    pub torn_bytes: u64,
    /// What is wrong, at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// How much is wrong.
    pub faults: u64,
}

impl Report {
    /// Is everything as it was signed?
    pub fn is_sound(&self) -> bool {
        self.faults == 0
    }

    fn fault(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.faults += 1;
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding {
                place: place.into(),
                what: what.into(),
            });
        }
    }

    /// Adds what else was found.
    fn add_faults(&mut self, other: Report) {
        self.faults += other.faults;
        let room = MAX_FINDINGS - self.findings.len();
        self.findings.extend(other.findings.into_iter().take(room));
    }
}

/// Checks the ledger on `disk`. `verifier` is the key the reader trusts; `older` is a checkpoint
/// from before, which finds a history that was rewritten and signed anew.
///
/// # Errors
/// When the disk cannot be read at all; what is wrong with its content is in the report.
pub fn check(
    disk: &Arc<dyn Disk>,
    verifier: &Verifier,
    older: Option<&[u8]>,
) -> io::Result<Report> {
    let mut report = Report {
        origin: verifier.name().to_owned(),
        ..Report::default()
    };
    let held = match Held::take(&**disk, verifier) {
        Ok(Some(held)) => held,
        Ok(None) => {
            report.fault("manifest", "there is none: the folder is no ledger");
            return Ok(report);
        }
        Err(error) => {
            report.fault("manifest", error.to_string());
            return Ok(report);
        }
    };
    let Held {
        head,
        manifest,
        parts,
        ids,
        journal,
    } = held;
    let mut tree = match Tree::open(disk.clone(), manifest.sealed) {
        Ok(tree) => tree,
        Err(error) => {
            report.fault("tree", error.to_string());
            return Ok(report);
        }
    };
    // A tombstone is signed before anything is removed. The files are held by now: whatever is
    // missing in them is covered by a tombstone that this checkpoint covers.
    let newest = read_last(&**disk, verifier).ok().flatten();
    let mut bodies = Bodies {
        signed: newest.map_or(0, |head| head.size.get()),
        missing: vec![true; manifest.sealed as usize],
        erased: Vec::new(),
        withheld: Vec::new(),
        erasures: Vec::new(),
    };
    check_journal(journal, &manifest, &mut tree, &mut bodies, &mut report);
    report.events = tree.size();
    let tree = &tree;
    let mut beside = Report::default();
    // One thread goes over the tree and the ids while the others begin with the parts.
    let (judged, held) = rayon::join(
        || {
            check_parts(parts, &manifest, tree, &mut bodies, &mut report);
            bodies.judge(tree, &mut report)
        },
        || {
            check_ids(ids, &manifest, &mut beside);
            check_tree(head, tree, verifier, older, &mut beside)
        },
    );
    judged.and(held)?;
    report.signed = beside.signed;
    report.add_faults(beside);
    Ok(report)
}

/// Which bodies were found.
struct Bodies {
    /// Tombstones before this sequence are signed.
    signed: u64,
    /// By sequence, of the sealed events.
    missing: Vec<bool>,
    erased: Vec<u64>,
    withheld: Vec<(u64, Vec<u16>)>,
    /// What the signed tombstones erase.
    erasures: Vec<Erasure>,
}

/// What an event is like beside its entry.
struct Seen {
    sequence: u64,
    /// Its entry is made of what its body is.
    fits: bool,
    /// Its entry belongs on another shelf than the part it stands in.
    misplaced: bool,
    /// What was added to it at ingest can be read.
    readable: bool,
    kept: Kept,
    erasures: Vec<Erasure>,
}

enum Kept {
    Whole,
    Nothing,
    /// All but the fields of these numbers.
    But(Vec<u16>),
}

impl Seen {
    /// Hashes all of the event: what a check spends its time with.
    fn of(recorded: &Recorded, entry: Option<&Entry>) -> Self {
        Seen {
            sequence: recorded.sequence.get(),
            fits: entry == Some(&recorded.entry()),
            misplaced: false,
            readable: recorded
                .enrichment
                .as_ref()
                .is_none_or(|it| it.read().is_ok()),
            kept: match &recorded.content {
                Content::Whole { .. } => Kept::Whole,
                Content::Erased { .. } => Kept::Nothing,
                Content::Withheld(withheld) => {
                    let gone = withheld
                        .items()
                        .enumerate()
                        .filter(|(_, item)| matches!(item, event::Item::Withheld(_)));
                    Kept::But(gone.map(|(number, _)| number as u16).collect())
                }
            },
            erasures: erasures_of(recorded),
        }
    }

    /// A sealed event that stands in a part of `shelf`, with the bytes of its entry.
    fn in_part(recorded: &Recorded, entry: Option<&EntryBytes>, shelf: Shelf) -> Self {
        let known = entry.and_then(|bytes| Entry::from_bytes(bytes).ok());
        Seen {
            misplaced: shelf != Shelf::Hold
                && known.is_some_and(|known| Shelf::of(known.kind, known.category) != shelf),
            ..Seen::of(recorded, known.as_ref())
        }
    }
}

impl Bodies {
    /// Takes down one event that stands in `place`.
    fn take(&mut self, seen: Seen, place: &str, report: &mut Report) {
        let sequence = seen.sequence;
        let mut wrong = |what: String| report.fault(format!("event {sequence}"), what);
        if !seen.fits {
            wrong(format!(
                "its body in {place} is not what its entry in the tree was made of"
            ));
        }
        if let Some(missing) = self.missing.get_mut(sequence as usize) {
            if !*missing {
                wrong(format!("it stands twice, once in {place}"));
            }
            *missing = false;
        }
        if seen.misplaced {
            wrong(format!(
                "it stands in {place}, where its entry does not belong"
            ));
        }
        if !seen.readable {
            wrong(format!("what stands beside it in {place} is no enrichment"));
        }
        // Nobody has signed a later one: it may be anybody's who can write to the folder.
        if sequence < self.signed {
            self.erasures.extend(seen.erasures);
        }
        match seen.kept {
            Kept::Whole => {}
            Kept::Nothing => self.erased.push(sequence),
            Kept::But(numbers) => self.withheld.push((sequence, numbers)),
        }
    }

    /// A body may be missing only where a tombstone says so.
    fn judge(self, tree: &Tree, report: &mut Report) -> io::Result<()> {
        let erasures = self.erasures;
        let missing = self
            .missing
            .iter()
            .enumerate()
            .filter(|(_, missing)| **missing)
            .map(|(sequence, _)| sequence as u64);
        for sequence in missing.chain(self.erased) {
            report.erased += 1;
            let category = tree
                .entry(sequence)?
                .and_then(|bytes| Entry::from_bytes(&bytes).ok())
                .map(|entry| entry.category);
            let covered = erasures.iter().any(|erasure| {
                (erasure.first..=erasure.last).contains(&sequence)
                    && erasure.fields.is_empty()
                    && erasure.category.is_none_or(|only| Some(only) == category)
            });
            if !covered {
                report.fault(
                    format!("event {sequence}"),
                    "its body is missing and no signed tombstone says that it was erased",
                );
            }
        }
        for (sequence, numbers) in self.withheld {
            report.withheld += 1;
            let covered = |number: &u16| {
                erasures.iter().any(|erasure| {
                    (erasure.first..=erasure.last).contains(&sequence)
                        && erasure.fields.contains(number)
                })
            };
            if !numbers.iter().all(covered) {
                report.fault(
                    format!("event {sequence}"),
                    "fields are missing and no signed tombstone says that they were erased",
                );
            }
        }
        Ok(())
    }
}

/// Blocks looked at on all cores before their events are taken down in order: bounds the memory.
const BLOCKS_AT_ONCE: usize = 256;

fn check_parts(
    parts: Vec<(PartEntry, io::Result<Arc<dyn DiskFile>>)>,
    manifest: &Manifest,
    tree: &Tree,
    bodies: &mut Bodies,
    report: &mut Report,
) {
    for (entry, file) in parts {
        let name = format!("part {}", entry.name());
        let opened = file.and_then(|file| {
            let part = Part::of_file(file, entry, &manifest.ledger)?;
            let reference = part.reference()?;
            Ok((part, reference))
        });
        let (part, reference) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                report.fault(&name, error.to_string());
                continue;
            }
        };
        for first in (0..part.blocks()).step_by(BLOCKS_AT_ONCE) {
            let places = first..part.blocks().min(first + BLOCKS_AT_ONCE);
            let blocks: Vec<Vec<io::Result<Seen>>> = places
                .into_par_iter()
                .map(|place| match part.read_block(place, &reference) {
                    Ok(block) => {
                        let entries = NearEntries::of(&block, tree, manifest.sealed);
                        let seen = |within| {
                            let recorded = block.recorded(within)?;
                            let known = entries.get(recorded.sequence.get());
                            Ok(Seen::in_part(&recorded, known.as_ref(), entry.shelf))
                        };
                        (0..block.len()).map(seen).collect()
                    }
                    Err(error) => vec![Err(error)],
                })
                .collect();
            for seen in blocks.into_iter().flatten() {
                match seen {
                    Ok(seen) => bodies.take(seen, &name, report),
                    Err(error) => report.fault(&name, error.to_string()),
                }
            }
        }
    }
}

/// The entries from the first event of a block to its last, where they stand near each other.
struct NearEntries<'t> {
    tree: &'t Tree,
    /// No part may hold an event from this one on.
    sealed: u64,
    first: u64,
    bytes: Vec<u8>,
}

impl<'t> NearEntries<'t> {
    fn of(block: &Block, tree: &'t Tree, sealed: u64) -> Self {
        let range = block.span();
        let near = range.end - range.start <= ENTRIES_READ_FOR_ONE * block.len() as u64;
        let bytes = match near && range.end <= sealed {
            true => tree.entries(range.clone()).unwrap_or_default(),
            false => Vec::new(),
        };
        NearEntries {
            tree,
            sealed,
            first: range.start,
            bytes,
        }
    }

    fn get(&self, sequence: u64) -> Option<EntryBytes> {
        let (known, _) = self.bytes.as_chunks::<ENTRY_BYTES>();
        let near = known.get(sequence.checked_sub(self.first)? as usize);
        if near.is_some() || sequence >= self.sealed {
            return near.copied();
        }
        self.tree.entry(sequence).ok().flatten()
    }
}

fn check_journal(
    files: Vec<(u64, Arc<dyn DiskFile>)>,
    manifest: &Manifest,
    tree: &mut Tree,
    bodies: &mut Bodies,
    report: &mut Report,
) {
    let newest = files.last().map(|(first, _)| *first);
    for (first, file) in files {
        let place = format!("journal/{first}");
        if first != tree.size() {
            return report.fault(
                place,
                format!(
                    "it begins with event {first}, but event {} comes next",
                    tree.size()
                ),
            );
        }
        let is_last = Some(first) == newest;
        let scanned = match journal::scan_file(&*file, &manifest.ledger, first, is_last) {
            Ok(Some(scanned)) => scanned,
            Ok(None) => return,
            Err(error) => return report.fault(place, error.to_string()),
        };
        report.torn_bytes += scanned.torn_bytes;
        for recorded in scanned.groups.iter().flat_map(|group| group.records()) {
            match recorded {
                Ok(recorded) => {
                    let entry = recorded.entry();
                    tree.push(entry.to_bytes());
                    bodies.take(Seen::of(&recorded, Some(&entry)), &place, report);
                }
                Err(error) => return report.fault(place, error.to_string()),
            }
        }
    }
}

fn check_ids(
    runs: Vec<(IdRunEntry, io::Result<Arc<dyn DiskFile>>)>,
    manifest: &Manifest,
    report: &mut Report,
) {
    for (run, file) in runs {
        let place = run.path().display().to_string();
        let opened = file.and_then(|file| IdRun::of_file(file, run, &manifest.ledger));
        let entries = opened.and_then(|run| {
            run.iter()
                .try_fold(0, |count, entry| entry.map(|_| count + 1))
        });
        match entries {
            Ok(count) if count == run.entries => {}
            Ok(count) => report.fault(
                place,
                format!("it holds {count} ids, the manifest says {}", run.entries),
            ),
            Err(error) => report.fault(place, error.to_string()),
        }
    }
}

fn check_tree(
    head: Result<Option<SignedHead>, HeadError>,
    tree: &Tree,
    verifier: &Verifier,
    older: Option<&[u8]>,
    report: &mut Report,
) -> io::Result<()> {
    let head = match head {
        Ok(head) => head,
        Err(error) => {
            report.fault("last-checkpoint", error.to_string());
            None
        }
    };
    let mut sizes: BTreeMap<u64, Vec<(&str, Hash)>> = BTreeMap::new();
    match &head {
        Some(head) => {
            report.signed = head.size.get();
            sizes
                .entry(head.size.get())
                .or_default()
                .push(("last-checkpoint", head.root));
        }
        None => report.fault("last-checkpoint", "there is none that this key signed"),
    }
    match older.map(|note| Checkpoint::open(note, std::slice::from_ref(verifier))) {
        Some(Ok(older)) => sizes
            .entry(older.size())
            .or_default()
            .push(("the older checkpoint", *older.root())),
        Some(Err(error)) => report.fault("the older checkpoint", error.to_string()),
        None => {}
    }
    // Every hash in the files of the upper levels, against the entries below it.
    let size = tree.size();
    let root = merkle::root_at(tree, size).map_err(|error| io::Error::other(error.to_string()))?;
    let mut audit =
        Audit::start(tree, size, &root).map_err(|error| io::Error::other(error.to_string()));
    let mut frontier = Frontier::new();
    let mut hold = |frontier: &Frontier, report: &mut Report| {
        for (name, root) in sizes.remove(&frontier.size()).into_iter().flatten() {
            if frontier.root() != root {
                report.fault(name, format!("it was signed for other first {} events than these: the history was changed", frontier.size()));
            }
        }
    };
    hold(&frontier, report);
    for start in (0..size).step_by(4096) {
        let entries = tree.entries(start..size.min(start + 4096))?;
        for entry in entries.chunks_exact(ENTRY_BYTES) {
            let leaf = leaf_hash(entry);
            frontier.push(leaf);
            if let Ok(running) = &mut audit
                && let Err(error) = running.push(&leaf)
            {
                audit = Err(io::Error::other(error.to_string()));
            }
            hold(&frontier, report);
        }
    }
    if let Err(error) = audit.and_then(|audit| {
        audit
            .finish()
            .map_err(|error| io::Error::other(error.to_string()))
    }) {
        report.fault("tree", error.to_string());
    }
    for (missing, checkpoints) in sizes {
        for (name, _) in checkpoints {
            report.fault(
                name,
                format!("it covers {missing} events, the folder holds {size}: events are missing"),
            );
        }
    }
    Ok(())
}
