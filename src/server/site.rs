//! What a request is answered: the page and its parts, health, metrics, a seat in a room, or a refusal.
//!
//! Nothing is read from the file system, decoded or normalised: a path is one of these, a room, or unknown.

use std::net::IpAddr;

use super::names::is_room_name;
use super::refusal::Refusal;
use super::response;
use super::room::Place;
use super::shared::Shared;
use super::wishes::Wishes;
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
    // What looks after a server by HTTP/1.0 often names no host.
    if request.host.is_none() && !asks_for_methods && !matches!(found, Some(Resource::Health)) {
        return Err(HandshakeError::InvalidHost.into());
    }
    if matches!(request.method, Method::Post | Method::Other) {
        return Err(Refusal::MethodNotAllowed);
    }
    if asks_for_methods && (found.is_some() || request.path == "*") {
        shared.policy.check(&request, peer, request.asks_for_upgrade())?;
        return Ok(Answer::Response(response::no_content(Refusal::MethodNotAllowed.fields())));
    }
    let resource = found.ok_or(Refusal::NotFound)?;
    let room = match resource {
        Resource::Room(name) => Some(name),
        _ if request.names_websocket() => return Err(Refusal::NotFound),
        _ => None,
    };
    let wants_events = room.is_some() && accepts_events(&request);
    shared.policy.check(&request, peer, request.asks_for_upgrade() || wants_events)?;
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
                let (memory, link) = (shared.memory.render(), shared.rooms.link().render());
                metrics = shared.metrics.render(shared.log.dropped()) + &memory + &link;
                ("text/plain; version=0.0.4; charset=utf-8", "", metrics.as_str())
            }
        };
        let fields = format!("Connection: close\r\nCache-Control: no-cache\r\n{fields}");
        response::with_body("200 OK", &fields, content_type, body, is_head)
    }
}
