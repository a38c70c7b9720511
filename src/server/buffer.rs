//! A client's receive buffer: grows with what really arrives, and shrinks again.

use super::connection::READ_MAX;

/// The size of a buffer nothing much has arrived in, in bytes: a thousand idle clients are the common case.
const SMALL: usize = 512;

/// Bytes that have arrived, and room for more.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    max: usize,
    /// Whether the last read would have taken more.
    brimmed: bool,
}

impl Buffer {
    /// An empty buffer that never grows past `max` bytes, where as many may be kept, nor past what is read at once.
    pub(crate) fn new(max: usize) -> Buffer {
        Buffer { bytes: vec![0; SMALL], filled: 0, max: max.max(READ_MAX), brimmed: false }
    }

    /// What has arrived.
    pub(crate) fn filled(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.filled]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Room to read into: never empty while fewer than `max` bytes are kept. It is quadrupled when it has not sufficed.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.len() || (self.brimmed && self.bytes.len() < READ_MAX) {
            let len = (self.bytes.len() * 4).min(self.max);
            self.bytes.reserve_exact(len - self.bytes.len());
            self.bytes.resize(len, 0);
        }
        &mut self.bytes[self.filled..]
    }

    /// So many bytes have been read into the free room.
    pub(crate) fn add(&mut self, count: usize) {
        self.filled += count;
        self.brimmed = self.filled == self.bytes.len();
    }

    /// Only the first so many bytes are kept.
    pub(crate) fn keep(&mut self, count: usize) {
        self.filled = count;
    }

    /// Removes so many bytes from the front.
    pub(crate) fn take(&mut self, count: usize) {
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
    }

    /// Whether memory could be given back.
    pub(crate) fn is_oversized(&self) -> bool {
        self.bytes.len() > SMALL && self.filled < self.bytes.len() / 4
    }

    /// Gives back what is not needed for so few bytes.
    ///
    /// The small buffer is not had by `vec![0; len]`: glibc keeps what a thread frees for what that thread allocates next, but
    /// not for what it is to clear itself, so that each change of size would leave a buffer behind.
    pub(crate) fn shrink(&mut self) {
        if self.is_oversized() {
            let len = SMALL.max(self.filled * 2).next_power_of_two();
            let mut bytes = Vec::with_capacity(len);
            bytes.extend_from_slice(&self.bytes[..self.filled]);
            bytes.resize(len, 0);
            self.bytes = bytes;
            self.brimmed = false;
        }
    }
}
