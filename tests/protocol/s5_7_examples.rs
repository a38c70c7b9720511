//! §5.7: the RFC's own examples, to the byte.

use chinwag::protocol::error::ProtocolError::UnmaskedFrame;
use chinwag::protocol::event::Event;
use chinwag::protocol::frame::{FrameHeader, Opcode};
use chinwag::protocol::receiver::ServerReceiver;

use crate::support::*;

const MASKED_HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const UNMASKED_HELLO: [u8; 7] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
const FRAGMENTED_HELLO: [&[u8]; 2] = [&[0x01, 0x03, 0x48, 0x65, 0x6c], &[0x80, 0x02, 0x6c, 0x6f]];
const UNMASKED_PING: [u8; 7] = [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
const MASKED_PONG: [u8; 11] = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const HEADER_OF_256: [u8; 4] = [0x82, 0x7E, 0x01, 0x00];
const HEADER_OF_65536: [u8; 10] = [0x82, 0x7F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00];

#[test]
fn a_single_frame_unmasked_text_message_is_what_a_server_sends() {
    assert_eq!(relayed(&mut MASKED_HELLO.to_vec()), UNMASKED_HELLO);
    assert_eq!(receive(&[UNMASKED_HELLO.into()]), [Seen::Failed(UnmaskedFrame)]);
}

#[test]
fn a_single_frame_masked_text_message() {
    assert_eq!(receive(&[MASKED_HELLO.into()]), [Seen::text("Hello")]);
    assert_eq!(frame(FIN | TEXT, "Hello"), MASKED_HELLO);
}

#[test]
fn a_fragmented_unmasked_text_message() {
    for (example, (fin, opcode)) in
        FRAGMENTED_HELLO.into_iter().zip([(false, Opcode::Text), (true, Opcode::Continuation)])
    {
        let payload_len = example.len() as u64 - 2;
        let header = FrameHeader { fin, opcode, masking_key: None, payload_len };
        assert_eq!(header.encode(&mut [0; FrameHeader::MAX_LEN]), &example[..2]);
    }
    let masked = FRAGMENTED_HELLO.map(|example| frame(example[0], &example[2..]));
    assert_eq!(receive(&masked), [Seen::text("Hello")]);
    assert_eq!(relayed(&mut masked.concat()), UNMASKED_HELLO);
}

#[test]
fn an_unmasked_ping_and_its_masked_pong() {
    assert_eq!(receive(&[UNMASKED_PING.into()]), [Seen::Failed(UnmaskedFrame)]);
    assert_eq!(receive(&[MASKED_PONG.into()]), [Seen::Pong(b"Hello".into())]);
    let ping = FrameHeader { fin: true, opcode: Opcode::Ping, masking_key: None, payload_len: 5 };
    assert_eq!(ping.encode(&mut [0; FrameHeader::MAX_LEN]), &UNMASKED_PING[..2]);
}

#[test]
fn a_binary_message_of_256_bytes() {
    let payload = some_bytes(256);
    let expected = [&HEADER_OF_256[..], &payload].concat();
    assert_eq!(relayed(&mut frame(FIN | BINARY, &payload)), expected);
    assert_eq!(receive(&[frame(FIN | BINARY, &payload)]), [Seen::Binary(payload)]);
}

#[test]
fn a_binary_message_of_64_kib() {
    let payload = some_bytes(65536);
    let expected = [&HEADER_OF_65536[..], &payload].concat();
    assert_eq!(relayed(&mut frame(FIN | BINARY, &payload)), expected);
    assert_eq!(receive(&[frame(FIN | BINARY, &payload)]), [Seen::Binary(payload)]);
}

/// The first message in `bytes`, as it is sent on.
fn relayed(bytes: &mut [u8]) -> &[u8] {
    match ServerReceiver::new(LIMITS).receive(bytes) {
        Ok(Some(Event::Message(message))) => message.into_frame(),
        other => panic!("{other:?} is no message"),
    }
}
