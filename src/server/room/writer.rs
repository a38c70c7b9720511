//! The one place that writes to clients.
//!
//! A batch is gone through twice. First in its order: messages are kept in the history, members come and go, and the
//! exceptions are noted: what one member gets that the others do not, or the other way round. Then member by member:
//! each gets all of its part in one send. So a batch costs one system call per member, whoever comes, goes or is
//! announced in it. Where very many come at once, what they are told would be more than the batch itself: then the
//! batch is delivered in parts.

use std::ops::Range;
use std::sync::Arc;

use super::batch::{Batch, Post, shrink};
#[cfg(feature = "redis")]
use super::guests::Guests;
use super::history::History;
use super::member::{Lag, Mark, Member};
use super::{Bounds, Farewell, MemberId, Newcomer, Wire, presence};
use crate::protocol::frame::{FrameHeader, Opcode};
use crate::server::metrics::Metrics;
use crate::server::sync::atomic::AtomicUsize;

/// How much memory a quiet room may hold between two batches, in bytes.
const QUIET_MAX: usize = 16 * 1024;

/// How many bytes may be added to a batch while it is gone through; with more, what has been gone through is delivered
/// first. So a crowd that comes at once is told the names and the history a few at a time.
const ADDED_MAX: usize = 256 * 1024;

/// What belongs to a room's writer, whichever thread that is.
pub(super) struct Writer<W> {
    /// In order of arrival, and so of their numbers.
    members: Vec<Member<W>>,
    #[cfg(feature = "redis")]
    pub(super) guests: Guests,
    history: History,
    /// What is being written.
    batch: Batch<W>,
    /// How far the batch has been gone through.
    here: Mark,
    exceptions: Vec<Exception>,
    /// How many of the exceptions have been searched for messages to keep in the history.
    kept: usize,
    /// Where small pieces are put together for one send.
    scratch: Vec<u8>,
    /// What is being announced.
    pub(super) text: String,
    lag: Lag,
    metrics: Arc<Metrics>,
}

/// Where what one member gets is not what everyone gets: a frame of its own left out, or one for it alone put in.
struct Exception {
    member: MemberId,
    /// Which of all exceptions this is.
    order: usize,
    /// The place in what everyone gets, where its own frame begins or the one for it alone belongs.
    at: usize,
    /// Where it goes on after that: behind its own frame, or at the same place.
    resume: usize,
    /// Where the frame for it alone is in the batch's `answers`; empty for a frame of its own.
    answer: Range<usize>,
    /// How many messages more or fewer this makes for the member.
    messages: isize,
}

impl Exception {
    fn is_relay(&self) -> bool {
        self.resume > self.at
    }
}

impl<W: Wire> Writer<W> {
    pub(super) fn new(bounds: Bounds, metrics: Arc<Metrics>, far_behind: Arc<AtomicUsize>) -> Self {
        Writer {
            members: Vec::new(),
            #[cfg(feature = "redis")]
            guests: Guests::default(),
            history: History::new(bounds.history),
            batch: Batch::new(),
            here: Mark::default(),
            exceptions: Vec::new(),
            kept: 0,
            scratch: Vec::new(),
            text: String::new(),
            lag: Lag { max: bounds.max_lag, far_behind },
            metrics,
        }
    }

    /// The batch to be written next, empty.
    pub(super) fn emptied(&mut self) -> &mut Batch<W> {
        self.batch.clear();
        self.begin();
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

    /// How much memory it holds for the next batch, in bytes.
    pub(super) fn held(&self) -> usize {
        let exceptions = self.exceptions.capacity() * size_of::<Exception>();
        self.batch.capacity() + self.scratch.capacity() + self.text.capacity() + exceptions
    }

    /// Gives back all memory that the next batch can do without.
    pub(super) fn shrink(&mut self) {
        self.batch.shrink();
        shrink(&mut self.exceptions);
        shrink(&mut self.scratch);
        self.text = String::new();
    }

    /// Goes through the batch in its order, and delivers it.
    pub(super) fn write(&mut self) {
        let posted = self.batch.answers.len();
        let mut answered = 0;
        let mut posts = std::mem::take(&mut self.batch.posts);
        for post in posts.drain(..) {
            match post {
                Post::Relay { from, frame_len } => self.note_relay(from, frame_len),
                Post::Answer { to, frame_len, is_message } => {
                    self.note_answer(to, answered..answered + frame_len, is_message);
                    answered += frame_len;
                }
                Post::Join(id, newcomer) => self.welcome(id, *newcomer),
                Post::Leave(id) => self.end_membership(id, None),
                Post::Close(id, farewell) => self.end_membership(id, Some(farewell)),
                Post::CloseAll(farewell) => self.end_all(farewell),
                #[cfg(feature = "redis")]
                Post::GuestCame(guest) => self.welcome_guest(*guest),
                #[cfg(feature = "redis")]
                Post::GuestWent(id) => self.see_off_guest(id),
            }
            if self.added(posted) > ADDED_MAX {
                self.deliver_so_far();
                self.batch.relays.drain(..self.here.at);
                self.batch.answers.truncate(posted);
                self.begin();
            }
        }
        self.batch.posts = posts;
        self.deliver_so_far();
    }

    /// How much has been added to what was posted, in bytes.
    fn added(&self, posted: usize) -> usize {
        self.batch.answers.len() - posted + size_of_val(self.exceptions.as_slice())
    }

    fn deliver_so_far(&mut self) {
        self.keep_history();
        self.deliver();
        self.see_off_the_gone();
    }

    /// Forgets how far a batch has been gone through.
    fn begin(&mut self) {
        self.exceptions.clear();
        (self.here, self.kept) = (Mark::default(), 0);
    }

    fn note_relay(&mut self, from: MemberId, frame_len: usize) {
        let at = self.here.at;
        self.here.at += frame_len;
        self.here.messages += 1;
        let (order, resume) = (self.here.exceptions, self.here.at);
        self.here.exceptions += 1;
        self.exceptions.push(Exception { member: from, order, at, resume, answer: 0..0, messages: -1 });
    }

    fn note_answer(&mut self, to: MemberId, answer: Range<usize>, is_message: bool) {
        let (order, at) = (self.here.exceptions, self.here.at);
        let messages = is_message.into();
        self.here.exceptions += 1;
        self.exceptions.push(Exception { member: to, order, at, resume: at, answer, messages });
    }

    /// A newcomer is told first who is there, then what has been said; the others are told of it.
    fn welcome(&mut self, id: MemberId, newcomer: Newcomer<W>) {
        let Newcomer { wire, greeting, name, history } = newcomer;
        self.keep_history();
        let start = self.batch.answers.len();
        self.batch.answers.extend_from_slice(&greeting);
        let online = self.online() + 1;
        if let Some(name) = &name {
            let names = self.members.iter().filter_map(|member| Some((member.id, member.announced_name()?)));
            #[cfg(feature = "redis")]
            let names = self.guests.merge(names);
            presence::welcome(&mut self.text, name, online, names.map(|(_, name)| name));
            append_text(&mut self.batch.answers, &self.text);
        }
        self.history.append_newest(history, &mut self.batch.answers);
        let first = start..self.batch.answers.len();
        let greeting_len = first.len();
        self.note_answer(id, first, false);
        if let Some(name) = &name {
            presence::joined(&mut self.text, name, online);
            self.announce();
        }
        self.members.push(Member::new(id, wire, name, self.here, greeting_len));
    }

    /// A member gets nothing that comes after this, but a Close if it is to have one.
    fn end_membership(&mut self, id: MemberId, farewell: Option<Farewell>) {
        let found = self.members.binary_search_by_key(&id, |member| member.id);
        if let Some(member) =
            found.ok().and_then(|index| self.members.get_mut(index)).filter(|m| !m.is_ending())
        {
            member.end(self.here, farewell);
            if let Some(name) = member.name.take() {
                let online = self.online();
                presence::left(&mut self.text, &name, online);
                self.announce();
            }
        }
    }

    /// Nobody is left to whom a departure could be announced.
    fn end_all(&mut self, farewell: Farewell) {
        for member in self.members.iter_mut().filter(|member| !member.is_ending()) {
            member.end(self.here, Some(farewell));
        }
    }

    /// How many take part in announcements.
    pub(super) fn online(&self) -> usize {
        let members = self.members.iter().filter_map(Member::announced_name).count();
        #[cfg(feature = "redis")]
        let members = members + self.guests.count();
        members
    }

    /// Tells the text to all who take part.
    pub(super) fn announce(&mut self) {
        let start = self.batch.answers.len();
        append_text(&mut self.batch.answers, &self.text);
        let answer = start..self.batch.answers.len();
        for index in 0..self.members.len() {
            if self.members[index].announced_name().is_some() {
                self.note_answer(self.members[index].id, answer.clone(), false);
            }
        }
    }

    /// Keeps the newest messages that have been gone through.
    fn keep_history(&mut self) {
        let fresh = &self.exceptions[self.kept..];
        let messages = fresh.iter().filter(|exception| exception.is_relay());
        let passed_over = messages.clone().count().saturating_sub(self.history.max_messages());
        for message in messages.skip(passed_over) {
            self.history.keep(&self.batch.relays[message.at..message.resume]);
        }
        self.kept = self.exceptions.len();
    }

    /// Gives each member its part.
    fn deliver(&mut self) {
        // Members stand in the order of their numbers: one walk along both lists finds everyone's exceptions.
        self.exceptions.sort_unstable_by_key(|exception| (exception.member, exception.order));
        let mut exceptions = self.exceptions.as_slice();
        let mut deliveries = 0;
        for member in &mut self.members {
            let (_, from_here) = exceptions.split_at(exceptions.partition_point(|e| e.member < member.id));
            let (own, rest) = from_here.split_at(from_here.partition_point(|e| e.member == member.id));
            exceptions = rest;
            let (since, until) = member.take_span(self.here);
            // A member may still send after it has been closed. The answers to that are not for it any more.
            let own = &own[..own.partition_point(|e| e.order < until.exceptions)];
            let more: isize = own.iter().map(|e| e.messages).sum();
            deliveries += (until.messages - since.messages).saturating_add_signed(more);
            if own.is_empty() {
                member.send(&self.batch.relays[since.at..until.at], &self.lag);
            } else {
                let pieces = pieces(&self.batch, since.at..until.at, own);
                member.send_pieces(pieces, &mut self.scratch, &self.lag);
            }
            if let Some(code) = member.part(&self.lag) {
                self.metrics.close_sent(code);
            }
        }
        self.metrics.deliveries(deliveries);
    }

    /// Takes those who are gone out of the list. One that still has its name could not be sent to any more, and its
    /// departure has not been announced yet.
    fn see_off_the_gone(&mut self) {
        while let Some(index) = self.members.iter().position(Member::is_gone) {
            if let Some(name) = self.members.remove(index).name {
                let online = self.online();
                presence::left(&mut self.text, &name, online);
                self.scratch.clear();
                append_text(&mut self.scratch, &self.text);
                let told = self.members.iter_mut().filter(|member| member.announced_name().is_some());
                told.for_each(|member| member.send(&self.scratch, &self.lag));
            }
        }
    }
}

/// What one member gets: everything but its own frames, with those for it alone in between.
fn pieces<'b, W>(
    batch: &'b Batch<W>,
    relays: Range<usize>,
    own: &'b [Exception],
) -> impl Iterator<Item = &'b [u8]> {
    let last = own.last().map_or(relays.start, |last| last.resume);
    let mut position = relays.start;
    let up_to_last = own.iter().flat_map(move |exception| {
        let before = &batch.relays[position..exception.at];
        position = exception.resume;
        [before, &batch.answers[exception.answer.clone()]]
    });
    up_to_last.chain([&batch.relays[last..relays.end]])
}

fn append_text(out: &mut Vec<u8>, text: &str) {
    let payload_len = text.len() as u64;
    let header = FrameHeader { fin: true, opcode: Opcode::Text, masking_key: None, payload_len };
    out.extend_from_slice(header.encode(&mut [0; FrameHeader::MAX_LEN]));
    out.extend_from_slice(text.as_bytes());
}
