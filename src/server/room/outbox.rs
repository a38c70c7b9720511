//! What a member is still to be sent: parts of the room's transcript, and what is for it alone.
//!
//! The writer adds the member's share of a batch and sends what the socket takes at once. What is left belongs to a slow
//! consumer: a thread of the outbox's own sends it with ordinary writes that wait, and meanwhile nobody else writes. Once
//! the member has caught up, the writer sends directly again. The thread stays a moment longer, for members that fall
//! behind again and again, and ends. Where none can be started, the writer goes on sending what is taken at once, with
//! every turn; there is one at the latest when somebody in the room is pinged.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::pending::{Part, Pending};
use super::transcript::{Held, Transcript};
use super::wire::{Farewell, Wire};
use crate::server::memory::{Charge, GRACE, Laggard, Memory, Purpose, STALL};
use crate::server::metrics::Dropped;
use crate::server::sync::atomic::{AtomicUsize, Ordering};
use crate::server::sync::{Condvar, Mutex, MutexGuard, STACK_SIZE, lock, thread, wait_timeout};

/// How long an outbox's thread stays when there is nothing left.
const STAY: Duration = Duration::from_secs(1);

/// The most that is sent at once as it lies, and put together of small parts, in bytes: by the writer, and by an outbox's
/// thread, whose lag is to follow closely what has been taken.
const AT_ONCE: (usize, usize) = (usize::MAX, 64 * 1024);
const SLOWLY: (usize, usize) = (16 * 1024, 4 * 1024);

/// What the outboxes of a room share.
pub(super) struct Common {
    pub(super) transcript: Mutex<Transcript>,
    pub(super) memory: Arc<Memory>,
    /// How many bytes a member may be behind.
    pub(super) max_lag: usize,
    /// How many of them are more than half that far behind.
    pub(super) far_behind: AtomicUsize,
}

/// See the module's documentation.
pub(super) struct Outbox<W> {
    wire: Arc<W>,
    common: Arc<Common>,
    /// How many bytes it may be behind.
    max: usize,
    state: Mutex<State>,
    more: Condvar,
}

struct State {
    pending: Pending,
    /// From where on it holds the transcript.
    held: Option<u64>,
    /// Where the transcript ended when the writer was here last.
    transcript_end: u64,
    /// Its number among all laggards, once it has been one.
    number: Option<u64>,
    behind: Option<Behind>,
    /// Whether this counts among the `far_behind`.
    is_far: bool,
    /// Whether the stream ends after this.
    ends: bool,
    has_thread: bool,
    /// Whether the stream has ended, or the connection has been cut.
    is_over: bool,
    charge: Charge,
}

/// For how long something has been left all the time, and how long ago some was taken.
struct Behind {
    since: Instant,
    took: Instant,
}

impl Behind {
    fn from_now_on() -> Behind {
        Behind { since: Instant::now(), took: Instant::now() }
    }

    fn take(&mut self) {
        self.took = Instant::now();
    }

    fn is_for_too_long(&self) -> bool {
        self.took.elapsed() >= STALL || self.since.elapsed() >= GRACE
    }
}

impl<W: Wire> Outbox<W> {
    /// One that may be `allowance` bytes further behind than others.
    pub(super) fn new(wire: Arc<W>, allowance: usize, common: &Arc<Common>) -> Arc<Self> {
        let state = State {
            pending: Pending::default(),
            held: None,
            transcript_end: 0,
            number: None,
            behind: None,
            is_far: false,
            ends: false,
            has_thread: false,
            is_over: false,
            charge: Charge::new(&common.memory, Purpose::Write),
        };
        Arc::new(Outbox {
            wire,
            common: Arc::clone(common),
            max: common.max_lag.saturating_add(allowance),
            state: Mutex::new(state),
            more: Condvar::new(),
        })
    }

    /// Adds a share, and behind it a Close if it is to have one; sends what is taken at once. `transcript_end` is where
    /// the batch ends. Whether the stream goes on, or comes to its orderly end.
    pub(super) fn deliver(
        self: &Arc<Self>,
        share: impl Iterator<Item = Part>,
        transcript_end: u64,
        farewell: Option<&Farewell>,
        scratch: &mut Arc<Vec<u8>>,
    ) -> bool {
        let mut state = lock(&self.state);
        if state.is_over {
            return false;
        }
        let (was_behind, before) = (state.is_behind(), state.pending.parts());
        share.for_each(|part| state.pending.add(part));
        if let Some(farewell) = farewell {
            if was_behind && !farewell.waits {
                return self.cut(state, None);
            }
            let frame = Arc::new(farewell.frame().as_bytes().to_vec());
            state.pending.add(Part::own(&frame, 0..frame.len()));
            state.ends = true;
        }
        let added = state.pending.parts() - before;
        state.transcript_end = transcript_end;
        // While a thread has something to send, nobody else does.
        if !(was_behind && state.has_thread) && self.send_now(&mut state, scratch).is_err() {
            return self.cut(state, None);
        }
        if !state.is_behind() {
            state.pending.rest();
            self.note_lag(&mut state);
            return true;
        }
        if farewell.is_some_and(|farewell| !farewell.waits) {
            return self.cut(state, None);
        }
        state.pending.keep(added, &self.common.memory);
        self.see_to_a_thread(&mut state);
        self.note_lag(&mut state);
        match state.lag() {
            lag if lag > self.max => self.cut(state, Some(Dropped::Lag)),
            _ if self.common.memory.is_exceeded() => self.cut(state, Some(Dropped::Memory)),
            _ => true,
        }
    }

    /// Ends the connection, and gives up what has not been taken; `false`. Its reader notices, and leaves.
    fn cut(&self, mut state: MutexGuard<'_, State>, reason: Option<Dropped>) -> bool {
        state.is_over = true;
        state.pending = Pending::default();
        self.note_lag(&mut state);
        self.more.notify_one();
        drop(state);
        match reason {
            Some(reason) => self.wire.cut_for(reason),
            None => self.wire.cut(),
        }
        false
    }

    /// The same from outside.
    pub(super) fn give_up(&self) {
        self.cut(lock(&self.state), None);
    }

    /// Gives back memory that is not needed.
    pub(super) fn shrink(&self) {
        let mut state = lock(&self.state);
        state.pending.shrink();
        state.settle();
    }

    fn send_now(&self, state: &mut State, scratch: &mut Arc<Vec<u8>>) -> io::Result<()> {
        while let Some((bytes, range)) = self.next(state, scratch, AT_ONCE) {
            let len = range.len();
            let sent = self.wire.send_now(&bytes[range])?;
            state.pending.take(sent);
            if sent < len {
                return Ok(());
            }
        }
        self.end_if_empty(state);
        Ok(())
    }

    fn end_if_empty(&self, state: &mut State) {
        if state.ends && !state.is_behind() && !state.is_over {
            state.is_over = true;
            self.wire.end_writing();
        }
    }

    fn next(&self, state: &State, scratch: &mut Arc<Vec<u8>>, most: (usize, usize)) -> Option<Held> {
        state.pending.next(&lock(&self.common.transcript), scratch, most)
    }

    /// Sees to it that a thread sends what is left, and that this is known as a laggard's.
    fn see_to_a_thread(self: &Arc<Self>, state: &mut State) {
        let laggard: Weak<Self> = Arc::downgrade(self);
        state.number.get_or_insert_with(|| self.common.memory.list(laggard));
        if !state.has_thread {
            let slow = Arc::clone(self);
            let drain = move || {
                // What goes wrong on the way to one member costs that member its connection, here as in a turn.
                if catch_unwind(AssertUnwindSafe(|| slow.drain())).is_err() {
                    slow.give_up();
                }
            };
            let thread = thread::Builder::new().stack_size(STACK_SIZE).spawn(drain);
            state.has_thread = thread.is_ok();
        }
        self.more.notify_one();
    }

    fn drain(&self) {
        let mut scratch = Arc::default();
        while let Some((bytes, range)) = self.wait_for_some(&mut scratch) {
            match self.wire.send_some(&bytes[range]) {
                Ok(sent) => {
                    let mut state = lock(&self.state);
                    state.pending.take(sent);
                    state.behind.iter_mut().for_each(Behind::take);
                    self.note_lag(&mut state);
                }
                Err(_) => self.give_up(),
            }
        }
    }

    /// What is to be sent next; `None` when the thread is to end.
    fn wait_for_some(&self, scratch: &mut Arc<Vec<u8>>) -> Option<Held> {
        let mut state = lock(&self.state);
        loop {
            self.end_if_empty(&mut state);
            if state.is_over {
                state.end_thread();
                return None;
            }
            if let Some(next) = self.next(&state, scratch, SLOWLY) {
                return Some(next);
            }
            let timeout;
            (state, timeout) = wait_timeout(&self.more, state, STAY);
            if timeout && !state.is_behind() {
                state.pending.shrink();
                state.end_thread();
                return None;
            }
        }
    }

    /// Holds the transcript from where on it is needed, and tells whether this is far behind.
    fn note_lag(&self, state: &mut State) {
        let held = state.pending.place();
        if held != state.held {
            let mut transcript = lock(&self.common.transcript);
            held.iter().for_each(|place| transcript.hold(*place));
            state.held.iter().for_each(|place| transcript.let_go(*place));
            state.held = held;
        }
        state.settle();
        let before = state.behind.take();
        state.behind = state.is_behind().then(|| before.unwrap_or_else(Behind::from_now_on));
        // A member that is leaving slows nobody down.
        let is_far = state.lag() > self.max / 2 && !state.ends;
        let far_behind = &self.common.far_behind;
        match (state.is_far, is_far) {
            (false, true) => _ = far_behind.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = far_behind.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
        state.is_far = is_far;
    }
}

impl<W: Wire> Laggard for Outbox<W> {
    fn lag(&self) -> usize {
        let state = lock(&self.state);
        if state.behind.as_ref().is_some_and(Behind::is_for_too_long) { state.lag() } else { 0 }
    }

    fn drop_for_memory(&self) {
        self.cut(lock(&self.state), Some(Dropped::Memory));
    }
}

impl<W> Drop for Outbox<W> {
    /// Of one that has never got a thread something may be left.
    fn drop(&mut self) {
        let state = lock(&self.state);
        state.held.iter().for_each(|place| lock(&self.common.transcript).let_go(*place));
        state.number.iter().for_each(|number| self.common.memory.strike_out(*number));
        if state.is_far {
            self.common.far_behind.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl State {
    fn is_behind(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Charges for what it takes to remember the parts, and for the scratch of its thread.
    fn settle(&mut self) {
        let scratch = if self.has_thread { SLOWLY.1 } else { 0 };
        self.charge.settle(self.pending.capacity() + scratch);
    }

    fn end_thread(&mut self) {
        self.has_thread = false;
        self.settle();
    }

    /// How many bytes the member is behind: in the room's transcript from the first that it has not taken, its own frames
    /// there included, and of what is for it alone.
    fn lag(&self) -> usize {
        let shared = self.held.map_or(0, |held| self.transcript_end - held);
        self.pending.own().saturating_add(usize::try_from(shared).unwrap_or(usize::MAX))
    }
}
