//! `GET /v1/events/tail`: events as they come, as server-sent events.
//!
//! Each has its sequence as id, so that a reader that was cut off goes on where it was. A reader
//! that is too slow gets a `gap` instead of the events it missed, and goes on with the newest.

use std::sync::Arc;

use api::{Gap, OwnEvents, TailParams};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use event::{Kind, Recorded, Sequence};
use query::Query;
use tokio::sync::broadcast::error::RecvError;

use crate::app::{App, blocking};
use crate::auth::{Caller, Permission, holds};
use crate::error::{Code, Refusal};
use crate::identity::access::{Access, Asked};
use crate::instance::now;
use crate::limits::{TAIL_KEEP_ALIVE, TAIL_RESUME_MAX};
use crate::params::Params;
use crate::stream::{Gone, Sender, WhenOver, stream_while};
use crate::tail_seats::Seat;
use crate::tenants::Door;
use crate::times;

/// Events read back at a time when a tail resumes.
const RESUME_STEP: u64 = 512;

/// Follow events as they come.
///
/// Server-sent events: `event`, and `gap` for a reader that is too slow. `Last-Event-ID` resumes.
#[utoipa::path(
    get,
    path = "/v1/events/tail",
    operation_id = "tailEvents",
    tag = "Events",
    params(
        TailParams,
        ("Last-Event-ID" = Option<u64>, Header, description = "Sequence of the last event seen"),
    ),
    responses(
        (status = 200, description = "The stream. `data` of an `event` is a RecordedEvent, of a `gap` a Gap.", body = String, content_type = "text/event-stream"),
        (status = 429, description = "Too many tails of this key.", body = api::Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn tail(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<TailParams>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let context = times::context(now(), params.tz.as_deref())?;
    let query = query::parse(params.q.as_deref().unwrap_or_default(), &context)?;
    let last_seen = last_seen(&headers)?;
    let seat = app.tails.take(grant.who_id())?;
    let asked = Asked::of(&params.q, &None, &None);
    let open = app.ledger(&grant, Access::Tail(asked)).await?;
    let own = params.own.unwrap_or_default() == OwnEvents::Include;
    let (sender, answer) = stream_while(holds(&app, &grant), WhenOver::Ends);
    let tail = Tail {
        app,
        open,
        query,
        own,
        sender,
        _seat: seat,
    };
    tokio::spawn(tail.run(last_seen));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, answer).into_response())
}

fn last_seen(headers: &HeaderMap) -> Result<Option<Sequence>, Refusal> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let wrong = || {
        Refusal::new(
            Code::InvalidParameter,
            "Last-Event-ID is the sequence of an event",
        )
        .of_field("Last-Event-ID")
    };
    number.map(Sequence::new).map(Some).ok_or_else(wrong)
}

struct Tail {
    app: Arc<App>,
    open: Door,
    query: Query,
    own: bool,
    sender: Sender,
    _seat: Seat,
}

/// Why a tail ended.
enum End {
    /// The reader went, or may not read any more.
    Gone,
    /// The ledger closed, or the server stops.
    Over,
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        End::Gone
    }
}

impl Tail {
    async fn run(self, last_seen: Option<Sequence>) {
        if let Err(End::Over) = self.follow(last_seen).await {
            self.sender.end().await;
        }
    }

    async fn follow(&self, last_seen: Option<Sequence>) -> Result<(), End> {
        let mut stopping = self.app.stopping.clone();
        let (mut pieces, start) = self.open.live.listen(&self.open.ledger);
        // Said at once, so that a reader knows that it is connected.
        self.send(": following\n\n".to_owned().into_bytes()).await?;
        if let Some(seen) = last_seen {
            self.resume(seen.get().saturating_add(1), start.get())
                .await?;
        }
        let mut next = start.get();
        let mut silent = tokio::time::interval(TAIL_KEEP_ALIVE);
        silent.reset();
        loop {
            tokio::select! {
                received = pieces.recv() => match received {
                    Ok(piece) => {
                        if let Some(first) = piece.first()
                            && first.sequence.get() > next
                        {
                            self.gap(next, first.sequence.get() - 1).await?;
                        }
                        next = piece.last().map_or(next, |last| last.sequence.get() + 1);
                        self.events(&piece).await?;
                        silent.reset();
                    }
                    // The first piece that is still there tells how large the gap is.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(End::Over),
                },
                _ = silent.tick() => self.send(b": still here\n\n".to_vec()).await?,
                () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => return Err(End::Over),
                () = self.sender.gone() => return Err(End::Gone),
            }
        }
    }

    /// Sends what came between the last event seen and the live ones.
    async fn resume(&self, from: u64, to: u64) -> Result<(), End> {
        let mut at = from;
        if to.saturating_sub(from) > TAIL_RESUME_MAX {
            at = to - TAIL_RESUME_MAX;
            self.gap(from, at - 1).await?;
        }
        while at < to {
            let until = to.min(at + RESUME_STEP);
            let open = self.open.clone();
            let read = blocking(move || {
                let sequences: Vec<Sequence> = (at..until).map(Sequence::new).collect();
                Ok(open.ledger.read_many(&sequences)?)
            });
            let events = read.await.map_err(|_| End::Over)?;
            self.events(&events).await?;
            at = until;
        }
        Ok(())
    }

    async fn events(&self, events: &[Recorded]) -> Result<(), End> {
        let mut text = Vec::new();
        for recorded in events {
            let wanted = self.own || recorded.kind == Kind::Application;
            if !wanted || !self.query.matches(recorded) {
                continue;
            }
            let id = recorded.sequence;
            text.extend(format!("id: {id}\nevent: event\ndata: ").bytes());
            // One line: an event's JSON has its line breaks escaped.
            recorded.to_wire_json(&mut text);
            text.extend_from_slice(b"\n\n");
        }
        if text.is_empty() {
            Ok(())
        } else {
            self.send(text).await
        }
    }

    async fn gap(&self, first: u64, last: u64) -> Result<(), End> {
        let gap = serde_json::to_string(&Gap { first, last }).unwrap_or_default();
        self.send(format!("id: {last}\nevent: gap\ndata: {gap}\n\n").into_bytes())
            .await
    }

    async fn send(&self, text: Vec<u8>) -> Result<(), End> {
        Ok(self.sender.send(Bytes::from(text)).await?)
    }
}
