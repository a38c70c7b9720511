//! `tungstenite`, given the same bytes, sees the same. Where the two disagree, and why that is justified:
//!
//! 1. A length not in its shortest form: refused here (§5.2: "the minimal number of bytes MUST be used"), read there.
//!    Of a control frame it is refused here as too long, at the byte that announces one of the longer forms.
//! 2. More fragments than the limit: refused here, without a limit there.
//! 3. A close code that must not be on the wire (§7.4): refused here; there it is a Close of 1002.
//! 4. Close code 1014 ("Bad Gateway", registered after the RFC, §11.7): accepted here; there it is a Close of 1002.
//! 5. What is refused here at the byte that decides it, there may need the rest of its frame, which is why some more
//!    bytes are appended. They bring no further event.
//!
//! Nothing else is tolerated.

use std::io::{self, Read, Write};

use chinwag::protocol::error::ProtocolError;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

use super::delivery::Delivery;
use super::receiver::read;
use crate::support::Seen;

/// A client's session, delivered to both.
pub fn holds(input: &[u8]) -> bool {
    holds_of::<true>(input)
}

/// A session of a client or of a server.
pub fn holds_of<const MASKED: bool>(input: &[u8]) -> bool {
    let delivery = Delivery::of(input);
    let mut ours = read::<MASKED>(delivery.pieces(), delivery.limits, delivery.compacting);
    let failed = match ours.last() {
        Some(Seen::Failed(error)) => Some(*error),
        _ => None,
    };
    if failed.is_some() {
        ours.pop();
    }
    let role = if MASKED { Role::Server } else { Role::Client };
    let (mut theirs, they_failed) = receive(&delivery, role, failed.is_some());
    let inside = !ours.is_empty();
    match failed {
        // 1 and 2
        Some(ProtocolError::NonMinimalLength | ProtocolError::TooManyFragments) => {
            theirs.truncate(ours.len());
        }
        // 1
        Some(ProtocolError::ControlFrameTooLong) => {
            let next = theirs.get(ours.len());
            assert!(next.is_none_or(|next| control_len(next) <= 125), "{next:?}");
            theirs.truncate(ours.len());
        }
        // 3
        Some(ProtocolError::InvalidCloseCode) => {
            if theirs.last().is_some_and(is_violation) {
                theirs.pop();
            } else {
                assert!(they_failed, "{:02x?}", delivery.bytes);
            }
        }
        Some(_) => {}
        None => {
            // 4
            if matches!(ours.last(), Some(Seen::Close(Some(1014), _)))
                && theirs.last().is_some_and(is_violation)
            {
                ours.pop();
                theirs.pop();
            }
            assert!(!they_failed, "only they fail: {:02x?}", delivery.bytes);
        }
    }
    assert_eq!(theirs, ours, "{failed:?}, {:02x?}", delivery.bytes);
    inside
}

fn is_violation(event: &Seen) -> bool {
    *event == Seen::Close(Some(1002), "Protocol violation".into())
}

fn control_len(event: &Seen) -> usize {
    match event {
        Seen::Ping(payload) | Seen::Pong(payload) => payload.len(),
        Seen::Close(code, reason) => code.map_or(0, |_| 2 + reason.len()),
        event => panic!("no control frame: {event:?}"),
    }
}

/// What `tungstenite` receives, up to a Close, and whether it failed. `with_more` appends bytes that begin no frame.
fn receive(delivery: &Delivery<'_>, role: Role, with_more: bool) -> (Vec<Seen>, bool) {
    let more = if with_more { &[1; 200][..] } else { &[] };
    let pieces: Vec<&[u8]> = delivery.pieces().chain([more]).filter(|piece| !piece.is_empty()).collect();
    let max = delivery.limits.max_message;
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_message_size(Some(max))
        .max_frame_size(Some(max.max(125)));
    let stream = Pieces(pieces.into_iter().collect());
    let mut socket = WebSocket::from_raw_socket(stream, role, Some(config));
    let mut seen = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => seen.push(Seen::text(text.as_str())),
            Ok(Message::Binary(bytes)) => seen.push(Seen::Binary(bytes.to_vec())),
            Ok(Message::Ping(bytes)) => seen.push(Seen::Ping(bytes.to_vec())),
            Ok(Message::Pong(bytes)) => seen.push(Seen::Pong(bytes.to_vec())),
            Ok(Message::Close(close)) => {
                let (code, reason) = close.map_or((None, String::new()), |close| {
                    (Some(u16::from(close.code)), close.reason.as_str().to_owned())
                });
                seen.push(Seen::Close(code, reason));
                return (seen, false);
            }
            Ok(Message::Frame(frame)) => panic!("a frame of its own: {frame:?}"),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return (seen, false),
            Err(_) => return (seen, true),
        }
    }
}

/// Hands out piece by piece; what is written goes nowhere.
struct Pieces<'p>(std::collections::VecDeque<&'p [u8]>);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.0.front_mut().ok_or(io::ErrorKind::WouldBlock)?;
        let len = piece.read(buffer)?;
        if piece.is_empty() {
            self.0.pop_front();
        }
        Ok(len)
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
