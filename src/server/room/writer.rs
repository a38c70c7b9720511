//! The one place that writes to clients.
//!
//! A batch is gone through twice. First in its order: messages and announcements are appended to the transcript,
//! members come and go, and it is noted where a member's share is not what everyone gets. Then member by member: each
//! gets all of its share in one send. So a batch costs one system call per member, whoever comes, goes or is announced
//! in it. Where very many come at once, what they are told would be more than the batch itself: then the batch is
//! delivered in parts.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::batch::{Batch, Post};
use super::history::History;
use super::member::{Member, PIECES_LEN};
use super::outbox::Common;
use super::presence;
use super::transcript::Transcript;
use super::wire::{Bounds, Farewell, MemberId, Newcomer, Wire};
use crate::protocol::frame::FrameHeader;
use crate::server::memory::{Charge, Purpose};
use crate::server::metrics::Metrics;
use crate::server::sync::lock;

/// How much memory a quiet room may hold between two batches, in bytes: there may be as many rooms as clients.
const QUIET_MAX: usize = 1024;

/// How many bytes may be added to a batch while it is gone through; with more, what has been gone through is delivered
/// first. So a crowd that comes at once is told the names and the history a few at a time.
const ADDED_MAX: usize = 256 * 1024;

/// What a room takes beside all that grows, in bytes, its name and its place among the others included.
const ROOM_OVERHEAD: usize = 1408;

/// What belongs to a room's writer, whichever thread that is.
pub(super) struct Writer<W> {
    /// In order of arrival, and so of their numbers.
    members: Vec<Member<W>>,
    /// How many of them are not ending.
    receivers: usize,
    history: History,
    bounds: Bounds,
    /// What is being written. What is for single members is added to its `answers`.
    batch: Batch<W>,
    /// How far its `relays` and its `answers` have been gone through.
    done: (usize, usize),
    /// How many bytes have been added meanwhile, of what is for single members, announcements and pieces.
    added: usize,
    /// Where small pieces are put together for one send.
    scratch: Arc<Vec<u8>>,
    /// What is being announced, as a frame.
    pub(super) text: String,
    common: Arc<Common>,
    metrics: Arc<Metrics>,
    /// For what no other part of the room is charged for.
    charge: Charge,
}

impl<W: Wire> Writer<W> {
    pub(super) fn new(bounds: Bounds, common: Arc<Common>, metrics: Arc<Metrics>) -> Self {
        Writer {
            members: Vec::new(),
            receivers: 0,
            history: History::new(bounds.history),
            bounds,
            batch: Batch::new(&common.memory),
            done: (0, 0),
            added: 0,
            scratch: Arc::default(),
            text: String::new(),
            charge: Charge::new(&common.memory, Purpose::Write),
            common,
            metrics,
        }
    }

    /// The batch to be written next, empty.
    pub(super) fn emptied(&mut self) -> &mut Batch<W> {
        self.batch.clear();
        &mut self.batch
    }

    /// Whether there is anyone beside the one who writes.
    pub(super) fn has_company(&self) -> bool {
        self.members.len() > 1
    }

    /// Whether it holds more memory than a quiet room needs.
    pub(super) fn is_oversized(&self) -> bool {
        self.held() > QUIET_MAX
    }

    /// How much memory it holds for the next batch, in bytes, apart from the little that each member does.
    pub(super) fn held(&self) -> usize {
        let transcript = lock(&self.common.transcript).capacity().saturating_sub(2 * self.history.len());
        self.batch.capacity() + self.scratch.capacity() + self.text.capacity() + transcript
    }

    /// Gives back all memory that the next batch can do without.
    pub(super) fn shrink(&mut self) {
        self.members.iter_mut().for_each(Member::shrink);
        self.tidy_history();
        self.give_back();
    }

    /// Moves the history together, unless a laggard still needs what is there: then it would be one copy more.
    fn tidy_history(&mut self) {
        let transcript = &mut *lock(&self.common.transcript);
        if !transcript.is_held() {
            self.history.gather(transcript);
        }
    }

    /// Gives back what is only kept for the next batch.
    fn give_back(&mut self) {
        self.batch.shrink();
        self.members.shrink_to_fit();
        self.scratch = Arc::default();
        self.text = String::new();
        lock(&self.common.transcript).shrink();
        self.settle();
    }

    /// Charges for what it holds now.
    fn settle(&mut self) {
        let buffers = self.scratch.capacity() + self.text.capacity() + self.history.capacity();
        self.charge.settle(buffers + ROOM_OVERHEAD);
    }

    /// Goes through the batch in its order, and delivers it.
    pub(super) fn write(&mut self) {
        let posted = self.batch.answers.len();
        let mut posts = mem::take(&mut self.batch.posts);
        self.done = (0, 0);
        let mut left = posts.drain(..);
        loop {
            let is_all = self.go_through(&mut left, posted);
            self.deliver();
            if is_all {
                break;
            }
            self.batch.own().truncate(posted);
        }
        drop(left);
        self.batch.posts = posts;
        self.batch.owe(0);
        // Nobody comes back to look after the memory of a room that has been left.
        let is_kept = self.charge.memory().is_plentiful() && self.receivers > 0;
        if is_kept { self.settle() } else { self.give_back() }
    }

    /// Goes through posts until there are no more, or they have added too much; whether it was all of them. Of `answers`
    /// so many bytes have been posted.
    fn go_through(&mut self, posts: &mut impl Iterator<Item = Post<W>>, posted: usize) -> bool {
        let common = Arc::clone(&self.common);
        let transcript = &mut *lock(&common.transcript);
        self.begin(transcript);
        let is_all = loop {
            match posts.next() {
                None => break true,
                Some(post) => self.apply(transcript, post),
            }
            if self.added > ADDED_MAX {
                break false;
            }
        };
        self.batch.owe(self.batch.relays.len() - self.done.0 + posted);
        transcript.settle();
        is_all
    }

    fn apply(&mut self, transcript: &mut Transcript, post: Post<W>) {
        match post {
            Post::Relay { from, frame_len } => self.relay(transcript, from, frame_len),
            Post::Answer { to, frame_len, is_message } => self.answer(transcript, to, frame_len, is_message),
            Post::Join(id, newcomer) => self.welcome(transcript, id, *newcomer),
            Post::Leave(id, farewell) => self.end_membership(transcript, id, farewell),
            Post::CloseAll(farewell) => self.end_all(transcript, farewell),
        }
    }

    /// Everyone's share begins here. Whatever was noted before is forgotten, also by a writer that panicked: no piece
    /// of a batch outlives it.
    fn begin(&mut self, transcript: &mut Transcript) {
        if self.history.is_sparse(transcript) && !transcript.is_held() {
            self.history.gather(transcript);
        }
        transcript.keep_from(self.history.start(transcript));
        transcript.begin_batch(self.batch.relays.len() - self.done.0);
        (self.added, self.receivers) = (0, 0);
        for member in &mut self.members {
            member.begin(transcript.end());
            self.receivers += usize::from(member.receives());
        }
    }

    fn relay(&mut self, transcript: &mut Transcript, from: MemberId, frame_len: usize) {
        let frame = self.done.0..self.done.0 + frame_len;
        self.done.0 = frame.end;
        let place = transcript.append(&self.batch.relays[frame]);
        self.history.keep(&place, self.charge.memory().is_plentiful());
        let is_here = self.note(from, |member| member.leave_out(place));
        self.metrics.deliveries(self.receivers.saturating_sub(usize::from(is_here)));
    }

    fn answer(&mut self, transcript: &Transcript, to: MemberId, frame_len: usize, is_message: bool) {
        let frame = self.done.1..self.done.1 + frame_len;
        self.done.1 = frame.end;
        let is_here = self.note(to, |member| member.put_in(transcript.end(), frame));
        self.metrics.deliveries(usize::from(is_here && is_message));
    }

    /// Notes something about a member's share; whether that member is here. One that is ending may still send: what is
    /// for it alone is not for it any more.
    fn note(&mut self, id: MemberId, note: impl FnOnce(&mut Member<W>)) -> bool {
        let Some(member) = self.member(id) else {
            return false;
        };
        note(member);
        self.added += PIECES_LEN;
        true
    }

    fn member(&mut self, id: MemberId) -> Option<&mut Member<W>> {
        let index = self.members.binary_search_by_key(&id, |member| member.id).ok()?;
        Some(&mut self.members[index]).filter(|member| !member.is_ending())
    }

    /// A newcomer is told first who is there, then what has been said; the others are told of it.
    // Not on the stack of those who write: see `Rooms::enter`.
    #[inline(never)]
    fn welcome(&mut self, transcript: &mut Transcript, id: MemberId, newcomer: Newcomer<W>) {
        let Newcomer { wire, greeting, name, history, places } = newcomer;
        let since = places.as_ref().and_then(|places| places.since);
        let (history, is_whole) = since.map_or((history, true), |place| self.history.since(place));
        let start = self.batch.answers.len();
        self.batch.own().extend_from_slice(&greeting);
        let is_guest = wire.is_none();
        let online = self.online() + 1;
        if let Some(name) = &name {
            let names = self.members.iter().filter_map(|member| member.name.as_deref());
            let behind = (self.history.newest(history).len(), self.bounds.max_message);
            presence::welcome(&mut self.text, name, online, names, behind);
            append_text(self.batch.own(), &self.text);
            presence::joined(&mut self.text, name, online);
            self.announce(transcript);
        }
        if places.is_some() {
            let place = presence::place(self.history.place_before(history), is_whole);
            self.batch.own().extend_from_slice(place.as_bytes());
        }
        let own = start..self.batch.answers.len();
        let greeting = (own.clone(), self.history.newest(history));
        let member = Member::new(id, wire, name, transcript.end(), greeting, &self.common);
        self.added += own.len() + member.pieces_len();
        self.members.push(member);
        self.receivers += usize::from(!is_guest);
    }

    /// A member gets nothing that comes after this, but a Close if it is to have one.
    fn end_membership(&mut self, transcript: &mut Transcript, id: MemberId, farewell: Option<Farewell>) {
        let Some(member) = self.member(id) else {
            return;
        };
        let receives = member.receives();
        let name = member.end(transcript.end(), farewell);
        self.receivers -= usize::from(receives);
        if let Some(name) = name {
            let online = self.online();
            presence::left(&mut self.text, &name, online);
            self.announce(transcript);
        }
    }

    /// Nobody is left to whom a departure could be announced.
    fn end_all(&mut self, transcript: &Transcript, farewell: Farewell) {
        for member in self.members.iter_mut().filter(|member| !member.is_ending()) {
            member.end(transcript.end(), Some(farewell));
        }
        self.receivers = 0;
    }

    /// How many take part in announcements.
    pub(super) fn online(&self) -> usize {
        self.members.iter().filter(|member| member.name.is_some()).count()
    }

    /// Tells the text to all who take part: it stands in the transcript, and the others do not get it.
    pub(super) fn announce(&mut self, transcript: &mut Transcript) {
        let (mut header, text) = ([0; FrameHeader::MAX_LEN], self.text.as_bytes());
        let start = transcript.append(presence::text_header(text, &mut header)).start;
        let place = start..transcript.append(text).end;
        self.added += (place.end - place.start) as usize;
        let others = self.members.iter_mut().filter(|member| member.name.is_none() && !member.is_ending());
        for member in others {
            member.leave_out(place.clone());
            self.added += PIECES_LEN;
        }
    }

    /// Gives each member its share, and takes those whose membership has ended out of the list.
    fn deliver(&mut self) {
        let here = lock(&self.common.transcript).end();
        let Writer { members, batch, scratch, metrics, .. } = self;
        members.retain_mut(|member| {
            // What goes wrong on the way to one member is nobody else's loss, least of all the writer's own client's.
            match catch_unwind(AssertUnwindSafe(|| member.take_share(&batch.answers, here, scratch))) {
                Ok(None) => {}
                Ok(Some(code)) => metrics.close_sent(code),
                Err(_) => member.cut(),
            }
            !member.is_ending()
        });
        let transcript = &mut *lock(&self.common.transcript);
        transcript.keep_from(self.history.start(transcript));
    }
}

fn append_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(presence::text_header(text.as_bytes(), &mut [0; FrameHeader::MAX_LEN]));
    out.extend_from_slice(text.as_bytes());
}
