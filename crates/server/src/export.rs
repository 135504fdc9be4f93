//! `GET /v1/events/export`: exactly the events of a selection, any number, in constant memory.
//!
//! Whoever reads to the end knows that it is whole: NDJSON ends with a line that says how many
//! there were, CSV and JSON with an HTTP trailer. An export that breaks cuts the connection.

use std::sync::Arc;

use api::{EXPORT_COUNT_TRAILER, ExportFormat, ExportParams, Sort};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use event::Recorded;

use crate::app::App;
use crate::auth::{Caller, Grant, Permission, holds};
use crate::csv::{push_header, push_row};
use crate::error::{Code, Refusal};
use crate::find::{self, Order, Selection};
use crate::identity::access::{Access, Asked};
use crate::instance::now;
use crate::params::Params;
use crate::search::{order_of, select};
use crate::stream::{Sender, stream_while};
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
    let open = app.ledger(&grant, Access::Export(asked)).await?;
    selection.as_of = open.ledger.durable();
    let (sender, body) = stream_while(holds(&app, &grant));
    tokio::task::spawn_blocking(move || {
        let export = Export {
            app,
            grant,
            open,
            selection,
            order,
            format,
        };
        export.run(sender);
        drop(turn);
    });
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
    Ok((headers, body).into_response())
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

impl Export {
    fn run(self, sender: Sender) {
        let mut piece = Vec::with_capacity(PIECE_BYTES + 8192);
        let mut count = 0u64;
        let mut reader_gone = false;
        match self.format {
            ExportFormat::Ndjson => {}
            ExportFormat::Csv => push_header(&mut piece),
            ExportFormat::Json => piece.extend_from_slice(b"["),
        }
        let done = find::stream(&self.open, &self.selection, self.order, |recorded| {
            self.push(&mut piece, recorded, count);
            count += 1;
            if piece.len() < PIECE_BYTES {
                return true;
            }
            // A key revoked meanwhile, a server that stops: the export breaks.
            let allowed = self.grant.holds(&self.app) && !*self.app.stopping.borrow();
            reader_gone = !allowed
                || sender
                    .send_blocking(Bytes::from(std::mem::take(&mut piece)))
                    .is_err();
            piece.reserve(PIECE_BYTES + 8192);
            !reader_gone
        });
        match done {
            Err(_) => tracing::warn!(count, "an export broke"),
            Ok(()) if reader_gone => tracing::debug!(count, "an export was given up"),
            Ok(()) => {
                match self.format {
                    ExportFormat::Ndjson => {
                        piece.extend(format!("{{\"end\":{{\"count\":{count}}}}}\n").bytes());
                    }
                    ExportFormat::Csv => {}
                    ExportFormat::Json => piece.extend_from_slice(b"\n]\n"),
                }
                if sender.send_blocking(Bytes::from(piece)).is_ok() {
                    let name = HeaderName::from_static(EXPORT_COUNT_TRAILER);
                    sender.end_blocking(Some((name, HeaderValue::from(count))));
                }
            }
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
