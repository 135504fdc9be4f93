//! Accounts in the database: people and their memberships.

use event::Timestamp;
use sqlx::sqlite::SqliteExecutor;

use crate::read::{damaged, parsed};
use crate::{
    Account, Catalog, Change, Email, MemberState, Membership, Person, PersonId, StoreError,
    TenantName,
};

type PersonRow = (String, String, String, Option<String>, String, String, i64);
type MembershipRow = (String, String, String, Option<i64>, String, i64);

const PERSON: &str =
    "SELECT id, name, email, password, time_zone, preferences, created_at FROM people";
const MEMBERSHIP: &str =
    "SELECT person, tenant, role, role_until, state, joined_at FROM memberships";

fn person(row: PersonRow) -> Result<Person, StoreError> {
    let (id, name, email, password, time_zone, preferences, created_at) = row;
    Ok(Person {
        id: PersonId::from_text(&id),
        name: parsed(&name, "name of a person")?,
        email: parsed(&email, "e-mail address")?,
        password,
        time_zone,
        preferences,
        created_at: Timestamp::from_micros(created_at),
    })
}

fn membership(row: MembershipRow) -> Result<Membership, StoreError> {
    let (person, tenant, role, role_until, state, joined_at) = row;
    Ok(Membership {
        person: PersonId::from_text(&person),
        tenant: parsed(&tenant, "tenant name")?,
        role: parsed(&role, "role")?,
        role_until: role_until.map(Timestamp::from_micros),
        state: state
            .parse()
            .map_err(|()| damaged("membership state", state))?,
        joined_at: Timestamp::from_micros(joined_at),
    })
}

impl Catalog {
    /// Every account, the oldest first: what the server keeps in memory.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let people: Vec<PersonRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "{PERSON} ORDER BY created_at, id"
        )))
        .fetch_all(&self.pool)
        .await?;
        let mut accounts: Vec<Account> = people
            .into_iter()
            .map(|row| {
                Ok(Account {
                    person: person(row)?,
                    memberships: Vec::new(),
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let rows: Vec<MembershipRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "{MEMBERSHIP} ORDER BY joined_at, tenant"
        )))
        .fetch_all(&self.pool)
        .await?;
        let places: std::collections::HashMap<PersonId, usize> = accounts
            .iter()
            .enumerate()
            .map(|(place, account)| (account.person.id.clone(), place))
            .collect();
        for row in rows {
            let membership = membership(row)?;
            if let Some(account) = places
                .get(&membership.person)
                .and_then(|place| accounts.get_mut(*place))
            {
                account.memberships.push(membership);
            }
        }
        Ok(accounts)
    }

    /// One account.
    pub async fn account(&self, id: &PersonId) -> Result<Option<Account>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let row: Option<PersonRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{PERSON} WHERE id = $1")))
                .bind(id.as_str())
                .fetch_optional(&mut *connection)
                .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Account {
            person: person(row)?,
            memberships: memberships_of(&mut *connection, id).await?,
        }))
    }
}

async fn memberships_of(
    executor: impl SqliteExecutor<'_>,
    id: &PersonId,
) -> Result<Vec<Membership>, StoreError> {
    let rows: Vec<MembershipRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{MEMBERSHIP} WHERE person = $1 ORDER BY joined_at, tenant"
    )))
    .bind(id.as_str())
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(membership).collect()
}

impl Change {
    /// The person as this change sees them.
    pub async fn person(&mut self, id: &PersonId) -> Result<Option<Person>, StoreError> {
        let row: Option<PersonRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{PERSON} WHERE id = $1")))
                .bind(id.as_str())
                .fetch_optional(&mut *self.transaction)
                .await?;
        row.map(person).transpose()
    }

    /// The person with this address.
    pub async fn person_by_email(&mut self, email: &Email) -> Result<Option<Person>, StoreError> {
        let row: Option<PersonRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{PERSON} WHERE email = $1")))
                .bind(email.as_str())
                .fetch_optional(&mut *self.transaction)
                .await?;
        row.map(person).transpose()
    }

    /// What a person is in a tenant, as this change sees it.
    pub async fn membership(
        &mut self,
        id: &PersonId,
        tenant: &TenantName,
    ) -> Result<Option<Membership>, StoreError> {
        let all = memberships_of(&mut *self.transaction, id).await?;
        Ok(all.into_iter().find(|it| it.tenant == *tenant))
    }

    /// The people who own a tenant at `now`.
    pub async fn owners(
        &mut self,
        tenant: &TenantName,
        now: Timestamp,
    ) -> Result<Vec<PersonId>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT person FROM memberships WHERE tenant = $1 AND role = 'owner' \
             AND state = 'active' AND (role_until IS NULL OR role_until > $2) ORDER BY joined_at",
        )
        .bind(tenant.as_str())
        .bind(now.as_micros())
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(rows.iter().map(|(id,)| PersonId::from_text(id)).collect())
    }

    /// Whether any tenant has an owner, disabled ones included.
    pub async fn has_owner(&mut self) -> Result<bool, StoreError> {
        let owners: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM memberships WHERE role = 'owner'")
                .fetch_one(&mut *self.transaction)
                .await?;
        Ok(owners > 0)
    }

    /// Keeps a new person; the address must be nobody's yet.
    pub async fn create_person(&mut self, person: &Person) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO people (id, name, email, password, time_zone, preferences, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(person.id.as_str())
        .bind(person.name.as_str())
        .bind(person.email.as_str())
        .bind(&person.password)
        .bind(&person.time_zone)
        .bind(&person.preferences)
        .bind(person.created_at.as_micros())
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Keeps a person's name, password, time zone and preferences as they are now.
    pub async fn update_person(&mut self, person: &Person) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE people SET name = $1, password = $2, time_zone = $3, preferences = $4 \
             WHERE id = $5",
        )
        .bind(person.name.as_str())
        .bind(&person.password)
        .bind(&person.time_zone)
        .bind(&person.preferences)
        .bind(person.id.as_str())
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Keeps a membership as it is now, new or changed.
    pub async fn put_membership(&mut self, it: &Membership) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO memberships (person, tenant, role, role_until, state, joined_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person, tenant) DO UPDATE \
             SET role = excluded.role, role_until = excluded.role_until, state = excluded.state",
        )
        .bind(it.person.as_str())
        .bind(it.tenant.as_str())
        .bind(it.role.as_str())
        .bind(it.role_until.map(Timestamp::as_micros))
        .bind(it.state.as_str())
        .bind(it.joined_at.as_micros())
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Takes a person out of a tenant: out of its teams, and with their private searches there.
    pub async fn remove_membership(
        &mut self,
        person: &PersonId,
        tenant: &TenantName,
    ) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM team_members WHERE person = $1 \
             AND team IN (SELECT id FROM teams WHERE tenant = $2)",
            "DELETE FROM saved_searches WHERE person = $1 AND tenant = $2 AND shared = 0",
            "DELETE FROM memberships WHERE person = $1 AND tenant = $2",
        ] {
            sqlx::query(sql)
                .bind(person.as_str())
                .bind(tenant.as_str())
                .execute(&mut *self.transaction)
                .await?;
        }
        Ok(())
    }

    /// Whether a membership is active: what a disabled one is not.
    pub async fn is_member(
        &mut self,
        person: &PersonId,
        tenant: &TenantName,
    ) -> Result<bool, StoreError> {
        let found = self.membership(person, tenant).await?;
        Ok(found.is_some_and(|it| it.state == MemberState::Active))
    }
}
