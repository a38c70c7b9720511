//! What the receiver does to its caller's buffer: the frame in place, and what is kept.

use chinwag::protocol::event::Event;
use chinwag::protocol::receiver::ServerReceiver;

use crate::support::*;

const SIZES: [usize; 12] = [0, 1, 2, 3, 4, 125, 126, 127, 128, 65535, 65536, 65537];

/// Reads `pieces` one by one and returns the first message as it is sent on.
fn relayed(pieces: &[Vec<u8>], compacting: bool) -> Vec<u8> {
    let mut receiver = ServerReceiver::new(LIMITS);
    let mut buffer = Vec::new();
    for piece in pieces {
        if compacting {
            compact(&mut receiver, &mut buffer);
        }
        buffer.extend_from_slice(piece);
        while let Some(event) = receiver.receive(&mut buffer).expect("legal") {
            if let Event::Message(message) = event {
                return message.into_frame().to_vec();
            }
        }
    }
    panic!("no message in {} pieces", pieces.len());
}

/// All at once, a frame at a time, and a frame at a time from the front of the buffer.
fn assert_relayed(frames: &[Vec<u8>], expected: &[u8], what: &str) {
    assert!(relayed(&[frames.concat()], false) == expected, "{what}, at once");
    assert!(relayed(frames, false) == expected, "{what}, frame by frame");
    assert!(relayed(frames, true) == expected, "{what}, compacted");
}

mod frame_in_place {
    use super::*;

    #[test]
    fn is_right_at_every_length() {
        for len in (0..=300).chain([65534, 65535, 65536, 65537]) {
            let payload = some_bytes(len);
            let expected = server_frame(FIN | BINARY, &payload);
            assert_relayed(&[frame(FIN | BINARY, &payload)], &expected, &format!("{len} bytes"));
        }
    }

    #[test]
    fn is_right_after_another_message() {
        let frames = [frame(FIN | PING, "?"), frame(FIN | TEXT, "Hello")];
        assert_relayed(&frames, &server_frame(FIN | TEXT, b"Hello"), "after a ping");
    }

    /// The first fragment has a short header; what is put together needs a long one.
    #[test]
    fn is_right_however_the_message_was_cut() {
        for len in SIZES {
            let payload = some_bytes(len);
            let expected = server_frame(FIN | BINARY, &payload);
            for first in SIZES.into_iter().filter(|first| *first <= len) {
                for second in [0, 1, 126, len - first].into_iter().filter(|second| first + second <= len) {
                    let (head, rest) = payload.split_at(first);
                    let (middle, tail) = rest.split_at(second);
                    let frames = [
                        frame(BINARY, head),
                        frame(CONTINUATION, middle),
                        frame(FIN | PING, "between"),
                        frame(FIN | CONTINUATION, tail),
                    ];
                    assert_relayed(
                        &frames,
                        &expected,
                        &format!("{len} bytes as {first}, {second} and the rest"),
                    );
                }
            }
        }
    }

    #[test]
    fn leaves_the_frames_around_it_alone() {
        let mut buffer =
            [frame(FIN | TEXT, "one"), frame(BINARY, ""), frame(FIN | CONTINUATION, some_bytes(126))]
                .concat();
        buffer.extend(frame(FIN | PING, "three"));
        let mut receiver = ServerReceiver::new(LIMITS);
        let mut sent = Vec::new();
        while let Some(event) = receiver.receive(&mut buffer).expect("legal") {
            match event {
                Event::Message(message) => sent.extend_from_slice(message.into_frame()),
                Event::Ping(ping) => sent.extend_from_slice(ping.into_pong()),
                other => panic!("{other:?} was not sent"),
            }
        }
        let expected = [
            server_frame(FIN | TEXT, b"one"),
            server_frame(FIN | BINARY, &some_bytes(126)),
            server_frame(FIN | PONG, b"three"),
        ];
        assert_eq!(sent, expected.concat());
    }
}

mod compact {
    use super::*;

    #[test]
    fn keeps_nothing_between_frames() {
        for frames in [vec![frame(FIN | TEXT, "x"); 3], vec![frame(FIN | PING, "x")], vec![]] {
            let mut connection = Connection::new(LIMITS);
            connection.read(&frames.concat());
            connection.compact();
            assert_eq!(connection.buffer, []);
        }
    }

    #[test]
    fn keeps_what_is_in_the_middle_of_arriving() {
        for bytes in [
            vec![FIN | PING],
            header(FIN | TEXT, 300),
            frame(TEXT, ""),
            frame(FIN | TEXT, "cut")[..7].to_vec(),
        ] {
            let mut connection = Connection::new(LIMITS);
            connection.read(&[frame(FIN | TEXT, "before"), bytes.clone()].concat());
            connection.compact();
            assert!((1..=bytes.len()).contains(&connection.buffer.len()), "{bytes:02x?}");
        }
    }

    #[test]
    fn keeps_of_a_fragmented_message_its_payload_and_its_room() {
        let mut connection = Connection::new(LIMITS);
        connection.read(&frame(BINARY, ""));
        for _ in 0..60 {
            connection.read(&[frame(FIN | PING, some_bytes(125)), frame(CONTINUATION, "x")].concat());
            connection.compact();
        }
        assert!(connection.buffer.len() <= 60 + 14, "{} bytes are held for 60", connection.buffer.len());
    }

    #[test]
    fn between_two_events_changes_nothing() {
        let mut buffer = [frame(FIN | TEXT, "one"), frame(TEXT, "t"), frame(FIN | PING, "?")].concat();
        buffer.extend([frame(FIN | CONTINUATION, "wo"), frame(FIN | TEXT, "three")].concat());
        let mut receiver = ServerReceiver::new(LIMITS);
        let mut seen = Vec::new();
        while let Some(event) = receiver.receive(&mut buffer).expect("legal") {
            seen.push(Seen::from(event));
            compact(&mut receiver, &mut buffer);
        }
        let expected = [Seen::text("one"), Seen::Ping(b"?".into()), Seen::text("two"), Seen::text("three")];
        assert_eq!(seen, expected);
    }
}
