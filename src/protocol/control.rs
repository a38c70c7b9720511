//! §5.5: a whole control frame, as it is sent.

use super::bytes::write;
use super::frame::{FrameHeader, Opcode, frame_in_place};

/// A Ping, a Pong or a Close, by a client or by a server.
///
/// ```
/// use chinwag::protocol::control::ControlFrame;
/// use chinwag::protocol::frame::Opcode;
///
/// // §5.7: "Unmasked Ping request and masked Ping response".
/// let ping = ControlFrame::new(Opcode::Ping, b"Hello", None);
/// assert_eq!(ping.as_bytes(), b"\x89\x05Hello");
/// let pong = ControlFrame::new(Opcode::Pong, b"Hello", Some([0x37, 0xfa, 0x21, 0x3d]));
/// assert_eq!(pong.as_bytes(), b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ControlFrame {
    /// The payload, with headroom for the longest header of a control frame.
    bytes: [u8; HEADROOM + FrameHeader::MAX_CONTROL_PAYLOAD],
    start: usize,
    end: usize,
}

/// Two bytes and a masking key.
const HEADROOM: usize = 6;

impl ControlFrame {
    /// Returns a frame with the first 125 bytes of `payload`, which is all that a control frame can have. A client's has
    /// a masking key, a server's none (§5.1).
    pub fn new(opcode: Opcode, payload: &[u8], masking_key: Option<[u8; 4]>) -> ControlFrame {
        Self::of(opcode, &[payload], masking_key)
    }

    /// Returns the frame's bytes, as they are sent.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn of(opcode: Opcode, payload: &[&[u8]], masking_key: Option<[u8; 4]>) -> ControlFrame {
        let mut bytes = [0; HEADROOM + FrameHeader::MAX_CONTROL_PAYLOAD];
        let len = write(bytes.get_mut(HEADROOM..).unwrap_or_default(), payload);
        let end = len.saturating_add(HEADROOM);
        let frame = frame_in_place(bytes.get_mut(..end).unwrap_or_default(), HEADROOM, opcode, masking_key);
        let start = end.saturating_sub(frame.map_or(0, |frame| frame.len()));
        ControlFrame { bytes, start, end }
    }
}
