//! What has been posted and not yet been written.

#[cfg(feature = "redis")]
use super::guests::{Guest, GuestId};
use super::{Farewell, MemberId, Newcomer, Wire};

/// Posts in their order. Their frames lie end to end: those for everyone in `relays`, those for one in `answers`.
pub(super) struct Batch<W> {
    pub(super) posts: Vec<Post<W>>,
    pub(super) relays: Vec<u8>,
    pub(super) answers: Vec<u8>,
}

/// One thing to be done in a room.
pub(super) enum Post<W> {
    /// The next frame of `relays`, to everyone but its sender.
    Relay {
        from: MemberId,
        frame_len: usize,
    },
    /// The next frame of `answers`, to one member.
    Answer {
        to: MemberId,
        frame_len: usize,
        is_message: bool,
    },
    Join(MemberId, Box<Newcomer<W>>),
    Leave(MemberId, Option<Farewell>),
    CloseAll(Farewell),
    #[cfg(feature = "redis")]
    GuestCame(Box<Guest>),
    #[cfg(feature = "redis")]
    GuestWent(GuestId),
}

impl<W: Wire> Batch<W> {
    pub(super) const fn new() -> Self {
        Batch { posts: Vec::new(), relays: Vec::new(), answers: Vec::new() }
    }

    /// How many bytes there are, of frames and of the posts themselves.
    pub(super) fn len(&self) -> usize {
        self.relays.len() + self.answers.len() + size_of_val(self.posts.as_slice())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.posts.is_empty()
    }

    pub(super) fn post(&mut self, post: Post<W>) {
        self.posts.push(post);
    }

    pub(super) fn relay(&mut self, from: MemberId, frame: &[u8]) {
        self.relays.extend_from_slice(frame);
        self.posts.push(Post::Relay { from, frame_len: frame.len() });
    }

    pub(super) fn answer(&mut self, to: MemberId, frame: &[u8], is_message: bool) {
        self.answers.extend_from_slice(frame);
        self.posts.push(Post::Answer { to, frame_len: frame.len(), is_message });
    }

    /// Empties the batch for its next use.
    pub(super) fn clear(&mut self) {
        self.posts.clear();
        self.relays.clear();
        self.answers.clear();
    }

    /// Empties it and gives back most of its memory.
    pub(super) fn shrink(&mut self) {
        shrink(&mut self.posts);
        shrink(&mut self.relays);
        shrink(&mut self.answers);
    }

    /// How much memory it holds, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.relays.capacity() + self.answers.capacity() + self.posts.capacity() * size_of::<Post<W>>()
    }
}

/// What a vector may keep when a room is quiet, in bytes.
const KEPT_MAX: usize = 2 * 1024;

/// Empties a vector and gives back most of its memory, if it is much.
pub(super) fn shrink<T>(vector: &mut Vec<T>) {
    vector.clear();
    vector.shrink_to(KEPT_MAX / size_of::<T>());
}
