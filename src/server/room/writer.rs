//! The one place that writes to clients.
//!
//! A batch is gone through twice. First in its order: messages are kept in the history, members come and go, and each
//! member's exceptions are noted: what it gets that the others do not, or the other way round. Then member by member:
//! each gets all of its share in one send. So a batch costs one system call per member, whoever comes, goes or is
//! announced in it. Where very many come at once, what they are told would be more than the batch itself: then the
//! batch is delivered in parts.

use std::mem;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::backlog::Lag;
use super::batch::{Batch, Post, shrink};
#[cfg(feature = "redis")]
use super::guests::Guests;
use super::history::History;
use super::member::{Exception, Member};
use super::{Farewell, MemberId, Newcomer, Wire, presence};
use crate::protocol::frame::{FrameHeader, Opcode};
use crate::server::metrics::Metrics;

/// How much memory a quiet room may hold between two batches, in bytes.
const QUIET_MAX: usize = 16 * 1024;

/// How many bytes may be added to a batch while it is gone through; with more, what has been gone through is delivered
/// first. So a crowd that comes at once is told the names and the history a few at a time.
const ADDED_MAX: usize = 256 * 1024;

/// What belongs to a room's writer, whichever thread that is.
pub(super) struct Writer<W> {
    /// In order of arrival, and so of their numbers.
    members: Vec<Member<W>>,
    /// How many of them are not ending.
    receivers: usize,
    #[cfg(feature = "redis")]
    pub(super) guests: Guests,
    history: History,
    /// What is being written.
    batch: Batch<W>,
    /// How far the batch's `relays` have been gone through.
    here: usize,
    /// How many bytes have been added to the batch meanwhile, of answers and exceptions.
    added: usize,
    /// Where small pieces are put together for one send.
    scratch: Vec<u8>,
    /// What is being announced.
    pub(super) text: String,
    lag: Arc<Lag>,
    metrics: Arc<Metrics>,
}

impl<W: Wire> Writer<W> {
    pub(super) fn new(history_max: usize, metrics: Arc<Metrics>, lag: Arc<Lag>) -> Self {
        Writer {
            members: Vec::new(),
            receivers: 0,
            #[cfg(feature = "redis")]
            guests: Guests::default(),
            history: History::new(history_max),
            batch: Batch::new(),
            here: 0,
            added: 0,
            scratch: Vec::new(),
            text: String::new(),
            lag,
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
        self.batch.capacity() + self.scratch.capacity() + self.text.capacity()
    }

    /// Gives back all memory that the next batch can do without.
    pub(super) fn shrink(&mut self) {
        self.batch.shrink();
        shrink(&mut self.scratch);
        self.text = String::new();
        self.members.iter_mut().for_each(Member::shrink);
    }

    /// Goes through the batch in its order, and delivers it.
    pub(super) fn write(&mut self) {
        let posted = self.batch.answers.len();
        let mut answered = 0;
        let mut posts = mem::take(&mut self.batch.posts);
        self.here = 0;
        self.begin();
        for post in posts.drain(..) {
            match post {
                Post::Relay { from, frame_len } => self.relay(from, frame_len),
                Post::Answer { to, frame_len, is_message } => {
                    self.answer(to, answered..answered + frame_len, is_message);
                    answered += frame_len;
                }
                Post::Join(id, newcomer) => self.welcome(id, *newcomer),
                Post::Leave(id, farewell) => self.end_membership(id, farewell),
                Post::CloseAll(farewell) => self.end_all(farewell),
                #[cfg(feature = "redis")]
                Post::GuestCame(guest) => self.welcome_guest(*guest),
                #[cfg(feature = "redis")]
                Post::GuestWent(id) => self.see_off_guest(id),
            }
            if self.added > ADDED_MAX {
                self.deliver();
                self.batch.answers.truncate(posted);
                self.begin();
            }
        }
        self.batch.posts = posts;
        self.deliver();
    }

    /// Everyone's share begins here. Whatever was noted before is forgotten, also by a writer that panicked: no place in
    /// a batch outlives it.
    fn begin(&mut self) {
        (self.added, self.receivers) = (0, 0);
        for member in &mut self.members {
            member.begin(self.here);
            self.receivers += usize::from(!member.is_ending());
        }
    }

    fn relay(&mut self, from: MemberId, frame_len: usize) {
        let frame = self.here..self.here + frame_len;
        self.here = frame.end;
        self.history.keep(&self.batch.relays[frame.clone()]);
        let is_here = self.except(from, Exception { left_out: frame, put_in: 0..0 });
        self.metrics.deliveries(self.receivers - usize::from(is_here));
    }

    fn answer(&mut self, to: MemberId, answer: Range<usize>, is_message: bool) {
        let is_here = self.except(to, Exception { left_out: self.here..self.here, put_in: answer });
        self.metrics.deliveries(usize::from(is_here && is_message));
    }

    /// Notes an exception for a member; whether that is here. One that is ending may still send: what is for it alone is
    /// not for it any more.
    fn except(&mut self, id: MemberId, exception: Exception) -> bool {
        let Some(member) = self.member(id) else {
            return false;
        };
        member.except(exception);
        self.added += size_of::<Exception>();
        true
    }

    fn member(&mut self, id: MemberId) -> Option<&mut Member<W>> {
        let index = self.members.binary_search_by_key(&id, |member| member.id).ok()?;
        Some(&mut self.members[index]).filter(|member| !member.is_ending())
    }

    /// A newcomer is told first who is there, then what has been said; the others are told of it.
    fn welcome(&mut self, id: MemberId, newcomer: Newcomer<W>) {
        let Newcomer { wire, greeting, name, history } = newcomer;
        let start = self.batch.answers.len();
        self.batch.answers.extend_from_slice(&greeting);
        let online = self.online() + 1;
        if let Some(name) = &name {
            let names = self.members.iter().filter_map(|member| Some((member.id, member.name.as_deref()?)));
            #[cfg(feature = "redis")]
            let names = self.guests.merge(names);
            presence::welcome(&mut self.text, name, online, names.map(|(_, name)| name));
            append_text(&mut self.batch.answers, &self.text);
        }
        self.history.append_newest(history, &mut self.batch.answers);
        let greeting = start..self.batch.answers.len();
        self.added += greeting.len();
        if let Some(name) = &name {
            presence::joined(&mut self.text, name, online);
            self.announce();
        }
        self.members.push(Member::new(id, wire, name, self.here, greeting, Arc::clone(&self.lag)));
        self.receivers += 1;
    }

    /// A member gets nothing that comes after this, but a Close if it is to have one.
    fn end_membership(&mut self, id: MemberId, farewell: Option<Farewell>) {
        let here = self.here;
        let Some(member) = self.member(id) else {
            return;
        };
        let name = member.end(here, farewell);
        self.receivers -= 1;
        if let Some(name) = name {
            let online = self.online();
            presence::left(&mut self.text, &name, online);
            self.announce();
        }
    }

    /// Nobody is left to whom a departure could be announced.
    fn end_all(&mut self, farewell: Farewell) {
        for member in self.members.iter_mut().filter(|member| !member.is_ending()) {
            member.end(self.here, Some(farewell));
        }
        self.receivers = 0;
    }

    /// How many take part in announcements.
    pub(super) fn online(&self) -> usize {
        let members = self.members.iter().filter(|member| member.name.is_some()).count();
        #[cfg(feature = "redis")]
        let members = members + self.guests.count();
        members
    }

    /// Tells the text to all who take part.
    pub(super) fn announce(&mut self) {
        let start = self.batch.answers.len();
        append_text(&mut self.batch.answers, &self.text);
        let put_in = start..self.batch.answers.len();
        self.added += put_in.len();
        for member in self.members.iter_mut().filter(|member| member.name.is_some()) {
            member.except(Exception { left_out: self.here..self.here, put_in: put_in.clone() });
            self.added += size_of::<Exception>();
        }
    }

    /// Gives each member its share, and takes those whose membership has ended out of the list.
    fn deliver(&mut self) {
        let Writer { members, batch, here, scratch, metrics, .. } = self;
        members.retain_mut(|member| {
            // What goes wrong on the way to one member is nobody else's loss, least of all the writer's own client's.
            match catch_unwind(AssertUnwindSafe(|| member.take_share(batch, *here, scratch))) {
                Ok(None) => {}
                Ok(Some(code)) => metrics.close_sent(code),
                Err(_) => member.cut(),
            }
            !member.is_ending()
        });
    }
}

fn append_text(out: &mut Vec<u8>, text: &str) {
    let payload_len = text.len() as u64;
    let header = FrameHeader { fin: true, opcode: Opcode::Text, masking_key: None, payload_len };
    out.extend_from_slice(header.encode(&mut [0; FrameHeader::MAX_LEN]));
    out.extend_from_slice(text.as_bytes());
}
