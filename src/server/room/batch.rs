//! What has been posted and not yet been written.

use std::sync::Arc;

use super::wire::{Farewell, MemberId, Newcomer, Wire};
use crate::server::memory::{Charge, Exhausted, Memory, Purpose, grown};

/// Posts in their order. Their frames lie end to end: those for everyone in `relays`, those for one in `answers`.
pub(super) struct Batch<W> {
    pub(super) posts: Vec<Post<W>>,
    pub(super) relays: Vec<u8>,
    pub(super) answers: Arc<Vec<u8>>,
    /// How many bytes the transcript and the outboxes will take of it: they are charged for beforehand, because the writer
    /// cannot wait.
    owed: usize,
    charge: Charge,
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
}

impl<W: Wire> Batch<W> {
    pub(super) fn new(memory: &Arc<Memory>) -> Self {
        let charge = Charge::new(memory, Purpose::Post);
        Batch { posts: Vec::new(), relays: Vec::new(), answers: Arc::default(), owed: 0, charge }
    }

    /// How many bytes there are, of frames and of the posts themselves.
    pub(super) fn len(&self) -> usize {
        self.relays.len() + self.answers.len() + size_of_val(self.posts.as_slice())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.posts.is_empty()
    }

    /// Adds a post that never waits: of those each client has only a few.
    pub(super) fn post(&mut self, post: Post<W>) {
        self.posts.push(post);
        self.settle();
    }

    /// Adds a frame for everyone but its sender.
    pub(super) fn relay(&mut self, from: MemberId, frame: &[u8]) -> Result<(), Exhausted> {
        self.make_space(frame.len(), 0)?;
        self.relays.extend_from_slice(frame);
        self.posts.push(Post::Relay { from, frame_len: frame.len() });
        Ok(())
    }

    /// Adds a frame for one member.
    pub(super) fn answer(&mut self, to: MemberId, frame: &[u8], is_message: bool) -> Result<(), Exhausted> {
        self.make_space(0, frame.len())?;
        self.own().extend_from_slice(frame);
        self.posts.push(Post::Answer { to, frame_len: frame.len(), is_message });
        Ok(())
    }

    /// The `answers`, which nobody else has while they are added to.
    pub(super) fn own(&mut self) -> &mut Vec<u8> {
        Arc::make_mut(&mut self.answers)
    }

    /// Space for one more post with so many bytes for everyone, or for one.
    fn make_space(&mut self, relay_len: usize, answer_len: usize) -> Result<(), Exhausted> {
        let relays = grown::<u8>(self.relays.capacity(), self.relays.len() + relay_len);
        let answers = grown::<u8>(self.answers.capacity(), self.answers.len() + answer_len);
        let posts = grown::<Post<W>>(self.posts.capacity(), self.posts.len() + 1);
        let owed = self.owed + relay_len + answer_len;
        self.charge.resize(relays + answers + posts * size_of::<Post<W>>() + owed)?;
        self.owed = owed;
        reserve(&mut self.relays, relays);
        reserve(self.own(), answers);
        reserve(&mut self.posts, posts);
        Ok(())
    }

    /// Charges for what it holds now.
    fn settle(&mut self) {
        self.charge.settle(self.capacity() + self.owed);
    }

    /// Of what was owed only so much is left to be paid: whoever has the rest is charged for it.
    pub(super) fn owe(&mut self, left: usize) {
        self.owed = left;
        self.settle();
    }

    /// Empties the batch for its next use.
    pub(super) fn clear(&mut self) {
        self.posts.clear();
        self.relays.clear();
        self.own().clear();
        self.owe(0);
    }

    /// Empties it and gives back its memory.
    pub(super) fn shrink(&mut self) {
        self.posts = Vec::new();
        self.relays = Vec::new();
        self.answers = Arc::default();
        self.owe(0);
    }

    /// How much memory it holds, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.relays.capacity() + self.answers.capacity() + self.posts.capacity() * size_of::<Post<W>>()
    }
}

fn reserve<T>(vector: &mut Vec<T>, capacity: usize) {
    vector.reserve_exact(capacity - vector.len());
}
