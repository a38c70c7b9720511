//! The opening handshake, both sides of it.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1_smol::Sha1;

/// The key of RFC 6455 §1.3, and what it makes a server answer.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// A client's request to join the lobby of the server at `host`.
pub fn request(host: &str) -> String {
    request_for(host, "/")
}

/// The same for any target: a room's path, and what is asked for there.
pub fn request_for(host: &str, target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
}

/// How long the head is that `bytes` begin with, its blank line included; `None` as long as it has no end.
pub fn head_len(bytes: &[u8]) -> Option<usize> {
    bytes.windows(BLANK_LINE.len()).position(|four| four == BLANK_LINE).map(|at| at + BLANK_LINE.len())
}

/// Whether a server that was sent [`request`] has agreed.
pub fn is_accepted(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    head.starts_with("HTTP/1.1 101 ") && header(&head, "sec-websocket-accept") == Some(ACCEPT)
}

/// A server's answer to a request, if that asks for a WebSocket.
pub fn response(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let key = header(&head, "sec-websocket-key")?;
    let digest = Sha1::from(format!("{key}{GUID}")).digest().bytes();
    Some(switching_protocols(&STANDARD.encode(digest)))
}

/// The answer to [`request`] and to nothing else, for a server that does not read what it is asked.
pub fn fixed_response() -> String {
    switching_protocols(ACCEPT)
}

fn switching_protocols(accept: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
