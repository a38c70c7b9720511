//! `--max-memory`: one number bounds all that clients can make a server hold.
//!
//! Queues, transcripts (what members have not taken, and the histories), outboxes and receive buffers are charged here
//! before they grow, each by its owner's [`Charge`], and give back when they shrink. Threads and their stacks are not in
//! it, nor is what the kernel holds, nor what a room's writer has in its hands while it writes.
//!
//! The policy when memory is scarce, by who asks for more of it:
//!
//! | to grow | while less is used than | otherwise |
//! |---|---|---|
//! | a history; or to keep a room's buffers for the next batch | half of the limit | it keeps its size: its oldest messages go; buffers are given back |
//! | a receive buffer, or by a new client | three quarters | the reader waits, the client is refused; but where receive buffers take less than a quarter, a laggard is dropped for them |
//! | a small receive buffer | nearly seven eighths | the same |
//! | a queue, by a post | seven eighths | a laggard is dropped; where there is none, the sender waits |
//! | what a writer has to hold for a member that is behind | all of it | that member is dropped |
//!
//! Before all that, rooms with nobody in them are forgotten, and their histories with them, the oldest first: whenever
//! somebody asks for room, and by whoever is served while less is free than half of the limit ([`Memory::tidy`]).
//!
//! A laggard has taken nothing for a moment ([`STALL`]), or has not once taken everything for some time ([`GRACE`]); the one
//! furthest behind, of all rooms, is dropped first. So none of them can take what the next one needs: unfinished messages make others' large messages wait,
//! and histories make other histories short, but whoever keeps pace is never dropped, and small messages pass.
//!
//! Nor do they wait for each other for ever. Whoever waits for memory holds some: a part of a message, or a whole one that
//! is to be posted. So one at a time (in its [`Memory::turn`]) may finish a message of any length, and what that takes,
//! its posting included, is left free by all others: where the limit is only a few times the longest message, the first
//! three marks are lower than the table says.

#[cfg(all(test, not(chinwag_model)))]
mod tests;

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use super::metrics::Page;
use super::pace::READ_MAX;
use super::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use super::sync::{Mutex, lock};
use crate::protocol::receiver::ServerReceiver;

/// A member that is behind is a laggard if it has taken nothing for so long, or has not once taken everything in `GRACE`.
/// The model checker has no clock.
pub(crate) const STALL: Duration = Duration::from_millis(if cfg!(chinwag_model) { 0 } else { 250 });
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// Up to how many bytes a receive buffer is small: most messages are.
const LITTLE: usize = 2 * 1024;

/// How many rooms are forgotten at once.
const TIDIED_MAX: usize = 16;

/// What posting a message takes beside the message itself, in bytes.
const OVERHEAD: usize = 4 * 1024;

/// See the module's documentation.
pub(crate) struct Memory {
    limit: usize,
    marks: Marks,
    used: AtomicUsize,
    /// The part of it that receive buffers take.
    receiving: AtomicUsize,
    /// Whether someone has the turn to finish its message beyond the mark for receive buffers.
    turn: AtomicBool,
    /// Who knows of rooms with nobody in them.
    remembers: OnceLock<Weak<dyn Remembers>>,
    next_laggard: AtomicU64,
    laggards: Mutex<BTreeMap<u64, Weak<dyn Laggard>>>,
}

/// Up to how many bytes in all may be had for what.
struct Marks {
    keep: usize,
    receive: usize,
    receive_little: usize,
    receive_in_turn: usize,
    post: usize,
}

impl Marks {
    fn new(limit: usize, max_message: usize) -> Marks {
        // The largest of all limits is not four times the longest of all messages.
        let max_message = max_message.min(limit / 4);
        let received = ServerReceiver::buffer_len(max_message).max(READ_MAX);
        let posted = max_message.saturating_mul(2).saturating_add(OVERHEAD);
        let post = limit - limit / 8;
        let receive_in_turn = post.saturating_sub(posted);
        let receive_little = receive_in_turn.saturating_sub(received);
        let receive = receive_little.min(limit - limit / 4);
        Marks { keep: receive / 3 * 2, receive, receive_little, receive_in_turn, post }
    }
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
    /// How many bytes it is behind, if that is no mere moment's; 0 if it is.
    fn lag(&self) -> usize;
    /// Ends its connection, and gives back what is held for it.
    fn drop_for_memory(&self);
}

/// One who holds what nobody may ask for again.
pub(crate) trait Remembers: Send + Sync {
    /// Forgets the oldest of it; `false` where there is nothing.
    fn forget_oldest(&self) -> bool;
}

impl Memory {
    /// At most `limit` bytes, and enough for messages of `max_message` if it is four times as much.
    pub(crate) fn new(limit: usize, max_message: usize) -> Arc<Memory> {
        Arc::new(Memory {
            limit,
            marks: Marks::new(limit, max_message),
            used: AtomicUsize::new(0),
            receiving: AtomicUsize::new(0),
            turn: AtomicBool::new(false),
            remembers: OnceLock::new(),
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

    /// Whether something may be kept that is not needed now.
    pub(crate) fn is_plentiful(&self) -> bool {
        self.used() < self.marks.keep
    }

    /// Whether receive buffers may not grow.
    pub(crate) fn is_scarce(&self) -> bool {
        self.used() > self.marks.receive
    }

    /// Whether more is held than may be: then whoever it is held for is dropped.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.used() > self.limit
    }

    /// Gives something up, so that there may be more for this; `false` where there is nothing to be given up for it.
    pub(crate) fn make_room(&self, purpose: Purpose) -> bool {
        if self.forget() {
            return true;
        }
        if purpose == Purpose::Receive && self.receiving.load(Ordering::Relaxed) >= self.marks.receive / 3 {
            return false;
        }
        // The list is left alone before anyone is dropped: that strikes him out.
        let laggards: Vec<_> = lock(&self.laggards).values().filter_map(Weak::upgrade).collect();
        let furthest =
            laggards.iter().max_by_key(|laggard| laggard.lag()).filter(|laggard| laggard.lag() > 0);
        furthest.into_iter().for_each(|laggard| laggard.drop_for_memory());
        furthest.is_some()
    }

    /// Lets someone be asked to forget.
    pub(crate) fn entrust(&self, remembers: Weak<dyn Remembers>) {
        let _ = self.remembers.set(remembers);
    }

    fn forget(&self) -> bool {
        self.remembers.get().and_then(Weak::upgrade).is_some_and(|remembers| remembers.forget_oldest())
    }

    /// Sees to it that what is remembered makes nobody's memory scarce, in bounded work.
    pub(crate) fn tidy(&self) {
        let _ = (0..TIDIED_MAX).all(|_| !self.is_plentiful() && self.forget());
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
    has_turn: bool,
}

impl Charge {
    pub(crate) fn new(memory: &Arc<Memory>, purpose: Purpose) -> Charge {
        Charge { memory: Arc::clone(memory), purpose, bytes: 0, has_turn: false }
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
        let Marks { receive, receive_little, post, .. } = self.memory.marks;
        let mark = match self.purpose {
            Purpose::Receive if bytes <= LITTLE => receive_little,
            Purpose::Receive => receive,
            Purpose::Post => post,
            Purpose::Write => self.memory.limit,
        };
        self.resize_up_to(mark, bytes)
    }

    /// The same for a message that cannot be received without it: if need be, in its turn.
    pub(crate) fn resize_for_message(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if self.resize(bytes).is_ok() {
            return Ok(());
        }
        let had_turn = self.has_turn;
        if !had_turn && self.memory.turn.swap(true, Ordering::Relaxed) {
            return Err(Exhausted);
        }
        self.has_turn = true;
        let grown = self.resize_up_to(self.memory.marks.receive_in_turn, bytes);
        if grown.is_err() && !had_turn {
            self.end_turn();
        }
        grown
    }

    /// Whether it holds what only one may hold at a time.
    pub(crate) fn has_turn(&self) -> bool {
        self.has_turn
    }

    fn end_turn(&mut self) {
        if mem::take(&mut self.has_turn) {
            self.memory.turn.store(false, Ordering::Relaxed);
        }
    }

    fn resize_up_to(&mut self, mark: usize, bytes: usize) -> Result<(), Exhausted> {
        if let Some(more) = bytes.checked_sub(self.bytes).filter(|more| *more > 0) {
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

    /// Charges for what is held anyway. Where that has become less, its turn is over.
    pub(crate) fn settle(&mut self, bytes: usize) {
        if bytes < self.bytes {
            self.end_turn();
        }
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

/// The capacity that a vector of `T` is given when it has to hold `needed` of them: so large that it is not moved too
/// often, and not much larger than that. What is large at once gets no more than it needs. What is small gets more than
/// glibc would put aside, once it is free, for whichever thread has freed it.
pub(crate) fn grown<T>(capacity: usize, needed: usize) -> usize {
    const LEAST: usize = 2 * 1024;
    const POWERS_MAX: usize = 16 * 1024;
    match needed {
        _ if needed <= capacity => capacity,
        _ if needed <= POWERS_MAX / size_of::<T>() => needed.next_power_of_two().max(LEAST / size_of::<T>()),
        _ => needed.max(capacity.saturating_add(capacity / 4)),
    }
}
