//! What a request is answered: the page and its parts, health, metrics, a seat in a room, or a refusal.
//!
//! Nothing is read from the file system, decoded or normalised: a path is one of these, a room, or unknown.

use super::Shared;
use super::date::HttpDate;
use super::refusal::Refusal;
use super::wishes::Wishes;
use crate::protocol::handshake::{AcceptKey, Method, Request};
use crate::protocol::handshake_error::HandshakeError;

/// The longest room name in bytes.
const ROOM_NAME_MAX: usize = 64;

/// The page's scripts, styles and sockets are its own; it has nothing else, and nobody frames it.
const PAGE_FIELDS: &str = "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
    Referrer-Policy: no-referrer\r\n";

/// The answer to a request that is not refused.
pub(crate) enum Answer {
    /// A whole response.
    Response(Vec<u8>),
    /// A seat in a room.
    Invitation(Invitation),
}

/// An opening handshake that succeeds.
pub(crate) struct Invitation {
    pub(crate) accept_key: AcceptKey,
    /// Empty for the lobby.
    pub(crate) room: String,
    pub(crate) wishes: Wishes,
}

/// What is at a path.
#[derive(Clone, Copy)]
enum Resource<'p> {
    Room(&'p str),
    Script,
    Style,
    Health,
    Metrics,
}

/// Whether a room can be called that; the lobby is called nothing.
pub(crate) fn is_room_name(name: &str) -> bool {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    name.len() <= ROOM_NAME_MAX && name.bytes().all(is_name_byte)
}

/// Answers a complete request head, checking in the order that [`Refusal`] has.
pub(crate) fn answer(head: &[u8], shared: &Shared) -> Result<Answer, Refusal> {
    let (request, _) = Request::parse(head)?.ok_or(HandshakeError::MalformedHead)?;
    if request.method == Method::Other {
        return Err(Refusal::MethodNotAllowed);
    }
    let resource = Resource::at(request.path).ok_or(Refusal::NotFound)?;
    let room = match resource {
        Resource::Room(name) => Some(name),
        _ if request.names_websocket() => return Err(Refusal::NotFound),
        _ => None,
    };
    shared.policy.check(&request)?;
    match (request.handshake()?, room) {
        (Some(accept_key), Some(room)) => {
            let wishes = Wishes::parse(request.query.unwrap_or_default())?;
            Ok(Answer::Invitation(Invitation { accept_key, room: room.to_owned(), wishes }))
        }
        _ => Ok(Answer::Response(resource.response(shared, request.method == Method::Head))),
    }
}

/// The response that tells a client why it is refused; to a HEAD without the telling.
pub(crate) fn refuse(refusal: Refusal, head: &[u8]) -> Vec<u8> {
    let status = format!("{} {}", refusal.status(), refusal.reason_phrase());
    let is_head = head.strip_prefix(b"\r\n").unwrap_or(head).starts_with(b"HEAD ");
    response(&status, refusal.fields(), "text/plain; charset=utf-8", &format!("{refusal}\n"), is_head)
}

/// The response that opens a WebSocket (§4.2.2 (5)).
pub(crate) fn switch_protocols(accept_key: &AcceptKey) -> Vec<u8> {
    let mut response = Vec::with_capacity(160);
    response.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
    );
    response.extend_from_slice(accept_key);
    response.extend_from_slice(b"\r\n\r\n");
    response
}

impl<'p> Resource<'p> {
    fn at(path: &'p str) -> Option<Self> {
        match path.strip_prefix('/')? {
            "healthz" => Some(Resource::Health),
            "metrics" => Some(Resource::Metrics),
            "page.js" => Some(Resource::Script),
            "page.css" => Some(Resource::Style),
            name if is_room_name(name) => Some(Resource::Room(name)),
            _ => None,
        }
    }

    fn response(self, shared: &Shared, is_head: bool) -> Vec<u8> {
        let metrics;
        let (content_type, fields, body) = match self {
            Resource::Room(_) => ("text/html; charset=utf-8", PAGE_FIELDS, include_str!("page/index.html")),
            Resource::Script => ("text/javascript; charset=utf-8", "", include_str!("page/page.js")),
            Resource::Style => ("text/css; charset=utf-8", "", include_str!("page/page.css")),
            Resource::Health => ("text/plain; charset=utf-8", "", "ok"),
            Resource::Metrics => {
                metrics = shared.metrics.render(shared.log.dropped()) + &shared.rooms.link().render();
                ("text/plain; version=0.0.4; charset=utf-8", "", metrics.as_str())
            }
        };
        let fields = format!("Connection: close\r\nCache-Control: no-cache\r\n{fields}");
        response("200 OK", &fields, content_type, body, is_head)
    }
}

fn response(status: &str, fields: &str, content_type: &str, body: &str, is_head: bool) -> Vec<u8> {
    let len = body.len();
    let body = if is_head { "" } else { body };
    // RFC 9110 §6.6.1: "An origin server without a clock MUST NOT generate a Date header field."
    let date = HttpDate::now().map_or_else(String::new, |date| format!("Date: {date}\r\n"));
    format!(
        "HTTP/1.1 {status}\r\n{date}{fields}Content-Type: {content_type}\r\nContent-Length: {len}\r\n\
         X-Content-Type-Options: nosniff\r\n\r\n{body}"
    )
    .into_bytes()
}
