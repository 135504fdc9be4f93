//! `annals import`: files in, every record exactly once.
//!
//! A record without an id gets one made of its content and of how often the same content came
//! before it in its file, so that what is there is known and stays single. An import that was cut
//! off, even by kill -9, is simply run again and goes on behind the last batch that was
//! acknowledged. What cannot be kept is named by file and line, and the rest goes on.

mod files;
mod progress;
mod source;
mod sum;

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use client::{Body, Client, Sending};
use import::csv::{Mapping, MappingError};
use import::{Ids, Item, Mapped, Mapper, Refusal, renamed};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::{ImportArgs, ImportFormat, TableArgs};
use crate::failure::{Done, Failure};
use crate::output;
use progress::Progress;
use source::{Place, Source};
use sum::Sum;

const BATCH_EVENTS: usize = 1_000;
/// Bytes in one request, below the server's limit of 16 MiB with room for one more event.
const BATCH_BYTES: usize = 8 << 20;
/// Longest name of an import the server takes.
const NAME_MAX_CHARACTERS: usize = 100;
/// A file that begins with so many records of another format is not read on.
const WRONG_RECORDS_MAX: usize = 20;
/// How often to say how far it is where no bar can be drawn.
const WORDS_EACH: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &ImportArgs) -> Done {
    let mapper = mapper(args)?;
    let found = files::find(&args.paths, mapper.format())?;
    for words in &found.passed_over {
        eprintln!("{words}");
    }
    let sizes = found.files.iter().filter_map(|file| file.metadata().ok());
    let bar = ProgressBar::new(sizes.map(|about| about.len()).sum());
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta} {msg}")
    {
        bar.set_style(style);
    }
    let name = args.name.clone().or_else(|| {
        let name = args.paths.first()?.file_name()?.to_str()?;
        Some(name.chars().take(NAME_MAX_CHARACTERS).collect())
    });
    let mut import = Import {
        destination: match args.dry_run {
            true => Destination::Output,
            false => server(args, name, &mapper),
        },
        mapper,
        bar,
        restart: args.restart,
        batch: Batch::default(),
        last_words: Instant::now(),
    };
    let mut sum = Sum::default();
    for path in &found.files {
        let of_file = import.file(path).inspect_err(|_| {
            if let Destination::Server {
                progress: Some(_), ..
            } = import.destination
            {
                eprintln!("run the same command again: it goes on where it was");
            }
        })?;
        sum.add(&of_file);
    }
    import.bar.finish_and_clear();
    import.destination.end();
    finish(&sum, args.dry_run)
}

fn server(args: &ImportArgs, name: Option<String>, mapper: &Mapper) -> Destination {
    let mapping = match mapper {
        Mapper::Csv(mapping) => mapping.fingerprint(),
        other => other.format().as_str().to_owned(),
    };
    let key = args.server.key.as_deref();
    let progress = Progress::of(&args.server.url, key, name.as_deref(), &mapping);
    let progress = progress.inspect_err(|error| {
        eprintln!("no progress is kept ({error}): an import that is cut off begins anew");
    });
    let sending = Sending {
        import: name,
        every_event_has_an_id: true,
        ..Sending::default()
    };
    Destination::Server {
        client: Box::new(args.server.client()),
        sending,
        progress: progress.ok(),
    }
}

fn mapper(args: &ImportArgs) -> Result<Mapper, Failure> {
    let table = &args.table;
    let says_table = !table.map.is_empty()
        || !table.set.is_empty()
        || table.mapping.is_some()
        || table.delimiter.is_some()
        || table.time_format.is_some()
        || table.time_zone.is_some();
    if says_table && args.format != ImportFormat::Csv {
        let words = "--map, --set, --mapping, --delimiter, --time-format and --time-zone are for --format csv";
        return Err(Failure::Usage(words.to_owned()));
    }
    Ok(match args.format {
        ImportFormat::Ndjson => Mapper::Ndjson,
        ImportFormat::Csv => Mapper::Csv(mapping(table)?),
        ImportFormat::Cloudtrail => Mapper::CloudTrail,
        ImportFormat::Github => Mapper::GitHub,
        ImportFormat::Okta => Mapper::Okta,
    })
}

/// What the mapping file says, and above it what the flags say.
fn mapping(table: &TableArgs) -> Result<Mapping, Failure> {
    let usage = |error: MappingError| Failure::Usage(error.to_string());
    let mut mapping = match &table.mapping {
        None => Mapping::default(),
        Some(path) => {
            let shown = path.display();
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
            Mapping::parse(&text).map_err(|error| Failure::Usage(format!("{shown}: {error}")))?
        }
    };
    let pair = |text: &str, flag: &str| match text.split_once('=') {
        Some((field, value)) => Ok((field.trim().to_owned(), value.to_owned())),
        None => Err(Failure::Usage(format!(
            "--{flag} {text}: there is no = in it"
        ))),
    };
    for text in &table.map {
        let (field, column) = pair(text, "map")?;
        mapping.map(&field, &column).map_err(usage)?;
    }
    for text in &table.set {
        let (field, value) = pair(text, "set")?;
        mapping.set(&field, &value).map_err(usage)?;
    }
    if let Some(delimiter) = &table.delimiter {
        mapping.part_by(delimiter).map_err(usage)?;
    }
    if let Some(format) = &table.time_format {
        mapping.write_times_as(format).map_err(usage)?;
    }
    if let Some(zone) = &table.time_zone {
        mapping.live_in(zone).map_err(usage)?;
    }
    Ok(mapping)
}

fn finish(sum: &Sum, dry_run: bool) -> Done {
    if !dry_run && !std::io::stdout().is_terminal() {
        output::line(&json!({"end": sum.to_json()}).to_string())?;
    }
    eprintln!("{}", sum.in_words());
    if dry_run {
        eprintln!("nothing was sent: this was a dry run");
    }
    if sum.refused > 0 || sum.noted > 0 {
        Err(Failure::Partly)
    } else {
        Ok(())
    }
}

/// Where the events go.
enum Destination {
    Server {
        client: Box<Client>,
        sending: Sending,
        progress: Option<Progress>,
    },
    /// Standard output: nothing is sent.
    Output,
}

impl Destination {
    fn end(self) {
        if let Destination::Server {
            progress: Some(progress),
            ..
        } = self
        {
            progress.end();
        }
    }

    fn progress(&mut self) -> Option<&mut Progress> {
        match self {
            Destination::Server { progress, .. } => progress.as_mut(),
            Destination::Output => None,
        }
    }
}

struct Import {
    destination: Destination,
    mapper: Mapper,
    bar: ProgressBar,
    /// Pay no heed to what an earlier run left.
    restart: bool,
    batch: Batch,
    last_words: Instant,
}

/// Events of one file that are not sent yet.
#[derive(Default)]
struct Batch {
    events: Vec<Pending>,
    bytes: usize,
}

/// An event that is not sent yet.
struct Pending {
    at: At,
    id: String,
    mapped: Mapped,
}

/// Where a record stands in its file, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct At {
    line: u64,
    number: u64,
}

impl Import {
    fn file(&mut self, path: &Path) -> Result<Sum, Failure> {
        let bytes_before = self.bar.position();
        let mut sum = Sum::default();
        let mut source = match Source::open(path, &self.mapper) {
            Ok(source) => source,
            Err(refusal) => {
                self.refuse(&mut sum, path, None, &refusal)?;
                return Ok(sum);
            }
        };
        let mapper = source.mapper().clone();
        if let Mapper::Csv(mapping) = &mapper {
            let words = mapping.in_words();
            self.bar
                .suspend(|| eprintln!("{}: {words}", path.display()));
        }
        let slot = match self.destination.progress() {
            Some(progress) => progress.slot(path).ok().flatten(),
            None => None,
        };
        let (sent, left) = self.take_up(slot.as_deref(), path);
        sum = left;
        let mut ids = Ids::new();
        // Records of another format, as long as there was no other record.
        let mut wrong: Option<Vec<(At, Refusal)>> = Some(Vec::new());
        loop {
            let found = match source.next() {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(refusal) => {
                    let line = source.place().lines;
                    let at = (line > 0).then_some(At {
                        line,
                        number: source.place().records,
                    });
                    self.refuse(&mut sum, path, at, &refusal)?;
                    break;
                }
            };
            let at = At {
                line: found.line,
                number: found.number,
            };
            let is_sent = found.number <= sent.records;
            let mapped = match found.item {
                // The last line of an export is no event.
                Item::Record(text)
                    if text.starts_with(b"{\"end\":") && matches!(mapper, Mapper::Ndjson) =>
                {
                    continue;
                }
                Item::Record(text) => mapper.map(text),
                Item::Bad(refusal) => Err(refusal),
            };
            match mapped {
                Ok(mapped) => {
                    // Known records count for the ids of what follows.
                    let id = mapped
                        .id
                        .clone()
                        .unwrap_or_else(|| ids.made(&mapped.digest));
                    if !is_sent {
                        self.flush(&mut sum, path, &mut wrong)?;
                        self.note(&mut sum, path, at, &mapped)?;
                        self.batch.bytes += mapped.event.len() + id.len() + 16;
                        self.batch.events.push(Pending { at, id, mapped });
                    }
                    wrong = None;
                }
                Err(_) if is_sent => wrong = None,
                Err(refusal) => match &mut wrong {
                    Some(held) if refusal.code == "wrong_format" => {
                        held.push((at, refusal));
                        if held.len() == WRONG_RECORDS_MAX {
                            let (_, first) = held.swap_remove(0);
                            let detail = format!(
                                "the first {WRONG_RECORDS_MAX} records are of another format: {}; the file was not read on",
                                first.detail
                            );
                            self.refuse(
                                &mut sum,
                                path,
                                None,
                                &Refusal::new("wrong_format", detail),
                            )?;
                            wrong = None;
                            break;
                        }
                    }
                    _ => {
                        self.flush(&mut sum, path, &mut wrong)?;
                        self.refuse(&mut sum, path, Some(at), &refusal)?;
                    }
                },
            }
            if self.batch.events.len() >= BATCH_EVENTS || self.batch.bytes >= BATCH_BYTES {
                self.send(slot.as_deref(), path, &source, &mut sum)?;
                self.bar.set_position(bytes_before + source.bytes_read());
                self.say_how_far(path, source.place(), &sum);
            }
        }
        self.flush(&mut sum, path, &mut wrong)?;
        self.send(slot.as_deref(), path, &source, &mut sum)?;
        self.bar.set_position(bytes_before + source.bytes_read());
        Ok(sum)
    }

    /// What an earlier run sent of a file.
    fn take_up(&mut self, slot: Option<&Path>, path: &Path) -> (Place, Sum) {
        let (restart, mapper) = (self.restart, &self.mapper);
        let progress = match &mut self.destination {
            Destination::Server { progress, .. } => progress.as_mut(),
            Destination::Output => None,
        };
        let left = slot
            .zip(progress)
            .filter(|_| !restart)
            .and_then(|(slot, progress)| {
                let left = progress.left(slot, path, mapper)?;
                progress.took_up(slot);
                Some(left)
            });
        let Some(left) = left else {
            return (Place::default(), Sum::default());
        };
        self.bar.suspend(|| {
            eprintln!(
                "{}: {} records were sent by an earlier run; it goes on behind them (--restart sends all again)",
                path.display(),
                left.place.records
            );
        });
        (left.place, left.sum)
    }

    /// Names records of another format that were held back.
    fn flush(&self, sum: &mut Sum, path: &Path, wrong: &mut Option<Vec<(At, Refusal)>>) -> Done {
        for (at, refusal) in wrong.take().unwrap_or_default() {
            self.refuse(sum, path, Some(at), &refusal)?;
        }
        Ok(())
    }

    /// Sends the batch and keeps how far that is.
    fn send(&mut self, slot: Option<&Path>, path: &Path, source: &Source, sum: &mut Sum) -> Done {
        let batch = std::mem::take(&mut self.batch);
        if batch.events.is_empty() {
            return Ok(());
        }
        let again = self.send_events(path, batch.events, sum, false)?;
        if !again.is_empty() {
            self.send_events(path, again, sum, true)?;
        }
        self.bar.set_message(format!("{} kept", sum.accepted));
        if let Destination::Server { progress, .. } = &mut self.destination
            && let Some((slot, keeping)) = slot.zip(progress.as_mut())
            && let Err(error) = keeping.keep(slot, path, source, sum)
        {
            *progress = None;
            self.bar.suspend(|| {
                eprintln!(
                    "no more progress is kept ({error}): an import that is cut off begins anew"
                );
            });
        }
        Ok(())
    }

    /// Sends events. Those whose id belongs to another record come back with another id, unless
    /// they had that already.
    fn send_events(
        &self,
        path: &Path,
        events: Vec<Pending>,
        sum: &mut Sum,
        are_renamed: bool,
    ) -> Result<Vec<Pending>, Failure> {
        let (client, sending) = match &self.destination {
            Destination::Server {
                client, sending, ..
            } => (client, sending),
            Destination::Output => {
                for event in &events {
                    output::line(&event.mapped.with_id(&event.id))?;
                }
                sum.accepted += events.len() as u64;
                return Ok(Vec::new());
            }
        };
        let mut bytes = Vec::new();
        for event in &events {
            bytes.extend_from_slice(event.mapped.with_id(&event.id).as_bytes());
            bytes.push(b'\n');
        }
        let answer = client.send(Body::Ndjson(&bytes), sending)?;
        sum.accepted += answer.accepted;
        sum.duplicates += answer.duplicates;
        sum.skipped += answer.skipped;
        let mut events: Vec<Option<Pending>> = events.into_iter().map(Some).collect();
        let mut again = Vec::new();
        for rejection in answer.rejected {
            let event = events
                .get_mut(rejection.index as usize)
                .and_then(Option::take);
            let Some(mut event) = event else { continue };
            let problem = rejection.problem;
            if problem.code == "id_conflict" && !are_renamed {
                let id = renamed(&event.id, &event.mapped.digest);
                self.name_renamed(sum, path, event.at, &event.id, &id)?;
                event.id = id;
                again.push(event);
                continue;
            }
            let refusal = Refusal {
                code: problem.code.into(),
                detail: match problem.field.as_deref().filter(|field| !field.is_empty()) {
                    Some(field) if !problem.detail.starts_with(field) => {
                        format!("{field}: {}", problem.detail)
                    }
                    _ => problem.detail,
                },
            };
            self.refuse(sum, path, Some(event.at), &refusal)?;
        }
        Ok(again)
    }

    fn name_renamed(&self, sum: &mut Sum, path: &Path, at: At, id: &str, kept_as: &str) -> Done {
        sum.renamed += 1;
        let file = path.display().to_string();
        let words = format!("the id {id} belongs to another record; this one is kept as {kept_as}");
        self.say(&file, Some(at), &words);
        if !output::is_terminal() {
            let said = json!({"renamed": {"file": file, "line": at.line, "record": at.number, "id": id, "kept_as": kept_as}});
            output::line(&said.to_string())?;
        }
        Ok(())
    }

    /// Names a record that is kept with something open about it.
    fn note(&self, sum: &mut Sum, path: &Path, at: At, mapped: &Mapped) -> Done {
        let file = path.display().to_string();
        for note in &mapped.notes {
            sum.noted += 1;
            sum.because_of(note.code);
            self.say(&file, Some(at), &format!("{} ({})", note.detail, note.code));
            if self.tells_programs() {
                let said = json!({"noted": {"file": file, "line": at.line, "record": at.number, "code": note.code, "detail": note.detail}});
                output::line(&said.to_string())?;
            }
        }
        Ok(())
    }

    /// Names a refused record, or a file that cannot be read further.
    fn refuse(&self, sum: &mut Sum, path: &Path, at: Option<At>, refusal: &Refusal) -> Done {
        sum.refused += 1;
        sum.because_of(&refusal.code);
        let file = path.display().to_string();
        self.say(&file, at, &format!("{} ({})", refusal.detail, refusal.code));
        if self.tells_programs() {
            let said = json!({"refused": {
                "file": file, "line": at.map(|at| at.line), "record": at.map(|at| at.number),
                "code": refusal.code, "detail": refusal.detail,
            }});
            output::line(&said.to_string())?;
        }
        Ok(())
    }

    fn tells_programs(&self) -> bool {
        matches!(self.destination, Destination::Server { .. }) && !output::is_terminal()
    }

    /// Says something about a place in a file; the number of the record where its line says less.
    fn say(&self, file: &str, at: Option<At>, words: &str) {
        // A record cannot move the cursor of whoever reads this.
        let words = words.replace(|c: char| c.is_control(), "?");
        self.bar.suspend(|| match at {
            None => eprintln!("{file}: {words}"),
            Some(At { line, number }) if line == number => eprintln!("{file}:{line}: {words}"),
            Some(At { line, number }) => eprintln!("{file}:{line}: record {number}: {words}"),
        });
    }

    fn say_how_far(&mut self, path: &Path, place: Place, sum: &Sum) {
        if !std::io::stderr().is_terminal() && self.last_words.elapsed() >= WORDS_EACH {
            self.last_words = Instant::now();
            eprintln!(
                "{}: {} records read, {} kept",
                path.display(),
                place.records,
                sum.accepted
            );
        }
    }
}
