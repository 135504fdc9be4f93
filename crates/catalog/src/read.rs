//! What can be asked of the catalog.

use event::Timestamp;
use sqlx::sqlite::SqliteExecutor;

use crate::{
    ApiKey, Catalog, Deletion, Instance, KeyHash, KeyId, PersonId, StoreError, Tenant, TenantName,
    TenantState,
};

impl Catalog {
    /// The instance, or none in a folder that was just made.
    pub async fn instance(&self) -> Result<Option<Instance>, StoreError> {
        let row: Option<(String, i64, i64)> =
            sqlx::query_as("SELECT name, format, created_at FROM instance WHERE id = 1")
                .fetch_optional(&self.pool)
                .await?;
        row.map(|(name, format, created_at)| {
            Ok(Instance {
                name: parsed(&name, "instance name")?,
                format: u32::try_from(format)
                    .map_err(|_| damaged("folder format", format.to_string()))?,
                created_at: Timestamp::from_micros(created_at),
            })
        })
        .transpose()
    }

    /// Every tenant, deleted ones too, by name.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let rows: Vec<TenantRow> = sqlx::query_as(
            "SELECT name, created_at, state, organization, settings FROM tenants ORDER BY name",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(tenant).collect()
    }

    /// One tenant.
    pub async fn tenant(&self, name: &TenantName) -> Result<Option<Tenant>, StoreError> {
        find_tenant(&self.pool, name).await
    }

    /// Every key of every tenant, the oldest first: what the server keeps in memory.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let rows: Vec<KeyRow> = sqlx::query_as(
            "SELECT id, tenant, name, hash, prefix, scopes, created_at, expires_at, revoked_at, created_by, \
             environment, app, last_used_at, last_used_from, replaces \
             FROM api_keys ORDER BY created_at, id",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(key).collect()
    }

    /// One key.
    pub async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>, StoreError> {
        find_key(&self.pool, id).await
    }

    /// The deletions that somebody asked for and nobody confirmed yet.
    pub async fn deletions(&self) -> Result<Vec<Deletion>, StoreError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT tenant, requested_by, requested_at FROM tenant_deletions ORDER BY tenant",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(deletion).collect()
    }

    /// The folder's format, or none before its first migration.
    pub(crate) async fn stored_format(&self) -> Result<Option<i64>, StoreError> {
        let tables: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'instance'",
        )
        .fetch_one(&self.pool)
        .await?;
        if tables == 0 {
            return Ok(None);
        }
        Ok(
            sqlx::query_scalar("SELECT format FROM instance WHERE id = 1")
                .fetch_optional(&self.pool)
                .await?,
        )
    }
}

type TenantRow = (String, i64, String, String, String);

pub(crate) async fn find_tenant(
    executor: impl SqliteExecutor<'_>,
    name: &TenantName,
) -> Result<Option<Tenant>, StoreError> {
    let row: Option<TenantRow> = sqlx::query_as(
        "SELECT name, created_at, state, organization, settings FROM tenants WHERE name = $1",
    )
    .bind(name.as_str())
    .fetch_optional(executor)
    .await?;
    row.map(tenant).transpose()
}

fn tenant(row: TenantRow) -> Result<Tenant, StoreError> {
    let (name, created_at, state, organization, settings) = row;
    Ok(Tenant {
        name: parsed(&name, "tenant name")?,
        created_at: Timestamp::from_micros(created_at),
        state: TenantState::parse(&state).ok_or_else(|| damaged("tenant state", state))?,
        organization,
        settings,
    })
}

pub(crate) fn deletion(row: (String, String, i64)) -> Result<Deletion, StoreError> {
    let (tenant, requested_by, requested_at) = row;
    Ok(Deletion {
        tenant: parsed(&tenant, "tenant name")?,
        requested_by: PersonId::from_text(&requested_by),
        requested_at: Timestamp::from_micros(requested_at),
    })
}

type KeyRow = (
    String,
    String,
    String,
    String,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    String,
    String,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<String>,
);

pub(crate) async fn find_key(
    executor: impl SqliteExecutor<'_>,
    id: &KeyId,
) -> Result<Option<ApiKey>, StoreError> {
    let row: Option<KeyRow> = sqlx::query_as(
        "SELECT id, tenant, name, hash, prefix, scopes, created_at, expires_at, revoked_at, created_by, \
         environment, app, last_used_at, last_used_from, replaces \
         FROM api_keys WHERE id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(executor)
    .await?;
    row.map(key).transpose()
}

fn key(row: KeyRow) -> Result<ApiKey, StoreError> {
    let (id, tenant, name, hash, prefix, scopes, created_at, expires_at, revoked_at, ..) = row;
    let (.., created_by, environment, app, last_used_at, last_used_from, replaces) = row;
    Ok(ApiKey {
        id: KeyId::from_text(&id),
        tenant: parsed(&tenant, "tenant name")?,
        name: parsed(&name, "key name")?,
        hash: KeyHash::from_hex(&hash).ok_or_else(|| damaged("key hash", hash))?,
        prefix,
        scopes: parsed(&scopes, "set of scopes")?,
        created_at: Timestamp::from_micros(created_at),
        expires_at: expires_at.map(Timestamp::from_micros),
        revoked_at: revoked_at.map(Timestamp::from_micros),
        created_by,
        environment,
        app,
        last_used_at: last_used_at.map(Timestamp::from_micros),
        last_used_from,
        replaces: replaces.as_deref().map(KeyId::from_text),
    })
}

pub(crate) fn parsed<T: std::str::FromStr>(
    text: &str,
    what: &'static str,
) -> Result<T, StoreError> {
    text.parse().map_err(|_| damaged(what, text.to_owned()))
}

pub(crate) fn damaged(what: &'static str, value: String) -> StoreError {
    StoreError::Damaged { what, value }
}
