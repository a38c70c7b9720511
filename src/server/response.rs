//! Responses, as they are written (RFC 9112 §4).

use super::date::HttpDate;
use super::refusal::Refusal;
use crate::protocol::handshake::AcceptKey;

/// Returns the response that tells a client why its request is refused. To a HEAD it does not tell.
pub(crate) fn refuse(refusal: Refusal, head: &[u8]) -> Vec<u8> {
    let status = format!("{} {}", refusal.status(), refusal.reason_phrase());
    let is_head = head.strip_prefix(b"\r\n").unwrap_or(head).starts_with(b"HEAD ");
    with_body(&status, refusal.fields(), "text/plain; charset=utf-8", &format!("{refusal}\n"), is_head)
}

/// Returns the response that opens a WebSocket (§4.2.2 (5)).
pub(crate) fn switch_protocols(accept_key: &AcceptKey) -> Vec<u8> {
    let mut response = Vec::with_capacity(160);
    response.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
    );
    response.extend_from_slice(accept_key);
    response.extend_from_slice(b"\r\n\r\n");
    response
}

/// Returns the head of an event stream (the HTML standard, *Server-sent events*). Nobody keeps any of that back, least of
/// all a proxy.
pub(crate) fn event_stream() -> Vec<u8> {
    format!(
        "{}Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        begin("200 OK")
    )
    .into_bytes()
}

/// Returns a response whose body a HEAD does not get. Of `fields` each ends with its CRLF, `Connection` among them.
pub(crate) fn with_body(
    status: &str,
    fields: &str,
    content_type: &str,
    body: &str,
    is_head: bool,
) -> Vec<u8> {
    let len = body.len();
    let body = if is_head { "" } else { body };
    let begin = begin(status);
    format!(
        "{begin}{fields}Content-Type: {content_type}\r\nContent-Length: {len}\r\n\
         X-Content-Type-Options: nosniff\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Returns the response that says nothing more than its fields (RFC 9110 §15.3.5).
pub(crate) fn no_content(fields: &str) -> Vec<u8> {
    format!("{}{fields}\r\n", begin("204 No Content")).into_bytes()
}

fn begin(status: &str) -> String {
    // RFC 9110 §6.6.1: "An origin server without a clock MUST NOT generate a Date header field."
    let date = HttpDate::now().map_or_else(String::new, |date| format!("Date: {date}\r\n"));
    format!("HTTP/1.1 {status}\r\n{date}")
}
