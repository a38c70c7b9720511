//! Backpressure: how fast senders are read while someone in their room is far behind.
//!
//! They are held to [`READ_MAX`] bytes per [`TICK`], and so is what comes from other servers. TCP slows their clients
//! down; a slow consumer has time to catch up before it is dropped.

use std::time::Duration;

/// The most that is read at once, in bytes.
pub(crate) const READ_MAX: usize = 64 * 1024;

/// How long a sender rests after each read.
pub(crate) const TICK: Duration = Duration::from_millis(5);
