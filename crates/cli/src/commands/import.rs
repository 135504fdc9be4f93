//! `annals import`: files in, every record exactly once.
//!
//! A record without an id gets one made of its content and of how often the same content came
//! before it, so an import that was interrupted, even by kill -9, is simply run again: what is
//! there is known and stays single.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use client::{Body, Client, Sending};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::args::{ImportArgs, ImportFormat};
use crate::failure::{Done, Failure};
use crate::output;

const BATCH_EVENTS: usize = 1_000;
/// Bytes in one request, below the server's limit of 16 MiB with room for one more line.
const BATCH_BYTES: usize = 8 << 20;
/// A longer line cannot be an event (60 KiB) and is not held in memory.
const LINE_MAX_BYTES: u64 = 1 << 20;
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
    let sending = Sending {
        import: name,
        every_event_has_an_id: true,
        ..Sending::default()
    };
    let mut import = Import {
        client: args.server.client(),
        sending,
        bar,
        batch: Batch::default(),
        seen: HashMap::new(),
        sum: Sum::default(),
    };
    for path in &files {
        import.file(path)?;
    }
    import.send()?;
    import.bar.finish_and_clear();
    import.sum.finish()
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
    batch: Batch,
    /// How often a record without an id has come, by the hash of its content.
    seen: HashMap<[u8; 16], u32>,
    sum: Sum,
}

/// Lines not sent yet, each with where it stands.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Clone)]
struct Place {
    file: PathBuf,
    /// From 1.
    line: u64,
}

#[derive(Default)]
struct Sum {
    accepted: u64,
    duplicates: u64,
    skipped: u64,
    refused: u64,
}

impl Import {
    fn file(&mut self, path: &Path) -> Done {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            line.clear();
            let read = reader
                .by_ref()
                .take(LINE_MAX_BYTES)
                .read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            number += 1;
            self.bar.inc(read as u64);
            let place = Place {
                file: path.to_owned(),
                line: number,
            };
            if read as u64 == LINE_MAX_BYTES && !line.ends_with(b"\n") {
                self.bar.inc(skip_line(&mut reader)?);
                let words = format!("the line has more than {LINE_MAX_BYTES} bytes");
                self.refuse(&place, &words, "too_large")?;
                continue;
            }
            let text = line.trim_ascii();
            if text.is_empty() || text.starts_with(b"{\"end\":") {
                // The last line of an export is no event.
                continue;
            }
            self.push(text, place);
            if self.batch.places.len() >= BATCH_EVENTS || self.batch.bytes.len() >= BATCH_BYTES {
                self.send()?;
            }
        }
    }

    fn push(&mut self, line: &[u8], place: Place) {
        match made_id(line, &mut self.seen) {
            Some(id) => push_with_id(&mut self.batch.bytes, line, &id),
            // It has an id, or is no object: then the server says what is wrong with it.
            None => self.batch.bytes.extend_from_slice(line),
        }
        self.batch.bytes.push(b'\n');
        self.batch.places.push(place);
    }

    fn send(&mut self) -> Done {
        if self.batch.places.is_empty() {
            return Ok(());
        }
        let answer = self
            .client
            .send(Body::Ndjson(&self.batch.bytes), &self.sending)?;
        self.sum.accepted += answer.accepted;
        self.sum.duplicates += answer.duplicates;
        self.sum.skipped += answer.skipped;
        let places = std::mem::take(&mut self.batch.places);
        self.batch.bytes.clear();
        for rejection in &answer.rejected {
            if let Some(place) = places.get(rejection.index as usize) {
                self.refuse(place, &rejection.problem.detail, &rejection.problem.code)?;
            }
        }
        self.bar.set_message(format!("{} kept", self.sum.accepted));
        Ok(())
    }

    /// Names a refused line.
    fn refuse(&mut self, place: &Place, words: &str, code: &str) -> Done {
        self.sum.refused += 1;
        let (file, line) = (place.file.display().to_string(), place.line);
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

/// Skips the rest of a line; how many bytes that were.
fn skip_line(reader: &mut impl BufRead) -> std::io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        let at_end = buffer.is_empty() || end.is_some();
        reader.consume(used);
        skipped += used as u64;
        if at_end {
            return Ok(skipped);
        }
    }
}

/// The id of a record that has none: of the format, the record whatever the order of its keys, and
/// the number of equal records before it.
fn made_id(line: &[u8], seen: &mut HashMap<[u8; 16], u32>) -> Option<String> {
    let record: Value = serde_json::from_slice(line).ok()?;
    if record.as_object()?.contains_key("id") {
        return None;
    }
    let mut canonical = String::with_capacity(line.len());
    push_canonical(&record, &mut canonical);
    let digest = Sha256::new()
        .chain_update("annals import v1\0ndjson\0")
        .chain_update(&canonical);
    let content: [u8; 32] = digest.clone().finalize().into();
    let content: [u8; 16] = std::array::from_fn(|n| content[n]);
    let occurrence = seen.entry(content).or_insert(0);
    let id: [u8; 32] = digest
        .chain_update(format!("\0{occurrence}"))
        .finalize()
        .into();
    *occurrence += 1;
    let hex: String = id
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(format!("imp-{hex}"))
}

/// JSON with sorted keys.
fn push_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in sorted {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                push_canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(elements) => {
            out.push('[');
            for element in elements {
                push_canonical(element, out);
                out.push(',');
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// Puts the id before the closing brace and leaves every other byte as it is.
fn push_with_id(out: &mut Vec<u8>, object: &[u8], id: &str) {
    let body = object.strip_suffix(b"}").unwrap_or(object).trim_ascii_end();
    out.extend_from_slice(body);
    if !body.ends_with(b"{") {
        out.push(b',');
    }
    out.extend_from_slice(format!("\"id\":\"{id}\"}}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_id(line: &str, seen: &mut HashMap<[u8; 16], u32>) -> String {
        let id = made_id(line.as_bytes(), seen).unwrap();
        let mut out = Vec::new();
        push_with_id(&mut out, line.as_bytes(), &id);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_same_file_gives_the_same_ids_and_equal_lines_differ() {
        let lines = [
            r#"{"a":1,"b":[{"d":1,"c":2}]}"#,
            r#"{"b":[{"c":2,"d":1}],"a":1}"#,
            r#"{"a":2}"#,
        ];
        let once = |seen: &mut HashMap<_, _>| lines.map(|l| made_id(l.as_bytes(), seen).unwrap());
        let (first, again) = (once(&mut HashMap::new()), once(&mut HashMap::new()));
        assert_eq!(first, again);
        assert!(first[0] != first[1] && first[1] != first[2]);
        assert_eq!(first[0].len(), 36);
    }

    #[test]
    fn numbers_keep_their_digits_when_an_id_is_added() {
        let line = r#"{"action":"x","metadata":{"n":1.10000000000000000001}}"#;
        assert!(with_id(line, &mut HashMap::new()).starts_with(&line[..line.len() - 1]));
        assert!(with_id("{ }", &mut HashMap::new()).starts_with("{\"id\":"));
    }

    #[test]
    fn what_has_an_id_keeps_it() {
        assert_eq!(made_id(br#"{"id":"mine"}"#, &mut HashMap::new()), None);
        assert_eq!(made_id(b"no json", &mut HashMap::new()), None);
    }
}
