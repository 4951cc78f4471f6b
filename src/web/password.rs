//! Passwords of people who work in the console: Argon2id, away from the threads that serve, a few at a time.

use crate::clock;
use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// Fewest characters of a password. No rules about their kind: length is what helps.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most bytes of a password.
pub const PASSWORD_BYTES_MAX: usize = 512;
/// Hashes computed at once; each takes 19 MiB and some ten milliseconds of a core.
const HASHES_AT_ONCE_MAX: usize = 2;
/// Bytes of salt.
const SALT_BYTES: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    Short,
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    Long,
    #[error("the password could not be hashed: {0}")]
    Hash(password_hash::Error),
    #[error("the stored hash cannot be read: {0}")]
    Stored(password_hash::Error),
    #[error("the hashing task failed")]
    Task(#[from] JoinError),
}

/// Whether a new password may be used.
///
/// # Errors
/// Too short or too long.
pub fn check(password: &str) -> Result<(), PasswordError> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(PasswordError::Short);
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordError::Long);
    }
    Ok(())
}

/// A hash to store, in PHC form. Takes long: not for threads that serve.
///
/// # Errors
/// A password that [`check`] refuses, or a failure of the hash function.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    check(password)?;
    let salt = clock::random_bytes::<SALT_BYTES>();
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str) -> Result<bool, PasswordError> {
    match PasswordVerifier::<str>::verify_password(&Argon2::default(), password.as_bytes(), stored) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Stored(error)),
    }
}

/// Hashes away from the threads that serve.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// What an unknown login is compared with, so that it takes as long as a known one.
    nobody: Arc<OnceLock<String>>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)), nobody: Arc::default() }
    }
}

impl Passwords {
    /// See [`hash`].
    ///
    /// # Errors
    /// As [`hash`], or a task that failed.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        check(&password)?;
        let _turn = self.turns.acquire().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(move || hash(&password)).await?
    }

    /// Whether it is the password of a stored hash; with none, `false` after as long a time.
    ///
    /// # Errors
    /// A stored hash that cannot be read, or a task that failed.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, PasswordError> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let _turn = self.turns.acquire().await.expect("the semaphore is never closed");
        let nobody = Arc::clone(&self.nobody);
        tokio::task::spawn_blocking(move || match stored {
            Some(stored) => verify(&password, &stored),
            None => {
                if nobody.get().is_none() {
                    // Two at once make two, and one of them is kept.
                    let made = hash(&clock::random_id())?;
                    let _kept = nobody.set(made);
                }
                let stored = nobody.get().expect("set above");
                verify(&password, stored).map(|_| false)
            }
        })
        .await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_opens() {
        let passwords = Passwords::default();
        let stored = passwords.hash("twelve chars".to_owned()).await.expect("a hash");
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert!(passwords.verify("twelve chars".to_owned(), Some(stored.clone())).await.expect("a verdict"));
        assert!(!passwords.verify("twelve charS".to_owned(), Some(stored)).await.expect("a verdict"));
        assert!(!passwords.verify("twelve chars".to_owned(), None).await.expect("a verdict"));
    }

    #[test]
    fn length_is_counted_in_characters_and_nothing_else_is_asked() {
        assert!(matches!(check("éééééééééé"), Err(PasswordError::Short)));
        assert!(check("aaaaaaaaaaaa").is_ok());
    }
}
