//! One receiver, compared with what the observer of its room got.

use super::log::{Entry, Log};
use super::message::Seen;
use super::score::Score;
use std::collections::VecDeque;
use std::time::Instant;

pub struct Reader {
    number: u64,
    /// The place in the log before which it cannot have joined.
    asked_at: u64,
    /// How many messages had been posted when it had joined for certain.
    posted: u64,
    /// How many older messages it has asked for.
    history: usize,
    /// The place of what it must get next, once that is known.
    next: Option<u64>,
    /// What it got that is not compared yet: the observer may be behind.
    early: VecDeque<(Seen, Instant)>,
    /// What it has not got, though it got what comes after.
    missed: Vec<Entry>,
    /// It must get everything before this place.
    until: u64,
    has_ended: bool,
}

enum Fit {
    Fits,
    /// As far as the log goes.
    SoFar,
    Not,
}

impl Reader {
    pub fn new(number: u64, asked_at: u64, posted: u64, history: usize) -> Reader {
        Reader {
            number,
            asked_at,
            posted,
            history,
            next: None,
            early: VecDeque::new(),
            missed: Vec::new(),
            until: 0,
            has_ended: false,
        }
    }

    pub fn received(&mut self, seen: Seen, log: &Log, score: &mut Score) {
        self.early.push_back((seen, Instant::now()));
        self.compare(log, score);
    }

    /// It leaves at this place or later.
    pub fn leave(&mut self, place: u64) {
        self.until = self.until.max(place);
    }

    /// A message of its own is at this place: it was still there.
    pub fn was_heard_at(&mut self, place: u64) {
        self.until = self.until.max(place);
    }

    pub fn end(&mut self) {
        self.has_ended = true;
    }

    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    pub fn needs_from(&self) -> u64 {
        self.next.unwrap_or(self.asked_at)
    }

    pub fn compare(&mut self, log: &Log, score: &mut Score) {
        if self.next.is_none() {
            self.next = self.find_beginning(log, score);
        }
        let Some(mut next) = self.next else { return };
        loop {
            next = self.skip_own(next, log);
            let (Some(expected), Some(&(got, at))) = (log.get(next), self.early.front()) else { break };
            if expected.seen == got {
                if expected.number >= self.posted {
                    score.delivered(at.saturating_duration_since(expected.sent_at));
                } else {
                    score.older += 1;
                }
                next += 1;
            } else if let Some(found) = self.place_of(got, next, log) {
                let own = self.number;
                let skipped = (next..found).filter_map(|at| log.get(at)).filter(|entry| entry.from != own);
                let before = self.missed.len();
                self.missed.extend(skipped);
                score.lost((self.missed.len() - before) as u64, "in the middle");
                next = found;
                continue;
            } else if !self.explain(got, log, score) {
                break;
            }
            self.early.pop_front();
        }
        self.next = Some(next);
    }

    /// Whether its part is compared to the end; if so, what is missing there has been counted.
    pub fn is_complete(&mut self, log: &Log, score: &mut Score) -> bool {
        self.compare(log, score);
        if !self.has_ended || !self.early.is_empty() {
            return false;
        }
        let next = self.next.unwrap_or_else(|| log.history_begin(self.latest_joining(log), self.history));
        let missing = (next..self.until).filter_map(|at| log.get(at));
        let missing = missing.filter(|entry| entry.from != self.number).count();
        score.lost(missing as u64, "before it left");
        true
    }

    fn skip_own(&self, mut place: u64, log: &Log) -> u64 {
        while log.get(place).is_some_and(|entry| entry.from == self.number) {
            place += 1;
        }
        place
    }

    /// The first message after its joining, or the end of the log.
    fn latest_joining(&self, log: &Log) -> u64 {
        let is_after = |&place: &u64| log.get(place).is_some_and(|entry| entry.number >= self.posted);
        (self.asked_at..log.end()).find(is_after).unwrap_or(log.end())
    }

    /// Where in the log its part begins; `None` as long as that cannot be told.
    fn find_beginning(&self, log: &Log, score: &mut Score) -> Option<u64> {
        let can_be_told = self.has_ended || self.early.iter().any(|(seen, _)| seen.is_unique());
        if self.early.is_empty() || !can_be_told {
            return None;
        }
        let first = log.history_begin(self.asked_at, self.history);
        let last = log.history_begin(self.latest_joining(log), self.history);
        let mut may_fit = false;
        for begin in first..=last {
            match self.fit(begin, log) {
                Fit::Fits => return Some(begin),
                Fit::SoFar => may_fit = true,
                Fit::Not => {}
            }
        }
        if may_fit {
            return None;
        }
        score.strange("nothing fits its beginning");
        Some(last)
    }

    fn fit(&self, mut place: u64, log: &Log) -> Fit {
        for (got, _) in &self.early {
            place = self.skip_own(place, log);
            match log.get(place) {
                None => return Fit::SoFar,
                Some(expected) if expected.seen == *got => place += 1,
                Some(_) => return Fit::Not,
            }
        }
        Fit::Fits
    }

    fn place_of(&self, got: Seen, from: u64, log: &Log) -> Option<u64> {
        (from..log.end()).find(|&place| got.is_unique() && log.get(place).is_some_and(|e| e.seen == got))
    }

    /// What is not ahead: whether it is known what it is.
    fn explain(&mut self, got: Seen, log: &Log, score: &mut Score) -> bool {
        if let Some(at) = self.missed.iter().position(|entry| entry.seen == got) {
            self.missed.remove(at);
            score.reordered("got late what came earlier to the observer");
            return true;
        }
        if (log.begin()..log.end()).any(|place| log.get(place).is_some_and(|entry| entry.seen == got)) {
            score.duplicated("to a member");
            return true;
        }
        if !got.is_unique() {
            score.strange("a short message out of place");
        }
        !got.is_unique()
    }
}
