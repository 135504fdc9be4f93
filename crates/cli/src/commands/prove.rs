//! `annals prove`: the proof document of one event, checked before it is handed out.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use event::proof::Document;
use ledger::Reader;
use merkle::Verifier;

use crate::args::ProveArgs;
use crate::failure::{Done, Failure};
use crate::output;

/// How long a running server may take to sign a checkpoint that covers the event.
const COVERED_WITHIN: Duration = Duration::from_secs(3);
/// Pause between two looks at the folder.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) fn run(args: &ProveArgs) -> Done {
    let json = match &args.data {
        Some(data) => from_folder(data, &args.tenant, &args.id)?,
        None => args.server.client().proof(&args.id)?,
    };
    let document = Document::parse(json.as_bytes())?;
    let named: Verifier = document.vkey.parse().context("the proof names no key")?;
    if let Err(problem) = client::proof::check(&document, &named) {
        return Err(Failure::Broken(format!(
            "the proof of {} does not hold: {problem}",
            args.id
        )));
    }
    match &args.output {
        None => output::line(&json)?,
        Some(path) => {
            std::fs::write(path, format!("{json}\n"))
                .with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("wrote {}; check it anywhere with", path.display());
            eprintln!(
                "  annals verify {} --vkey '{}'",
                path.display(),
                document.vkey.trim()
            );
        }
    }
    Ok(())
}

/// Makes the proof from the files of a data folder, whether a server writes to it or not.
fn from_folder(data: &Path, tenant: &str, id: &str) -> anyhow::Result<String> {
    let named = event::parse_display_id(id)?;
    let dir = data.join("ledgers").join(tenant);
    if !dir.is_dir() {
        bail!("{} has no tenant `{tenant}`", data.display());
    }
    let disk: Arc<dyn ledger::disk::Disk> = Arc::new(ledger::disk::Real::at(&dir));
    let verifier = ledger::read_vkey(&*disk)?;
    let begun = Instant::now();
    let reader = loop {
        let reader = Reader::open(&disk, &verifier)?;
        let sequence = named.sequence().get();
        if reader.head().size.get() > sequence {
            break reader;
        }
        if sequence >= reader.events() {
            bail!("there is no event {id}");
        }
        if begun.elapsed() > COVERED_WITHIN {
            bail!(
                "no checkpoint covers the event {id}, and no server signs one; start the server once"
            );
        }
        std::thread::sleep(LOOK_EVERY);
    };
    let recorded = reader.read(named.sequence())?;
    if !named.fits(recorded.received_at) {
        bail!("there is no event {id}: the year is wrong");
    }
    let path = reader.inclusion_proof(recorded.sequence)?;
    let note = reader.head().note.clone();
    Ok(Document::of(&recorded, path, note, verifier.to_string()).to_json())
}
