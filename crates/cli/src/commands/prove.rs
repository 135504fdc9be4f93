//! `annals prove`: the proof document of one event, checked before it is handed out.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use event::proof::Document;
use ledger::{Ledger, Options, Resources, System};
use merkle::Verifier;

use crate::args::ProveArgs;
use crate::failure::{Done, Failure};
use crate::output;

/// How long a checkpoint that covers the event may take.
const COVERED_WITHIN: Duration = Duration::from_secs(5);

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

/// Makes the proof from the files of a data folder that no server uses.
fn from_folder(data: &Path, tenant: &str, id: &str) -> anyhow::Result<String> {
    let named = event::parse_display_id(id)?;
    let dir = data.join("ledgers").join(tenant);
    if !dir.is_dir() {
        bail!("{} has no tenant `{tenant}`", data.display());
    }
    let _folder = server::Folder::take(data).context("ask the server instead: --url")?;
    let disk: Arc<dyn ledger::disk::Disk> = Arc::new(ledger::disk::Real::at(&dir));
    let verifier = ledger::read_vkey(&*disk)?;
    let options = Options {
        origin: verifier.name().to_owned(),
        dir,
        clock: Arc::new(System),
        entropy: Arc::new(System),
        resources: Resources::without_thread(ledger::DEFAULT_CACHE_BYTES),
        sign_after: ledger::SIGN_AFTER,
        checkpoint_store: None,
        signing_key: None,
    };
    let ledger = Ledger::open(disk, options)?;
    let recorded = ledger
        .read(named.sequence())
        .with_context(|| format!("there is no event {id}"))?;
    if !named.fits(recorded.received_at) {
        bail!("there is no event {id}: the year is wrong");
    }
    let head = ledger
        .wait_covered(recorded.sequence, COVERED_WITHIN)
        .context("no checkpoint covers the event")?;
    let path = ledger.inclusion_proof(recorded.sequence, head.size)?;
    let document = Document::of(&recorded, path, head.note.clone(), verifier.to_string());
    ledger.close();
    Ok(document.to_json())
}
