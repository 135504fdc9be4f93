//! How the server does: `/healthz`, `/readyz`, `/metrics`.

use std::net::SocketAddr;
use std::sync::Arc;

use api::{Health, Readiness};
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use metrics::Label;

use crate::app::App;
use crate::auth::Caller;
use crate::error::{Code, Refusal};
use crate::instance::now;
use crate::limits::UNCOVERED_MAX;
use crate::tenants::uncovered_for;

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "health",
    tag = "Server",
    responses((status = 200, description = "It does.", body = Health)),
)]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Whether every open ledger takes events and signs them in time.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readiness",
    tag = "Server",
    responses(
        (status = 200, description = "Ready.", body = Readiness),
        (status = 503, description = "Not ready; the reasons say why.", body = Readiness),
    ),
)]
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let mut reasons = Vec::new();
    if *app.stopping.borrow() {
        reasons.push("the server is stopping".to_owned());
    }
    if app.instance.reserve.is_given_up() {
        reasons
            .push("the disk is full: senders are refused, signing in and reading go on".to_owned());
    }
    for (tenant, open) in app.instance.tenants.each() {
        if let Some(why) = open.ledger.failure() {
            reasons.push(format!("the ledger of `{tenant}` takes no events: {why}"));
        } else if open.ledger.is_full() {
            reasons.push(format!("the disk is full for the ledger of `{tenant}`"));
        }
        if uncovered_for(&open.ledger, now()).is_some_and(|since| since > UNCOVERED_MAX) {
            reasons.push(format!("events of `{tenant}` wait for a signed checkpoint"));
        }
    }
    let ready = reasons.is_empty();
    let status = Refusal::status_of_readiness(ready);
    (status, Json(Readiness { ready, reasons })).into_response()
}

/// Numbers for Prometheus.
///
/// For a key of `main` with the scope `admin`, or a caller on this machine.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "Server",
    responses(
        (status = 200, description = "Prometheus text format.", body = String, content_type = "text/plain"),
        (status = "4XX", description = "Refused.", body = api::Problem, content_type = "application/problem+json"),
    ),
    security((), ("key" = ["admin"])),
)]
pub(crate) async fn metrics(
    State(app): State<Arc<App>>,
    peer: Option<Extension<Peer>>,
    caller: Option<Caller>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // A proxy on this machine speaks for somebody else.
    let forwarded = ["forwarded", "x-forwarded-for"]
        .iter()
        .any(|name| headers.contains_key(*name));
    let local = peer.is_some_and(|Extension(Peer(address))| address.ip().is_loopback());
    match caller {
        Some(caller) => caller.may_read_metrics()?,
        None if local && !forwarded => {}
        None => {
            let detail =
                "metrics need an API key with the scope `admin`, or a caller on this machine";
            return Err(Refusal::new(Code::Unauthorized, detail));
        }
    }
    fill_gauges(&app);
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    let mut text = app.meters.render();
    crate::background::render(&app.instance.tenants, &mut text);
    Ok((kind, text).into_response())
}

fn fill_gauges(app: &App) {
    let compared = app.instance.identity.hasher.compared();
    app.meters.password_checks.absolute(compared);
    let open = app.instance.tenants.each();
    app.meters
        .gauge("annals_open_ledgers", vec![])
        .set(open.len() as f64);
    app.meters
        .gauge("annals_open_tails", vec![])
        .set(app.tails.count() as f64);
    app.meters
        .gauge("annals_ingest_bytes_left", vec![])
        .set(app.ingest.left() as f64);
    for (tenant, open) in open {
        let of_tenant = || Label::new("tenant", tenant.to_string());
        let set = |name, value: f64| app.meters.gauge(name, vec![of_tenant()]).set(value);
        set("annals_ledger_events", open.ledger.durable().get() as f64);
        set(
            "annals_ledger_signed_events",
            open.ledger.head().size.get() as f64,
        );
        set(
            "annals_ledger_writable",
            f64::from(u8::from(open.ledger.failure().is_none())),
        );
        let disk = open.ledger.disk_use();
        let kinds = [
            ("parts", disk.parts),
            ("tree", disk.tree),
            ("ids", disk.ids),
            ("journal", disk.journal),
        ];
        for (kind, bytes) in kinds {
            let labels = vec![of_tenant(), Label::new("kind", kind)];
            app.meters
                .gauge("annals_ledger_disk_bytes", labels)
                .set(bytes as f64);
        }
    }
}

/// Notes where a request came from.
pub(crate) fn set_peer(extensions: &mut Extensions, peer: SocketAddr) {
    extensions.insert(Peer(peer));
}
