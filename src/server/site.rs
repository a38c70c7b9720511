//! What a request is answered: the page and its parts, health, metrics, a seat in a room, or a refusal.
//!
//! Nothing is read from the file system, decoded or normalised: a path is one of these, a room, or unknown.

use std::net::IpAddr;

use super::names::is_room_name;
use super::refusal::Refusal;
use super::response;
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
        shared.policy.check(&request, peer)?;
        return Ok(Answer::Response(response::no_content(Refusal::MethodNotAllowed.fields())));
    }
    let resource = found.ok_or(Refusal::NotFound)?;
    let room = match resource {
        Resource::Room(name) => Some(name),
        _ if request.names_websocket() => return Err(Refusal::NotFound),
        _ => None,
    };
    shared.policy.check(&request, peer)?;
    match (request.handshake()?, room) {
        (Some(accept_key), Some(room)) => {
            let wishes = Wishes::parse(request.query.unwrap_or_default())?;
            Ok(Answer::Invitation(Invitation { accept_key, room: room.to_owned(), wishes }))
        }
        _ => Ok(Answer::Response(resource.response(shared, request.method == Method::Head))),
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
