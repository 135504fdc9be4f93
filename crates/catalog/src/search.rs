//! Saved searches: a query under a name.

use event::Timestamp;

use crate::read::parsed;
use crate::{Catalog, Change, DisplayName, PersonId, SearchId, StoreError, TenantName};

/// A saved search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    /// How lists and events call it.
    pub id: SearchId,
    /// In which tenant.
    pub tenant: TenantName,
    /// Whose.
    pub person: PersonId,
    /// Its name.
    pub name: DisplayName,
    /// The query.
    pub query: String,
    /// A JSON object of the search's other parameters.
    pub params: String,
    /// Whether everybody in the tenant sees it.
    pub shared: bool,
    /// When it was saved.
    pub created_at: Timestamp,
}

type Row = (String, String, String, String, String, i64, i64);

impl Catalog {
    /// The searches that a person sees in a tenant: theirs and the shared ones, the oldest first.
    pub async fn searches(
        &self,
        tenant: &TenantName,
        person: &PersonId,
    ) -> Result<Vec<SavedSearch>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, person, name, query, params, shared, created_at FROM saved_searches \
             WHERE tenant = $1 AND (person = $2 OR shared = 1) ORDER BY created_at, id",
        )
        .bind(tenant.as_str())
        .bind(person.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, person, name, query, params, shared, created_at)| {
                Ok(SavedSearch {
                    id: SearchId::from_text(&id),
                    tenant: tenant.clone(),
                    person: PersonId::from_text(&person),
                    name: parsed(&name, "name of a search")?,
                    query,
                    params,
                    shared: shared != 0,
                    created_at: Timestamp::from_micros(created_at),
                })
            })
            .collect()
    }
}

impl Change {
    /// Keeps a search as it is now, new or changed.
    pub async fn put_search(&mut self, search: &SavedSearch) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO saved_searches \
             (id, tenant, person, name, query, params, shared, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE \
             SET name = excluded.name, query = excluded.query, params = excluded.params, \
             shared = excluded.shared",
        )
        .bind(search.id.as_str())
        .bind(search.tenant.as_str())
        .bind(search.person.as_str())
        .bind(search.name.as_str())
        .bind(&search.query)
        .bind(&search.params)
        .bind(i64::from(search.shared))
        .bind(search.created_at.as_micros())
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Removes a search.
    pub async fn remove_search(&mut self, id: &SearchId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM saved_searches WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }
}
