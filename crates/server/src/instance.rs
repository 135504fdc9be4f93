//! An instance: one data folder, opened by this process, with everything in it.
//!
//! The server serves one; the command line opens one to manage keys and tenants while no server
//! runs. Both go through the same functions (`admin`).

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use catalog::{
    Account, Catalog, Change, InstanceName, Membership, PersonId, StoreError, TenantName,
    TenantState,
};
use event::Timestamp;
use ledger::{AppendError, Clock, Entropy, System};
use parking_lot::RwLock;

use crate::folder::{Folder, FolderError};
use crate::identity::{Identity, teams};
use crate::keys::Keys;
use crate::own::{OwnEvent, OwnEventError};
use crate::reserve::Reserve;
use crate::tenants::{Ground, Open, OpenTenantError, Tenants};

/// Which folder to open, and how.
#[derive(Debug, Clone)]
pub struct InstanceOptions {
    /// The data folder; made and initialised if it is missing or empty.
    pub data: PathBuf,
    /// The instance's name, for an empty folder; a folder that has one must have this one.
    pub name: Option<InstanceName>,
    /// A folder elsewhere that gets a copy of every newest checkpoint.
    pub checkpoint_store: Option<PathBuf>,
    /// A folder outside the data folder that holds the signing keys.
    pub signing_key_folder: Option<PathBuf>,
}

/// An open instance.
pub struct Instance {
    pub(crate) folder: Folder,
    pub(crate) catalog: Catalog,
    pub(crate) keys: Keys,
    pub(crate) tenants: Tenants,
    pub(crate) identity: Identity,
    pub(crate) reserve: Reserve,
    states: RwLock<HashMap<TenantName, TenantState>>,
    name: InstanceName,
    is_new: bool,
}

/// Why an instance did not open.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The folder is in use or cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The catalog did not open.
    #[error(transparent)]
    Catalog(#[from] catalog::OpenError),
    /// The catalog failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder belongs to an instance of another name.
    #[error(
        "the data folder belongs to the instance `{found}`, not `{asked}`: a name is fixed when the folder is made, because every checkpoint carries it"
    )]
    OtherName {
        /// The folder's name.
        found: InstanceName,
        /// The name asked for.
        asked: InstanceName,
    },
    /// A ledger did not open.
    #[error(transparent)]
    Tenant(#[from] OpenTenantError),
    /// The first tenant could not be made.
    #[error("the tenant `main` cannot be made")]
    Main(#[source] catalog::CreateTenantError),
    /// An own event was not kept.
    #[error(transparent)]
    Own(#[from] OwnEventError),
    /// The checkpoint store or the system failed.
    #[error("{what}")]
    System {
        /// What failed.
        what: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Instance {
    /// Opens the folder for this process alone. An empty one is initialised: a name, the tenant
    /// `main`, its key and its signed checkpoint of size 0.
    pub async fn open(options: &InstanceOptions) -> Result<Instance, InstanceError> {
        let folder = Folder::take(&options.data)?;
        let catalog = Catalog::open(&folder.catalog()).await?;
        let stored = catalog.instance().await?;
        let is_new = stored.is_none();
        let name = match (stored, &options.name) {
            (Some(stored), Some(asked)) if stored.name != *asked => {
                return Err(InstanceError::OtherName {
                    found: stored.name,
                    asked: asked.clone(),
                });
            }
            (Some(stored), _) => stored.name,
            (None, Some(asked)) => asked.clone(),
            (None, None) => InstanceName::from_random(random()?),
        };
        let system = |what| move |source| InstanceError::System { what, source };
        let checkpoint_store = match &options.checkpoint_store {
            Some(path) => {
                let disk = ledger::disk::Real::create(path)
                    .map_err(system("the checkpoint store cannot be used"))?;
                Some(Arc::new(disk) as Arc<dyn ledger::disk::Disk>)
            }
            None => None,
        };
        let resources = ledger::Resources::start(ledger::DEFAULT_CACHE_BYTES)
            .map_err(system("no thread can be started"))?;
        let signing_keys = match &options.signing_key_folder {
            Some(path) => {
                let disk = ledger::disk::Real::create(path)
                    .map_err(system("the folder of the signing keys cannot be used"))?;
                Some(Arc::new(disk) as Arc<dyn ledger::disk::Disk>)
            }
            None => None,
        };
        let reserve = Reserve::take(folder.root(), resources.clone());
        let ground = Ground {
            root: folder.root().to_owned(),
            instance: name.clone(),
            resources,
            checkpoint_store,
            signing_keys,
        };
        let instance = Instance {
            tenants: Tenants::new(ground),
            identity: Identity::load(&catalog).await?,
            reserve,
            keys: Keys::of(catalog.keys().await?),
            states: RwLock::new(
                catalog
                    .tenants()
                    .await?
                    .into_iter()
                    .map(|it| (it.name, it.state))
                    .collect(),
            ),
            folder,
            catalog,
            name,
            is_new,
        };
        if is_new {
            instance.found().await?;
        }
        Ok(instance)
    }

    /// Gives an empty folder its name and its first tenant. The ledger is there before the catalog
    /// says so: a crash in between leaves an empty ledger that the next start takes up.
    async fn found(&self) -> Result<(), InstanceError> {
        let main = TenantName::main();
        self.tenants.open(&main).await?;
        let now = System.now();
        let mut change = self.catalog.change().await?;
        change.found(&self.name, now).await?;
        change
            .create_tenant(&main, now)
            .await
            .map_err(InstanceError::Main)?;
        teams::make_first(&mut change, &main, now).await?;
        change.commit().await?;
        self.states.write().insert(main, TenantState::Active);
        Ok(())
    }

    /// First half of every checkpoint's origin.
    pub fn name(&self) -> &InstanceName {
        &self.name
    }

    /// Whether this opening made the folder.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// What state a tenant is in; none if there is no such tenant.
    pub(crate) fn tenant_state(&self, tenant: &TenantName) -> Option<TenantState> {
        self.states.read().get(tenant).copied()
    }

    pub(crate) fn set_tenant_state(&self, tenant: &TenantName, state: TenantState) {
        self.states.write().insert(tenant.clone(), state);
    }

    /// The memberships that open something now: live ones in tenants that were not deleted.
    pub(crate) fn live_memberships<'a>(
        &'a self,
        account: &'a Account,
    ) -> impl Iterator<Item = &'a Membership> {
        let now = now();
        account.memberships.iter().filter(move |it| {
            let state = self.tenant_state(&it.tenant);
            it.is_live(now) && state.is_some_and(|state| state != TenantState::Deleted)
        })
    }

    /// The tenants whose ledgers hear of what a person does with their account: those they belong
    /// to, or `main` if there is none.
    pub(crate) fn audience(&self, account: &Account) -> Vec<TenantName> {
        let mut audience: Vec<TenantName> = self
            .live_memberships(account)
            .map(|it| it.tenant.clone())
            .collect();
        if audience.is_empty() {
            audience.push(TenantName::main());
        }
        audience
    }

    /// Begins a change of the catalog; with little room on the disk, on the reserve's.
    pub(crate) async fn change(&self) -> Result<Change, StoreError> {
        self.reserve.give_up_if_low();
        self.catalog.change().await
    }

    /// Brings what is known of a person in memory up to date, after a commit.
    pub(crate) async fn reload_person(&self, id: &PersonId) -> Result<(), StoreError> {
        if let Some(account) = self.catalog.account(id).await? {
            self.identity.people.put(account);
        }
        Ok(())
    }

    /// Keeps one of Annals' own events in a tenant's ledger; durable when it returns. On a full
    /// disk it takes the room of the reserve.
    pub(crate) async fn record(
        &self,
        tenant: &TenantName,
        own: &OwnEvent,
    ) -> Result<(), RecordError> {
        // What a deleted tenant's ledger was must not begin anew.
        if self.tenant_state(tenant) == Some(TenantState::Deleted) {
            return Err(RecordError::Deleted(tenant.clone()));
        }
        let open: Arc<Open> = self.tenants.open(tenant).await?;
        match crate::own::record(&open.ledger, own, now()).await {
            Err(OwnEventError::Append(AppendError::DiskFull)) if self.reserve.give_up() => {
                Ok(crate::own::record(&open.ledger, own, now()).await?)
            }
            recorded => Ok(recorded?),
        }
    }

    /// As [`Instance::record`], in several tenants' ledgers.
    pub(crate) async fn record_in(
        &self,
        tenants: &[TenantName],
        own: &OwnEvent,
    ) -> Result<(), RecordError> {
        for tenant in tenants {
            self.record(tenant, own).await?;
        }
        Ok(())
    }

    /// As [`Instance::record_in`], but a ledger that cannot take it does not hinder the others:
    /// answers with the tenants of those, or fails if none took it.
    pub(crate) async fn record_where_possible(
        &self,
        tenants: &[TenantName],
        own: &OwnEvent,
    ) -> Result<Vec<TenantName>, RecordError> {
        let mut untold = Vec::new();
        let mut failed = None;
        for tenant in tenants {
            if let Err(error) = self.record(tenant, own).await {
                tracing::warn!(
                    tenant = tenant.as_str(),
                    error = crate::error::error_chain(&error),
                    "a ledger could not be told of a person's session"
                );
                untold.push(tenant.clone());
                failed = Some(error);
            }
        }
        match failed {
            Some(error) if untold.len() == tenants.len() => Err(error),
            _ => Ok(untold),
        }
    }

    /// Tells the ledgers of the repetitions that were only counted; of all of them if `all`.
    pub(crate) async fn tell_repeated(&self, all: bool) {
        for (tenant, event) in self.identity.told.take_ended(all) {
            match self.record(&tenant, &event).await {
                Ok(()) | Err(RecordError::Deleted(_)) => {}
                Err(error) => tracing::warn!(
                    error = crate::error::error_chain(&error),
                    "the number of repeated accesses could not be recorded"
                ),
            }
        }
    }

    /// Writes down the last use of keys and sessions, and forgets sessions that have run out.
    pub(crate) async fn keep_last_uses(&self) -> Result<(), StoreError> {
        let keys = self.keys.take_used();
        let sessions = self.identity.sessions.take_changed();
        let dead = self.identity.sessions.take_dead(now());
        if keys.is_empty() && sessions.is_empty() && dead.is_empty() {
            return Ok(());
        }
        let mut change = self.catalog.change().await?;
        for (id, at, from) in keys {
            let from = from.map(|it| it.to_string());
            change.touch_key(&id, at, from.as_deref()).await?;
        }
        for it in sessions {
            let (used, fresh) = (it.used_at(), it.fresh_until());
            change.touch_session(&it.session.id, used, fresh).await?;
        }
        for it in dead {
            change.end_session(&it.session.id).await?;
        }
        change.commit().await
    }

    /// Closes every ledger and the catalog. Afterwards the folder may be copied.
    pub async fn close(self) {
        self.shut().await;
    }

    /// As [`Instance::close`], where others still hold the instance: their next call fails.
    pub(crate) async fn shut(&self) {
        self.tenants.close_all().await;
        self.catalog.close().await;
    }
}

/// Why an own event was not kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The tenant was deleted, and its ledger with it.
    #[error("the tenant `{0}` was deleted")]
    Deleted(TenantName),
    /// The ledger did not open.
    #[error(transparent)]
    Tenant(#[from] OpenTenantError),
    /// The ledger did not take it.
    #[error(transparent)]
    Own(#[from] OwnEventError),
}

impl From<RecordError> for InstanceError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Deleted(_) => InstanceError::System {
                what: "the event that tells of this could not be kept",
                source: std::io::Error::other(error),
            },
            RecordError::Tenant(error) => error.into(),
            RecordError::Own(error) => error.into(),
        }
    }
}

/// Bytes nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], InstanceError> {
    let mut bytes = [0; N];
    System
        .fill(&mut bytes)
        .map_err(|source| InstanceError::System {
            what: "no random numbers",
            source,
        })?;
    Ok(bytes)
}

/// Now, by this machine's clock.
pub(crate) fn now() -> Timestamp {
    System.now()
}
