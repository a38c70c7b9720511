//! RFC 9112 §2 to §5, §4.2: a request's head, and the handshake in it.

use chinwag::protocol::handshake::{Method, Request};
use chinwag::protocol::handshake_error::HandshakeError;
use chinwag::protocol::head::Head;
use chinwag::protocol::origin::Authority;

use super::delivery::Delivery;
use crate::requests::{Verdict, scan};

/// A head, delivered as the input says.
pub fn holds(input: &[u8]) -> bool {
    let delivery = Delivery::of(input);
    let bytes = delivery.bytes;
    let decided = scan(bytes.chunks(1));
    let verdict = decided.map(|(verdict, _)| verdict);
    assert_eq!(scan([bytes]).map(|(verdict, _)| verdict), verdict, "whole");
    assert_eq!(scan(delivery.pieces()).map(|(verdict, _)| verdict), verdict, "in pieces");
    assert_eq!(scan_and_spoil(bytes), verdict, "with what was looked at once spoilt");
    let Some((verdict, decided_at)) = decided else {
        assert!(matches!(Request::parse(bytes), Ok(None)));
        return false;
    };
    assert_eq!(scan([&bytes[..decided_at - 1]]), None, "no strict prefix decides");
    assert_eq!(scan([&bytes[..decided_at]]), Some((verdict, decided_at)), "these bytes alone decide");
    assert!(decided_at <= Head::MAX_LEN + 3 && verdict.is_ok_and(|len| len == decided_at) | verdict.is_err());
    match Request::parse(bytes) {
        Ok(request) => {
            let (request, rest) = request.expect("decided");
            assert_eq!(verdict, Ok(bytes.len() - rest.len()));
            check_parts(&bytes[..decided_at], &request);
            request.handshake().is_ok_and(|accept| accept.is_some())
        }
        Err(refusal) => {
            assert!(verdict.is_ok() || verdict == Err(refusal), "{verdict:?}, {refusal:?}");
            check_answer(refusal);
            false
        }
    }
}

/// Work is linear: once the request line is over no byte is looked at twice, so each can be spoilt when it has been.
fn scan_and_spoil(bytes: &[u8]) -> Option<Verdict> {
    let empty_line = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
    let line_end = bytes.iter().skip(empty_line).position(|byte| *byte == b'\n');
    let line_end = line_end.map_or(bytes.len(), |at| at + empty_line);
    let (mut head, mut buffer) = (Head::new(), Vec::new());
    for (at, byte) in bytes.iter().enumerate() {
        buffer.push(*byte);
        if let Some(verdict) = head.scan(&buffer).transpose() {
            return Some(verdict);
        }
        if at == line_end {
            buffer.fill(0);
        } else if at > line_end {
            buffer[at] = 0;
        }
    }
    None
}

/// What is accepted here, `httparse` accepts as well, and finds the same in it.
fn check_parts(head: &[u8], request: &Request<'_>) {
    let mut headers = [httparse::EMPTY_HEADER; Head::MAX_HEADER_LINES];
    let mut theirs = httparse::Request::new(&mut headers);
    assert_eq!(theirs.parse(head), Ok(httparse::Status::Complete(head.len())));
    let method = match theirs.method {
        Some("GET") => Method::Get,
        Some("HEAD") => Method::Head,
        Some("POST") => Method::Post,
        Some("OPTIONS") => Method::Options,
        _ => Method::Other,
    };
    assert_eq!(request.method, method);
    // RFC 9112 §3.2.3: what CONNECT names has neither a path nor a query, whatever it looks like.
    if theirs.method != Some("CONNECT") {
        check_target(theirs.path.expect("complete"), request);
    }
    check_fields(theirs.headers, request);
    let fields = Fields(theirs.headers);
    let only_asks = [Method::Get, Method::Head, Method::Options].contains(&method);
    let opens = method == Method::Get && fields.lists("Upgrade", "websocket");
    assert!(theirs.version == Some(1) || (only_asks && !opens), "by HTTP/1.0");
    match fields.values("Host")[..] {
        [] => assert_eq!((theirs.version, request.host), (Some(0), None)),
        [host] => assert!(request.host.is_some() && Authority::parse(host) == request.host),
        _ => panic!("one Host"),
    }
    assert!(fields.values("Transfer-Encoding").is_empty());
    let no_length = [&[][..], &[&b"0"[..]]].contains(&&fields.values("Content-Length")[..]);
    assert!(no_length || method == Method::Post);
    let origins = fields.values("Origin");
    match request.origin() {
        Ok(origin) => assert_eq!(origin.is_some() as usize, origins.len()),
        Err(refusal) => check_answer(refusal),
    }
    let handshake = request.handshake().map(|key| key.map(|key| String::from_utf8_lossy(&key).into_owned()));
    assert_eq!(handshake, fields.handshake(method));
    let _ = handshake.map_err(check_answer);
}

fn check_target(target: &str, request: &Request<'_>) {
    let ours = match request.query {
        Some(query) => format!("{}?{query}", request.path),
        None => request.path.to_owned(),
    };
    let local = match target.split_once("://") {
        // RFC 9112 §3.2.2: absolute form, where it is one.
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            let local = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
            if local.starts_with('/') { local.to_owned() } else { format!("/{local}") }
        }
        _ => target.to_owned(),
    };
    assert_eq!(ours, local, "{target}");
}

fn check_fields(theirs: &[httparse::Header<'_>], request: &Request<'_>) {
    let theirs: Vec<_> = theirs.iter().map(|header| (header.name, header.value.trim_ascii())).collect();
    assert_eq!(request.fields.iter().collect::<Vec<_>>(), theirs);
    // Whatever the values are, they are not shown.
    let shown = format!("{request:?}");
    let names = format!("{:?}", theirs.iter().map(|(name, _)| name).collect::<Vec<_>>());
    assert!(shown.ends_with(&format!("fields: {names}, .. }}")), "{shown}");
    let is_token = |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(request.subprotocols().all(is_token));
}

struct Fields<'h>(&'h [httparse::Header<'h>]);

impl<'h> Fields<'h> {
    fn values(&self, name: &str) -> Vec<&'h [u8]> {
        let named = self.0.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value.trim_ascii()).collect()
    }

    fn lists(&self, name: &str, token: &str) -> bool {
        let list = self.values(name).join(&b',').to_ascii_lowercase();
        list.split(|byte| *byte == b',').any(|listed| listed.trim_ascii() == token.as_bytes())
    }

    /// §4.2.1, once more.
    fn handshake(&self, method: Method) -> Result<Option<String>, HandshakeError> {
        let upgrade = self.lists("Upgrade", "websocket");
        let ours = self.0.iter().any(|header| header.name.to_ascii_lowercase().starts_with("sec-websocket-"));
        let keys = self.values("Sec-WebSocket-Key");
        match method {
            Method::Head => Ok(None),
            _ if !upgrade && !ours => Ok(None),
            _ if method != Method::Get => Err(HandshakeError::MethodNotGet),
            _ if !upgrade || !self.lists("Connection", "upgrade") => Err(HandshakeError::IncompleteUpgrade),
            _ if self.values("Sec-WebSocket-Version") != [b"13"] => Err(HandshakeError::UnsupportedVersion),
            _ if keys.len() != 1 || !is_nonce(keys[0]) => Err(HandshakeError::InvalidKey),
            _ => Ok(Some(tungstenite::handshake::derive_accept_key(keys[0]))),
        }
    }
}

/// Sixteen bytes are 21 characters of six bits, one of which two bits count, and two signs of padding (RFC 4648 §4).
fn is_nonce(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    key.len() == 24 && key[..22].iter().all(is_digit) && key.ends_with(b"==")
}

/// Every refusal is one status, its answer is HTTP, and it says what was wrong.
fn check_answer(refusal: HandshakeError) {
    let (status, phrase) = (refusal.status(), refusal.reason_phrase());
    let answer = format!("HTTP/1.1 {status} {phrase}\r\n{}\r\n", refusal.fields());
    let mut headers = [httparse::EMPTY_HEADER; 4];
    let mut response = httparse::Response::new(&mut headers);
    assert_eq!(response.parse(answer.as_bytes()), Ok(httparse::Status::Complete(answer.len())));
    assert_eq!((response.code, response.reason), (Some(status), Some(phrase)));
    assert!([400, 403, 405, 414, 426, 431, 505].contains(&status));
    assert!(refusal.to_string().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
    assert!(!refusal.to_string().is_empty());
}
