//! The one place that writes to clients.

use std::mem;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::batch::{Batch, Post};
use super::history::History;
use super::member::{Lag, Member};
use super::{Bounds, Farewell, MemberId, Newcomer, Wire, presence};
use crate::server::metrics::Metrics;

/// What a room's writer has in its hands while it is the writer.
pub(super) struct Writer<W> {
    /// In order of arrival, and so of their numbers.
    members: Vec<Member<W>>,
    history: History,
    /// What is being written.
    batch: Batch<W>,
    exceptions: Vec<Exception>,
    scratch: Vec<u8>,
    lag: Lag,
    metrics: Arc<Metrics>,
}

/// Where what one member gets is not what everyone gets: a frame of its own left out, or one for it alone put in.
struct Exception {
    member: MemberId,
    /// The place in what everyone gets, where its own frame begins or the one for it alone belongs.
    at: usize,
    /// Where it goes on after that: behind its own frame, or at the same place.
    resume: usize,
    /// Where the frame for it alone is, if it is one.
    answer: Range<usize>,
    /// How many messages more or fewer this makes for the member.
    messages: isize,
}

/// A part of a batch in which nobody comes or goes.
#[derive(Default)]
struct Segment {
    /// What everyone gets.
    relays: Range<usize>,
    messages: usize,
    answers_end: usize,
}

impl<W: Wire> Writer<W> {
    pub(super) fn new(bounds: Bounds, metrics: Arc<Metrics>, far_behind: Arc<AtomicUsize>) -> Self {
        Writer {
            members: Vec::new(),
            history: History::new(bounds.history),
            batch: Batch::new(),
            exceptions: Vec::new(),
            scratch: Vec::new(),
            lag: Lag { max: bounds.max_lag, far_behind },
            metrics,
        }
    }

    /// The batch to be written next, empty.
    pub(super) fn emptied(&mut self) -> &mut Batch<W> {
        self.batch.clear();
        &mut self.batch
    }

    /// Does everything in the batch, in its order.
    pub(super) fn write(&mut self) {
        let mut posts = mem::take(&mut self.batch.posts);
        let mut segment = Segment::default();
        for post in posts.drain(..) {
            match post {
                Post::Relay { from, frame_len } => self.add_relay(&mut segment, from, frame_len),
                Post::Answer { to, frame_len, is_message } => {
                    self.add_answer(&mut segment, to, frame_len, is_message);
                }
                change => {
                    self.deliver(&mut segment);
                    self.change(change);
                }
            }
        }
        self.deliver(&mut segment);
        self.batch.posts = posts;
    }

    fn add_relay(&mut self, segment: &mut Segment, from: MemberId, frame_len: usize) {
        let at = segment.relays.end;
        let resume = at + frame_len;
        self.exceptions.push(Exception { member: from, at, resume, answer: 0..0, messages: -1 });
        segment.relays.end = resume;
        segment.messages += 1;
    }

    fn add_answer(&mut self, segment: &mut Segment, to: MemberId, frame_len: usize, is_message: bool) {
        let at = segment.relays.end;
        let answer = segment.answers_end..segment.answers_end + frame_len;
        segment.answers_end = answer.end;
        self.exceptions.push(Exception { member: to, at, resume: at, answer, messages: is_message.into() });
    }

    /// Gives each member its part of a segment.
    fn deliver(&mut self, segment: &mut Segment) {
        if self.exceptions.is_empty() {
            return;
        }
        self.keep_history(segment);
        // Members stand in the order of their numbers: one walk along both lists finds everyone's exceptions.
        self.exceptions.sort_unstable_by_key(|e| (e.member, e.at, e.resume, e.answer.start));
        let mut exceptions = self.exceptions.as_slice();
        let mut deliveries = 0;
        for member in &mut self.members {
            let (_, from_here) = exceptions.split_at(exceptions.partition_point(|e| e.member < member.id));
            let (own, rest) =
                from_here.split_at(from_here.iter().take_while(|e| e.member == member.id).count());
            exceptions = rest;
            deliveries += segment.messages.saturating_add_signed(own.iter().map(|e| e.messages).sum());
            if own.is_empty() {
                member.send(&self.batch.relays[segment.relays.clone()], &self.lag);
            } else {
                let pieces = pieces(&self.batch, segment.relays.clone(), own);
                member.send_pieces(pieces, &mut self.scratch, &self.lag);
            }
        }
        self.metrics.deliveries(deliveries);
        self.exceptions.clear();
        segment.relays.start = segment.relays.end;
        segment.messages = 0;
        self.see_off_the_gone();
    }

    /// Keeps the newest messages of a segment; called while its exceptions stand in the order of the queue.
    fn keep_history(&mut self, segment: &Segment) {
        let passed_over = segment.messages.saturating_sub(self.history.max_messages());
        let messages = self.exceptions.iter().filter(|e| e.resume > e.at).skip(passed_over);
        for message in messages {
            self.history.keep(&self.batch.relays[message.at..message.resume]);
        }
    }

    fn change(&mut self, post: Post<W>) {
        match post {
            Post::Join(id, newcomer) => self.welcome(id, *newcomer),
            Post::Leave(id) => {
                if let Some(member) = find(&mut self.members, id) {
                    member.cut();
                }
            }
            Post::Close(id, farewell) => {
                if let Some(member) = find(&mut self.members, id) {
                    close(member, &farewell, &self.lag, &self.metrics);
                }
            }
            Post::CloseAll(farewell) => {
                for mut member in self.members.drain(..) {
                    close(&mut member, &farewell, &self.lag, &self.metrics);
                }
            }
            Post::Relay { .. } | Post::Answer { .. } => {}
        }
        self.see_off_the_gone();
    }

    /// A newcomer is told first who is there, then what has been said; the others are told of it.
    fn welcome(&mut self, id: MemberId, newcomer: Newcomer<W>) {
        let Newcomer { wire, greeting: mut first, name, history } = newcomer;
        if let Some(name) = &name {
            first.extend(presence::welcome(name, self.members.iter().filter_map(|m| m.name.as_deref())));
            self.announce(&presence::joined(name, self.online() + 1));
        }
        self.history.append_newest(history, &mut first);
        let mut member = Member::new(id, wire, name);
        member.send(&first, &self.lag);
        self.members.push(member);
    }

    /// Takes those who are gone out of the list, and tells the others.
    fn see_off_the_gone(&mut self) {
        while let Some(index) = self.members.iter().position(|member| member.gone) {
            if let Some(name) = self.members.remove(index).name {
                self.announce(&presence::left(&name, self.online()));
            }
        }
    }

    /// How many named members there are.
    fn online(&self) -> usize {
        self.members.iter().filter(|member| member.name.is_some() && !member.gone).count()
    }

    fn announce(&mut self, frame: &[u8]) {
        for member in self.members.iter_mut().filter(|member| member.name.is_some()) {
            member.send(frame, &self.lag);
        }
    }
}

fn find<W>(members: &mut [Member<W>], id: MemberId) -> Option<&mut Member<W>> {
    let index = members.binary_search_by_key(&id, |member| member.id).ok()?;
    members.get_mut(index)
}

fn close<W: Wire>(member: &mut Member<W>, farewell: &Farewell, lag: &Lag, metrics: &Metrics) {
    if member.close(farewell, lag) {
        metrics.close_sent(farewell.code);
    }
}

/// What one member gets: everything but its own frames, with those for it alone in between.
fn pieces<'b, W>(
    batch: &'b Batch<W>,
    relays: Range<usize>,
    own: &'b [Exception],
) -> impl Iterator<Item = &'b [u8]> + Clone {
    let last = own.last().map_or(relays.start, |last| last.resume);
    let mut position = relays.start;
    let up_to_last = own.iter().flat_map(move |exception| {
        let before = &batch.relays[position..exception.at];
        position = exception.resume;
        [before, &batch.answers[exception.answer.clone()]]
    });
    up_to_last.chain([&batch.relays[last..relays.end]])
}
