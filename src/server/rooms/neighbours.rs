//! Those who are in rooms on other servers, as far as they have a name.

use std::collections::BTreeMap;

/// The most that are known, in all rooms: more are not believed.
const NEIGHBOURS_MAX: usize = 1 << 16;

/// A client on another server: that server, and the client's number there.
pub(super) type NeighbourId = (u64, u64);

/// By the rooms that they are in, which need not be here.
#[derive(Default)]
pub(super) struct Neighbours {
    rooms: BTreeMap<String, BTreeMap<NeighbourId, Neighbour>>,
    count: usize,
    arrivals: u64,
}

struct Neighbour {
    name: String,
    /// How many had come before it.
    arrival: u64,
    /// Whether a roster has begun in which it has not been seen yet.
    is_unseen: bool,
}

impl Neighbours {
    /// Returns those in the room of this name, with their own names, in order of arrival.
    pub(super) fn within(&self, room: &str) -> Vec<(NeighbourId, &str)> {
        let mut known: Vec<_> = self.rooms.get(room).into_iter().flatten().collect();
        known.sort_unstable_by_key(|(_, neighbour)| neighbour.arrival);
        known.into_iter().map(|(id, neighbour)| (*id, neighbour.name.as_str())).collect()
    }

    /// Adds one; returns whether that is news.
    pub(super) fn add(&mut self, room: &str, id: NeighbourId, name: &str) -> bool {
        if let Some(known) = self.rooms.get_mut(room).and_then(|within| within.get_mut(&id)) {
            known.is_unseen = false;
            return false;
        }
        if self.count >= NEIGHBOURS_MAX {
            return false;
        }
        let neighbour = Neighbour { name: name.to_owned(), arrival: self.arrivals, is_unseen: false };
        self.rooms.entry(room.to_owned()).or_default().insert(id, neighbour);
        self.count += 1;
        self.arrivals += 1;
        true
    }

    /// Removes one; returns whether that is news.
    pub(super) fn remove(&mut self, room: &str, id: NeighbourId) -> bool {
        let Some(within) = self.rooms.get_mut(room) else {
            return false;
        };
        let removed = within.remove(&id).is_some();
        if within.is_empty() {
            self.rooms.remove(room);
        }
        self.count -= usize::from(removed);
        removed
    }

    /// Notes that none of this server's has been seen in its roster yet.
    pub(super) fn begin_roster(&mut self, server: u64) {
        self.of_server(server).for_each(|(_, _, neighbour)| neighbour.is_unseen = true);
    }

    /// Returns those of this server who have not been seen in its roster, with their rooms.
    pub(super) fn unseen(&mut self, server: u64) -> Vec<(String, NeighbourId)> {
        let unseen = self.of_server(server).filter(|(_, _, neighbour)| neighbour.is_unseen);
        unseen.map(|(room, id, _)| (room.to_owned(), id)).collect()
    }

    fn of_server(&mut self, server: u64) -> impl Iterator<Item = (&str, NeighbourId, &mut Neighbour)> {
        self.rooms.iter_mut().flat_map(move |(room, within)| {
            let own = within.range_mut((server, 0)..=(server, u64::MAX));
            own.map(|(id, neighbour)| (room.as_str(), *id, neighbour))
        })
    }
}
