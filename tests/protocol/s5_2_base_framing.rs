//! §5.2: the frame header, in every form it can have.

use chinwag::protocol::error::ProtocolError::{self, *};
use chinwag::protocol::frame::{FrameHeader, Opcode, Sender};

use crate::support::*;

/// What the first two bytes of a client's frame lead to, in the RFC's words: §5.1, §5.2, §5.5.
fn refusal(first: u8, second: u8) -> Option<(ProtocolError, usize)> {
    let fin = first & FIN != 0;
    let opcode = first & 0b0_000_1111;
    let control = opcode >= 8;
    match () {
        () if first & 0b0_111_0000 != 0 => Some((ReservedBitsSet, 1)),
        () if matches!(opcode, 0x3..=0x7 | 0xB..=0xF) => Some((ReservedOpcode, 1)),
        () if second & MASK == 0 => Some((UnmaskedFrame, 2)),
        () if control && !fin => Some((FragmentedControlFrame, 2)),
        () if control && second & 0b0_1111111 >= 126 => Some((ControlFrameTooLong, 2)),
        () => None,
    }
}

fn openings() -> impl Iterator<Item = [u8; 2]> {
    (0..=u16::MAX).map(u16::to_be_bytes)
}

fn legal_openings() -> impl Iterator<Item = [u8; 2]> {
    openings().filter(|[first, second]| refusal(*first, *second).is_none())
}

#[test]
fn refuses_each_opening_at_the_byte_that_decides() {
    for opening @ [first, second] in openings() {
        let of_one = FrameHeader::parse(&opening[..1], Sender::Client).err();
        let of_two = FrameHeader::parse(&opening, Sender::Client).err();
        let (at_one, at_two) = match refusal(first, second) {
            None => (None, None),
            Some((error, 1)) => (Some(error), Some(error)),
            Some((error, _)) => (None, Some(error)),
        };
        assert_eq!((of_one, of_two), (at_one, at_two), "{opening:02x?}");
    }
}

#[test]
fn takes_1146_of_all_65536_openings_from_a_client() {
    let taken = openings().filter(|opening| FrameHeader::parse(opening, Sender::Client).is_ok());
    assert_eq!(taken.count(), 1146);
}

#[test]
fn the_receiver_refuses_each_opening_likewise() {
    for opening @ [first, second] in openings() {
        let mut connection = Connection::new(LIMITS);
        let expected = match refusal(first, second) {
            // §5.4: nothing to continue, at the first byte.
            None | Some((_, 2)) if first & 0b0_000_1111 == 0 => Some(UnexpectedContinuation),
            // §5.5.1: half a close code.
            None if opening == [FIN | CLOSE, MASK | 1] => Some(CloseFrameTooShort),
            refused => refused.map(|(error, _)| error),
        };
        let expected = Vec::from_iter(expected.map(Seen::Failed));
        assert_eq!(connection.read(&opening), expected, "{opening:02x?}");
    }
}

#[test]
fn an_incomplete_header_is_no_error() {
    for len in [0, 125, 126, 65535, 65536, (1 << 63) - 1] {
        let whole = [header(FIN | BINARY, len), KEY.to_vec()].concat();
        for cut in 0..whole.len() {
            assert_eq!(FrameHeader::parse(&whole[..cut], Sender::Client), Ok(None), "{cut} of {whole:02x?}");
        }
        assert!(matches!(FrameHeader::parse(&whole, Sender::Client), Ok(Some((_, [])))), "{whole:02x?}");
    }
}

/// Every legal opening, with extended lengths at their limits.
fn legal_headers() -> impl Iterator<Item = (Vec<u8>, u64)> {
    legal_openings().flat_map(|[first, second]| {
        let lens: &[u64] = match second & 0b0_1111111 {
            126 => &[126, 127, 255, 256, 0x1234, 65535],
            127 => &[65536, 65537, 0x0123_4567_89AB_CDEF, (1 << 32) + 5, (1 << 63) - 1],
            short => &[u64::from(short)],
        };
        let headers = lens.iter().map(|len| (header(first, *len), *len));
        headers.collect::<Vec<_>>()
    })
}

#[test]
fn a_parsed_header_says_what_the_bytes_say() {
    for (bytes, payload_len) in legal_headers() {
        let bytes = [bytes, KEY.to_vec(), b"rest".to_vec()].concat();
        let (header, rest) = FrameHeader::parse(&bytes, Sender::Client).expect("legal").expect("complete");
        assert_eq!(rest, b"rest", "{bytes:02x?}");
        assert_eq!(header.fin, bytes[0] & FIN != 0);
        assert_eq!(header.opcode as u8, bytes[0] & 0b0_000_1111);
        assert_eq!(header.payload_len, payload_len, "{bytes:02x?}");
        assert_eq!(header.masking_key, Some(KEY));
    }
}

#[test]
fn a_parsed_header_encoded_again_is_the_bytes_that_were_read() {
    for (bytes, _) in legal_headers() {
        let bytes = [bytes, KEY.to_vec()].concat();
        let (header, _) = FrameHeader::parse(&bytes, Sender::Client).expect("legal").expect("complete");
        assert_eq!(header.encode(&mut [0; FrameHeader::MAX_LEN]), bytes);
    }
}

#[test]
fn a_server_header_is_the_same_without_mask_and_key() {
    for (bytes, payload_len) in legal_headers() {
        let masked = [bytes.clone(), KEY.to_vec()].concat();
        let (header, _) = FrameHeader::parse(&masked, Sender::Client).expect("legal").expect("complete");
        let unmasked = FrameHeader { masking_key: None, ..header };
        let expected = [vec![bytes[0]], shortest_length(0, payload_len)].concat();
        let mut out = [0; FrameHeader::MAX_LEN];
        assert_eq!(unmasked.encode(&mut out), expected);
        assert!(expected.len() <= FrameHeader::MAX_UNMASKED_LEN);
    }
}

#[test]
fn opcodes_are_those_of_the_registry() {
    let known = (0..=255).filter_map(Opcode::from_bits);
    let bits = known.clone().map(|opcode| opcode as u8);
    assert_eq!(Vec::from_iter(bits), [0x0, 0x1, 0x2, 0x8, 0x9, 0xA]);
    let control = known.filter(|opcode| opcode.is_control());
    assert_eq!(Vec::from_iter(control), [Opcode::Close, Opcode::Ping, Opcode::Pong]);
}

mod payload_length {
    use super::*;

    /// §5.2: "the minimal number of bytes MUST be used"; "the most significant bit MUST be 0".
    #[test]
    fn is_taken_in_its_shortest_form_alone() {
        for len in [0, 125, 126, 127, 65535, 65536, (1 << 32) + 5, (1 << 63) - 1, 1 << 63, u64::MAX] {
            if let Ok(len @ ..=127) = u8::try_from(len) {
                let taken = if len <= 125 { Ok(Some(u64::from(len))) } else { Ok(None) };
                assert_eq!(parsed(length_of_7(MASK, len)), taken, "{len} in 7 bits");
            }
            if let Ok(len) = u16::try_from(len) {
                let taken = if len > 125 { Ok(Some(u64::from(len))) } else { Err(NonMinimalLength) };
                assert_eq!(parsed(length_of_16(MASK, len)), taken, "{len} in 16 bits");
            }
            let taken = match len {
                0..=65535 => Err(NonMinimalLength),
                65536..0x8000_0000_0000_0000 => Ok(Some(len)),
                _ => Err(LengthMsbSet),
            };
            assert_eq!(parsed(length_of_64(MASK, len)), taken, "{len} in 64 bits");
        }
    }

    #[test]
    fn is_refused_in_64_bits_wherever_16_suffice() {
        for len in 0..=u16::MAX {
            assert_eq!(parsed(length_of_64(MASK, u64::from(len))), Err(NonMinimalLength), "{len}");
            let taken = if len > 125 { Ok(Some(u64::from(len))) } else { Err(NonMinimalLength) };
            assert_eq!(parsed(length_of_16(MASK, len)), taken, "{len}");
        }
    }

    #[test]
    fn has_no_bit_that_is_not_looked_at() {
        for bit in 16..63 {
            assert_eq!(parsed(length_of_64(MASK, 1 << bit)), Ok(Some(1 << bit)), "bit {bit}");
        }
        for bit in 0..63 {
            let len = 1 << 63 | 1 << bit;
            assert_eq!(parsed(length_of_64(MASK, len)), Err(LengthMsbSet), "bit {bit}");
        }
    }

    #[test]
    fn is_refused_once_it_has_arrived() {
        let refused = [
            (length_of_16(MASK, 125), NonMinimalLength),
            (length_of_64(MASK, 65535), NonMinimalLength),
            (length_of_64(MASK, 5), NonMinimalLength),
            (length_of_64(MASK, 1 << 63), LengthMsbSet),
            (length_of_64(MASK, u64::MAX), LengthMsbSet),
        ];
        for (length, error) in refused {
            let bytes = [vec![FIN | BINARY], length].concat();
            assert_eq!(
                FrameHeader::parse(&bytes[..bytes.len() - 1], Sender::Client),
                Ok(None),
                "{bytes:02x?}"
            );
            assert_fails_at_last_byte(LIMITS, &[bytes], error);
        }
    }

    fn parsed(length: Vec<u8>) -> Result<Option<u64>, ProtocolError> {
        let bytes = [vec![FIN | BINARY], length, KEY.to_vec()].concat();
        FrameHeader::parse(&bytes, Sender::Client).map(|parsed| parsed.map(|(header, _)| header.payload_len))
    }
}
