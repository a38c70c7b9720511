//! §5.2: a frame's header.

use chinwag::protocol::error::ProtocolError::{self, *};
use chinwag::protocol::frame::{FrameHeader, Opcode, Sender};

/// A header at the front of the input.
pub fn holds(input: &[u8]) -> bool {
    let input = &input[..input.len().min(20)];
    let (decided_at, verdict) = read(input);
    for len in 0..=input.len() {
        let prefix = &input[..len];
        let parsed = FrameHeader::parse(prefix, Sender::Client);
        match verdict {
            _ if len < decided_at => assert_eq!(parsed, Ok(None), "too early: {prefix:02x?}"),
            Ok(header) => assert_eq!(parsed, Ok(Some((header, &prefix[decided_at..]))), "{prefix:02x?}"),
            Err(error) => assert_eq!(parsed, Err(error), "{prefix:02x?}"),
        }
    }
    check_explanation(input, decided_at, verdict);
    let Ok(header) = verdict else { return false };
    if decided_at > input.len() {
        return false;
    }
    // A length has one form only: what is written again is what was read.
    assert_eq!(write(&header), &input[..decided_at]);
    assert_eq!(header.encode(&mut [0xAA; FrameHeader::MAX_LEN]), &input[..decided_at]);
    let unmasked = FrameHeader { masking_key: None, ..header };
    let mut out = [0xAA; FrameHeader::MAX_LEN];
    let encoded = unmasked.encode(&mut out);
    assert_eq!(encoded, write(&unmasked));
    assert_eq!(encoded.len(), decided_at - 4);
    assert_eq!(FrameHeader::parse(encoded, Sender::Client), Err(UnmaskedFrame));
    true
}

/// What explains a frame sees the same, but for the mask: it explains a server's frames as well.
fn check_explanation(input: &[u8], decided_at: usize, verdict: Result<FrameHeader, ProtocolError>) {
    let explanation = chinwag::trace::explain(input);
    assert!(!explanation.to_string().is_empty());
    match verdict {
        _ if decided_at > input.len() => {
            assert_eq!((explanation.frame_len(), explanation.error()), (None, None))
        }
        Ok(header) => assert_eq!(explanation.frame_len(), Some(decided_at as u64 + header.payload_len)),
        Err(UnmaskedFrame) => {}
        Err(error) => assert_eq!(explanation.error(), Some(error), "{input:02x?}"),
    }
}

/// How many bytes decide (`usize::MAX` where those there do not) and what they say, from the picture of §5.2.
fn read(bytes: &[u8]) -> (usize, Result<FrameHeader, ProtocolError>) {
    let undecided = (usize::MAX, Err(MessageTooBig));
    let bit = |at: usize| bytes[at / 8] >> (7 - at % 8) & 1 == 1;
    if bytes.is_empty() {
        return undecided;
    }
    if bit(1) || bit(2) || bit(3) {
        return (1, Err(ReservedBitsSet));
    }
    let Some(opcode) = OPCODES.iter().find(|(bits, _)| *bits == bytes[0] & 15).map(|(_, opcode)| *opcode)
    else {
        return (1, Err(ReservedOpcode));
    };
    if bytes.len() == 1 {
        return undecided;
    }
    let len = bytes[1] & 127;
    match (bit(8), bit(4), bit(0)) {
        (false, ..) => return (2, Err(UnmaskedFrame)),
        (_, true, false) => return (2, Err(FragmentedControlFrame)),
        (_, true, _) if len > 125 => return (2, Err(ControlFrameTooLong)),
        _ => {}
    }
    let extended = if len == 126 { 2..4 } else { 2..10 };
    let (len, end) = match bytes.get(extended.clone()) {
        _ if len < 126 => (u128::from(len), 2),
        Some(octets) => (octets.iter().fold(0, |len, octet| len * 256 + u128::from(*octet)), extended.end),
        None => return undecided,
    };
    match end {
        10 if len >= 1 << 63 => return (10, Err(LengthMsbSet)),
        10 if len < 65_536 => return (10, Err(NonMinimalLength)),
        4 if len < 126 => return (4, Err(NonMinimalLength)),
        _ => {}
    }
    let Some(key) = bytes.get(end..end + 4) else { return undecided };
    let masking_key = Some([key[0], key[1], key[2], key[3]]);
    (end + 4, Ok(FrameHeader { fin: bit(0), opcode, masking_key, payload_len: len as u64 }))
}

const OPCODES: [(u8, Opcode); 6] = [
    (0, Opcode::Continuation),
    (1, Opcode::Text),
    (2, Opcode::Binary),
    (8, Opcode::Close),
    (9, Opcode::Ping),
    (10, Opcode::Pong),
];

fn write(header: &FrameHeader) -> Vec<u8> {
    let opcode = OPCODES.iter().find(|(_, opcode)| *opcode == header.opcode).expect("one of six").0;
    let first = if header.fin { 128 + opcode } else { opcode };
    let mask = if header.masking_key.is_some() { 128 } else { 0 };
    let length = crate::support::shortest_length(mask, header.payload_len);
    [vec![first], length, header.masking_key.into_iter().flatten().collect()].concat()
}
