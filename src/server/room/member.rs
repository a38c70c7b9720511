//! One member, as the room's writer sees it.

use std::ops::Range;
use std::sync::Arc;

use super::outbox::{Common, Outbox};
use super::pending::{PART_LEN, Part};
use super::wire::{Farewell, MemberId, Wire};
use crate::protocol::close::CloseCode;

/// For how many pieces a member keeps memory from one batch to the next.
const KEPT_PIECES: usize = 16;

/// What it takes to note one thing about a member's share, in bytes: two pieces.
pub(super) const PIECES_LEN: usize = 2 * size_of::<Piece>();

/// Someone in the room.
pub(super) struct Member<W> {
    pub(super) id: MemberId,
    /// The name under which it takes part in announcements, as long as it does.
    pub(super) name: Option<String>,
    /// `None`: it is on another server.
    outbox: Option<Arc<Outbox<W>>>,
    /// What it gets of the batch that is being written, up to `since`; what is behind that, it gets as it stands.
    pieces: Vec<Piece>,
    since: u64,
    /// Where its membership ends, and with which Close.
    end: Option<(u64, Option<Farewell>)>,
}

/// A piece of what one member gets.
enum Piece {
    /// Of the room's transcript.
    Shared(Range<u64>),
    /// Of what the batch has for single members.
    Own(Range<usize>),
}

impl<W: Wire> Member<W> {
    /// One that joins at this place, and is greeted with what is for it alone and with what has been said before.
    pub(super) fn new(
        id: MemberId,
        wire: Option<Arc<W>>,
        name: Option<String>,
        since: u64,
        greeting: (Range<usize>, impl Iterator<Item = Range<u64>>),
        common: &Arc<Common>,
    ) -> Self {
        let (own, history) = greeting;
        let mut history = history.peekable();
        // What it is greeted with is no lag of its own.
        let span = history.peek().map_or(0, |oldest| since - oldest.start);
        let mut pieces = vec![Piece::Own(own.clone())];
        history.for_each(|range| push_shared(&mut pieces, range));
        let allowance = own.len() + span as usize + pieces.len() * PART_LEN;
        let outbox = wire.map(|wire| Outbox::new(wire, allowance, common));
        Member { id, name, outbox, pieces, since, end: None }
    }

    /// How much memory it takes to remember its share, in bytes.
    pub(super) fn pieces_len(&self) -> usize {
        self.pieces.capacity() * size_of::<Piece>()
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
        if self.since < here {
            self.pieces.push(Piece::Shared(self.since..here));
            self.since = here;
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

    /// Whether it is sent what is said now.
    pub(super) fn receives(&self) -> bool {
        self.outbox.is_some() && !self.is_ending()
    }

    /// Gives back memory that is not needed.
    pub(super) fn shrink(&mut self) {
        self.pieces = Vec::new();
        self.outbox.iter().for_each(|outbox| outbox.shrink());
    }

    /// Sends it its share of a batch that ends `here`, and closes or cuts its connection if its membership has ended. Returns
    /// the code of a Close that it was sent.
    pub(super) fn take_share(
        &mut self,
        own: &Arc<Vec<u8>>,
        here: u64,
        scratch: &mut Arc<Vec<u8>>,
    ) -> Option<CloseCode> {
        let outbox = self.outbox.as_ref()?;
        let (until, farewell) = self.end.unwrap_or((here, None));
        let rest = Part::shared(self.since..until);
        let share = self.pieces.drain(..).map(|piece| match piece {
            Piece::Shared(range) => Part::shared(range),
            Piece::Own(range) => Part::own(own, range),
        });
        let goes_on = outbox.deliver(share.chain([rest]), here, farewell.as_ref(), scratch);
        if self.is_ending() && farewell.is_none() {
            self.cut();
        }
        farewell.filter(|_| goes_on).map(|farewell| farewell.code)
    }

    /// Ends the connection. Its reader notices, and leaves.
    pub(super) fn cut(&mut self) {
        self.outbox.iter().for_each(|outbox| outbox.give_up());
    }
}

/// Adds a piece of the transcript to others; one that goes on where the last one ends becomes one with it.
fn push_shared(pieces: &mut Vec<Piece>, range: Range<u64>) {
    match pieces.last_mut() {
        Some(Piece::Shared(last)) if last.end == range.start => last.end = range.end,
        _ => pieces.push(Piece::Shared(range)),
    }
}
