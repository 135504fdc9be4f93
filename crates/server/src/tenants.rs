//! The tenants' ledgers: opened when used, closed when idle, never more open than the limit.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use catalog::{InstanceName, TenantName};
use ledger::Ledger;
use parking_lot::RwLock;
use tokio::sync::Mutex;

use crate::folder::{ledger_folder, private_folder};
use crate::limits::OPEN_LEDGERS_MAX;

/// An open ledger with its views. It stays open while somebody holds it.
pub(crate) struct Open {
    pub(crate) ledger: Ledger,
    pub(crate) index: index::Index,
    pub(crate) live: crate::live::Live,
    used: AtomicU64,
}

/// Why a tenant's ledger did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenTenantError {
    /// The ledger is damaged, or the disk said no.
    #[error("the ledger of tenant `{tenant}` cannot be opened")]
    Ledger {
        /// Whose ledger.
        tenant: TenantName,
        /// What is wrong.
        #[source]
        source: ledger::OpenError,
    },
    /// The index cannot be opened or made.
    #[error("the index of tenant `{tenant}` cannot be opened")]
    Index {
        /// Whose index.
        tenant: TenantName,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The folder cannot be made or read.
    #[error("the folder of tenant `{tenant}` cannot be used")]
    Folder {
        /// Whose folder.
        tenant: TenantName,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// As many ledgers as may be are in use.
    #[error("{OPEN_LEDGERS_MAX} ledgers are in use at this moment")]
    TooMany,
}

/// What opening a ledger needs.
pub(crate) struct Ground {
    pub(crate) root: PathBuf,
    pub(crate) instance: InstanceName,
    pub(crate) resources: Arc<ledger::Resources>,
    pub(crate) checkpoint_store: Option<Arc<dyn ledger::disk::Disk>>,
    /// Where the signing keys lie, if not in the ledgers' folders.
    pub(crate) signing_keys: Option<Arc<dyn ledger::disk::Disk>>,
}

/// The open ledgers.
pub(crate) struct Tenants {
    ground: Ground,
    begun: Instant,
    slots: RwLock<HashMap<TenantName, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    open: RwLock<Option<Arc<Open>>>,
    /// Held while the ledger opens or closes, so that nothing is opened twice.
    changing: Mutex<()>,
}

impl Tenants {
    pub(crate) fn new(ground: Ground) -> Self {
        Tenants {
            ground,
            begun: Instant::now(),
            slots: RwLock::default(),
        }
    }

    /// What the ledgers share.
    pub(crate) fn resources(&self) -> &ledger::Resources {
        &self.ground.resources
    }

    /// The tenant's ledger, opened if it was closed. That the tenant exists and may be used is the
    /// caller's to know.
    pub(crate) async fn open(&self, tenant: &TenantName) -> Result<Arc<Open>, OpenTenantError> {
        let slot = self.slots.read().get(tenant).cloned();
        let slot = match slot {
            Some(slot) => slot,
            None => self
                .slots
                .write()
                .entry(tenant.clone())
                .or_default()
                .clone(),
        };
        if let Some(open) = self.in_use(&slot) {
            return Ok(open);
        }
        let _changing = slot.changing.lock().await;
        if let Some(open) = self.in_use(&slot) {
            return Ok(open);
        }
        self.make_room().await?;
        let (ground, name) = (self.ground.clone_for_open(), tenant.clone());
        let opened = tokio::task::spawn_blocking(move || ground.open(&name))
            .await
            .map_err(|error| OpenTenantError::Folder {
                tenant: tenant.clone(),
                source: std::io::Error::other(error),
            })??;
        let open = Arc::new(Open {
            used: AtomicU64::new(self.now()),
            ..opened
        });
        *slot.open.write() = Some(open.clone());
        tracing::debug!(tenant = tenant.as_str(), "a ledger was opened");
        Ok(open)
    }

    fn in_use(&self, slot: &Slot) -> Option<Arc<Open>> {
        let open = slot.open.read().clone()?;
        open.used.store(self.now(), Ordering::Relaxed);
        Some(open)
    }

    /// Closes the ledgers that nobody used for a while and that have nothing left to do.
    pub(crate) async fn close_idle(&self, idle: Duration) {
        let idle = idle.as_millis() as u64;
        let before = self.now().saturating_sub(idle);
        for (tenant, open) in self.each() {
            let unused = open.used.load(Ordering::Relaxed) < before;
            let rests = || open.ledger.rests() && open.index.stats().missing_parts == 0;
            let close = unused && rests();
            drop(open);
            if close {
                self.close_unused(&tenant).await;
            }
        }
    }

    /// Closes ledgers, the longest unused first, until one more may be opened.
    async fn make_room(&self) -> Result<(), OpenTenantError> {
        for (tenant, _) in self.by_use() {
            if self.open_count() < OPEN_LEDGERS_MAX {
                break;
            }
            self.close_unused(&tenant).await;
        }
        match self.open_count() < OPEN_LEDGERS_MAX {
            true => Ok(()),
            false => Err(OpenTenantError::TooMany),
        }
    }

    fn open_count(&self) -> usize {
        self.slots
            .read()
            .values()
            .filter(|slot| slot.open.read().is_some())
            .count()
    }

    /// The open ledgers with the moment of their last use, the longest unused first.
    fn by_use(&self) -> Vec<(TenantName, u64)> {
        let mut open: Vec<(TenantName, u64)> = self
            .each()
            .into_iter()
            .map(|(tenant, open)| (tenant, open.used.load(Ordering::Relaxed)))
            .collect();
        open.sort_by_key(|(_, used)| *used);
        open
    }

    /// Every open ledger.
    pub(crate) fn each(&self) -> Vec<(TenantName, Arc<Open>)> {
        let slots = self.slots.read();
        slots
            .iter()
            .filter_map(|(tenant, slot)| Some((tenant.clone(), slot.open.read().clone()?)))
            .collect()
    }

    /// Closes a ledger that nobody holds.
    async fn close_unused(&self, tenant: &TenantName) {
        let Some(slot) = self.slots.read().get(tenant).cloned() else {
            return;
        };
        // A slot whose lock is taken is being opened: then it is in use.
        let Ok(_changing) = slot.changing.try_lock() else {
            return;
        };
        let unused = {
            let mut open = slot.open.write();
            let held = open.as_ref().is_none_or(|open| Arc::strong_count(open) > 1);
            if held { None } else { open.take() }
        };
        if let Some(open) = unused {
            close(open).await;
            tracing::debug!(tenant = tenant.as_str(), "an idle ledger was closed");
        }
    }

    /// Closes a ledger whoever holds it: their next call fails.
    pub(crate) async fn close_now(&self, tenant: &TenantName) {
        let Some(slot) = self.slots.read().get(tenant).cloned() else {
            return;
        };
        let _changing = slot.changing.lock().await;
        let open = slot.open.write().take();
        if let Some(open) = open {
            close(open).await;
        }
    }

    /// Removes the signing key of a deleted tenant, where it lies outside the ledger's folder.
    pub(crate) fn remove_signing_key(&self, tenant: &TenantName) {
        let Some(disk) = &self.ground.signing_keys else {
            return;
        };
        let file = PathBuf::from(format!("{tenant}.key"));
        if let Err(error) = disk.remove_file(&file) {
            tracing::warn!(%error, tenant = tenant.as_str(), "a deleted tenant's signing key stays");
        }
    }

    /// Closes every ledger, signing what is durable.
    pub(crate) async fn close_all(&self) {
        let tenants: Vec<TenantName> = self.slots.read().keys().cloned().collect();
        for tenant in tenants {
            self.close_now(&tenant).await;
        }
    }

    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }
}

async fn close(open: Arc<Open>) {
    let still_held = open.ledger.clone();
    let ended = tokio::task::spawn_blocking(move || {
        open.live.stop();
        match Arc::into_inner(open) {
            Some(Open { ledger, index, .. }) => {
                drop(index);
                ledger.close();
            }
            // Somebody still reads: they may finish, and nothing is written any more.
            None => still_held.close(),
        }
    });
    if ended.await.is_err() {
        tracing::error!("closing a ledger panicked");
    }
}

impl Ground {
    fn clone_for_open(&self) -> Ground {
        Ground {
            root: self.root.clone(),
            instance: self.instance.clone(),
            resources: self.resources.clone(),
            checkpoint_store: self.checkpoint_store.clone(),
            signing_keys: self.signing_keys.clone(),
        }
    }

    fn open(self, tenant: &TenantName) -> Result<Open, OpenTenantError> {
        let dir = ledger_folder(&self.root, tenant);
        let folder_error = |source| OpenTenantError::Folder {
            tenant: tenant.clone(),
            source,
        };
        private_folder(&dir).map_err(folder_error)?;
        let disk = ledger::disk::Real::create(&dir).map_err(folder_error)?;
        let options = ledger::Options {
            origin: format!("{}/{tenant}", self.instance),
            dir: dir.clone(),
            clock: Arc::new(ledger::System),
            entropy: Arc::new(ledger::System),
            resources: self.resources.clone(),
            sign_after: ledger::SIGN_AFTER,
            checkpoint_store: self.checkpoint_store.clone(),
            signing_key: self
                .signing_keys
                .clone()
                .map(|disk| (disk, format!("{tenant}.key").into())),
        };
        let ledger =
            Ledger::open(Arc::new(disk), options).map_err(|source| OpenTenantError::Ledger {
                tenant: tenant.clone(),
                source,
            })?;
        let live = crate::live::Live::default();
        let index =
            index::Index::open(ledger.clone()).map_err(|source| OpenTenantError::Index {
                tenant: tenant.clone(),
                source,
            })?;
        Ok(Open {
            ledger,
            index,
            live,
            used: AtomicU64::new(0),
        })
    }
}

/// A ledger in use, for as long as this is held.
#[derive(Clone)]
pub(crate) struct Door(pub(crate) Arc<Open>);

impl Deref for Door {
    type Target = Open;

    fn deref(&self) -> &Open {
        &self.0
    }
}

/// How long ago the newest event should have been covered by a checkpoint, if it is not.
pub(crate) fn uncovered_for(ledger: &Ledger, now: event::Timestamp) -> Option<Duration> {
    let head = ledger.head();
    let durable = ledger.durable();
    if durable.get() <= head.size.get() {
        return None;
    }
    let first = ledger.entry(event::Sequence::new(head.size.get())).ok()?;
    let micros = now
        .as_micros()
        .saturating_sub(first.received_at.as_micros());
    Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}
