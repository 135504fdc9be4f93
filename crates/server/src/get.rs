//! One event and its proof: `GET /v1/events/{id}` and `/proof`; what holds proofs of different
//! times to each other: `GET /v1/log/consistency`.

use std::sync::Arc;

use api::{Consistency, ConsistencyParams, GetParams};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use event::proof::Document;
use event::{Count, EventRef, Recorded, parse_display_id};
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

/// The proof that the log only grew.
///
/// Whoever kept a checkpoint checks with it that the log of then is the beginning of the log of now:
/// that nothing was changed, removed, inserted or backdated since.
#[utoipa::path(
    get,
    path = "/v1/log/consistency",
    operation_id = "getConsistency",
    tag = "Proofs",
    params(ConsistencyParams),
    responses(
        (status = 200, description = "The proof.", body = Consistency),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["events:read", "ledger:read"])),
)]
pub(crate) async fn get_consistency(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<ConsistencyParams>,
) -> Result<Json<Consistency>, Refusal> {
    let grant = caller.may(Permission::Prove, params.tenant.as_deref())?;
    let open = app.ledger(&grant, Access::Log).await?;
    let signed = open.ledger.head().size.get();
    let (from, to) = (params.from, params.to.unwrap_or(signed));
    let wrong =
        |field, detail: String| Err(Refusal::new(Code::InvalidParameter, detail).of_field(field));
    if to > signed {
        return wrong(
            "to",
            format!("the log has {signed} signed events, not {to}"),
        );
    }
    if from > to {
        return wrong(
            "from",
            format!("the log of {from} events is no beginning of that of {to}"),
        );
    }
    let path = blocking(move || {
        let proof = open
            .ledger
            .consistency_proof(Count::new(from), Count::new(to));
        Ok(proof?)
    })
    .await?;
    let path = path.iter().map(|hash| BASE64.encode(hash)).collect();
    Ok(Json(Consistency { from, to, path }))
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
