//! §5.5.1, §7.4: the body of a Close frame.
//!
//! ```text
//!   payload of a Close   03 e8                  62 79 65
//!                        1000, a close code     "bye", a close reason in UTF-8
//! ```
//!
//! It may be empty, or a code alone. With its code it is at most 125 bytes long, as every control frame's payload.

pub use super::close_code::CloseCode;
use super::error::ProtocolError;
use super::frame::{FrameHeader, Opcode, write};

/// Parses the payload of a whole Close frame, unmasked. Returns its code, which is `None` where the payload is empty,
/// and its reason.
///
/// # Errors
///
/// `CloseFrameTooShort`, `InvalidCloseCode` or `InvalidUtf8`, in that order.
pub fn parse_close(payload: &[u8]) -> Result<(Option<CloseCode>, &str), ProtocolError> {
    if payload.is_empty() {
        return Ok((None, ""));
    }
    // §5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer".
    let (code, reason) = payload.split_first_chunk().ok_or(ProtocolError::CloseFrameTooShort)?;
    let code = CloseCode::new(u16::from_be_bytes(*code)).ok_or(ProtocolError::InvalidCloseCode)?;
    // §5.5.1: the rest is "UTF-8-encoded data". §8.1: what is not UTF-8 fails the connection.
    let reason = core::str::from_utf8(reason).map_err(|_| ProtocolError::InvalidUtf8)?;
    Ok((Some(code), reason))
}

/// A whole Close frame as a server sends it.
///
/// ```
/// use chinwag::protocol::close::{CloseCode, CloseFrame};
///
/// let close = CloseFrame::new(CloseCode::NORMAL_CLOSURE, "bye");
/// assert_eq!(close.as_bytes(), b"\x88\x05\x03\xe8bye");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CloseFrame {
    bytes: [u8; 2 + FrameHeader::MAX_CONTROL_PAYLOAD],
    len: usize,
}

impl CloseFrame {
    /// Returns a Close with `code` and `reason`. A reason over 123 bytes is cut after the last character that fits.
    pub fn new(code: CloseCode, reason: &str) -> CloseFrame {
        let fitting = longest_prefix(reason, FrameHeader::MAX_CONTROL_PAYLOAD - 2);
        let payload_len = fitting.len().saturating_add(2) as u64;
        let header = FrameHeader { fin: true, opcode: Opcode::Close, masking_key: None, payload_len };
        let mut header_bytes = [0; FrameHeader::MAX_LEN];
        let frame = header.encode(&mut header_bytes).iter().copied();
        let frame = frame.chain(code.get().to_be_bytes()).chain(fitting.bytes());
        let mut bytes = [0; 2 + FrameHeader::MAX_CONTROL_PAYLOAD];
        let len = write(&mut bytes, frame);
        CloseFrame { bytes, len }
    }

    /// Returns the frame's bytes, as they are sent.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Returns as many whole characters from the front of `text` as fit into `max` bytes.
fn longest_prefix(text: &str, max: usize) -> &str {
    (0..=max).rev().find_map(|len| text.get(..len.min(text.len()))).unwrap_or_default()
}
