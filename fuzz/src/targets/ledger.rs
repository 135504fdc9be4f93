//! `ledger`: a folder one file of which is not what was written.
//!
//! The corpus is one whole ledger, made by `examples/corpus.rs`: each input is the path of a file,
//! a line end, and what stands in it. A mutated input takes the place of that file, once as it is
//! and once with its checksums made right, as somebody would who changes a ledger on purpose.

mod checksums;
mod memory_disk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use event::{Content, Recorded, Sequence, Timestamp};
use ledger::disk::{Disk, Sim};
use ledger::{Clock, Entropy, Ledger, Options, Reader, Resources};
use merkle::Verifier;

use super::MIB;
use crate::{Reached, Target};
use memory_disk::MemoryDisk;

pub(super) const LEDGER_FILE: Target = Target {
    name: "ledger-file",
    run: ledger_file,
    executions: 12_000,
    memory_bytes: 48 * MIB,
    words: &[
        "manifest\n",
        "last-checkpoint\n",
        "\"sealed\": ",
        "\"parts\": [",
        "AGRP",
        "APRT",
    ],
};

pub(super) type Files = BTreeMap<PathBuf, Arc<Vec<u8>>>;

/// The ledger that the corpus is.
struct Whole {
    files: Files,
    verifier: Verifier,
    events: Vec<Recorded>,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
    let inputs = LEDGER_FILE.corpus().expect("the corpus of `ledger-file`");
    let files: Files = inputs
        .iter()
        .map(|input| parted(input).expect("a path and a file"))
        .map(|(path, bytes)| (path, Arc::new(bytes.to_vec())))
        .collect();
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk(files.clone()));
    let verifier = ledger::read_vkey(&*disk).expect("a public key");
    let report = ledger::check(&disk, &verifier, None).expect("a ledger");
    assert!(
        report.is_sound(),
        "the corpus is no sound ledger: {:?}",
        report.findings
    );
    assert_eq!(report.signed, report.events, "all of it is signed");
    let reader = Reader::open(&disk, &verifier).expect("a ledger");
    let events = (0..reader.events())
        .map(|place| reader.read(Sequence::new(place)).expect("an event"))
        .collect();
    Whole {
        files,
        verifier,
        events,
    }
});

/// The path and the file that an input is.
fn parted(input: &[u8]) -> Option<(PathBuf, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let path = str::from_utf8(&input[..end]).ok()?;
    let is_plain = !path.is_empty() && path.split('/').all(|name| !matches!(name, "" | "." | ".."));
    is_plain.then(|| (path.into(), &input[end + 1..]))
}

/// A damaged file is told by name, and nothing that passes a check is another event than the one
/// that was signed.
fn ledger_file(input: &[u8]) -> Reached {
    let Some((path, bytes)) = parted(input) else {
        return Reached::at("no path");
    };
    if !WHOLE.files.contains_key(&path) {
        return Reached::at("another path");
    }
    let as_it_is = read_with(&path, bytes.to_vec());
    let mut mended = bytes.to_vec();
    checksums::mend(&path, &mut mended);
    let with_checksums = (mended != bytes).then(|| read_with(&path, mended));
    Reached::at((path, as_it_is, with_checksums))
}

/// Reads the ledger with this file in its place, in every way there is; what came of it.
fn read_with(path: &Path, bytes: Vec<u8>) -> Vec<String> {
    let mut files = WHOLE.files.clone();
    files.insert(path.to_owned(), Arc::new(bytes));
    let mut reached = Vec::new();
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk(files.clone()));
    let report = ledger::check(&disk, &WHOLE.verifier, None).expect("memory is read");
    reached.extend(
        report
            .findings
            .iter()
            .take(3)
            .map(|finding| outline(&finding.to_string())),
    );
    let is_sound = report.is_sound() && report.events >= report.signed;
    if is_sound {
        assert!(
            report.signed <= WHOLE.events.len() as u64,
            "nobody has signed that"
        );
    }
    let _ = ledger::read_vkey(&*disk).map_err(|error| reached.push(outline(&error.to_string())));
    match Reader::open(&disk, &WHOLE.verifier) {
        Ok(reader) => {
            for place in 0..reader.events().min(2 * WHOLE.events.len() as u64) {
                match reader.read(Sequence::new(place)) {
                    Ok(read) if is_sound => check_event(place, report.signed, &read),
                    Ok(_) => {}
                    Err(error) => reached.push(outline(&error.to_string())),
                }
            }
        }
        Err(error) => reached.push(outline(&error.to_string())),
    }
    match open(&files) {
        Ok(ledger) => {
            for (place, event) in (0..).zip(&WHOLE.events) {
                match ledger.read(Sequence::new(place)) {
                    Ok(read) if is_sound => check_event(place, report.signed, &read),
                    Ok(_) => {}
                    Err(error) => reached.push(outline(&error.to_string())),
                }
                if let Some(id) = event.event().and_then(event::Event::id) {
                    let found = ledger.find_id(&id);
                    reached.extend(found.err().map(|error| outline(&error.to_string())));
                }
            }
            ledger.close();
        }
        Err(error) => reached.push(outline(&error.to_string())),
    }
    reached.sort();
    reached.dedup();
    reached
}

/// What a check found sound is what was signed; only what is not hashed may differ.
fn check_event(place: u64, signed: u64, read: &Recorded) {
    let Some(made) = WHOLE.events.get(place as usize).filter(|_| place < signed) else {
        return;
    };
    assert_eq!(read.sequence, made.sequence);
    assert_eq!(read.entry(), made.entry(), "event {place}");
    // The corpus was erased to its end: nothing more can be missing.
    if let (Content::Whole { event, .. }, Content::Whole { event: made, .. }) =
        (&read.content, &made.content)
    {
        let pairs = |event: &event::Event| -> Vec<(String, String)> {
            let text = |field: event::Field<'_>| (field.path.to_string(), field.value.to_owned());
            event.fields().map(text).collect()
        };
        assert_eq!(pairs(event), pairs(made), "event {place}");
    }
    assert_eq!(
        read.content.withheld_count(),
        made.content.withheld_count(),
        "event {place} has lost fields that nobody erased"
    );
}

fn open(files: &Files) -> Result<Ledger, ledger::OpenError> {
    let disk = Sim::new(1);
    for (path, bytes) in files {
        for folder in path
            .ancestors()
            .skip(1)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            if !disk.exists(folder).unwrap_or(true) {
                disk.create_dir(folder)?;
            }
        }
        disk.create(path)?.write_all_at(bytes, 0)?;
    }
    Ledger::open(Arc::new(disk), options(Arc::new(Standing)))
}

/// Time that stands still and bytes that are no secret: nothing is signed in earnest here.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        // 2026-03-10T12:00:00Z, in the month of the corpus.
        Timestamp::from_micros(1_773_144_000_000_000)
    }
}

impl Entropy for Standing {
    fn fill(&self, buffer: &mut [u8]) -> std::io::Result<()> {
        buffer.fill(7);
        Ok(())
    }
}

fn options(clock: Arc<Standing>) -> Options {
    Options {
        origin: "fuzz.example.com/main".to_owned(),
        dir: PathBuf::new(),
        clock: clock.clone(),
        entropy: clock,
        resources: Resources::without_thread(1 << 20),
        sign_after: Duration::from_secs(3600),
        checkpoint_store: None,
        signing_key: None,
    }
}

/// A message without its numbers: where reading stopped, not at which byte.
fn outline(message: &str) -> String {
    message
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .take(120)
        .collect()
}
