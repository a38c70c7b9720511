//! §5.6, §6.2: what has been received, as slices of the receive buffer.
//!
//! At a server, what can be relayed or answered becomes the frame for that, in place and by its type. A message becomes
//! a frame of its own type and nothing else, a Ping its Pong:
//!
//! ```
//! use chinwag::protocol::close::CloseCode;
//! use chinwag::protocol::control::ControlFrame;
//! use chinwag::protocol::event::Event;
//!
//! /// What an echo answers.
//! fn answer(event: Event<'_>) -> Vec<u8> {
//!     match event {
//!         Event::Message(message) => message.into_frame().to_vec(),
//!         Event::Ping(ping) => ping.into_pong().to_vec(),
//!         Event::Pong(_) => Vec::new(),
//!         Event::Close(code, _) => {
//!             let code = code.unwrap_or(CloseCode::NORMAL_CLOSURE);
//!             ControlFrame::close(code, "", None).as_bytes().to_vec()
//!         }
//!     }
//! }
//! ```
//!
//! What a client has received has neither: a client masks what it sends (§5.1), and for that there is no room in place.

use super::close::CloseCode;
use super::frame::{Opcode, frame_in_place};

/// What has been received (§6.2): by a server if it came `MASKED`, else by a client.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b, const MASKED: bool = true> {
    /// A whole message.
    Message(Message<'b, MASKED>),
    /// A Ping. §5.5.2: "an endpoint MUST send a Pong frame in response, unless it already received a Close frame."
    Ping(Ping<'b, MASKED>),
    /// A Pong and its payload. §5.5.3: "A response to an unsolicited Pong frame is not expected."
    Pong(&'b [u8]),
    /// A Close with its code, if it had one, and its reason. §5.5.1: "If an endpoint receives a Close frame and did not
    /// previously send a Close frame, the endpoint MUST send a Close frame in response", with the same code, or with
    /// 1000 where there was none. What comes after it is ignored.
    Close(Option<CloseCode>, &'b str),
}

/// What a message's payload is (§5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// "The "Payload data" is text data encoded as UTF-8."
    Text,
    /// "The "Payload data" is arbitrary binary data whose interpretation is solely up to the application layer."
    Binary,
}

/// A whole message, unmasked and put together (§5.4, §6.2), where it lies in the receive buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'b, const MASKED: bool = true> {
    /// Text or Binary.
    pub(super) opcode: Opcode,
    pub(super) payload: Payload<'b>,
}

/// A Ping (§5.5.2), where it lies in the receive buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Ping<'b, const MASKED: bool = true>(pub(super) Payload<'b>);

/// An unmasked payload in the receive buffer. If a client has sent it, the headroom in front of it is as long as the
/// header of a server's frame for it, or longer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Payload<'b> {
    /// Headroom, then payload.
    pub(super) bytes: &'b mut [u8],
    /// Length of the headroom in bytes.
    pub(super) headroom: usize,
}

impl<const MASKED: bool> Message<'_, MASKED> {
    /// Returns whether it is text or binary.
    pub fn message_type(&self) -> MessageType {
        if self.opcode == Opcode::Text { MessageType::Text } else { MessageType::Binary }
    }

    /// Returns the payload, which of a text is valid UTF-8.
    pub fn payload(&self) -> &[u8] {
        self.payload.as_bytes()
    }
}

impl<'b> Message<'b> {
    /// Returns the message as a server sends it: one unmasked frame, whose header is written into the headroom.
    #[must_use]
    pub fn into_frame(self) -> &'b mut [u8] {
        self.payload.into_frame(self.opcode)
    }
}

impl<const MASKED: bool> Ping<'_, MASKED> {
    /// Returns the payload, at most 125 bytes.
    pub fn payload(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl<'b> Ping<'b> {
    /// Returns the answer as a server sends it: an unmasked Pong, whose header is written into the headroom. §5.5.3: it
    /// "must have identical "Application data" as found in the message body of the Ping frame being replied to."
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
        frame_in_place(self.bytes, self.headroom, opcode, None).unwrap_or_default()
    }
}
