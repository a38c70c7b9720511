//! Frames as a client writes them and as a server must write them (§5.2).

/// The key of the RFC's own masked example (§5.7).
const MASKING_KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;
/// The first bit of a frame: the last of its message.
pub const FIN: u8 = 0x80;

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub opcode: u8,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn text(text: &str) -> Frame {
        Frame { opcode: TEXT, payload: text.as_bytes().to_vec() }
    }

    pub fn binary(payload: &[u8]) -> Frame {
        Frame { opcode: BINARY, payload: payload.to_vec() }
    }
}

/// A masked frame: its first byte as it stands, the length in its shortest form, the payload.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = masked_header(first, payload.len() as u64);
    bytes.extend(payload.iter().zip(MASKING_KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// The header of a masked frame that claims `length` bytes.
pub fn masked_header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(0x80 | length as u8),
        126..=0xFFFF => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(MASKING_KEY);
    bytes
}

/// The first bytes of a masked frame that claims `length` bytes, of which only `payload` has come.
pub fn unfinished(first: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    let header = masked_header(first, length);
    let mut bytes = masked(first, payload);
    bytes.splice(..bytes.len() - payload.len(), header);
    bytes
}

pub fn text(text: &str) -> Vec<u8> {
    masked(FIN | TEXT, text.as_bytes())
}

pub fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    masked(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// Takes the first frame out of what has come, if it is all there.
///
/// What no server may send is refused here: mask, reserved bits or opcodes, longer lengths than needed,
/// control frames too long; and so is what this server promises never to send: a message in pieces.
#[track_caller]
pub fn take(bytes: &mut Vec<u8>) -> Option<Frame> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    assert_eq!(first & 0xF0, FIN, "FIN and reserved bits of {first:#04x}");
    let opcode = first & 0x0F;
    assert!([TEXT, BINARY, CLOSE, PING, PONG].contains(&opcode), "opcode {opcode:#x}");
    assert_eq!(second & 0x80, 0, "a mask from the server");
    let (header, length) = match second {
        126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap()))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap())),
        short => (2, u64::from(short)),
    };
    let shortest = if length < 126 { 2 } else { 4 + 6 * usize::from(length > 0xFFFF) };
    assert_eq!(header, shortest, "length {length} not in its shortest form");
    assert!(opcode < CLOSE || length < 126, "control frame of {length} bytes");
    let end = header + usize::try_from(length).unwrap();
    let payload = bytes.get(header..end)?.to_vec();
    bytes.drain(..end);
    Some(Frame { opcode, payload })
}
