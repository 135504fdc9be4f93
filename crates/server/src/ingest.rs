//! `POST /v1/events`: bytes in, durable events and their receipts out.

use std::sync::Arc;
use std::time::Duration;

use api::SubmitParams;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use event::{Acceptance, Event, Kind, Problem, Salt, split_array, split_lines};
use ledger::{Entropy, Ledger, Mode, Outcomes, Prepared, System};
use tokio::sync::Semaphore;

use crate::app::{App, blocking};
use crate::auth::{Caller, Permission};
use crate::body::{Encoding, read_sent, unpack};
use crate::error::{Code, Refusal};
use crate::identity::access::Access;
use crate::instance::now;
use crate::limits::{BATCH_MAX_EVENTS, IMPORT_NAME_MAX_CHARACTERS, INLINE_MAX_BYTES};
use crate::params::Params;
use crate::receipts::{Receipts, one_receipt};

/// Send events.
///
/// One JSON object, an array of them, or one a line (`application/x-ndjson`);
/// `Content-Encoding: gzip` and `zstd` are taken. A 2xx answer means that the events are durable.
#[utoipa::path(
    post,
    path = "/v1/events",
    operation_id = "submitEvents",
    tag = "Events",
    params(SubmitParams),
    request_body(
        description = "One event, or a batch of up to 10,000 events and 16 MiB (64 MiB unpacked).",
        content(
            (api::Submission = "application/json"),
            (String = "application/x-ndjson"),
        )
    ),
    responses(
        (status = 200, description = "One event: its receipt (Receipt). A batch: what became of each event (BatchAnswer).", content(
            (api::Submitted = "application/json"),
        )),
        (status = 409, description = "The id belongs to another event.", body = api::Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = api::Problem, content_type = "application/problem+json"),
        (status = 422, description = "One event: what is wrong with it. A batch: every event was refused, or `atomic` and one was.", content(
            (api::BatchAnswer = "application/json"),
            (api::Problem = "application/problem+json"),
        )),
        (status = "4XX", description = "Refused; nothing was kept.", body = api::Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again later.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:write"])),
)]
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<SubmitParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let grant = caller.may(Permission::Append, params.tenant.as_deref())?;
    let open = app.ledger(&grant, Access::Append).await?;
    let mut held = app.ingest.hold();
    let shape = Shape::of(&headers)?;
    let encoding = Encoding::of(&headers)?;
    let import = params
        .import
        .as_deref()
        .map(import_name)
        .transpose()?
        .map(str::to_owned);
    let sent = read_sent(&headers, body, &mut held, &app.config.patience).await?;

    let terms = Terms {
        enricher: app.enricher.clone(),
        key_id: grant.key_id().map(str::to_owned),
        app: grant.key().and_then(|key| key.app.clone()),
        import,
        receipts: params.receipts.unwrap_or(true),
        parsers: app.parsers.clone(),
    };
    let parsed = if encoding == Encoding::Plain && sent.len() <= INLINE_MAX_BYTES {
        parse(&sent, shape, &terms)?
    } else {
        let _permit = app.parsers.clone().acquire_owned().await;
        let (parsed, back) = blocking(move || {
            let bytes = unpack(sent, encoding, &mut held)?;
            let parsed = parse(&bytes, shape, &terms)?;
            Ok(((parsed, bytes.len()), held))
        })
        .await?;
        app.meters.ingest_bytes.increment(parsed.1 as u64);
        held = back;
        parsed.0
    };
    let answer = match parsed {
        Parsed::One(prepared) => keep_one(&app, &open.ledger, *prepared).await,
        Parsed::Batch(batch) => {
            let atomic = params.atomic.unwrap_or(false);
            keep_batch(
                &app,
                &open.ledger,
                batch,
                atomic,
                params.receipts.unwrap_or(true),
            )
            .await
        }
    };
    drop(held);
    answer
}

/// Events of a batch that a thread reads before it takes more of them.
const PARSE_STEP: usize = 64;
/// Events of a batch for which it is worth to begin another thread.
const HELPER_EVENTS: usize = 256;

/// How the events of a body are parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Json,
    Lines,
}

impl Shape {
    fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return Ok(Shape::Json);
        };
        let text = value.to_str().unwrap_or_default();
        let kind = text
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => Ok(Shape::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Shape::Lines),
            _ => {
                let shown: String = kind.chars().take(60).collect();
                let detail = format!("`{shown}` is no media type of events");
                Err(Refusal::new(Code::Unsupported, detail)
                    .with_hint("Content-Type: application/json or application/x-ndjson"))
            }
        }
    }
}

fn import_name(name: &str) -> Result<&str, Refusal> {
    let length = name.chars().count();
    if (1..=IMPORT_NAME_MAX_CHARACTERS).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    let detail = format!(
        "an import's name has 1 to {IMPORT_NAME_MAX_CHARACTERS} characters and no control characters"
    );
    Err(Refusal::new(Code::InvalidParameter, detail).of_field("import"))
}

/// What the door knows about a request's events.
struct Terms {
    enricher: Arc<enrich::Enricher>,
    key_id: Option<String>,
    /// The only application the key may speak for.
    app: Option<String>,
    import: Option<String>,
    receipts: bool,
    /// One permit for each core that reads a batch.
    parsers: Arc<Semaphore>,
}

impl Terms {
    /// An event with everything that does not depend on its place.
    fn prepared(&self, event: Event, salt: Salt) -> Prepared {
        let enrichment = self.enricher.enrich(&event);
        Prepared::new(event, Kind::Application, salt, enrichment)
    }
}

enum Parsed {
    One(Box<One>),
    Batch(Batch),
}

/// An event that was sent alone.
struct One {
    id: Option<String>,
    event: Prepared,
}

/// A batch, parted into what may be kept and what was refused.
#[derive(Default)]
struct Batch {
    events: Vec<Prepared>,
    /// Of each of `events`: its place in the batch.
    indexes: Vec<u32>,
    /// Of each of `events`: its id, where receipts are wanted.
    ids: Vec<Option<Box<str>>>,
    rejected: Vec<(u64, Refusal)>,
}

impl Batch {
    /// Adds the events that follow.
    fn append(&mut self, mut other: Batch) {
        self.events.append(&mut other.events);
        self.indexes.append(&mut other.indexes);
        self.ids.append(&mut other.ids);
        self.rejected.append(&mut other.rejected);
    }
}

fn parse(bytes: &[u8], shape: Shape, terms: &Terms) -> Result<Parsed, Refusal> {
    let acceptance = Acceptance {
        now: now(),
        key_id: terms.key_id.as_deref(),
        import: terms.import.as_deref(),
    };
    match shape {
        Shape::Lines => {
            let lines = split_lines(bytes).map(|(_, line)| line);
            let lines: Vec<&[u8]> = lines.take(BATCH_MAX_EVENTS + 1).collect();
            parse_batch(&lines, terms, &acceptance)
        }
        Shape::Json if event::is_array(bytes) => {
            parse_batch(&split_array(bytes)?, terms, &acceptance)
        }
        Shape::Json => {
            let event = accept(bytes, terms, &acceptance)?;
            let id = event.id().map(|id| id.into_owned());
            let mut salts = Salts::take(1)?;
            let event = terms.prepared(event, salts.next());
            Ok(Parsed::One(Box::new(One { id, event })))
        }
    }
}

fn accept(bytes: &[u8], terms: &Terms, acceptance: &Acceptance<'_>) -> Result<Event, Problem> {
    match &terms.app {
        None => Event::accept(bytes, acceptance),
        Some(app) => Event::accept_from_app(bytes, acceptance, app),
    }
}

fn parse_batch(
    elements: &[&[u8]],
    terms: &Terms,
    acceptance: &Acceptance<'_>,
) -> Result<Parsed, Refusal> {
    if elements.len() > BATCH_MAX_EVENTS {
        let detail = format!("a batch has at most {BATCH_MAX_EVENTS} events");
        return Err(Refusal::new(Code::TooManyEvents, detail).with_hint("send smaller batches"));
    }
    // A core that nobody else has a batch for helps.
    let is_long = elements.len() >= HELPER_EVENTS;
    let helper = is_long.then(|| terms.parsers.try_acquire().ok()).flatten();
    let (at_a_time, helpers) = match &helper {
        Some(_) => (PARSE_STEP, 1),
        None => (elements.len().max(1), 0),
    };
    let steps: Vec<_> = elements.chunks(at_a_time).enumerate().collect();
    let parts = ledger::side_by_side(&steps, helpers, Duration::ZERO, |(step, elements)| {
        parse_some(elements, step * at_a_time, terms, acceptance)
    })?;
    let mut parts = parts.into_iter();
    let mut batch = parts.next().unwrap_or_default();
    batch.events.reserve(elements.len() - batch.events.len());
    parts.for_each(|part| batch.append(part));
    Ok(Parsed::Batch(batch))
}

/// Reads events that follow each other in a batch, from a place on.
fn parse_some(
    elements: &[&[u8]],
    first: usize,
    terms: &Terms,
    acceptance: &Acceptance<'_>,
) -> Result<Batch, Refusal> {
    let mut batch = Batch {
        events: Vec::with_capacity(elements.len()),
        indexes: Vec::with_capacity(elements.len()),
        ..Batch::default()
    };
    let mut salts = Salts::take(elements.len())?;
    for (index, element) in (first..).zip(elements) {
        match accept(element, terms, acceptance) {
            Ok(event) => {
                if terms.receipts {
                    batch.ids.push(event.id().map(|id| id.into()));
                }
                batch.indexes.push(index as u32);
                batch.events.push(terms.prepared(event, salts.next()));
            }
            Err(problem) => batch.rejected.push((index as u64, refused(problem))),
        }
    }
    Ok(batch)
}

fn refused(problem: Problem) -> Refusal {
    problem.into()
}

/// Salts, drawn many at a time: a system call each would cost more than hashing an event does.
struct Salts {
    random: Vec<u8>,
    used: usize,
}

impl Salts {
    const BYTES: usize = 16;

    fn take(count: usize) -> Result<Self, Refusal> {
        let mut salts = Salts {
            random: vec![0; count * Self::BYTES],
            used: 0,
        };
        System
            .fill(&mut salts.random)
            .map_err(|error| Refusal::internal(&error))?;
        Ok(salts)
    }

    fn next(&mut self) -> Salt {
        let mut salt = [0; Self::BYTES];
        let end = self.used + Self::BYTES;
        salt.copy_from_slice(&self.random[self.used..end]);
        self.used = end;
        Salt(salt)
    }
}

async fn keep_one(app: &App, ledger: &Ledger, one: One) -> Result<Response, Refusal> {
    let outcomes = append(ledger, vec![one.event], Mode::Each).await?;
    match outcomes.into_iter().next() {
        Some(Ok(placed)) => {
            let counter = if placed.duplicate {
                &app.meters.duplicates
            } else {
                &app.meters.accepted
            };
            counter.increment(1);
            Ok(json(one_receipt(one.id.as_deref(), &placed)))
        }
        Some(Err(refused)) => {
            app.meters.rejected.increment(1);
            Err(refused.into())
        }
        None => Err(Refusal::new(Code::Internal, "the ledger gave no answer")),
    }
}

async fn keep_batch(
    app: &App,
    ledger: &Ledger,
    mut batch: Batch,
    atomic: bool,
    receipts: bool,
) -> Result<Response, Refusal> {
    let mut answer = Receipts::new(receipts);
    let broken = atomic && !batch.rejected.is_empty();
    if !batch.events.is_empty() && !broken {
        let mode = if atomic { Mode::Atomic } else { Mode::Each };
        let events = std::mem::take(&mut batch.events);
        let outcomes = append(ledger, events, mode).await?;
        for (place, outcome) in outcomes.into_iter().enumerate() {
            let index = batch.indexes.get(place).copied().map_or(0, u64::from);
            match outcome {
                Ok(placed) => {
                    let id = batch.ids.get(place).and_then(|id| id.as_deref());
                    answer.kept(index, id, &placed);
                }
                // The guilty ones say why; the others only went with them.
                Err(ledger::Refused::WithBatch) => {}
                Err(refused) => batch.rejected.push((index, refused.into())),
            }
        }
        batch.rejected.sort_by_key(|(index, _)| *index);
    }
    app.meters.accepted.increment(answer.accepted());
    app.meters.duplicates.increment(answer.duplicates());
    app.meters.rejected.increment(batch.rejected.len() as u64);
    let all_refused = answer.nothing_kept() && !batch.rejected.is_empty();
    let body = json(answer.finish(batch.rejected));
    Ok(if all_refused {
        refused_batch(body)
    } else {
        body
    })
}

fn refused_batch(mut response: Response) -> Response {
    *response.status_mut() = Refusal::status_of_refused_batch();
    response
}

/// Appends and waits without holding a thread.
async fn append(ledger: &Ledger, events: Vec<Prepared>, mode: Mode) -> Result<Outcomes, Refusal> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    ledger.append_then(events, mode, move |outcomes| {
        // The sender may be gone; the events are kept all the same.
        let _ = answer.send(outcomes);
    });
    match answered.await {
        Ok(outcomes) => Ok(outcomes?),
        Err(_) => Err(ledger::AppendError::Stopped("it was closed".to_owned()).into()),
    }
}

fn json(body: Vec<u8>) -> Response {
    let kind = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    ([kind], Bytes::from(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_read_a_batch_as_one_does() {
        let lines: Vec<String> = (0..1_000)
            .map(|n| match n % 7 {
                3 => format!(r#"{{"id":"e-{n}"}}"#),
                _ => format!(r#"{{"id":"e-{n}","action":"login","actor":{{"id":"u-1"}}}}"#),
            })
            .collect();
        let sent = lines.join("\n");
        let read = |cores: usize| {
            let terms = Terms {
                enricher: Arc::new(enrich::Enricher::new(None).unwrap()),
                key_id: None,
                app: None,
                import: None,
                receipts: true,
                parsers: Arc::new(Semaphore::new(cores)),
            };
            match parse(sent.as_bytes(), Shape::Lines, &terms) {
                Ok(Parsed::Batch(batch)) => batch,
                _ => panic!("a batch was sent"),
            }
        };
        let (alone, helped) = (read(0), read(1));
        for batch in [&alone, &helped] {
            assert_eq!(batch.events.len() + batch.rejected.len(), lines.len());
            let rejected = batch.rejected.iter().map(|(index, _)| *index);
            assert!(rejected.eq((3..1_000).step_by(7)));
            for (index, id) in batch.indexes.iter().zip(&batch.ids) {
                assert_eq!(id.as_deref(), Some(format!("e-{index}").as_str()));
            }
        }
        assert_eq!(alone.indexes, helped.indexes);
    }
}
