//! Backpressure: how fast senders are read while someone in their room is far behind.
//!
//! They are held to [`READ_MAX`] bytes per [`TICK`], and so is what comes from other servers. TCP slows their clients
//! down; a slow consumer has time to catch up before it is dropped. Each rests in proportion to what it has sent: who says
//! little is hardly slowed.

use std::time::Duration;

/// The most that is read at once, in bytes.
pub(crate) const READ_MAX: usize = 64 * 1024;

/// How long a sender rests for that.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// The shortest rest that is worth one: what is owed below it is kept for the next.
const SHORTEST: Duration = Duration::from_millis(1);

/// What one sender owes.
#[derive(Debug, Default)]
pub(crate) struct Rest(Duration);

impl Rest {
    /// How long to rest after so many bytes more; what has been owed before is included.
    pub(crate) fn after(&mut self, bytes: usize) -> Option<Duration> {
        let nanos = TICK.as_nanos() as u64 * bytes as u64 / READ_MAX as u64;
        self.0 += Duration::from_nanos(nanos);
        (self.0 >= SHORTEST).then(|| std::mem::take(&mut self.0))
    }
}
