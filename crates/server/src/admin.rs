//! Managing keys and tenants: one set of functions for the control socket and for the command line.
//!
//! A change is written, told to the ledger, and committed, in this order: a change that leaves no
//! event does not happen.

use std::path::Path;

use catalog::{ApiKey, KeyId, KeyText, MissingError, TenantName, TenantState};
use serde::{Deserialize, Serialize};

use crate::folder::ledger_folder;
use crate::identity::keys::{self, KeepKeyError, key_event};
use crate::identity::teams;
use crate::instance::{Instance, InstanceError, RecordError, now, random};
use crate::own::{Doer, Ended, OwnEvent};

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
        /// Where its sender runs, in its owner's words.
        #[serde(default)]
        environment: Option<String>,
        /// The only `source.app` it may send.
        #[serde(default)]
        app: Option<String>,
    },
    /// Make an account and a link to choose its password with.
    UserCreate {
        /// The tenant it belongs to.
        tenant: String,
        /// The person's name.
        name: String,
        /// What they sign in with.
        email: String,
        /// What they are in the tenant.
        role: String,
        /// Until when (RFC 3339), for an auditor.
        role_until: Option<String>,
    },
    /// List the people of a tenant, or of all.
    UserList {
        /// The tenant.
        tenant: Option<String>,
    },
    /// Give somebody another role.
    UserRole {
        /// The tenant.
        tenant: String,
        /// Who.
        email: String,
        /// What they are from now on.
        role: String,
        /// Until when (RFC 3339), for an auditor.
        role_until: Option<String>,
    },
    /// Close the tenant to somebody, or open it again.
    UserState {
        /// The tenant.
        tenant: String,
        /// Who.
        email: String,
        /// Whether they may use it.
        active: bool,
    },
    /// Make a link with which somebody chooses a new password.
    UserReset {
        /// Who.
        email: String,
    },
    /// Note in the ledger that it was verified.
    Verified {
        /// Whose ledger.
        tenant: String,
        /// How many events were checked.
        events: u64,
        /// What was wrong; none if nothing was.
        wrong: Option<String>,
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
    /// The account, and the path of a link (`/reset#...`) with which its password is chosen; it is
    /// shown this once.
    User {
        /// The person.
        user: UserView,
        /// The link's path.
        link: Option<String>,
    },
    /// The people.
    Users {
        /// By address and tenant.
        users: Vec<UserView>,
    },
    /// Noted.
    Noted,
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

/// What a person is in one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserView {
    /// Their id.
    pub id: String,
    /// What they sign in with.
    pub email: String,
    /// Their name.
    pub name: String,
    /// The tenant.
    pub tenant: String,
    /// What they are there.
    pub role: String,
    /// Until when (RFC 3339).
    pub role_until: Option<String>,
    /// `active` or `disabled`.
    pub state: String,
    /// Whether they have chosen a password.
    pub has_password: bool,
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
    /// The event that tells of it could not be kept.
    #[error(transparent)]
    NotRecorded(#[from] RecordError),
    /// The instance failed.
    #[error(transparent)]
    Instance(#[from] InstanceError),
}

impl From<catalog::StoreError> for AdminError {
    fn from(error: catalog::StoreError) -> Self {
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
                environment,
                app,
            } => {
                let labels = [environment, app];
                self.create_key(&tenant, &name, &scopes, expires_at.as_deref(), labels, doer)
                    .await
            }
            AdminRequest::KeyList { tenant } => self.list_keys(tenant.as_deref()).await,
            AdminRequest::KeyRevoke { id } => {
                let key = self.revoke_key_of(&KeyId::from_text(&id), &doer).await?;
                Ok(AdminAnswer::KeyRevoked {
                    key: key_view(&key),
                })
            }
            AdminRequest::UserCreate { .. }
            | AdminRequest::UserList { .. }
            | AdminRequest::UserRole { .. }
            | AdminRequest::UserState { .. }
            | AdminRequest::UserReset { .. } => self.administer_user(request, &doer).await,
            AdminRequest::Verified {
                tenant,
                events,
                wrong,
            } => {
                self.note_verified(&parsed(&tenant)?, events, wrong, &doer)
                    .await
            }
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
        [environment, app]: [Option<String>; 2],
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
            created_by: doer.words().to_owned(),
            environment: environment.unwrap_or_default(),
            app,
            last_used_at: None,
            last_used_from: None,
            replaces: None,
        };
        let refused = |why: String| AdminError::Refused(why);
        for (name, label) in [
            ("environment", Some(&key.environment)),
            ("app", key.app.as_ref()),
        ] {
            keys::check_label(name, label.map_or("", String::as_str)).map_err(refused)?;
        }
        self.keep_key(&key, None, &doer)
            .await
            .map_err(|error| match error {
                KeepKeyError::Create(error) => refused(error.to_string()),
                KeepKeyError::Store(error) => error.into(),
                KeepKeyError::Record(error) => error.into(),
            })?;
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

    /// Revokes a key; one revoked before stays as it was.
    pub(crate) async fn revoke_key_of(
        &self,
        id: &KeyId,
        doer: &Doer,
    ) -> Result<ApiKey, AdminError> {
        let now = now();
        let mut change = self.change().await?;
        let key = change.revoke_key(id, now).await?;
        // A deleted tenant's ledger takes no events.
        let living = self.tenant_state(&key.tenant) != Some(TenantState::Deleted);
        if key.revoked_at == Some(now) && living {
            let event = key_event("annals.key.revoke", "revoked", &key, doer);
            self.record(&key.tenant, &event).await?;
        }
        change.commit().await?;
        self.keys.put(key.clone());
        Ok(key)
    }

    async fn note_verified(
        &self,
        tenant: &TenantName,
        events: u64,
        wrong: Option<String>,
        doer: &Doer,
    ) -> Result<AdminAnswer, AdminError> {
        if self
            .tenant_state(tenant)
            .is_none_or(|it| it == TenantState::Deleted)
        {
            return Err(AdminError::Refused(format!(
                "there is no tenant `{tenant}`"
            )));
        }
        let event = OwnEvent::new("annals.verify", doer, "The ledger was verified")
            .to("tenant", tenant, tenant.as_str())
            .with("events", events);
        let event = match wrong {
            None => event,
            Some(wrong) => event
                .with("wrong", wrong)
                .ended(Ended::Failure("something is wrong")),
        };
        self.record(tenant, &event).await?;
        Ok(AdminAnswer::Noted)
    }

    async fn create_tenant(
        &self,
        name: &TenantName,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        let mut change = self.change().await?;
        let tenant = change
            .create_tenant(name, now())
            .await
            .map_err(|error| match error {
                catalog::CreateTenantError::Store(error) => error.into(),
                refused @ catalog::CreateTenantError::Exists(_) => {
                    AdminError::Refused(refused.to_string())
                }
            })?;
        teams::make_first(&mut change, name, now()).await?;
        let event = tenant_event("annals.tenant.create", "made", name, &doer);
        self.record(name, &event).await?;
        change.commit().await?;
        self.set_tenant_state(name, TenantState::Active);
        Ok(AdminAnswer::Tenant {
            tenant: tenant_view(&tenant),
        })
    }

    pub(crate) async fn suspend_tenant(
        &self,
        name: &TenantName,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        if *name == TenantName::main() {
            let why = "the tenant `main` holds the events of the server itself and stays active";
            return Err(AdminError::Refused(why.to_owned()));
        }
        let mut change = self.change().await?;
        let tenant = change
            .set_tenant_state(name, TenantState::Suspended)
            .await?;
        let event = tenant_event("annals.tenant.suspend", "suspended", name, &doer);
        self.record(name, &event).await?;
        change.commit().await?;
        self.set_tenant_state(name, TenantState::Suspended);
        Ok(AdminAnswer::Tenant {
            tenant: tenant_view(&tenant),
        })
    }

    pub(crate) async fn resume_tenant(
        &self,
        name: &TenantName,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        let mut change = self.change().await?;
        let tenant = change.set_tenant_state(name, TenantState::Active).await?;
        let event = tenant_event("annals.tenant.resume", "resumed", name, &doer);
        self.record(name, &event).await?;
        change.commit().await?;
        self.set_tenant_state(name, TenantState::Active);
        Ok(AdminAnswer::Tenant {
            tenant: tenant_view(&tenant),
        })
    }

    /// The event of a deletion stands in `main`, because the tenant's own ledger goes.
    pub(crate) async fn delete_tenant(
        &self,
        name: &TenantName,
        doer: Doer,
    ) -> Result<AdminAnswer, AdminError> {
        let main = TenantName::main();
        if *name == main {
            let why = "the tenant `main` holds the events of the server itself and stays";
            return Err(AdminError::Refused(why.to_owned()));
        }
        let mut change = self.change().await?;
        let tenant = change.set_tenant_state(name, TenantState::Deleted).await?;
        change.withdraw_deletion(name).await?;
        let event = tenant_event("annals.tenant.delete", "deleted", name, &doer);
        self.record(&main, &event).await?;
        change.commit().await?;
        // Committed. From here the tenant is gone for everybody; what is left of its files after a
        // crash is removed when the command is given again.
        self.set_tenant_state(name, TenantState::Deleted);
        self.tenants.close_now(name).await;
        let folder = ledger_folder(self.folder.root(), name);
        self.tenants.remove_signing_key(name);
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

fn tenant_event(action: &'static str, done: &str, name: &TenantName, doer: &Doer) -> OwnEvent {
    OwnEvent::new(action, doer, format!("Tenant \"{name}\" was {done}")).to(
        "tenant",
        name,
        name.as_str(),
    )
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

pub(crate) fn parsed<T>(text: &str) -> Result<T, AdminError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| AdminError::Refused(error.to_string()))
}

pub(crate) fn parsed_time(text: &str) -> Result<event::Timestamp, AdminError> {
    event::Timestamp::parse_rfc3339(text)
        .map_err(|error| AdminError::Refused(format!("`{text}` is no time: {error}")))
}
