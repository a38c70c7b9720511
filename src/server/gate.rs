//! How many connections there may be at once, and which of them are heard where the server is full.
//!
//! Some connections above the limit are still heard, the *extras*: health, metrics and the page are served on them. They
//! are shared out, so that nobody has them all: each address has a few at most, and one that has been answered, or has had
//! its time, makes way for the next. What has been decided for it by then, it still gets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::addresses::{Address, Counted};
use super::sync::{Condvar, Mutex, lock, wait_timeout};

/// Connections above the limit that are still heard.
const EXTRAS_MAX: usize = 16;

/// How many of these one address may have, and how many the loopback, from where a host looks after its own server.
const SHARE: usize = 2;
const LOOPBACK_SHARE: usize = 4;

/// How long an extra connection that is not answered keeps its place, whoever else comes. Who knows what to ask for has
/// done so by then.
const EXTRA_TIME: Duration = Duration::from_secs(1);

/// What a connection was let in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// One of the clients that the operator allows.
    Client,
    /// Above the limit: it is heard, but there is no room for it to chat.
    Extra,
}

/// Counts the connections of a server.
#[derive(Debug)]
pub(crate) struct Gate {
    max_clients: usize,
    inside: Mutex<Inside>,
    someone_left: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    /// The number of the last connection that was let in.
    last: u64,
    clients: usize,
    /// In order of arrival.
    extras: Vec<Extra>,
}

#[derive(Debug)]
struct Extra {
    number: u64,
    address: Address,
    /// Until when it keeps its place.
    until: Instant,
}

impl Gate {
    pub(crate) fn new(max_clients: usize) -> Arc<Gate> {
        Arc::new(Gate { max_clients, inside: Mutex::default(), someone_left: Condvar::new() })
    }

    /// A place for one more connection, if there is one, and the number of the connection that has to make way for it.
    pub(crate) fn admit(self: &Arc<Gate>, counted: Counted, now: Instant) -> Option<(Permit, Option<u64>)> {
        let mut inside = lock(&self.inside);
        let number = inside.last + 1;
        let address = counted.address();
        let mut displaced = None;
        let pass = if inside.clients < self.max_clients {
            inside.clients += 1;
            Pass::Client
        } else {
            if !inside.has_extra_for(address) {
                let at = inside.who_makes_way_for(address, now)?;
                displaced = Some(inside.extras.remove(at).number);
            }
            inside.extras.push(Extra { number, address, until: now + EXTRA_TIME });
            Pass::Extra
        };
        inside.last = number;
        let permit = Permit { gate: Arc::clone(self), number, pass: Mutex::new(pass), _counted: counted };
        Some((permit, displaced))
    }

    /// Waits until nobody is inside, at most until `deadline`.
    pub(crate) fn wait_until_empty(&self, deadline: Instant) {
        let mut inside = lock(&self.inside);
        while inside.clients > 0 || !inside.extras.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            inside = wait_timeout(&self.someone_left, inside, left).0;
        }
    }
}

impl Inside {
    fn has_extra_for(&self, address: Address) -> bool {
        self.extras.len() < EXTRAS_MAX && self.extras_of(address) < share(address)
    }

    /// Where among the extras the one is that makes way for one of this address.
    ///
    /// It is the oldest that has had its time: of the address itself where that has its whole share. Else an address also
    /// gives one up to another that has less of its share, even with one more: so the first one that comes from somewhere
    /// is heard at once.
    fn who_makes_way_for(&self, address: Address, now: Instant) -> Option<usize> {
        let own = self.extras_of(address);
        let has_more = |other| self.extras_of(other) * share(address) > (own + 1) * share(other);
        self.extras.iter().position(|extra| {
            let has_had_its_time = now >= extra.until;
            if own == share(address) {
                extra.address == address && has_had_its_time
            } else {
                has_had_its_time || has_more(extra.address)
            }
        })
    }

    fn extras_of(&self, address: Address) -> usize {
        self.extras.iter().filter(|extra| extra.address == address).count()
    }

    fn position(&self, number: u64) -> Option<usize> {
        self.extras.iter().position(|extra| extra.number == number)
    }
}

fn share(address: Address) -> usize {
    if address == Address::Loopback { LOOPBACK_SHARE } else { SHARE }
}

/// A connection's place inside, given back on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: Arc<Gate>,
    /// The connection's number, never used again.
    pub(crate) number: u64,
    pass: Mutex<Pass>,
    _counted: Counted,
}

impl Permit {
    /// Whether this connection may chat: an extra one takes a client's place if one has become free.
    pub(crate) fn may_chat(&self) -> bool {
        let mut pass = lock(&self.pass);
        let mut inside = lock(&self.gate.inside);
        if *pass == Pass::Extra && inside.clients < self.gate.max_clients {
            inside.clients += 1;
            if let Some(at) = inside.position(self.number) {
                inside.extras.remove(at);
            }
            *pass = Pass::Client;
        }
        *pass == Pass::Client
    }

    /// Notes that the connection has been answered: an extra one makes way from now on.
    pub(crate) fn has_been_answered(&self, now: Instant) {
        let mut inside = lock(&self.gate.inside);
        if let Some(at) = inside.position(self.number) {
            inside.extras[at].until = now;
        }
    }

    /// Whether this was an extra connection that has had to make way.
    pub(crate) fn is_displaced(&self) -> bool {
        let pass = lock(&self.pass);
        *pass == Pass::Extra && lock(&self.gate.inside).position(self.number).is_none()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let pass = lock(&self.pass);
        let mut inside = lock(&self.gate.inside);
        match (*pass, inside.position(self.number)) {
            (Pass::Client, _) => inside.clients -= 1,
            (Pass::Extra, Some(at)) => drop(inside.extras.remove(at)),
            (Pass::Extra, None) => {}
        }
        self.gate.someone_left.notify_all();
    }
}

#[cfg(test)]
mod tests;
