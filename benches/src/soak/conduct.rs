//! What the crowd does: who comes, talks and goes, each when its time has come.

use super::client::{Client, Fate, Phase, Seat};
use super::crowd::{Crowd, PATIENCE, PLACES, READ_BUFFER, ROOMS, STEP, TALK};
use super::ledger::Ledger;
use super::message::LONGEST_BITS;
use crate::frame;
use crate::result::Result;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use std::time::{Duration, Instant};

/// Every fourth place is one that never talks.
const SILENT: usize = 4;
const STAY_MS: (usize, usize) = (3_000, 110_000);
const PAUSE_MS: (usize, usize) = (500, 3_500);
/// So long one that stalls is left alone. By then the server has dropped it.
const STALL: Duration = Duration::from_secs(60);
/// So long it then reads, and does not answer: whoever has not been dropped for its lag is dropped for its silence.
const WAKING: Duration = Duration::from_secs(15);
const PING: Duration = Duration::from_secs(2);
/// What the kernel holds for one that stalls: little, so that it is soon behind in the server.
const STALLED_BUFFER: usize = 4096;

impl Crowd {
    /// Goes on for one step.
    pub fn step(&mut self) -> Result<()> {
        let now = Instant::now();
        for room in 0..ROOMS {
            while !self.is_over && self.talk_due[room] <= now {
                // Whoever runs this may be stopped for a while: that is not made up for.
                self.talk_due[room] = (self.talk_due[room] + TALK).max(now - TALK);
                self.talk(room);
            }
        }
        for place in 0..self.places.len() {
            if self.places[place].due <= now {
                self.act(place, now)?;
            }
        }
        self.turn(STEP)
    }

    /// Nobody talks any more and everyone leaves, the observers last; what is missing then is lost.
    pub fn end(&mut self) -> Result<()> {
        self.is_over = true;
        let deadline = Instant::now() + PATIENCE;
        while self.missing() > 0 && Instant::now() < deadline {
            self.step()?;
        }
        self.score.lost(self.missing() as u64, "to the observers, at the end");
        self.hurry();
        let deadline = Instant::now() + STALL + 2 * PATIENCE;
        while self.clients.len() > ROOMS && Instant::now() < deadline {
            self.step()?;
        }
        for number in self.observers.clone() {
            self.with(number, |crowd, client| crowd.leave(client));
        }
        let deadline = Instant::now() + PATIENCE;
        while !self.clients.is_empty() && Instant::now() < deadline {
            self.step()?;
        }
        for number in self.clients.keys() {
            self.score.strange(&format!("client {number} is still there"));
        }
        for ledger in &self.ledgers {
            (0..ledger.open_readers()).for_each(|_| self.score.strange("what it got was never complete"));
        }
        self.clients.clear();
        Ok(())
    }

    /// Whoever is there has stayed long enough; whoever awaits an answer goes on waiting.
    fn hurry(&mut self) {
        for place in &mut self.places {
            let client = place.client.and_then(|number| self.clients.get(&number));
            if client.is_some_and(|client| client.is_idle()) {
                place.due = Instant::now();
            }
        }
    }

    fn missing(&self) -> usize {
        self.ledgers.iter().map(Ledger::missing).sum()
    }

    fn talk(&mut self, room: usize) {
        for _ in 0..PLACES {
            let place = self.random.below(PLACES);
            let Some(number) = self.places[room * PLACES + place].client else { continue };
            let is_open = self.clients.get(&number).is_some_and(|client| client.phase == Phase::Open);
            if is_open && place % SILENT != 0 {
                return self.with(number, |crowd, client| crowd.say(client, place));
            }
        }
    }

    fn say(&mut self, client: &mut Client, place: usize) {
        let len = self.random.length(LONGEST_BITS);
        let opcode = if self.random.one_in(3) { frame::BINARY } else { frame::TEXT };
        let seen = self.ledgers[client.seat.room].post(place, client.number, len, opcode);
        client.say(opcode, &self.bodies.payload(&seen), &mut self.random);
        self.tally.sent += 1;
    }

    /// The time has come for whoever has this place.
    fn act(&mut self, place: usize, now: Instant) -> Result<()> {
        self.places[place].due = now + self.some_time(STAY_MS);
        let seat = Seat { room: place / PLACES, place: Some(place % PLACES) };
        let Some(number) = self.places[place].client else {
            if !self.is_over {
                let fate = Fate::choose(&mut self.random);
                self.places[place].client = Some(self.connect(seat, fate)?);
                if matches!(fate, Fate::Refused(_)) {
                    self.places[place].due = now + PATIENCE;
                }
            }
            return Ok(());
        };
        let Some(mut client) = self.clients.remove(&number) else { return Ok(()) };
        if self.is_over && client.phase == Phase::Open {
            client.fate = Fate::Leaves;
        }
        match client.phase {
            Phase::Open => self.fulfil(client, place, now),
            Phase::Paused => {
                client.phase = Phase::Open;
                client.fate = Fate::Leaves;
                self.epoll.add(&client.stream, EpollEvent::new(EpollFlags::EPOLLIN, number))?;
                self.places[place].due = now + if self.is_over { STEP } else { self.some_time(STAY_MS) };
                self.clients.insert(number, client);
                Ok(())
            }
            Phase::Stalled => self.stall_on(client, place, now),
            Phase::Waking => {
                self.tally.outlasted += 1;
                self.vacate(&client);
                client.kill()
            }
            _ => {
                self.ended(client, "no answer in time");
                Ok(())
            }
        }
    }

    fn fulfil(&mut self, mut client: Client, place: usize, now: Instant) -> Result<()> {
        let (number, seat) = (client.number, client.seat);
        let due = &mut self.places[place].due;
        *due = now + PATIENCE;
        match client.fate {
            // A reset may destroy what is on its way.
            Fate::Killed
                if !self.ledgers[seat.room].is_quiet(place % PLACES) || !client.output.is_empty() =>
            {
                *due = now + STEP;
            }
            Fate::Killed => {
                self.tally.killed += 1;
                self.vacate(&client);
                return client.kill();
            }
            Fate::HalfCloses if client.output.is_empty() => {
                self.tally.half_closed += 1;
                self.ledgers[seat.room].forget(number);
                client.half_close()?;
            }
            Fate::HalfCloses => *due = now + STEP,
            Fate::Breaks(code) => {
                client.break_with(code, &mut self.random);
                self.ledgers[seat.room].leave(number);
                self.unsent.push(number);
            }
            Fate::Pauses => {
                self.tally.paused += 1;
                client.phase = Phase::Paused;
                self.epoll.delete(&client.stream)?;
                self.places[place].due = now + self.some_time(PAUSE_MS);
            }
            Fate::Stalls { pings } => {
                *(if pings { &mut self.tally.lagging } else { &mut self.tally.silent }) += 1;
                client.phase = Phase::Stalled;
                client.hold(STALLED_BUFFER)?;
                self.epoll.delete(&client.stream)?;
                self.ledgers[seat.room].forget(number);
                *due = now + PING;
                self.places[place].stalled_until = now + STALL;
            }
            Fate::Leaves | Fate::Refused(_) => {
                let talks = place % PLACES % SILENT != 0 && now >= self.talk_begins && !self.is_over;
                if talks && self.random.one_in(2) {
                    self.say(&mut client, place % PLACES);
                }
                self.leave(&mut client);
                self.unsent.push(number);
            }
        }
        self.clients.insert(number, client);
        Ok(())
    }

    fn leave(&mut self, client: &mut Client) {
        client.close(&mut self.random);
        self.ledgers[client.seat.room].leave(client.number);
    }

    /// It still does not read. At the end it sees whether the server has dropped it.
    fn stall_on(&mut self, mut client: Client, place: usize, now: Instant) -> Result<()> {
        self.places[place].due = now + PING;
        if now < self.places[place].stalled_until && !self.is_over {
            if client.fate == (Fate::Stalls { pings: true }) {
                client.ping(&mut self.random);
            }
            // If it has been dropped, that is what was wanted.
            let _ = client.flush();
            self.clients.insert(client.number, client);
            return Ok(());
        }
        client.phase = Phase::Waking;
        client.hold(READ_BUFFER)?;
        self.epoll.add(&client.stream, EpollEvent::new(EpollFlags::EPOLLIN, client.number))?;
        self.places[place].due = now + WAKING;
        self.clients.insert(client.number, client);
        Ok(())
    }
}
