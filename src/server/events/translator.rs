//! Frames in, events out, piece by piece.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::protocol::frame::{FrameHeader, Opcode, Sender};
use crate::server::room::{Place, is_forged};

/// How much of a payload is translated at once, in bytes: seven times as much may come of it, and a multiple of three
/// bytes is base64 without a remainder.
const PIECE: usize = 3 * 256;

/// How much of a payload's beginning is kept, in bytes: enough to know an announcement, and for a place.
const BEGINNING: usize = 64;

/// Translates a stream of whole frames, each sent by a room.
#[derive(Default)]
pub(super) struct Translator {
    /// As much of a frame's header as has come.
    header: Beginning<{ FrameHeader::MAX_UNMASKED_LEN }>,
    frame: Option<Frame>,
    /// The last message before the next.
    place: Place,
}

/// A frame whose payload is passing.
struct Frame {
    opcode: Opcode,
    left: u64,
    beginning: Beginning<BEGINNING>,
    /// Of a text: whether its last byte so far was a CR. An LF behind it ends no other line.
    after_cr: bool,
    /// Of bytes: those that wait for a third.
    carry: Vec<u8>,
}

/// The first bytes of something.
struct Beginning<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Default for Beginning<N> {
    fn default() -> Self {
        Beginning { bytes: [0; N], len: 0 }
    }
}

impl<const N: usize> Beginning<N> {
    fn add(&mut self, bytes: &[u8]) {
        let count = bytes.len().min(N - self.len);
        self.bytes[self.len..self.len + count].copy_from_slice(&bytes[..count]);
        self.len += count;
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Translator {
    /// Translates from the front of `frames` until there is no more, or `enough` bytes have been added to `events`.
    /// Returns how many bytes have been translated: at least one of those that are given.
    pub(super) fn translate(&mut self, frames: &[u8], events: &mut Vec<u8>, enough: usize) -> usize {
        let mut rest = frames;
        while !rest.is_empty() && events.len() < enough {
            rest = match &mut self.frame {
                None => self.take_header(rest, events),
                Some(frame) => {
                    let len = usize::try_from(frame.left).unwrap_or(usize::MAX).min(rest.len()).min(PIECE);
                    let (piece, after) = rest.split_at(len);
                    frame.take(piece, events);
                    after
                }
            };
            if let Some(frame) = self.frame.take_if(|frame| frame.left == 0) {
                self.end(&frame, events);
            }
        }
        frames.len() - rest.len()
    }

    /// Takes a byte of a header. Once that is whole, an event begins.
    fn take_header<'b>(&mut self, bytes: &'b [u8], events: &mut Vec<u8>) -> &'b [u8] {
        let (byte, rest) = bytes.split_at(1);
        self.header.add(byte);
        // A room sends nothing that a client would have to refuse.
        if let Ok(Some((header, _))) = FrameHeader::parse(self.header.as_bytes(), Sender::Server) {
            self.header = Beginning::default();
            let FrameHeader { opcode, payload_len, .. } = header;
            events.extend_from_slice(match opcode {
                Opcode::Text => b"data: ",
                Opcode::Binary => b"event: binary\ndata: ",
                _ => b"",
            });
            let beginning = Beginning::default();
            self.frame =
                Some(Frame { opcode, left: payload_len, beginning, after_cr: false, carry: Vec::new() });
        }
        rest
    }

    /// Ends the event.
    fn end(&mut self, frame: &Frame, events: &mut Vec<u8>) {
        let beginning = frame.beginning.as_bytes();
        match frame.opcode {
            Opcode::Text if is_forged(beginning) => events.extend_from_slice(b"\n\n"),
            Opcode::Text | Opcode::Binary => {
                push_base64(events, &frame.carry);
                self.place.number += 1;
                write(events, format_args!("\nid: {}\n\n", self.place));
            }
            Opcode::Ping if beginning.is_empty() => events.extend_from_slice(b":\n\n"),
            Opcode::Ping => self.begin_at(beginning, events),
            _ => {}
        }
    }

    /// What follows begins behind this place.
    fn begin_at(&mut self, told: &[u8], events: &mut Vec<u8>) {
        let gap = told.strip_prefix(b"gap ");
        if gap.is_some() {
            events.extend_from_slice(b"event: gap\ndata: gap\n");
        }
        self.place = Place::parse(gap.unwrap_or(told)).unwrap_or_default();
        write(events, format_args!("id: {}\n\n", self.place));
    }
}

impl Frame {
    /// Takes a piece of the payload.
    fn take(&mut self, piece: &[u8], events: &mut Vec<u8>) {
        self.left -= piece.len() as u64;
        self.beginning.add(piece);
        match self.opcode {
            Opcode::Text => self.take_text(piece, events),
            Opcode::Binary => {
                self.carry.extend_from_slice(piece);
                let whole = self.carry.len() - self.carry.len() % 3;
                push_base64(events, &self.carry[..whole]);
                self.carry.drain(..whole);
            }
            _ => {}
        }
    }

    /// A line of a text ends with CR, LF or both.
    fn take_text(&mut self, mut piece: &[u8], events: &mut Vec<u8>) {
        if std::mem::take(&mut self.after_cr) && piece.starts_with(b"\n") {
            piece = &piece[1..];
        }
        while let Some(end) = piece.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            events.extend_from_slice(&piece[..end]);
            events.extend_from_slice(b"\ndata: ");
            let after = if piece[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 };
            self.after_cr = piece[end..] == *b"\r";
            piece = &piece[after..];
        }
        events.extend_from_slice(piece);
    }
}

fn push_base64(events: &mut Vec<u8>, bytes: &[u8]) {
    let start = events.len();
    events.resize(start + bytes.len().div_ceil(3) * 4, 0);
    // The room is exactly what is needed.
    let _ = STANDARD.encode_slice(bytes, &mut events[start..]);
}

/// Writing to a vector cannot fail.
fn write(events: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    let _ = events.write_fmt(what);
}
