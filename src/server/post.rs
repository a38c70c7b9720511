//! A message without a WebSocket: the body of a POST.
//!
//! It is received as a message is, in place and within the same bounds of time and memory. For the moment that it takes to
//! post it, its sender is a member of the room who is sent nothing. What comes behind it is not read as anything.

use std::str;
use std::thread;
use std::time::Instant;

use super::buffer::Buffer;
use super::connection::{Connection, LATE_READS_MAX, Reader};
use super::memory::Purpose;
use super::pace::{Rest, TICK};
use super::refusal::Refusal;
use super::request::{HEADROOM, has_place};
use super::room::{Newcomer, is_forged};
use super::shared::Shared;
use super::site::Post;
use crate::protocol::frame::{FrameHeader, Opcode};

/// Receives a message and posts it; `None` where nobody waits for an answer.
// Not on the stack of a client that stays: see `Rooms::enter`.
#[inline(never)]
pub(super) fn receive(
    connection: &Connection,
    reader: &mut Reader,
    buffer: &mut Buffer,
    shared: &Shared,
    post: &Post,
) -> Option<Result<(), Refusal>> {
    // What is left of the head is no head.
    buffer.filled()[..HEADROOM].fill(0);
    match receive_body(connection, reader, buffer, shared, post)? {
        Ok(()) => Some(say(connection, &mut buffer.filled()[..HEADROOM + post.len], shared, post)),
        Err(refusal) => Some(Err(refusal)),
    }
}

/// Reads until the body is whole, and no further.
fn receive_body(
    connection: &Connection,
    reader: &mut Reader,
    buffer: &mut Buffer,
    shared: &Shared,
    post: &Post,
) -> Option<Result<(), Refusal>> {
    let deadline = Instant::now() + shared.config.message_timeout;
    // RFC 9110 §10.1.1: "A server MAY omit sending a 100 (Continue) response if it has already received some or all of
    // the content".
    if post.is_held_back && post.len > 0 && buffer.filled().len() == HEADROOM {
        connection.send_until(b"HTTP/1.1 100 Continue\r\n\r\n", deadline).ok()?;
    }
    let mut late_reads = 0;
    loop {
        let missing = (HEADROOM + post.len).saturating_sub(buffer.filled().len());
        let is_late = Instant::now() >= deadline;
        late_reads += u32::from(is_late);
        match buffer.free() {
            _ if missing == 0 => return Some(Ok(())),
            _ if late_reads > LATE_READS_MAX => return Some(Err(Refusal::BodyTimeout)),
            Err(_) if is_late => return Some(Err(Refusal::ServerFull)),
            Err(_) if shared.memory.make_room(Purpose::Receive) => {}
            Err(_) => thread::sleep(TICK),
            Ok(free) => {
                let most = free.len().min(missing);
                match reader.read(&mut free[..most], Some(deadline)) {
                    // One that is heard though the server is full, and has had to make way.
                    Ok(Some(0)) if connection.permit.is_displaced() => {
                        return Some(Err(Refusal::ServerFull));
                    }
                    Ok(Some(0)) | Err(_) => return None,
                    Ok(count) => buffer.add(count.unwrap_or(0)),
                }
            }
        }
    }
}

/// Posts a message that stands behind [`HEADROOM`].
fn say(connection: &Connection, bytes: &mut [u8], shared: &Shared, post: &Post) -> Result<(), Refusal> {
    let (headroom, payload) = bytes.split_at_mut(HEADROOM);
    if post.opcode == Opcode::Text {
        str::from_utf8(payload).map_err(|_| Refusal::InvalidUtf8)?;
        if is_forged(payload) {
            return Err(Refusal::Forged);
        }
    }
    if !has_place(connection, shared) {
        return Err(Refusal::ServerFull);
    }
    let payload_len = payload.len() as u64;
    let header = FrameHeader { fin: true, opcode: post.opcode, masking_key: None, payload_len };
    let mut encoded = [0; FrameHeader::MAX_LEN];
    let encoded = header.encode(&mut encoded);
    let start = headroom.len() - encoded.len();
    headroom[start..].copy_from_slice(encoded);
    let sender = Newcomer { wire: None, greeting: Vec::new(), name: None, history: 0, places: None };
    let mut seat = shared.rooms.enter(&post.room, sender).ok_or(Refusal::ServerFull)?;
    seat.hear_own();
    shared.metrics.posted();
    seat.relay(&bytes[start..]);
    let owed = if seat.is_someone_far_behind() { post.len } else { 0 };
    // Its going flushes.
    drop(seat);
    Rest::default().after(owed).into_iter().for_each(thread::sleep);
    Ok(())
}
