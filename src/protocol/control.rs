//! §5.5: a whole control frame, as it is sent.

use super::bytes::write;
use super::close_code::CloseCode;
use super::frame::{FrameHeader, Opcode, frame_in_place};

/// A Ping, a Pong or a Close, by a client or by a server.
///
/// ```
/// use chinwag::protocol::close::CloseCode;
/// use chinwag::protocol::control::ControlFrame;
/// use chinwag::protocol::frame::Opcode;
///
/// // §5.7: "Unmasked Ping request and masked Ping response".
/// let ping = ControlFrame::new(Opcode::Ping, b"Hello", None);
/// assert_eq!(ping.as_bytes(), b"\x89\x05Hello");
/// let pong = ControlFrame::new(Opcode::Pong, b"Hello", Some([0x37, 0xfa, 0x21, 0x3d]));
/// assert_eq!(pong.as_bytes(), b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
/// let close = ControlFrame::close(CloseCode::NORMAL_CLOSURE, "bye", None);
/// assert_eq!(close.as_bytes(), b"\x88\x05\x03\xe8bye");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ControlFrame {
    bytes: [u8; 6 + FrameHeader::MAX_CONTROL_PAYLOAD],
    len: usize,
}

impl ControlFrame {
    /// Returns a frame with the first 125 bytes of `payload`, which is all that a control frame can have. A client's
    /// has a masking key, a server's none (§5.1).
    pub fn new(opcode: Opcode, payload: &[u8], masking_key: Option<[u8; 4]>) -> ControlFrame {
        let payload = payload.get(..FrameHeader::MAX_CONTROL_PAYLOAD).unwrap_or(payload);
        let headroom = if masking_key.is_some() { 6 } else { 2 };
        let mut bytes = [0; 6 + FrameHeader::MAX_CONTROL_PAYLOAD];
        let len = write(bytes.get_mut(headroom..).unwrap_or_default(), &[payload]).saturating_add(headroom);
        let _ = frame_in_place(bytes.get_mut(..len).unwrap_or_default(), headroom, opcode, masking_key);
        ControlFrame { bytes, len }
    }

    /// Returns a Close with `code` and `reason`. A reason over 123 bytes is cut after the last character that fits.
    pub fn close(code: CloseCode, reason: &str, masking_key: Option<[u8; 4]>) -> ControlFrame {
        let mut payload = [0; FrameHeader::MAX_CONTROL_PAYLOAD];
        let reason = longest_prefix(reason, FrameHeader::MAX_CONTROL_PAYLOAD - 2);
        let len = write(&mut payload, &[&code.get().to_be_bytes(), reason.as_bytes()]);
        Self::new(Opcode::Close, payload.get(..len).unwrap_or_default(), masking_key)
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
