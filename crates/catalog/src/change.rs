//! Changing the catalog: one open transaction, committed as a whole.
//!
//! Whoever changes something begins a [`Change`], writes, appends the event that tells of it to the
//! ledger, and commits last. If the event cannot be kept, the change is dropped and never was.

use event::Timestamp;
use sqlx::{Sqlite, Transaction};

use crate::read::{deletion, find_key, find_tenant};
use crate::{
    ApiKey, Catalog, Deletion, FOLDER_FORMAT, InstanceName, KeyId, StoreError, Tenant, TenantName,
    TenantState,
};

/// An open change. It sees its own writes; nobody else does before [`Change::commit`]. Dropping it
/// takes everything back.
#[must_use = "a change that is not committed is taken back"]
pub struct Change {
    pub(crate) transaction: Transaction<'static, Sqlite>,
}

/// Why a tenant was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateTenantError {
    /// The name is taken; a deleted tenant's name is taken for ever.
    #[error("there is a tenant `{}` already; it is {}", .0.name, .0.state.as_str())]
    Exists(Tenant),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// There is no such tenant, or it was deleted.
    #[error("there is no tenant `{0}`; make one with `annals tenant create {0}`")]
    NoTenant(TenantName),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why something was not changed.
#[derive(Debug, thiserror::Error)]
pub enum MissingError {
    /// There is no such key or tenant.
    #[error("there is no {what} `{name}`")]
    Missing {
        /// `key` or `tenant`.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CreateTenantError {
    fn from(error: sqlx::Error) -> Self {
        CreateTenantError::Store(error.into())
    }
}

impl From<sqlx::Error> for CreateKeyError {
    fn from(error: sqlx::Error) -> Self {
        CreateKeyError::Store(error.into())
    }
}

impl From<sqlx::Error> for MissingError {
    fn from(error: sqlx::Error) -> Self {
        MissingError::Store(error.into())
    }
}

impl Catalog {
    /// Begins a change; others wait for their turn.
    pub async fn change(&self) -> Result<Change, StoreError> {
        Ok(Change {
            transaction: self.pool.begin_with("BEGIN IMMEDIATE").await?,
        })
    }
}

impl Change {
    /// Names the instance, once in a folder's life.
    pub async fn found(&mut self, name: &InstanceName, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO instance (id, name, format, created_at) VALUES (1, $1, $2, $3)")
            .bind(name.as_str())
            .bind(i64::from(FOLDER_FORMAT))
            .bind(now.as_micros())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Makes an active tenant.
    pub async fn create_tenant(
        &mut self,
        name: &TenantName,
        now: Timestamp,
    ) -> Result<Tenant, CreateTenantError> {
        if let Some(tenant) = find_tenant(&mut *self.transaction, name).await? {
            return Err(CreateTenantError::Exists(tenant));
        }
        let tenant = Tenant {
            name: name.clone(),
            created_at: now,
            state: TenantState::Active,
            organization: String::new(),
            settings: "{}".to_owned(),
        };
        sqlx::query("INSERT INTO tenants (name, created_at, state) VALUES ($1, $2, $3)")
            .bind(name.as_str())
            .bind(now.as_micros())
            .bind(tenant.state.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(tenant)
    }

    /// Suspends, resumes or deletes a tenant, and answers with what it is now. A deleted tenant
    /// counts as missing.
    pub async fn set_tenant_state(
        &mut self,
        name: &TenantName,
        state: TenantState,
    ) -> Result<Tenant, MissingError> {
        let missing = || MissingError::Missing {
            what: "tenant",
            name: name.to_string(),
        };
        let tenant = find_tenant(&mut *self.transaction, name)
            .await?
            .ok_or_else(missing)?;
        if tenant.state == TenantState::Deleted {
            return Err(missing());
        }
        sqlx::query("UPDATE tenants SET state = $1 WHERE name = $2")
            .bind(state.as_str())
            .bind(name.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(Tenant { state, ..tenant })
    }

    /// Keeps a key.
    pub async fn create_key(&mut self, key: &ApiKey) -> Result<(), CreateKeyError> {
        match find_tenant(&mut *self.transaction, &key.tenant).await? {
            Some(tenant) if tenant.state != TenantState::Deleted => {}
            _ => return Err(CreateKeyError::NoTenant(key.tenant.clone())),
        }
        sqlx::query(
            "INSERT INTO api_keys \
             (id, tenant, name, hash, prefix, scopes, created_at, expires_at, revoked_at, \
             created_by, environment, app, replaces) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(key.id.as_str())
        .bind(key.tenant.as_str())
        .bind(key.name.as_str())
        .bind(key.hash.to_hex())
        .bind(&key.prefix)
        .bind(key.scopes.to_string())
        .bind(key.created_at.as_micros())
        .bind(key.expires_at.map(Timestamp::as_micros))
        .bind(key.revoked_at.map(Timestamp::as_micros))
        .bind(&key.created_by)
        .bind(&key.environment)
        .bind(&key.app)
        .bind(key.replaces.as_ref().map(KeyId::as_str))
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Revokes a key and answers with it. A key revoked before keeps its first time.
    pub async fn revoke_key(&mut self, id: &KeyId, now: Timestamp) -> Result<ApiKey, MissingError> {
        sqlx::query("UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
            .bind(now.as_micros())
            .bind(id.as_str())
            .execute(&mut *self.transaction)
            .await?;
        let missing = || MissingError::Missing {
            what: "key",
            name: id.to_string(),
        };
        find_key(&mut *self.transaction, id)
            .await?
            .ok_or_else(missing)
    }

    /// Gives a key another end, as its successor takes over.
    pub async fn expire_key(&mut self, id: &KeyId, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE api_keys SET expires_at = $1 \
             WHERE id = $2 AND (expires_at IS NULL OR expires_at > $1)",
        )
        .bind(at.as_micros())
        .bind(id.as_str())
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Keeps when a key was last used, and from where.
    pub async fn touch_key(
        &mut self,
        id: &KeyId,
        at: Timestamp,
        from: Option<&str>,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE api_keys SET last_used_at = $1, last_used_from = $2 WHERE id = $3")
            .bind(at.as_micros())
            .bind(from)
            .bind(id.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// One tenant, as this change sees it.
    pub async fn tenant(&mut self, name: &TenantName) -> Result<Option<Tenant>, StoreError> {
        find_tenant(&mut *self.transaction, name).await
    }

    /// Keeps a tenant's organisation and settings as they are now.
    pub async fn update_tenant(&mut self, tenant: &Tenant) -> Result<(), StoreError> {
        sqlx::query("UPDATE tenants SET organization = $1, settings = $2 WHERE name = $3")
            .bind(&tenant.organization)
            .bind(&tenant.settings)
            .bind(tenant.name.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// The deletion of a tenant that somebody asked for.
    pub async fn deletion(&mut self, name: &TenantName) -> Result<Option<Deletion>, StoreError> {
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT tenant, requested_by, requested_at FROM tenant_deletions WHERE tenant = $1",
        )
        .bind(name.as_str())
        .fetch_optional(&mut *self.transaction)
        .await?;
        row.map(deletion).transpose()
    }

    /// Notes that somebody wants a tenant deleted; whoever asked first stays.
    pub async fn request_deletion(&mut self, asked: &Deletion) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO tenant_deletions (tenant, requested_by, requested_at) \
             VALUES ($1, $2, $3) ON CONFLICT (tenant) DO NOTHING",
        )
        .bind(asked.tenant.as_str())
        .bind(asked.requested_by.as_str())
        .bind(asked.requested_at.as_micros())
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Forgets that somebody wanted a tenant deleted.
    pub async fn withdraw_deletion(&mut self, name: &TenantName) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM tenant_deletions WHERE tenant = $1")
            .bind(name.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Makes the change durable and visible.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }
}
