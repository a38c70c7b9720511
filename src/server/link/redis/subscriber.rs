//! The thread that listens to the other servers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::redis::{Connection, RedisResult, cmd};

use super::payload::{Batch, Record, is_acceptable};
use super::servers::{Servers, Verdict};
use super::standing::Half;
use super::{Shared, session};
use crate::server::room::{GuestId, Wire};
use crate::server::rooms::{Delivery, Rooms};

/// How often the clock is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Listens until the server stops.
pub(super) fn run<W: Wire>(shared: &Arc<Shared>, rooms: &Arc<Rooms<W>>) {
    let mut listener =
        Listener { shared, rooms, servers: Servers::new(Instant::now()), looked: Instant::now() };
    session::repeat(shared, Half::Subscriber, || {
        listener.look_at_the_clock();
        session::connect(shared).and_then(|connection| listener.listen(connection))
    });
}

struct Listener<'s, W> {
    shared: &'s Shared,
    rooms: &'s Rooms<W>,
    servers: Servers,
    looked: Instant,
}

impl<W: Wire> Listener<'_, W> {
    /// Listens until something fails, or the server stops.
    fn listen(&mut self, mut connection: Connection) -> RedisResult<()> {
        cmd("SUBSCRIBE").arg(self.shared.url.channel()).exec(&mut connection)?;
        self.shared.standing.up(Half::Subscriber);
        self.shared.outbox.owe_hello();
        let mut subscription = connection.as_pubsub();
        let ended = loop {
            let received = match subscription.get_message() {
                Ok(message) => {
                    self.receive(message.get_payload_bytes());
                    Ok(())
                }
                // Silence: it is asked whether it is still there.
                Err(error) if error.is_timeout() => subscription.ping::<::redis::Value>().map(drop),
                Err(error) => Err(error),
            };
            if received.is_err() || self.shared.outbox.is_stopping() {
                break received;
            }
            if self.looked.elapsed() >= LOOK_EVERY {
                self.look_at_the_clock();
            }
        };
        // It would take leave of a Redis that may not answer.
        let _ = subscription.set_read_timeout(Some(Duration::from_millis(1)));
        ended
    }

    fn look_at_the_clock(&mut self) {
        self.looked = Instant::now();
        for server in self.servers.take_silent(self.looked) {
            self.rooms.server_is_gone(server);
        }
        self.shared.standing.servers(self.servers.count());
    }

    fn receive(&mut self, payload: &[u8]) {
        let standing = &self.shared.standing;
        let Some(batch) = Batch::parse(payload) else {
            return standing.ignored();
        };
        if batch.server == self.shared.server {
            return;
        }
        match self.servers.hear(&batch) {
            Verdict::Ignored => return standing.ignored(),
            // Who is there, if it does not say so by itself?
            Verdict::First if !batch.records.contains(&Record::RosterBegins) => {
                self.shared.outbox.owe_hello()
            }
            Verdict::First => {}
            Verdict::Next { missed } => standing.missed(missed),
        }
        let mut delivery = self.rooms.delivery();
        for record in batch.records {
            self.act(batch.server, record, &mut delivery);
        }
        delivery.flush();
        self.shared.standing.servers(self.servers.count());
    }

    fn act<'p>(&mut self, server: u64, record: Record<'p>, delivery: &mut Delivery<'_, 'p, W>) {
        match record {
            Record::Message { room, frame } if is_acceptable(frame, self.shared.max_message) => {
                self.shared.standing.received();
                delivery.post(room, frame);
            }
            Record::Message { .. } => self.shared.standing.ignored(),
            Record::Joined { client, room, name } => {
                self.rooms.guest_has_come(room, GuestId { server, client }, name);
            }
            Record::Left { client, room } => self.rooms.guest_has_gone(room, GuestId { server, client }),
            Record::RosterBegins => self.rooms.roster_begins(server),
            Record::RosterEnds => self.rooms.roster_ends(server),
            Record::Hello => self.shared.outbox.owe_roster(),
            Record::Alive => {}
            Record::Gone => {
                self.servers.forget(server);
                self.rooms.server_is_gone(server);
            }
        }
    }
}
