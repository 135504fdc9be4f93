//! `annals verify`: a folder, a server or proof files, held to a public key.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use client::log::{Log, LogProblem};
use client::{Client, ClientError};
use event::proof::Document;
use indicatif::{ProgressBar, ProgressStyle};
use merkle::{Checkpoint, Verifier};

use crate::args::VerifyArgs;
use crate::failure::{Done, Failure};
use crate::output;

/// How long a server may take to note that its folder was checked.
const TELL_PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn run(args: &VerifyArgs) -> Done {
    let trusted = args.vkey.as_deref().map(read_vkey).transpose()?;
    let older = args
        .older
        .as_ref()
        .map(|path| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        })
        .transpose()?;
    let needs_key = || {
        Failure::Usage(
            "--vkey is needed: the public key (or a file with it), from somebody you trust, not from whom you check"
                .to_owned(),
        )
    };
    match (&args.data, &args.url) {
        (Some(data), _) => {
            let mut broken = Vec::new();
            for tenant in tenants(data, args.tenant.as_deref())? {
                check_folder(
                    data,
                    &tenant,
                    trusted.as_ref(),
                    older.as_deref(),
                    &mut broken,
                )?;
            }
            if broken.is_empty() {
                Ok(())
            } else {
                Err(Failure::Broken(broken.join("; ")))
            }
        }
        (None, Some(url)) => {
            let client = Client::new(url, args.key.as_deref());
            let tenant = args.tenant.as_deref().unwrap_or("main");
            check_server(
                client,
                tenant,
                &trusted.ok_or_else(needs_key)?,
                older.as_deref(),
            )
        }
        (None, None) if args.files.is_empty() => Err(Failure::Usage(
            "say what to check: --data DIR, --url URL, or proof files".to_owned(),
        )),
        (None, None) => check_files(args, &trusted.ok_or_else(needs_key)?, older.as_deref()),
    }
}

/// The key itself, or the file it is in.
fn read_vkey(text: &str) -> anyhow::Result<Verifier> {
    let is_file = Path::new(text).is_file();
    let read = if is_file {
        std::fs::read_to_string(text)?
    } else {
        text.to_owned()
    };
    read.trim()
        .parse()
        .with_context(|| format!("--vkey {text}: neither a key nor a file with one"))
}

/// The tenants of a folder, or the one asked for.
pub(crate) fn tenants(data: &Path, only: Option<&str>) -> anyhow::Result<Vec<String>> {
    if let Some(only) = only {
        return Ok(vec![only.to_owned()]);
    }
    let ledgers = data.join("ledgers");
    let listed = std::fs::read_dir(&ledgers)
        .with_context(|| format!("{} is no data folder of Annals", data.display()))?;
    let mut tenants = Vec::new();
    for entry in listed {
        tenants.push(entry?.file_name().to_string_lossy().into_owned());
    }
    tenants.sort();
    Ok(tenants)
}

/// Checks one ledger's folder; what is wrong is said and added to `broken`.
pub(crate) fn check_folder(
    data: &Path,
    tenant: &str,
    trusted: Option<&Verifier>,
    older: Option<&str>,
    broken: &mut Vec<String>,
) -> Done {
    let dir = data.join("ledgers").join(tenant);
    let disk: Arc<dyn ledger::disk::Disk> = Arc::new(ledger::disk::Real::at(&dir));
    let own;
    let verifier = match trusted {
        Some(trusted) => trusted,
        None => {
            own = ledger::read_vkey(&*disk).with_context(|| format!("{}", dir.display()))?;
            eprintln!("{tenant}: key taken from the folder: shows consistency only");
            &own
        }
    };
    let report = ledger::check(&disk, verifier, older.map(str::as_bytes))
        .with_context(|| format!("cannot check {}", dir.display()))?;
    for finding in &report.findings {
        eprintln!("{}: {finding}", dir.display());
    }
    let wrong = (!report.is_sound()).then(|| count(report.faults, "fault"));
    tell_server(data, tenant, report.events, wrong);
    if !report.is_sound() {
        broken.push(format!(
            "{} in {}",
            count(report.faults, "fault"),
            dir.display()
        ));
        return Ok(());
    }
    output::line(&format!(
        "{}: {} checked, {} signed, {} erased, {} with withheld fields: sound",
        report.origin,
        count(report.events, "event"),
        report.signed,
        report.erased,
        report.withheld
    ))
}

/// Lets a server that runs on the folder note the check in its ledger. Checking works without one,
/// and whatever it answers.
fn tell_server(data: &Path, tenant: &str, events: u64, wrong: Option<String>) {
    let request = server::AdminRequest::Verified {
        tenant: tenant.to_owned(),
        events,
        wrong,
    };
    if let Ok(runtime) = super::runtime() {
        let told = server::tell_running(data, &request);
        let _ = runtime.block_on(async { tokio::time::timeout(TELL_PATIENCE, told).await });
    }
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn check_server(client: Client, tenant: &str, trusted: &Verifier, older: Option<&str>) -> Done {
    let url = client.url().to_owned();
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} entries {eta}") {
        bar.set_style(style);
    }
    let checked = Log::of(client, tenant).check(trusted, older, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    match checked {
        Ok(checked) => output::line(&format!(
            "{}: every tile and all {} entries are those of the signed checkpoint{}: sound",
            checked.checkpoint.origin(),
            checked.checkpoint.size(),
            if older.is_some() {
                ", which grew out of the older one"
            } else {
                ""
            }
        )),
        Err(LogProblem::Call(error @ ClientError::NotAnnals { .. })) => {
            Err(Failure::Broken(format!("{url}: {error}")))
        }
        Err(LogProblem::Call(error)) => Err(error.into()),
        Err(problem) => Err(Failure::Broken(format!("{url}: {problem}"))),
    }
}

fn check_files(args: &VerifyArgs, trusted: &Verifier, older: Option<&str>) -> Done {
    let older = older
        .map(|text| Checkpoint::open(text.as_bytes(), std::slice::from_ref(trusted)))
        .transpose()
        .context("--older")?;
    let mut broken = 0;
    for path in &args.files {
        let shown = path.display();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        let proven = Document::parse(&bytes)
            .map_err(client::proof::ProofProblem::from)
            .and_then(|document| client::proof::check(&document, trusted));
        let proven = match proven {
            Ok(proven) => proven,
            Err(problem) => {
                eprintln!("{shown}: {problem}");
                broken += 1;
                continue;
            }
        };
        let checkpoint = &proven.checkpoint;
        if let Some(older) = &older {
            let same_tree = older.size() == checkpoint.size();
            if same_tree && older.root() != checkpoint.root() {
                eprintln!(
                    "{shown}: its checkpoint and the older one are of one size and differ: history was rewritten"
                );
                broken += 1;
                continue;
            }
            if !same_tree {
                eprintln!(
                    "{shown}: a proof alone cannot be held to a checkpoint of another size; use --url or --data"
                );
            }
        }
        let disclosure = &proven.disclosure;
        let all = disclosure.shown + disclosure.withheld;
        output::line(&format!(
            "{shown}: event {} of {} is in the ledger of {} signed events ({} of {all} fields withheld): proven",
            disclosure.sequence.get(),
            checkpoint.origin(),
            checkpoint.size(),
            disclosure.withheld
        ))?;
    }
    match broken {
        0 => Ok(()),
        n => Err(Failure::Broken(format!(
            "{n} of {} proofs do not hold",
            args.files.len()
        ))),
    }
}
