//! API keys in memory: every request asks here, every change comes through here.
//!
//! The catalog is the truth; this is all of it that a request needs. Because changes to keys are
//! made by this process alone (the folder's lock sees to that), a key revoked is refused from the
//! next request on.

use std::collections::HashMap;
use std::sync::Arc;

use catalog::{ApiKey, KeyHash, KeyText};
use parking_lot::RwLock;
use subtle::ConstantTimeEq;

/// Every key, by the hash of its text.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    by_hash: RwLock<HashMap<KeyHash, Arc<ApiKey>>>,
}

impl Keys {
    /// All of these.
    pub(crate) fn of(keys: Vec<ApiKey>) -> Self {
        let by_hash = keys
            .into_iter()
            .map(|key| (key.hash, Arc::new(key)))
            .collect();
        Keys {
            by_hash: RwLock::new(by_hash),
        }
    }

    /// The key with this text, good or not.
    ///
    /// Looking a hash up takes a time that depends on the hash, which says nothing about the texts
    /// that have others; the hash found is compared in constant time all the same.
    pub(crate) fn find(&self, text: &KeyText) -> Option<Arc<ApiKey>> {
        let hash = text.hash();
        let found = self.by_hash.read().get(&hash).cloned()?;
        bool::from(found.hash.0.ct_eq(&hash.0)).then_some(found)
    }

    /// The key with this hash, as it is now.
    pub(crate) fn current(&self, hash: &KeyHash) -> Option<Arc<ApiKey>> {
        self.by_hash.read().get(hash).cloned()
    }

    /// Takes a new or changed key in.
    pub(crate) fn put(&self, key: ApiKey) {
        self.by_hash.write().insert(key.hash, Arc::new(key));
    }
}
