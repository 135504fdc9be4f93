//! People: who they are, that it is them, and that every access leaves an event.
//!
//! - [`people::People`] and [`sessions::Sessions`] are what a request needs of the catalog, in
//!   memory; whoever changes the catalog brings them up to date after the commit.
//! - [`origin::Origin`] says where a request came from, [`cross_site`] whether another site made a
//!   browser send it.
//! - [`access::Access`] is what a handler is about to do with a ledger. The ledger is only opened
//!   for one, and opening it tells the ledger, so that no read is forgotten.
//! - [`told::Told`] keeps equal accesses of a while together.
//! - The rest are handlers: authorize, parse, do, tell the ledger, commit, answer.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod cookie;
pub(crate) mod cross_site;
pub(crate) mod hasher;
pub(crate) mod invite;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod members;
pub(crate) mod origin;
pub(crate) mod page;
pub(crate) mod password;
pub(crate) mod people;
pub(crate) mod searches;
pub(crate) mod sent;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod setup;
pub(crate) mod sign_in;
pub(crate) mod teams;
pub(crate) mod tenants;
pub(crate) mod throttle;
pub(crate) mod told;
pub(crate) mod users;
pub(crate) mod view;

use catalog::{Catalog, StoreError};

/// What an instance knows of its people, in memory.
pub(crate) struct Identity {
    pub(crate) people: people::People,
    pub(crate) sessions: sessions::Sessions,
    pub(crate) told: told::Told,
    pub(crate) throttle: throttle::Throttle,
    pub(crate) hasher: hasher::Hasher,
    pub(crate) demo: sign_in::DemoLink,
}

impl Identity {
    /// Reads it from the catalog.
    pub(crate) async fn load(catalog: &Catalog) -> Result<Identity, StoreError> {
        Ok(Identity {
            people: people::People::of(catalog.accounts().await?),
            sessions: sessions::Sessions::of(catalog.sessions().await?),
            told: told::Told::default(),
            throttle: throttle::Throttle::default(),
            hasher: hasher::Hasher::default(),
            demo: sign_in::DemoLink::default(),
        })
    }
}
