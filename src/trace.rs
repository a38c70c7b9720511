//! One frame, explained byte for byte (§5.2).
//!
//! ```
//! let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
//! assert_eq!(chinwag::trace::explain(&hello).to_string(), "\
//! frame of 11 bytes
//! 81                       1 000 0001  FIN, no reserved bit, opcode 1: text, a whole message
//! 85                       1 0000101   MASK, length 5 (fits in 7 bits)
//! 37 fa 21 3d                          masking key
//! 7f 9f 4d 51 58           Hello       48 65 6c 6c 6f  payload");
//! ```
//!
//! The command shows every frame like this with `--trace`. Nothing is allocated, so it is there without `std`, too.

mod columns;

use core::fmt;
use core::ops::Range;

use crate::protocol::close::parse_close;
use crate::protocol::error::ProtocolError;
use crate::protocol::frame::{FrameHeader, Opcode, Sender, apply_mask};
use crate::protocol::utf8::Utf8Validator;
use columns::{Ascii, write_row};
pub(crate) use columns::{Count, Hex, Text};

/// The most of a payload that is shown, in bytes: of a control frame all.
pub(crate) const SHOWN_MAX: usize = 128;

/// How many bytes stand in a line.
const LINE: usize = 8;

/// Explains the frame at the front of `bytes`, whoever sent it and whatever is wrong with it.
///
/// The `Display` text has a line for each thing a frame is made of: its bytes, what is in them, what they mean. It ends
/// with what is missing, or with why a receiver refuses the frame.
pub fn explain(bytes: &[u8]) -> Explanation<'_> {
    let explanation = Explanation::read(bytes, 0);
    match explanation.find_error(bytes) {
        Some(error) => explanation.refused(error),
        None => explanation,
    }
}

/// What [`explain`] found; its `Display` text is the explanation.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'b> {
    first: Option<u8>,
    second: Option<u8>,
    /// The longer forms of a length.
    extended_len: &'b [u8],
    payload_len: Option<u64>,
    /// As far as it is there, if there is to be one.
    masking_key: &'b [u8],
    is_header_whole: bool,
    /// As on the wire, as far as it is there.
    payload: &'b [u8],
    /// How much more of it has arrived, in bytes.
    hidden: u64,
    rest: &'b [u8],
    error: Option<ProtocolError>,
}

impl<'b> Explanation<'b> {
    /// Takes a frame apart of which, behind `bytes`, so many more have arrived.
    pub(crate) fn read(bytes: &'b [u8], hidden: u64) -> Self {
        let (first, rest) = split_byte(bytes);
        let (second, rest) = split_byte(rest);
        let short_len = second.map(|byte| byte & 0b0111_1111);
        let extended_size =
            short_len.map_or(0, |len| usize::from(len == 126) * 2 + usize::from(len == 127) * 8);
        let (extended_len, rest) = rest.split_at(extended_size.min(rest.len()));
        let is_len_whole = extended_len.len() == extended_size;
        let payload_len = short_len.filter(|_| is_len_whole).map(|len| match extended_len {
            [] => u64::from(len),
            extended => extended.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        });
        let is_masked = second.is_some_and(|byte| byte & 0b1000_0000 != 0);
        let key_size = if is_masked && is_len_whole { 4 } else { 0 };
        let (masking_key, rest) = rest.split_at(key_size.min(rest.len()));
        let is_header_whole = payload_len.is_some() && masking_key.len() == key_size;
        let to_come = payload_len.filter(|_| is_header_whole).unwrap_or(0);
        let (payload, rest) = rest.split_at(usize::try_from(to_come).unwrap_or(usize::MAX).min(rest.len()));
        Explanation {
            first,
            second,
            extended_len,
            payload_len,
            masking_key,
            is_header_whole,
            payload,
            hidden,
            rest,
            error: None,
        }
    }

    /// The same of a frame that is refused for `error`.
    pub(crate) fn refused(self, error: ProtocolError) -> Self {
        Explanation { error: Some(error), ..self }
    }

    /// How many bytes the whole frame has: known once its header is there.
    pub fn frame_len(&self) -> Option<u64> {
        let header_len = 2 + self.extended_len.len() + self.masking_key.len();
        self.payload_len.filter(|_| self.is_header_whole).map(|len| len.saturating_add(header_len as u64))
    }

    /// Why a receiver refuses the frame, as far as that does not depend on other frames, on limits, or on who sent it.
    pub fn error(&self) -> Option<ProtocolError> {
        self.error
    }

    /// What comes after the frame.
    pub fn rest(&self) -> &'b [u8] {
        self.rest
    }

    /// How many bytes of the payload have not arrived.
    fn missing(&self) -> u64 {
        let arrived = self.hidden.saturating_add(self.payload.len() as u64);
        self.payload_len.unwrap_or(0).saturating_sub(arrived)
    }

    pub(crate) fn opcode(&self) -> Option<Opcode> {
        Opcode::from_bits(self.first? & 0b0000_1111)
    }

    fn is_final(&self) -> bool {
        self.first.is_some_and(|first| first & 0b1000_0000 != 0)
    }

    /// The payload's first bytes, without the mask.
    fn unmask<'p>(&self, place: &'p mut [u8; SHOWN_MAX]) -> &'p [u8] {
        let shown = self.payload.len().min(SHOWN_MAX);
        let (shown, _) = place.split_at_mut(shown);
        shown.copy_from_slice(&self.payload[..shown.len()]);
        apply_mask(shown, self.masking_key.try_into().unwrap_or_default());
        shown
    }

    fn find_error(&self, bytes: &[u8]) -> Option<ProtocolError> {
        let is_masked = self.second.is_some_and(|second| second & 0b1000_0000 != 0);
        let sender = if is_masked { Sender::Client } else { Sender::Server };
        if let Err(error) = FrameHeader::parse(bytes, sender) {
            return Some(error);
        }
        if !self.is_header_whole || self.missing() > 0 {
            return None;
        }
        match self.opcode()? {
            Opcode::Close => parse_close(self.unmask(&mut [0; SHOWN_MAX])).err(),
            Opcode::Text => self.find_utf8_error(),
            _ => None,
        }
    }

    /// The text may go on in another frame, if this is not the last one.
    fn find_utf8_error(&self) -> Option<ProtocolError> {
        let mut text = Utf8Validator::new();
        // The size of a piece is a multiple of the key's: it stays as it is.
        let valid = self.payload.chunks(SHOWN_MAX).all(|piece| {
            let piece = Explanation { payload: piece, ..*self };
            text.feed(piece.unmask(&mut [0; SHOWN_MAX])).is_ok()
        });
        let whole = !self.is_final() || text.missing() == 0;
        (!valid || !whole).then_some(ProtocolError::InvalidUtf8)
    }
}

fn split_byte(bytes: &[u8]) -> (Option<u8>, &[u8]) {
    match bytes.split_first() {
        Some((byte, rest)) => (Some(*byte), rest),
        None => (None, bytes),
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.first else {
            return f.write_str("no byte of a frame");
        };
        match self.frame_len() {
            Some(len) => write!(f, "frame of {}", Count(len))?,
            None => f.write_str("frame")?,
        }
        self.write_first(first, f)?;
        if let Some(second) = self.second {
            self.write_second(second, f)?;
        }
        if !self.masking_key.is_empty() {
            write_row(f, self.masking_key, "", true)?;
            f.write_str(if self.is_header_whole { "masking key" } else { "masking key, unfinished" })?;
        }
        self.write_payload(f)?;
        if let Some(error) = self.error {
            return write!(f, "\nrefused: {error}; the connection fails with {}", error.close_code());
        }
        if !self.is_header_whole {
            f.write_str("\nunfinished: the header goes on")?;
        } else if self.missing() > 0 {
            write!(f, "\nunfinished: {} to come", Count(self.missing()))?;
        }
        match self.rest.len() {
            0 => Ok(()),
            len => write!(f, "\n{} after this frame", Count(len as u64)),
        }
    }
}

impl Explanation<'_> {
    fn write_first(&self, first: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fin, reserved, opcode) = (first >> 7, first >> 4 & 0b111, first & 0b1111);
        write_row(f, &[first], format_args!("{fin:b} {reserved:03b} {opcode:04b}"), true)?;
        f.write_str(if self.is_final() { "FIN" } else { "no FIN" })?;
        if reserved == 0 {
            f.write_str(", no reserved bit")?;
        }
        let is_set = |number: &u8| first >> (7 - number) & 1 == 1;
        (1..=3).filter(is_set).try_for_each(|number| write!(f, ", RSV{number}"))?;
        let meaning = match (self.opcode(), self.is_final()) {
            (Some(Opcode::Text), true) => "text, a whole message",
            (Some(Opcode::Text), false) => "text, its first frame",
            (Some(Opcode::Binary), true) => "binary, a whole message",
            (Some(Opcode::Binary), false) => "binary, its first frame",
            (Some(Opcode::Continuation), true) => "continuation, the last frame",
            (Some(Opcode::Continuation), false) => "continuation, not the last frame",
            (Some(Opcode::Close), _) => "Close",
            (Some(Opcode::Ping), _) => "Ping",
            (Some(Opcode::Pong), _) => "Pong",
            (None, _) => "reserved",
        };
        write!(f, ", opcode {opcode:X}: {meaning}")
    }

    fn write_second(&self, second: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mask, short_len) = (second >> 7, second & 0b0111_1111);
        write_row(f, &[second], format_args!("{mask:b} {short_len:07b}"), true)?;
        f.write_str(if mask == 1 { "MASK" } else { "no MASK" })?;
        match short_len {
            126 => f.write_str(", 126: the length is in the next 16 bits")?,
            127 => f.write_str(", 127: the length is in the next 64 bits")?,
            len => write!(f, ", length {len} (fits in 7 bits)")?,
        }
        if self.extended_len.is_empty() {
            return Ok(());
        }
        write_row(f, self.extended_len, "", true)?;
        match self.payload_len {
            Some(len) => write!(f, "length {len}"),
            None => f.write_str("length, unfinished"),
        }
    }

    fn write_payload(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut place = [0; SHOWN_MAX];
        let shown = self.unmask(&mut place);
        let code = shown.first_chunk().filter(|_| self.opcode() == Some(Opcode::Close));
        if let Some(code) = code.map(|code| u16::from_be_bytes(*code)) {
            self.write_line(f, 0..2, shown, format_args!("{code}"), "close code: ")?;
            f.write_str(meaning_of(code))?;
        }
        let (begin, name) = if code.is_some() { (2, "close reason") } else { (0, "payload") };
        for start in (begin..shown.len()).step_by(LINE) {
            let line = start..(start + LINE).min(shown.len());
            let name = if start == begin { name } else { "" };
            self.write_line(f, line.clone(), shown, Ascii(&shown[line]), name)?;
        }
        let more = self.hidden.saturating_add((self.payload.len() - shown.len()) as u64);
        if more > 0 {
            write!(f, "\n... and {} more", Count(more))?;
        }
        let text = &shown[begin..];
        let is_text = matches!(self.opcode(), Some(Opcode::Text | Opcode::Continuation)) || code.is_some();
        if is_text && (text.len() > LINE || !text.is_ascii()) {
            write!(f, "\ntext: {}{}", Text(text), if more > 0 { "..." } else { "" })?;
        }
        Ok(())
    }

    /// A line of the payload: on the wire, what is in it, without its mask if it has one, what it means.
    fn write_line(
        &self,
        f: &mut fmt::Formatter<'_>,
        line: Range<usize>,
        shown: &[u8],
        content: impl fmt::Display,
        meaning: &str,
    ) -> fmt::Result {
        let is_masked = !self.masking_key.is_empty();
        write_row(f, &self.payload[line.clone()], content, is_masked || !meaning.is_empty())?;
        if is_masked {
            write!(f, "{}{}", Hex(&shown[line]), if meaning.is_empty() { "" } else { "  " })?;
        }
        f.write_str(meaning)
    }
}

/// §7.4.1, §7.4.2 and what was registered later (§11.7).
fn meaning_of(close_code: u16) -> &'static str {
    match close_code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1004 => "in reserve, never on the wire",
        1005 => "no status received, never on the wire",
        1006 => "abnormal closure, never on the wire",
        1007 => "data that does not fit its type",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "a mandatory extension is missing",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1015 => "TLS handshake, never on the wire",
        3000..=3999 => "a library's or framework's own",
        4000..=4999 => "an application's own",
        _ => "without a meaning",
    }
}
