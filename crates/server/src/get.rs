//! One event and its proof: `GET /v1/events/{id}` and `/proof`.

use std::sync::Arc;

use api::GetParams;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use event::proof::Document;
use event::{EventRef, Recorded, parse_display_id};
use ledger::{Ledger, SignedHead};
use merkle::{Hash, SignedNote, TlogProof};

use crate::app::{App, blocking};
use crate::auth::{Caller, Permission};
use crate::error::{Code, Refusal};
use crate::identity::access::Access;
use crate::limits::PROOF_PATIENCE;
use crate::params::Params;

/// One event.
///
/// By its display id (`LOG-2026-0000123`) or its sequence.
#[utoipa::path(
    get,
    path = "/v1/events/{id}",
    operation_id = "getEvent",
    tag = "Events",
    params(("id" = String, Path, description = "Display id or sequence"), GetParams),
    responses(
        (status = 200, description = "The event.", body = api::RecordedEvent),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read"])),
)]
pub(crate) async fn get_event(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<GetParams>,
) -> Result<Response, Refusal> {
    let grant = caller.may(Permission::Read, params.tenant.as_deref())?;
    let named = event_named(&id)?;
    let access = Access::View {
        id: id.clone(),
        sequence: named.sequence().get(),
    };
    let open = app.ledger(&grant, access).await?;
    let recorded = blocking(move || read(&open.ledger, named, &id)).await?;
    let mut body = Vec::with_capacity(1024);
    recorded.to_wire_json(&mut body);
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The proof that an event stands in the ledger.
///
/// A `c2sp.org/tlog-proof@v1` file, or with
/// `Accept: application/json` one document with everything needed to check it offline.
#[utoipa::path(
    get,
    path = "/v1/events/{id}/proof",
    operation_id = "getProof",
    tag = "Proofs",
    params(("id" = String, Path, description = "Display id or sequence"), GetParams),
    responses(
        (status = 200, description = "The proof.", content(
            (api::ProofDocument = "application/json"),
            (String = "text/plain"),
        )),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
        (status = 503, description = "No checkpoint covers the event yet.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read", "ledger:read"])),
)]
pub(crate) async fn get_proof(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<GetParams>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let grant = caller.may(Permission::Prove, params.tenant.as_deref())?;
    let named = event_named(&id)?;
    let access = Access::Proof {
        id: id.clone(),
        sequence: named.sequence().get(),
    };
    let open = app.ledger(&grant, access).await?;
    let as_json = wants_json(&headers);
    blocking(move || {
        let recorded = read(&open.ledger, named, &id)?;
        let (head, path) = covered(&open.ledger, &recorded)?;
        let body = if as_json {
            let vkey = open.ledger.verifier().to_string();
            Document::of(&recorded, path, head.note.clone(), vkey).to_json()
        } else {
            let checkpoint = SignedNote::parse(head.note.as_bytes())
                .map_err(|error| Refusal::internal(&error))?;
            let index = recorded.sequence.get();
            TlogProof {
                index,
                path,
                checkpoint,
                extra: None,
            }
            .to_string()
        };
        let kind = if as_json {
            "application/json"
        } else {
            "text/plain; charset=utf-8"
        };
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(kind));
        let vary = (header::VARY, HeaderValue::from_static("accept"));
        Ok(([kind, vary], body).into_response())
    })
    .await
}

/// What the `{id}` of a route names.
pub(crate) fn event_named(id: &str) -> Result<EventRef, Refusal> {
    // A name that cannot be one names nothing: the same answer as for an event that is not there.
    parse_display_id(id).map_err(|error| Refusal::new(Code::NotFound, error.to_string()))
}

pub(crate) fn read(ledger: &Ledger, named: EventRef, id: &str) -> Result<Recorded, Refusal> {
    let missing = || {
        let shown: String = id.chars().take(64).collect();
        Refusal::new(Code::NotFound, format!("there is no event {shown}"))
    };
    let recorded = match ledger.read(named.sequence()) {
        Ok(recorded) => recorded,
        Err(ledger::ReadError::Unknown(_)) => return Err(missing()),
        Err(error) => return Err(error.into()),
    };
    if named.fits(recorded.received_at) {
        Ok(recorded)
    } else {
        Err(missing())
    }
}

/// A checkpoint that covers the event, and the path from the event to its root.
fn covered(ledger: &Ledger, recorded: &Recorded) -> Result<(Arc<SignedHead>, Vec<Hash>), Refusal> {
    let head = ledger
        .wait_covered(recorded.sequence, PROOF_PATIENCE)
        .ok_or_else(|| {
            Refusal::new(
                Code::NotCovered,
                "no signed checkpoint covers this event yet",
            )
        })?;
    let path = ledger.inclusion_proof(recorded.sequence, head.size)?;
    Ok((head, path))
}

/// Whether JSON is asked for before anything else.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let first = accept.split([',', ';']).next().unwrap_or("").trim();
    first.eq_ignore_ascii_case("application/json")
}
