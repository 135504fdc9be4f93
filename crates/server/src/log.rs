//! The log for auditors: `/log/{tenant}/...`, the read path of C2SP tlog-tiles.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use catalog::TenantName;
use event::ENTRY_BYTES;
use ledger::Ledger;
use merkle::tile::{Bundle, Tile, TilePath};

use crate::app::{App, blocking};
use crate::auth::{Caller, Grant, Permission, no_tenant};
use crate::error::{Code, Refusal};
use crate::identity::access::Access;
use crate::tenants::Door;

/// What is never written again may be kept for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What is only read with a key is not kept by caches that others use.
const FOR_EVER_PRIVATE: &str = "private, max-age=31536000, immutable";

/// The newest signed checkpoint (a signed note, c2sp.org/tlog-checkpoint).
#[utoipa::path(
    get,
    path = "/log/{tenant}/checkpoint",
    operation_id = "getCheckpoint",
    tag = "Log",
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "The checkpoint.", body = String, content_type = "text/plain"),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["ledger:read"])),
)]
pub(crate) async fn checkpoint(
    State(app): State<Arc<App>>,
    caller: Option<Caller>,
    Path(tenant): Path<String>,
) -> Result<Response, Refusal> {
    let open = open(&app, caller, &tenant).await?;
    Ok(text(open.ledger.head().note.clone()))
}

/// The public key that checks the checkpoints (a vkey, c2sp.org/signed-note).
#[utoipa::path(
    get,
    path = "/log/{tenant}/vkey",
    operation_id = "getVerifierKey",
    tag = "Log",
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "The key.", body = String, content_type = "text/plain"),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["ledger:read"])),
)]
pub(crate) async fn vkey(
    State(app): State<Arc<App>>,
    caller: Option<Caller>,
    Path(tenant): Path<String>,
) -> Result<Response, Refusal> {
    let open = open(&app, caller, &tenant).await?;
    Ok(text(format!("{}\n", open.ledger.verifier())))
}

/// Hashes or entries of the log (c2sp.org/tlog-tiles).
///
/// `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`.
#[utoipa::path(
    get,
    path = "/log/{tenant}/tile/{path}",
    operation_id = "getTile",
    tag = "Log",
    params(
        ("tenant" = String, Path, description = "The tenant"),
        ("path" = String, Path, description = "`<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`; may hold slashes"),
    ),
    responses(
        (status = 200, description = "The tile.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["ledger:read"])),
)]
pub(crate) async fn tile(
    State(app): State<Arc<App>>,
    caller: Option<Caller>,
    Path((tenant, path)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let open = open(&app, caller, &tenant).await?;
    let named: TilePath =
        format!("tile/{path}")
            .parse()
            .map_err(|error: merkle::tile::TilePathError| {
                Refusal::new(Code::NotFound, error.to_string())
            })?;
    let body = blocking(move || match named {
        TilePath::Hashes(tile) => hashes(&open.ledger, tile),
        TilePath::Entries(bundle) => entries(&open.ledger, bundle),
    })
    .await?;
    // Only signed sizes are served, so that even a partial tile never changes.
    let keep = if app.config.public_log {
        FOR_EVER
    } else {
        FOR_EVER_PRIVATE
    };
    let kind = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    let keep = (header::CACHE_CONTROL, HeaderValue::from_static(keep));
    Ok(([kind, keep], body).into_response())
}

/// The ledger of a tenant, for a caller that may read its log.
async fn open(app: &App, caller: Option<Caller>, tenant: &str) -> Result<Door, Refusal> {
    let named: TenantName = tenant.parse().map_err(|_| no_tenant(tenant))?;
    let grant = match caller {
        Some(caller) => caller.may(Permission::ReadLog, Some(tenant))?,
        None => Grant::for_public_log(app, named).ok_or_else(|| {
            Refusal::new(
                Code::Unauthorized,
                "the log needs an API key with the scope `ledger:read`",
            )
            .with_hint("send the header `Authorization: Bearer ann_...`")
        })?,
    };
    app.ledger(&grant, Access::Log).await
}

fn hashes(ledger: &Ledger, tile: Tile) -> Result<Vec<u8>, Refusal> {
    let size = ledger.head().size.get();
    if !tile.is_in(size) {
        return Err(beyond(&TilePath::Hashes(tile), size));
    }
    Ok(ledger.tile(tile)?.concat())
}

fn entries(ledger: &Ledger, bundle: Bundle) -> Result<Vec<u8>, Refusal> {
    let size = ledger.head().size.get();
    let first = bundle.first_entry().filter(|_| bundle.is_in(size));
    let first = first.ok_or_else(|| beyond(&TilePath::Entries(bundle), size))?;
    let bytes = ledger.entries(first..first + u64::from(bundle.width))?;
    let mut body = Vec::with_capacity(bytes.len() + usize::from(bundle.width) * 2);
    for entry in bytes.chunks_exact(ENTRY_BYTES) {
        merkle::bundle::append(&mut body, entry).map_err(|error| Refusal::internal(&error))?;
    }
    Ok(body)
}

fn beyond(path: &TilePath, size: u64) -> Refusal {
    let detail = format!("a log of {size} entries has no {path}");
    Refusal::new(Code::NotFound, detail)
}

fn text(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}
