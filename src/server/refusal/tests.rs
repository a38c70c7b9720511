//! Each refusal as it is answered.

use super::Refusal::{self, *};
use super::*;

const CLOSE: &str = "Connection: close\r\n";
const ALLOW: &str = "Connection: close\r\nAllow: GET, HEAD, POST, OPTIONS\r\n";
const ELSEWHERE: &str = "Connection: close\r\nAllow: GET, HEAD, OPTIONS\r\n";
const LATER: &str = "Connection: close\r\nRetry-After: 5\r\n";

/// In the order of the contract, a head not complete in time before the lack of room.
const TABLE: [(Refusal, u16, &str, &str, &str); 15] = [
    (LengthRequired, 411, "Length Required", CLOSE, "Content-Length required"),
    (InvalidLength, 400, "Bad Request", CLOSE, "one Content-Length in digits required"),
    (ContentTooLarge, 413, "Content Too Large", CLOSE, "message too long"),
    (MethodNotAllowed, 405, "Method Not Allowed", ALLOW, "GET, HEAD, POST and OPTIONS only"),
    (MethodNotAllowedElsewhere, 405, "Method Not Allowed", ELSEWHERE, "GET, HEAD and OPTIONS only"),
    (NotFound, 404, "Not Found", CLOSE, "no such room or page"),
    (HostNotAllowed, 403, "Forbidden", CLOSE, "host not allowed"),
    (OriginNotAllowed, 403, "Forbidden", CLOSE, "origin not allowed"),
    (InvalidQuery, 400, "Bad Request", CLOSE, "invalid name or history in the query"),
    (InvalidUtf8, 400, "Bad Request", CLOSE, "text is not UTF-8"),
    (Forged, 403, "Forbidden", CLOSE, "only the server announces"),
    (BodyTimeout, 408, "Request Timeout", CLOSE, "message not complete in time"),
    (HeadTimeout, 408, "Request Timeout", CLOSE, "request head not complete in time"),
    (TooManyConnections, 429, "Too Many Requests", LATER, "too many connections from this address"),
    (ServerFull, 503, "Service Unavailable", LATER, "server full"),
];

#[test]
fn is_answered_as_the_table_says() {
    for (refusal, status, phrase, fields, reason) in TABLE {
        assert_eq!((refusal.status(), refusal.reason_phrase()), (status, phrase), "{refusal:?}");
        assert_eq!((refusal.fields(), refusal.to_string().as_str()), (fields, reason), "{refusal:?}");
    }
    assert_eq!(Refusal::OWN, TABLE.map(|(refusal, ..)| refusal));
}

/// What the protocol refuses is answered as the protocol says, but for methods and origins: 405 has to list all methods
/// that are allowed, and whether an origin is none or a foreign one is nobody's business.
#[test]
fn of_the_protocol_is_answered_as_that_says() {
    for error in HandshakeError::ALL.iter().copied() {
        let refusal = Refusal::from(error);
        let expected = match error {
            HandshakeError::MethodNotGet => MethodNotAllowed,
            HandshakeError::InvalidOrigin => OriginNotAllowed,
            error => Handshake(error),
        };
        assert_eq!(refusal, expected);
        assert_eq!(refusal.status(), error.status());
        if let Handshake(error) = refusal {
            assert_eq!(refusal.reason_phrase(), error.reason_phrase());
            assert_eq!((refusal.fields(), refusal.to_string()), (error.fields(), error.to_string()));
        }
    }
}

#[test]
fn all_are_listed_once() {
    let all: Vec<Refusal> = Refusal::all().collect();
    assert_eq!(all.len(), HandshakeError::ALL.len() + TABLE.len());
    assert!(all.iter().enumerate().all(|(at, refusal)| !all[..at].contains(refusal)));
}
