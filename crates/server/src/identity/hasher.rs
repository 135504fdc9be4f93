//! Hashing passwords: slow on purpose, and never more at a time than memory allows.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Code, Refusal};
use crate::limits::{PASSWORD_HASHES_MAX, PASSWORD_HASHES_WAITING_MAX};

/// Memory of one hash, in KiB. With two passes and one lane this is what OWASP's password storage
/// page asks of Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and compares passwords.
#[derive(Debug)]
pub(crate) struct Hasher {
    seats: Semaphore,
    waiting: AtomicUsize,
    compared: AtomicU64,
}

impl Default for Hasher {
    fn default() -> Self {
        Hasher {
            seats: Semaphore::new(PASSWORD_HASHES_MAX),
            waiting: AtomicUsize::new(0),
            compared: AtomicU64::new(0),
        }
    }
}

/// What is compared where there is no account: as much work as a real one, and nobody's password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$YW5uYWxzLW5vYWNjb3VudA\
                      $bm8gcGFzc3dvcmQgY2FuIGhhdmUgdGhpcyBoYXNoISE";

impl Hasher {
    /// The PHC string of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Refusal> {
        self.work(move || hash(&password)).await?.ok_or_else(|| {
            Refusal::new(
                Code::Internal,
                "the password could not be hashed; the log says why",
            )
        })
    }

    /// Whether the password is the one that was hashed. Without a hash the answer is no, after as
    /// much work.
    pub(crate) async fn matches(
        &self,
        password: String,
        hashed: Option<String>,
    ) -> Result<bool, Refusal> {
        self.compared.fetch_add(1, Ordering::Relaxed);
        self.work(move || {
            let against = hashed.as_deref().unwrap_or(NOBODY);
            let same = PasswordHash::new(against).is_ok_and(|parsed| {
                argon2()
                    .verify_password(password.as_bytes(), &parsed)
                    .is_ok()
            });
            same && hashed.is_some()
        })
        .await
    }

    /// How many passwords were compared with a hash.
    pub(crate) fn compared(&self) -> u64 {
        self.compared.load(Ordering::Relaxed)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= PASSWORD_HASHES_WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            let detail = "too many people sign in at this moment; try again in a moment";
            return Err(Refusal::new(Code::Overloaded, detail));
        }
        let seat = self.seats.acquire().await;
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        let _seat = seat.map_err(|error| Refusal::internal(&error))?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Refusal::internal(&error))
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> Option<String> {
    match argon2().hash_password(password.as_bytes()) {
        Ok(hash) => Some(hash.to_string()),
        Err(error) => {
            tracing::error!(%error, "a password could not be hashed");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_is_as_much_work_as_a_real_one() {
        let real = hash("ein Schlüssel für das Tor").unwrap();
        let (real, nobody) = (
            PasswordHash::new(&real).unwrap(),
            PasswordHash::new(NOBODY).unwrap(),
        );
        assert_eq!(real.algorithm, nobody.algorithm);
        assert_eq!(real.version, nobody.version);
        assert_eq!(real.params, nobody.params);
        let lengths = |it: &PasswordHash| {
            let salt = it.salt.as_ref().map(|it| it.len());
            (salt, it.hash.as_ref().map(|it| it.len()))
        };
        assert_eq!(lengths(&real), lengths(&nobody));
    }

    #[tokio::test]
    async fn a_password_matches_its_hash_alone() {
        let hasher = Hasher::default();
        let hashed = hasher
            .hash("ein Schlüssel für das Tor".to_owned())
            .await
            .unwrap();
        assert!(
            hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hashed}"
        );
        let other = hasher
            .hash("ein Schlüssel für das Tor".to_owned())
            .await
            .unwrap();
        assert_ne!(hashed, other, "no salt");
        for (password, same) in [
            ("ein Schlüssel für das Tor", true),
            ("ein Schlussel fur das Tor", false),
        ] {
            let found = hasher
                .matches(password.to_owned(), Some(hashed.clone()))
                .await
                .unwrap();
            assert_eq!(found, same, "{password}");
        }
        assert!(
            !hasher
                .matches("nobody's password".to_owned(), None)
                .await
                .unwrap()
        );
    }
}
