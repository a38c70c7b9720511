//! What a member has not taken yet.
//!
//! What its socket does not take at once is put here, and so is all that follows. A thread of the backlog's own empties
//! it with ordinary writes that wait; nobody else does. Once the member has caught up, the writer writes to it directly
//! again. The thread stays a moment longer, for members that fall behind again and again, and ends.
//!
//! Where no thread can be started, the writer itself sends what is taken at once, whenever there is something to add.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::Wire;
use crate::server::sync::atomic::{AtomicUsize, Ordering};
use crate::server::sync::{Condvar, Mutex, STACK_SIZE, lock, thread, wait_timeout};

/// How long a backlog's thread stays when there is nothing left.
const STAY: Duration = Duration::from_secs(1);

/// The most that is sent at once, in bytes.
const SEND_MAX: usize = 16 * 1024;

/// The size of a piece, in bytes: large enough for [`crate::sys::share_one_heap`] to keep it out of the heap, and with
/// what an allocator adds no more than nine pages.
const PIECE: usize = 36 * 1024 - 32;

/// How far members may fall behind, and how many of them are more than half that far.
pub(super) struct Lag {
    /// In bytes.
    pub(super) max: usize,
    pub(super) far_behind: AtomicUsize,
}

/// What a member has not taken yet, and the thread that waits for it.
pub(super) struct Backlog<W> {
    wire: Arc<W>,
    state: Mutex<State>,
    more: Condvar,
    max: usize,
    lag: Arc<Lag>,
}

#[derive(Default)]
struct State {
    /// Not yet in the thread's hands; none is empty.
    pieces: VecDeque<Vec<u8>>,
    /// Empty ones, to be filled again.
    spare: Vec<Vec<u8>>,
    /// How many bytes have not yet been taken by the kernel: `pieces`, and what is left of the one in the thread's hands.
    pending: usize,
    /// Whether this counts among the `far_behind`.
    is_far: bool,
    /// Whether the stream ends after these bytes.
    ends: bool,
    has_thread: bool,
    /// Whether the stream has ended, or the connection has been cut.
    over: bool,
}

impl<W: Wire> Backlog<W> {
    /// A backlog of at most `max` bytes.
    pub(super) fn new(wire: Arc<W>, max: usize, lag: Arc<Lag>) -> Arc<Self> {
        Arc::new(Backlog { wire, state: Mutex::default(), more: Condvar::new(), max, lag })
    }

    /// Whether something has not been taken yet.
    pub(super) fn is_behind(&self) -> bool {
        lock(&self.state).pending > 0
    }

    /// Adds bytes; `false` where the member would be too far behind. What is behind the end of a connection is for nobody.
    pub(super) fn push(self: &Arc<Self>, bytes: &[u8]) -> bool {
        let mut state = lock(&self.state);
        if state.over {
            return true;
        }
        self.see_to_a_thread(&mut state);
        if state.pending + bytes.len() > self.max {
            return false;
        }
        state.append(bytes);
        self.set_pending(&mut state, |pending| pending + bytes.len());
        self.more.notify_one();
        true
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
            while let Some(piece) = state.pieces.front_mut() {
                let sent = self.wire.send_now(piece).unwrap_or(0);
                piece.drain(..sent);
                let is_over = piece.is_empty();
                self.set_pending(state, |pending| pending - sent);
                if !is_over {
                    break;
                }
                state.pieces.pop_front();
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
        #[cfg(all(test, chinwag_model))]
        super::model::broken::end_too_early(&*self.wire);
        // A member that is leaving slows nobody down: it no longer counts as far behind.
        self.set_pending(&mut state, |pending| pending);
        if state.pending == 0 {
            state.over = true;
            self.wire.end_writing();
        }
        self.more.notify_one();
    }

    /// Gives up what has not been taken: the connection has been cut.
    pub(super) fn abandon(&self) {
        let mut state = lock(&self.state);
        state.over = true;
        self.set_pending(&mut state, |_| 0);
        self.more.notify_one();
    }

    fn drain(&self) {
        let mut sent = None;
        while let Some(piece) = self.next_piece(sent) {
            if self.send(&piece).is_err() {
                // Its reader sees that the connection has ended, and leaves.
                self.wire.cut();
                self.abandon();
                return;
            }
            sent = Some(piece);
        }
    }

    /// Gives back the piece that has been sent, and waits for the next; `None` when the thread is to end.
    fn next_piece(&self, sent: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let mut state = lock(&self.state);
        state.spare.extend(sent.map(|mut piece| {
            piece.clear();
            piece
        }));
        loop {
            if state.over {
                return None;
            }
            if let Some(piece) = state.pieces.pop_front() {
                return Some(piece);
            }
            if state.ends {
                state.over = true;
                self.wire.end_writing();
                return None;
            }
            let timeout;
            (state, timeout) = wait_timeout(&self.more, state, STAY);
            if timeout && state.pieces.is_empty() && !state.ends {
                state.spare = Vec::new();
                state.has_thread = false;
                return None;
            }
        }
    }

    fn send(&self, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() {
            // Not too much at once, so that `pending` follows closely what has been taken.
            let sent = self.wire.send_some(&bytes[..bytes.len().min(SEND_MAX)])?;
            bytes = &bytes[sent..];
            let mut state = lock(&self.state);
            if state.over {
                return Ok(());
            }
            self.set_pending(&mut state, |pending| pending - sent);
        }
        Ok(())
    }

    fn set_pending(&self, state: &mut State, change: impl FnOnce(usize) -> usize) {
        state.pending = change(state.pending);
        let is_far = state.pending > self.max / 2 && !state.ends;
        match (state.is_far, is_far) {
            (false, true) => _ = self.lag.far_behind.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = self.lag.far_behind.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
        state.is_far = is_far;
    }
}

impl State {
    /// In pieces, so that what is held is what is pending, and is not copied as it grows.
    fn append(&mut self, mut bytes: &[u8]) {
        if let Some(last) = self.pieces.back_mut() {
            let fitting = bytes.len().min(PIECE - last.len());
            last.extend_from_slice(&bytes[..fitting]);
            bytes = &bytes[fitting..];
        }
        for more in bytes.chunks(PIECE) {
            let mut piece = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(PIECE));
            piece.extend_from_slice(more);
            self.pieces.push_back(piece);
        }
    }
}
