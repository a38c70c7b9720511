//! §4.2.2 (5), §4.4, RFC 9110 §15: each refusal as it is answered, in the order of precedence.

use std::collections::HashSet;

use chinwag::protocol::refusal::Refusal::{self, *};

const CLOSE: &str = "Connection: close\r\n";

/// In the order of the contract, a head not complete in time before the lack of room.
const TABLE: [(Refusal, u16, &str, &str); 17] = [
    (MalformedHead, 400, CLOSE, "malformed request head"),
    (TargetTooLong, 414, CLOSE, "request target too long"),
    (HeadTooLarge, 431, CLOSE, "request head too large"),
    (HttpVersion, 505, CLOSE, "HTTP/1.1 only"),
    (InvalidHost, 400, CLOSE, "one valid Host required"),
    (UnexpectedBody, 400, CLOSE, "no request body allowed"),
    (MethodNotAllowed, 405, "Connection: close\r\nAllow: GET, HEAD\r\n", "GET and HEAD only"),
    (NotFound, 404, CLOSE, "no such room or page"),
    (HostNotAllowed, 403, CLOSE, "host not allowed"),
    (OriginNotAllowed, 403, CLOSE, "origin not allowed"),
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
    (InvalidQuery, 400, CLOSE, "invalid name or history in the query"),
    (HeadTimeout, 408, CLOSE, "request head not complete in time"),
    (
        TooManyConnections,
        429,
        "Connection: close\r\nRetry-After: 5\r\n",
        "too many connections from this address",
    ),
    (ServerFull, 503, "Connection: close\r\nRetry-After: 5\r\n", "server full"),
];

/// RFC 9110 §15, RFC 6585 §5.
const REASON_PHRASES: [(u16, &str); 11] = [
    (400, "Bad Request"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (408, "Request Timeout"),
    (414, "URI Too Long"),
    (426, "Upgrade Required"),
    (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"),
    (503, "Service Unavailable"),
    (505, "HTTP Version Not Supported"),
];

#[test]
fn is_answered_as_the_table_says() {
    for (refusal, status, fields, reason) in TABLE {
        assert_eq!(
            (refusal.status(), refusal.fields(), refusal.reason()),
            (status, fields, reason),
            "{refusal:?}"
        );
        assert_eq!(refusal.to_string(), reason);
        assert!(REASON_PHRASES.contains(&(status, refusal.reason_phrase())), "{refusal:?}");
    }
}

#[test]
fn all_are_there_once_and_in_the_order_of_precedence() {
    assert_eq!(Refusal::ALL, TABLE.map(|(refusal, ..)| refusal));
    assert_eq!(Refusal::ALL.map(|refusal| refusal as usize), std::array::from_fn(|place| place));
    let reasons: HashSet<&str> = Refusal::ALL.iter().map(|refusal| refusal.reason()).collect();
    assert_eq!(reasons.len(), Refusal::ALL.len());
}

/// RFC 9110 §7.8: "A sender of Upgrade MUST also send an "Upgrade" connection option".
#[test]
fn has_upgrade_in_both_fields_exactly_where_it_is_a_426() {
    for refusal in Refusal::ALL {
        let lines: Vec<&str> = refusal.fields().split_terminator("\r\n").collect();
        let is_426 = refusal.status() == 426;
        assert_eq!(lines.contains(&"Upgrade: websocket"), is_426, "{refusal:?}");
        assert_eq!(lines.contains(&"Connection: close, Upgrade"), is_426, "{refusal:?}");
        assert_eq!(lines.contains(&"Connection: close"), !is_426, "{refusal:?}");
        assert_eq!(lines.contains(&"Allow: GET, HEAD"), refusal.status() == 405, "{refusal:?}");
    }
}

#[test]
fn is_written_in_lines_that_http_allows() {
    for refusal in Refusal::ALL {
        let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", refusal.fields()).into_bytes();
        assert_eq!(crate::requests::refusal(&bytes), None, "{refusal:?}");
        assert!(refusal.reason().bytes().all(|byte| matches!(byte, b' '..=b'~')), "{refusal:?}");
    }
}
