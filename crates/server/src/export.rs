//! `GET /v1/events/export`: exactly the events of a selection, any number, in constant memory.
//!
//! Whoever reads to the end knows that it is whole: NDJSON ends with a line that says how many
//! there were, CSV and JSON with an HTTP trailer. An export that breaks cuts the connection.
//!
//! Two events tell of it: one before the first byte, without which there is no export, and one when
//! it has ended, with how it ended and how many events were handed to the connection. Of an export
//! that broke the reader has at most as many.

use std::sync::Arc;

use api::{EXPORT_COUNT_TRAILER, ExportFormat, ExportParams, Sort};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use event::Recorded;
use tokio::sync::OwnedSemaphorePermit;

use crate::app::App;
use crate::auth::{Caller, Grant, Permission, holds};
use crate::csv::{push_header, push_row};
use crate::error::{Code, Refusal, error_chain};
use crate::find::{self, Order, Selection};
use crate::identity::access::{Access, Asked};
use crate::instance::{RecordError, now};
use crate::own::{Ended, OwnEvent};
use crate::params::Params;
use crate::search::{order_of, select};
use crate::stream::{Gone, Sender, WhenOver, stream_while};
use crate::tenants::Door;
use crate::times;

/// Bytes collected before they are sent: few calls, little memory.
const PIECE_BYTES: usize = 64 << 10;

/// Export every event of a selection.
#[utoipa::path(
    get,
    path = "/v1/events/export",
    operation_id = "exportEvents",
    tag = "Events",
    params(ExportParams),
    responses(
        (status = 200, description = "The events. NDJSON ends with a line `{\"end\":{\"count\":n}}`; CSV and JSON end with the trailer `annals-count` (send `TE: trailers`). A broken export cuts the connection.", content(
            (String = "application/x-ndjson"),
            (String = "text/csv"),
            (Vec<api::RecordedEvent> = "application/json"),
        )),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again later.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<ExportParams>,
) -> Result<Response, Refusal> {
    let grant = caller.may(Permission::Export, params.tenant.as_deref())?;
    let context = times::context(now(), params.tz.as_deref())?;
    let mut selection = select(
        params.q.as_deref(),
        params.from.as_deref(),
        params.to.as_deref(),
        params.own,
        &context,
    )?;
    let order = order_of(
        params.order.unwrap_or(api::Order::Asc),
        params.sort.unwrap_or(Sort::Sequence),
    );
    let turn = app.exports.clone().try_acquire_owned().map_err(|_| {
        Refusal::new(
            Code::Overloaded,
            "as many exports are running as may; try again in a while",
        )
    })?;
    let format = params.format.unwrap_or_default();
    let asked = Asked::of(&params.q, &params.from, &params.to).and(Some(format_name(format)));
    let open = app.ledger(&grant, Access::Export(asked.clone())).await?;
    selection.as_of = open.ledger.durable();
    let (sender, answer) = stream_while(holds(&app, &grant), WhenOver::Breaks);
    let export = Export {
        app,
        grant,
        open,
        selection,
        order,
        format,
    };
    tokio::spawn(export.run_and_tell(sender, asked, turn));
    let (kind, name) = match format {
        ExportFormat::Ndjson => ("application/x-ndjson", "annals-export.ndjson"),
        ExportFormat::Csv => ("text/csv; charset=utf-8", "annals-export.csv"),
        ExportFormat::Json => ("application/json", "annals-export.json"),
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::TRAILER, EXPORT_COUNT_TRAILER),
    ];
    Ok((headers, answer).into_response())
}

fn format_name(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Ndjson => "ndjson",
        ExportFormat::Csv => "csv",
        ExportFormat::Json => "json",
    }
}

struct Export {
    app: Arc<App>,
    grant: Grant,
    open: Door,
    selection: Selection,
    order: Order,
    format: ExportFormat,
}

/// How an export ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// The connection has taken all of it.
    Complete,
    /// The reader went away.
    GivenUp,
    /// Whoever asked for it may not read any more.
    CutOff,
    /// The server was told to stop.
    Stopped,
    /// The ledger could not be read.
    Failed,
}

impl How {
    fn ended(self) -> (&'static str, Ended) {
        match self {
            How::Complete => ("complete", Ended::Success),
            How::GivenUp => ("given up", Ended::Failure("the reader went away")),
            How::CutOff => (
                "cut off",
                Ended::Denied("whoever asked for it may not read any more"),
            ),
            How::Stopped => ("stopped", Ended::Failure("the server stopped")),
            How::Failed => ("failed", Ended::Failure("the ledger could not be read")),
        }
    }
}

impl Export {
    /// Makes the export, and tells the ledger how it ended.
    async fn run_and_tell(self, sender: Sender, asked: Asked, turn: OwnedSemaphorePermit) {
        let (app, grant) = (self.app.clone(), self.grant.clone());
        let run = tokio::task::spawn_blocking(move || self.run(sender));
        let (how, count) = run.await.unwrap_or((How::Failed, 0));
        let (words, ended) = how.ended();
        let event = OwnEvent::new("annals.event.export_end", &grant.doer(), "An export ended");
        let event = asked.tell(event).with("end", words).with("count", count);
        match app
            .instance
            .record(grant.tenant(), &event.ended(ended))
            .await
        {
            Ok(()) | Err(RecordError::Deleted(_)) => {}
            Err(error) => tracing::error!(
                error = error_chain(&error),
                end = words,
                count,
                "the end of an export could not be recorded"
            ),
        }
        drop(turn);
    }

    /// Makes the export; answers with how it ended and how many events the connection was handed.
    fn run(self, sender: Sender) -> (How, u64) {
        let mut piece = Vec::with_capacity(PIECE_BYTES + 8192);
        let (mut count, mut handed) = (0u64, 0u64);
        let mut broken = None;
        match self.format {
            ExportFormat::Ndjson => {}
            ExportFormat::Csv => push_header(&mut piece),
            ExportFormat::Json => piece.extend_from_slice(b"["),
        }
        let done = find::stream_ahead(&self.open, &self.selection, self.order, |recorded| {
            self.push(&mut piece, recorded, count);
            count += 1;
            if piece.len() < PIECE_BYTES {
                return true;
            }
            broken = self.hand_over(&sender, &mut piece).err();
            if broken.is_none() {
                handed = count;
            }
            broken.is_none()
        });
        if let Some(how) = broken {
            return (how, handed);
        }
        if done.is_err() {
            tracing::warn!(count, "an export broke");
            return (How::Failed, handed);
        }
        match self.format {
            ExportFormat::Ndjson => {
                piece.extend(format!("{{\"end\":{{\"count\":{count}}}}}\n").bytes());
            }
            ExportFormat::Csv => {}
            ExportFormat::Json => piece.extend_from_slice(b"\n]\n"),
        }
        if let Err(how) = self.hand_over(&sender, &mut piece) {
            return (how, handed);
        }
        let name = HeaderName::from_static(EXPORT_COUNT_TRAILER);
        match sender.end_blocking((name, HeaderValue::from(count))) {
            Ok(()) => (How::Complete, count),
            Err(Gone) => (self.why_gone(), count),
        }
    }

    /// Hands a piece to the connection, unless the export is to break.
    fn hand_over(&self, sender: &Sender, piece: &mut Vec<u8>) -> Result<(), How> {
        let bytes = Bytes::from(std::mem::take(piece));
        piece.reserve(PIECE_BYTES + 8192);
        let sent = sender.send_blocking(bytes);
        sent.map_err(|Gone| self.why_gone())
    }

    fn why_gone(&self) -> How {
        if *self.app.stopping.borrow() {
            How::Stopped
        } else if self.grant.holds(&self.app) {
            How::GivenUp
        } else {
            How::CutOff
        }
    }

    fn push(&self, piece: &mut Vec<u8>, recorded: &Recorded, count: u64) {
        match self.format {
            ExportFormat::Ndjson => {
                recorded.to_wire_json(piece);
                piece.push(b'\n');
            }
            ExportFormat::Csv => push_row(piece, recorded),
            ExportFormat::Json => {
                piece.extend_from_slice(if count > 0 { b",\n" } else { b"\n" });
                recorded.to_wire_json(piece);
            }
        }
    }
}
