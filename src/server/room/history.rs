//! The newest messages of a room, as places in its transcript.

use std::collections::VecDeque;
use std::ops::Range;

use super::place::Place;
use super::transcript::{CHUNK, Transcript};

/// The most that is kept, in bytes, each message counted with its header and with its entry here.
const MAX_BYTES: usize = 256 * 1024;

/// Which messages are kept, the oldest first.
pub(super) struct History {
    max_messages: usize,
    messages: VecDeque<Kept>,
    /// Behind the newest message, kept or not.
    place: Place,
    /// Of all frames, in bytes.
    frames_len: usize,
}

struct Kept {
    start: u64,
    len: usize,
}

impl History {
    pub(super) fn new(max_messages: usize) -> Self {
        History { max_messages, messages: VecDeque::new(), place: Place::new(), frames_len: 0 }
    }

    /// Keeps a message, in place of the oldest where there are too many or where the history may not grow. One that is
    /// too large for itself leaves nothing: what came before it would have a gap behind it.
    pub(super) fn keep(&mut self, frame: &Range<u64>, may_grow: bool) {
        self.place.number += 1;
        let len = (frame.end - frame.start) as usize;
        let max = if may_grow { MAX_BYTES } else { self.len_with(0) - size_of::<Kept>() };
        while self.messages.len() >= self.max_messages || self.len_with(len) > max {
            let Some(oldest) = self.messages.pop_front() else {
                return;
            };
            self.frames_len -= oldest.len;
        }
        self.frames_len += len;
        self.messages.push_back(Kept { start: frame.start, len });
    }

    /// The length in bytes with one more frame of this length.
    fn len_with(&self, len: usize) -> usize {
        let entries = (self.messages.len() + 1) * size_of::<Kept>();
        self.frames_len.saturating_add(len).saturating_add(entries)
    }

    /// The length of all frames in bytes.
    pub(super) fn len(&self) -> usize {
        self.frames_len
    }

    /// How much memory it holds beside the frames, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.messages.capacity() * size_of::<Kept>()
    }

    /// From where on it needs the transcript.
    pub(super) fn start(&self, transcript: &Transcript) -> u64 {
        self.messages.front().map_or(transcript.end(), |oldest| oldest.start)
    }

    /// Where the newest `count` messages lie, the oldest first.
    pub(super) fn newest(&self, count: usize) -> impl ExactSizeIterator<Item = Range<u64>> {
        let older = self.messages.len().saturating_sub(count);
        self.messages.range(older..).map(|kept| kept.start..kept.start + kept.len as u64)
    }

    /// How many of the newest messages have been said since `place`, and whether those are kept. Where they are not, or
    /// the place is not in this life of the room, that is all that are.
    pub(super) fn since(&self, place: Place) -> (usize, bool) {
        let number = self.place.number.checked_sub(place.number).filter(|_| place.life == self.place.life);
        let kept = number.and_then(|number| usize::try_from(number).ok());
        kept.filter(|count| *count <= self.messages.len())
            .map_or((self.messages.len(), false), |count| (count, true))
    }

    /// The place behind which the newest `count` messages begin.
    pub(super) fn place_before(&self, count: usize) -> Place {
        let kept = self.messages.len().min(count) as u64;
        Place { number: self.place.number - kept, ..self.place }
    }

    /// Whether most of what is held for it lies between its messages: announcements are not kept.
    pub(super) fn is_sparse(&self, transcript: &Transcript) -> bool {
        transcript.end() - self.start(transcript) > (2 * self.frames_len + CHUNK) as u64
    }

    /// Moves the messages to the end of the transcript, so that what lies between them can go. Nobody is sent them
    /// there: to be called between two batches.
    pub(super) fn gather(&mut self, transcript: &mut Transcript) {
        transcript.keep_from(self.start(transcript));
        if self.messages.is_empty() {
            return;
        }
        transcript.begin_chunk(self.frames_len);
        for kept in &mut self.messages {
            let (bytes, range) = transcript.read(&(kept.start..kept.start + kept.len as u64), kept.len);
            kept.start = transcript.append(&bytes[range]).start;
        }
        transcript.keep_from(self.start(transcript));
    }
}
