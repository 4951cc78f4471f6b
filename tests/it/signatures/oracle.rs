//! The independent judge: the commands `xmlsec1` and `openssl`, on files of a folder of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// A kind of key pair.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Rsa(u32),
    Ec(&'static str),
    Dsa,
}

impl Kind {
    pub const P256: Self = Self::Ec("prime256v1");
}

/// A key pair with a self-signed certificate.
pub struct Key {
    pub private: PathBuf,
    pub certificate: PathBuf,
    /// The certificate in PEM.
    pub pem: Vec<u8>,
}

pub struct Oracle {
    folder: TempDir,
    files: AtomicUsize,
}

impl Oracle {
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder"), files: AtomicUsize::new(0) }
    }

    fn path(&self, ending: &str) -> PathBuf {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        self.folder.path().join(format!("{number}.{ending}"))
    }

    fn file(&self, ending: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(ending);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// Makes a key pair.
    pub fn key(&self, kind: Kind) -> Key {
        let private = self.path("pem");
        let to = |command: &mut Command| succeed(command.arg("-out").arg(&private));
        match kind {
            Kind::Rsa(bits) => {
                let bits = format!("rsa_keygen_bits:{bits}");
                to(openssl("genpkey").args(["-algorithm", "RSA", "-pkeyopt"]).arg(bits));
            }
            Kind::Ec(curve) => {
                to(openssl("genpkey").args(["-algorithm", "EC", "-pkeyopt"]).arg(format!("ec_paramgen_curve:{curve}")));
            }
            Kind::Dsa => {
                // With q of 160 bits, as dsa-sha1 wants it.
                let parameters = self.path("pem");
                succeed(openssl("dsaparam").arg("-out").arg(&parameters).arg("1024"));
                to(openssl("genpkey").arg("-paramfile").arg(&parameters));
            }
        }
        let certificate = self.path("pem");
        let subject = ["-new", "-x509", "-days", "9", "-subj", "/CN=Sirens of Brisemont", "-key"];
        succeed(openssl("req").args(subject).arg(&private).arg("-out").arg(&certificate));
        let pem = std::fs::read(&certificate).expect("a certificate");
        Key { private, certificate, pem }
    }

    /// Fills in the signature that a document has a template of.
    pub fn sign(&self, document: &[u8], key: &Key) -> Vec<u8> {
        let mut pair = key.private.clone().into_os_string();
        pair.push(",");
        pair.push(&key.certificate);
        self.fill(document, Command::new("xmlsec1").arg("--sign").arg("--privkey-pem").arg(pair))
    }

    /// The same with a secret that both sides share.
    pub fn sign_with_secret(&self, document: &[u8], secret: &[u8]) -> Vec<u8> {
        let secret = self.file("bin", secret);
        self.fill(document, Command::new("xmlsec1").arg("--sign").arg("--hmackey").arg(secret))
    }

    fn fill(&self, document: &[u8], command: &mut Command) -> Vec<u8> {
        let (template, signed) = (self.file("xml", document), self.path("xml"));
        succeed(command.args(ID).arg("--output").arg(&signed).arg(template));
        std::fs::read(signed).expect("a signed document")
    }

    /// Whether the first signature of a document holds by the key that it brings along.
    pub fn verifies(&self, document: &[u8]) -> bool {
        let file = self.file("xml", document);
        let verified = verify(&file);
        std::fs::remove_file(file).expect("our own file");
        verified
    }
}

/// Lets `alert` be referred to by its `Id`.
const ID: [&str; 2] = ["--id-attr:Id", "urn:oasis:names:tc:emergency:cap:1.2:alert"];

fn verify(file: &Path) -> bool {
    run(Command::new("xmlsec1").args(["--verify", "--insecure"]).args(ID).arg(file)).status.success()
}

fn openssl(verb: &str) -> Command {
    let mut command = Command::new("openssl");
    command.arg(verb);
    command
}

fn succeed(command: &mut Command) {
    let output = run(command);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error} (make setup installs it)"))
}
