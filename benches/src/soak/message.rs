//! What is said: every message tells who sent it and, unless it is too short for that, which of its messages it is.

use super::random::Random;
use crate::frame;
use crate::order::{Id, LABEL};

/// A message is at most 2 to the power of this long.
pub const LONGEST_BITS: u32 = 14;

/// A whole number of characters of one, two and three bytes, so that fragments cut them in two.
const CHARACTERS: &str = "aé€";

/// A message as its receiver can tell it from others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    label: [u8; LABEL],
    len: usize,
    opcode: u8,
}

impl Seen {
    pub fn new(id: Id, len: usize, opcode: u8) -> Seen {
        let mut label = [0; LABEL];
        id.write(&mut label[..len.min(LABEL)]);
        Seen { label, len, opcode }
    }

    /// Whether it is unlike any other.
    pub fn is_unique(&self) -> bool {
        self.len >= LABEL
    }

    pub fn sender(&self) -> usize {
        Id::read(&self.label[..self.len.min(LABEL)]).sender()
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// What the messages say behind their labels.
pub struct Bodies {
    text: Vec<u8>,
    binary: Vec<u8>,
}

impl Bodies {
    pub fn new(longest: usize, random: &mut Random) -> Bodies {
        let binary = (0..longest).map(|_| random.draw() as u8).collect();
        Bodies { text: CHARACTERS.repeat(longest / CHARACTERS.len()).into(), binary }
    }

    pub fn payload(&self, seen: &Seen) -> Vec<u8> {
        let label = seen.len.min(LABEL);
        let mut payload = seen.label[..label].to_vec();
        let rest = seen.len - label;
        if seen.opcode == frame::BINARY {
            payload.extend_from_slice(&self.binary[..rest]);
        } else {
            let whole = rest - rest % CHARACTERS.len();
            payload.extend_from_slice(&self.text[..whole]);
            payload.resize(seen.len, b'.');
        }
        payload
    }

    /// `None` if not everything is as it was sent.
    pub fn read(&self, opcode: u8, payload: &[u8]) -> Option<Seen> {
        let (label, body) = payload.split_at(payload.len().min(LABEL));
        let mut seen = Seen { label: [0; LABEL], len: payload.len(), opcode };
        seen.label[..label.len()].copy_from_slice(label);
        let is_whole = if opcode == frame::BINARY {
            self.binary.get(..body.len())? == body
        } else {
            let (characters, rest) = body.split_at(body.len() - body.len() % CHARACTERS.len());
            self.text.get(..characters.len())? == characters && rest.iter().all(|&byte| byte == b'.')
        };
        is_whole.then_some(seen)
    }
}
