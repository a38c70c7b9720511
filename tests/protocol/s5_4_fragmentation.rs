//! §5.4: a message in many frames, and what may stand between them.

use chinwag::protocol::error::ProtocolError::{ExpectedContinuation, UnexpectedContinuation};

use crate::support::*;

#[test]
fn puts_the_fragments_together() {
    let frames = [frame(TEXT, "Hel"), frame(CONTINUATION, "lo, "), frame(FIN | CONTINUATION, "world")];
    assert_eq!(receive(&frames), [Seen::text("Hello, world")]);
}

#[test]
fn keeps_the_type_of_the_first_frame() {
    let text = [frame(TEXT, "a"), frame(FIN | CONTINUATION, "b")];
    let binary = [frame(BINARY, "a"), frame(FIN | CONTINUATION, "b")];
    assert_eq!(receive(&text), [Seen::text("ab")]);
    assert_eq!(receive(&binary), [Seen::Binary(b"ab".into())]);
}

#[test]
fn takes_empty_fragments() {
    let frames = [frame(TEXT, ""), frame(CONTINUATION, ""), frame(FIN | CONTINUATION, "")];
    assert_eq!(receive(&frames), [Seen::text("")]);
    let frames = [frame(TEXT, ""), frame(CONTINUATION, "x"), frame(FIN | CONTINUATION, "")];
    assert_eq!(receive(&frames), [Seen::text("x")]);
}

#[test]
fn an_empty_message_is_a_message() {
    let frames = [frame(FIN | TEXT, ""), frame(FIN | BINARY, "")];
    assert_eq!(receive(&frames), [Seen::text(""), Seen::Binary(vec![])]);
}

#[test]
fn each_message_stands_for_itself() {
    let frames = [
        frame(FIN | TEXT, "one"),
        frame(BINARY, "t"),
        frame(FIN | CONTINUATION, "wo"),
        frame(TEXT, "thr"),
        frame(FIN | CONTINUATION, "ee"),
        frame(FIN | BINARY, "four"),
    ];
    let seen =
        [Seen::text("one"), Seen::Binary(b"two".into()), Seen::text("three"), Seen::Binary(b"four".into())];
    assert_eq!(receive(&frames), seen);
}

/// "Control frames MAY be injected in the middle of a fragmented message."
#[test]
fn control_frames_between_fragments_come_first() {
    let longest = some_bytes(125);
    let frames = [
        frame(TEXT, "a"),
        frame(FIN | PING, &longest),
        frame(CONTINUATION, "b"),
        frame(FIN | PONG, "pong"),
        frame(FIN | PING, ""),
        frame(FIN | CONTINUATION, "c"),
    ];
    let seen = [Seen::Ping(longest), Seen::Pong(b"pong".into()), Seen::Ping(vec![]), Seen::text("abc")];
    assert_eq!(receive(&frames), seen);
}

#[test]
fn refuses_a_continuation_with_nothing_to_continue() {
    for first in [CONTINUATION, FIN | CONTINUATION] {
        assert_fails_at_last_byte(LIMITS, &[vec![first]], UnexpectedContinuation);
        let after_a_message = [frame(FIN | TEXT, "whole"), vec![first]];
        assert_fails_at_last_byte(LIMITS, &after_a_message, UnexpectedContinuation);
        let after_fragments = [frame(TEXT, "a"), frame(FIN | CONTINUATION, "b"), vec![first]];
        assert_fails_at_last_byte(LIMITS, &after_fragments, UnexpectedContinuation);
        let after_a_ping = [frame(FIN | PING, "ping"), vec![first]];
        assert_fails_at_last_byte(LIMITS, &after_a_ping, UnexpectedContinuation);
    }
}

/// "The fragments of one message MUST NOT be interleaved between the fragments of another message".
#[test]
fn refuses_a_new_message_inside_a_message() {
    for first in [TEXT, FIN | TEXT, BINARY, FIN | BINARY] {
        for begun in [frame(TEXT, "begun"), frame(BINARY, ""), frame(TEXT, "")] {
            assert_fails_at_last_byte(LIMITS, &[begun.clone(), vec![first]], ExpectedContinuation);
            let after_a_ping = [begun, frame(FIN | PING, ""), vec![first]];
            assert_fails_at_last_byte(LIMITS, &after_a_ping, ExpectedContinuation);
        }
    }
}

#[test]
fn a_message_is_begun_by_its_first_header_and_ended_by_its_last_byte() {
    let mut connection = Connection::new(LIMITS);
    let (fragment, rest) = (frame(TEXT, "ab"), frame(FIN | CONTINUATION, "cd"));
    let steps = [
        (&fragment[..5], false),
        (&fragment[5..6], true),
        (&fragment[6..], true),
        (&rest[..7], true),
        (&rest[7..], false),
    ];
    for (bytes, in_message) in steps {
        connection.read(bytes);
        assert_eq!(connection.receiver.in_message(), in_message, "after {bytes:02x?}");
    }
}
