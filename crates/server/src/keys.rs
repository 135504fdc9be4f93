//! API keys in memory: every request asks here, every change comes through here.
//!
//! The catalog is the truth; this is all of it that a request needs. Because changes to keys are
//! made by this process alone (the folder's lock sees to that), a key revoked is refused from the
//! next request on.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use catalog::{ApiKey, KeyHash, KeyId, KeyText, TenantName};
use event::Timestamp;
use parking_lot::{Mutex, RwLock};
use subtle::ConstantTimeEq;

/// A key with its last use, which is written down now and then.
#[derive(Debug)]
pub(crate) struct HeldKey {
    key: ApiKey,
    /// Seconds since 1970.
    used_second: AtomicI64,
    used_from: Mutex<Option<IpAddr>>,
    changed: AtomicBool,
}

impl HeldKey {
    fn new(key: ApiKey) -> Self {
        let used = key.last_used_at.map_or(0, |at| at.as_micros() / 1_000_000);
        let from = key.last_used_from.as_deref().and_then(|it| it.parse().ok());
        HeldKey {
            used_second: AtomicI64::new(used),
            used_from: Mutex::new(from),
            changed: AtomicBool::new(false),
            key,
        }
    }

    /// Notes a use. Within a second only the first one costs anything.
    pub(crate) fn used(&self, now: Timestamp, from: Option<IpAddr>) {
        let second = now.as_micros() / 1_000_000;
        if self.used_second.swap(second, Ordering::Relaxed) != second {
            *self.used_from.lock() = from;
            self.changed.store(true, Ordering::Relaxed);
        }
    }

    /// The last use, and where it came from.
    pub(crate) fn last_use(&self) -> Option<(Timestamp, Option<IpAddr>)> {
        let second = self.used_second.load(Ordering::Relaxed);
        (second > 0).then(|| {
            let at = Timestamp::from_micros(second * 1_000_000);
            (at, *self.used_from.lock())
        })
    }
}

impl Deref for HeldKey {
    type Target = ApiKey;

    fn deref(&self) -> &ApiKey {
        &self.key
    }
}

/// Every key, by the hash of its text.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    by_hash: RwLock<HashMap<KeyHash, Arc<HeldKey>>>,
}

impl Keys {
    /// All of these.
    pub(crate) fn of(keys: Vec<ApiKey>) -> Self {
        let by_hash = keys
            .into_iter()
            .map(|key| (key.hash, Arc::new(HeldKey::new(key))))
            .collect();
        Keys {
            by_hash: RwLock::new(by_hash),
        }
    }

    /// The key with this text, good or not.
    ///
    /// Looking a hash up takes a time that depends on the hash, which says nothing about the texts
    /// that have others; the hash found is compared in constant time all the same.
    pub(crate) fn find(&self, text: &KeyText) -> Option<Arc<HeldKey>> {
        let hash = text.hash();
        let found = self.by_hash.read().get(&hash).cloned()?;
        bool::from(found.hash.0.ct_eq(&hash.0)).then_some(found)
    }

    /// The key with this hash, as it is now.
    pub(crate) fn current(&self, hash: &KeyHash) -> Option<Arc<HeldKey>> {
        self.by_hash.read().get(hash).cloned()
    }

    /// A tenant's key.
    pub(crate) fn of_tenant_by_id(&self, tenant: &TenantName, id: &str) -> Option<Arc<HeldKey>> {
        let keys = self.by_hash.read();
        let mut found = keys
            .values()
            .filter(|key| key.tenant == *tenant && key.id.as_str() == id);
        found.next().cloned()
    }

    /// The keys of a tenant, the oldest first.
    pub(crate) fn of_tenant(&self, tenant: &TenantName) -> Vec<Arc<HeldKey>> {
        let keys = self.by_hash.read();
        let mut found: Vec<_> = keys
            .values()
            .filter(|key| key.tenant == *tenant)
            .cloned()
            .collect();
        found.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        found
    }

    /// Takes a new or changed key in; its last use stays known.
    pub(crate) fn put(&self, key: ApiKey) {
        let mut keys = self.by_hash.write();
        let hash = key.hash;
        let held = HeldKey::new(key);
        if let Some((at, from)) = keys.get(&hash).and_then(|before| before.last_use()) {
            held.used(at, from);
        }
        keys.insert(hash, Arc::new(held));
    }

    /// The keys that were used since the last call, with that use.
    pub(crate) fn take_used(&self) -> Vec<(KeyId, Timestamp, Option<IpAddr>)> {
        let keys = self.by_hash.read();
        keys.values()
            .filter(|key| key.changed.swap(false, Ordering::Relaxed))
            .filter_map(|key| {
                let (at, from) = key.last_use()?;
                Some((key.id.clone(), at, from))
            })
            .collect()
    }
}
