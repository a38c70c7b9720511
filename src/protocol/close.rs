//! §5.5.1, §7.4: the body of a Close frame.

use super::error::ProtocolError;
use super::frame::{FrameHeader, Opcode};

/// §7.4: why an endpoint closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// 1000: the purpose of the connection has been fulfilled.
    pub const NORMAL_CLOSURE: CloseCode = CloseCode(1000);
    /// 1001: a server going down, or a browser leaving the page.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// 1003: a type of data that the endpoint cannot accept.
    pub const UNSUPPORTED_DATA: CloseCode = CloseCode(1003);
    /// 1005: what an API reports for a Close without a code; never on the wire.
    pub const NO_STATUS_RECEIVED: CloseCode = CloseCode(1005);
    /// 1006: what an API reports for an end without a Close; never on the wire.
    pub const ABNORMAL_CLOSURE: CloseCode = CloseCode(1006);
    /// 1007: data that does not fit its message's type, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: CloseCode = CloseCode(1007);
    /// 1008: a message that violates the endpoint's policy.
    pub const POLICY_VIOLATION: CloseCode = CloseCode(1008);
    /// 1009: a message too big to process.
    pub const MESSAGE_TOO_BIG: CloseCode = CloseCode(1009);
    /// 1010: a client that misses an extension; only a client sends it.
    pub const MANDATORY_EXTENSION: CloseCode = CloseCode(1010);
    /// 1011: an unexpected condition kept the server from going on.
    pub const INTERNAL_ERROR: CloseCode = CloseCode(1011);

    /// Whether the code may be on the wire, in a Close that either side sends.
    ///
    /// §7.4.1 keeps 1004 in reserve and forbids 1005, 1006 and 1015 "as a status code in a Close control frame".
    /// 1012 to 1014 were registered after the RFC (§11.7). §7.4.2 gives 3000-3999 to libraries, 4000-4999 to
    /// private use, and no meaning to anything else.
    pub const fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

/// Parses the payload of a whole Close frame: its code, `None` where it is empty, and its reason.
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
    let code = CloseCode(u16::from_be_bytes(*code));
    if !code.is_sendable() {
        return Err(ProtocolError::InvalidCloseCode);
    }
    // §5.5.1: the rest is "UTF-8-encoded data". §8.1: what is not UTF-8 fails the connection.
    let reason = core::str::from_utf8(reason).map_err(|_| ProtocolError::InvalidUtf8)?;
    Ok((Some(code), reason))
}

/// A whole Close frame as a server sends it.
#[derive(Clone, Copy, Debug)]
pub struct CloseFrame {
    bytes: [u8; 2 + FrameHeader::MAX_CONTROL_PAYLOAD],
    len: usize,
}

impl CloseFrame {
    /// A Close with `code` and `reason`. A reason over 123 bytes is cut after the last character that fits.
    pub fn new(code: CloseCode, reason: &str) -> CloseFrame {
        let fitting = longest_prefix(reason, FrameHeader::MAX_CONTROL_PAYLOAD - 2);
        let payload_len = fitting.len().saturating_add(2);
        let header = FrameHeader {
            fin: true,
            opcode: Opcode::Close,
            masking_key: None,
            payload_len: payload_len as u64,
        };
        let mut header_bytes = [0; FrameHeader::MAX_LEN];
        let frame = header.encode(&mut header_bytes).iter().copied();
        let frame = frame.chain(code.0.to_be_bytes()).chain(fitting.bytes());
        let mut close = CloseFrame { bytes: [0; 127], len: 0 };
        for (slot, byte) in close.bytes.iter_mut().zip(frame) {
            *slot = byte;
            close.len = close.len.saturating_add(1);
        }
        close
    }

    /// The frame's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// As many whole characters from the front of `text` as fit into `max` bytes.
fn longest_prefix(text: &str, max: usize) -> &str {
    (0..=max).rev().find_map(|len| text.get(..len.min(text.len()))).unwrap_or_default()
}
