//! All rooms by their names, and a client's seat in one of them.

mod neighbours;

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use super::link::{Link, News, Presence};
use super::memory::{Memory, Remembers};
use super::metrics::Metrics;
use super::pace::Rest;
use super::room::{Bounds, Farewell, MemberId, NOBODY, Newcomer, Room, Wire};
use super::sync::{Mutex, lock};
use neighbours::{NeighbourId, Neighbours};

/// How many rooms whose time is over are forgotten at once. No more than one comes into being at once.
const FORGOTTEN_MAX: usize = 16;

/// The rooms that have someone in them, and those that are remembered.
pub(crate) struct Rooms<W> {
    bounds: Bounds,
    metrics: Arc<Metrics>,
    memory: Arc<Memory>,
    /// Goes to the servers that share them.
    link: Link,
    open: Mutex<Open<W>>,
}

struct Open<W> {
    rooms: BTreeMap<String, Known<W>>,
    /// Those with nobody in them, in the order in which they were left, and until when they are remembered.
    left: BTreeMap<u64, (Instant, String)>,
    /// How many have been left so far.
    departures: u64,
    /// Whether nobody comes in any more.
    closed: bool,
    /// Who is in these rooms, or others, on other servers.
    neighbours: Neighbours,
}

struct Known<W> {
    room: Arc<Room<W>>,
    seats: usize,
    /// Where it stands among those that have been left, if nobody is in it.
    departure: u64,
    /// Those who are in it on other servers, and as which members here.
    guests: BTreeMap<NeighbourId, MemberId>,
}

impl<W: Wire> Rooms<W> {
    pub(crate) fn new(bounds: Bounds, metrics: Arc<Metrics>, memory: Arc<Memory>, link: Link) -> Arc<Self> {
        let open = Open {
            rooms: BTreeMap::new(),
            left: BTreeMap::new(),
            departures: 0,
            closed: false,
            neighbours: Neighbours::default(),
        };
        let rooms = Arc::new(Rooms { bounds, metrics, memory, link, open: Mutex::new(open) });
        let remembers: Weak<Self> = Arc::downgrade(&rooms);
        rooms.memory.entrust(remembers);
        rooms
    }

    /// Returns the link to the servers that share the rooms.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Returns a seat for `newcomer` in the room of this name, which comes into being if need be. It is greeted with the
    /// next [`Seat::flush`]. Once the rooms are closed, there are no seats.
    // A client's stack has two pages for as long as what lies on it here is gone before its room is flushed.
    #[inline(never)]
    pub(crate) fn enter(self: &Arc<Self>, name: &str, newcomer: Newcomer<W>) -> Option<Seat<W>> {
        let (room, (id, presence)) = {
            let mut open = lock(&self.open);
            if open.closed {
                return None;
            }
            let open = &mut *open;
            let occupied = open.rooms.entry(name.to_owned()).or_insert_with(|| {
                let room = Room::new(self.bounds, Arc::clone(&self.metrics), &self.memory);
                let guests = open.neighbours.within(name).into_iter();
                let guests = guests.map(|(id, name)| (id, room.admit_guest(name))).collect();
                Known { room: Arc::new(room), seats: 0, departure: 0, guests }
            });
            open.left.remove(&occupied.departure);
            occupied.seats += 1;
            // Under this lock, so that whoever is let in is in before the rooms are closed.
            let introduce = |newcomer: Option<&str>| self.link.introduce(name, newcomer);
            let joined = (Arc::clone(&occupied.room), occupied.room.join(newcomer, introduce));
            open.count(&self.metrics);
            joined
        };
        self.metrics.joined();
        self.forget();
        Some(Seat {
            rooms: Arc::clone(self),
            name: name.to_owned(),
            room,
            id,
            from: id,
            farewell: None,
            _presence: presence,
        })
    }

    /// Sends everyone a Close behind what they are still to get, and lets nobody in any more. A room that is busy is
    /// left to its own writer once `deadline` has come.
    pub(crate) fn close(&self, farewell: Farewell, deadline: Instant) {
        let rooms: Vec<_> = {
            let mut open = lock(&self.open);
            open.closed = true;
            open.rooms.values().map(|occupied| Arc::clone(&occupied.room)).collect()
        };
        rooms.iter().for_each(|room| room.close_all(farewell));
        rooms.iter().take_while(|_| Instant::now() <= deadline).for_each(|room| room.flush());
    }

    /// Takes what another server tells. What is said there is written to each room here at once, as far as it can be.
    pub(crate) fn hear(&self, server: u64, news: &[News<'_>]) {
        let mut delivery = Delivery { rooms: self, found: BTreeMap::new(), rest: Rest::default() };
        for item in news {
            match *item {
                News::Message { room, frame } => delivery.post(room, frame),
                News::Joined { client, room, name } => self.change(
                    room,
                    |neighbours| neighbours.add(room, (server, client), name),
                    |here| _ = here.guests.insert((server, client), here.room.admit_guest(name)),
                ),
                News::Left { client, room } => self.see_off(room, server, client),
                News::RosterBegins => lock(&self.open).neighbours.begin_roster(server),
                News::RosterEnds => self.see_off_unseen(server),
                News::Gone => {
                    lock(&self.open).neighbours.begin_roster(server);
                    self.see_off_unseen(server);
                }
            }
        }
        delivery.flush();
    }

    fn see_off_unseen(&self, server: u64) {
        let unseen = lock(&self.open).neighbours.unseen(server);
        unseen.iter().for_each(|(room, (server, client))| self.see_off(room, *server, *client));
    }

    fn see_off(&self, room: &str, server: u64, client: u64) {
        self.change(
            room,
            |neighbours| neighbours.remove(room, (server, client)),
            |here| {
                let guest = here.guests.remove(&(server, client));
                guest.into_iter().for_each(|guest| here.room.leave(guest, None));
            },
        );
    }

    /// Changes who is known to be elsewhere. If that is news, it is posted in the room, if the room is here.
    fn change(
        &self,
        room: &str,
        note: impl FnOnce(&mut Neighbours) -> bool,
        post: impl FnOnce(&mut Known<W>),
    ) {
        let mut open = lock(&self.open);
        if !note(&mut open.neighbours) {
            return;
        }
        if let Some(here) = open.rooms.get_mut(room) {
            // Under this lock, so that a room that comes into being knows either way.
            post(here);
            let room = Arc::clone(&here.room);
            drop(open);
            room.flush();
        }
    }

    fn give_up_seat(&self, name: &str) {
        {
            let open = &mut *lock(&self.open);
            if let Some(known) = open.rooms.get_mut(name) {
                known.seats -= 1;
                if known.seats == 0 {
                    open.departures += 1;
                    known.departure = open.departures;
                    open.left.insert(open.departures, (Instant::now() + self.bounds.linger, name.to_owned()));
                }
            }
            open.count(&self.metrics);
        }
        self.metrics.left();
        self.forget();
    }

    /// Forgets rooms whose time is over, in bounded work; whether there may be more. There is no timer thread: it is done
    /// when somebody comes, goes or asks for the metrics.
    pub(crate) fn forget(&self) -> bool {
        let now = Instant::now();
        let forgotten = (0..FORGOTTEN_MAX).take_while(|_| self.forget_one(|until| until <= now)).count();
        self.memory.tidy();
        forgotten == FORGOTTEN_MAX
    }

    /// Forgets the room that was left first, if it may be forgotten by the time until which it is remembered.
    fn forget_one(&self, may_be: impl Fn(Instant) -> bool) -> bool {
        // What is looked at without the lock is only whether it is worth taking.
        if !self.metrics.has_rooms_remembered() {
            return false;
        }
        let mut open = lock(&self.open);
        let Some(entry) = open.left.first_entry().filter(|entry| may_be(entry.get().0)) else {
            return false;
        };
        let (_, name) = entry.remove();
        let forgotten = open.rooms.remove(&name);
        open.count(&self.metrics);
        drop(open);
        forgotten.is_some()
    }
}

impl<W: Wire> Remembers for Rooms<W> {
    fn forget_oldest(&self) -> bool {
        self.forget_one(|_| true)
    }
}

impl<W> Open<W> {
    fn count(&self, metrics: &Metrics) {
        metrics.rooms(self.rooms.len() - self.left.len(), self.left.len());
    }

    fn find(&self, room: &str) -> Option<Arc<Room<W>>> {
        self.rooms.get(room).map(|occupied| Arc::clone(&occupied.room))
    }
}

/// Messages from elsewhere: posted as they come, flushed together.
struct Delivery<'r, 'n, W: Wire> {
    rooms: &'r Rooms<W>,
    /// The rooms that have been asked for, if they are here.
    found: BTreeMap<&'n str, Option<Arc<Room<W>>>>,
    /// What is owed to rooms in which someone is far behind.
    rest: Rest,
}

impl<'n, W: Wire> Delivery<'_, 'n, W> {
    /// Posts a frame to everyone in the room of this name, if there is one here.
    fn post(&mut self, name: &'n str, frame: &[u8]) {
        let rooms = self.rooms;
        let room = self.found.entry(name).or_insert_with(|| lock(&rooms.open).find(name));
        let Some(room) = room else { return };
        room.relay(NOBODY, frame, || {});
        let owed = if room.is_someone_far_behind() { frame.len() } else { 0 };
        if let Some(rest) = self.rest.after(owed) {
            self.flush();
            thread::sleep(rest);
        }
    }

    /// See [`Room::flush`].
    fn flush(&mut self) {
        mem::take(&mut self.found).into_values().flatten().for_each(|room| room.flush());
    }
}

/// A client's membership of a room. It ends when the seat is dropped, by return or by panic.
pub(crate) struct Seat<W: Wire> {
    rooms: Arc<Rooms<W>>,
    name: String,
    room: Arc<Room<W>>,
    id: MemberId,
    /// Whose messages its own are, to the room.
    from: MemberId,
    /// The Close with which the membership is to end; `None` for an end without a word.
    farewell: Option<Farewell>,
    /// Dropped after the membership has ended.
    _presence: Option<Presence>,
}

impl<W: Wire> Seat<W> {
    /// Lets its own messages come back to it: to the room they are nobody's, so everyone gets them.
    pub(crate) fn hear_own(&mut self) {
        self.from = NOBODY;
    }

    /// See [`Room::relay`]. Other servers are told at the same moment: whoever answers, here or there, is behind it
    /// here and there.
    pub(crate) fn relay(&self, frame: &[u8]) {
        self.room.relay(self.from, frame, || self.rooms.link.publish(&self.name, frame));
    }

    /// Sends a frame to this client alone: see [`Room::answer`].
    pub(crate) fn answer(&self, frame: &[u8], is_message: bool) {
        self.room.answer(self.id, frame, is_message);
    }

    /// See [`Room::flush`].
    pub(crate) fn flush(&self) {
        self.rooms.memory.tidy();
        self.room.flush();
    }

    /// See [`Room::holds_memory`].
    pub(crate) fn holds_memory(&self) -> bool {
        self.room.holds_memory()
    }

    /// See [`Room::shrink`].
    pub(crate) fn shrink(&self) {
        self.room.shrink();
    }

    /// See [`Room::is_someone_far_behind`].
    pub(crate) fn is_someone_far_behind(&self) -> bool {
        self.room.is_someone_far_behind()
    }

    /// Ends the membership with a Close.
    pub(crate) fn close(mut self, farewell: Farewell) {
        self.farewell = Some(farewell);
    }
}

impl<W: Wire> Drop for Seat<W> {
    /// The seat is given up first: whoever has seen the Close of a room's last member finds it left.
    fn drop(&mut self) {
        self.rooms.give_up_seat(&self.name);
        self.room.leave(self.id, self.farewell);
        self.room.flush();
        // Whoever goes cannot look after the room's memory later.
        if self.room.holds_memory() {
            self.room.shrink();
        }
    }
}
