//! `--max-memory`: one number bounds all that clients can make a server hold.
//!
//! Queues, transcripts (what members have not taken, and the histories), backlogs and receive buffers are charged here
//! before they grow, each by its owner's [`Charge`], and give back when they shrink. Threads and their stacks are not in
//! it, nor is what the kernel holds.
//!
//! The policy when memory is scarce, by who asks for more of it:
//!
//! | to grow | while less is used than | otherwise |
//! |---|---|---|
//! | a history | half of the limit | it keeps its size: its oldest messages go |
//! | a receive buffer, or by a new client | three quarters | the reader waits, the client is refused; but where receive buffers take less than a quarter, the member furthest behind, of all rooms, is dropped for them |
//! | a queue, by a post | seven eighths | the member furthest behind is dropped; where nobody is behind, the sender waits |
//! | what a writer has to hold for a member that is behind | all of it | that member is dropped |
//!
//! So none of them can take what the next one needs: unfinished messages make others' large messages wait, and histories
//! make other histories short, but whoever keeps pace is never dropped, and small messages pass.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::metrics::Page;
use super::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use super::sync::{Mutex, lock};

/// See the module's documentation.
pub(crate) struct Memory {
    limit: usize,
    used: AtomicUsize,
    /// The part of it that receive buffers take.
    receiving: AtomicUsize,
    next_laggard: AtomicU64,
    laggards: Mutex<BTreeMap<u64, Weak<dyn Laggard>>>,
}

/// What memory is charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// What has been received, and is no whole message yet.
    Receive,
    /// What has been posted.
    Post,
    /// What a room's writer has to hold.
    Write,
}

/// There is not so much memory to be had now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// One who may be dropped for the sake of the others.
pub(crate) trait Laggard: Send + Sync {
    /// How many bytes it is behind.
    fn lag(&self) -> usize;
    /// Ends its connection, and gives back what is held for it.
    fn drop_for_memory(&self);
}

impl Memory {
    /// At most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Arc<Memory> {
        Arc::new(Memory {
            limit,
            used: AtomicUsize::new(0),
            receiving: AtomicUsize::new(0),
            next_laggard: AtomicU64::new(0),
            laggards: Mutex::new(BTreeMap::new()),
        })
    }

    /// In bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// In bytes.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Its part of the page of metrics.
    pub(crate) fn render(&self) -> String {
        let mut page = Page::default();
        page.single("memory_bytes", "gauge", "Held for clients, in bytes.", self.used() as u64);
        page.single("memory_limit_bytes", "gauge", "The most that may be held for them.", self.limit as u64);
        page.into_text()
    }

    /// Whether a history may grow.
    pub(crate) fn is_plentiful(&self) -> bool {
        self.used() < self.limit / 2
    }

    /// Whether nothing may be held that is not needed now.
    pub(crate) fn is_scarce(&self) -> bool {
        self.used() > self.mark(Purpose::Receive)
    }

    /// Whether more is held than may be: then whoever it is held for is dropped.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.used() > self.limit
    }

    /// Up to how many bytes in all may be had for this.
    fn mark(&self, purpose: Purpose) -> usize {
        match purpose {
            Purpose::Receive => self.limit - self.limit / 4,
            Purpose::Post => self.limit - self.limit / 8,
            Purpose::Write => self.limit,
        }
    }

    /// Gives something up, so that there may be more for this; `false` where there is nothing to be given up for it.
    pub(crate) fn make_room(&self, purpose: Purpose) -> bool {
        if purpose == Purpose::Receive && self.receiving.load(Ordering::Relaxed) >= self.limit / 4 {
            return false;
        }
        // The list is left alone before anyone is dropped: that strikes him out.
        let laggards: Vec<_> = lock(&self.laggards).values().filter_map(Weak::upgrade).collect();
        let furthest =
            laggards.iter().max_by_key(|laggard| laggard.lag()).filter(|laggard| laggard.lag() > 0);
        furthest.into_iter().for_each(|laggard| laggard.drop_for_memory());
        furthest.is_some()
    }

    /// Whether there is room for one more client, if need be by dropping those who are behind.
    pub(crate) fn admits_a_client(&self) -> bool {
        while self.is_scarce() {
            if !self.make_room(Purpose::Receive) {
                return false;
            }
        }
        true
    }

    /// Lists one who may be dropped; under which number.
    pub(crate) fn list(&self, laggard: Weak<dyn Laggard>) -> u64 {
        let number = self.next_laggard.fetch_add(1, Ordering::Relaxed);
        lock(&self.laggards).insert(number, laggard);
        number
    }

    /// Takes it out of the list.
    pub(crate) fn strike_out(&self, number: u64) {
        lock(&self.laggards).remove(&number);
    }
}

/// What one owner holds, given back when this is dropped.
pub(crate) struct Charge {
    memory: Arc<Memory>,
    purpose: Purpose,
    bytes: usize,
}

impl Charge {
    pub(crate) fn new(memory: &Arc<Memory>, purpose: Purpose) -> Charge {
        Charge { memory: Arc::clone(memory), purpose, bytes: 0 }
    }

    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// To be called before what is held grows to so many bytes, or after it has shrunk.
    ///
    /// # Errors
    ///
    /// `Exhausted` where so much more is not to be had: then nothing has changed.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if let Some(more) = bytes.checked_sub(self.bytes).filter(|more| *more > 0) {
            let mark = self.memory.mark(self.purpose);
            let grow = |used: usize| used.checked_add(more).filter(|used| *used <= mark);
            let grown = self.memory.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow);
            grown.map_err(|_| Exhausted)?;
            self.count_receiving(bytes);
            self.bytes = bytes;
        } else {
            self.settle(bytes);
        }
        Ok(())
    }

    /// Charges for what is held anyway.
    pub(crate) fn settle(&mut self, bytes: usize) {
        if bytes != self.bytes {
            // Wrapping, a difference may be below zero.
            self.memory.used.fetch_add(bytes.wrapping_sub(self.bytes), Ordering::Relaxed);
            self.count_receiving(bytes);
            self.bytes = bytes;
        }
    }

    fn count_receiving(&self, bytes: usize) {
        if self.purpose == Purpose::Receive {
            self.memory.receiving.fetch_add(bytes.wrapping_sub(self.bytes), Ordering::Relaxed);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.settle(0);
    }
}

/// The capacity in bytes that a vector is given when it has to hold `needed`: so large that it is not moved too often, and
/// not much larger than that.
pub(crate) fn grown(capacity: usize, needed: usize) -> usize {
    const STEP: usize = 16 * 1024;
    match needed {
        _ if needed <= capacity => capacity,
        _ if needed <= STEP => needed.next_power_of_two().max(64),
        _ => needed.checked_next_multiple_of(STEP).unwrap_or(needed),
    }
}
