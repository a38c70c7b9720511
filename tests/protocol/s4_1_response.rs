//! §4.1: the answer to the opening handshake, as a client reads it: "The client MUST validate the server's response".

use chinwag::protocol::client_handshake::{ClientRequest, Response, ResponseError::*};
use chinwag::protocol::handshake::{SwitchingProtocols, accept_key};
use chinwag::protocol::handshake_error::HandshakeError;
use chinwag::protocol::head::Head;
use chinwag::protocol::head_writer::WriteError;

use crate::requests::shown;

const KEY: [u8; 24] = *b"dGhlIHNhbXBsZSBub25jZQ==";
const REQUEST: ClientRequest<'_> =
    ClientRequest { host: "a", target: "/", key: KEY, subprotocols: &["chat", "superchat"], fields: &[] };

const STATUS: &str = "HTTP/1.1 101 Switching Protocols\r\n";
const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";
const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

type Handshake = Result<Option<&'static str>, chinwag::protocol::client_handshake::ResponseError>;

#[track_caller]
fn assert_handshake(lines: &[&str], expected: Handshake) {
    let head = [lines.concat().as_bytes(), b"\r\n"].concat();
    let parsed = Response::parse(&head).map(|parsed| parsed.expect("a whole head").0);
    let handshake = parsed.and_then(|response| response.handshake(&REQUEST));
    assert_eq!(handshake, expected, "{}", shown(&head));
}

#[test]
fn is_accepted_with_what_it_must_have() {
    assert_handshake(&[STATUS, UPGRADE, CONNECTION, ACCEPT], Ok(None));
    assert_handshake(&[STATUS, ACCEPT, "Server: x\r\n", CONNECTION, UPGRADE], Ok(None));
    assert_handshake(&["HTTP/1.1 101 \r\n", UPGRADE, CONNECTION, ACCEPT], Ok(None));
    assert_handshake(&["HTTP/1.1 101 Web Socket \u{e9}\t!\r\n", UPGRADE, CONNECTION, ACCEPT], Ok(None));
}

/// (1): "If the status code received from the server is not 101, the client handles the response per HTTP".
#[test]
fn is_refused_with_any_other_status() {
    for status in (0..=999).filter(|status| !(100..=199).contains(status)) {
        let line = format!("HTTP/1.1 {status:03} x\r\n");
        let head = [&line, UPGRADE, CONNECTION, ACCEPT, "Location: /there\r\n\r\nbody"].concat();
        let Ok(Some((response, b"body"))) = Response::parse(head.as_bytes()) else { panic!("{status}") };
        assert_eq!(response.status, status);
        assert_eq!(response.fields.single("location"), Some(&b"/there"[..]));
        assert_eq!(response.handshake(&REQUEST), Err(NotAccepted), "{status}");
    }
}

/// (2): "lacks an |Upgrade| header field or [it] contains a value that is not an ASCII case-insensitive match for the
/// value "websocket"".
#[test]
fn is_refused_without_its_upgrade() {
    assert_handshake(&[STATUS, CONNECTION, ACCEPT], Err(IncompleteUpgrade));
    for value in ["", "h2c", "websockets", "web socket", "websocket, h2c", "websocket/13"] {
        let line = format!("Upgrade: {value}\r\n");
        assert_handshake(&[STATUS, &line, CONNECTION, ACCEPT], Err(IncompleteUpgrade));
    }
    assert_handshake(&[STATUS, UPGRADE, UPGRADE, CONNECTION, ACCEPT], Err(IncompleteUpgrade));
    assert_handshake(&[STATUS, "UPGRADE:  WebSocket \r\n", CONNECTION, ACCEPT], Ok(None));
}

/// (3): "lacks a |Connection| header field or [it] doesn't contain a token that is an ASCII case-insensitive match for
/// the value "Upgrade"".
#[test]
fn is_refused_without_its_connection() {
    assert_handshake(&[STATUS, UPGRADE, ACCEPT], Err(IncompleteUpgrade));
    for value in ["", "close", "Upgrades", "Up grade"] {
        let line = format!("Connection: {value}\r\n");
        assert_handshake(&[STATUS, UPGRADE, &line, ACCEPT], Err(IncompleteUpgrade));
    }
    assert_handshake(&[STATUS, UPGRADE, "connection: keep-alive, uPGRADE\r\n", ACCEPT], Ok(None));
    assert_handshake(&[STATUS, UPGRADE, "Connection: x\r\n", CONNECTION, ACCEPT], Ok(None));
}

/// (4): "lacks a |Sec-WebSocket-Accept| header field or [it] contains a value other than the base64-encoded SHA-1 of
/// the concatenation [...] but ignoring any leading and trailing whitespace".
#[test]
fn is_refused_with_another_key() {
    assert_handshake(&[STATUS, UPGRADE, CONNECTION], Err(WrongAcceptKey));
    let right = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    for at in 0..right.len() {
        let wrong = [&right[..at], "!", &right[at + 1..]].concat();
        let line = format!("Sec-WebSocket-Accept: {wrong}\r\n");
        assert_handshake(&[STATUS, UPGRADE, CONNECTION, &line], Err(WrongAcceptKey));
        let line = format!("Sec-WebSocket-Accept: {}\r\n", &right[..at]);
        assert_handshake(&[STATUS, UPGRADE, CONNECTION, &line], Err(WrongAcceptKey));
    }
    let lower = ACCEPT.to_lowercase();
    assert_handshake(&[STATUS, UPGRADE, CONNECTION, &lower], Err(WrongAcceptKey));
    // §11.3.3: it "MUST NOT appear more than once in an HTTP response".
    assert_handshake(&[STATUS, UPGRADE, CONNECTION, ACCEPT, ACCEPT], Err(WrongAcceptKey));
    let spaced = format!("sec-websocket-accept:\t {right} \t\r\n");
    assert_handshake(&[STATUS, UPGRADE, CONNECTION, &spaced], Ok(None));
}

/// (5): "the use of an extension that was not present in the client's handshake".
#[test]
fn is_refused_with_an_extension() {
    for value in ["permessage-deflate", "x; y=z", ""] {
        let line = format!("Sec-WebSocket-Extensions: {value}\r\n");
        assert_handshake(&[STATUS, UPGRADE, CONNECTION, ACCEPT, &line], Err(UnexpectedExtension));
    }
}

/// (6): "the use of a subprotocol that was not present in the client's handshake".
#[test]
fn is_refused_with_a_subprotocol_that_was_not_offered() {
    for value in ["", "other", "CHAT", "chat, superchat", "chat superchat", "\u{e9}"] {
        let line = format!("Sec-WebSocket-Protocol: {value}\r\n");
        assert_handshake(&[STATUS, UPGRADE, CONNECTION, ACCEPT, &line], Err(UnexpectedSubprotocol));
    }
    let twice = "Sec-WebSocket-Protocol: chat\r\n".repeat(2);
    assert_handshake(&[STATUS, UPGRADE, CONNECTION, ACCEPT, &twice], Err(UnexpectedSubprotocol));
    let chosen = "Sec-WebSocket-Protocol: superchat\r\n";
    assert_handshake(&[STATUS, UPGRADE, CONNECTION, ACCEPT, chosen], Ok(Some("superchat")));
    let plain = ClientRequest { subprotocols: &[], ..REQUEST };
    let head = [STATUS, UPGRADE, CONNECTION, ACCEPT, chosen, "\r\n"].concat();
    let Ok(Some((response, _))) = Response::parse(head.as_bytes()) else { panic!("malformed") };
    assert_eq!(response.handshake(&plain), Err(UnexpectedSubprotocol));
}

/// RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
#[test]
fn interim_responses_are_skipped() {
    let interim =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 199 \r\n\r\n";
    let last = [STATUS, UPGRADE, CONNECTION, ACCEPT, "\r\n"].concat();
    let stream = [interim, &last, "frames"].concat();
    for cut in 0..interim.len() + last.len() {
        assert!(matches!(Response::parse(&stream.as_bytes()[..cut]), Ok(None)), "cut at {cut}");
    }
    let Ok(Some((response, b"frames"))) = Response::parse(stream.as_bytes()) else { panic!("refused") };
    assert_eq!(response.handshake(&REQUEST), Ok(None));
}

/// What a server writes the client reads, at every split, with frames behind it in the same stream.
#[test]
fn is_read_by_the_client_as_it_was_meant() {
    let accepted = SwitchingProtocols {
        accept_key: accept_key(&KEY),
        subprotocol: Some("chat"),
        fields: &[("Server", "lamp"), ("Set-Cookie", "a=b; Path=/")],
    };
    let mut out = [0xAA; 300];
    let head = accepted.write(&mut out).unwrap();
    let expected =
        [STATUS, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Protocol: chat\r\nServer: lamp\r\n"].concat();
    assert_eq!(head, [&expected, "Set-Cookie: a=b; Path=/\r\n\r\n"].concat().as_bytes());
    let stream = [head, b"frames"].concat();
    let mut scanner = Head::of_response();
    for cut in 0..head.len() {
        assert!(matches!(Response::parse(&stream[..cut]), Ok(None)), "cut at {cut}");
        assert_eq!(scanner.scan(&stream[..cut]), Ok(None));
    }
    assert_eq!(scanner.scan(&stream), Ok(Some(head.len())));
    let Ok(Some((response, b"frames"))) = Response::parse(&stream) else { panic!("refused") };
    assert_eq!(response.handshake(&REQUEST), Ok(Some("chat")));
    assert_eq!(response.fields.single("set-cookie"), Some(&b"a=b; Path=/"[..]));
}

#[test]
fn a_server_writes_nothing_that_breaks_the_head() {
    let plain = SwitchingProtocols { accept_key: accept_key(&KEY), subprotocol: None, fields: &[] };
    let length = plain.write(&mut [0; 300]).unwrap().len();
    let mut buffer = [0; 300];
    for len in 0..length {
        assert_eq!(plain.write(&mut buffer[..len]), Err(WriteError::BufferTooSmall), "{len} bytes");
    }
    assert!(plain.write(&mut buffer[..length]).is_ok());
    for (name, value) in [("A b", ""), ("A", "b\r\nC: d"), ("Upgrade", "h2c"), ("Content-Length", "0")] {
        let with = SwitchingProtocols { fields: &[(name, value)], ..plain };
        assert_eq!(with.write(&mut buffer), Err(WriteError::InvalidField), "{name}: {value}");
    }
    for name in ["", "a b", "a,b", "a\r\n"] {
        let with = SwitchingProtocols { subprotocol: Some(name), ..plain };
        assert_eq!(with.write(&mut buffer), Err(WriteError::InvalidField), "{name:?}");
    }
}

/// RFC 9112 §4: each of the 256 bytes at each place of a status line.
#[test]
fn a_status_line_is_refused_at_the_byte_that_decides() {
    const DIGITS: &[u8] = b"0123456789";
    let phrase =
        [b"\r\t", &(b' '..=b'~').collect::<Vec<_>>()[..], &(0x80..=0xFF).collect::<Vec<_>>()].concat();
    let line = b"HTTP/1.1 101 Go";
    let allowed: [&[u8]; 16] = [
        b"H", b"T", b"T", b"P", b"/", DIGITS, b".", DIGITS, b" ", DIGITS, DIGITS, DIGITS, b" ", &phrase,
        &phrase, &phrase,
    ];
    for (at, allowed) in allowed.iter().enumerate() {
        for byte in 0..=u8::MAX {
            let bytes = [&line[..at], &[byte]].concat();
            let refused = (!allowed.contains(&byte)).then_some(HandshakeError::MalformedHead);
            assert_eq!(Head::of_response().scan(&bytes).err(), refused, "{}", shown(&bytes));
            let refused = refused.map(|_| MalformedHead);
            assert_eq!(Response::parse(&bytes).err(), refused, "{}", shown(&bytes));
        }
    }
}

#[test]
fn is_refused_if_it_is_no_http_1_1() {
    for line in [
        "HTTP/1.0 101 x",
        "HTTP/2.0 101 x",
        "HTTP/1.1 101",
        "HTTP/1.1 99 x",
        "http/1.1 101 x",
        "SSH-2.0-x",
        "",
    ] {
        let head = format!("{line}\r\n{UPGRADE}{CONNECTION}{ACCEPT}\r\n");
        assert_eq!(Response::parse(head.as_bytes()).err(), Some(MalformedHead), "{line:?}");
    }
}

/// The limits of a request's head are those of a response's.
#[test]
fn is_refused_where_it_is_larger_than_a_head_may_be() {
    let of = |filler: usize| format!("{STATUS}X: {}\r\n\r\n", "x".repeat(filler));
    let most = Head::MAX_LEN - of(0).len();
    assert!(matches!(Response::parse(of(most).as_bytes()), Ok(Some(_))));
    let over = of(most + 1);
    assert_eq!(Head::of_response().scan(over.as_bytes()), Err(HandshakeError::HeadTooLarge));
    assert_eq!(Response::parse(over.as_bytes()).err(), Some(MalformedHead));
    assert!(matches!(Response::parse(&over.as_bytes()[..Head::MAX_LEN]), Ok(None)));
    let lines = |count| format!("{STATUS}{}", "a:b\r\n".repeat(count));
    assert!(matches!(Response::parse(lines(Head::MAX_HEADER_LINES).as_bytes()), Ok(None)));
    let over = lines(Head::MAX_HEADER_LINES) + "a";
    assert_eq!(Response::parse(over.as_bytes()).err(), Some(MalformedHead));
}

#[test]
fn shows_no_value_of_a_field() {
    let head = "HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\n\r\n";
    let Ok(Some((response, _))) = Response::parse(head.as_bytes()) else { panic!("malformed") };
    assert_eq!(format!("{response:?}"), r#"Response { status: 200, fields: ["Set-Cookie"] }"#);
}

#[test]
fn an_error_says_what_was_wrong() {
    for (error, words) in [
        (MalformedHead, "malformed response head"),
        (NotAccepted, "status is not 101"),
        (IncompleteUpgrade, "incomplete WebSocket upgrade"),
        (WrongAcceptKey, "Sec-WebSocket-Accept of another key"),
        (UnexpectedExtension, "extension that was not offered"),
        (UnexpectedSubprotocol, "subprotocol that was not offered"),
    ] {
        assert_eq!(error.to_string(), words);
        let _: Box<dyn std::error::Error> = error.into();
    }
}
