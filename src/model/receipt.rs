//! What a device tells of a push that reached it.

/// Bytes of a broadcast's key of receipts.
pub const RECEIPT_KEY_BYTES: usize = 16;
