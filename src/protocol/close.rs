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
