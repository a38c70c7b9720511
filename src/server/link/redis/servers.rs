//! The other servers, as far as they have been heard of.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::payload::{Bulletin, Record};
use crate::server::link::news::News;

/// How long a server may be silent before it is taken to be gone: a few heartbeats.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(15);

/// What counts of the time between two looks at the clock: in a longer one this server itself was absent.
const STEP_MAX: Duration = Duration::from_secs(6);

/// The most servers there can be.
const SERVERS_MAX: usize = 1024;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Servers {
    by_id: BTreeMap<u64, Heard>,
    looked: Instant,
}

#[derive(Debug)]
struct Heard {
    next_bulletin: u64,
    messages: u64,
    silence: Duration,
}

/// What is to be made of a bulletin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It comes behind a later one, or from one server too many.
    Ignored,
    /// It is the first of its server.
    First,
    /// So many messages should have come before it and have not.
    Next { missed: u64 },
}

impl Servers {
    pub(super) fn new(now: Instant) -> Servers {
        Servers { by_id: BTreeMap::new(), looked: now }
    }

    pub(super) fn count(&self) -> usize {
        self.by_id.len()
    }

    /// Takes a bulletin into account.
    pub(super) fn hear(&mut self, bulletin: &Bulletin<'_>) -> Verdict {
        let messages = bulletin
            .records
            .iter()
            .filter(|record| matches!(record, Record::News(News::Message { .. })))
            .count();
        let heard = Heard {
            next_bulletin: bulletin.number.saturating_add(1),
            messages: bulletin.messages_before.saturating_add(messages as u64),
            silence: Duration::ZERO,
        };
        let is_full = self.by_id.len() >= SERVERS_MAX;
        match self.by_id.get_mut(&bulletin.server) {
            None if is_full => Verdict::Ignored,
            None => {
                self.by_id.insert(bulletin.server, heard);
                Verdict::First
            }
            Some(known) if bulletin.number < known.next_bulletin => Verdict::Ignored,
            Some(known) => {
                let missed = bulletin.messages_before.saturating_sub(known.messages);
                *known = heard;
                Verdict::Next { missed }
            }
        }
    }

    /// A server has taken leave.
    pub(super) fn forget(&mut self, server: u64) {
        self.by_id.remove(&server);
    }

    /// Forgets those who have been silent for too long, and returns them.
    pub(super) fn take_silent(&mut self, now: Instant) -> Vec<u64> {
        let step = now.duration_since(self.looked).min(STEP_MAX);
        self.looked = now;
        self.by_id.values_mut().for_each(|heard| heard.silence += step);
        let silent = self.by_id.iter().filter(|(_, heard)| heard.silence > SILENCE_MAX);
        let silent: Vec<_> = silent.map(|(server, _)| *server).collect();
        silent.iter().for_each(|server| self.forget(*server));
        silent
    }
}
