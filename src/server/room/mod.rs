//! A room: who is here, what is to be sent to them, and the one place that writes to clients.
//!
//! Written to each member at once, message by message and under a lock, a broadcast would cost a system call per
//! delivery, and everyone would wait for everyone. So it is done in two steps, each under a lock of its own:
//!
//! ```text
//!   reader --post-->                    +-- swap, when a turn begins --> one send per member,
//!   reader --post--> [ queue: a batch ] |                                of the whole batch
//!   reader --post-->                    +-- the next ones gather here meanwhile
//! ```
//!
//! [`Room::relay`] posts a finished frame into the queue. [`Room::flush`] takes a *turn* at writing: whoever holds the
//! writer's lock is the writer. It yields the processor, so that every reader that is ready can post first, and again
//! while that brings something; swaps the queue for an empty one; gives each member all that is for it in a single
//! system call; and goes back to its own client. Whoever flushes meanwhile waits for the next turn. Only one does: the
//! others leave their frames to that one, and go straight back to reading. The busier the room, the larger the batches
//! and the fewer the system calls per message.
//!
//! Joining, leaving and closing are posted like frames. So everything that happens in a room has one order, the
//! same for all its members: the order of the queue.
//!
//! Rules:
//!
//! 1. Only who holds the writer's lock writes to a member's socket, from its 101 to its Close, or in the writer's place
//!    the thread of the member's backlog (rule 3). So frames never interleave.
//! 2. Whether someone waits for the next turn is decided under the queue's lock, and is over once that one has taken the
//!    batch, under the same lock. So no frame is ever left behind without a writer.
//! 3. The writer never waits for a client. What a socket does not take at once goes to a thread: see [`backlog`].
//! 4. After a write that failed, or stopped half way and is not continued, the socket is cut at once: half a frame
//!    on the wire is the end of that stream. Its reader notices, and posts that the member leaves.
//! 5. The queue is bounded: a reader that finds it full takes a turn itself before it posts. While it waits for that it
//!    does not read, and TCP slows its client down. Joining, leaving and closing never wait.
//! 6. A turn is one batch: nobody writes for ever.
//! 7. Before a closing member's socket is shut for writing, its Close has been written, by whoever was the writer.
//! 8. A panic costs one member its connection, or all of them a batch. No code of a client's own runs under the locks,
//!    so a poisoned one stays in use.

mod backlog;
mod batch;
#[cfg(feature = "redis")]
mod guests;
mod history;
mod member;
#[cfg(all(test, chinwag_model))]
mod model;
mod presence;
#[cfg(test)]
mod received;
#[cfg(all(test, not(chinwag_model)))]
mod tests;
mod writer;

use std::io;
use std::mem;
use std::sync::Arc;

use super::metrics::Metrics;
use super::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use super::sync::{Mutex, MutexGuard, lock, thread, try_lock};
use crate::protocol::close::{CloseCode, CloseFrame};
use backlog::Lag;
use batch::{Batch, Post};
#[cfg(feature = "redis")]
pub(crate) use guests::GuestId;
pub(crate) use presence::is_forged;
use writer::Writer;

/// The most that is queued before those who post are kept waiting, in bytes.
const QUEUE_MAX: usize = 64 * 1024;

/// How often a writer yields before it takes a batch, as long as that brings something.
const YIELDS_MAX: u32 = 4;

/// The sending half of a client's connection, as far as a room needs it.
pub(crate) trait Wire: Send + Sync + 'static {
    /// Sends as much of `bytes` as is taken without waiting: 0 where nothing is.
    fn send_now(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Sends some of `bytes`, waiting until some is taken.
    fn send_some(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Ends the stream after what has been sent: the peer reads it to the end.
    fn end_writing(&self);
    /// Ends the connection: whoever reads or waits on it is woken.
    fn cut(&self);
    /// The same, because too much of what is to be sent has piled up.
    fn cut_for_lag(&self);
}

/// Which member of its room, in order of arrival; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MemberId(u64);

/// Someone about to join.
pub(crate) struct Newcomer<W> {
    pub(crate) wire: Arc<W>,
    /// What it is sent before anything else: the answer to its handshake.
    pub(crate) greeting: Vec<u8>,
    /// What it wants to be called, if it is to take part in announcements.
    pub(crate) name: Option<String>,
    /// How many of the newest messages it wants to have.
    pub(crate) history: usize,
}

/// How a membership is ended with a Close.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Farewell {
    pub(crate) code: CloseCode,
    pub(crate) reason: &'static str,
    /// Whether the Close waits behind what the member has not taken yet; if not, it is sent at once or not at all.
    pub(crate) waits: bool,
}

impl Farewell {
    fn frame(&self) -> CloseFrame {
        CloseFrame::new(self.code, self.reason)
    }
}

/// The limits of a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Newest messages kept.
    pub(crate) history: usize,
    /// How many bytes a member may fall behind.
    pub(crate) max_lag: usize,
}

/// The module's documentation has the picture and the rules.
pub(crate) struct Room<W> {
    queue: Mutex<Queue<W>>,
    /// Whoever holds this lock is the writer. It is taken before the queue's, never while that is held.
    writer: Mutex<Writer<W>>,
    lag: Arc<Lag>,
    holds_memory: AtomicBool,
    queue_max: usize,
    metrics: Arc<Metrics>,
}

struct Queue<W> {
    batch: Batch<W>,
    next_member: u64,
    /// Whether someone waits for the next turn, and will take what is here.
    awaited: bool,
}

impl<W: Wire> Room<W> {
    pub(crate) fn new(bounds: Bounds, metrics: Arc<Metrics>) -> Self {
        metrics.room_opened();
        let lag = Arc::new(Lag { max: bounds.max_lag, far_behind: AtomicUsize::new(0) });
        Room {
            queue: Mutex::new(Queue { batch: Batch::new(), next_member: 0, awaited: false }),
            writer: Mutex::new(Writer::new(bounds.history, Arc::clone(&metrics), Arc::clone(&lag))),
            lag,
            holds_memory: AtomicBool::new(false),
            // What is queued and what the writer has taken may all be added to a member's lag before those who send
            // have seen that it is far behind. So both have to be small beside the lag that is allowed.
            queue_max: QUEUE_MAX.min(bounds.max_lag / 16).max(1),
            metrics,
        }
    }

    /// Makes `newcomer` a member: it gets its greeting, and everything that is posted from now on. At the same moment
    /// someone else may be told: nothing is posted between the two.
    pub(crate) fn join<T>(
        &self,
        newcomer: Newcomer<W>,
        tell: impl FnOnce(Option<&str>) -> T,
    ) -> (MemberId, T) {
        let mut queue = lock(&self.queue);
        let told = tell(newcomer.name.as_deref());
        let id = MemberId(queue.next_member);
        queue.next_member += 1;
        queue.batch.post(Post::Join(id, Box::new(newcomer)));
        (id, told)
    }

    /// Posts a message to everyone but its sender: one whole frame. At the same moment someone else may be told.
    pub(crate) fn relay(&self, from: MemberId, frame: &[u8], tell: impl FnOnce()) {
        let mut queue = self.wait_for_space();
        tell();
        queue.batch.relay(from, frame);
    }

    /// Posts a frame to one member alone; `is_message` tells whether it counts as a delivery.
    pub(crate) fn answer(&self, to: MemberId, frame: &[u8], is_message: bool) {
        self.wait_for_space().batch.answer(to, frame, is_message);
    }

    /// Ends a membership: with a Close, or without a word where the connection is gone or to be cut.
    pub(crate) fn leave(&self, id: MemberId, farewell: Option<Farewell>) {
        lock(&self.queue).batch.post(Post::Leave(id, farewell));
    }

    /// Ends every membership with a Close.
    pub(crate) fn close_all(&self, farewell: Farewell) {
        lock(&self.queue).batch.post(Post::CloseAll(farewell));
    }

    /// Whether some member is more than half as far behind as it may be: then whoever sends is to slow down.
    pub(crate) fn is_someone_far_behind(&self) -> bool {
        self.lag.far_behind.load(Ordering::Relaxed) > 0
    }

    /// Whether there is memory that a quiet room does not need.
    pub(crate) fn holds_memory(&self) -> bool {
        self.holds_memory.load(Ordering::Relaxed)
    }

    /// Gives that memory back if the room is quiet: nobody writes, and nothing is queued.
    pub(crate) fn shrink(&self) {
        let Some(mut writer) = try_lock(&self.writer) else {
            return;
        };
        let mut queue = lock(&self.queue);
        if queue.batch.is_empty() {
            queue.batch.shrink();
            writer.shrink();
            self.holds_memory.store(false, Ordering::Relaxed);
        }
    }

    /// Sees to it that everything posted is written: by this thread, or by the one that waits for the next turn.
    pub(crate) fn flush(&self) {
        {
            let mut queue = lock(&self.queue);
            if queue.batch.is_empty() || mem::replace(&mut queue.awaited, true) {
                return;
            }
        }
        let mut writer = lock(&self.writer);
        // A member that is alone, as with `--echo`, has nobody to wait for.
        if writer.has_company() {
            self.gather();
        }
        self.take_turn(&mut writer);
    }

    /// Who finds the queue full takes a turn. That wakes those who wait one by one, as a mutex does: woken all at once,
    /// they would be in each other's way.
    fn wait_for_space(&self) -> MutexGuard<'_, Queue<W>> {
        loop {
            let queue = lock(&self.queue);
            if queue.batch.len() < self.queue_max {
                return queue;
            }
            drop(queue);
            let mut writer = lock(&self.writer);
            // Whoever had the turn before may have made space.
            if lock(&self.queue).batch.len() >= self.queue_max {
                self.take_turn(&mut writer);
            }
        }
    }

    /// Yields the processor so that every reader that is ready can post first; again, while that brings something.
    fn gather(&self) {
        // The tests of a room mostly are one thread, and on a busy machine each yield costs them all others' time slices.
        if cfg!(all(test, not(chinwag_model))) {
            return;
        }
        let mut gathered = 0;
        for _ in 0..YIELDS_MAX {
            thread::yield_now();
            let len = lock(&self.queue).batch.len();
            if len == gathered {
                return;
            }
            gathered = len;
        }
    }

    /// Takes what is queued, and writes it. Whoever waits for the next turn finds what has been queued since, or nothing.
    fn take_turn(&self, writer: &mut Writer<W>) {
        {
            let mut queue = lock(&self.queue);
            mem::swap(&mut queue.batch, writer.emptied());
            #[cfg(all(test, chinwag_model))]
            let mut queue =
                model::broken::reopen(model::broken::Rule::ArriveWithTheBatch, &self.queue, queue);
            queue.awaited = false;
        }
        writer.write();
        if writer.is_oversized() {
            self.holds_memory.store(true, Ordering::Relaxed);
        }
    }
}

impl<W> Drop for Room<W> {
    fn drop(&mut self) {
        self.metrics.room_vanished();
    }
}
