//! §5.5: Close, Ping and Pong.

use chinwag::protocol::close::CloseCode;
use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::error::ProtocolError::*;
use chinwag::protocol::event::Event;
use chinwag::protocol::receiver::ServerReceiver;

use crate::support::*;

const CONTROL: [u8; 3] = [CLOSE, PING, PONG];

#[test]
fn takes_125_bytes() {
    let payload = some_bytes(125);
    assert_eq!(receive(&[frame(FIN | PING, &payload)]), [Seen::Ping(payload.clone())]);
    assert_eq!(receive(&[frame(FIN | PONG, &payload)]), [Seen::Pong(payload)]);
    let reason = "r".repeat(123);
    let close = frame(FIN | CLOSE, close_body(1000, &reason));
    assert_eq!(receive(&[close]), [Seen::Close(Some(1000), reason)]);
}

#[test]
fn refuses_126_bytes() {
    for opcode in CONTROL {
        assert_fails_at_last_byte(LIMITS, &[vec![FIN | opcode, MASK | 126]], ControlFrameTooLong);
    }
}

#[test]
fn refuses_65536_bytes() {
    for opcode in CONTROL {
        assert_fails_at_last_byte(LIMITS, &[vec![FIN | opcode, MASK | 127]], ControlFrameTooLong);
    }
}

#[test]
fn refuses_to_have_them_fragmented() {
    for opcode in CONTROL {
        for length in 0..=127 {
            let opening = vec![opcode, MASK | length];
            assert_fails_at_last_byte(LIMITS, std::slice::from_ref(&opening), FragmentedControlFrame);
            assert_fails_at_last_byte(LIMITS, &[frame(TEXT, "begun"), opening], FragmentedControlFrame);
        }
    }
}

#[test]
fn they_are_no_part_of_the_message_limit() {
    let limits = chinwag::protocol::receiver::Limits { max_message: 0, max_fragments: 1 };
    let frames = [frame(FIN | PING, "ping"), frame(FIN | TEXT, ""), frame(FIN | PONG, "pong")];
    let seen = [Seen::Ping(b"ping".into()), Seen::text(""), Seen::Pong(b"pong".into())];
    assert_eq!(receive_within(limits, &frames), seen);
}

mod s5_5_1_close {
    use super::*;

    #[test]
    fn has_a_code_and_a_reason_or_neither() {
        assert_eq!(receive(&[frame(FIN | CLOSE, "")]), [Seen::Close(None, String::new())]);
        let bare = frame(FIN | CLOSE, close_body(1001, ""));
        assert_eq!(receive(&[bare]), [Seen::Close(Some(1001), String::new())]);
        let reason = frame(FIN | CLOSE, close_body(4999, "bis später"));
        assert_eq!(receive(&[reason]), [Seen::Close(Some(4999), "bis später".into())]);
    }

    #[test]
    fn of_one_byte_is_refused_at_its_length() {
        assert_fails_at_last_byte(LIMITS, &[vec![FIN | CLOSE, MASK | 1]], CloseFrameTooShort);
    }

    #[test]
    fn with_a_reason_that_is_not_utf8_is_refused() {
        for reason in [&b"\xff"[..], b"ok \xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80 edited"] {
            let close = frame(FIN | CLOSE, close_body(1000, reason));
            assert_fails_at_last_byte(LIMITS, &[close], InvalidUtf8);
        }
    }

    #[test]
    fn a_bad_code_is_named_before_a_bad_reason() {
        let close = frame(FIN | CLOSE, close_body(999, b"\xff"));
        assert_fails_at_last_byte(LIMITS, &[close], InvalidCloseCode);
    }

    #[test]
    fn everything_before_it_still_counts_and_nothing_after_it() {
        let frames = [
            frame(FIN | TEXT, "before"),
            frame(FIN | CLOSE, close_body(1000, "")),
            frame(FIN | TEXT, "after"),
            frame(FIN | PING, ""),
            b"\xff\xff garbage".to_vec(),
        ];
        assert_eq!(receive(&frames), [Seen::text("before"), Seen::Close(Some(1000), String::new())]);
    }

    #[test]
    fn may_come_between_fragments() {
        let frames = [frame(TEXT, "cut "), frame(FIN | CLOSE, ""), frame(FIN | CONTINUATION, "off")];
        assert_eq!(receive(&frames), [Seen::Close(None, String::new())]);
    }

    #[test]
    fn leaves_no_message_and_no_bytes_behind() {
        let mut connection = Connection::new(LIMITS);
        connection.read(&[frame(TEXT, "cut "), frame(FIN | CLOSE, ""), vec![FIN]].concat());
        connection.compact();
        assert!(!connection.receiver.in_message());
        assert_eq!(connection.buffer, []);
        for _ in 0..3 {
            assert_eq!(connection.read(&frame(FIN | TEXT, "more")), []);
            connection.compact();
            assert_eq!(connection.buffer, []);
        }
    }

    /// "the endpoint typically echos the status code it received"; 1000 where there was none.
    #[test]
    fn is_answered_with_its_own_code() {
        let answers = [(close_body(1001, "going"), 1001), (close_body(3000, ""), 3000), (vec![], 1000)];
        for (body, code) in answers {
            let mut bytes = frame(FIN | CLOSE, body);
            let Ok(Some(Event::Close(received, _))) = ServerReceiver::new(LIMITS).receive(&mut bytes) else {
                panic!("a Close is a Close");
            };
            let answer = ControlFrame::close(received.unwrap_or(CloseCode::NORMAL_CLOSURE), "", None);
            assert_eq!(answer.as_bytes(), server_frame(FIN | CLOSE, &close_body(code, "")));
        }
    }
}

mod s5_5_2_ping {
    use super::*;

    /// §5.5.3: the Pong has "identical "Application data"".
    #[test]
    fn becomes_its_pong_in_place_at_every_length() {
        for len in 0..=125 {
            let payload = some_bytes(len);
            for before in [vec![], frame(TEXT, "message begun")] {
                let mut bytes = [before, frame(FIN | PING, &payload)].concat();
                let Ok(Some(Event::Ping(ping))) = ServerReceiver::new(LIMITS).receive(&mut bytes) else {
                    panic!("a Ping of {len} bytes is a Ping");
                };
                assert_eq!(ping.into_pong(), server_frame(FIN | PONG, &payload));
            }
        }
    }

    #[test]
    fn answered_between_fragments_leaves_the_message_whole() {
        let mut bytes =
            [frame(TEXT, "a"), frame(FIN | PING, "?"), frame(CONTINUATION, "b"), frame(FIN | PING, "")]
                .concat();
        bytes.extend(frame(FIN | CONTINUATION, "c"));
        let mut receiver = ServerReceiver::new(LIMITS);
        for payload in ["?", ""] {
            let Ok(Some(Event::Ping(ping))) = receiver.receive(&mut bytes) else { panic!("no Ping") };
            assert_eq!(ping.into_pong(), server_frame(FIN | PONG, payload.as_bytes()));
        }
        let event = receiver.receive(&mut bytes).expect("no error").expect("a message");
        assert_eq!(Seen::from(event), Seen::text("abc"));
    }
}

mod s5_5_3_pong {
    use super::*;

    #[test]
    fn may_come_unasked() {
        assert_eq!(receive(&[frame(FIN | PONG, "alive")]), [Seen::Pong(b"alive".into())]);
    }
}
