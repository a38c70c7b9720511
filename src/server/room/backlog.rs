//! What a member has not taken yet, a slow consumer's: which parts of the room's transcript, and what is for it alone.
//!
//! What its socket does not take at once is noted here, and so is all that follows. A thread of the backlog's own
//! empties it with ordinary writes that wait; nobody else does. Once the member has caught up, the writer writes to it
//! directly again. The thread stays a moment longer, for members that fall behind again and again, and ends.
//!
//! Where no thread can be started, the writer itself sends what is taken at once, whenever there is something to add.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Wire;
use super::transcript::{Held, Transcript};
use crate::server::memory::{Charge, Laggard, Memory, Purpose};
use crate::server::metrics::Dropped;
use crate::server::sync::atomic::{AtomicUsize, Ordering};
use crate::server::sync::{Condvar, Mutex, MutexGuard, STACK_SIZE, lock, thread, wait_timeout};

/// How long a backlog's thread stays when there is nothing left.
const STAY: Duration = Duration::from_secs(1);

/// The most that is sent at once, in bytes.
const SEND_MAX: usize = 16 * 1024;

/// Up to how many bytes for one member alone are put together.
const PIECE: usize = 4 * 1024;

/// What a part counts as beside its bytes: what it takes to remember it.
pub(super) const PART_LEN: usize = 64;

/// How far members may fall behind, and how many of them are more than half that far.
pub(super) struct Lag {
    /// In bytes.
    pub(super) max: usize,
    pub(super) far_behind: AtomicUsize,
}

/// What a member has not taken yet, and the thread that waits for it.
pub(super) struct Backlog<W> {
    wire: Arc<W>,
    transcript: Arc<Mutex<Transcript>>,
    state: Mutex<State>,
    more: Condvar,
    max: usize,
    lag: Arc<Lag>,
    memory: Arc<Memory>,
    /// Its number among all who are behind, and how far it is, for whoever has to choose among them.
    number: u64,
    lag_now: Arc<AtomicUsize>,
}

struct State {
    parts: VecDeque<Part>,
    /// How many bytes of `parts` are for this member alone.
    own: usize,
    /// From where on it holds the transcript: the first of the `parts` that lies there.
    held: Option<u64>,
    /// Where the room's transcript ended when the writer was here last.
    transcript_end: u64,
    /// Whether this counts among the `far_behind`.
    is_far: bool,
    /// Whether the stream ends after this.
    ends: bool,
    has_thread: bool,
    /// Whether the stream has ended, or the connection has been cut.
    over: bool,
    charge: Charge,
}

/// None is empty.
enum Part {
    Shared(Range<u64>),
    /// Bytes for this member alone, from an index on.
    Own(Arc<Vec<u8>>, usize),
}

impl<W: Wire> Backlog<W> {
    /// A backlog of at most `max` bytes.
    pub(super) fn new(
        wire: Arc<W>,
        transcript: Arc<Mutex<Transcript>>,
        max: usize,
        lag: Arc<Lag>,
        memory: &Arc<Memory>,
    ) -> Arc<Self> {
        let backlog = Arc::new(Backlog {
            wire,
            transcript,
            state: Mutex::new(State::new(Charge::new(memory, Purpose::Write))),
            more: Condvar::new(),
            max,
            lag,
            memory: Arc::clone(memory),
            number: memory.number_laggard(),
            lag_now: Arc::new(AtomicUsize::new(0)),
        });
        let laggard: Weak<Self> = Arc::downgrade(&backlog);
        memory.list(backlog.number, Arc::clone(&backlog.lag_now), laggard);
        backlog
    }

    /// Whether something has not been taken yet.
    pub(super) fn is_behind(&self) -> bool {
        !lock(&self.state).parts.is_empty()
    }

    /// Begins to add what a batch has for the member; `transcript_end` is where that batch ends.
    pub(super) fn add(self: &Arc<Self>, transcript_end: u64) -> Addition<'_, W> {
        let mut state = lock(&self.state);
        state.transcript_end = transcript_end;
        if !state.over {
            self.see_to_a_thread(&mut state);
        }
        Addition { backlog: self, state }
    }

    /// Starts a thread if there is none. Where that fails, sends what is taken at once.
    fn see_to_a_thread(self: &Arc<Self>, state: &mut State) {
        if state.has_thread {
            return;
        }
        let drained = Arc::clone(self);
        let thread = thread::Builder::new().stack_size(STACK_SIZE).spawn(move || drained.drain());
        state.has_thread = thread.is_ok();
        if !state.has_thread {
            // An error need not be handled here: the member's reader sees that the connection has ended.
            while let Some((bytes, range)) = self.first(state) {
                let len = range.len();
                let sent = self.wire.send_now(&bytes[range]).unwrap_or(0);
                self.take(state, sent);
                if sent < len {
                    return;
                }
            }
        }
    }

    /// Ends the stream once everything has been taken.
    pub(super) fn end_after(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        if state.over {
            return;
        }
        self.see_to_a_thread(&mut state);
        state.ends = true;
        // A member that is leaving slows nobody down: it no longer counts as far behind.
        self.note_lag(&mut state);
        if state.parts.is_empty() {
            state.over = true;
            self.wire.end_writing();
        }
        self.more.notify_one();
    }

    /// Gives up what has not been taken: the connection has been cut.
    pub(super) fn abandon(&self) {
        let mut state = lock(&self.state);
        state.over = true;
        state.parts.clear();
        state.own = 0;
        self.note_lag(&mut state);
        self.more.notify_one();
    }

    fn drain(&self) {
        while let Some((bytes, range)) = self.wait_for_some() {
            match self.wire.send_some(&bytes[range]) {
                Ok(sent) => self.take(&mut lock(&self.state), sent),
                Err(_) => {
                    // Its reader sees that the connection has ended, and leaves.
                    self.wire.cut();
                    return self.abandon();
                }
            }
        }
    }

    /// What is to be sent next; `None` when the thread is to end.
    fn wait_for_some(&self) -> Option<Held> {
        let mut state = lock(&self.state);
        loop {
            if state.over {
                return None;
            }
            if let Some(first) = self.first(&state) {
                return Some(first);
            }
            if state.ends {
                state.over = true;
                self.wire.end_writing();
                return None;
            }
            let timeout;
            (state, timeout) = wait_timeout(&self.more, state, STAY);
            if timeout && state.parts.is_empty() && !state.ends {
                state.parts = VecDeque::new();
                state.has_thread = false;
                return None;
            }
        }
    }

    /// Not too much at once, so that the lag follows closely what has been taken.
    fn first(&self, state: &State) -> Option<Held> {
        state.parts.front().map(|part| match part {
            Part::Shared(range) => lock(&self.transcript).read(range, SEND_MAX),
            Part::Own(bytes, taken) => (Arc::clone(bytes), *taken..bytes.len().min(taken + SEND_MAX)),
        })
    }

    /// Notes that so many bytes of the first part have been taken, unless all of it has been given up meanwhile.
    fn take(&self, state: &mut State, count: usize) {
        let is_empty = match state.parts.front_mut() {
            Some(Part::Shared(range)) => {
                range.start += count as u64;
                range.is_empty()
            }
            Some(Part::Own(bytes, taken)) => {
                *taken += count;
                state.own -= count;
                *taken == bytes.len()
            }
            None => return,
        };
        if is_empty {
            state.parts.pop_front();
        }
        self.note_lag(state);
    }

    /// Holds the transcript from where on it is needed, and tells whether this is far behind.
    fn note_lag(&self, state: &mut State) {
        let held = state.parts.iter().find_map(|part| match part {
            Part::Shared(range) => Some(range.start),
            Part::Own(..) => None,
        });
        if held != state.held {
            let mut transcript = lock(&self.transcript);
            held.iter().for_each(|place| transcript.hold(*place));
            state.held.iter().for_each(|place| transcript.let_go(*place));
            state.held = held;
        }
        state.charge.settle(state.own + state.parts.len() * PART_LEN);
        let lag = state.lag();
        self.lag_now.store(lag, Ordering::Relaxed);
        let is_far = lag > self.max / 2 && !state.ends;
        match (state.is_far, is_far) {
            (false, true) => _ = self.lag.far_behind.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = self.lag.far_behind.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
        state.is_far = is_far;
    }
}

impl<W> Drop for Backlog<W> {
    /// Of one that has never got a thread something may be left.
    fn drop(&mut self) {
        let state = lock(&self.state);
        state.held.iter().for_each(|place| lock(&self.transcript).let_go(*place));
        if state.is_far {
            self.lag.far_behind.fetch_sub(1, Ordering::Relaxed);
        }
        self.memory.strike_out(self.number);
    }
}

impl<W: Wire> Laggard for Backlog<W> {
    fn drop_for_memory(&self) {
        self.wire.cut_for(Dropped::Memory);
        self.abandon();
    }
}

/// What a batch adds to a backlog. What is behind the end of a connection is for nobody.
pub(super) struct Addition<'b, W: Wire> {
    backlog: &'b Backlog<W>,
    state: MutexGuard<'b, State>,
}

impl<W: Wire> Addition<'_, W> {
    /// Adds a part of the room's transcript.
    pub(super) fn shared(&mut self, range: Range<u64>) {
        match self.state.parts.back_mut() {
            _ if range.is_empty() => {}
            Some(Part::Shared(last)) if last.end == range.start => last.end = range.end,
            _ => self.state.parts.push_back(Part::Shared(range)),
        }
    }

    /// Adds bytes for this member alone.
    pub(super) fn own(&mut self, bytes: &[u8]) {
        self.state.own += bytes.len();
        let last = match self.state.parts.back_mut() {
            _ if bytes.is_empty() => return,
            Some(Part::Own(last, _)) if last.len() + bytes.len() <= PIECE => Arc::get_mut(last),
            _ => None,
        };
        match last {
            Some(last) => last.extend_from_slice(bytes),
            None => self.state.parts.push_back(Part::Own(Arc::new(bytes.to_vec()), 0)),
        }
    }

    /// Why the member is to be dropped, if it is: it is too far behind, or what is held for it is more than may be held.
    pub(super) fn end(mut self) -> Option<Dropped> {
        if self.state.over {
            self.state.parts.clear();
            self.state.own = 0;
            return None;
        }
        self.backlog.note_lag(&mut self.state);
        self.backlog.more.notify_one();
        match self.state.lag() {
            lag if lag > self.backlog.max => Some(Dropped::Lag),
            0 => None,
            _ => self.backlog.memory.is_exceeded().then_some(Dropped::Memory),
        }
    }
}

impl State {
    const fn new(charge: Charge) -> State {
        State {
            parts: VecDeque::new(),
            own: 0,
            held: None,
            transcript_end: 0,
            is_far: false,
            ends: false,
            has_thread: false,
            over: false,
            charge,
        }
    }

    /// How many bytes the member is behind: in the room's transcript from the first that it has not taken, its own
    /// frames there included, and of what is for it alone.
    fn lag(&self) -> usize {
        let shared = self.held.map_or(0, |held| self.transcript_end - held);
        self.own + self.parts.len() * PART_LEN + usize::try_from(shared).unwrap_or(usize::MAX)
    }
}
