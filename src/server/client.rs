//! One client's life, in a thread of its own: request head, answer, room, closing.
//!
//! Its stay in the room is in [`chat`](super::chat).

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::buffer::Buffer;
use super::chat::Chat;
use super::connection::{Connection, LATE_READS_MAX, Reader};
use super::response;
use super::room::{Newcomer, Wire};
use super::shared::Shared;
use super::site::{self, Answer, Invitation};
use crate::protocol::head::Head;
use crate::protocol::receiver::Receiver;
use crate::protocol::refusal::Refusal;

/// Serves one connection to its end.
pub(super) fn serve(connection: &Arc<Connection>, shared: &Arc<Shared>) {
    let mut reader = Reader::new(Arc::clone(connection));
    let mut buffer = Buffer::new(Receiver::buffer_len(shared.config.max_message), &shared.memory);
    let answer = receive_request(connection, &mut reader, &mut buffer, shared);
    connection.head_has_come();
    match answer {
        Some(Ok(Answer::Invitation(invitation))) => chat(connection, reader, buffer, shared, invitation),
        Some(Ok(Answer::Response(response))) => respond(connection, reader, &response, shared),
        Some(Err(refusal)) => {
            shared.log_refusal(refusal, connection.peer);
            let response = response::refuse(refusal, buffer.filled());
            respond(connection, reader, &response, shared);
        }
        None => {}
    }
    connection.cut();
}

/// Reads a request head and decides the answer. `None`: the peer is gone. Of what has arrived, only what comes after
/// the head is left.
fn receive_request(
    connection: &Connection,
    reader: &mut Reader,
    buffer: &mut Buffer,
    shared: &Shared,
) -> Option<Result<Answer, Refusal>> {
    let deadline = Instant::now() + shared.config.handshake_timeout;
    let (mut head, mut late_reads) = (Head::new(), 0);
    loop {
        match head.scan(buffer.filled()) {
            Err(refusal) => return Some(Err(refusal)),
            Ok(Some(len)) => {
                let answer = site::answer(&buffer.filled()[..len], shared);
                if let Ok(Answer::Invitation(_)) = answer {
                    buffer.take(len);
                }
                return Some(answer.and_then(|answer| find_place(answer, connection, shared)));
            }
            Ok(None) if Instant::now() >= deadline && late_reads >= LATE_READS_MAX => {
                return Some(Err(Refusal::HeadTimeout));
            }
            Ok(None) => late_reads += u32::from(Instant::now() >= deadline),
        }
        let Ok(free) = buffer.free() else {
            return Some(Err(Refusal::ServerFull));
        };
        match reader.read(free, Some(deadline)) {
            Ok(Some(0)) | Err(_) => return None,
            Ok(count) => buffer.add(count.unwrap_or(0)),
        }
    }
}

/// The last check: whether the server has a place for one more client.
fn find_place(answer: Answer, connection: &Connection, shared: &Shared) -> Result<Answer, Refusal> {
    let has_place = || shared.memory.admits_a_client() && connection.permit.may_chat();
    match answer {
        Answer::Invitation(_) if !has_place() => Err(Refusal::ServerFull),
        answer => Ok(answer),
    }
}

/// Sends a response, and closes so that the peer can read it to the end.
fn respond(connection: &Connection, mut reader: Reader, response: &[u8], shared: &Shared) {
    if connection.send_until(response, Instant::now() + shared.config.handshake_timeout).is_ok() {
        connection.end_writing();
        reader.linger(Instant::now() + shared.config.close_timeout);
    }
}

/// Takes a client into its room, and sees it to its end.
fn chat(
    connection: &Arc<Connection>,
    reader: Reader,
    buffer: Buffer,
    shared: &Arc<Shared>,
    invitation: Invitation,
) {
    let Invitation { accept_key, room, mut wishes } = invitation;
    let who = Who { connection, room: &room };
    let echo = shared.config.echo;
    if echo {
        wishes = Default::default();
    }
    let newcomer = Newcomer {
        wire: Arc::clone(connection),
        greeting: response::switch_protocols(&accept_key),
        name: wishes.name,
        history: wishes.history,
    };
    // Nobody shares a room with an echo: each has one of its own, under a name that no path can have.
    let name = if echo { format!("#{}", connection.number) } else { room.clone() };
    let Some(seat) = shared.rooms.enter(&name, newcomer) else {
        return respond(connection, reader, &response::refuse(Refusal::ServerFull, b""), shared);
    };
    shared.log.info(format_args!("{who} joined"));
    let end = Chat::new(shared, reader, buffer, seat).run(connection);
    shared.log.info(format_args!("{who} left: {end}"));
}

/// How the log names a client.
struct Who<'w> {
    connection: &'w Connection,
    room: &'w str,
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {} from {}, room /{}:", self.connection.number, self.connection.peer, self.room)
    }
}
