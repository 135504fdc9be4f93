//! One-time links: to set an instance up, to join a tenant, to choose a new password.

use std::str::FromStr;

use event::Timestamp;
use sqlx::sqlite::SqliteExecutor;

use crate::read::{damaged, parsed};
use crate::{
    Catalog, Change, Email, LinkId, PersonId, Role, StoreError, TenantName, TokenHash, digest,
};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// To make the first owner.
    Setup,
    /// To join a tenant.
    Invitation,
    /// To choose a new password.
    Reset,
}

impl LinkKind {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            LinkKind::Setup => "setup",
            LinkKind::Invitation => "invitation",
            LinkKind::Reset => "reset",
        }
    }
}

impl FromStr for LinkKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [LinkKind::Setup, LinkKind::Invitation, LinkKind::Reset]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(())
    }
}

/// A link without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// How lists and events call it.
    pub id: LinkId,
    /// Hash of its token.
    pub hash: TokenHash,
    /// What it is for.
    pub kind: LinkKind,
    /// Whose password, for a reset.
    pub person: Option<PersonId>,
    /// Which tenant, for an invitation.
    pub tenant: Option<TenantName>,
    /// Who is invited.
    pub email: Option<Email>,
    /// As what.
    pub role: Option<Role>,
    /// Until when they are that.
    pub role_until: Option<Timestamp>,
    /// When the link was made.
    pub created_at: Timestamp,
    /// From this moment it is refused.
    pub expires_at: Timestamp,
    /// When it was used, if it was.
    pub used_at: Option<Timestamp>,
    /// Who made it: a person's id, or words.
    pub created_by: String,
}

type Row = (
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    i64,
    i64,
    Option<i64>,
    String,
);

fn link(row: Row) -> Result<Link, StoreError> {
    let (id, hash, kind, person, tenant, email, role, until, created, expires, used, by) = row;
    Ok(Link {
        id: LinkId::from_text(&id),
        hash: digest::from_hex(&hash)
            .map(TokenHash)
            .ok_or_else(|| damaged("link hash", hash))?,
        kind: kind.parse().map_err(|()| damaged("kind of link", kind))?,
        person: person.as_deref().map(PersonId::from_text),
        tenant: tenant.map(|it| parsed(&it, "tenant name")).transpose()?,
        email: email.map(|it| parsed(&it, "e-mail address")).transpose()?,
        role: role.map(|it| parsed(&it, "role")).transpose()?,
        role_until: until.map(Timestamp::from_micros),
        created_at: Timestamp::from_micros(created),
        expires_at: Timestamp::from_micros(expires),
        used_at: used.map(Timestamp::from_micros),
        created_by: by,
    })
}

const LINK: &str = "SELECT id, hash, kind, person, tenant, email, role, role_until, created_at, \
                    expires_at, used_at, created_by FROM links";

async fn find(
    executor: impl SqliteExecutor<'_>,
    hash: &TokenHash,
) -> Result<Option<Link>, StoreError> {
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{LINK} WHERE hash = $1")))
        .bind(digest::to_hex(&hash.0))
        .fetch_optional(executor)
        .await?;
    row.map(link).transpose()
}

impl Catalog {
    /// The link with this token.
    pub async fn link(&self, hash: &TokenHash) -> Result<Option<Link>, StoreError> {
        find(&self.pool, hash).await
    }

    /// The invitations to a tenant that nobody has used, expired ones too, the newest first.
    pub async fn invitations(&self, tenant: &TenantName) -> Result<Vec<Link>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "{LINK} WHERE tenant = $1 AND kind = 'invitation' AND used_at IS NULL \
             ORDER BY created_at DESC, id"
        )))
        .bind(tenant.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(link).collect()
    }
}

impl Change {
    /// The link with this token, as this change sees it.
    pub async fn link(&mut self, hash: &TokenHash) -> Result<Option<Link>, StoreError> {
        find(&mut *self.transaction, hash).await
    }

    /// Keeps a new link. A set-up link replaces the one before, a new password's link the person's
    /// one before, an invitation the one before for the same address and tenant.
    pub async fn create_link(&mut self, link: &Link) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM links WHERE kind = $1 AND used_at IS NULL \
             AND COALESCE(person, '') = $2 AND COALESCE(tenant, '') = $3 \
             AND COALESCE(email, '') = $4",
        )
        .bind(link.kind.as_str())
        .bind(link.person.as_ref().map_or("", PersonId::as_str))
        .bind(link.tenant.as_ref().map_or("", TenantName::as_str))
        .bind(link.email.as_ref().map_or("", Email::as_str))
        .execute(&mut *self.transaction)
        .await?;
        sqlx::query(
            "INSERT INTO links (id, hash, kind, person, tenant, email, role, role_until, \
             created_at, expires_at, used_at, created_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(link.id.as_str())
        .bind(digest::to_hex(&link.hash.0))
        .bind(link.kind.as_str())
        .bind(link.person.as_ref().map(PersonId::as_str))
        .bind(link.tenant.as_ref().map(TenantName::as_str))
        .bind(link.email.as_ref().map(Email::as_str))
        .bind(link.role.map(Role::as_str))
        .bind(link.role_until.map(Timestamp::as_micros))
        .bind(link.created_at.as_micros())
        .bind(link.expires_at.as_micros())
        .bind(link.used_at.map(Timestamp::as_micros))
        .bind(&link.created_by)
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Notes that a link was used: it is refused from now on.
    pub async fn use_link(&mut self, id: &LinkId, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE links SET used_at = $1 WHERE id = $2 AND used_at IS NULL")
            .bind(now.as_micros())
            .bind(id.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Takes an unused invitation back and answers with it.
    pub async fn remove_invitation(
        &mut self,
        id: &LinkId,
        tenant: &TenantName,
    ) -> Result<Option<Link>, StoreError> {
        let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "{LINK} WHERE id = $1 AND tenant = $2 AND kind = 'invitation' AND used_at IS NULL"
        )))
        .bind(id.as_str())
        .bind(tenant.as_str())
        .fetch_optional(&mut *self.transaction)
        .await?;
        sqlx::query("DELETE FROM links WHERE id = $1 AND tenant = $2 AND used_at IS NULL")
            .bind(id.as_str())
            .bind(tenant.as_str())
            .execute(&mut *self.transaction)
            .await?;
        row.map(link).transpose()
    }

    /// Takes back the unused invitation of an address to a tenant.
    pub async fn remove_invitation_of(
        &mut self,
        email: &Email,
        tenant: &TenantName,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM links WHERE used_at IS NULL AND kind = 'invitation' \
             AND email = $1 AND tenant = $2",
        )
        .bind(email.as_str())
        .bind(tenant.as_str())
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Takes back every unused link that opens a person's account.
    pub async fn remove_links_of(&mut self, person: &PersonId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM links WHERE used_at IS NULL AND person = $1")
            .bind(person.as_str())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Takes back every set-up link: there is an owner.
    pub async fn remove_setup_links(&mut self) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM links WHERE kind = 'setup' AND used_at IS NULL")
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }
}
