//! What a room needs of a client, what it knows it by, and the limits of both.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::place::Place;
use crate::protocol::close::CloseCode;
use crate::protocol::control::ControlFrame;
use crate::server::metrics::Dropped;

/// The limits of a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Newest messages kept.
    pub(crate) history: usize,
    /// How many bytes a member may fall behind.
    pub(crate) max_lag: usize,
    /// The longest message, in bytes: newcomers are told.
    pub(crate) max_message: usize,
    /// How long it is remembered with nobody in it.
    pub(crate) linger: Duration,
}

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
    /// The same, because too much of what is to be sent has piled up, for itself or for all.
    fn cut_for(&self, reason: Dropped);
}

/// Which member of its room, in order of arrival; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MemberId(pub(super) u64);

/// Someone about to join.
pub(crate) struct Newcomer<W> {
    /// `None`: one who is on another server, and here takes part in announcements alone.
    pub(crate) wire: Option<Arc<W>>,
    /// What it is sent before anything else: the answer to its handshake.
    pub(crate) greeting: Vec<u8>,
    /// What it wants to be called, if it is to take part in announcements.
    pub(crate) name: Option<String>,
    /// How many of the newest messages it wants to have.
    pub(crate) history: usize,
    /// What it wants to know of places, if anything.
    pub(crate) places: Option<Places>,
}

/// What one who may come back wants to know of places.
pub(crate) struct Places {
    /// Where it left off: it is to have what has been said since, in place of the newest messages.
    pub(crate) since: Option<Place>,
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
    pub(super) fn frame(&self) -> ControlFrame {
        ControlFrame::close(self.code, self.reason, None)
    }
}
