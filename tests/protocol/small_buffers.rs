//! A fixed buffer of every length: it suffices, or the receiver says that it does not.

use chinwag::protocol::error::ProtocolError;
use chinwag::protocol::receiver::{BufferTooSmall, Limits, ServerReceiver};

use crate::naive;
use crate::support::*;

const LIMITS: Limits = Limits { max_message: 200, max_fragments: 4 };

/// Sizes of reads: byte by byte, a few, as many as there is room for.
const READS: [usize; 4] = [1, 3, 64, usize::MAX];

/// Asserts that buffers of `least` bytes and more suffice, and that shorter ones are too small, after a part of what
/// there is to be seen: the same part however much is read at once.
fn assert_least(least: usize, frames: &[Vec<u8>], what: &str) {
    let session = frames.concat();
    let expected = naive::decode(&session, LIMITS);
    assert!(!expected.is_empty(), "{what}");
    for buffer_len in 0..=ServerReceiver::buffer_len(LIMITS.max_message) {
        let received = READS.map(|size| receive_in_a_buffer_of(buffer_len, &session, LIMITS, || size));
        assert!(received.iter().all(|one| *one == received[0]), "{what} in {buffer_len} bytes: {received:?}");
        match &received[0] {
            Ok(seen) => assert_eq!((seen, buffer_len >= least), (&expected, true), "{what} in {buffer_len}"),
            Err(seen) => assert!(expected.starts_with(seen) && buffer_len < least, "{what} in {buffer_len}"),
        }
    }
}

#[test]
fn a_whole_frame_needs_its_own_length() {
    for len in [0, 1, 2, 125, 126, 127, 200] {
        for first in [FIN | TEXT, FIN | BINARY, FIN | PING, FIN | PONG] {
            if first & 0x08 == 0 || len <= 125 {
                let frame = frame(first, "x".repeat(len));
                assert_least(frame.len(), &[frame], &format!("{len} bytes, {first:02x}"));
            }
        }
    }
    let close = frame(FIN | CLOSE, close_body(1000, "done"));
    assert_least(close.len(), &[close], "a Close");
}

#[test]
fn frames_one_after_the_other_need_the_longest_of_them() {
    let frames = [frame(FIN | TEXT, "one"), frame(FIN | PING, some_bytes(20)), frame(FIN | BINARY, "three")];
    assert_least(6 + 20, &frames, "a message, a Ping, a message");
}

/// A message stays, with ten bytes of headroom once it goes on, while the next header or control frame arrives.
#[test]
fn fragments_need_the_message_and_what_arrives_behind_it() {
    for (first, second) in
        [(0, 0), (0, 1), (1, 0), (3, 100), (100, 3), (125, 75), (126, 1), (199, 1), (1, 126)]
    {
        let header_len = |len| if len < 126 { 6 } else { 8 };
        let (begun, end) = (header_len(first) + first, 10 + first + second);
        let fragments = [frame(BINARY, some_bytes(first)), frame(FIN | CONTINUATION, some_bytes(second))];
        let least = end.max(begun + header_len(second));
        assert_least(least, &fragments, &format!("{first} and {second} bytes"));
        for ping in [0, 7, 125] {
            let ping = frame(FIN | PING, some_bytes(ping));
            let least = least.max(begun + ping.len());
            let frames = [fragments[0].clone(), ping, fragments[1].clone()];
            assert_least(least, &frames, &format!("{first} and {second} bytes, a Ping between"));
        }
    }
}

#[test]
fn what_is_refused_needs_no_more_than_what_was_accepted() {
    let cases = [
        (1, vec![vec![0xFF]]),
        (2, vec![vec![FIN | TEXT, 5]]),
        (4, vec![header(FIN | BINARY, 201)]),
        (10, vec![header(FIN | BINARY, u64::MAX >> 1)]),
        (7, vec![frame(FIN | TEXT, b"\xFFand more")]),
        (6 + 5 + 1, vec![frame(BINARY, "begun"), vec![FIN | BINARY]]),
    ];
    for (least, frames) in cases {
        assert_least(least, &frames, &format!("{frames:02x?}"));
    }
}

#[test]
fn nothing_is_lost_by_it_a_longer_buffer_goes_on() {
    let session = [frame(TEXT, "one "), frame(FIN | PING, "?"), frame(FIN | CONTINUATION, "two")].concat();
    let (mut receiver, mut buffer, mut filled) = (ServerReceiver::new(LIMITS), Vec::new(), 0);
    let mut seen = Vec::new();
    for byte in &session {
        match receiver.compact(&mut buffer, filled) {
            Ok(kept) => filled = kept,
            Err(BufferTooSmall) => buffer.push(0xAA),
        }
        buffer[filled] = *byte;
        filled += 1;
        while let Some(event) = receiver.receive(&mut buffer[..filled]).expect("legal") {
            seen.push(Seen::from(event));
        }
    }
    assert_eq!(seen, [Seen::Ping(b"?".into()), Seen::text("one two")]);
    // The message with ten bytes of headroom, and not a byte more.
    assert_eq!(buffer.len(), 10 + 7);
}

/// After the end nothing is needed, however full the buffer is.
#[test]
fn nothing_is_too_small_after_the_end() {
    for end in [frame(FIN | CLOSE, ""), vec![0xFF]] {
        let (mut receiver, mut buffer) = (ServerReceiver::new(LIMITS), [end, some_bytes(20)].concat());
        let _ = receiver.receive(&mut buffer);
        let filled = buffer.len();
        assert_eq!(receiver.compact(&mut buffer, filled), Ok(0));
    }
}

#[test]
fn a_peer_is_told_that_its_message_is_too_big() {
    assert_eq!(ProtocolError::from(BufferTooSmall), ProtocolError::MessageTooBig);
    let error: Box<dyn std::error::Error> = BufferTooSmall.into();
    assert_eq!(error.to_string(), "buffer too small");
}
