//! §5.6, §6.2: what has been received, as slices of the receive buffer.

use super::close::CloseCode;
use super::frame::{FrameHeader, Opcode};

/// What has been received (§6.2).
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// A whole message, unmasked and put together; text is UTF-8.
    Message {
        /// [`Opcode::Text`] or [`Opcode::Binary`].
        opcode: Opcode,
        /// Application data (§5.6).
        payload: Payload<'b>,
    },
    /// A Ping, to be answered with a Pong of the same payload (§5.5.2).
    Ping(Payload<'b>),
    /// A Pong (§5.5.3).
    Pong(Payload<'b>),
    /// A Close with its code, if it had one, and its reason (§5.5.1): to be answered with a Close of the same code, or
    /// of 1000 where there was none. What comes after it is ignored.
    Close(Option<CloseCode>, &'b str),
}

/// An unmasked payload in the receive buffer, with headroom in front of it for the header of a server's frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Payload<'b> {
    /// Headroom, then payload.
    pub(super) bytes: &'b mut [u8],
    /// Length of the headroom in bytes.
    pub(super) headroom: usize,
}

impl<'b> Payload<'b> {
    /// The payload alone.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.headroom..).unwrap_or_default()
    }

    /// The payload as one unmasked frame with FIN=1 and this opcode: the header is written into the headroom.
    pub fn into_frame(self, opcode: Opcode) -> &'b mut [u8] {
        let payload_len = self.as_bytes().len() as u64;
        let header = FrameHeader { fin: true, opcode, masking_key: None, payload_len };
        let mut header_bytes = [0; FrameHeader::MAX_LEN];
        let header = header.encode(&mut header_bytes);
        let start = self.headroom.saturating_sub(header.len());
        let frame = self.bytes.get_mut(start..).unwrap_or_default();
        for (slot, byte) in frame.iter_mut().zip(header) {
            *slot = *byte;
        }
        frame
    }
}
