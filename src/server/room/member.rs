//! One member, as the room's writer sees it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::backlog::{Backlog, Pushed};
use super::{Farewell, MemberId, Wire};

/// The most that is copied together for one send, in bytes; more goes out in pieces.
const SCRATCH_MAX: usize = 64 * 1024;

/// How far members may fall behind, and how many of them are more than half that far.
pub(super) struct Lag {
    /// In bytes.
    pub(super) max: usize,
    pub(super) far_behind: Arc<AtomicUsize>,
}

/// Someone in the room.
pub(super) struct Member<W> {
    pub(super) id: MemberId,
    pub(super) name: Option<String>,
    /// Whether nothing more can be sent, and the membership is to be ended.
    pub(super) gone: bool,
    wire: Arc<W>,
    backlog: Option<Arc<Backlog<W>>>,
}

impl<W: Wire> Member<W> {
    pub(super) fn new(id: MemberId, wire: Arc<W>, name: Option<String>) -> Self {
        Member { id, name, gone: false, wire, backlog: None }
    }

    /// Sends pieces that belong together: a few small ones at once, large ones one by one.
    pub(super) fn send_pieces<'b>(
        &mut self,
        pieces: impl Iterator<Item = &'b [u8]> + Clone,
        scratch: &mut Vec<u8>,
        lag: &Lag,
    ) {
        if pieces.clone().map(<[u8]>::len).sum::<usize>() > SCRATCH_MAX {
            pieces.for_each(|piece| self.send(piece, lag));
            return;
        }
        scratch.clear();
        pieces.for_each(|piece| scratch.extend_from_slice(piece));
        self.send(scratch, lag);
    }

    /// Sends `bytes` without waiting; what is not taken at once goes into the backlog.
    pub(super) fn send(&mut self, mut bytes: &[u8], lag: &Lag) {
        if self.gone || bytes.is_empty() {
            return;
        }
        if !self.is_behind() {
            match self.wire.send_now(bytes) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(_) => return self.cut(),
            }
        }
        if !bytes.is_empty() && self.push(bytes, lag) != Pushed::Taken {
            self.wire.cut_for_lag();
            self.cut();
        }
    }

    /// Sends a Close and ends the stream after it; `false` where it could not be sent.
    pub(super) fn close(&mut self, farewell: &Farewell, lag: &Lag) -> bool {
        if farewell.waits || !self.is_behind() {
            self.send(farewell.frame().as_bytes(), lag);
        }
        match &self.backlog {
            _ if self.gone => return false,
            Some(backlog) if backlog.is_behind() => {
                if !farewell.waits {
                    self.cut();
                    return false;
                }
                backlog.end_after();
            }
            _ => {
                self.wire.end_writing();
                self.abandon_backlog();
            }
        }
        self.gone = true;
        true
    }

    /// Ends the connection.
    pub(super) fn cut(&mut self) {
        self.wire.cut();
        self.abandon_backlog();
        self.gone = true;
    }

    fn is_behind(&self) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| backlog.is_behind())
    }

    fn push(&mut self, bytes: &[u8], lag: &Lag) -> Pushed {
        let pushed = self.backlog.as_ref().map_or(Pushed::Over, |backlog| backlog.push(bytes));
        if pushed != Pushed::Over {
            return pushed;
        }
        self.backlog = Backlog::start(Arc::clone(&self.wire), lag.max, Arc::clone(&lag.far_behind));
        self.backlog.as_ref().map_or(Pushed::Over, |backlog| backlog.push(bytes))
    }

    fn abandon_backlog(&mut self) {
        if let Some(backlog) = self.backlog.take() {
            backlog.abandon();
        }
    }
}
