//! §5.4: a message in the buffer, while its fragments arrive.
//!
//! ```text
//!   +--------+-----+--------+----+----------+-----------+
//!   | header | Hel | header | ?? | header   | lo        |    a fragment, a Ping, a fragment
//!   +--------+-----+--------+----+----------+-----------+
//!   +------------+-----+--------------------+-----------+
//!   | headroom   | Hel | freed              | lo        |    the second header makes room for the outgoing one
//!   +------------+-----+--------------------+-----------+
//!   +------------+-----------+--------------------------+
//!   | headroom   | Hello     | freed                    |    what arrives is moved to the message's end
//!   +------------+-----------+--------------------------+
//! ```
//!
//! As a whole a message is moved twice at most: to the front of the buffer, and for its headroom. The payload of a
//! fragment is moved once, as it arrives. So the work is linear, however small the fragments are.

use super::bytes::{move_down, move_up};
use super::error::ProtocolError;
use super::frame::{FrameHeader, Opcode, apply_mask};
use super::utf8::Utf8Validator;

/// Where in the buffer a payload and its headroom are, by three places of the [receiver](super::receiver)'s picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) payload: usize,
    pub(super) end: usize,
}

/// A message whose first header has arrived, as far as it has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unfinished {
    pub(super) span: Span,
    /// How many frames of it have begun.
    pub(super) fragments: u32,
    /// What a text needs. A binary message has none.
    pub(super) utf8: Option<Utf8Validator>,
}

impl Unfinished {
    /// Returns the opcode of its first frame.
    pub(super) const fn opcode(&self) -> Opcode {
        if self.utf8.is_some() { Opcode::Text } else { Opcode::Binary }
    }

    /// Returns the length in bytes of what has arrived.
    pub(super) const fn len(&self) -> usize {
        self.span.end.saturating_sub(self.span.payload)
    }

    /// Returns how many bytes the last character of a text still needs (§8.1). Where fewer are to come, the text can
    /// never be whole.
    pub(super) fn missing(&self) -> usize {
        self.utf8.as_ref().map_or(0, Utf8Validator::missing)
    }

    /// Moves `buffer[from..to]`, unmasked payload, to the message's end, and validates it if it is text.
    pub(super) fn append(&mut self, buffer: &mut [u8], from: usize, to: usize) -> Result<(), ProtocolError> {
        let piece_start = self.span.end;
        self.span.end = piece_start.saturating_add(to.saturating_sub(from));
        move_down(buffer, from, to, piece_start);
        match &mut self.utf8 {
            Some(utf8) => utf8.feed(buffer.get(piece_start..self.span.end).unwrap_or_default()),
            None => Ok(()),
        }
    }
}

impl Span {
    /// Makes the headroom long enough for any message, of one that a client sends.
    ///
    /// A whole message may need ten bytes, and the header of its first fragment may have left six or eight. The header
    /// of the second, six bytes at least, has just been freed: so the message moves up by what is missing.
    pub(super) fn widen_headroom(&mut self, buffer: &mut [u8]) {
        let headroom = self.payload.saturating_sub(self.start);
        let missing = FrameHeader::MAX_UNMASKED_LEN.saturating_sub(headroom);
        move_up(buffer, self.payload, self.end, missing);
        self.payload = self.payload.saturating_add(missing);
        self.end = self.end.saturating_add(missing);
    }

    /// Moves all of it down to the front of `buffer`, and returns where it ends then.
    pub(super) fn move_down(&mut self, buffer: &mut [u8]) -> usize {
        move_down(buffer, self.start, self.end, 0);
        self.payload = self.payload.saturating_sub(self.start);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        self.end
    }
}

/// A frame whose header has arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) fin: bool,
    /// Rotated as payload is unmasked: its first byte belongs to the next byte that arrives.
    pub(super) masking_key: [u8; 4],
    /// How many bytes of payload have not arrived.
    pub(super) remaining: usize,
}

impl Frame {
    /// Unmasks what has arrived next of its payload.
    #[inline]
    pub(super) fn unmask(&mut self, piece: &mut [u8]) {
        apply_mask(piece, self.masking_key);
        self.masking_key.rotate_left(piece.len() % 4);
        self.remaining = self.remaining.saturating_sub(piece.len());
    }
}
