//! §5.5: a whole control frame, as it is sent.

use super::frame::{FrameHeader, Opcode, write};

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
    bytes: [u8; 6 + FrameHeader::MAX_CONTROL_PAYLOAD],
    len: usize,
}

impl ControlFrame {
    /// Returns a frame with the first 125 bytes of `payload`, which is all that a control frame can have. A client's has
    /// a masking key, a server's none (§5.1).
    pub fn new(opcode: Opcode, payload: &[u8], masking_key: Option<[u8; 4]>) -> ControlFrame {
        Self::of(opcode, payload.iter().copied(), masking_key)
    }

    /// Returns the frame's bytes, as they are sent.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    pub(super) fn of(
        opcode: Opcode,
        payload: impl Iterator<Item = u8> + Clone,
        masking_key: Option<[u8; 4]>,
    ) -> ControlFrame {
        let payload = payload.take(FrameHeader::MAX_CONTROL_PAYLOAD);
        let header =
            FrameHeader { fin: true, opcode, masking_key, payload_len: payload.clone().count() as u64 };
        let mut header_bytes = [0; FrameHeader::MAX_LEN];
        let header = header.encode(&mut header_bytes).iter().copied();
        let key = masking_key.unwrap_or_default().into_iter().cycle();
        let mut bytes = [0; 6 + FrameHeader::MAX_CONTROL_PAYLOAD];
        let len = write(&mut bytes, header.chain(payload.zip(key).map(|(byte, key)| byte ^ key)));
        ControlFrame { bytes, len }
    }
}
