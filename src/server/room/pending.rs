//! What is still to be sent to one member, in its order: parts of the room's transcript, and bytes for it alone.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::transcript::{Held, Transcript};
use crate::server::memory::Memory;

/// The size in bytes from which on a part is sent as it lies, and not put together with others.
const LARGE: usize = 16 * 1024;

/// What a part counts as beside its bytes: what it takes to remember it.
pub(super) const PART_LEN: usize = 64;

/// For how many parts there is always space.
const KEPT_PARTS: usize = 16;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Pending {
    parts: VecDeque<Part>,
    /// What is kept for this member alone: a transcript of its own, which is charged for by itself.
    kept: Option<Box<Transcript>>,
    /// How many bytes are for it alone, each part counted with what it takes to remember it.
    own: usize,
}

/// Bytes that are still to be sent; never none.
pub(super) struct Part {
    lying: Lying,
    range: Range<u64>,
}

/// Where a part lies.
enum Lying {
    /// In the room's transcript.
    Shared,
    /// In what is kept for this member alone.
    Kept,
    /// In a batch, for this member alone.
    Batch(Arc<Vec<u8>>),
}

impl Pending {
    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// How many bytes are for this member alone, each part counted with [`PART_LEN`].
    pub(super) fn own(&self) -> usize {
        self.own
    }

    /// How much memory it takes to remember the parts, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.parts.capacity() * size_of::<Part>()
    }

    /// The first place in the transcript from which on it is needed.
    pub(super) fn place(&self) -> Option<u64> {
        self.parts.iter().find(|part| matches!(part.lying, Lying::Shared)).map(|part| part.range.start)
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
            return Some(self.bytes(first, transcript, 0, lying));
        }
        let small = Arc::make_mut(scratch);
        small.clear();
        for part in &self.parts {
            let mut from = 0;
            if small.len() >= together {
                break;
            }
            while from < part.len() && small.len() < together {
                let (bytes, range) = self.bytes(part, transcript, from, together - small.len());
                from += range.len();
                small.extend_from_slice(&bytes[range]);
            }
        }
        Some((Arc::clone(scratch), 0..scratch.len()))
    }

    /// Bytes of a part, from the `from`th on, as far as they lie together and at most `max`.
    fn bytes(&self, part: &Part, transcript: &Transcript, from: usize, max: usize) -> Held {
        let range = part.range.start + from as u64..part.range.end;
        match (&part.lying, &self.kept) {
            (Lying::Batch(bytes), _) => {
                let start = range.start as usize;
                (Arc::clone(bytes), start..(range.end as usize).min(start.saturating_add(max)))
            }
            (Lying::Kept, Some(kept)) => kept.read(&range, max),
            _ => transcript.read(&range, max),
        }
    }

    /// Gives back memory that is not needed.
    pub(super) fn shrink(&mut self) {
        self.parts.shrink_to_fit();
    }

    /// The same where all has been taken, but for what the next batch most likely needs.
    pub(super) fn rest(&mut self) {
        self.parts.shrink_to(KEPT_PARTS);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(super) fn add(&mut self, part: Part) {
        match self.parts.back_mut() {
            _ if part.len() == 0 => {}
            Some(last) if last.is_followed_by(&part) => {
                self.own += part.own_len();
                last.range.end = part.range.end;
            }
            _ => {
                self.own += PART_LEN + part.own_len();
                self.parts.push_back(part);
            }
        }
    }

    /// Copies what is for this member alone out of the batch, of the last so many parts.
    pub(super) fn keep(&mut self, added: usize, memory: &Arc<Memory>) {
        let first = self.parts.len().saturating_sub(added);
        let added: Vec<_> = self.parts.drain(first..).collect();
        for Part { lying, range } in added {
            self.own -= PART_LEN;
            match lying {
                Lying::Batch(bytes) => {
                    let bytes = &bytes[range.start as usize..range.end as usize];
                    self.own -= bytes.len();
                    let kept = self.kept.get_or_insert_with(|| Box::new(Transcript::new(memory)));
                    kept.begin_batch(bytes.len());
                    let range = kept.append(bytes);
                    self.add(Part { lying: Lying::Kept, range });
                }
                lying => self.add(Part { lying, range }),
            }
        }
        self.kept.iter_mut().for_each(|kept| kept.settle());
    }

    /// Notes that so many bytes have been taken, unless all has been given up meanwhile.
    pub(super) fn take(&mut self, mut count: usize) {
        while let Some(first) = self.parts.front_mut().filter(|_| count > 0) {
            let taken = count.min(first.len());
            count -= taken;
            self.own -= taken.min(first.own_len());
            first.range.start += taken as u64;
            if let (Lying::Kept, Some(kept)) = (&first.lying, &mut self.kept) {
                kept.keep_from(first.range.start);
            }
            if first.len() == 0 {
                self.own -= PART_LEN;
                self.parts.pop_front();
            }
        }
        if self.parts.is_empty() {
            self.kept = None;
        }
    }
}

impl Part {
    pub(super) fn shared(range: Range<u64>) -> Part {
        Part { lying: Lying::Shared, range }
    }

    pub(super) fn own(bytes: &Arc<Vec<u8>>, range: Range<usize>) -> Part {
        Part { lying: Lying::Batch(Arc::clone(bytes)), range: range.start as u64..range.end as u64 }
    }

    pub(super) fn len(&self) -> usize {
        (self.range.end - self.range.start) as usize
    }

    fn own_len(&self) -> usize {
        if matches!(self.lying, Lying::Shared) { 0 } else { self.len() }
    }

    fn is_followed_by(&self, next: &Part) -> bool {
        let lie_together =
            matches!((&self.lying, &next.lying), (Lying::Shared, Lying::Shared) | (Lying::Kept, Lying::Kept));
        lie_together && self.range.end == next.range.start
    }
}
