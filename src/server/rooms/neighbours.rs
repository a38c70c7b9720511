//! The same rooms on other servers: who is there, and what comes from there.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::thread;

use super::{Open, Rooms};
use crate::server::pace::{READ_MAX, TICK};
use crate::server::room::{GuestId, Room, Wire};
use crate::server::sync::lock;

/// The most guests that are known, in all rooms: more are not believed.
const GUESTS_MAX: usize = 1 << 16;

/// Those who are in rooms of this or another name on other servers, as far as they have a name themselves.
#[derive(Default)]
pub(super) struct Guests {
    rooms: BTreeMap<String, BTreeMap<GuestId, Known>>,
    count: usize,
    arrivals: u64,
}

struct Known {
    name: String,
    /// The how manieth it was to come.
    arrival: u64,
    /// Whether a roster has begun in which it has not been seen yet.
    is_unseen: bool,
}

impl Guests {
    /// Lets those who are in the room of this name elsewhere into one that has just come into being here.
    pub(super) fn enter<W: Wire>(&self, name: &str, room: &Room<W>) {
        let mut guests: Vec<_> = self.rooms.get(name).into_iter().flatten().collect();
        guests.sort_unstable_by_key(|(_, known)| known.arrival);
        guests.into_iter().for_each(|(id, known)| room.admit_guest(*id, &known.name));
    }

    /// Whether this is news.
    fn add(&mut self, room: &str, id: GuestId, name: &str) -> bool {
        if let Some(known) = self.rooms.get_mut(room).and_then(|guests| guests.get_mut(&id)) {
            known.is_unseen = false;
            return false;
        }
        if self.count >= GUESTS_MAX {
            return false;
        }
        let known = Known { name: name.to_owned(), arrival: self.arrivals, is_unseen: false };
        self.rooms.entry(room.to_owned()).or_default().insert(id, known);
        self.count += 1;
        self.arrivals += 1;
        true
    }

    /// Whether this is news.
    fn remove(&mut self, room: &str, id: GuestId) -> bool {
        let Some(guests) = self.rooms.get_mut(room) else {
            return false;
        };
        let removed = guests.remove(&id).is_some();
        if guests.is_empty() {
            self.rooms.remove(room);
        }
        self.count -= usize::from(removed);
        removed
    }

    fn of_server(&mut self, server: u64) -> impl Iterator<Item = (&str, GuestId, &mut Known)> {
        self.rooms.iter_mut().flat_map(move |(room, guests)| {
            let own = guests.range_mut(GuestId { server, client: 0 }..=GuestId { server, client: u64::MAX });
            own.map(|(id, known)| (room.as_str(), *id, known))
        })
    }
}

impl<W: Wire> Rooms<W> {
    /// Someone has come on another server.
    pub(crate) fn guest_has_come(&self, room: &str, id: GuestId, name: &str) {
        let mut open = lock(&self.open);
        if open.guests.add(room, id, name) {
            let here = open.occupied(room);
            here.iter().for_each(|room| room.admit_guest(id, name));
            drop(open);
            here.iter().for_each(|room| room.flush());
        }
    }

    /// Someone has gone on another server.
    pub(crate) fn guest_has_gone(&self, room: &str, id: GuestId) {
        let mut open = lock(&self.open);
        if open.guests.remove(room, id) {
            let here = open.occupied(room);
            here.iter().for_each(|room| room.see_off_guest(id));
            drop(open);
            here.iter().for_each(|room| room.flush());
        }
    }

    /// A server tells anew who is there.
    pub(crate) fn roster_begins(&self, server: u64) {
        lock(&self.open).guests.of_server(server).for_each(|(_, _, known)| known.is_unseen = true);
    }

    /// It has told it all: whoever was not among them is gone.
    pub(crate) fn roster_ends(&self, server: u64) {
        self.see_off(server, |known| known.is_unseen);
    }

    /// A server is gone, and whoever was there.
    pub(crate) fn server_is_gone(&self, server: u64) {
        self.see_off(server, |_| true);
    }

    fn see_off(&self, server: u64, is_gone: impl Fn(&Known) -> bool) {
        let gone: Vec<_> = lock(&self.open)
            .guests
            .of_server(server)
            .filter(|(_, _, known)| is_gone(known))
            .map(|(room, id, _)| (room.to_owned(), id))
            .collect();
        gone.iter().for_each(|(room, id)| self.guest_has_gone(room, *id));
    }

    /// What has come from elsewhere at once is delivered together.
    pub(crate) fn delivery(&self) -> Delivery<'_, '_, W> {
        Delivery { rooms: self, found: BTreeMap::new(), far_behind: 0 }
    }
}

impl<W> Open<W> {
    fn occupied(&self, room: &str) -> Option<Arc<Room<W>>> {
        self.rooms.get(room).map(|occupied| Arc::clone(&occupied.room))
    }
}

/// Messages from elsewhere: posted as they come, flushed together.
pub(crate) struct Delivery<'r, 'n, W: Wire> {
    rooms: &'r Rooms<W>,
    /// The rooms that have been asked for, if they are here.
    found: BTreeMap<&'n str, Option<Arc<Room<W>>>>,
    /// How many bytes have been posted in rooms in which someone is far behind.
    far_behind: usize,
}

impl<'n, W: Wire> Delivery<'_, 'n, W> {
    /// Posts a frame to everyone in the room of this name, if there is one here.
    pub(crate) fn post(&mut self, name: &'n str, frame: &[u8]) {
        let rooms = self.rooms;
        let room = self.found.entry(name).or_insert_with(|| lock(&rooms.open).occupied(name));
        let Some(room) = room else { return };
        room.relay_from_elsewhere(frame);
        if room.is_someone_far_behind() {
            self.far_behind += frame.len();
            if self.far_behind >= READ_MAX {
                self.flush();
                thread::sleep(TICK);
            }
        }
    }

    /// See [`Room::flush`].
    pub(crate) fn flush(&mut self) {
        self.far_behind = 0;
        mem::take(&mut self.found).into_values().flatten().for_each(|room| room.flush());
    }
}
