//! What is said in a room: whole frames end to end, in the room's order, held once for all who have not taken them yet.
//!
//! A place in the transcript is how many bytes have been said before it since the room came into being. So a place
//! means the same for ever, and whoever lags needs no copy: it knows from where to where it has still to be sent.
//!
//! ```text
//!      kept by the history         held by an outbox       the batch being written
//!              |                           |                          |
//!   - - - - - -+---------------------------+--------------------------+---------- end
//!    dropped   |   chunk   |   chunk   |   chunk   |    chunk    |   chunk       |
//!   - - - - - -+-----------------------------------------------------+----------
//! ```
//!
//! It lies in chunks, each shared with those who are sending from it. A chunk goes when nobody needs anything before
//! its end.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use crate::server::memory::{Charge, Memory, Purpose, grown};

/// The size of a chunk in bytes, unless a batch is larger: a batch lies in one chunk, so that it is sent at once. The
/// model checker's are small, so that they come and go.
pub(super) const CHUNK: usize = if cfg!(chinwag_model) { 16 } else { 32 * 1024 };

/// The size in bytes up to which a chunk is kept to be filled again.
const SPARE_MAX: usize = 4 * CHUNK;

/// What a chunk takes beside its bytes.
const CHUNK_OVERHEAD: usize = 64;

/// The module's documentation has the picture.
pub(super) struct Transcript {
    /// None is empty but the last, and each begins where the one before ends.
    chunks: VecDeque<Chunk>,
    end: u64,
    /// From where on the room's writer needs it: for the history, and for the batch that it is writing.
    kept: u64,
    /// From where on outboxes need it, and how many of them.
    holds: BTreeMap<u64, usize>,
    /// A chunk to be filled again.
    spare: Option<Arc<Vec<u8>>>,
    /// How much memory all chunks hold, in bytes.
    capacity: usize,
    charge: Charge,
}

struct Chunk {
    start: u64,
    bytes: Arc<Vec<u8>>,
}

impl Chunk {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

/// Bytes that stay where they are while they are being sent.
pub(super) type Held = (Arc<Vec<u8>>, Range<usize>);

impl Transcript {
    pub(super) fn new(memory: &Arc<Memory>) -> Self {
        Transcript {
            chunks: VecDeque::new(),
            end: 0,
            kept: 0,
            holds: BTreeMap::new(),
            spare: None,
            capacity: 0,
            charge: Charge::new(memory, Purpose::Write),
        }
    }

    /// Where the next frame will be.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Makes the end of the transcript one where about `expected` bytes can be appended, so that they lie in one chunk.
    pub(super) fn begin_batch(&mut self, expected: usize) {
        let last = self.chunks.back_mut().and_then(|chunk| Arc::get_mut(&mut chunk.bytes));
        let len = last.filter(|bytes| bytes.is_empty() || bytes.len().saturating_add(expected) <= CHUNK);
        match len.map(|bytes| bytes.len()) {
            Some(len) => self.reserve(len + expected),
            None => self.begin_chunk(expected),
        }
    }

    /// The same where it is to be a new chunk.
    pub(super) fn begin_chunk(&mut self, expected: usize) {
        let bytes = self.spare.take().unwrap_or_default();
        self.chunks.push_back(Chunk { start: self.end, bytes });
        self.capacity += CHUNK_OVERHEAD;
        self.reserve(expected);
    }

    /// Gives the last chunk a capacity of `needed` bytes.
    fn reserve(&mut self, needed: usize) {
        let last = self.last();
        let before = last.capacity();
        last.reserve_exact(grown::<u8>(before, needed) - last.len());
        self.capacity += self.last().capacity() - before;
    }

    /// Appends a frame, or a part of it, behind [`Transcript::begin_batch`]; where it lies.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Range<u64> {
        let needed = self.last().len() + bytes.len();
        self.reserve(needed);
        self.last().extend_from_slice(bytes);
        let start = self.end;
        self.end += bytes.len() as u64;
        start..self.end
    }

    /// The last chunk, which a batch has been begun in: nobody else has it yet.
    fn last(&mut self) -> &mut Vec<u8> {
        let last = self.chunks.back_mut().and_then(|chunk| Arc::get_mut(&mut chunk.bytes));
        last.expect("a batch has been begun, and nobody has seen its chunk")
    }

    /// Charges for what it holds now.
    pub(super) fn settle(&mut self) {
        self.charge.settle(self.capacity);
    }

    /// The beginning of `range`, as far as it lies in one chunk, and at most `max` bytes of it.
    pub(super) fn read(&self, range: &Range<u64>, max: usize) -> Held {
        // Most often it is in the last.
        let chunk = self.chunks.iter().rev().find(|chunk| chunk.start <= range.start);
        let chunk = chunk.expect("what is needed has not been dropped");
        let start = (range.start - chunk.start) as usize;
        let end = (range.end.min(chunk.end()) - chunk.start) as usize;
        (Arc::clone(&chunk.bytes), start..end.min(start.saturating_add(max)))
    }

    /// From here on it is needed by the writer, and no longer before.
    pub(super) fn keep_from(&mut self, place: u64) {
        self.kept = place;
        self.drop_unneeded();
    }

    /// Whether somebody needs more of it than the writer.
    pub(super) fn is_held(&self) -> bool {
        !self.holds.is_empty()
    }

    /// From here on it is needed by one more outbox.
    pub(super) fn hold(&mut self, place: u64) {
        *self.holds.entry(place).or_default() += 1;
    }

    /// An outbox that held it from this place on does so no longer.
    pub(super) fn let_go(&mut self, place: u64) {
        if let Some(count) = self.holds.get_mut(&place) {
            *count -= 1;
            if *count == 0 {
                self.holds.remove(&place);
                self.drop_unneeded();
            }
        }
    }

    fn drop_unneeded(&mut self) {
        let needed = self.holds.keys().next().map_or(self.kept, |held| self.kept.min(*held));
        while self.chunks.front().is_some_and(|chunk| chunk.end() <= needed) {
            let Some(mut chunk) = self.chunks.pop_front() else { return };
            self.capacity -= CHUNK_OVERHEAD;
            match Arc::get_mut(&mut chunk.bytes) {
                Some(bytes) if self.spare.is_none() && bytes.capacity() <= SPARE_MAX => {
                    bytes.clear();
                    self.spare = Some(chunk.bytes);
                }
                _ => self.capacity -= chunk.bytes.capacity(),
            }
            self.settle();
        }
    }

    /// How much memory it holds, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives back what it does not need for what it holds.
    pub(super) fn shrink(&mut self) {
        self.capacity -= self.spare.take().map_or(0, |bytes| bytes.capacity());
        if let Some(bytes) = self.chunks.back_mut().and_then(|chunk| Arc::get_mut(&mut chunk.bytes)) {
            self.capacity -= bytes.capacity();
            bytes.shrink_to_fit();
            self.capacity += bytes.capacity();
        }
        self.settle();
    }
}
