//! §5.2, §5.3: one frame's header, and its mask.
//!
//! ```text
//!   0                   1                   2                   3
//!   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//!  +-+-+-+-+-------+-+-------------+-------------------------------+
//!  |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
//!  |I|S|S|S|  (4)  |A|     (7)     |      (16 bits if len = 126,   |
//!  |N|V|V|V|       |S|             |       64 bits if len = 127)   |
//!  | |1|2|3|       |K|             |                               |
//!  +-+-+-+-+-------+-+-------------+-------------------------------+
//!  |           Masking key (32 bits, present if MASK is 1)         |
//!  +---------------------------------------------------------------+
//!  |                          Payload ...                          |
//!  +---------------------------------------------------------------+
//! ```
//!
//! The length has three forms:
//!
//! ```text
//!   payload in bytes    the seven bits      behind them
//!   0 to 125            the length
//!   126 to 65,535       126                 the length in 16 bits
//!   65,536 to 2^63-1    127                 the length in 64 bits, of which the first is 0
//! ```
//!
//! Rules:
//!
//! 1. The first two bytes are judged one by one, a length once all of it has arrived. What is neither refused nor
//!    complete needs more bytes, and that is no error.
//! 2. A length has one form only, the shortest. So a parsed header, encoded again, is the bytes that were read.
//! 3. A length stays a `u64` until it has been compared with a limit.

// Bits are grouped as in the picture.
#![allow(clippy::unusual_byte_groupings)]

use super::bytes::write;
use super::error::ProtocolError;

/// §5.2: how the payload is to be interpreted. §11.8 is the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// `0x0`: a further fragment of the message that an earlier frame began.
    Continuation = 0x0,
    /// `0x1`: a message of UTF-8 text.
    Text = 0x1,
    /// `0x2`: a message of bytes.
    Binary = 0x2,
    /// `0x8`: the beginning or the end of the closing handshake.
    Close = 0x8,
    /// `0x9`: a request for a Pong.
    Ping = 0x9,
    /// `0xA`: the answer to a Ping, or a sign of life that nobody asked for.
    Pong = 0xA,
}

impl Opcode {
    /// Returns the opcode of these four bits, and `None` for 3-7 and B-F, which are "reserved for further" frames.
    pub const fn from_bits(bits: u8) -> Option<Opcode> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    /// Returns whether it is a control frame's.
    ///
    /// §5.5: "Control frames are identified by opcodes where the most significant bit of the opcode is 1."
    pub const fn is_control(self) -> bool {
        self as u8 & 0b1000 != 0
    }
}

/// Who has sent a frame. §5.1: "a client MUST mask all frames that it sends to the server", and a server "MUST NOT mask
/// any frames that it sends to the client."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The end that has asked for the connection.
    Client,
    /// The end that was asked.
    Server,
}

/// Everything of a frame but its payload (§5.2). RSV1, RSV2 and RSV3 have no field: without an extension they are 0.
///
/// ```
/// use chinwag::protocol::frame::{FrameHeader, Opcode, Sender, apply_mask};
///
/// // §5.7: "Hello", masked.
/// let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let Ok(Some((header, payload))) = FrameHeader::parse(&bytes, Sender::Client) else { panic!("a whole header") };
/// assert_eq!((header.fin, header.opcode, header.payload_len), (true, Opcode::Text, 5));
/// let mut payload = payload.to_vec();
/// apply_mask(&mut payload, header.masking_key.unwrap_or_default());
/// assert_eq!(payload, b"Hello");
/// assert_eq!(header.encode(&mut [0; FrameHeader::MAX_LEN]), &bytes[..6]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameHeader {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// What the payload is.
    pub opcode: Opcode,
    /// The key that the payload is masked with: a client always sends one, a server never (§5.1).
    pub masking_key: Option<[u8; 4]>,
    /// Length of the payload in bytes.
    pub payload_len: u64,
}

impl FrameHeader {
    /// The longest header in bytes, a client's: two, a 64-bit length and a masking key.
    pub const MAX_LEN: usize = 14;

    /// The longest header in bytes that a server sends: the same without the masking key.
    pub const MAX_UNMASKED_LEN: usize = 10;

    /// The longest payload in bytes that a control frame may have (§5.5).
    pub const MAX_CONTROL_PAYLOAD: usize = 125;

    /// Parses the header of a frame from the front of `bytes`, and returns it with the bytes after it. While it is not
    /// complete, that is `None`.
    ///
    /// # Errors
    ///
    /// The first MUST of §5.1, §5.2 or §5.5 that the header breaks, at the byte that rule 1 says.
    pub fn parse(bytes: &[u8], sender: Sender) -> Result<Option<(FrameHeader, &[u8])>, ProtocolError> {
        let Some((unkeyed, rest)) = Self::parse_up_to_key(bytes, sender)? else {
            return Ok(None);
        };
        if sender == Sender::Server {
            return Ok(Some((unkeyed, rest)));
        }
        let keyed = rest.split_first_chunk();
        Ok(keyed.map(|(key, rest)| (FrameHeader { masking_key: Some(*key), ..unkeyed }, rest)))
    }

    /// Parses the header without the masking key, so that a length can be refused before the key is there.
    pub(super) fn parse_up_to_key(
        bytes: &[u8],
        sender: Sender,
    ) -> Result<Option<(FrameHeader, &[u8])>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let (fin, opcode) = parse_first_byte(first)?;
        let Some((&second, rest)) = rest.split_first() else {
            return Ok(None);
        };
        let is_masked = second & 0b1_0000000 != 0;
        // §5.1: "The server MUST close the connection upon receiving a frame that is not masked."
        if sender == Sender::Client && !is_masked {
            return Err(ProtocolError::UnmaskedFrame);
        }
        // §5.1: "A client MUST close a connection if it detects a masked frame."
        if sender == Sender::Server && is_masked {
            return Err(ProtocolError::MaskedFrame);
        }
        let short_len = second & 0b0_1111111;
        // §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented."
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControlFrame);
        }
        if opcode.is_control() && short_len > 125 {
            return Err(ProtocolError::ControlFrameTooLong);
        }
        let Some((payload_len, rest)) = parse_length(short_len, rest)? else {
            return Ok(None);
        };
        Ok(Some((FrameHeader { fin, opcode, masking_key: None, payload_len }, rest)))
    }

    /// Writes the header to the front of `out` and returns it.
    ///
    /// A length of 2^63 or more, which no frame can have, is written as it is; its reader refuses it.
    #[must_use]
    pub fn encode<'o>(&self, out: &'o mut [u8; Self::MAX_LEN]) -> &'o [u8] {
        let first = (u8::from(self.fin) << 7) | self.opcode as u8;
        let mask = u8::from(self.masking_key.is_some()) << 7;
        let in_64_bits = self.payload_len.to_be_bytes();
        let [.., high, low] = in_64_bits;
        // §5.2: "in all cases, the minimal number of bytes MUST be used to encode the length".
        let (short_len, extended_len): (u8, &[u8]) = match self.payload_len {
            0..=125 => (low, &[]),
            126..=0xFFFF => (126, &[high, low]),
            _ => (127, &in_64_bits),
        };
        let masking_key = self.masking_key.as_ref().map_or(&[][..], |key| key);
        let len = write(out, &[&[first, mask | short_len], extended_len, masking_key]);
        out.get(..len).unwrap_or_default()
    }
}

/// Writes a frame with FIN around the payload that lies in `buffer` behind so many bytes of headroom: the header in
/// front of it, and where there is a masking key, its mask. Returns the frame, or `None` where the headroom is too short.
///
/// [`FrameHeader::MAX_LEN`] bytes of headroom are always enough. A client has a masking key for each frame, which has
/// to be "a fresh masking key from the set of allowed 32-bit values" that nobody can predict (§5.3). A server has none.
///
/// ```
/// use chinwag::protocol::frame::{FrameHeader, Opcode, frame_in_place};
///
/// // §5.7: "Hello", masked.
/// let mut buffer = [&[0; FrameHeader::MAX_LEN][..], b"Hello"].concat();
/// let key = [0x37, 0xfa, 0x21, 0x3d];
/// let frame = frame_in_place(&mut buffer, FrameHeader::MAX_LEN, Opcode::Text, Some(key));
/// assert_eq!(frame.unwrap(), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
/// ```
#[must_use]
pub fn frame_in_place(
    buffer: &mut [u8],
    headroom: usize,
    opcode: Opcode,
    masking_key: Option<[u8; 4]>,
) -> Option<&mut [u8]> {
    let payload = buffer.get_mut(headroom..)?;
    let header = FrameHeader { fin: true, opcode, masking_key, payload_len: payload.len() as u64 };
    masking_key.into_iter().for_each(|key| apply_mask(payload, key));
    let mut header_bytes = [0; FrameHeader::MAX_LEN];
    let header = header.encode(&mut header_bytes);
    let frame = buffer.get_mut(headroom.checked_sub(header.len())?..)?;
    write(frame, &[header]);
    Some(frame)
}

/// Parses FIN and opcode from the first byte.
pub(super) fn parse_first_byte(byte: u8) -> Result<(bool, Opcode), ProtocolError> {
    // §5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
    if byte & 0b0_111_0000 != 0 {
        return Err(ProtocolError::ReservedBitsSet);
    }
    // §5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_."
    let opcode = Opcode::from_bits(byte & 0b0_000_1111).ok_or(ProtocolError::ReservedOpcode)?;
    Ok((byte & 0b1_000_0000 != 0, opcode))
}

/// Parses the payload length in the form that the seven bits announce, and returns it with the bytes after it. Until
/// all of it is there, that is `None`.
fn parse_length(short_len: u8, bytes: &[u8]) -> Result<Option<(u64, &[u8])>, ProtocolError> {
    let parsed = match short_len {
        126 => bytes.split_first_chunk().map(|(len, rest)| (u64::from(u16::from_be_bytes(*len)), 126, rest)),
        127 => bytes.split_first_chunk().map(|(len, rest)| (u64::from_be_bytes(*len), 1 << 16, rest)),
        short_len => Some((u64::from(short_len), 0, bytes)),
    };
    let Some((payload_len, shortest, rest)) = parsed else {
        return Ok(None);
    };
    // §5.2: "the most significant bit MUST be 0".
    if payload_len > u64::MAX >> 1 {
        return Err(ProtocolError::LengthMsbSet);
    }
    // §5.2: "the minimal number of bytes MUST be used to encode the length".
    if payload_len < shortest {
        return Err(ProtocolError::NonMinimalLength);
    }
    Ok(Some((payload_len, rest)))
}

/// Masks `payload`, or takes its mask off. The two are the same: byte `i` XOR byte `i MOD 4` of the key (§5.3).
///
/// Where a payload comes in pieces, the key is rotated left by the length of each piece, `MOD 4`, before the next.
///
/// A mask keeps nothing secret, since its key goes with it. It keeps a script that can choose a payload from choosing
/// the bytes on the wire, which a proxy that knows no WebSocket could take for a request (§10.3).
pub fn apply_mask(payload: &mut [u8], masking_key: [u8; 4]) {
    // Two keys side by side: a block is one word, which is fast also where code is made small.
    let [a, b, c, d] = masking_key;
    let wide_key = [a, b, c, d, a, b, c, d];
    let mut blocks = payload.chunks_exact_mut(wide_key.len());
    for block in &mut blocks {
        if let Ok(block) = <&mut [u8; 8]>::try_from(block) {
            *block = (u64::from_ne_bytes(*block) ^ u64::from_ne_bytes(wide_key)).to_ne_bytes();
        }
    }
    for (byte, key) in blocks.into_remainder().iter_mut().zip(wide_key) {
        *byte ^= key;
    }
}
