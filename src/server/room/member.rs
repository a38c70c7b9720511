//! One member, as the room's writer sees it.

use std::io;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use super::backlog::{Addition, Backlog, Lag, PART_LEN};
use super::transcript::{Transcript, View};
use super::{Farewell, MemberId, Wire};
use crate::protocol::close::CloseCode;
use crate::server::memory::Memory;
use crate::server::sync::Mutex;

/// The most that is copied together for one send, in bytes; more goes out in pieces.
const SCRATCH_MAX: usize = 64 * 1024;

/// For how many pieces a member keeps memory from one batch to the next.
const KEPT_PIECES: usize = 16;

/// What it takes to note one thing about a member's share, in bytes: two pieces.
pub(super) const PIECES_LEN: usize = 2 * size_of::<Piece>();

/// Someone in the room.
pub(super) struct Member<W> {
    pub(super) id: MemberId,
    /// The name under which it takes part in announcements, as long as it does.
    pub(super) name: Option<String>,
    wire: Arc<W>,
    backlog: Option<Arc<Backlog<W>>>,
    /// How many bytes it was greeted with: it may be as many more behind, because they are no lag of its own.
    greeting_len: usize,
    /// What it gets of the batch that is being written, up to `since`; what is behind that, it gets as it stands.
    pieces: Vec<Piece>,
    since: u64,
    /// Where its membership ends, and with which Close.
    end: Option<(u64, Option<Farewell>)>,
    /// Whether nothing more can be sent.
    gone: bool,
}

/// A piece of what one member gets.
enum Piece {
    /// Of the room's transcript.
    Shared(Range<u64>),
    /// Of what the batch has for single members.
    Own(Range<usize>),
}

/// What a batch, or a part of it, has for the members.
pub(super) struct Turn<'t> {
    pub(super) view: &'t View,
    pub(super) own: &'t [u8],
    /// Where it ends.
    pub(super) here: u64,
    pub(super) transcript: &'t Arc<Mutex<Transcript>>,
    pub(super) lag: &'t Arc<Lag>,
    pub(super) memory: &'t Arc<Memory>,
}

impl<W: Wire> Member<W> {
    /// One that joins at this place.
    pub(super) fn new(id: MemberId, wire: Arc<W>, name: Option<String>, since: u64) -> Self {
        let pieces = Vec::new();
        Member { id, name, wire, backlog: None, greeting_len: 0, pieces, since, end: None, gone: false }
    }

    /// Greets it: with what is for it alone, and with what has been said before.
    pub(super) fn greet(&mut self, own: Range<usize>, history: impl Iterator<Item = Range<u64>>) {
        let own_len = own.len();
        self.pieces.push(Piece::Own(own));
        history.for_each(|range| self.push_shared(range));
        let first = self.pieces.iter().find_map(Piece::place).unwrap_or(self.since);
        self.greeting_len = own_len + (self.since - first) as usize + self.pieces.len() * PART_LEN;
    }

    /// A batch begins here, and nothing is noted about what this one gets of it.
    pub(super) fn begin(&mut self, here: u64) {
        self.since = here;
        self.pieces.clear();
        self.pieces.shrink_to(KEPT_PIECES);
        if let Some((until, _)) = &mut self.end {
            *until = here;
        }
    }

    /// It does not get this part of the transcript.
    pub(super) fn leave_out(&mut self, part: Range<u64>) {
        self.up_to(part.start);
        self.since = part.end;
    }

    /// It gets this at this place, and nobody else does.
    pub(super) fn put_in(&mut self, here: u64, own: Range<usize>) {
        self.up_to(here);
        self.pieces.push(Piece::Own(own));
    }

    fn up_to(&mut self, here: u64) {
        self.push_shared(self.since..here);
        self.since = here;
    }

    fn push_shared(&mut self, range: Range<u64>) {
        match self.pieces.last_mut() {
            _ if range.is_empty() => {}
            Some(Piece::Shared(last)) if last.end == range.start => last.end = range.end,
            _ => self.pieces.push(Piece::Shared(range)),
        }
    }

    /// Ends its membership at this place, with a Close if it is to have one; the name under which it took part in
    /// announcements.
    pub(super) fn end(&mut self, until: u64, farewell: Option<Farewell>) -> Option<String> {
        self.end = Some((until, farewell));
        self.name.take()
    }

    pub(super) fn is_ending(&self) -> bool {
        self.end.is_some()
    }

    /// Gives back the memory of its pieces.
    pub(super) fn shrink(&mut self) {
        self.pieces = Vec::new();
    }

    /// Sends it its share, and closes or cuts its connection if its membership has ended; the code of a Close that it
    /// was sent.
    pub(super) fn take_share(&mut self, turn: &Turn<'_>, scratch: &mut Vec<u8>) -> Option<CloseCode> {
        self.send_share(turn, scratch);
        let (_, farewell) = self.end?;
        match farewell {
            Some(farewell) => self.close(&farewell, turn).then_some(farewell.code),
            None => {
                self.cut();
                None
            }
        }
    }

    /// Sends what is taken without waiting; the rest goes to the backlog.
    fn send_share(&mut self, turn: &Turn<'_>, scratch: &mut Vec<u8>) {
        if self.gone {
            return;
        }
        let until = self.end.map_or(turn.here, |(until, _)| until);
        self.up_to(until);
        let mut sent = 0;
        if !self.is_behind() {
            match self.send_now(turn, scratch) {
                Ok(count) if count == self.pieces.iter().map(Piece::len).sum() => return,
                Ok(count) => sent = count,
                Err(_) => return self.cut(),
            }
        }
        let pieces = mem::take(&mut self.pieces);
        self.fall_behind(turn, |backlog| {
            for piece in &pieces {
                let skipped = sent.min(piece.len());
                sent -= skipped;
                match piece {
                    Piece::Shared(range) => backlog.shared(range.start + skipped as u64..range.end),
                    Piece::Own(range) => backlog.own(&turn.own[range.start + skipped..range.end]),
                }
            }
        });
        self.pieces = pieces;
    }

    /// Sends its pieces in as few sends as may be: small ones are put together, large ones go out as they are. Returns
    /// how many bytes were taken.
    fn send_now(&self, turn: &Turn<'_>, scratch: &mut Vec<u8>) -> io::Result<usize> {
        let mut sent = 0;
        // Whether all of it was taken.
        let mut send = |bytes: &[u8]| {
            let count = if bytes.is_empty() { 0 } else { self.wire.send_now(bytes)? };
            sent += count;
            io::Result::Ok(count == bytes.len())
        };
        // One that is alone need not be put together with others.
        let together = if self.pieces.len() > 1 { SCRATCH_MAX } else { 0 };
        scratch.clear();
        for slice in self.pieces.iter().flat_map(|piece| turn.slices(piece)) {
            if scratch.len() + slice.len() > together {
                if !send(scratch)? {
                    return Ok(sent);
                }
                scratch.clear();
            }
            if slice.len() <= together {
                scratch.extend_from_slice(slice);
            } else if !send(slice)? {
                return Ok(sent);
            }
        }
        send(scratch)?;
        Ok(sent)
    }

    /// Adds something to its backlog. One that is too far behind is dropped.
    fn fall_behind(&mut self, turn: &Turn<'_>, add: impl FnOnce(&mut Addition<'_, W>)) {
        let backlog = self.backlog.get_or_insert_with(|| {
            let max = turn.lag.max.saturating_add(self.greeting_len);
            let transcript = Arc::clone(turn.transcript);
            Backlog::new(Arc::clone(&self.wire), transcript, max, Arc::clone(turn.lag), turn.memory)
        });
        let mut addition = backlog.add(turn.here);
        add(&mut addition);
        if let Some(reason) = addition.end() {
            self.wire.cut_for(reason);
            self.cut();
        }
    }

    /// Sends a Close and ends the stream after it; `false` where it could not be sent.
    fn close(&mut self, farewell: &Farewell, turn: &Turn<'_>) -> bool {
        if self.gone || (!farewell.waits && self.is_behind()) {
            self.cut();
            return false;
        }
        let frame = farewell.frame();
        let sent = if self.is_behind() { Ok(0) } else { self.wire.send_now(frame.as_bytes()) };
        match sent {
            Err(_) => self.cut(),
            Ok(sent) if sent == frame.as_bytes().len() => {}
            Ok(sent) => self.fall_behind(turn, |backlog| backlog.own(&frame.as_bytes()[sent..])),
        }
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
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Shared(range) => (range.end - range.start) as usize,
            Piece::Own(range) => range.len(),
        }
    }

    /// Where it lies in the transcript, if it does.
    fn place(&self) -> Option<u64> {
        match self {
            Piece::Shared(range) => Some(range.start),
            Piece::Own(_) => None,
        }
    }
}

impl<'t> Turn<'t> {
    fn slices(&self, piece: &Piece) -> impl Iterator<Item = &'t [u8]> + use<'t> {
        let (own, shared) = match piece {
            Piece::Own(range) => (&self.own[range.clone()], 0..0),
            Piece::Shared(range) => (&self.own[..0], range.clone()),
        };
        [own].into_iter().chain(self.view.slices(shared))
    }
}
