//! What is still to be sent to one member, in its order: parts of the room's transcript, and bytes for it alone.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::transcript::{Held, Transcript};
use crate::server::memory::grown;

/// The size in bytes from which on a part is sent as it lies, and not put together with others.
const LARGE: usize = 16 * 1024;

/// Up to how many bytes for one member alone are kept as one part: so many that [`crate::sys::share_one_heap`] keeps it
/// out of the heap.
const PART_MAX: usize = 32 * 1024;

/// What a part counts as beside its bytes: what it takes to remember it.
pub(super) const PART_LEN: usize = 64;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Pending {
    parts: VecDeque<Part>,
    /// What the parts take of memory, in bytes, without what lies in the transcript.
    own: usize,
}

/// Bytes that are still to be sent; never none.
pub(super) struct Part {
    /// Where they lie, if they are for this member alone; if not, in the transcript.
    own: Option<Arc<Vec<u8>>>,
    range: Range<u64>,
}

impl Pending {
    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// What they take of memory, in bytes, without what lies in the transcript.
    pub(super) fn own(&self) -> usize {
        self.own
    }

    /// The first place in the transcript from which on it is needed.
    pub(super) fn place(&self) -> Option<u64> {
        self.parts.iter().find(|part| part.own.is_none()).map(|part| part.range.start)
    }

    /// What is to be sent next: a large part as it lies, smaller ones put together in `scratch`; of the one and of the
    /// others at most so many bytes.
    pub(super) fn next(
        &self,
        transcript: &Transcript,
        scratch: &mut Arc<Vec<u8>>,
        (lying, together): (usize, usize),
    ) -> Option<Held> {
        let first = self.parts.front()?;
        if self.parts.len() == 1 || first.len() >= LARGE {
            return Some(first.bytes(transcript, 0, lying));
        }
        let small = Arc::make_mut(scratch);
        small.clear();
        for part in &self.parts {
            let mut from = 0;
            while from < part.len() && small.len() < together {
                let (bytes, range) = part.bytes(transcript, from, together - small.len());
                from += range.len();
                small.extend_from_slice(&bytes[range]);
            }
        }
        Some((Arc::clone(scratch), 0..scratch.len()))
    }

    /// Gives back memory that is not needed.
    pub(super) fn shrink(&mut self) {
        self.parts.shrink_to_fit();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(super) fn add(&mut self, part: Part) {
        match self.parts.back_mut() {
            _ if part.len() == 0 => {}
            Some(last) if last.is_followed_by(&part) => last.range.end = part.range.end,
            _ => {
                self.own += PART_LEN + part.own_len();
                self.parts.push_back(part);
            }
        }
    }

    /// Copies what is for this member alone out of the batch, of the last so many parts, and puts it together.
    pub(super) fn keep(&mut self, added: usize) {
        let first = self.parts.len().saturating_sub(added);
        let added: Vec<_> = self.parts.drain(first..).collect();
        for part in added {
            self.own -= PART_LEN + part.own_len();
            match part.own {
                Some(bytes) => self.keep_own(&bytes[part.range.start as usize..part.range.end as usize]),
                None => self.add(part),
            }
        }
    }

    fn keep_own(&mut self, bytes: &[u8]) {
        let last = self.parts.back_mut().filter(|last| last.own_len() + bytes.len() <= PART_MAX);
        if let Some((last, range)) = last.and_then(|last| Some((last.own.as_mut()?, &mut last.range))) {
            if let Some(last) = Arc::get_mut(last) {
                let needed = last.len() + bytes.len();
                last.reserve_exact(grown(last.capacity(), needed) - last.len());
                last.extend_from_slice(bytes);
                range.end += bytes.len() as u64;
                self.own += bytes.len();
                return;
            }
        }
        // Where there is more already, there will be more.
        let capacity = if self.own < PART_MAX { 0 } else { PART_MAX };
        let mut part = Vec::with_capacity(bytes.len().max(capacity));
        part.extend_from_slice(bytes);
        self.add(Part::own(&Arc::new(part), 0..bytes.len()));
    }

    /// Notes that so many bytes have been taken, unless all has been given up meanwhile.
    pub(super) fn take(&mut self, mut count: usize) {
        while let Some(first) = self.parts.front_mut().filter(|_| count > 0) {
            let taken = count.min(first.len());
            count -= taken;
            self.own -= taken.min(first.own_len());
            first.range.start += taken as u64;
            if first.len() == 0 {
                self.own -= PART_LEN;
                self.parts.pop_front();
            }
        }
    }
}

impl Part {
    pub(super) fn shared(range: Range<u64>) -> Part {
        Part { own: None, range }
    }

    pub(super) fn own(bytes: &Arc<Vec<u8>>, range: Range<usize>) -> Part {
        Part { own: Some(Arc::clone(bytes)), range: range.start as u64..range.end as u64 }
    }

    pub(super) fn len(&self) -> usize {
        (self.range.end - self.range.start) as usize
    }

    fn own_len(&self) -> usize {
        if self.own.is_some() { self.len() } else { 0 }
    }

    fn is_followed_by(&self, next: &Part) -> bool {
        self.own.is_none() && next.own.is_none() && self.range.end == next.range.start
    }

    /// Bytes of it, from the `from`th on, as far as they lie together and at most `max`.
    fn bytes(&self, transcript: &Transcript, from: usize, max: usize) -> Held {
        let range = self.range.start + from as u64..self.range.end;
        match &self.own {
            None => transcript.read(&range, max),
            Some(bytes) => {
                let start = range.start as usize;
                (Arc::clone(bytes), start..(range.end as usize).min(start.saturating_add(max)))
            }
        }
    }
}
