//! One member, as the room's writer sees it.

use std::mem;
use std::ops::Range;
use std::sync::Arc;

use super::backlog::{Backlog, Lag};
use super::batch::Batch;
use super::{Farewell, MemberId, Wire};
use crate::protocol::close::CloseCode;

/// The most that is copied together for one send, in bytes; more goes out in pieces.
const SCRATCH_MAX: usize = 64 * 1024;

/// For how many exceptions a member keeps memory from one batch to the next.
const KEPT_EXCEPTIONS: usize = 32;

/// Someone in the room.
pub(super) struct Member<W> {
    pub(super) id: MemberId,
    /// The name under which it takes part in announcements, as long as it does.
    pub(super) name: Option<String>,
    wire: Arc<W>,
    backlog: Option<Arc<Backlog<W>>>,
    lag: Arc<Lag>,
    /// How many bytes it was greeted with: it may be as many more behind, because they are no lag of its own.
    greeting_len: usize,
    /// Where in what everyone gets its share begins: where it joined, or where the batch does.
    since: usize,
    /// Where its membership ends, and with which Close.
    end: Option<(usize, Option<Farewell>)>,
    /// In order.
    exceptions: Vec<Exception>,
    /// Whether nothing more can be sent.
    gone: bool,
}

/// Where what one member gets is not what everyone gets: a frame of its own is left out, or one for it alone put in.
pub(super) struct Exception {
    /// What it does not get of the batch's `relays`; empty, at its place, for a frame that is put in.
    pub(super) left_out: Range<usize>,
    /// What it gets there of the batch's `answers`; empty for a frame of its own.
    pub(super) put_in: Range<usize>,
}

impl<W: Wire> Member<W> {
    /// One that joins at this place, and is greeted with this part of the `answers`.
    pub(super) fn new(
        id: MemberId,
        wire: Arc<W>,
        name: Option<String>,
        since: usize,
        greeting: Range<usize>,
        lag: Arc<Lag>,
    ) -> Self {
        let greeting_len = greeting.len();
        let exceptions = vec![Exception { left_out: since..since, put_in: greeting }];
        Member { id, name, wire, backlog: None, lag, greeting_len, since, end: None, exceptions, gone: false }
    }

    /// Its share begins here, and nothing is noted about it.
    pub(super) fn begin(&mut self, here: usize) {
        self.since = here;
        self.exceptions.clear();
        self.exceptions.shrink_to(KEPT_EXCEPTIONS);
        if let Some((until, _)) = &mut self.end {
            *until = here;
        }
    }

    /// Notes what is different for it, behind what has been noted before.
    pub(super) fn except(&mut self, exception: Exception) {
        self.exceptions.push(exception);
    }

    /// Ends its membership at this place, with a Close if it is to have one; the name under which it took part in
    /// announcements.
    pub(super) fn end(&mut self, until: usize, farewell: Option<Farewell>) -> Option<String> {
        self.end = Some((until, farewell));
        self.name.take()
    }

    pub(super) fn is_ending(&self) -> bool {
        self.end.is_some()
    }

    /// Gives back the memory of its exceptions.
    pub(super) fn shrink(&mut self) {
        self.exceptions = Vec::new();
    }

    /// Sends it its share of what is before `here`, and closes or cuts its connection if its membership has ended; the
    /// code of a Close that it was sent.
    pub(super) fn take_share(
        &mut self,
        batch: &Batch<W>,
        here: usize,
        scratch: &mut Vec<u8>,
    ) -> Option<CloseCode> {
        let relays = self.since..self.end.map_or(here, |(until, _)| until);
        if self.exceptions.is_empty() {
            self.send(&batch.relays[relays]);
        } else {
            let exceptions = mem::take(&mut self.exceptions);
            self.send_pieces(pieces(batch, relays, &exceptions), scratch);
            self.exceptions = exceptions;
        }
        let (_, farewell) = self.end?;
        match farewell {
            Some(farewell) => self.close(&farewell).then_some(farewell.code),
            None => {
                self.cut();
                None
            }
        }
    }

    /// Sends pieces in as few sends as may be: small ones are put together, large ones go out as they are.
    fn send_pieces<'b>(&mut self, pieces: impl Iterator<Item = &'b [u8]>, scratch: &mut Vec<u8>) {
        scratch.clear();
        for piece in pieces {
            if scratch.len() + piece.len() > SCRATCH_MAX {
                self.send(scratch);
                scratch.clear();
            }
            if piece.len() > SCRATCH_MAX {
                self.send(piece);
            } else {
                scratch.extend_from_slice(piece);
            }
        }
        self.send(scratch);
    }

    /// Sends `bytes` without waiting; what is not taken at once goes into the backlog.
    fn send(&mut self, mut bytes: &[u8]) {
        if self.gone || bytes.is_empty() {
            return;
        }
        if !self.is_behind() {
            match self.wire.send_now(bytes) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(_) => return self.cut(),
            }
        }
        if !bytes.is_empty() && !self.backlog().push(bytes) {
            self.wire.cut_for_lag();
            self.cut();
        }
    }

    /// Sends a Close and ends the stream after it; `false` where it could not be sent.
    fn close(&mut self, farewell: &Farewell) -> bool {
        if !farewell.waits && self.is_behind() {
            self.cut();
        }
        self.send(farewell.frame().as_bytes());
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

    /// Ends the connection. Its reader notices, and leaves.
    pub(super) fn cut(&mut self) {
        self.wire.cut();
        if let Some(backlog) = self.backlog.take() {
            backlog.abandon();
        }
        self.gone = true;
    }

    fn is_behind(&self) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| backlog.is_behind())
    }

    fn backlog(&mut self) -> &Arc<Backlog<W>> {
        let max = self.lag.max + self.greeting_len;
        self.backlog.get_or_insert_with(|| Backlog::new(Arc::clone(&self.wire), max, Arc::clone(&self.lag)))
    }
}

/// What one member gets: everything but its own frames, with those for it alone in between.
fn pieces<'b, W>(
    batch: &'b Batch<W>,
    relays: Range<usize>,
    exceptions: &'b [Exception],
) -> impl Iterator<Item = &'b [u8]> {
    let last = exceptions.last().map_or(relays.start, |last| last.left_out.end);
    let mut position = relays.start;
    let up_to_last = exceptions.iter().flat_map(move |Exception { left_out, put_in }| {
        let before = &batch.relays[position..left_out.start];
        position = left_out.end;
        [before, &batch.answers[put_in.clone()]]
    });
    up_to_last.chain([&batch.relays[last..relays.end]])
}
