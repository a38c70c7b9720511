//! A client in its room without WebSocket: it listens to events, and is there until it goes.
//!
//! It is a member like any other. Only its wire is another one ([`events`](super::events)), and nothing that it sends
//! behind its request means anything.

use std::time::{Duration, Instant};

use super::chat::End;
use super::connection::{Connection, Reader};
use super::metrics::Metrics;
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
    let _counted = Counted::new(&shared.metrics);
    let interval = shared.config.ping_interval;
    let mut next_comment = (interval > Duration::ZERO).then(|| Instant::now() + interval);
    loop {
        seat.flush();
        match reader.read(&mut [0; 512], next_comment) {
            Ok(Some(0)) => return connection.dropped().map_or(End::Closed(None), End::Lagged),
            Err(_) => return connection.dropped().map_or(End::Gone, End::Lagged),
            Ok(Some(_)) => {}
            Ok(None) => {
                if tells_alive {
                    seat.answer(&alive(interval), false);
                }
                seat.answer(ControlFrame::new(Opcode::Ping, b"", None).as_bytes(), false);
                next_comment = Some(Instant::now() + interval);
            }
        }
    }
}

/// Counts a stream for as long as there is one.
struct Counted<'m>(&'m Metrics);

impl<'m> Counted<'m> {
    fn new(metrics: &'m Metrics) -> Self {
        metrics.stream_opened();
        Counted(metrics)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.stream_ended();
    }
}
