//! Step 1, pure: bytes to an alert that may go on, or every reason why not.

use super::answer::PostError;
use crate::cap::alert::Alert;
use crate::cap::code::Status;
use crate::cap::finding::Finding;
use crate::cap::{self, Options};
use crate::model::credential::Credential;

/// An alert that was read, with what was found on the way.
#[derive(Debug, Clone)]
pub struct Intake {
    pub alert: Alert,
    pub findings: Vec<Finding>,
}

/// Reads a document on behalf of a key.
///
/// # Errors
/// [`PostError::Invalid`] with all findings when something could not be mended safely; [`PostError::TestKey`] when a
/// test key posts anything but Test and Exercise.
pub fn intake(bytes: &[u8], credential: &Credential, options: &Options) -> Result<Intake, PostError> {
    let reading = cap::read(bytes, options);
    if !reading.accepted() {
        return Err(PostError::Invalid { findings: reading.findings });
    }
    let Some(alert) = reading.alert else {
        return Err(PostError::Invalid { findings: reading.findings });
    };
    if credential.test && !matches!(alert.status, Status::Test | Status::Exercise) {
        return Err(PostError::TestKey);
    }
    Ok(Intake { alert, findings: reading.findings })
}
