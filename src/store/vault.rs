//! Secrets at rest: sealed under a key that is not in the database.
//!
//! What must be read again (endpoints and their keys) is sealed with AES-256-GCM; what must only be found or compared
//! is hashed with HMAC-SHA-256, so that a stolen database tells neither. Both keys are derived from one key file.

use crate::clock;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Length of the key in the key file.
pub const KEY_BYTES: usize = 32;
/// Begins what is sealed: tells the way it was sealed.
const SEAL_VERSION: u8 = 1;
/// Nobody but the owner may read the key file.
const FILE_MODE: u32 = 0o600;
/// Nobody but the owner may look into the folder, where we make it.
const FOLDER_MODE: u32 = 0o700;
const OTHERS_MODE_MASK: u32 = 0o077;

/// What can go wrong with secrets.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the key file {path} cannot be read or made")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the key file {path} must hold exactly {KEY_BYTES} bytes: put the right one back, a new one opens nothing")]
    Length { path: PathBuf },
    #[error("the key file {path} can be read by others: chmod 600 {path}")]
    Mode { path: PathBuf },
    #[error("a sealed secret does not open: it was sealed under another key file, or was changed")]
    Sealed,
}

/// Seals and hashes. One for each installation.
pub struct Vault {
    seal: LessSafeKey,
    lookup: hmac::Key,
}

/// Never shows a key.
impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// The vault of a key.
    pub fn from_key(key: [u8; KEY_BYTES]) -> Self {
        let root = Salt::new(HKDF_SHA256, b"beffroi vault").extract(&key);
        let derive = |purpose: &[u8]| {
            let mut derived = [0; 32];
            let info = [purpose];
            let okm = root.expand(&info, HKDF_SHA256).expect("32 bytes are one block of HKDF");
            okm.fill(&mut derived).expect("the block is 32 bytes");
            derived
        };
        let seal = UnboundKey::new(&AES_256_GCM, &derive(b"seal")).expect("AES-256 keys are 32 bytes");
        Self { seal: LessSafeKey::new(seal), lookup: hmac::Key::new(HMAC_SHA256, &derive(b"lookup")) }
    }

    /// The vault of a key file, which is made with mode 0600 when there is none. Of several processes that make it at
    /// once one wins and all get its key.
    ///
    /// # Errors
    /// The file cannot be read or made, has another length, or can be read by others.
    pub fn load_or_create(path: &Path) -> Result<Self, VaultError> {
        let failed = |source| VaultError::File { path: path.to_owned(), source };
        match File::open(path) {
            Ok(file) => Self::load(path, file),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create(path).map_err(failed)?;
                Self::load(path, File::open(path).map_err(failed)?)
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn load(path: &Path, mut file: File) -> Result<Self, VaultError> {
        let failed = |source| VaultError::File { path: path.to_owned(), source };
        if file.metadata().map_err(failed)?.permissions().mode() & OTHERS_MODE_MASK != 0 {
            return Err(VaultError::Mode { path: path.to_owned() });
        }
        let mut bytes = Vec::with_capacity(KEY_BYTES);
        Read::by_ref(&mut file).take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        let key = bytes.try_into().map_err(|_| VaultError::Length { path: path.to_owned() })?;
        Ok(Self::from_key(key))
    }

    /// Seals a secret for its owner: it opens for no other.
    pub fn seal(&self, owner: &str, secret: &[u8]) -> Vec<u8> {
        let nonce = clock::random_bytes::<NONCE_LEN>();
        let mut sealed = secret.to_vec();
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner.as_bytes()), &mut sealed)
            .expect("a secret is shorter than AES-GCM's limit of 64 GB");
        [&[SEAL_VERSION][..], &nonce, &sealed].concat()
    }

    /// Opens what was sealed for this owner.
    ///
    /// # Errors
    /// Another key, another owner, or changed bytes.
    pub fn unseal(&self, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (version, rest) = sealed.split_first().ok_or(VaultError::Sealed)?;
        let (nonce, secret) = rest.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Sealed)?;
        if *version != SEAL_VERSION {
            return Err(VaultError::Sealed);
        }
        let mut secret = secret.to_vec();
        let opened = self
            .seal
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(owner.as_bytes()), &mut secret)
            .map_err(|_| VaultError::Sealed)?
            .len();
        secret.truncate(opened);
        Ok(secret)
    }

    /// A hash by which a secret can be found or compared, but not read; another one for each purpose.
    pub fn lookup(&self, purpose: &'static str, secret: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.lookup);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(secret);
        context.sign().as_ref().try_into().expect("SHA-256 gives 32 bytes")
    }
}

/// Makes the key file whole or not at all: it gets its name only once its bytes are on the disk.
fn create(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    let unfinished = path.with_extension(format!("new-{}", clock::random_id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&unfinished)?;
    file.write_all(&clock::random_bytes::<KEY_BYTES>())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&unfinished, path);
    std::fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_owner_under_its_key_and_nowhere_else() {
        let vault = Vault::from_key([7; KEY_BYTES]);
        let sealed = vault.seal("anna", b"https://push.example/1");
        assert_eq!(vault.unseal("anna", &sealed).expect("opens"), b"https://push.example/1");
        assert!(vault.unseal("bert", &sealed).is_err());
        assert!(Vault::from_key([8; KEY_BYTES]).unseal("anna", &sealed).is_err());
        for changed in 0..sealed.len() {
            let mut other = sealed.clone();
            other[changed] ^= 1;
            assert!(vault.unseal("anna", &other).is_err(), "byte {changed}");
        }
        assert!((0..sealed.len()).all(|length| vault.unseal("anna", &sealed[..length]).is_err()));
    }

    #[test]
    fn the_same_secret_is_never_sealed_alike_and_always_hashed_alike() {
        let vault = Vault::from_key([7; KEY_BYTES]);
        assert_ne!(vault.seal("anna", b"x"), vault.seal("anna", b"x"));
        assert_eq!(vault.lookup("endpoint", b"x"), Vault::from_key([7; KEY_BYTES]).lookup("endpoint", b"x"));
        assert_ne!(vault.lookup("endpoint", b"x"), vault.lookup("auth", b"x"));
        assert_ne!(vault.lookup("endpoint", b"x"), Vault::from_key([8; KEY_BYTES]).lookup("endpoint", b"x"));
    }

    #[test]
    fn a_key_file_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("data").join("vault.key");
        let sealed = Vault::load_or_create(&path).expect("made").seal("anna", b"x");
        assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(Vault::load_or_create(&path).expect("loaded").unseal("anna", &sealed).expect("opens"), b"x");
        let files = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder").count();
        assert_eq!(files, 1, "nothing unfinished stays");
    }

    #[test]
    fn a_key_file_that_others_can_read_or_that_was_cut_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("vault.key");
        Vault::load_or_create(&path).expect("made");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("chmod");
        assert!(matches!(Vault::load_or_create(&path), Err(VaultError::Mode { .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("chmod");
        std::fs::write(&path, [1; 31]).expect("written");
        assert!(matches!(Vault::load_or_create(&path), Err(VaultError::Length { .. })));
        std::fs::write(&path, [1; 33]).expect("written");
        assert!(matches!(Vault::load_or_create(&path), Err(VaultError::Length { .. })));
    }
}
