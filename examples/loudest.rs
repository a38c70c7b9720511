//! The protocol in a room of one's own, in which the loudest wins: texts in capitals go to everyone, all else to
//! nobody.
//!
//! A message is relayed as a slice of the buffer it was read into, and the same slice serves everyone. (Here it is
//! copied for each listener, because a channel owns what it carries.)
//!
//! `cargo run --example loudest` plays a conversation.

use chinwag::protocol::error::ProtocolError;
use chinwag::protocol::event::Event;
use chinwag::protocol::receiver::{Limits, ServerReceiver};
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::mpsc;

const LIMITS: Limits = Limits { max_message: 125, max_fragments: 4 };

/// The members by their numbers.
#[derive(Default)]
struct Room(BTreeMap<u32, Member>);

struct Member {
    receiver: ServerReceiver,
    buffer: [u8; ServerReceiver::buffer_len(LIMITS.max_message)],
    filled: usize,
    outbox: mpsc::Sender<Vec<u8>>,
}

impl Room {
    /// A new member; the frames it is to be sent come out of what is returned.
    fn join(&mut self, who: u32) -> mpsc::Receiver<Vec<u8>> {
        let (outbox, inbox) = mpsc::channel();
        let buffer = [0; ServerReceiver::buffer_len(LIMITS.max_message)];
        self.0.insert(who, Member { receiver: ServerReceiver::new(LIMITS), buffer, filled: 0, outbox });
        inbox
    }

    /// Bytes have arrived from a member. With a Close or an error it has left.
    fn hear(&mut self, from: u32, mut bytes: &[u8]) {
        // What is left of the room is everyone else.
        let Some(mut speaker) = self.0.remove(&from) else { return };
        while let Ok(count) = bytes.read(&mut speaker.buffer[speaker.filled..]) {
            if count == 0 {
                self.0.insert(from, speaker);
                return;
            }
            speaker.filled += count;
            match self.listen_to(&mut speaker) {
                Ok(true) => {}
                Ok(false) | Err(_) => return,
            }
        }
    }

    /// Takes what has arrived; whether the speaker stays.
    fn listen_to(&self, speaker: &mut Member) -> Result<bool, ProtocolError> {
        while let Some(event) = speaker.receiver.receive(&mut speaker.buffer[..speaker.filled])? {
            match event {
                Event::Message(message) if is_loud(message.payload()) => self.relay(message.into_frame()),
                Event::Close(..) => return Ok(false),
                _ => {}
            }
        }
        speaker.filled = speaker.receiver.compact(&mut speaker.buffer, speaker.filled)?;
        Ok(true)
    }

    fn relay(&self, frame: &[u8]) {
        for member in self.0.values() {
            // An error says that nobody reads there any more.
            let _ = member.outbox.send(frame.to_vec());
        }
    }
}

fn is_loud(text: &[u8]) -> bool {
    text.is_ascii() && !text.iter().any(u8::is_ascii_lowercase)
}

fn main() {
    let mut room = Room::default();
    let inboxes = [0, 1, 2].map(|who| room.join(who));
    for (who, text) in [(0, "psst"), (1, "WHAT?"), (2, "not so loud"), (0, "I SAID PSST!")] {
        println!("{who} says {text}");
        room.hear(who, &masked(text));
        for (other, inbox) in inboxes.iter().enumerate() {
            for frame in inbox.try_iter() {
                println!("  {other} is sent {}", frame.escape_ascii());
            }
        }
    }
}

/// A short text as a client's frame (§5.2), with a masking key of zeros.
fn masked(text: &str) -> Vec<u8> {
    [&[0x81, 0x80 | text.len() as u8, 0, 0, 0, 0], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loud_goes_to_everyone_else() {
        let mut room = Room::default();
        let [a, b, c] = [1, 2, 3].map(|who| room.join(who));
        // Masked with spaces, which turn small letters into capitals and back: "HI!", then "hi".
        for byte in b"\x81\x83\x20\x20\x20\x20hi\x01\x81\x82\x20\x20\x20\x20HI" {
            room.hear(1, &[*byte]);
        }
        room.hear(1, &masked("AGAIN"));
        for inbox in [b, c] {
            let frames: Vec<_> = inbox.try_iter().collect();
            assert_eq!(frames, [&b"\x81\x03HI!"[..], b"\x81\x05AGAIN"]);
        }
        assert_eq!(a.try_recv(), Err(mpsc::TryRecvError::Empty));
    }

    #[test]
    fn whoever_breaks_the_protocol_has_left() {
        let mut room = Room::default();
        let inboxes = [1, 2].map(|who| room.join(who));
        room.hear(1, b"\xC1");
        room.hear(2, b"\x88\x80\0\0\0\0");
        for inbox in inboxes {
            assert_eq!(inbox.try_recv(), Err(mpsc::TryRecvError::Disconnected));
        }
    }

    #[test]
    fn the_conversation_ends() {
        main();
    }
}
