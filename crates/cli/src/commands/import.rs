//! `annals import`: files in, every record exactly once.
//!
//! A record without an id gets one made of its content and of how often the same content came
//! before it, so that what is there is known and stays single. An import that was cut off, even by
//! kill -9, is simply run again and goes on behind the last batch that was acknowledged.

mod ids;
mod lines;
mod progress;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use client::{Body, Client, Sending};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::{ImportArgs, ImportFormat};
use crate::failure::{Done, Failure};
use crate::output;
use ids::{Seen, made_id, push_with_id};
use lines::{LINE_MAX_BYTES, Line, Lines, Place};
use progress::Progress;

const BATCH_EVENTS: usize = 1_000;
/// Bytes in one request, below the server's limit of 16 MiB with room for one more line.
const BATCH_BYTES: usize = 8 << 20;
/// Endings of the files that are taken from a folder.
const ENDINGS: [&str; 3] = ["ndjson", "jsonl", "json"];
/// Longest name of an import the server takes.
const NAME_MAX_CHARACTERS: usize = 100;

pub(crate) fn run(args: &ImportArgs) -> Done {
    let ImportFormat::Ndjson = args.format;
    let files = files(&args.paths)?;
    let total_bytes = files
        .iter()
        .filter_map(|f| f.metadata().ok())
        .map(|m| m.len())
        .sum();
    let bar = ProgressBar::new(total_bytes);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta} {msg}")
    {
        bar.set_style(style);
    }
    let name = args.name.clone().or_else(|| {
        let name = files.first()?.file_name()?.to_str()?;
        Some(name.chars().take(NAME_MAX_CHARACTERS).collect())
    });
    let progress = Progress::of(
        &args.server.url,
        args.server.key.as_deref(),
        name.as_deref(),
    );
    let progress = progress.inspect_err(|error| {
        eprintln!("no progress is kept ({error}): an import that is cut off begins anew");
    });
    let sending = Sending {
        import: name,
        every_event_has_an_id: true,
        ..Sending::default()
    };
    let mut import = Import {
        client: args.server.client(),
        sending,
        bar,
        restart: args.restart,
        progress: progress.ok(),
        batch: Batch::default(),
        seen: Seen::new(),
    };
    let mut sum = Sum::default();
    for path in &files {
        let of_file = import.file(path).inspect_err(|_| {
            if import.progress.is_some() {
                eprintln!("run the same command again: it goes on where it was");
            }
        })?;
        sum.add(&of_file);
    }
    import.bar.finish_and_clear();
    if let Some(progress) = import.progress {
        progress.end();
    }
    sum.finish()
}

/// The files named, and those in the folders named, in order of name.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let listed =
            std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut inside = listed
            .map(|entry| entry.map(|e| e.path()))
            .collect::<Result<Vec<_>, _>>()?;
        inside.retain(|p| {
            p.is_file()
                && p.extension()
                    .is_some_and(|e| ENDINGS.iter().any(|ending| e == *ending))
        });
        inside.sort();
        files.extend(inside);
    }
    if files.is_empty() {
        bail!("no file to import: folders are searched for *.ndjson, *.jsonl and *.json");
    }
    Ok(files)
}

struct Import {
    client: Client,
    sending: Sending,
    bar: ProgressBar,
    /// Pay no heed to what an earlier run left.
    restart: bool,
    progress: Option<Progress>,
    batch: Batch,
    seen: Seen,
}

/// Lines of one file that are not sent yet, each with its number, from 1.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    numbers: Vec<u64>,
}

#[derive(Default)]
struct Sum {
    accepted: u64,
    duplicates: u64,
    skipped: u64,
    refused: u64,
}

impl Import {
    fn file(&mut self, path: &Path) -> Result<Sum, Failure> {
        let unreadable = || format!("cannot read {}", path.display());
        let mut lines = Lines::open(path).with_context(unreadable)?;
        let slot = match &self.progress {
            Some(progress) => progress.slot(path).with_context(unreadable)?,
            None => None,
        };
        let (sent, mut sum) = self.take_up(slot.as_deref(), path);
        loop {
            let before = lines.place();
            let Some(line) = lines.next().with_context(unreadable)? else {
                break;
            };
            let text = match line {
                Line::Text(text) => Some(text),
                Line::TooLong => None,
            };
            let number = before.lines + 1;
            // The last line of an export is no event.
            let is_event =
                text.is_none_or(|text| !text.is_empty() && !text.starts_with(b"{\"end\":"));
            if number <= sent.lines {
                // Known to the server; only its content counts for the ids of what follows.
                text.filter(|_| is_event)
                    .map(|text| made_id(text, &mut self.seen));
            } else if let Some(text) = text.filter(|_| is_event) {
                self.push(text, number);
            } else if is_event {
                let words = format!("the line has more than {LINE_MAX_BYTES} bytes");
                self.refuse(&mut sum, path, number, &words, "too_large")?;
            }
            self.bar.inc(lines.place().bytes - before.bytes);
            if self.batch.numbers.len() >= BATCH_EVENTS || self.batch.bytes.len() >= BATCH_BYTES {
                self.send(slot.as_deref(), path, &lines, &mut sum)?;
            }
        }
        self.send(slot.as_deref(), path, &lines, &mut sum)?;
        Ok(sum)
    }

    /// What an earlier run sent of a file.
    fn take_up(&mut self, slot: Option<&Path>, path: &Path) -> (Place, Sum) {
        let left = slot
            .zip(self.progress.as_mut())
            .filter(|_| !self.restart)
            .and_then(|(slot, progress)| {
                let left = progress.left(slot, path)?;
                progress.took_up(slot);
                Some(left)
            });
        let Some(left) = left else {
            return (Place::default(), Sum::default());
        };
        self.bar.suspend(|| {
            eprintln!(
                "{}: {} lines were sent by an earlier run; it goes on behind them (--restart sends all again)",
                path.display(),
                left.place.lines
            );
        });
        (left.place, left.sum)
    }

    fn push(&mut self, line: &[u8], number: u64) {
        match made_id(line, &mut self.seen) {
            Some(id) => push_with_id(&mut self.batch.bytes, line, &id),
            // It has an id, or is no object: then the server says what is wrong with it.
            None => self.batch.bytes.extend_from_slice(line),
        }
        self.batch.bytes.push(b'\n');
        self.batch.numbers.push(number);
    }

    /// Sends the batch and keeps how far that is.
    fn send(&mut self, slot: Option<&Path>, path: &Path, lines: &Lines, sum: &mut Sum) -> Done {
        if self.batch.numbers.is_empty() {
            return Ok(());
        }
        let answer = self
            .client
            .send(Body::Ndjson(&self.batch.bytes), &self.sending)?;
        sum.accepted += answer.accepted;
        sum.duplicates += answer.duplicates;
        sum.skipped += answer.skipped;
        let numbers = std::mem::take(&mut self.batch.numbers);
        self.batch.bytes.clear();
        for rejection in &answer.rejected {
            if let Some(number) = numbers.get(rejection.index as usize) {
                let problem = &rejection.problem;
                self.refuse(sum, path, *number, &problem.detail, &problem.code)?;
            }
        }
        self.bar.set_message(format!("{} kept", sum.accepted));
        if let Some((slot, progress)) = slot.zip(self.progress.as_mut())
            && let Err(error) = progress.keep(slot, path, lines, sum)
        {
            self.progress = None;
            self.bar.suspend(|| {
                eprintln!(
                    "no more progress is kept ({error}): an import that is cut off begins anew"
                );
            });
        }
        Ok(())
    }

    /// Names a refused line.
    fn refuse(&self, sum: &mut Sum, path: &Path, line: u64, words: &str, code: &str) -> Done {
        sum.refused += 1;
        let file = path.display().to_string();
        self.bar
            .suspend(|| eprintln!("{file}:{line}: {words} ({code})"));
        if !output::is_terminal() {
            output::line(
                &json!({"refused": {"file": file, "line": line, "code": code, "detail": words}})
                    .to_string(),
            )?;
        }
        Ok(())
    }
}

impl Sum {
    fn add(&mut self, other: &Sum) {
        self.accepted += other.accepted;
        self.duplicates += other.duplicates;
        self.skipped += other.skipped;
        self.refused += other.refused;
    }

    fn finish(self) -> Done {
        let Self {
            accepted,
            duplicates,
            skipped,
            refused,
        } = self;
        if !std::io::stdout().is_terminal() {
            let end = json!({"accepted": accepted, "duplicates": duplicates, "skipped": skipped, "refused": refused});
            output::line(&json!({"end": end}).to_string())?;
        }
        eprintln!(
            "{accepted} imported, {duplicates} known already, {skipped} switched off, {refused} refused"
        );
        if refused > 0 {
            Err(Failure::Partly)
        } else {
            Ok(())
        }
    }
}
