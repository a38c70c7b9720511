//! §7.1.7 _Fail the WebSocket Connection_: with which code and which words.

use std::collections::HashSet;

use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::error::ProtocolError::{self, *};

use crate::support::*;

const ANSWERS: [(ProtocolError, u16, &str); 15] = [
    (UnmaskedFrame, 1002, "frame not masked"),
    (MaskedFrame, 1002, "frame masked"),
    (ReservedBitsSet, 1002, "reserved bit set"),
    (ReservedOpcode, 1002, "reserved opcode"),
    (NonMinimalLength, 1002, "length not in its shortest form"),
    (LengthMsbSet, 1002, "length with its top bit set"),
    (FragmentedControlFrame, 1002, "fragmented control frame"),
    (ControlFrameTooLong, 1002, "control frame over 125 bytes"),
    (UnexpectedContinuation, 1002, "nothing to continue"),
    (ExpectedContinuation, 1002, "message not finished"),
    (CloseFrameTooShort, 1002, "close frame of one byte"),
    (InvalidCloseCode, 1002, "close code not allowed"),
    (InvalidUtf8, 1007, "not UTF-8"),
    (MessageTooBig, 1009, "message too big"),
    (TooManyFragments, 1008, "too many fragments"),
];

#[test]
fn every_error_has_its_code_and_its_words() {
    for (error, code, words) in ANSWERS {
        assert_eq!((error.close_code().get(), error.reason()), (code, words), "{error:?}");
        assert_eq!(error.to_string(), words, "{error:?}");
    }
}

#[test]
fn every_error_is_listed_once() {
    assert_eq!(ProtocolError::ALL, ANSWERS.map(|(error, ..)| error));
    assert_eq!(HashSet::from(ANSWERS.map(|(error, ..)| error)).len(), ANSWERS.len());
}

#[test]
fn the_words_fit_into_a_close_frame_whole() {
    for error in ProtocolError::ALL {
        assert!(error.reason().len() <= 123, "{error:?}");
        let close = ControlFrame::close(error.close_code(), error.reason(), None);
        let body = close_body(error.close_code().get(), error.reason());
        assert_eq!(close.as_bytes(), server_frame(FIN | CLOSE, &body), "{error:?}");
    }
}

#[test]
fn an_error_is_an_error_to_others() {
    let error: Box<dyn std::error::Error> = InvalidUtf8.into();
    assert_eq!(error.to_string(), "not UTF-8");
}

/// §7.1.7: "An endpoint MUST NOT continue to attempt to process data [...] from the remote endpoint".
#[test]
fn nothing_comes_after_an_error() {
    let mut connection = Connection::new(LIMITS);
    let broken = [frame(FIN | TEXT, "before"), vec![FIN | CONTINUATION], frame(FIN | TEXT, "after")];
    let seen = connection.read(&broken.concat());
    assert_eq!(seen, [Seen::text("before"), Seen::Failed(UnexpectedContinuation)]);
    assert_eq!(connection.read(&frame(FIN | TEXT, "later")), []);
    connection.compact();
    assert_eq!(connection.buffer, []);
}

#[test]
fn nothing_of_the_broken_message_is_kept() {
    let mut connection = Connection::new(LIMITS);
    connection.read(&[frame(TEXT, "begun"), vec![FIN | TEXT]].concat());
    connection.compact();
    assert!(!connection.receiver.in_message());
    assert_eq!(connection.buffer, []);
}
