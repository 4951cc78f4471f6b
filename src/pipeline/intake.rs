//! Step 1, pure: bytes to an alert that may go on, or every reason why not.

use super::answer::PostError;
use crate::cap::alert::Alert;
use crate::cap::code::Status;
use crate::cap::finding::Finding;
use crate::cap::signature::Verdict;
use crate::cap::{self, Options};
use crate::model::credential::Credential;
use crate::model::signer::{Signer, trust};

/// An alert that was read, with what was found on the way.
#[derive(Debug, Clone)]
pub struct Intake {
    pub alert: Alert,
    pub findings: Vec<Finding>,
    /// A key is pinned for its sender, and no signature of it is by that key.
    pub unproven: bool,
}

/// Reads a document on behalf of a key, knowing whose signatures are trusted.
///
/// # Errors
/// [`PostError::Invalid`] with all findings when something could not be mended safely; [`PostError::TestKey`] when a
/// test key posts anything but Test and Exercise.
pub fn intake(
    bytes: &[u8],
    credential: &Credential,
    options: &Options,
    signers: &[Signer],
) -> Result<Intake, PostError> {
    let reading = cap::read(bytes, &Options { trust: trust(signers), axes: credential.axes, ..options.clone() });
    if !reading.accepted() {
        return Err(PostError::Invalid { findings: reading.findings });
    }
    let Some(alert) = reading.alert else {
        return Err(PostError::Invalid { findings: reading.findings });
    };
    if credential.test && !matches!(alert.status, Status::Test | Status::Exercise) {
        return Err(PostError::TestKey);
    }
    let pinned = signers.iter().any(|signer| signer.sender == alert.key.sender);
    let unproven = pinned && reading.signature != Verdict::Valid;
    Ok(Intake { alert, findings: reading.findings, unproven })
}
