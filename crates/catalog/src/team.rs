//! Teams: people and addresses under one name, for whoever writes to them.

use event::Timestamp;

use crate::read::parsed;
use crate::{Catalog, Change, DisplayName, PersonId, StoreError, TeamId, TenantName};

/// The teams of a new tenant.
pub const FIRST_TEAMS: [&str; 5] = [
    "Security",
    "Admin",
    "IT Manager",
    "Finance Mgr",
    "IT Support",
];

/// A team of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// How lists and events call it.
    pub id: TeamId,
    /// Whose.
    pub tenant: TenantName,
    /// Its name, unique in its tenant.
    pub name: DisplayName,
    /// A JSON array of e-mail addresses that belong to no account.
    pub addresses: String,
    /// Members of the tenant.
    pub members: Vec<PersonId>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Catalog {
    /// The teams of a tenant, the oldest first.
    pub async fn teams(&self, tenant: &TenantName) -> Result<Vec<Team>, StoreError> {
        let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
            "SELECT id, name, addresses, created_at FROM teams WHERE tenant = $1 \
             ORDER BY created_at, name",
        )
        .bind(tenant.as_str())
        .fetch_all(&self.pool)
        .await?;
        let members: Vec<(String, String)> = sqlx::query_as(
            "SELECT team, person FROM team_members \
             WHERE team IN (SELECT id FROM teams WHERE tenant = $1) ORDER BY team, person",
        )
        .bind(tenant.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, name, addresses, created_at)| {
                Ok(Team {
                    members: members
                        .iter()
                        .filter(|(team, _)| *team == id)
                        .map(|(_, person)| PersonId::from_text(person))
                        .collect(),
                    id: TeamId::from_text(&id),
                    tenant: tenant.clone(),
                    name: parsed(&name, "name of a team")?,
                    addresses,
                    created_at: Timestamp::from_micros(created_at),
                })
            })
            .collect()
    }
}

impl Change {
    /// Keeps a team as it is now, new or changed.
    pub async fn put_team(&mut self, team: &Team) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO teams (id, tenant, name, addresses, created_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE \
             SET name = excluded.name, addresses = excluded.addresses",
        )
        .bind(team.id.as_str())
        .bind(team.tenant.as_str())
        .bind(team.name.as_str())
        .bind(&team.addresses)
        .bind(team.created_at.as_micros())
        .execute(&mut *self.transaction)
        .await?;
        sqlx::query("DELETE FROM team_members WHERE team = $1")
            .bind(team.id.as_str())
            .execute(&mut *self.transaction)
            .await?;
        for person in &team.members {
            sqlx::query("INSERT INTO team_members (team, person) VALUES ($1, $2)")
                .bind(team.id.as_str())
                .bind(person.as_str())
                .execute(&mut *self.transaction)
                .await?;
        }
        Ok(())
    }

    /// Removes a team.
    pub async fn remove_team(&mut self, id: &TeamId) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM team_members WHERE team = $1",
            "DELETE FROM teams WHERE id = $1",
        ] {
            sqlx::query(sql)
                .bind(id.as_str())
                .execute(&mut *self.transaction)
                .await?;
        }
        Ok(())
    }
}
