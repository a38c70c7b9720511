//! Receiving a request: until its head is whole, refused, late, or has to make way for another.

use std::time::Instant;

use super::buffer::Buffer;
use super::connection::{Connection, LATE_READS_MAX, Reader};
use super::refusal::Refusal;
use super::shared::Shared;
use super::site::{self, Answer};
use crate::protocol::frame::FrameHeader;
use crate::protocol::head::Head;

/// How much of a head is left in front of a message that comes behind it, in bytes: its frame's header is written there.
pub(super) const HEADROOM: usize = FrameHeader::MAX_UNMASKED_LEN;

/// Reads a request head and decides the answer; `None` where nobody waits for one: the peer is gone, or has never said
/// anything. Of what has arrived, only what comes after the head is left.
// What lies on the stack here is gone before the client stays: see `Rooms::enter`.
#[inline(never)]
pub(crate) fn receive(
    connection: &Connection,
    reader: &mut Reader,
    buffer: &mut Buffer,
    shared: &Shared,
) -> Option<Result<Answer, Refusal>> {
    let mut deadline = Instant::now() + shared.config.handshake_timeout;
    let (mut head, mut late_reads) = (Head::new(), 0);
    loop {
        match head.scan(buffer.filled()) {
            Err(error) => return Some(Err(error.into())),
            Ok(Some(len)) => {
                let answer = site::answer(&buffer.filled()[..len], connection.peer.ip(), shared);
                match answer {
                    Ok(Answer::Invitation(_)) => buffer.take(len),
                    Ok(Answer::Post(_)) => buffer.take(len - HEADROOM),
                    _ => {}
                }
                return Some(answer.and_then(|answer| find_place(answer, connection, shared)));
            }
            Ok(None) if Instant::now() >= deadline && late_reads >= LATE_READS_MAX => {
                return (!buffer.is_empty()).then_some(Err(Refusal::HeadTimeout));
            }
            Ok(None) => late_reads += u32::from(Instant::now() >= deadline),
        }
        // Then its reading has been ended as well, or is about to be: nothing more is waited for.
        if connection.permit.is_displaced() {
            deadline = deadline.min(Instant::now());
        }
        let Ok(free) = buffer.free() else {
            return Some(Err(Refusal::ServerFull));
        };
        match reader.read(free, Some(deadline)) {
            Ok(Some(0)) if !connection.permit.is_displaced() => return None,
            Err(_) => return None,
            Ok(count) => buffer.add(count.unwrap_or(0)),
        }
    }
}

/// The last check of a handshake.
fn find_place(answer: Answer, connection: &Connection, shared: &Shared) -> Result<Answer, Refusal> {
    match answer {
        Answer::Invitation(_) if !has_place(connection, shared) => Err(Refusal::ServerFull),
        answer => Ok(answer),
    }
}

/// Whether the server has a place for one more client.
pub(super) fn has_place(connection: &Connection, shared: &Shared) -> bool {
    shared.memory.admits_a_client() && connection.permit.may_chat()
}
