//! Members of the same room on other servers, as far as they take part in announcements.

use super::batch::Post;
use super::transcript::Transcript;
use super::writer::Writer;
use super::{MemberId, Room, Wire, lock, presence};

/// The sender of what comes from another server: no member, so everyone gets it.
const ELSEWHERE: MemberId = MemberId(u64::MAX);

/// Which client of which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GuestId {
    pub(crate) server: u64,
    pub(crate) client: u64,
}

/// A named member of the room on another server.
pub(super) struct Guest {
    id: GuestId,
    name: String,
    /// The first member that came after it.
    before: MemberId,
}

/// All guests of a room, in order of arrival.
#[derive(Default)]
pub(super) struct Guests(Vec<Guest>);

impl Guests {
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The names of members and guests, in order of arrival.
    pub(super) fn merge<'n>(
        &'n self,
        members: impl Iterator<Item = (MemberId, &'n str)>,
    ) -> impl Iterator<Item = (MemberId, &'n str)> {
        let mut members = members.peekable();
        let mut guests = self.0.iter().map(|guest| (guest.before, guest.name.as_str())).peekable();
        std::iter::from_fn(move || match (guests.peek(), members.peek()) {
            (Some((before, _)), Some((id, _))) if before > id => members.next(),
            (None, _) => members.next(),
            _ => guests.next(),
        })
    }
}

impl<W: Wire> Room<W> {
    /// Posts a message from another server, one whole frame, to everyone.
    pub(crate) fn relay_from_elsewhere(&self, frame: &[u8]) {
        self.relay(ELSEWHERE, frame, || {});
    }

    /// Someone has come on another server who is not known here yet.
    pub(crate) fn admit_guest(&self, id: GuestId, name: &str) {
        let mut queue = lock(&self.queue);
        let before = MemberId(queue.next_member);
        queue.batch.post(Post::GuestCame(Box::new(Guest { id, name: name.to_owned(), before })));
    }

    /// A guest has gone.
    pub(crate) fn see_off_guest(&self, id: GuestId) {
        lock(&self.queue).batch.post(Post::GuestWent(id));
    }
}

impl<W: Wire> Writer<W> {
    pub(super) fn welcome_guest(&mut self, transcript: &mut Transcript, guest: Guest) {
        let online = self.online() + 1;
        presence::joined(&mut self.text, &guest.name, online);
        self.announce(transcript);
        self.guests.0.push(guest);
    }

    pub(super) fn see_off_guest(&mut self, transcript: &mut Transcript, id: GuestId) {
        if let Some(index) = self.guests.0.iter().position(|guest| guest.id == id) {
            let guest = self.guests.0.remove(index);
            let online = self.online();
            presence::left(&mut self.text, &guest.name, online);
            self.announce(transcript);
        }
    }
}
