//! §7.1.7: what makes an endpoint _Fail the WebSocket Connection_, and with which close code.
//!
//! Whoever gets a [`ProtocolError`] sends a Close with its code and its reason, delivers nothing of the broken message,
//! and ignores what still comes: "An endpoint MUST NOT continue to attempt to process data (including a responding
//! Close frame) from the remote endpoint after being instructed to _Fail the WebSocket Connection_."

use core::fmt;

use super::close_code::CloseCode;

/// A reason to _Fail the WebSocket Connection_ (§7.1.7).
///
/// Each value is one MUST that the peer broke, or one limit that it crossed. [`ProtocolError::close_code`] is the code
/// to answer with, [`ProtocolError::reason`] the close reason, and the `Display` text the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A client's frame without a mask (§5.1): 1002.
    UnmaskedFrame,
    /// A server's frame with a mask (§5.1): 1002.
    MaskedFrame,
    /// RSV1, RSV2 or RSV3 set although no extension was negotiated (§5.2): 1002.
    ReservedBitsSet,
    /// Opcode 3-7 or B-F (§5.2): 1002.
    ReservedOpcode,
    /// A payload length that would have fitted a shorter form (§5.2): 1002.
    NonMinimalLength,
    /// A 64-bit payload length with its most significant bit set (§5.2): 1002.
    LengthMsbSet,
    /// A control frame with FIN=0 (§5.5): 1002.
    FragmentedControlFrame,
    /// A control frame with more than 125 bytes of payload (§5.5): 1002.
    ControlFrameTooLong,
    /// A continuation frame with nothing to continue (§5.4): 1002.
    UnexpectedContinuation,
    /// A new text or binary frame in the middle of a fragmented message (§5.4): 1002.
    ExpectedContinuation,
    /// A Close frame with one byte of payload, half a close code (§5.5.1): 1002.
    CloseFrameTooShort,
    /// A close code that must not be on the wire (§7.4): 1002.
    InvalidCloseCode,
    /// Text or a close reason that is not UTF-8 (§8.1): 1007.
    InvalidUtf8,
    /// A message longer than [`Limits::max_message`](super::receiver::Limits) (§10.4): 1009.
    MessageTooBig,
    /// A message in more frames than [`Limits::max_fragments`](super::receiver::Limits) (§10.4): 1008.
    TooManyFragments,
}

impl ProtocolError {
    /// All values, each once.
    pub const ALL: &'static [ProtocolError] = &[
        Self::UnmaskedFrame,
        Self::MaskedFrame,
        Self::ReservedBitsSet,
        Self::ReservedOpcode,
        Self::NonMinimalLength,
        Self::LengthMsbSet,
        Self::FragmentedControlFrame,
        Self::ControlFrameTooLong,
        Self::UnexpectedContinuation,
        Self::ExpectedContinuation,
        Self::CloseFrameTooShort,
        Self::InvalidCloseCode,
        Self::InvalidUtf8,
        Self::MessageTooBig,
        Self::TooManyFragments,
    ];

    /// Returns the close code to fail with (§7.4.1).
    pub const fn close_code(self) -> CloseCode {
        self.answer().0
    }

    /// Returns what was wrong, in a few plain words: the close reason, at most 123 bytes (§5.5.1).
    pub const fn reason(self) -> &'static str {
        self.answer().1
    }

    /// Returns close code and reason.
    const fn answer(self) -> (CloseCode, &'static str) {
        match self {
            Self::UnmaskedFrame => (CloseCode::PROTOCOL_ERROR, "frame not masked"),
            Self::MaskedFrame => (CloseCode::PROTOCOL_ERROR, "frame masked"),
            Self::ReservedBitsSet => (CloseCode::PROTOCOL_ERROR, "reserved bit set"),
            Self::ReservedOpcode => (CloseCode::PROTOCOL_ERROR, "reserved opcode"),
            Self::NonMinimalLength => (CloseCode::PROTOCOL_ERROR, "length not in its shortest form"),
            Self::LengthMsbSet => (CloseCode::PROTOCOL_ERROR, "length with its top bit set"),
            Self::FragmentedControlFrame => (CloseCode::PROTOCOL_ERROR, "fragmented control frame"),
            Self::ControlFrameTooLong => (CloseCode::PROTOCOL_ERROR, "control frame over 125 bytes"),
            Self::UnexpectedContinuation => (CloseCode::PROTOCOL_ERROR, "nothing to continue"),
            Self::ExpectedContinuation => (CloseCode::PROTOCOL_ERROR, "message not finished"),
            Self::CloseFrameTooShort => (CloseCode::PROTOCOL_ERROR, "close frame of one byte"),
            Self::InvalidCloseCode => (CloseCode::PROTOCOL_ERROR, "close code not allowed"),
            Self::InvalidUtf8 => (CloseCode::INVALID_PAYLOAD, "not UTF-8"),
            Self::MessageTooBig => (CloseCode::MESSAGE_TOO_BIG, "message too big"),
            Self::TooManyFragments => (CloseCode::POLICY_VIOLATION, "too many fragments"),
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl core::error::Error for ProtocolError {}
