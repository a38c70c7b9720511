//! Many machines (feature `redis`): servers given the same Redis share their rooms.
//!
//! ```text
//!   client --post--> room                        this server's own clients: as without Redis
//!      \
//!       +--publish-> [ mailbag ] --publisher--> Redis --subscriber--> room    on every other server
//! ```
//!
//! What a client says is put into the [`mailbag`] and posted in its room at the same moment: whoever answers it, on any
//! server, is behind it on all. The *publisher* takes all that has gathered and publishes it as one payload, a
//! *bulletin*. The *subscriber* of every other server tells it to the rooms, which post what is in it and flush it
//! together. The busier the servers, the larger the bulletins, as a room's batches are.
//!
//! Rules:
//!
//! 1. No room ever waits for Redis. The mailbag is bounded. What does not fit, and what is said while Redis is away, is
//!    not shared with the other servers, and counted.
//! 2. A bulletin is published once or not at all. If no answer comes, nobody knows whether it was: it is counted as
//!    dropped and never sent again. One that still arrives, behind a later one, is ignored: bulletins are numbered.
//! 3. Each sender's messages reach every server in the order in which it sent them. All servers but its own see all
//!    messages in the order in which Redis had them.
//! 4. What comes from Redis is checked as what comes from a client is: see [`payload`]. A message is a frame that was
//!    read, unmasked and written by a server, so an announcement is never one: each server writes its own.
//! 5. Redis is away as soon as it fails, refuses, or does not answer for [`session::TIMEOUT`]. It is tried again for
//!    ever (see [`session`]). Then each server tells the others who is with it (a *roster*), and is told.
//! 6. The subscriber waits where a room's queue is full: for that room's writer, which waits for nobody. While someone
//!    there is far behind, it reads that room's messages no faster than a client's would be.
//!
//! There is one channel for everything, `chinwag:DB` with the number of the database, by which Redis itself does not
//! tell channels apart: one channel has one order. A server that is silent for [`servers::SILENCE_MAX`] is gone, and
//! its clients with it.
//!
//! Whoever may publish there is trusted with what is said, not with how: it can say anything in any room, but not
//! harm a server.

mod mailbag;
mod payload;
mod publisher;
mod servers;
mod session;
mod standing;
mod station;
mod subscriber;
#[cfg(all(test, not(chinwag_model)))]
mod tests;
mod url;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::news::News;
use crate::server::log::Log;
use station::Station;
pub use url::{InvalidUrl, RedisUrl};

/// How long the end of a server waits at most until what was said last is published.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The link to the servers on the same Redis, if there is to be one.
pub(crate) struct Link(Option<Arc<Station>>);

impl Link {
    /// Returns a link through this Redis, for messages of at most `max_message` bytes.
    pub(crate) fn new(url: Option<RedisUrl>, max_message: usize, log: &Log) -> Link {
        Link(url.map(|url| Arc::new(Station::new(url, max_message, log.clone()))))
    }

    /// Of rooms that are nobody's but this server's.
    #[cfg(test)]
    pub(crate) fn none() -> Link {
        Link(None)
    }

    /// Joins the others, as soon as that can be done. `tell` is called with one of them and what it tells.
    pub(crate) fn start(&self, tell: impl Fn(u64, &[News<'_>]) + Send + 'static) {
        let Some(station) = &self.0 else { return };
        let (publishes, subscribes) = (Arc::clone(station), Arc::clone(station));
        let started = thread::Builder::new()
            .spawn(move || publisher::run(&publishes))
            .and_then(|_| thread::Builder::new().spawn(move || subscriber::run(&subscribes, tell)));
        if let Err(error) = started {
            station.standing.cannot_start(&error);
        }
    }

    /// Shares a message: one whole frame, to everyone in this room on other servers.
    pub(crate) fn publish(&self, room: &str, frame: &[u8]) {
        if let Some(station) = &self.0 {
            if !station.mailbag.publish(room, frame) {
                station.standing.dropped(1);
            }
        }
    }

    /// Tells the others that a client comes, if it has a name. When the result is dropped, they are told that it goes.
    pub(crate) fn introduce(&self, room: &str, name: Option<&str>) -> Option<Presence> {
        let (station, name) = (self.0.as_ref()?, name?);
        let client = station.mailbag.introduce(room, name);
        Some(Presence { station: Arc::clone(station), client })
    }

    /// Says what is still to be said and takes leave, at most until `deadline`.
    pub(crate) fn stop(&self, deadline: Instant) {
        if let Some(station) = &self.0 {
            station.mailbag.stop(deadline.min(Instant::now() + LAST_WORDS));
        }
    }

    /// Returns what `/metrics` tells of it.
    pub(crate) fn render(&self) -> String {
        self.0.as_ref().map(|station| station.standing.render()).unwrap_or_default()
    }
}

/// A named client, as long as it is here.
pub(crate) struct Presence {
    station: Arc<Station>,
    client: u64,
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.station.mailbag.take_leave(self.client);
    }
}
