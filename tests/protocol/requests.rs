//! Requests written by hand, and what the scanner and the parser make of them.

use chinwag::protocol::handshake::Request;
use chinwag::protocol::handshake_error::HandshakeError;
use chinwag::protocol::head::Head;

pub const REQUEST_LINE: &str = "GET / HTTP/1.1";
pub const HOST: &str = "Host: 127.0.0.1:8080";

/// What §4.2.1 asks of a client after its `Host`, with the key of §1.3.
pub const HANDSHAKE: [&str; 4] = [
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// A head of these lines.
pub fn head(request_line: &str, header_lines: &[&str]) -> Vec<u8> {
    let lines = [&[request_line], header_lines, &[""]].concat();
    lines.into_iter().flat_map(|line| [line, "\r\n"]).collect::<String>().into_bytes()
}

/// A GET of "/" with a `Host` and these header lines.
pub fn get(header_lines: &[&str]) -> Vec<u8> {
    head(REQUEST_LINE, &[&[HOST], header_lines].concat())
}

/// The opening handshake of [`HANDSHAKE`] with the lines of the field `name` replaced by `lines`.
pub fn handshake_with(name: &str, lines: &[&str]) -> Vec<u8> {
    let others = HANDSHAKE.iter().filter(|line| !line.starts_with(&format!("{name}:")));
    get(&others.chain(lines).copied().collect::<Vec<_>>())
}

pub fn parse(bytes: &[u8]) -> Result<Request<'_>, HandshakeError> {
    let (request, rest) = Request::parse(bytes)?.unwrap_or_else(|| panic!("incomplete: {}", shown(bytes)));
    assert_eq!(rest, b"", "{}", shown(bytes));
    Ok(request)
}

/// Why the parser refuses a request, if it does.
pub fn refusal(bytes: &[u8]) -> Option<HandshakeError> {
    parse(bytes).err()
}

/// The length of a head that is complete, or why it is refused.
pub type Verdict = Result<usize, HandshakeError>;

/// What the scanner says of the pieces, and after how many bytes; `None` when it needs more than all of them.
pub fn scan<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> Option<(Verdict, usize)> {
    let (mut head, mut buffer) = (Head::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        if let Some(verdict) = head.scan(&buffer).transpose() {
            assert_eq!(head.scan(&buffer).transpose(), Some(verdict), "asked again: {}", shown(&buffer));
            return Some((verdict, buffer.len()));
        }
    }
    None
}

/// Asserts that the head is complete, or refused, with its last byte and not before.
pub fn assert_falls(bytes: &[u8], refused: Option<HandshakeError>) {
    let verdict = refused.map_or(Ok(bytes.len()), Err);
    assert_eq!(scan([bytes]), Some((verdict, bytes.len())), "whole: {}", shown(bytes));
    assert_eq!(scan(bytes.chunks(1)), Some((verdict, bytes.len())), "byte by byte: {}", shown(bytes));
}

pub fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
