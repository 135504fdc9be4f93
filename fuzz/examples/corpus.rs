//! Makes the inputs of `corpus/` that nobody writes by hand: a whole ledger, proofs of its events,
//! packed bodies, a location file.
//!
//! They are made once for each version of a format and checked in; inputs of older versions stay.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use event::proof::Document;
use event::{Acceptance, Enrichment, Event, Geo, Kind, Salt, Sequence, Timestamp};
use index::Index;
use ledger::disk::{Disk, Sim};
use ledger::{Clock, Entropy, Ledger, Mode, Options, Prepared, Resources};

/// 2026-02-10T12:00:00Z and a month later.
const FEBRUARY_MICROS: i64 = 1_770_724_800_000_000;
const MARCH_MICROS: i64 = 1_773_144_000_000_000;

fn main() {
    write("location-file", "demo", &demo::location_file());
    let events =
        br#"[{"action":"login","actor":{"id":"u-1"}},{"action":"logout","actor":{"id":"u-1"}}]"#;
    write(
        "body",
        "zstd",
        &zstd::encode_all(&events[..], 3).expect("memory is read"),
    );
    write(
        "body",
        "zstd-bomb",
        &zstd::encode_all(&vec![0; 4 << 20][..], 3).expect("memory is read"),
    );
    write("body", "gzip", &gzip(events));
    write(
        "body",
        "gzip-members",
        &[gzip(events), gzip(b"\n")].concat(),
    );
    write("body", "gzip-bomb", &gzip(&vec![b' '; 4 << 20]));
    for (path, bytes) in ledger_files() {
        let name = path.replace('/', "~");
        let input = [path.as_bytes(), b"\n", &bytes].concat();
        write("ledger-file", &name, &input);
    }
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = fuzz::corpus().join(target);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(name), bytes).expect("a file");
}

struct Made {
    micros: AtomicI64,
    bytes: AtomicU64,
}

impl Clock for Made {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.fetch_add(1_000, Ordering::Relaxed))
    }
}

impl Entropy for Made {
    fn fill(&self, buffer: &mut [u8]) -> std::io::Result<()> {
        for byte in buffer {
            let next = self
                .bytes
                .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (next.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56) as u8;
        }
        Ok(())
    }
}

/// A ledger with parts of several shelves, id runs, erased events and fields, and a journal.
fn ledger_files() -> Vec<(String, Vec<u8>)> {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let disk = Arc::new(Sim::new(1));
    let made = Arc::new(Made {
        micros: AtomicI64::new(FEBRUARY_MICROS),
        bytes: AtomicU64::new(1),
    });
    let options = Options {
        origin: "fuzz.example.com/main".to_owned(),
        dir: folder.path().to_owned(),
        clock: made.clone(),
        entropy: made.clone(),
        resources: Resources::without_thread(1 << 20),
        sign_after: Duration::from_millis(1),
        checkpoint_store: None,
        signing_key: None,
    };
    let ledger = Ledger::open(disk.clone(), options).expect("a new ledger");
    for place in 0..40 {
        append(&ledger, sent(&made, place));
    }
    append(&ledger, tombstone(&made, r#"[{"first":3,"last":3}]"#));
    append(
        &ledger,
        tombstone(&made, r#"[{"first":5,"last":6,"fields":[2,3]}]"#),
    );
    ledger.seal();
    work(&ledger);
    made.micros.store(MARCH_MICROS, Ordering::Relaxed);
    for place in 40..46 {
        append(&ledger, sent(&made, place));
    }
    work(&ledger);
    for place in [0, 5, 43] {
        let recorded = ledger.read(Sequence::new(place)).expect("an event");
        let head = ledger.head();
        let path = ledger
            .inclusion_proof(recorded.sequence, head.size)
            .expect("a path");
        let vkey = ledger.verifier().to_string();
        let document = Document::of(&recorded, path, head.note.clone(), vkey);
        write(
            "proof",
            &format!("event-{place}"),
            document.to_json().as_bytes(),
        );
    }
    let mut files = Vec::new();
    collect(&*disk, Path::new(""), &mut files);
    let index = Index::open(ledger.clone()).expect("an index");
    work(&ledger);
    assert!(index.wait_settled(Duration::from_secs(10)));
    let path = folder.path().join("index/security/1-37.7");
    write(
        "index-file",
        "security",
        &std::fs::read(path).expect("an index file"),
    );
    drop(index);
    files
}

fn append(ledger: &Ledger, event: Prepared) {
    let placed = ledger.append(vec![event], Mode::Each).expect("an append");
    let sequence = placed[0].as_ref().expect("a place").sequence;
    ledger
        .wait_covered(sequence, Duration::from_secs(5))
        .expect("a checkpoint");
}

fn work(ledger: &Ledger) {
    while ledger.work().expect("background work") {}
}

fn sent(made: &Made, place: u64) -> Prepared {
    let action = ["customer.update", "login", "report.export", "job.run"][place as usize % 4];
    let json = format!(
        r#"{{"id":"event-{place}","action":"{action}","actor":{{"id":"u-{}","name":"Ada Example"}},"message":"number {place}","targets":[{{"type":"customer","id":"c-{place}"}}]}}"#,
        place % 3
    );
    let acceptance = Acceptance {
        now: made.now(),
        key_id: Some("key_fuzz"),
        import: None,
    };
    let event = Event::accept(json.as_bytes(), &acceptance).expect("an event");
    let geo = Geo {
        city: Some("Riga".to_owned()),
        estimated: true,
        ..Geo::default()
    };
    let enrichment = Enrichment {
        geo: Some(geo),
        ..Enrichment::default()
    };
    Prepared::new(
        event,
        Kind::Application,
        salt(made),
        place.is_multiple_of(2).then_some(enrichment),
    )
}

fn tombstone(made: &Made, erased: &str) -> Prepared {
    let json = format!(
        r#"{{"action":"annals.event.erase","actor":{{"type":"system"}},"metadata":{{"erased":{erased},"reason":"asked for"}}}}"#
    );
    let acceptance = Acceptance {
        now: made.now(),
        key_id: None,
        import: None,
    };
    let event = Event::accept_own(json.as_bytes(), &acceptance).expect("an event");
    Prepared::new(event, Kind::Tombstone, salt(made), None)
}

fn salt(made: &Made) -> Salt {
    let mut salt = [0; 16];
    made.fill(&mut salt).expect("bytes");
    Salt(salt)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory is written");
    encoder.finish().expect("memory is written")
}

fn collect(disk: &dyn Disk, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for listed in disk.list(folder).expect("a folder") {
        let path = folder.join(&listed.name);
        if listed.is_dir {
            collect(disk, &path, files);
            continue;
        }
        let file = disk.open_read(&path).expect("a file");
        let mut bytes = vec![0; file.len().expect("a length") as usize];
        file.read_exact_at(&mut bytes, 0).expect("its bytes");
        files.push((path.to_str().expect("a name").to_owned(), bytes));
    }
}
