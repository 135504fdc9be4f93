//! Sessions in memory: who is signed in at this moment.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Instant;

use catalog::{PersonId, Session, SessionId, TenantName, TokenHash, TokenText};
use event::Timestamp;
use parking_lot::{Mutex, RwLock};

use crate::limits::{SESSION_IDLE, SESSION_MAX};

/// A session that was not ended.
#[derive(Debug)]
pub(crate) struct LiveSession {
    pub(crate) session: Session,
    /// Whether the catalog holds it; the demo's do not outlive the process.
    pub(crate) kept: bool,
    used: AtomicI64,
    fresh_until: AtomicI64,
    changed: AtomicBool,
    untold: Mutex<Vec<TenantName>>,
    /// Held while untold ledgers are told; when that was tried last.
    pub(crate) telling: tokio::sync::Mutex<Option<Instant>>,
}

impl LiveSession {
    pub(crate) fn new(session: Session, kept: bool) -> Self {
        LiveSession {
            untold: Mutex::new(session.untold.clone()),
            telling: tokio::sync::Mutex::default(),
            used: AtomicI64::new(session.last_used_at.as_micros()),
            fresh_until: AtomicI64::new(session.fresh_until.as_micros()),
            changed: AtomicBool::new(false),
            session,
            kept,
        }
    }

    /// The last request.
    pub(crate) fn used_at(&self) -> Timestamp {
        Timestamp::from_micros(self.used.load(Ordering::Relaxed))
    }

    /// When it ends however much it is used.
    pub(crate) fn expires_at(&self) -> Timestamp {
        self.session
            .created_at
            .plus_micros(SESSION_MAX.as_micros() as i64)
    }

    /// Until when the password counts as just given.
    pub(crate) fn fresh_until(&self) -> Timestamp {
        Timestamp::from_micros(self.fresh_until.load(Ordering::Relaxed))
    }

    /// Notes that the password was just given.
    pub(crate) fn freshen(&self, until: Timestamp) {
        self.fresh_until.store(until.as_micros(), Ordering::Relaxed);
    }

    /// Whether it still opens anything.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        let idle_at = self.used_at().plus_micros(SESSION_IDLE.as_micros() as i64);
        now < idle_at && now < self.expires_at()
    }

    /// Whether a tenant's ledger was not told of it yet: then it does not open the tenant.
    pub(crate) fn is_untold(&self, tenant: &TenantName) -> bool {
        self.untold.lock().contains(tenant)
    }

    /// The tenants whose ledgers were not told of it yet.
    pub(crate) fn untold(&self) -> Vec<TenantName> {
        self.untold.lock().clone()
    }

    /// Notes which ledgers are still to be told.
    pub(crate) fn set_untold(&self, untold: Vec<TenantName>) {
        *self.untold.lock() = untold;
    }

    fn touch(&self, now: Timestamp) {
        self.used.fetch_max(now.as_micros(), Ordering::Relaxed);
        self.changed.store(true, Ordering::Relaxed);
    }
}

/// Every session, by the hash of its token.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_hash: RwLock<HashMap<TokenHash, Arc<LiveSession>>>,
}

impl Sessions {
    pub(crate) fn of(sessions: Vec<Session>) -> Self {
        let by_hash = sessions
            .into_iter()
            .map(|session| (session.hash, Arc::new(LiveSession::new(session, true))))
            .collect();
        Sessions {
            by_hash: RwLock::new(by_hash),
        }
    }

    /// The live session with this token, noted as used. What is looked up is a hash, so that the
    /// time it takes says nothing about the tokens that exist.
    pub(crate) fn find(&self, token: &TokenText, now: Timestamp) -> Option<Arc<LiveSession>> {
        let found = self.by_hash.read().get(&token.hash()).cloned()?;
        found.is_live(now).then(|| {
            found.touch(now);
            found
        })
    }

    /// Whether a session was not ended and has not run out.
    pub(crate) fn holds(&self, hash: &TokenHash, now: Timestamp) -> bool {
        let sessions = self.by_hash.read();
        sessions.get(hash).is_some_and(|it| it.is_live(now))
    }

    /// Takes a new session in.
    pub(crate) fn put(&self, session: LiveSession) -> Arc<LiveSession> {
        let session = Arc::new(session);
        self.by_hash
            .write()
            .insert(session.session.hash, session.clone());
        session
    }

    /// The live sessions of a person, the oldest first.
    pub(crate) fn of_person(&self, person: &PersonId, now: Timestamp) -> Vec<Arc<LiveSession>> {
        let mut found: Vec<Arc<LiveSession>> = self
            .by_hash
            .read()
            .values()
            .filter(|it| it.session.person == *person && it.is_live(now))
            .cloned()
            .collect();
        found.sort_by_key(|it| it.session.created_at);
        found
    }

    /// Ends one session.
    pub(crate) fn end(&self, id: &SessionId) {
        self.by_hash.write().retain(|_, it| it.session.id != *id);
    }

    /// Ends the sessions of a person but one.
    pub(crate) fn end_of(&self, person: &PersonId, except: Option<&SessionId>) {
        self.by_hash
            .write()
            .retain(|_, it| it.session.person != *person || Some(&it.session.id) == except);
    }

    /// Forgets what has run out and answers with it.
    pub(crate) fn take_dead(&self, now: Timestamp) -> Vec<Arc<LiveSession>> {
        let mut sessions = self.by_hash.write();
        let dead: Vec<Arc<LiveSession>> = sessions
            .values()
            .filter(|it| !it.is_live(now))
            .cloned()
            .collect();
        for it in &dead {
            sessions.remove(&it.session.hash);
        }
        dead
    }

    /// The kept sessions that were used since the last call.
    pub(crate) fn take_changed(&self) -> Vec<Arc<LiveSession>> {
        let sessions = self.by_hash.read();
        sessions
            .values()
            .filter(|it| it.kept && it.changed.swap(false, Ordering::Relaxed))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_micros(1_768_478_400_000_000);

    fn minutes(count: i64) -> Timestamp {
        NOON.plus_micros(count * 60_000_000)
    }

    fn signed_in(token: &TokenText) -> Sessions {
        Sessions::of(vec![Session {
            id: SessionId::from_random([1; 8]),
            person: PersonId::from_random([2; 8]),
            hash: token.hash(),
            created_at: NOON,
            last_used_at: NOON,
            fresh_until: NOON,
            address: "192.0.2.1".to_owned(),
            user_agent: String::new(),
            untold: Vec::new(),
        }])
    }

    #[test]
    fn a_session_ends_after_half_an_hour_without_a_request() {
        let token = TokenText::from_random([7; 32]);
        let sessions = signed_in(&token);
        assert!(sessions.find(&token, minutes(29)).is_some());
        assert!(sessions.find(&token, minutes(58)).is_some());
        assert!(sessions.find(&token, minutes(88)).is_none());
        assert!(!sessions.holds(&token.hash(), minutes(88)));
    }

    #[test]
    fn a_session_ends_after_twelve_hours_however_much_it_is_used() {
        let token = TokenText::from_random([7; 32]);
        let sessions = signed_in(&token);
        for minute in (0..12 * 60).step_by(20) {
            assert!(sessions.find(&token, minutes(minute)).is_some(), "{minute}");
        }
        assert!(sessions.find(&token, minutes(12 * 60)).is_none());
        assert_eq!(sessions.take_dead(minutes(12 * 60)).len(), 1);
        assert_eq!(sessions.take_dead(minutes(12 * 60)).len(), 0);
    }
}
