//! Sessions: who is signed in, from where, since when.

use event::Timestamp;

use crate::read::damaged;
use crate::{Catalog, Change, PersonId, SessionId, StoreError, TenantName, TokenHash, digest};

/// One signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// How lists and events call it.
    pub id: SessionId,
    /// Who signed in.
    pub person: PersonId,
    /// Hash of the cookie's token.
    pub hash: TokenHash,
    /// When they signed in.
    pub created_at: Timestamp,
    /// The last request, to about a minute.
    pub last_used_at: Timestamp,
    /// Until when the password counts as just given.
    pub fresh_until: Timestamp,
    /// Where they signed in from.
    pub address: String,
    /// With which program.
    pub user_agent: String,
    /// Tenants whose ledgers were not told of the sign-in yet; it opens none of them before.
    pub untold: Vec<TenantName>,
}

type Row = (
    String,
    String,
    String,
    i64,
    i64,
    i64,
    String,
    String,
    String,
);

impl Catalog {
    /// Every session, ended ones are not kept: what the server keeps in memory.
    pub async fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, person, hash, created_at, last_used_at, fresh_until, address, user_agent, \
             untold FROM sessions ORDER BY created_at, id",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(
                |(id, person, hash, created, used, fresh, address, user_agent, untold)| {
                    let names = untold.split_whitespace().map(str::parse);
                    Ok(Session {
                        id: SessionId::from_text(&id),
                        person: PersonId::from_text(&person),
                        hash: digest::from_hex(&hash)
                            .map(TokenHash)
                            .ok_or_else(|| damaged("session hash", hash))?,
                        created_at: Timestamp::from_micros(created),
                        last_used_at: Timestamp::from_micros(used),
                        fresh_until: Timestamp::from_micros(fresh),
                        address,
                        user_agent,
                        untold: names
                            .collect::<Result<_, _>>()
                            .map_err(|_| damaged("session's untold tenants", untold.clone()))?,
                    })
                },
            )
            .collect()
    }
}

impl Change {
    /// Keeps a new session.
    pub async fn create_session(&mut self, session: &Session) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO sessions \
             (id, person, hash, created_at, last_used_at, fresh_until, address, user_agent, untold) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(session.id.as_str())
        .bind(session.person.as_str())
        .bind(digest::to_hex(&session.hash.0))
        .bind(session.created_at.as_micros())
        .bind(session.last_used_at.as_micros())
        .bind(session.fresh_until.as_micros())
        .bind(&session.address)
        .bind(&session.user_agent)
        .bind(names(&session.untold))
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Keeps when a session was used, and until when it is fresh.
    pub async fn touch_session(
        &mut self,
        id: &SessionId,
        last_used_at: Timestamp,
        fresh_until: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET last_used_at = $1, fresh_until = $2 WHERE id = $3")
            .bind(last_used_at.as_micros())
            .bind(fresh_until.as_micros())
            .bind(id.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Keeps which tenants' ledgers are still to be told of a session.
    pub async fn set_untold(
        &mut self,
        id: &SessionId,
        untold: &[TenantName],
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET untold = $1 WHERE id = $2")
            .bind(names(untold))
            .bind(id.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Ends a session for good.
    pub async fn end_session(&mut self, id: &SessionId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Ends all sessions of a person but one.
    pub async fn end_sessions_of(
        &mut self,
        person: &PersonId,
        except: Option<&SessionId>,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE person = $1 AND id <> $2")
            .bind(person.as_str())
            .bind(except.map_or("", SessionId::as_str))
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }
}

fn names(tenants: &[TenantName]) -> String {
    let names: Vec<&str> = tenants.iter().map(TenantName::as_str).collect();
    names.join(" ")
}
