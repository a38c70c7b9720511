//! Whatever comes in, what goes out is legal: read by a decoder of a client's own, which is strict.

use chinwag::protocol::close::CloseCode;
use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::event::Event;
use chinwag::protocol::receiver::ServerReceiver;

use super::delivery::Delivery;
use crate::support::{Seen, compact};

/// A session that a server relays and answers, and then a Close with the input as its reason.
pub fn holds(input: &[u8]) -> bool {
    let delivery = Delivery::of(input);
    let mut receiver = ServerReceiver::new(delivery.limits);
    let (mut buffer, mut sent) = (Vec::new(), 0);
    'session: for piece in delivery.pieces() {
        if delivery.compacting {
            compact(&mut receiver, &mut buffer);
        }
        buffer.extend_from_slice(piece);
        loop {
            match receiver.receive(&mut buffer) {
                Ok(None) => break,
                Ok(Some(event)) => sent += usize::from(answer(event)),
                Err(error) => {
                    let close = ControlFrame::close(error.close_code(), error.reason(), None);
                    let expected = Seen::Close(Some(error.close_code().get()), error.reason().into());
                    assert_eq!(decode(close.as_bytes()), expected);
                    break 'session;
                }
            }
        }
    }
    any_close(&String::from_utf8_lossy(input));
    sent > 0
}

/// What a server sends for an event, if anything.
fn answer(event: Event<'_>) -> bool {
    let (frame, expected) = match event {
        Event::Message(message) => {
            let expected = Seen::from(&message);
            (message.into_frame().to_vec(), expected)
        }
        Event::Ping(ping) => {
            let expected = Seen::Pong(ping.payload().to_vec());
            (ping.into_pong().to_vec(), expected)
        }
        Event::Pong(_) => return false,
        Event::Close(code, reason) => {
            let code = code.unwrap_or(CloseCode::NORMAL_CLOSURE);
            let expected = Seen::Close(Some(code.get()), reason.into());
            (ControlFrame::close(code, reason, None).as_bytes().to_vec(), expected)
        }
    };
    assert_eq!(decode(&frame), expected);
    true
}

/// A reason of any length: as much of it as fits, whole characters only.
fn any_close(reason: &str) {
    let close = ControlFrame::close(CloseCode::GOING_AWAY, reason, None);
    let Seen::Close(Some(1001), sent) = decode(close.as_bytes()) else {
        panic!("another Close was asked for")
    };
    assert!(reason.starts_with(&sent), "{reason:?} became {sent:?}");
    let next = reason[sent.len()..].chars().next();
    assert!(next.is_none_or(|next| sent.len() + next.len_utf8() > 123), "{reason:?} became {sent:?}");
}

/// Exactly one frame as a client must have it (§5.1, §5.2, §5.5, §7.4, §8.1).
fn decode(frame: &[u8]) -> Seen {
    let (first, second) = (frame[0], frame[1]);
    assert_eq!(first & 0xF0, 0x80, "FIN=1, RSV=0: {frame:02x?}");
    assert!(second < 0x80, "§5.1: a client must close on a masked frame: {frame:02x?}");
    let (len, payload) = match second {
        126 => (u64::from(u16::from_be_bytes([frame[2], frame[3]])), &frame[4..]),
        127 => (u64::from_be_bytes(frame[2..10].try_into().expect("eight bytes")), &frame[10..]),
        len => (u64::from(len), &frame[2..]),
    };
    assert_eq!(payload.len() as u64, len, "{frame:02x?}");
    let form = if len < 126 { 0 } else { 1 + u8::from(len > 0xFFFF) };
    assert_eq!(form, second.saturating_sub(125), "not the shortest: {frame:02x?}");
    assert!(first & 0x08 == 0 || len <= 125, "{frame:02x?}");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    match first & 0x0F {
        0x1 => Seen::Text(text(payload)),
        0x2 => Seen::Binary(payload.to_vec()),
        0x8 => {
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            let registered = matches!(code, 1000..=1014 | 3000..=4999) && ![1004, 1005, 1006].contains(&code);
            assert!(registered, "code {code}");
            Seen::Close(Some(code), text(&payload[2..]))
        }
        0x9 => Seen::Ping(payload.to_vec()),
        0xA => Seen::Pong(payload.to_vec()),
        opcode => panic!("opcode {opcode:x}"),
    }
}
