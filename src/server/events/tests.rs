use std::io;

use super::EventWire;
use super::translator::Translator;
use crate::protocol::frame::{FrameHeader, Opcode};
use crate::server::memory::Memory;

fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { fin: true, opcode, masking_key: None, payload_len: payload.len() as u64 };
    [header.encode(&mut [0; FrameHeader::MAX_LEN]), payload].concat()
}

/// Everything that a room may send, and what it is as events.
fn vectors() -> Vec<(Vec<u8>, Vec<u8>)> {
    let text = |text: &str, event: &str| (frame(Opcode::Text, text.as_bytes()), event.as_bytes().to_vec());
    let long = "x".repeat(70_000);
    vec![
        (frame(Opcode::Ping, b"2a-6"), b"id: 2a-6\n\n".to_vec()),
        text("hello", "data: hello\nid: 2a-7\n\n"),
        text("", "data: \nid: 2a-8\n\n"),
        text(
            "a\nb\rc\r\nd\n\re\r\n\r\nf",
            "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\ndata: \ndata: f\nid: 2a-9\n\n",
        ),
        text("\r\n", "data: \ndata: \nid: 2a-10\n\n"),
        text("\r", "data: \ndata: \nid: 2a-11\n\n"),
        text("\nid: 9\n\n: x", "data: \ndata: id: 9\ndata: \ndata: : x\nid: 2a-12\n\n"),
        text(
            r#"{"type":"joined","name":"a","online":2}"#,
            "data: {\"type\":\"joined\",\"name\":\"a\",\"online\":2}\n\n",
        ),
        text(r#"{"type":"joine","name":"a"}"#, "data: {\"type\":\"joine\",\"name\":\"a\"}\nid: 2a-13\n\n"),
        text(&long, &format!("data: {long}\nid: 2a-14\n\n")),
        (frame(Opcode::Binary, b""), b"event: binary\ndata: \nid: 2a-15\n\n".to_vec()),
        (frame(Opcode::Binary, b"\0\xff"), b"event: binary\ndata: AP8=\nid: 2a-16\n\n".to_vec()),
        (
            frame(Opcode::Binary, &[b'M'; 3000]),
            ["event: binary\ndata: ", &"TU1N".repeat(1000), "\nid: 2a-17\n\n"].concat().into_bytes(),
        ),
        (frame(Opcode::Ping, b""), b":\n\n".to_vec()),
        (frame(Opcode::Ping, b"gap 7-1"), b"event: gap\ndata: gap\nid: 7-1\n\n".to_vec()),
        (frame(Opcode::Close, b"\x03\xe9bye"), Vec::new()),
    ]
}

fn all() -> (Vec<u8>, Vec<u8>) {
    vectors().into_iter().fold(Default::default(), |(frames, events), (frame, event)| {
        ([frames, frame].concat(), [events, event].concat())
    })
}

#[test]
fn each_frame_is_its_event() {
    let mut translator = Translator::default();
    for (frame, event) in vectors() {
        let mut events = Vec::new();
        assert_eq!(translator.translate(&frame, &mut events, usize::MAX), frame.len());
        assert_eq!(String::from_utf8(events), String::from_utf8(event));
    }
}

#[test]
fn a_stream_is_the_same_however_it_is_cut() {
    let (frames, expected) = all();
    for step in (1..64).chain([767, 768, 769, 4096]) {
        let (mut translator, mut events) = (Translator::default(), Vec::new());
        for piece in frames.chunks(step) {
            assert_eq!(translator.translate(piece, &mut events, usize::MAX), piece.len());
        }
        assert_eq!(events, expected, "in steps of {step}");
    }
}

/// The wire holds what a slow socket has not taken, and never much; what it reports as taken ends with what was sent.
#[test]
fn a_slow_socket_gets_everything_and_nothing_is_held_for_it() {
    let (frames, expected) = all();
    let memory = Memory::new(1 << 20, 1 << 16);
    for room in [1, 2, 7, 1000] {
        let wire = EventWire::new(Vec::new(), &memory);
        let (mut sent, mut taken) = (Vec::new(), 0);
        while taken < frames.len() {
            let mut free = room;
            let result = wire.send(&frames[taken..], |events| {
                let count = events.len().min(free);
                free -= count;
                sent.extend_from_slice(&events[..count]);
                Ok(count)
            });
            taken += result.expect("nothing fails");
            assert!(taken < frames.len() || sent == expected, "all is taken, and not all is sent");
            assert!(memory.used() < 16 * 1024, "{} bytes are held", memory.used());
        }
        assert_eq!(sent, expected);
        assert_eq!(memory.used(), 0);
    }
}

#[test]
fn an_error_is_the_sockets() {
    let wire = EventWire::new(Vec::new(), &Memory::new(1 << 20, 1 << 16));
    let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
    let result = wire.send(&frame(Opcode::Text, b"x"), |_| Err(broken()));
    assert_eq!(result.map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
}
