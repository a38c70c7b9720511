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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_as_is_read_at_once_is_a_tick() {
        assert_eq!(Rest::default().after(READ_MAX), Some(TICK));
        assert_eq!(Rest::default().after(4 * READ_MAX), Some(4 * TICK));
    }

    /// However it is cut up, the rest is in proportion, but for the little that is still owed.
    #[test]
    fn rests_in_proportion_to_what_is_sent() {
        for len in [1, 100, 5000, READ_MAX / 2, READ_MAX - 1] {
            let mut rest = Rest::default();
            let rested: Duration = (0..READ_MAX * 8 / len).filter_map(|_| rest.after(len)).sum();
            assert!(rested <= 8 * TICK && rested >= 6 * TICK, "{rested:?} for pieces of {len}");
        }
    }

    #[test]
    fn whoever_says_little_does_not_rest() {
        let mut rest = Rest::default();
        assert!((0..100).all(|_| rest.after(64).is_none()));
        assert_eq!(rest.after(0), None);
    }
}
