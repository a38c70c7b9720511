//! The thread that listens to the other servers.

use std::time::{Duration, Instant};

use ::redis::{Connection, RedisResult, cmd};

use super::payload::{Bulletin, Record, is_acceptable};
use super::servers::{Servers, Verdict};
use super::session;
use super::standing::Half;
use super::station::Station;
use crate::server::link::news::News;

/// How often the clock is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Listens until the server stops.
pub(super) fn run(station: &Station, tell: impl Fn(u64, &[News<'_>])) {
    let now = Instant::now();
    let mut listener = Listener { station, tell, servers: Servers::new(now), looked: now };
    session::repeat(station, Half::Subscriber, || {
        listener.look_at_the_clock();
        session::connect(station).and_then(|connection| listener.listen(connection))
    });
}

struct Listener<'s, T> {
    station: &'s Station,
    tell: T,
    servers: Servers,
    looked: Instant,
}

impl<T: Fn(u64, &[News<'_>])> Listener<'_, T> {
    /// Listens until something fails, or the server stops.
    fn listen(&mut self, mut connection: Connection) -> RedisResult<()> {
        cmd("SUBSCRIBE").arg(self.station.url.channel()).exec(&mut connection)?;
        self.station.standing.up(Half::Subscriber);
        self.station.mailbag.owe_hello();
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
            if received.is_err() || self.station.mailbag.is_stopping() {
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
            (self.tell)(server, &[News::Gone]);
        }
        self.station.standing.servers(self.servers.count());
    }

    fn receive(&mut self, payload: &[u8]) {
        let Station { mailbag, standing, .. } = self.station;
        let Some(bulletin) = Bulletin::parse(payload) else {
            return standing.ignored();
        };
        if bulletin.server == self.station.server {
            return;
        }
        match self.servers.hear(&bulletin) {
            Verdict::Ignored => return standing.ignored(),
            // Who is there, if it does not say so by itself?
            Verdict::First if !bulletin.records.contains(&Record::News(News::RosterBegins)) => {
                mailbag.owe_hello()
            }
            Verdict::First => {}
            Verdict::Next { missed } => standing.missed(missed),
        }
        let news: Vec<_> =
            bulletin.records.iter().filter_map(|record| self.take(bulletin.server, *record)).collect();
        (self.tell)(bulletin.server, &news);
        standing.servers(self.servers.count());
    }

    /// Takes a record; returns what is to be told of it.
    fn take<'p>(&mut self, server: u64, record: Record<'p>) -> Option<News<'p>> {
        let Station { mailbag, standing, max_message, .. } = self.station;
        match record {
            Record::News(News::Message { frame, .. }) if !is_acceptable(frame, *max_message) => {
                standing.ignored();
                None
            }
            Record::News(news) => {
                match news {
                    News::Message { .. } => standing.received(),
                    News::Gone => self.servers.forget(server),
                    _ => {}
                }
                Some(news)
            }
            Record::Hello => {
                mailbag.owe_roster();
                None
            }
            Record::Alive => None,
        }
    }
}
