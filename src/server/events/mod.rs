//! A room as an event stream (the HTML standard, *Server-sent events*): for those who have no WebSocket.
//!
//! A room sends frames, to whoever it may be. So an event stream's wire translates them on their way, with the
//! protocol's own client role, and its room does not know:
//!
//! ```text
//!   text               data: and its lines, id:
//!   binary             event: binary, data: and its base64, id:
//!   an announcement    data: and its lines
//!   a Ping             a comment
//!   a Ping that tells  id: of the last message before what follows, as an event of its own that nobody sees;
//!    a place           where messages are missing, event: gap
//!   a Close            nothing: the stream ends
//! ```
//!
//! A frame is translated piece by piece while it passes, so that nothing of it is held but what the socket has not taken.

mod translator;

use std::io;

use super::memory::{Charge, Memory, Purpose};
use super::sync::{Mutex, lock};
use std::sync::Arc;
use translator::Translator;

/// How much is translated before it is sent, in bytes.
const AT_ONCE: usize = 4096;

/// The translating part of an event stream's wire.
pub(super) struct EventWire {
    state: Mutex<State>,
}

struct State {
    translator: Translator,
    /// What has been translated and not been sent.
    events: Vec<u8>,
    /// Whether the last byte of what has been translated has still to be reported as taken.
    owes_a_byte: bool,
    charge: Charge,
}

impl EventWire {
    /// One that sends `head` before anything else.
    pub(super) fn new(head: Vec<u8>, memory: &Arc<Memory>) -> Self {
        let charge = Charge::new(memory, Purpose::Write);
        let state = State { translator: Translator::default(), events: head, owes_a_byte: false, charge };
        EventWire { state: Mutex::new(state) }
    }

    /// Takes as much of `frames` as `send` takes of the events that they are. Returns how many bytes those were.
    ///
    /// The last byte that has been translated counts as taken once all events up to it have been sent. So whoever sends
    /// knows that something is left, and comes back with it.
    pub(super) fn send(
        &self,
        frames: &[u8],
        mut send: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let state = &mut *lock(&self.state);
        let mut taken = 0;
        loop {
            while !state.events.is_empty() {
                let sent = send(&state.events)?;
                state.events.drain(..sent);
                if sent == 0 {
                    state.charge.settle(state.events.capacity());
                    return Ok(taken);
                }
            }
            taken += usize::from(std::mem::take(&mut state.owes_a_byte));
            let Some(left) = frames.get(taken..).filter(|left| !left.is_empty()) else {
                state.events = Vec::new();
                state.charge.settle(0);
                return Ok(taken);
            };
            taken += state.translator.translate(left, &mut state.events, AT_ONCE) - 1;
            state.owes_a_byte = true;
        }
    }
}

#[cfg(test)]
mod tests;
