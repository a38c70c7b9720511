//! One client's life, in a thread of its own: request head, answer, room, closing.
//!
//! Its stay in the room is in [`chat`](super::chat).

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::buffer::Buffer;
use super::chat::Chat;
use super::connection::{Connection, Reader};
use super::post;
use super::refusal::Refusal;
use super::request;
use super::response;
use super::room::{Newcomer, Places, Wire};
use super::shared::Shared;
use super::site::{Answer, Entrance, Invitation};
use super::stream;
use crate::protocol::receiver::ServerReceiver;

/// Serves one connection to its end.
pub(super) fn serve(connection: &Arc<Connection>, shared: &Arc<Shared>) {
    let mut reader = Reader::new(Arc::clone(connection));
    let mut buffer = Buffer::new(ServerReceiver::buffer_len(shared.config.max_message), &shared.memory);
    let answer = request::receive(connection, &mut reader, &mut buffer, shared);
    let answer = match answer {
        Some(Ok(Answer::Post(announced))) => {
            let posted = post::receive(connection, &mut reader, &mut buffer, shared, &announced);
            posted.map(|posted| {
                posted.map(|()| Answer::Response(response::no_content("Connection: close\r\n")))
            })
        }
        answer => answer,
    };
    connection.head_has_come();
    match answer {
        Some(Ok(Answer::Invitation(invitation))) => chat(connection, reader, buffer, shared, invitation),
        Some(Ok(Answer::Response(response))) => respond(connection, reader, &response, shared),
        Some(Err(refusal)) => {
            shared.log_refusal(refusal, connection.peer);
            let response = response::refuse(refusal, buffer.filled());
            respond(connection, reader, &response, shared);
        }
        Some(Ok(Answer::Post(_))) | None => {}
    }
    connection.cut();
}

/// Sends a response, and closes so that the peer can read it to the end.
fn respond(connection: &Connection, mut reader: Reader, response: &[u8], shared: &Shared) {
    if connection.send_until(response, Instant::now() + shared.config.handshake_timeout).is_ok() {
        connection.permit.has_been_answered(Instant::now());
        connection.end_writing();
        reader.linger(Instant::now() + shared.config.close_timeout);
    }
}

/// Takes a client into its room, and sees it to its end.
// Not on the stack of a client that stays: see `Rooms::enter`.
#[inline(never)]
fn chat(
    connection: &Arc<Connection>,
    mut reader: Reader,
    buffer: Buffer,
    shared: &Arc<Shared>,
    invitation: Invitation,
) {
    let Invitation { entrance, room, mut wishes } = invitation;
    let echo = shared.config.echo;
    if echo {
        wishes = Default::default();
    }
    let who = Who { connection, room: &room, name: wishes.name.clone() };
    let (greeting, places) = match entrance {
        Entrance::WebSocket(accept_key) => (response::switch_protocols(&accept_key), None),
        Entrance::Events(since) => {
            connection.becomes_event_stream(response::event_stream(), &shared.memory);
            (Vec::new(), Some(Places { since }))
        }
    };
    let is_stream = places.is_some();
    let newcomer = Newcomer {
        wire: Some(Arc::clone(connection)),
        greeting,
        name: wishes.name,
        history: wishes.history,
        places,
    };
    // Nobody shares a room with an echo: each has one of its own, under a name that no path can have.
    let name = if echo { format!("#{}", connection.number) } else { room.clone() };
    let Some(mut seat) = shared.rooms.enter(&name, newcomer) else {
        return respond(connection, reader, &response::refuse(Refusal::ServerFull, b""), shared);
    };
    if wishes.own {
        seat.hear_own();
    }
    shared.log.info(format_args!("{who} joined"));
    let end = if is_stream {
        drop(buffer);
        stream::stay(connection, &mut reader, &seat, shared, wishes.alive)
    } else {
        Chat::new(shared, reader, buffer, seat).run(connection, wishes.alive)
    };
    shared.log.info(format_args!("{who} left: {end}"));
}

/// How the log names a client.
struct Who<'w> {
    connection: &'w Connection,
    room: &'w str,
    name: Option<String>,
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {} from {}, room /{}", self.connection.number, self.connection.peer, self.room)?;
        if let Some(name) = &self.name {
            // Quoted and escaped, so that no name can look like another line, or turn this one around.
            write!(f, ", name {name:?}")?;
        }
        f.write_str(":")
    }
}
