//! §4.2.2 (5), §4.4, RFC 9110 §15: each refusal as it is answered, in the order of precedence.

use std::collections::HashSet;

use chinwag::protocol::handshake_error::HandshakeError::{self, *};

const CLOSE: &str = "Connection: close\r\n";

/// In the order of the contract.
const TABLE: [(HandshakeError, u16, &str, &str); 11] = [
    (MalformedHead, 400, CLOSE, "malformed request head"),
    (TargetTooLong, 414, CLOSE, "request target too long"),
    (HeadTooLarge, 431, CLOSE, "request head too large"),
    (HttpVersion, 505, CLOSE, "HTTP/1.1 only"),
    (InvalidHost, 400, CLOSE, "one valid Host required"),
    (UnexpectedBody, 400, CLOSE, "no request body allowed"),
    (MethodNotGet, 405, "Connection: close\r\nAllow: GET\r\n", "GET only"),
    (InvalidOrigin, 403, CLOSE, "no single valid Origin"),
    (
        IncompleteUpgrade,
        426,
        "Connection: close, Upgrade\r\nUpgrade: websocket\r\n",
        "incomplete WebSocket upgrade",
    ),
    (
        UnsupportedVersion,
        426,
        "Connection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        "WebSocket version 13 only",
    ),
    (InvalidKey, 400, CLOSE, "one Sec-WebSocket-Key of 16 bytes required"),
];

/// RFC 9110 §15, RFC 6585 §5.
const REASON_PHRASES: [(u16, &str); 7] = [
    (400, "Bad Request"),
    (403, "Forbidden"),
    (405, "Method Not Allowed"),
    (414, "URI Too Long"),
    (426, "Upgrade Required"),
    (431, "Request Header Fields Too Large"),
    (505, "HTTP Version Not Supported"),
];

#[test]
fn is_answered_as_the_table_says() {
    for (error, status, fields, reason) in TABLE {
        assert_eq!((error.status(), error.fields(), error.reason()), (status, fields, reason), "{error:?}");
        assert_eq!(error.to_string(), reason);
        assert!(REASON_PHRASES.contains(&(status, error.reason_phrase())), "{error:?}");
    }
}

#[test]
fn all_are_there_once_and_in_the_order_of_precedence() {
    assert_eq!(HandshakeError::ALL, TABLE.map(|(error, ..)| error));
    assert_eq!(TABLE.map(|(error, ..)| error as usize), std::array::from_fn(|place| place));
    let reasons: HashSet<&str> = HandshakeError::ALL.iter().map(|error| error.reason()).collect();
    assert_eq!(reasons.len(), TABLE.len());
}

/// RFC 9110 §7.8: "A sender of Upgrade MUST also send an "Upgrade" connection option".
#[test]
fn has_upgrade_in_both_fields_exactly_where_it_is_a_426() {
    for error in HandshakeError::ALL {
        let lines: Vec<&str> = error.fields().split_terminator("\r\n").collect();
        let is_426 = error.status() == 426;
        assert_eq!(lines.contains(&"Upgrade: websocket"), is_426, "{error:?}");
        assert_eq!(lines.contains(&"Connection: close, Upgrade"), is_426, "{error:?}");
        assert_eq!(lines.contains(&"Connection: close"), !is_426, "{error:?}");
        assert_eq!(lines.contains(&"Allow: GET"), error.status() == 405, "{error:?}");
    }
}

#[test]
fn is_written_in_lines_that_http_allows() {
    for error in HandshakeError::ALL {
        let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", error.fields()).into_bytes();
        assert_eq!(crate::requests::refusal(&bytes), None, "{error:?}");
        assert!(error.reason().bytes().all(|byte| matches!(byte, b' '..=b'~')), "{error:?}");
    }
}
