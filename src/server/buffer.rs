//! A client's receive buffer: grows with what really arrives, and shrinks again.

use std::sync::Arc;

use super::memory::{Charge, Exhausted, Memory, Purpose};
use super::pace::READ_MAX;
use crate::protocol::receiver::ServerReceiver;

/// The size in bytes of a buffer in which little has arrived: a thousand idle clients are the common case.
const SMALL: usize = 512;

/// Bytes that have arrived, and free space for more.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    max: usize,
    charge: Charge,
    /// Whether the last read filled the buffer, so that there may be more to read.
    brimmed: bool,
}

impl Buffer {
    /// Returns an empty buffer. It grows to `max` bytes, as many as may have to be kept, or to `READ_MAX` if that is
    /// more.
    pub(crate) fn new(max: usize, memory: &Arc<Memory>) -> Buffer {
        let mut charge = Charge::new(memory, Purpose::Receive);
        charge.settle(SMALL);
        Buffer { bytes: vec![0; SMALL], filled: 0, max: max.max(READ_MAX), charge, brimmed: false }
    }

    /// Returns what has arrived.
    pub(crate) fn filled(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.filled]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Returns free space to read into: never empty while fewer than `max` bytes are kept. The buffer's size is
    /// quadrupled when it is full, and up to `READ_MAX` also when the last read filled it.
    ///
    /// # Errors
    ///
    /// `Exhausted` where it is full, and there is no memory now for it to grow.
    pub(crate) fn free(&mut self) -> Result<&mut [u8], Exhausted> {
        let is_full = self.filled == self.bytes.len();
        if is_full || (self.brimmed && self.bytes.len() < READ_MAX) {
            match self.grow(is_full) {
                Err(Exhausted) if is_full => return Err(Exhausted),
                _ => {}
            }
        }
        Ok(&mut self.bytes[self.filled..])
    }

    fn grow(&mut self, is_needed: bool) -> Result<(), Exhausted> {
        let len = self.bytes.len().saturating_mul(4).min(self.max);
        if is_needed { self.charge.resize_for_message(len) } else { self.charge.resize(len) }?;
        self.bytes.reserve_exact(len - self.bytes.len());
        self.bytes.resize(len, 0);
        Ok(())
    }

    /// Notes that `count` bytes have been read into the free space.
    pub(crate) fn add(&mut self, count: usize) {
        self.filled += count;
        self.brimmed = self.filled == self.bytes.len();
    }

    /// Keeps what the receiver still needs. Where that fills the buffer, [`Buffer::free`] makes it larger.
    pub(crate) fn compact(&mut self, receiver: &mut ServerReceiver) {
        self.filled = receiver.compact(&mut self.bytes, self.filled).unwrap_or(self.filled);
    }

    /// Keeps nothing.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
    }

    /// Removes `count` bytes from the front.
    pub(crate) fn take(&mut self, count: usize) {
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
    }

    /// Whether memory could be given back.
    pub(crate) fn is_oversized(&self) -> bool {
        self.bytes.len() > SMALL && self.filled < self.bytes.len() / 4
    }

    /// Whether it has memory that somebody else waits for.
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_oversized() && (self.charge.has_turn() || self.charge.memory().is_scarce())
    }

    /// Gives back the memory that so few bytes do not need.
    ///
    /// The small buffer does not come from `vec![0; len]`: glibc keeps what a thread frees for that thread's next
    /// allocation, but not for one that asks for cleared memory, so each change of size would leave a buffer behind.
    pub(crate) fn shrink(&mut self) {
        if self.is_oversized() {
            let len = SMALL.max(self.filled * 2).next_power_of_two();
            let mut bytes = Vec::with_capacity(len);
            bytes.extend_from_slice(&self.bytes[..self.filled]);
            bytes.resize(len, 0);
            self.bytes = bytes;
            self.charge.settle(len);
            self.brimmed = false;
        }
    }
}
