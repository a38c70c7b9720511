//! One member, as the room's writer sees it.

use std::mem;
use std::sync::Arc;

use super::backlog::{Backlog, Pushed};
use super::{Farewell, MemberId, Wire};
use crate::protocol::close::CloseCode;
use crate::server::sync::atomic::AtomicUsize;

/// The most that is copied together for one send, in bytes; more goes out in pieces.
const SCRATCH_MAX: usize = 64 * 1024;

/// How far members may fall behind, and how many of them are more than half that far.
pub(super) struct Lag {
    /// In bytes.
    pub(super) max: usize,
    pub(super) far_behind: Arc<AtomicUsize>,
}

/// A place in a batch.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    /// How many bytes for everyone are before it.
    pub(super) at: usize,
    /// How many messages for everyone are before it.
    pub(super) messages: usize,
    /// How many exceptions had been noted there.
    pub(super) exceptions: usize,
}

/// Someone in the room.
pub(super) struct Member<W> {
    pub(super) id: MemberId,
    /// The name under which it takes part in announcements; taken away once its departure is announced.
    pub(super) name: Option<String>,
    wire: Arc<W>,
    backlog: Option<Arc<Backlog<W>>>,
    /// How many bytes it was greeted with: it may be as many more behind, because they are no lag of its own.
    greeting_len: usize,
    /// Where in the present batch it joined: the beginning, if it was here before.
    since: Mark,
    /// Where in the present batch its membership ends, and with which Close.
    end: Option<(Mark, Option<Farewell>)>,
    /// Whether nothing more can be sent.
    gone: bool,
}

impl<W: Wire> Member<W> {
    pub(super) fn new(
        id: MemberId,
        wire: Arc<W>,
        name: Option<String>,
        since: Mark,
        greeting_len: usize,
    ) -> Self {
        Member { id, name, wire, backlog: None, greeting_len, since, end: None, gone: false }
    }

    /// Ends its membership at this place, with a Close if it is to have one.
    pub(super) fn end(&mut self, until: Mark, farewell: Option<Farewell>) {
        self.end = Some((until, farewell));
    }

    pub(super) fn is_ending(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }

    /// The name of one who takes part in announcements: named, and here.
    pub(super) fn announced_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| !self.is_ending())
    }

    /// The part of the present batch in which it is a member. In the next batch that part starts at the beginning.
    pub(super) fn take_span(&mut self, batch_end: Mark) -> (Mark, Mark) {
        let until = self.end.map_or(batch_end, |(until, _)| until);
        (mem::take(&mut self.since), until)
    }

    /// Closes or cuts its connection if its membership has ended; returns the code of a Close that it was sent.
    pub(super) fn part(&mut self, lag: &Lag) -> Option<CloseCode> {
        let (_, farewell) = self.end?;
        match farewell {
            Some(farewell) => self.close(&farewell, lag).then_some(farewell.code),
            None => {
                self.cut();
                None
            }
        }
    }

    /// Sends pieces in as few sends as may be: small ones are put together, large ones go out as they are.
    pub(super) fn send_pieces<'b>(
        &mut self,
        pieces: impl Iterator<Item = &'b [u8]>,
        scratch: &mut Vec<u8>,
        lag: &Lag,
    ) {
        scratch.clear();
        for piece in pieces {
            if scratch.len() + piece.len() > SCRATCH_MAX {
                self.send(scratch, lag);
                scratch.clear();
            }
            if piece.len() > SCRATCH_MAX {
                self.send(piece, lag);
            } else {
                scratch.extend_from_slice(piece);
            }
        }
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
    fn close(&mut self, farewell: &Farewell, lag: &Lag) -> bool {
        if !farewell.waits && self.is_behind() {
            self.cut();
        }
        self.send(farewell.frame().as_bytes(), lag);
        if self.gone {
            return false;
        }
        match &self.backlog {
            Some(backlog) => backlog.end_after(),
            None => self.wire.end_writing(),
        }
        self.gone = true;
        true
    }

    /// Ends the connection.
    fn cut(&mut self) {
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
        let backlog =
            Backlog::new(Arc::clone(&self.wire), lag.max + self.greeting_len, Arc::clone(&lag.far_behind));
        self.backlog.insert(backlog).push(bytes)
    }

    fn abandon_backlog(&mut self) {
        if let Some(backlog) = self.backlog.take() {
            backlog.abandon();
        }
    }
}
