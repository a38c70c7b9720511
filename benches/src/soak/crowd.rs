//! Everyone who is there, in one event loop: their places, their sockets, and what is noted of them.

use super::client::{Client, Fate, Heard, Phase, Seat};
use super::hearing::Notes;
use super::ledger::Ledger;
use super::message::{Bodies, LONGEST_BITS};
use super::random::Random;
use super::score::Score;
use super::tally::Tally;
use crate::result::Result;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use std::collections::HashMap;
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub const ROOMS: usize = 8;
/// Places in a room, beside its observer; below 64, so that one character tells a sender.
pub const PLACES: usize = 38;
/// The pause between two messages in a room.
pub const TALK: Duration = Duration::from_millis(20);
const AWAY_MS: (usize, usize) = (0, 2_000);
/// So long an answer of the server, or the end of a stream, may take.
pub const PATIENCE: Duration = Duration::from_secs(10);
pub(super) const STEP: Duration = Duration::from_millis(10);
pub(super) const READ_BUFFER: usize = 512 << 10;

pub(super) struct Place {
    pub(super) client: Option<u64>,
    pub(super) due: Instant,
    pub(super) stalled_until: Instant,
}

pub struct Crowd {
    addr: SocketAddr,
    pub(super) epoll: Epoll,
    events: Vec<EpollEvent>,
    buffer: Vec<u8>,
    pub(super) clients: HashMap<u64, Client>,
    pub(super) unsent: Vec<u64>,
    pub(super) places: Vec<Place>,
    pub(super) observers: Vec<u64>,
    pub(super) ledgers: Vec<Ledger>,
    /// Nobody says anything before this: rooms would fall silent again.
    pub(super) talk_begins: Instant,
    pub(super) talk_due: Vec<Instant>,
    next_number: u64,
    looked_at: Instant,
    pub(super) bodies: Bodies,
    pub(super) random: Random,
    /// Whether nobody comes and talks any more, and all leave.
    pub(super) is_over: bool,
    pub score: Score,
    pub tally: Tally,
}

impl Crowd {
    /// Its observers come at once, the others within `ramp`.
    pub fn new(addr: SocketAddr, seed: u64, ramp: Duration) -> Result<Crowd> {
        let (now, mut random) = (Instant::now(), Random::new(seed));
        let within_ramp = |random: &mut Random| now + ramp.mul_f64(random.below(1000) as f64 / 1000.0);
        let places = (0..ROOMS * PLACES)
            .map(|_| Place { client: None, due: within_ramp(&mut random), stalled_until: now })
            .collect();
        let mut crowd = Crowd {
            addr,
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            events: vec![EpollEvent::empty(); 1024],
            buffer: vec![0; READ_BUFFER],
            clients: HashMap::new(),
            unsent: Vec::new(),
            places,
            observers: Vec::new(),
            ledgers: (0..ROOMS).map(|_| Ledger::new(PLACES)).collect(),
            talk_begins: now + ramp,
            talk_due: (0..ROOMS as u32).map(|room| now + ramp + TALK / ROOMS as u32 * room).collect(),
            next_number: 0,
            looked_at: now,
            bodies: Bodies::new(1 << LONGEST_BITS, &mut random),
            random,
            is_over: false,
            score: Score::new()?,
            tally: Tally::default(),
        };
        for room in 0..ROOMS {
            let number = crowd.connect(Seat { room, place: None }, Fate::Leaves)?;
            crowd.observers.push(number);
        }
        let deadline = now + PATIENCE;
        while crowd.tally.joined < ROOMS as u64 {
            crowd.turn(STEP)?;
            if Instant::now() > deadline {
                return Err("the server does not let anyone in".into());
            }
        }
        Ok(crowd)
    }

    pub fn present(&self) -> usize {
        self.clients.len()
    }

    /// Takes a client out of the map, so that all else is at hand meanwhile.
    pub(super) fn with(&mut self, number: u64, act: impl FnOnce(&mut Crowd, &mut Client)) {
        if let Some(mut client) = self.clients.remove(&number) {
            act(self, &mut client);
            self.unsent.push(number);
            self.clients.insert(number, client);
        }
    }

    pub(super) fn some_time(&mut self, (least, most): (usize, usize)) -> Duration {
        Duration::from_millis(self.random.between(least, most) as u64)
    }

    pub(super) fn connect(&mut self, seat: Seat, fate: Fate) -> Result<u64> {
        let number = self.next_number;
        self.next_number += 1;
        let mut client = Client::connect(self.addr, number, seat, fate, &mut self.random)?;
        client.asked_at = self.ledgers[seat.room].end();
        self.epoll.add(&client.stream, EpollEvent::new(EpollFlags::EPOLLIN, number))?;
        self.unsent.push(number);
        self.clients.insert(number, client);
        Ok(number)
    }

    /// Its place is free, soon to be taken again.
    pub(super) fn vacate(&mut self, client: &Client) {
        self.ledgers[client.seat.room].forget(client.number);
        self.free_place(client);
    }

    fn free_place(&mut self, client: &Client) {
        if let Some(place) = client.seat.place {
            let due = Instant::now() + self.some_time(AWAY_MS);
            let place = &mut self.places[client.seat.room * PLACES + place];
            (place.client, place.due) = (None, due);
        }
    }

    /// Its connection has ended; if that should not be, `why` says how.
    pub(super) fn ended(&mut self, client: Client, why: &str) {
        match (client.phase, client.fate) {
            (Phase::Closed, Fate::Refused(_)) | (Phase::HalfClosed | Phase::Waking, _) => {}
            (Phase::Closed, _) => {
                self.tally.left += 1;
                if !client.pings.is_empty() {
                    self.score.strange("a Ping before the Close was not answered");
                }
                self.ledgers[client.seat.room].gone(client.number, &mut self.score);
                return self.free_place(&client);
            }
            _ => self.score.strange(&format!("a healthy client has lost its connection: {why}")),
        }
        self.vacate(&client);
    }

    /// Sends what can be sent, waits at most `timeout`, and reads what has come.
    pub(super) fn turn(&mut self, timeout: Duration) -> Result<()> {
        for number in mem::take(&mut self.unsent) {
            let Some(mut client) = self.clients.remove(&number) else { continue };
            match client.flush() {
                Ok(is_all) => {
                    if !is_all {
                        self.unsent.push(number);
                    }
                    self.clients.insert(number, client);
                }
                // What it was sent last, a Close perhaps, may be read all the same.
                Err(_) if matches!(client.phase, Phase::Leaving(_) | Phase::Closed | Phase::Waking) => {
                    client.output.clear();
                    self.clients.insert(number, client);
                }
                Err(error) => self.ended(client, &error.to_string()),
            }
        }
        let ready = match self.epoll.wait(&mut self.events, timeout.as_millis() as u16) {
            Err(Errno::EINTR) => 0,
            result => result?,
        };
        self.score.longest_absence = self.score.longest_absence.max(self.looked_at.elapsed());
        self.looked_at = Instant::now();
        for at in 0..ready {
            self.read(self.events[at].data());
        }
        Ok(())
    }

    fn read(&mut self, number: u64) {
        let Some(mut client) = self.clients.remove(&number) else { return };
        let mut buffer = mem::take(&mut self.buffer);
        let result = client.read(&mut buffer, |client, heard| self.hear(client, heard));
        self.buffer = buffer;
        if !client.output.is_empty() {
            self.unsent.push(number);
        }
        match result {
            Ok(true) => _ = self.clients.insert(number, client),
            Ok(false) => self.ended(client, "the end of the stream"),
            Err(error) => self.ended(client, &error.to_string()),
        }
    }

    fn hear(&mut self, client: &mut Client, heard: Heard<'_>) {
        let Crowd { ledgers, bodies, score, tally, random, .. } = self;
        let ledger = &mut ledgers[client.seat.room];
        Notes { ledger, bodies, score, tally, random }.hear(client, heard);
    }
}
