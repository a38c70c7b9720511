//! What a request is answered: the page and its parts, health, metrics, a seat in a room, a message's place in one, or a
//! refusal.
//!
//! Nothing is read from the file system, decoded or normalised: a path is one of these, a room, or unknown.

use std::net::IpAddr;
use std::str;

use super::names::is_room_name;
use super::refusal::Refusal;
use super::response;
use super::room::Place;
use super::shared::Shared;
use super::wishes::Wishes;
use crate::protocol::frame::Opcode;
use crate::protocol::handshake::{AcceptKey, Method, Request};
use crate::protocol::handshake_error::HandshakeError;

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
    /// A message's place in a room.
    Post(Post),
}

/// A message that is still to come.
pub(crate) struct Post {
    /// Empty for the lobby.
    pub(crate) room: String,
    pub(crate) opcode: Opcode,
    /// In bytes.
    pub(crate) len: usize,
    /// Whether it is sent only to one who wants it (RFC 9110 §10.1.1).
    pub(crate) is_held_back: bool,
}

/// What somebody who is let in comes through.
pub(crate) enum Entrance {
    /// An opening handshake that succeeds.
    WebSocket(AcceptKey),
    /// An event stream, and where it left off.
    Events(Option<Place>),
}

/// A client that is let in.
pub(crate) struct Invitation {
    pub(crate) entrance: Entrance,
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

/// Answers a complete request head from `peer`, checking in the order that [`Refusal`] has.
pub(crate) fn answer(head: &[u8], peer: IpAddr, shared: &Shared) -> Result<Answer, Refusal> {
    let (request, _) = Request::parse(head)?.ok_or(HandshakeError::MalformedHead)?;
    let (found, asks_for_methods) = (Resource::at(request.path), request.method == Method::Options);
    let (room, not_allowed) = match found {
        // Nobody would be in a room with an echo.
        Some(Resource::Room(name)) if !shared.config.echo => (Some(name), Refusal::MethodNotAllowed),
        _ => (None, Refusal::MethodNotAllowedElsewhere),
    };
    // What looks after a server by HTTP/1.0 often names no host.
    if request.host.is_none() && !asks_for_methods && !matches!(found, Some(Resource::Health)) {
        return Err(HandshakeError::InvalidHost.into());
    }
    let post = room.filter(|_| request.method == Method::Post);
    let post = post.map(|room| Post::announced(&request, room, shared.config.max_message)).transpose()?;
    let is_taken = match request.method {
        Method::Post => post.is_some() && !request.asks_for_upgrade(),
        method => method != Method::Other,
    };
    if !is_taken {
        return Err(not_allowed);
    }
    if asks_for_methods && (found.is_some() || request.path == "*") {
        shared.policy.check(&request, peer, request.asks_for_upgrade())?;
        return Ok(Answer::Response(response::no_content(not_allowed.fields())));
    }
    let resource = found.ok_or(Refusal::NotFound)?;
    let room = match resource {
        Resource::Room(name) => Some(name),
        _ if request.names_websocket() => return Err(Refusal::NotFound),
        _ => None,
    };
    let wants_events = post.is_none() && room.is_some() && accepts_events(&request);
    let origin_matters = request.asks_for_upgrade() || post.is_some() || wants_events;
    shared.policy.check(&request, peer, origin_matters)?;
    if let Some(post) = post {
        return Ok(Answer::Post(post));
    }
    let is_head = request.method == Method::Head;
    let entrance = match (request.handshake()?, room) {
        (Some(accept_key), Some(room)) => Some((Entrance::WebSocket(accept_key), room)),
        (None, Some(room)) if wants_events => Some((Entrance::Events(last_event(&request)), room)),
        _ => None,
    };
    match entrance {
        Some((entrance, room)) => {
            let wishes = Wishes::parse(request.query.unwrap_or_default())?;
            if is_head {
                return Ok(Answer::Response(response::event_stream()));
            }
            Ok(Answer::Invitation(Invitation { entrance, room: room.to_owned(), wishes }))
        }
        None => Ok(Answer::Response(resource.response(shared, is_head))),
    }
}

/// Whether a room is asked for as events (RFC 9110 §12.5.1).
fn accepts_events(request: &Request<'_>) -> bool {
    let ranges = request.fields.values("Accept").flat_map(|value| value.split(|byte| *byte == b','));
    let types = ranges.filter_map(|range| range.split(|byte| *byte == b';').next());
    types.map(<[u8]>::trim_ascii).any(|media_type| media_type.eq_ignore_ascii_case(b"text/event-stream"))
}

/// Where an event stream left off. What is no place is one that is nowhere.
fn last_event(request: &Request<'_>) -> Option<Place> {
    request.fields.values("Last-Event-ID").next().map(|id| Place::parse(id).unwrap_or_default())
}

impl Post {
    /// What a request says of its message, of at most `max` bytes.
    fn announced(request: &Request<'_>, room: &str, max: usize) -> Result<Post, Refusal> {
        let fields = request.fields;
        let mut lengths = fields.values("Content-Length");
        let length = lengths.next().ok_or(Refusal::LengthRequired)?;
        let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
        if !is_number || lengths.next().is_some() {
            return Err(Refusal::InvalidLength);
        }
        // A number that is too large for this machine is too large for a message.
        let len = str::from_utf8(length).ok().and_then(|digits| digits.parse().ok());
        let len = len.filter(|len| *len <= max).ok_or(Refusal::ContentTooLarge)?;
        let media_type = fields.single("Content-Type").and_then(|value| value.split(|b| *b == b';').next());
        let is_binary = media_type
            .is_some_and(|name| name.trim_ascii().eq_ignore_ascii_case(b"application/octet-stream"));
        let opcode = if is_binary { Opcode::Binary } else { Opcode::Text };
        let is_held_back = fields.lists("Expect", "100-continue");
        Ok(Post { room: room.to_owned(), opcode, len, is_held_back })
    }
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
                while shared.rooms.forget() {}
                let (memory, link) = (shared.memory.render(), shared.rooms.link().render());
                metrics = shared.metrics.render(shared.log.dropped()) + &memory + &link;
                ("text/plain; version=0.0.4; charset=utf-8", "", metrics.as_str())
            }
        };
        let fields = format!("Connection: close\r\nCache-Control: no-cache\r\n{fields}");
        response::with_body("200 OK", &fields, content_type, body, is_head)
    }
}
