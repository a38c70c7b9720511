//! A room's book: what was posted, in which order it went out, and whether everyone got their part of it.
//!
//! Each room has an *observer*: it is there from the first message to the last and never talks, so the order in which
//! it gets the messages is the order. Everyone else must get a part of exactly that without a hole, less what is its
//! own. It begins with the newest messages it has asked for; behind them, or at once, with what follows its joining: at
//! the latest with the first message that was posted after its 101 had been read. It ends with its leaving: at the
//! earliest with what the observer had got when it sent its Close, and with its own last message.

use super::log::{Entry, HISTORY_MESSAGES, Log};
use super::message::Seen;
use super::reader::Reader;
use super::score::Score;
use crate::order::Id;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// How many entries may gather before those are let go that nobody needs any more.
const LOG_MAX: u64 = 4096;

pub struct Ledger {
    log: Log,
    /// Of each sender: what the observer has not got yet.
    on_the_way: Vec<VecDeque<Entry>>,
    /// Of each sender: how many messages it has sent.
    sent: Vec<usize>,
    posted: u64,
    readers: BTreeMap<u64, Reader>,
    observed_at: Option<Instant>,
}

impl Ledger {
    pub fn new(senders: usize) -> Ledger {
        Ledger {
            log: Log::default(),
            on_the_way: vec![VecDeque::new(); senders],
            sent: vec![0; senders],
            posted: 0,
            readers: BTreeMap::new(),
            observed_at: None,
        }
    }

    /// A message that is to be sent by the client `from`, in the place of `sender`.
    pub fn post(&mut self, sender: usize, from: u64, len: usize, opcode: u8) -> Seen {
        let seen = Seen::new(Id::new(sender, self.sent[sender]), len, opcode);
        self.sent[sender] += 1;
        let entry = Entry { seen, from, number: self.posted, sent_at: Instant::now() };
        self.on_the_way[sender].push_back(entry);
        self.posted += 1;
        seen
    }

    pub fn posted(&self) -> u64 {
        self.posted
    }

    /// What the observer has got so far.
    pub fn end(&self) -> u64 {
        self.log.end()
    }

    /// Whether the observer has got everything of this sender.
    pub fn is_quiet(&self, sender: usize) -> bool {
        self.on_the_way[sender].is_empty()
    }

    pub fn missing(&self) -> usize {
        self.on_the_way.iter().map(VecDeque::len).sum()
    }

    /// Those whose part is not yet compared to its end.
    pub fn open_readers(&self) -> usize {
        self.readers.len()
    }

    /// Its 101 has been read; `asked_at` is what the observer had got before it asked.
    pub fn join(&mut self, number: u64, asked_at: u64, history: usize) {
        self.readers.insert(number, Reader::new(number, asked_at, self.posted, history));
    }

    /// It sends its Close now.
    pub fn leave(&mut self, number: u64) {
        if let Some(reader) = self.readers.get_mut(&number) {
            reader.leave(self.log.end());
        }
    }

    /// Its stream has ended after the server's Close.
    pub fn gone(&mut self, number: u64, score: &mut Score) {
        if let Some(reader) = self.readers.get_mut(&number) {
            reader.end();
        }
        self.see_off(number, score);
    }

    /// No more is promised to it.
    pub fn forget(&mut self, number: u64) {
        self.readers.remove(&number);
    }

    pub fn received(&mut self, number: u64, seen: Seen, score: &mut Score) {
        if let Some(reader) = self.readers.get_mut(&number) {
            reader.received(seen, &self.log, score);
        }
    }

    pub fn observed(&mut self, seen: Seen, score: &mut Score) {
        let now = Instant::now();
        if let Some(before) = self.observed_at.replace(now) {
            score.gap(now - before);
        }
        let Some(way) = self.on_the_way.get_mut(seen.sender()) else {
            return score.strange("a message of nobody");
        };
        match way.iter().position(|entry| entry.seen == seen) {
            None => return score.duplicated("to the observer"),
            Some(0) => {}
            Some(before) => score.lost(before as u64, "before what the observer got of the same sender"),
        }
        while let Some(entry) = way.pop_front() {
            if entry.seen == seen {
                self.log.push(entry);
                score.delivered(now - entry.sent_at);
                break;
            }
        }
        self.compare_all(score);
    }

    fn compare_all(&mut self, score: &mut Score) {
        let Some(newest) = self.log.get(self.log.end() - 1).copied() else { return };
        for reader in self.readers.values_mut() {
            reader.compare(&self.log, score);
        }
        if let Some(sender) = self.readers.get_mut(&newest.from) {
            sender.was_heard_at(self.log.end() - 1);
        }
        let ended: Vec<u64> =
            self.readers.iter().filter(|(_, reader)| reader.has_ended()).map(|(&number, _)| number).collect();
        for number in ended {
            self.see_off(number, score);
        }
        self.let_go();
    }

    fn see_off(&mut self, number: u64, score: &mut Score) {
        let is_on_the_way = self.on_the_way.iter().flatten().any(|entry| entry.from == number);
        let Some(reader) = self.readers.get_mut(&number).filter(|_| !is_on_the_way) else { return };
        if reader.is_complete(&self.log, score) {
            self.readers.remove(&number);
        }
    }

    fn let_go(&mut self) {
        if self.log.end() - self.log.begin() >= LOG_MAX {
            let needed =
                self.readers.values().map(Reader::needs_from).min().unwrap_or(u64::MAX).min(self.log.end());
            self.log.let_go_before(needed.saturating_sub(2 * HISTORY_MESSAGES as u64));
        }
    }
}
