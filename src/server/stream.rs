//! A client in its room without WebSocket: it listens to events, and is there until it goes.
//!
//! It is a member like any other. Only its wire is another one ([`events`](super::events)), and nothing that it sends
//! behind its request means anything.

use std::time::{Duration, Instant};

use super::chat::End;
use super::connection::{Connection, Reader};
use super::metrics::{Dropped, Metrics};
use super::room::alive;
use super::rooms::Seat;
use super::shared::Shared;
use crate::protocol::control::ControlFrame;
use crate::protocol::frame::Opcode;

/// Stays until the client or the server ends it. Returns why.
///
/// Who is gone is noticed at once where the system tells. Where it does not, it does so once it is to send a comment,
/// and comments come with each ping interval.
// Not on the stack of a client that stays: see `Rooms::enter`.
#[inline(never)]
pub(super) fn stay(
    connection: &Connection,
    reader: &mut Reader,
    seat: &Seat<Connection>,
    shared: &Shared,
    tells_alive: bool,
) -> End {
    shared.metrics.stream_opened();
    let _counted = Counted(&shared.metrics);
    let interval = shared.config.ping_interval;
    let mut next_comment = (interval > Duration::ZERO).then(|| Instant::now() + interval);
    seat.flush();
    let end = loop {
        match reader.read(&mut [0; 512], next_comment) {
            Ok(Some(0)) => break End::Closed(None),
            Err(_) => break End::Gone,
            Ok(_) => {}
        }
        // Also where its client says something all the time. Nothing of that is worth a turn, and this is.
        if next_comment.is_some_and(|next| next <= Instant::now()) {
            if tells_alive {
                seat.answer(&alive(interval), false);
            }
            seat.answer(ControlFrame::new(Opcode::Ping, b"", None).as_bytes(), false);
            seat.flush();
            next_comment = Some(Instant::now() + interval);
        }
    };
    connection.abandon_unsent();
    if let Some(reason) = connection.dropped() {
        return End::Lagged(reason);
    }
    if matches!(end, End::Gone) {
        shared.metrics.dropped(Dropped::Reset);
    }
    end
}

/// Counts a stream off when it ends, by return or by panic.
struct Counted<'m>(&'m Metrics);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.stream_ended();
    }
}
