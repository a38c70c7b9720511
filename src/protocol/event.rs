//! §5.6, §6.2: what has been received, as slices of the receive buffer.

use super::close::CloseCode;
use super::frame::{FrameHeader, Opcode, write};

/// What has been received (§6.2).
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// A whole message.
    Message(Message<'b>),
    /// A Ping, to be answered with its Pong (§5.5.2).
    Ping(Ping<'b>),
    /// A Pong and its payload (§5.5.3). No answer is expected.
    Pong(&'b [u8]),
    /// A Close with its code, if it had one, and its reason (§5.5.1): to be answered with a Close of the same code, or
    /// of 1000 where there was none. What comes after it is ignored.
    Close(Option<CloseCode>, &'b str),
}

/// What a message's payload is (§5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// UTF-8.
    Text,
    /// Bytes whose meaning is up to the application.
    Binary,
}

/// A whole message, unmasked and put together (§5.4, §6.2).
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'b> {
    pub(super) message_type: MessageType,
    pub(super) payload: Payload<'b>,
}

/// A Ping (§5.5.2).
#[derive(Debug, PartialEq, Eq)]
pub struct Ping<'b>(pub(super) Payload<'b>);

/// An unmasked payload in the receive buffer, with headroom in front of it for the header of a server's frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Payload<'b> {
    /// Headroom, then payload.
    pub(super) bytes: &'b mut [u8],
    /// Length of the headroom in bytes.
    pub(super) headroom: usize,
}

impl<'b> Message<'b> {
    /// Whether it is text or binary.
    pub fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// The payload; that of a text is valid UTF-8.
    pub fn payload(&self) -> &[u8] {
        self.payload.as_bytes()
    }

    /// The message as a server sends it: one unmasked frame, whose header is written into the headroom.
    #[must_use]
    pub fn into_frame(self) -> &'b mut [u8] {
        let opcode = match self.message_type {
            MessageType::Text => Opcode::Text,
            MessageType::Binary => Opcode::Binary,
        };
        self.payload.into_frame(opcode)
    }
}

impl<'b> Ping<'b> {
    /// The payload, at most 125 bytes.
    pub fn payload(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The answer as a server sends it: an unmasked Pong with "identical "Application data"" (§5.5.3), whose header is
    /// written into the headroom.
    #[must_use]
    pub fn into_pong(self) -> &'b mut [u8] {
        self.0.into_frame(Opcode::Pong)
    }
}

impl<'b> Payload<'b> {
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.headroom..).unwrap_or_default()
    }

    pub(super) fn into_bytes(self) -> &'b [u8] {
        self.bytes.get(self.headroom..).unwrap_or_default()
    }

    fn into_frame(self, opcode: Opcode) -> &'b mut [u8] {
        let payload_len = self.as_bytes().len() as u64;
        let header = FrameHeader { fin: true, opcode, masking_key: None, payload_len };
        let mut header_bytes = [0; FrameHeader::MAX_LEN];
        let header = header.encode(&mut header_bytes);
        let start = self.headroom.saturating_sub(header.len());
        let frame = self.bytes.get_mut(start..).unwrap_or_default();
        write(frame, header.iter().copied());
        frame
    }
}
