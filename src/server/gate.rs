//! How many connections there may be at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::sync::{Condvar, Mutex, MutexGuard, lock, wait_timeout};

/// Connections above the limit that are still heard: for the page, health and metrics.
const EXTRAS_MAX: usize = 16;

/// What a connection was let in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
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
    clients: usize,
    extras: usize,
}

impl Gate {
    pub(crate) fn new(max_clients: usize) -> Arc<Gate> {
        Arc::new(Gate { max_clients, inside: Mutex::default(), someone_left: Condvar::new() })
    }

    /// A place for one more connection, if there is one.
    pub(crate) fn admit(self: &Arc<Gate>) -> Option<Permit> {
        let mut inside = lock(&self.inside);
        let pass = if inside.clients < self.max_clients {
            Pass::Client
        } else if inside.extras < EXTRAS_MAX {
            Pass::Extra
        } else {
            return None;
        };
        *inside.count(pass) += 1;
        Some(Permit { gate: Arc::clone(self), pass: Mutex::new(pass) })
    }

    /// Waits until nobody is inside, at most until `deadline`.
    pub(crate) fn wait_until_empty(&self, deadline: Instant) {
        let mut inside = lock(&self.inside);
        while inside.clients + inside.extras > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            inside = wait_timeout(&self.someone_left, inside, left).0;
        }
    }
}

impl Inside {
    fn count(&mut self, pass: Pass) -> &mut usize {
        match pass {
            Pass::Client => &mut self.clients,
            Pass::Extra => &mut self.extras,
        }
    }
}

/// A connection's place inside, given back on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: Arc<Gate>,
    pass: Mutex<Pass>,
}

impl Permit {
    pub(crate) fn pass(&self) -> Pass {
        *self.lock_pass()
    }

    /// Whether this connection may chat: an extra one takes a client's place if one has become free.
    pub(crate) fn may_chat(&self) -> bool {
        let mut pass = self.lock_pass();
        let mut inside = lock(&self.gate.inside);
        if *pass == Pass::Extra && inside.clients < self.gate.max_clients {
            inside.extras -= 1;
            inside.clients += 1;
            *pass = Pass::Client;
        }
        *pass == Pass::Client
    }

    fn lock_pass(&self) -> MutexGuard<'_, Pass> {
        lock(&self.pass)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *lock(&self.gate.inside).count(self.pass()) -= 1;
        self.gate.someone_left.notify_all();
    }
}
