//! Many machines (feature `redis`): servers given the same Redis share their rooms.
//!
//! ```text
//!   client --post--> room                        this server's own clients: as without Redis
//!      \
//!       +--publish-> [ outbox ] --publisher--> Redis --subscriber--> room    on every other server
//! ```
//!
//! What a client says is put into the [`outbox`] and posted in its room at the same moment: whoever answers it, on any
//! server, is behind it on all. The *publisher* takes all that has gathered and publishes it as one payload, a *batch*; the *subscriber*
//! of every other server posts it in the rooms that it has, and flushes them. The busier the servers, the larger the
//! batches, as in a room.
//!
//! Rules:
//!
//! 1. No room ever waits for Redis. The outbox is bounded; what does not fit, and what is said while Redis is away, is
//!    not shared with the other servers, and counted.
//! 2. A batch is published once or not at all. If no answer comes, nobody knows whether it was; it is counted as dropped
//!    and never sent again. One that still arrives, behind a later one, is ignored: batches are numbered.
//! 3. Each sender's messages reach every server in the order in which it sent them; all servers but its own see all
//!    messages in the order in which Redis had them.
//! 4. What comes from Redis is checked as what comes from a client is: see [`payload`]. A message is a frame that was
//!    read, unmasked and written by a server, so an announcement is never one: each server writes its own.
//! 5. Redis is away as soon as it fails, refuses, or does not answer for [`session::TIMEOUT`]. It is tried again for
//!    ever; see [`session`]. Then each server tells the others who is with it (a *roster*), and is told.
//! 6. The subscriber waits where a room's queue is full: for that room's writer, which waits for nobody. While someone
//!    there is far behind, it reads that room's messages no faster than a client's would be.
//!
//! There is one channel for everything, `chinwag:DB` with the number of the database, by which Redis itself does not
//! tell channels apart: one channel has one order. A server that is silent for [`servers::SILENCE_MAX`] is gone, and its
//! clients with it.
//!
//! Whoever may publish there is trusted with what is said, not with how: it can say anything in any room, but not
//! harm a server.

mod outbox;
mod payload;
mod publisher;
mod servers;
mod session;
mod standing;
mod subscriber;
#[cfg(all(test, not(chinwag_model)))]
mod tests;
mod url;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::server::config::Config;
use crate::server::log::Log;
use crate::server::room::Wire;
use crate::server::rooms::Rooms;
use outbox::Outbox;
use standing::Standing;
pub use url::{InvalidUrl, RedisUrl};

/// How long the end of a server waits at most until what was said last is published.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The link to the servers on the same Redis, if there is to be one.
pub(crate) struct Link(Option<Arc<Shared>>);

/// What the threads of a link share.
struct Shared {
    /// This server's own name among the others: drawn by lot at its start.
    server: u64,
    url: RedisUrl,
    max_message: usize,
    outbox: Outbox,
    standing: Standing,
}

impl Link {
    /// The link that is asked for. An echo has nothing to share.
    pub(crate) fn new(config: &Config, log: &Log) -> Link {
        let url = config.redis.clone().filter(|_| !config.echo);
        Link(url.map(|url| {
            let server = RandomState::new().hash_one(0);
            let standing = Standing::new(log.clone(), url.address());
            let outbox = Outbox::new(server);
            Arc::new(Shared { server, url, max_message: config.max_message, outbox, standing })
        }))
    }

    /// Of rooms that are nobody's but this server's.
    #[cfg(test)]
    pub(crate) fn none() -> Link {
        Link(None)
    }

    /// Joins the others, as soon as that can be done.
    pub(crate) fn start<W: Wire>(&self, rooms: &Arc<Rooms<W>>) {
        let Some(shared) = &self.0 else { return };
        let (publishes, subscribes, rooms) = (Arc::clone(shared), Arc::clone(shared), Arc::clone(rooms));
        let started = thread::Builder::new()
            .spawn(move || publisher::run(&publishes))
            .and_then(|_| thread::Builder::new().spawn(move || subscriber::run(&subscribes, &rooms)));
        if let Err(error) = started {
            shared.standing.cannot_start(&error);
        }
    }

    /// Shares a message: one whole frame, to everyone in this room on other servers.
    pub(crate) fn publish(&self, room: &str, frame: &[u8]) {
        if let Some(shared) = &self.0 {
            if !shared.outbox.publish(room, frame) {
                shared.standing.dropped(1);
            }
        }
    }

    /// Tells the others that a client comes, if it has a name; and that it goes when the result is dropped.
    pub(crate) fn introduce(&self, room: &str, name: Option<&str>) -> Option<Presence> {
        let (shared, name) = (self.0.as_ref()?, name?);
        let client = shared.outbox.introduce(room, name);
        Some(Presence { shared: Arc::clone(shared), client })
    }

    /// Says what is still to be said and takes leave, at most until `deadline`.
    pub(crate) fn stop(&self, deadline: Instant) {
        if let Some(shared) = &self.0 {
            shared.outbox.stop(deadline.min(Instant::now() + LAST_WORDS));
        }
    }

    /// What `/metrics` tells of it.
    pub(crate) fn render(&self) -> String {
        self.0.as_ref().map(|shared| shared.standing.render()).unwrap_or_default()
    }
}

/// A named client, as long as it is here.
pub(crate) struct Presence {
    shared: Arc<Shared>,
    client: u64,
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.shared.outbox.take_leave(self.client);
    }
}
