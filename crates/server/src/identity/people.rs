//! Accounts in memory: every request of a person asks here.
//!
//! The catalog is the truth. Changes are made by this process alone (the folder's lock sees to
//! that), so that a person disabled is refused from the next request on.

use std::collections::HashMap;
use std::sync::Arc;

use catalog::{Account, Email, PersonId, Role};
use parking_lot::RwLock;

/// Every account, by id.
#[derive(Debug, Default)]
pub(crate) struct People {
    by_id: RwLock<HashMap<PersonId, Arc<Account>>>,
}

impl People {
    /// All of these.
    pub(crate) fn of(accounts: Vec<Account>) -> Self {
        let by_id = accounts
            .into_iter()
            .map(|account| (account.person.id.clone(), Arc::new(account)))
            .collect();
        People {
            by_id: RwLock::new(by_id),
        }
    }

    /// One account.
    pub(crate) fn find(&self, id: &PersonId) -> Option<Arc<Account>> {
        self.by_id.read().get(id).cloned()
    }

    /// The account with this address.
    pub(crate) fn by_email(&self, email: &Email) -> Option<Arc<Account>> {
        let people = self.by_id.read();
        people
            .values()
            .find(|account| account.person.email == *email)
            .cloned()
    }

    /// Every account, in no order.
    pub(crate) fn each(&self) -> Vec<Arc<Account>> {
        self.by_id.read().values().cloned().collect()
    }

    /// Whether any tenant has an owner, disabled ones included.
    pub(crate) fn has_owner(&self) -> bool {
        let people = self.by_id.read();
        people
            .values()
            .flat_map(|account| &account.memberships)
            .any(|membership| membership.role == Role::Owner)
    }

    /// Takes a new or changed account in.
    pub(crate) fn put(&self, account: Account) {
        self.by_id
            .write()
            .insert(account.person.id.clone(), Arc::new(account));
    }
}
