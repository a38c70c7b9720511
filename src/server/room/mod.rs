//! A room: who is here, what is to be sent to them, and the one place that writes to clients.
//!
//! Written to each member at once, message by message and under a lock, a broadcast (a *fan-out*) would cost a system call
//! per delivery, and everyone would wait for everyone: `examples/textbook.rs` does it so. Here it is done in two steps,
//! each under a lock of its own:
//!
//! ```text
//!   reader --post-->                    +-- swap, when a turn begins --> one send per member,
//!   reader --post--> [ queue: a batch ] |                                of the whole batch
//!   reader --post-->                    +-- the next ones gather here meanwhile
//! ```
//!
//! Nine words are all there is to it:
//!
//! - a **post** is one thing that happens in a room: a frame for everyone or for one, an arrival, a departure ([`batch`]);
//! - the **queue** takes posts, whole batches of them, in the order that is everyone's order;
//! - a **turn** at writing takes the queue's batch and gives each member its share of it ([`writer`]);
//! - the **transcript** is all that everyone may get, end to end, held once ([`transcript`]);
//! - a **member** is somebody in the room, with the wire to its client ([`member`]);
//! - its **share** of a batch is a piece of the transcript, without its own frames, and with what is for it alone;
//! - its **outbox** is what it is still to be sent, as places in the transcript, and, if it is slow, a thread ([`outbox`]);
//! - the **history** is which messages of the transcript are kept for those who come later ([`history`]);
//! - an **announcement** tells the members that have a name of another's arrival or departure ([`presence`]).
//!
//! [`Room::relay`] posts a finished frame. [`Room::flush`] takes a turn: whoever holds the writer's lock is the writer. It
//! yields the processor, so that every reader that is ready can post first, and again while that brings something; swaps
//! the queue for an empty one; gives each member all that is for it in a single system call; and goes back to its own
//! client. Whoever flushes meanwhile waits for the next turn. Only one does: the others leave their frames to that one, and
//! go straight back to reading. The busier the room, the larger the batches and the fewer the system calls per message.
//!
//! Joining, leaving and closing are posted like frames. So everything that happens in a room has one order, the
//! same for all its members: the order of the queue.
//!
//! Rules:
//!
//! 1. Only who holds the writer's lock writes to a member's socket, from its 101 to its Close, or in the writer's place
//!    the thread of the member's outbox (rule 3). So frames never interleave.
//! 2. Whoever posts flushes. Whether someone waits for the next turn is decided under the queue's lock, and is over once
//!    that one has taken the batch, under the same lock. So no frame is ever left behind without a writer.
//! 3. The writer never waits for a client. What a socket does not take at once is left to the member's outbox.
//! 4. After a write that failed, or stopped half way and is not continued, the socket is cut at once: half a frame
//!    on the wire is the end of that stream. Its reader notices, and posts that the member leaves.
//! 5. The queue is bounded: a reader that finds it full takes a turn itself before it posts. While it waits for that it
//!    does not read, and TCP slows its client down (*backpressure*). Joining, leaving and closing never wait.
//! 6. A turn is one batch: nobody writes for ever.
//! 7. Before a closing member's socket is shut for writing, its Close has been written, by whoever was the writer.
//! 8. A panic on the way to one member costs that member its connection. One of the writer's own, a fault of this
//!    program, costs all of them that batch, and never the next one: a poisoned lock stays in use.
//! 9. Locks are taken in this order: writer, queue, outbox, transcript. Nobody who asks [`Memory`] for room holds any.
//! 10. What a room holds is charged to the server's [`Memory`] before it grows.

mod batch;
mod history;
mod member;
#[cfg(all(test, chinwag_model))]
mod model;
mod outbox;
mod pending;
mod place;
mod presence;
#[cfg(test)]
mod received;
#[cfg(all(test, not(chinwag_model)))]
mod tests;
mod transcript;
mod wire;
mod writer;

use std::mem;
use std::sync::Arc;

use super::memory::{Exhausted, Memory, Purpose};
use super::metrics::Metrics;
use super::pace::TICK;
use super::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use super::sync::{Mutex, lock, pause, thread, try_lock};
use batch::{Batch, Post};
use outbox::Common;
pub(crate) use place::Place;
pub(crate) use presence::{alive, is_forged};
use transcript::Transcript;
pub(crate) use wire::{Bounds, Farewell, MemberId, Newcomer, Places, Wire};
use writer::Writer;

/// The most that is queued before those who post are kept waiting, in bytes.
const QUEUE_MAX: usize = 64 * 1024;

/// Whose frames everyone gets: the sender is on another server, or wants its own messages back.
pub(crate) const NOBODY: MemberId = MemberId(u64::MAX);

/// How often a writer yields before it takes a batch, as long as that brings something.
const YIELDS_MAX: u32 = 4;

/// The module's documentation has the picture and the rules.
pub(crate) struct Room<W> {
    queue: Mutex<Queue<W>>,
    /// Whoever holds this lock is the writer. It is taken before the queue's, never while that is held.
    writer: Mutex<Writer<W>>,
    common: Arc<Common>,
    holds_memory: AtomicBool,
    queue_max: usize,
}

struct Queue<W> {
    batch: Batch<W>,
    next_member: u64,
    /// Whether someone waits for the next turn, and will take what is here.
    awaited: bool,
}

impl<W: Wire> Room<W> {
    pub(crate) fn new(bounds: Bounds, metrics: Arc<Metrics>, memory: &Arc<Memory>) -> Self {
        let common = Arc::new(Common {
            transcript: Mutex::new(Transcript::new(memory)),
            memory: Arc::clone(memory),
            max_lag: bounds.max_lag,
            far_behind: AtomicUsize::new(0),
        });
        Room {
            queue: Mutex::new(Queue { batch: Batch::new(memory), next_member: 0, awaited: false }),
            writer: Mutex::new(Writer::new(bounds, Arc::clone(&common), metrics)),
            common,
            holds_memory: AtomicBool::new(false),
            // What is queued and what the writer has taken may all be added to a member's lag before those who send
            // have seen that it is far behind. So both have to be small beside the lag that is allowed.
            queue_max: QUEUE_MAX.min(bounds.max_lag / 16).max(1),
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
    pub(crate) fn relay(&self, from: MemberId, frame: &[u8], tell: impl Fn()) {
        self.wait_to_post(|batch| batch.relay(from, frame).map(|()| tell()));
    }

    /// Makes someone a member who is on another server: it takes part in announcements, and is sent nothing from here.
    pub(crate) fn admit_guest(&self, name: &str) -> MemberId {
        let name = Some(name.to_owned());
        self.join(Newcomer { wire: None, greeting: Vec::new(), name, history: 0, places: None }, |_| ()).0
    }

    /// Posts a frame to one member alone; `is_message` tells whether it counts as a delivery.
    pub(crate) fn answer(&self, to: MemberId, frame: &[u8], is_message: bool) {
        self.wait_to_post(|batch| batch.answer(to, frame, is_message));
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
        self.common.far_behind.load(Ordering::Relaxed) > 0
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

    /// Posts something once there is space for it. Who finds the queue full takes a turn. That wakes those who wait one by
    /// one, as a mutex does: woken all at once, they would be in each other's way. Where the server has no memory for it,
    /// someone who is behind is dropped, or there is a wait: that is the policy of [`Memory`].
    fn wait_to_post(&self, post: impl Fn(&mut Batch<W>) -> Result<(), Exhausted>) {
        loop {
            let mut queue = lock(&self.queue);
            if queue.batch.len() < self.queue_max {
                if post(&mut queue.batch).is_ok() {
                    return;
                }
                drop(queue);
                if !self.common.memory.make_room(Purpose::Post) {
                    self.flush();
                    pause(TICK);
                }
                continue;
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

    /// Takes what is queued, and writes it. Whoever waits for the next turn finds what has been queued since, or
    /// nothing.
    fn take_turn(&self, writer: &mut Writer<W>) {
        {
            let mut queue = lock(&self.queue);
            mem::swap(&mut queue.batch, writer.emptied());
            queue.awaited = false;
        }
        writer.write();
        if writer.is_oversized() {
            self.holds_memory.store(true, Ordering::Relaxed);
        }
    }
}
