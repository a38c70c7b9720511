//! §5.5.1, §7.4: the body of a Close frame.
//!
//! ```text
//!   payload of a Close   03 e8                  62 79 65
//!                        1000, a close code     "bye", a close reason in UTF-8
//! ```
//!
//! It may be empty, or a code alone. With its code it is at most 125 bytes long, as every control frame's payload.

pub use super::close_code::CloseCode;
use super::control::ControlFrame;
use super::error::ProtocolError;
use super::frame::{FrameHeader, Opcode};

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

/// A whole Close frame.
///
/// ```
/// use chinwag::protocol::close::{CloseCode, CloseFrame};
///
/// let close = CloseFrame::new(CloseCode::NORMAL_CLOSURE, "bye");
/// assert_eq!(close.as_bytes(), b"\x88\x05\x03\xe8bye");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CloseFrame(ControlFrame);

impl CloseFrame {
    /// Returns a server's Close with `code` and `reason`. A reason over 123 bytes is cut after the last character that
    /// fits.
    pub fn new(code: CloseCode, reason: &str) -> CloseFrame {
        Self::with_key(code, reason, None)
    }

    /// Returns a client's Close: the same with a mask (§5.1).
    pub fn masked(code: CloseCode, reason: &str, masking_key: [u8; 4]) -> CloseFrame {
        Self::with_key(code, reason, Some(masking_key))
    }

    /// Returns the frame's bytes, as they are sent.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn with_key(code: CloseCode, reason: &str, masking_key: Option<[u8; 4]>) -> CloseFrame {
        let reason = longest_prefix(reason, FrameHeader::MAX_CONTROL_PAYLOAD - 2);
        let payload: [&[u8]; 2] = [&code.get().to_be_bytes(), reason.as_bytes()];
        CloseFrame(ControlFrame::of(Opcode::Close, &payload, masking_key))
    }
}

/// Returns as many whole characters from the front of `text` as fit into `max` bytes.
fn longest_prefix(text: &str, max: usize) -> &str {
    (0..=max).rev().find_map(|len| text.get(..len.min(text.len()))).unwrap_or_default()
}
