//! What a member is still to be sent: parts of the room's transcript, and what is for it alone.
//!
//! The writer adds the member's share of a batch and sends what the socket takes at once. What is left belongs to a slow
//! consumer: a thread of the outbox's own sends it with ordinary writes that wait, and meanwhile nobody else writes. Once
//! the member has caught up, the writer sends directly again. The thread stays a moment longer, for members that fall
//! behind again and again, and ends. Where none can be started, the writer goes on sending what is taken at once.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::transcript::{Held, Transcript};
use super::{Farewell, Wire};
use crate::server::memory::{Charge, Laggard, Memory, Purpose};
use crate::server::metrics::Dropped;
use crate::server::sync::atomic::{AtomicUsize, Ordering};
use crate::server::sync::{Condvar, Mutex, MutexGuard, STACK_SIZE, lock, thread, wait_timeout};

/// How long an outbox's thread stays when there is nothing left.
const STAY: Duration = Duration::from_secs(1);

/// The most that is sent at once as it lies, and put together of small parts, in bytes: by the writer, and by an outbox's
/// thread, whose lag is to follow closely what has been taken.
const AT_ONCE: (usize, usize) = (usize::MAX, 64 * 1024);
const SLOWLY: (usize, usize) = (16 * 1024, 4 * 1024);

/// The size in bytes from which on a part is sent as it lies.
const LARGE: usize = 16 * 1024;

/// Up to how many bytes for one member alone are kept as one part.
const PART_MAX: usize = 4 * 1024;

/// What a part counts as beside its bytes: what it takes to remember it.
pub(super) const PART_LEN: usize = 64;

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
    /// How many bytes it is behind, for whoever has to choose among all who are.
    lag: AtomicUsize,
}

struct State {
    parts: VecDeque<Part>,
    /// What the parts take of memory, in bytes, without what lies in the transcript.
    own: usize,
    /// From where on it holds the transcript: the first of the `parts` that lies there.
    held: Option<u64>,
    /// Where the transcript ended when the writer was here last.
    transcript_end: u64,
    /// Its number among all laggards, once it has been one.
    number: Option<u64>,
    /// Whether this counts among the `far_behind`.
    is_far: bool,
    /// Whether the stream ends after this.
    ends: bool,
    has_thread: bool,
    /// Whether the stream has ended, or the connection has been cut.
    is_over: bool,
    charge: Charge,
}

/// None is empty.
pub(super) enum Part {
    Shared(Range<u64>),
    Own(Held),
}

impl<W: Wire> Outbox<W> {
    /// One that may be `allowance` bytes further behind than others.
    pub(super) fn new(wire: Arc<W>, allowance: usize, common: &Arc<Common>) -> Arc<Self> {
        let state = State {
            parts: VecDeque::new(),
            own: 0,
            held: None,
            transcript_end: 0,
            number: None,
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
            lag: AtomicUsize::new(0),
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
        let (was_behind, before) = (state.is_behind(), state.parts.len());
        share.for_each(|part| state.add(part));
        if let Some(farewell) = farewell {
            if was_behind && !farewell.waits {
                return self.cut(state, None);
            }
            let frame = Arc::new(farewell.frame().as_bytes().to_vec());
            state.add(Part::Own((Arc::clone(&frame), 0..frame.len())));
            state.ends = true;
        }
        let added = state.parts.len() - before;
        state.transcript_end = transcript_end;
        // While a thread has something to send, nobody else does.
        if !(was_behind && state.has_thread) && self.send_now(&mut state, scratch).is_err() {
            return self.cut(state, None);
        }
        if !state.is_behind() {
            return true;
        }
        if farewell.is_some_and(|farewell| !farewell.waits) {
            return self.cut(state, None);
        }
        state.keep(added);
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
        (state.parts, state.own) = (VecDeque::new(), 0);
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
        lock(&self.state).parts.shrink_to_fit();
    }

    fn send_now(&self, state: &mut State, scratch: &mut Arc<Vec<u8>>) -> io::Result<()> {
        while let Some((bytes, range)) = self.next(state, scratch, AT_ONCE) {
            let len = range.len();
            let sent = self.wire.send_now(&bytes[range])?;
            state.take(sent);
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

    /// What is to be sent next: a large part as it lies, smaller ones put together.
    fn next(&self, state: &State, scratch: &mut Arc<Vec<u8>>, most: (usize, usize)) -> Option<Held> {
        let first = state.parts.front()?;
        let transcript = lock(&self.common.transcript);
        let (lying, max) = most;
        if state.parts.len() == 1 || first.len() >= LARGE {
            return Some(first.bytes(&transcript, 0, lying));
        }
        let together = Arc::make_mut(scratch);
        together.clear();
        for part in &state.parts {
            let mut from = 0;
            while from < part.len() && together.len() < max {
                let (bytes, range) = part.bytes(&transcript, from, max - together.len());
                from += range.len();
                together.extend_from_slice(&bytes[range]);
            }
        }
        Some((Arc::clone(scratch), 0..scratch.len()))
    }

    /// Sees to it that a thread sends what is left, and that this is known as a laggard's.
    fn see_to_a_thread(self: &Arc<Self>, state: &mut State) {
        let laggard: Weak<Self> = Arc::downgrade(self);
        state.number.get_or_insert_with(|| self.common.memory.list(laggard));
        if !state.has_thread {
            let slow = Arc::clone(self);
            let thread = thread::Builder::new().stack_size(STACK_SIZE).spawn(move || slow.drain());
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
                    state.take(sent);
                    self.note_lag(&mut state);
                }
                Err(_) => return self.give_up(),
            }
        }
    }

    /// What is to be sent next; `None` when the thread is to end.
    fn wait_for_some(&self, scratch: &mut Arc<Vec<u8>>) -> Option<Held> {
        let mut state = lock(&self.state);
        loop {
            self.end_if_empty(&mut state);
            if state.is_over {
                return None;
            }
            if let Some(next) = self.next(&state, scratch, SLOWLY) {
                return Some(next);
            }
            let timeout;
            (state, timeout) = wait_timeout(&self.more, state, STAY);
            if timeout && !state.is_behind() && !state.ends {
                state.parts = VecDeque::new();
                state.has_thread = false;
                return None;
            }
        }
    }

    /// Holds the transcript from where on it is needed, and tells whether this is far behind.
    fn note_lag(&self, state: &mut State) {
        let held = state.parts.iter().find_map(Part::place);
        if held != state.held {
            let mut transcript = lock(&self.common.transcript);
            held.iter().for_each(|place| transcript.hold(*place));
            state.held.iter().for_each(|place| transcript.let_go(*place));
            state.held = held;
        }
        let scratch = if state.has_thread { SLOWLY.1 } else { 0 };
        state.charge.settle(state.own + scratch);
        let lag = state.lag();
        self.lag.store(lag, Ordering::Relaxed);
        // A member that is leaving slows nobody down.
        let is_far = lag > self.max / 2 && !state.ends;
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
        self.lag.load(Ordering::Relaxed)
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
        !self.parts.is_empty()
    }

    fn add(&mut self, part: Part) {
        match (self.parts.back_mut(), part) {
            (_, part) if part.len() == 0 => {}
            (Some(Part::Shared(last)), Part::Shared(range)) if last.end == range.start => {
                last.end = range.end
            }
            (_, part) => {
                self.own += PART_LEN + part.own_len();
                self.parts.push_back(part);
            }
        }
    }

    /// Copies what is for this member alone out of the batch, of the last so many parts, and puts it together.
    fn keep(&mut self, added: usize) {
        let first = self.parts.len().saturating_sub(added);
        let added: Vec<_> = self.parts.drain(first..).collect();
        for part in added {
            self.own -= PART_LEN + part.own_len();
            match part {
                Part::Own((bytes, range)) => self.keep_own(&bytes[range]),
                shared => self.add(shared),
            }
        }
    }

    fn keep_own(&mut self, bytes: &[u8]) {
        if let Some(Part::Own((last, range))) = self.parts.back_mut() {
            let fits = range.end == last.len() && last.len() + bytes.len() <= PART_MAX;
            if let Some(last) = Arc::get_mut(last).filter(|_| fits) {
                last.extend_from_slice(bytes);
                range.end = last.len();
                self.own += bytes.len();
                return;
            }
        }
        self.add(Part::Own((Arc::new(bytes.to_vec()), 0..bytes.len())));
    }

    /// Notes that so many bytes have been taken, unless all has been given up meanwhile.
    fn take(&mut self, mut count: usize) {
        while let Some(first) = self.parts.front_mut().filter(|_| count > 0) {
            let taken = count.min(first.len());
            count -= taken;
            self.own -= taken.min(first.own_len());
            first.take(taken);
            if first.len() == 0 {
                self.own -= PART_LEN;
                self.parts.pop_front();
            }
        }
    }

    /// How many bytes the member is behind: in the room's transcript from the first that it has not taken, its own frames
    /// there included, and of what is for it alone.
    fn lag(&self) -> usize {
        let shared = self.held.map_or(0, |held| self.transcript_end - held);
        self.own.saturating_add(usize::try_from(shared).unwrap_or(usize::MAX))
    }
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Part::Shared(range) => (range.end - range.start) as usize,
            Part::Own((_, range)) => range.len(),
        }
    }

    fn own_len(&self) -> usize {
        match self {
            Part::Shared(_) => 0,
            Part::Own((_, range)) => range.len(),
        }
    }

    /// Where it lies in the transcript, if it does.
    fn place(&self) -> Option<u64> {
        match self {
            Part::Shared(range) => Some(range.start),
            Part::Own(_) => None,
        }
    }

    /// Bytes of it, from the `from`th on, as far as they lie together and at most `max`.
    fn bytes(&self, transcript: &Transcript, from: usize, max: usize) -> Held {
        match self {
            Part::Shared(range) => transcript.read(&(range.start + from as u64..range.end), max),
            Part::Own((bytes, range)) => {
                let start = range.start + from;
                (Arc::clone(bytes), start..range.end.min(start.saturating_add(max)))
            }
        }
    }

    fn take(&mut self, count: usize) {
        match self {
            Part::Shared(range) => range.start += count as u64,
            Part::Own((_, range)) => range.start += count,
        }
    }
}
