//! What the handlers share.

use std::sync::Arc;

use catalog::{TenantName, TenantState};
use tokio::sync::{Semaphore, watch};

use crate::auth::{Grant, no_tenant, suspended};
use crate::budget::Budget;
use crate::config::Config;
use crate::error::{Code, Refusal};
use crate::identity::access::Access;
use crate::instance::Instance;
use crate::limits::{EXPORTS_MAX, SEARCHES_PER_CORE};
use crate::meters::Meters;
use crate::tail_seats::TailSeats;
use crate::tenants::{Door, OpenTenantError};

/// The server's state.
pub(crate) struct App {
    pub(crate) instance: Arc<Instance>,
    pub(crate) config: Config,
    pub(crate) meters: Meters,
    /// What is added to events as they come in.
    pub(crate) enricher: Arc<enrich::Enricher>,
    /// One permit a request.
    pub(crate) requests: Arc<Semaphore>,
    /// One permit a body that is parsed: as many as there are cores.
    pub(crate) parsers: Arc<Semaphore>,
    /// One permit a search or count.
    pub(crate) searches: Arc<Semaphore>,
    /// One permit an export.
    pub(crate) exports: Arc<Semaphore>,
    /// Bytes of bodies in memory.
    pub(crate) ingest: Budget,
    pub(crate) tails: TailSeats,
    /// Turns true when the server is to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl App {
    pub(crate) fn new(
        instance: Arc<Instance>,
        config: Config,
        enricher: enrich::Enricher,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let cores = ledger::cores();
        App {
            meters: Meters::new(),
            enricher: Arc::new(enricher),
            requests: Arc::new(Semaphore::new(config.max_requests)),
            parsers: Arc::new(Semaphore::new(cores)),
            searches: Arc::new(Semaphore::new(cores * SEARCHES_PER_CORE)),
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            ingest: Budget::new(config.max_ingest_bytes),
            tails: TailSeats::default(),
            instance,
            config,
            stopping,
        }
    }

    /// The ledger that the grant opens, with its views, for one access. The ledger is told of the
    /// access first, so that there is none without its event.
    pub(crate) async fn ledger(&self, grant: &Grant, access: Access) -> Result<Door, Refusal> {
        let door = self.open(grant.tenant()).await?;
        match &access {
            Access::Append if self.instance.reserve.is_given_up() => {
                let detail =
                    "the disk is full: what room is left is kept for signing in and reading";
                return Err(Refusal::new(Code::DiskFull, detail));
            }
            Access::View { sequence, .. } | Access::Proof { sequence, .. } => {
                let exists = *sequence < door.ledger.durable().get();
                self.tell(grant, &access, exists).await?;
            }
            _ => self.tell(grant, &access, true).await?,
        }
        Ok(door)
    }

    async fn open(&self, tenant: &TenantName) -> Result<Door, Refusal> {
        match self.instance.tenant_state(tenant) {
            Some(TenantState::Active) => {}
            Some(TenantState::Suspended) => return Err(suspended(tenant)),
            Some(TenantState::Deleted) | None => return Err(no_tenant(tenant.as_str())),
        }
        match self.instance.tenants.open(tenant).await {
            Ok(open) => {
                open.ledger.note_request();
                Ok(Door(open))
            }
            Err(error @ OpenTenantError::TooMany) => {
                Err(Refusal::new(Code::Overloaded, error.to_string()))
            }
            Err(error) => {
                tracing::error!(
                    tenant = tenant.as_str(),
                    error = crate::error::error_chain(&error),
                    "a ledger cannot be opened"
                );
                let detail = "the ledger cannot be opened; the server's log says why";
                Err(Refusal::new(Code::LedgerUnavailable, detail))
            }
        }
    }

    /// Works on the ledger that the grant opens and on its index, away from the async threads, when
    /// it is this request's turn. A client that goes away does not free the place before the work
    /// is done.
    pub(crate) async fn search<T: Send + 'static>(
        &self,
        grant: &Grant,
        access: Access,
        work: impl FnOnce(&Door) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let open = self.ledger(grant, access).await?;
        let turn = self.searches.clone().acquire_owned().await;
        blocking(move || {
            let _turn = turn;
            work(&open)
        })
        .await
    }
}

/// Runs work that reads the disk or computes for long away from the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Refusal::internal(&error)),
    }
}
