//! What has been found.

use crate::result::Result;
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// So many faults are told one by one.
const TOLD: u64 = 20;
const MAX_US: u64 = 600_000_000;

pub struct Score {
    start: Instant,
    pub delivered: u64,
    /// Messages from before their receiver's joining, which it had asked for.
    pub older: u64,
    pub announced: u64,
    pub pongs: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub reordered: u64,
    /// What cannot be: broken messages, wrong Closes, counts that do not add up, healthy clients cut off.
    pub strange: u64,
    pub latency_us: Histogram<u64>,
    pub longest_gap: Duration,
    /// The longest time from one look of the crowd at its sockets to the next: so far a gap may be its own.
    pub longest_absence: Duration,
    told: u64,
}

impl Score {
    pub fn new() -> Result<Score> {
        Ok(Score {
            start: Instant::now(),
            delivered: 0,
            older: 0,
            announced: 0,
            pongs: 0,
            lost: 0,
            duplicated: 0,
            reordered: 0,
            strange: 0,
            latency_us: Histogram::new_with_max(MAX_US, 3)?,
            longest_gap: Duration::ZERO,
            longest_absence: Duration::ZERO,
            told: 0,
        })
    }

    pub fn is_clean(&self) -> bool {
        self.lost + self.duplicated + self.reordered + self.strange == 0
    }

    pub fn delivered(&mut self, latency: Duration) {
        self.delivered += 1;
        self.latency_us.saturating_record(latency.as_micros() as u64);
    }

    /// So long an observer has heard nothing in a room where everyone talks all the time.
    pub fn gap(&mut self, gap: Duration) {
        self.longest_gap = self.longest_gap.max(gap);
    }

    pub fn lost(&mut self, count: u64, what: &str) {
        if count > 0 {
            self.lost += count;
            self.tell(&format!("{count} lost, {what}"));
        }
    }

    /// One that had been taken for lost.
    pub fn reordered(&mut self, what: &str) {
        self.lost -= 1;
        self.reordered += 1;
        self.tell(&format!("reordered: {what}"));
    }

    pub fn duplicated(&mut self, what: &str) {
        self.duplicated += 1;
        self.tell(&format!("duplicated: {what}"));
    }

    pub fn strange(&mut self, what: &str) {
        self.strange += 1;
        self.tell(&format!("strange: {what}"));
    }

    fn tell(&mut self, fault: &str) {
        self.told += 1;
        if self.told <= TOLD {
            eprintln!("after {:.3} s: {fault}", self.start.elapsed().as_secs_f64());
        }
    }
}
