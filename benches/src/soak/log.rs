//! What the observer of a room got, in its order.

use super::message::Seen;
use std::collections::VecDeque;
use std::time::Instant;

/// What the server keeps for newcomers: so many messages, and so many bytes of them.
pub const HISTORY_MESSAGES: usize = 50;
const HISTORY_BYTES: usize = 256 << 10;
#[derive(Clone, Copy)]
pub struct Entry {
    pub seen: Seen,
    /// The client that sent it.
    pub from: u64,
    /// How many messages had been posted in this room before it.
    pub number: u64,
    pub sent_at: Instant,
}

/// What the observer got. Places in it stay what they are when old entries are let go.
#[derive(Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    begin: u64,
}

impl Log {
    pub fn get(&self, place: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(place.checked_sub(self.begin)?).ok()?)
    }

    pub fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    /// Lets go what is before this place, if it is there.
    pub fn let_go_before(&mut self, place: u64) {
        let count = place.saturating_sub(self.begin);
        self.entries.drain(..count as usize);
        self.begin += count;
    }

    pub fn begin(&self) -> u64 {
        self.begin
    }

    pub fn end(&self) -> u64 {
        self.begin + self.entries.len() as u64
    }

    /// Where the newest `count` messages begin for someone who joins at `place`.
    pub fn history_begin(&self, place: u64, count: usize) -> u64 {
        let (mut begin, mut bytes) = (place, 0);
        while place - begin < count.min(HISTORY_MESSAGES) as u64 {
            let Some(entry) = begin.checked_sub(1).and_then(|before| self.get(before)) else { break };
            bytes += entry.seen.len();
            if bytes > HISTORY_BYTES {
                break;
            }
            begin -= 1;
        }
        begin
    }
}
