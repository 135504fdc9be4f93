//! Managing keys and tenants: one set of functions for the control socket and for the command line.
//!
//! A change is written, told to the ledger, and committed, in this order: a change that leaves no
//! event does not happen.

use std::path::Path;

use catalog::{ApiKey, KeyId, KeyText, MissingError, TenantName, TenantState};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::folder::ledger_folder;
use crate::instance::{Instance, InstanceError, RecordError, now, random};
use crate::own::{Doer, OwnEvent};

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum AdminRequest {
    /// Make a key.
    KeyCreate {
        /// The tenant it opens.
        tenant: String,
        /// Its label.
        name: String,
        /// Its scopes, parted by commas.
        scopes: String,
        /// When it ends (RFC 3339); none means never.
        expires_at: Option<String>,
    },
    /// List the keys of a tenant, or of all.
    KeyList {
        /// The tenant.
        tenant: Option<String>,
    },
    /// Revoke a key.
    KeyRevoke {
        /// Its id.
        id: String,
    },
    /// Make a tenant.
    TenantCreate {
        /// Its name.
        name: String,
    },
    /// Answer nothing for a tenant any more, and keep everything.
    TenantSuspend {
        /// Its name.
        name: String,
    },
    /// Answer for a suspended tenant again.
    TenantResume {
        /// Its name.
        name: String,
    },
    /// Remove a tenant's events for good; its name and its last checkpoint stay.
    TenantDelete {
        /// Its name.
        name: String,
    },
    /// List the tenants.
    TenantList,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "snake_case")]
pub enum AdminAnswer {
    /// The key was made; its text is shown this once.
    KeyCreated {
        /// The key.
        key: KeyView,
        /// The secret.
        text: String,
    },
    /// The keys.
    Keys {
        /// Oldest first.
        keys: Vec<KeyView>,
    },
    /// The key is revoked.
    KeyRevoked {
        /// The key.
        key: KeyView,
    },
    /// The tenant as it is now.
    Tenant {
        /// The tenant.
        tenant: TenantView,
    },
    /// The tenants.
    Tenants {
        /// By name.
        tenants: Vec<TenantView>,
    },
}

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// Its id.
    pub id: String,
    /// The tenant it opens.
    pub tenant: String,
    /// Its label.
    pub name: String,
    /// The first characters of its text.
    pub prefix: String,
    /// Its scopes, parted by spaces.
    pub scopes: String,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// When it ends (RFC 3339).
    pub expires_at: Option<String>,
    /// When it was revoked (RFC 3339).
    pub revoked_at: Option<String>,
    /// Who made it.
    pub created_by: String,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantView {
    /// Its name.
    pub name: String,
    /// `active`, `suspended` or `deleted`.
    pub state: String,
    /// When it was made (RFC 3339).
    pub created_at: String,
}

/// Why a request was not carried out. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// What was asked is wrong; the words say why.
    #[error("{0}")]
    Refused(String),
    /// The instance failed.
    #[error(transparent)]
    Instance(#[from] InstanceError),
}

impl From<catalog::StoreError> for AdminError {
    fn from(error: catalog::StoreError) -> Self {
        AdminError::Instance(error.into())
    }
}

impl From<RecordError> for AdminError {
    fn from(error: RecordError) -> Self {
        AdminError::Instance(error.into())
    }
}

impl From<MissingError> for AdminError {
    fn from(error: MissingError) -> Self {
        match error {
            MissingError::Store(error) => error.into(),
            missing @ MissingError::Missing { .. } => AdminError::Refused(missing.to_string()),
        }
    }
}

impl Instance {
    /// Carries out one request.
    pub async fn administer(
        &self,
        request: AdminRequest,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        match request {
            AdminRequest::KeyCreate {
                tenant,
                name,
                scopes,
                expires_at,
            } => {
                self.create_key(&tenant, &name, &scopes, expires_at.as_deref(), doer)
                    .await
            }
            AdminRequest::KeyList { tenant } => self.list_keys(tenant.as_deref()).await,
            AdminRequest::KeyRevoke { id } => self.revoke_key(&KeyId::from_text(&id), doer).await,
            AdminRequest::TenantCreate { name } => self.create_tenant(&parsed(&name)?, doer).await,
            AdminRequest::TenantSuspend { name } => {
                self.suspend_tenant(&parsed(&name)?, doer).await
            }
            AdminRequest::TenantResume { name } => self.resume_tenant(&parsed(&name)?, doer).await,
            AdminRequest::TenantDelete { name } => self.delete_tenant(&parsed(&name)?, doer).await,
            AdminRequest::TenantList => {
                let tenants = self
                    .catalog
                    .tenants()
                    .await?
                    .iter()
                    .map(tenant_view)
                    .collect();
                Ok(AdminAnswer::Tenants { tenants })
            }
        }
    }

    async fn create_key(
        &self,
        tenant: &str,
        name: &str,
        scopes: &str,
        expires_at: Option<&str>,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        let now = now();
        let expires_at = expires_at.map(parsed_time).transpose()?;
        if expires_at.is_some_and(|at| at <= now) {
            return Err(AdminError::Refused(
                "the key would have expired already".to_owned(),
            ));
        }
        let text = KeyText::from_random(random()?);
        let key = ApiKey {
            id: KeyId::from_random(random()?),
            tenant: parsed(tenant)?,
            name: parsed(name)?,
            hash: text.hash(),
            prefix: text.shown_prefix(),
            scopes: parsed(scopes)?,
            created_at: now,
            expires_at,
            revoked_at: None,
            created_by: doer.as_str().to_owned(),
        };
        let mut change = self.catalog.change().await?;
        change.create_key(&key).await.map_err(|error| match error {
            catalog::CreateKeyError::Store(error) => error.into(),
            refused @ catalog::CreateKeyError::NoTenant(_) => {
                AdminError::Refused(refused.to_string())
            }
        })?;
        self.record(
            &key.tenant,
            key_event("annals.key.create", "made", &key, doer),
        )
        .await?;
        change.commit().await?;
        self.keys.put(key.clone());
        Ok(AdminAnswer::KeyCreated {
            key: key_view(&key),
            text: text.reveal().to_owned(),
        })
    }

    async fn list_keys(&self, tenant: Option<&str>) -> Result<AdminAnswer, AdminError> {
        let tenant: Option<TenantName> = tenant.map(parsed).transpose()?;
        let keys = self.catalog.keys().await?;
        let wanted = keys
            .iter()
            .filter(|key| tenant.as_ref().is_none_or(|it| *it == key.tenant));
        Ok(AdminAnswer::Keys {
            keys: wanted.map(key_view).collect(),
        })
    }

    async fn revoke_key(&self, id: &KeyId, doer: Doer) -> Result<AdminAnswer, AdminError> {
        let now = now();
        let mut change = self.catalog.change().await?;
        let key = change.revoke_key(id, now).await?;
        // A key revoked before stays as it was, and a deleted tenant's ledger takes no events.
        let living = self.tenant_state(&key.tenant) != Some(TenantState::Deleted);
        if key.revoked_at == Some(now) && living {
            self.record(
                &key.tenant,
                key_event("annals.key.revoke", "revoked", &key, doer),
            )
            .await?;
        }
        change.commit().await?;
        self.keys.put(key.clone());
        Ok(AdminAnswer::KeyRevoked {
            key: key_view(&key),
        })
    }

    async fn create_tenant(
        &self,
        name: &TenantName,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        let mut change = self.catalog.change().await?;
        let tenant = change
            .create_tenant(name, now())
            .await
            .map_err(|error| match error {
                catalog::CreateTenantError::Store(error) => error.into(),
                refused @ catalog::CreateTenantError::Exists(_) => {
                    AdminError::Refused(refused.to_string())
                }
            })?;
        self.record(
            name,
            tenant_event("annals.tenant.create", "made", name, doer),
        )
        .await?;
        change.commit().await?;
        self.set_tenant_state(name, TenantState::Active);
        Ok(AdminAnswer::Tenant {
            tenant: tenant_view(&tenant),
        })
    }

    async fn suspend_tenant(
        &self,
        name: &TenantName,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        let mut change = self.catalog.change().await?;
        let tenant = change
            .set_tenant_state(name, TenantState::Suspended)
            .await?;
        self.record(
            name,
            tenant_event("annals.tenant.suspend", "suspended", name, doer),
        )
        .await?;
        change.commit().await?;
        self.set_tenant_state(name, TenantState::Suspended);
        Ok(AdminAnswer::Tenant {
            tenant: tenant_view(&tenant),
        })
    }

    async fn resume_tenant(
        &self,
        name: &TenantName,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        let mut change = self.catalog.change().await?;
        let tenant = change.set_tenant_state(name, TenantState::Active).await?;
        self.record(
            name,
            tenant_event("annals.tenant.resume", "resumed", name, doer),
        )
        .await?;
        change.commit().await?;
        self.set_tenant_state(name, TenantState::Active);
        Ok(AdminAnswer::Tenant {
            tenant: tenant_view(&tenant),
        })
    }

    /// The event of a deletion stands in `main`, because the tenant's own ledger goes.
    async fn delete_tenant(
        &self,
        name: &TenantName,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        let main = TenantName::main();
        if *name == main {
            let why = "the tenant `main` holds the events of the server itself and stays";
            return Err(AdminError::Refused(why.to_owned()));
        }
        let mut change = self.catalog.change().await?;
        let tenant = change.set_tenant_state(name, TenantState::Deleted).await?;
        self.record(
            &main,
            tenant_event("annals.tenant.delete", "deleted", name, doer),
        )
        .await?;
        change.commit().await?;
        // Committed. From here the tenant is gone for everybody; what is left of its files after a
        // crash is removed when the command is given again.
        self.set_tenant_state(name, TenantState::Deleted);
        self.tenants.close_now(name).await;
        let folder = ledger_folder(self.folder.root(), name);
        remove_all_but_the_proof(&folder).map_err(|source| InstanceError::System {
            what: "the tenant is deleted, but its files could not all be removed",
            source,
        })?;
        Ok(AdminAnswer::Tenant {
            tenant: tenant_view(&tenant),
        })
    }
}

/// What stays of a deleted tenant's folder: what it was when it ended, and who says so.
const KEPT_FILES: [&str; 2] = ["last-checkpoint", "vkey"];

fn remove_all_but_the_proof(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if KEPT_FILES.iter().any(|kept| entry.file_name() == *kept) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::File::open(folder)?.sync_all()
}

fn key_event(action: &'static str, done: &str, key: &ApiKey, doer: Doer) -> OwnEvent {
    OwnEvent {
        action,
        doer,
        message: format!("API key \"{}\" was {done}", key.name.as_str()),
        target: Some(("api_key", key.id.to_string(), key.name.as_str().to_owned())),
        metadata: json!({
            "scopes": key.scopes.to_string(),
            "expires_at": key.expires_at.map(|at| at.to_string()),
        }),
    }
}

fn tenant_event(action: &'static str, done: &str, name: &TenantName, doer: Doer) -> OwnEvent {
    OwnEvent {
        action,
        doer,
        message: format!("Tenant \"{name}\" was {done}"),
        target: Some(("tenant", name.to_string(), name.to_string())),
        metadata: json!({}),
    }
}

fn key_view(key: &ApiKey) -> KeyView {
    KeyView {
        id: key.id.to_string(),
        tenant: key.tenant.to_string(),
        name: key.name.as_str().to_owned(),
        prefix: key.prefix.clone(),
        scopes: key.scopes.to_string(),
        created_at: key.created_at.to_string(),
        expires_at: key.expires_at.map(|at| at.to_string()),
        revoked_at: key.revoked_at.map(|at| at.to_string()),
        created_by: key.created_by.clone(),
    }
}

fn tenant_view(tenant: &catalog::Tenant) -> TenantView {
    TenantView {
        name: tenant.name.to_string(),
        state: tenant.state.as_str().to_owned(),
        created_at: tenant.created_at.to_string(),
    }
}

fn parsed<T>(text: &str) -> Result<T, AdminError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| AdminError::Refused(error.to_string()))
}

fn parsed_time(text: &str) -> Result<event::Timestamp, AdminError> {
    event::Timestamp::parse_rfc3339(text)
        .map_err(|error| AdminError::Refused(format!("`{text}` is no time: {error}")))
}
