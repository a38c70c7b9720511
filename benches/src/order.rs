//! Whether every message arrives once, whole, in one order for all, and at none of its senders.
//!
//! Client 0 is the *observer*: it never talks, so it gets every message, and the order in which it gets them is
//! the order. Everyone else must get exactly that, less what is its own. Who is ahead of the observer (the load
//! reads its clients in turn) waits to be compared until the observer has come as far.

use crate::result::Result;
use std::collections::VecDeque;

pub const OBSERVER: usize = 0;
/// Characters at the start of a message that say which it is.
pub const LABEL: usize = 8;
const BITS: usize = 6;
const SENDER_BITS: usize = 12;

/// Which message: the sender's count (36 bits) and its sender (12 bits, which come first in the label: of a message
/// shorter than that, one character tells the sender, if it is one of the first 64).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id(u64);

impl Id {
    pub fn new(sender: usize, sequence: usize) -> Id {
        Id((sequence as u64) << SENDER_BITS | sender as u64)
    }

    pub fn sender(self) -> usize {
        (self.0 & ((1 << SENDER_BITS) - 1)) as usize
    }

    pub fn sequence(self) -> usize {
        (self.0 >> SENDER_BITS) as usize
    }

    /// Six bits in each character, so that it is text.
    pub fn write(self, message: &mut [u8]) {
        for (at, byte) in message.iter_mut().take(LABEL).enumerate() {
            *byte = b'0' + (self.0 >> (BITS * at) & 0x3F) as u8;
        }
    }

    pub fn read(message: &[u8]) -> Id {
        let label = message.iter().take(LABEL).enumerate();
        Id(label.fold(0, |id, (at, byte)| id | u64::from(byte.wrapping_sub(b'0') & 0x3F) << (BITS * at)))
    }
}

pub struct Order {
    /// Of each sender: how long its messages are.
    sizes: Vec<usize>,
    /// What a message says behind its label; as long as the longest.
    blank: Vec<u8>,
    /// What the observer got.
    log: Vec<Id>,
    /// Of each sender: how many the observer got.
    heard: Vec<usize>,
    /// Of each receiver: how far in the log it has come, and what it got beyond the log's end.
    receivers: Vec<(usize, VecDeque<Id>)>,
    pub deliveries: u64,
}

impl Order {
    /// For as many clients as there are `sizes`; each says of one how long its messages are.
    pub fn new(sizes: Vec<usize>) -> Order {
        let longest = sizes.iter().copied().max().unwrap_or(0);
        let clients = sizes.len();
        Order {
            sizes,
            blank: (0..longest).map(|at| b'a' + (at % 26) as u8).collect(),
            log: Vec::new(),
            heard: vec![0; clients],
            receivers: vec![(0, VecDeque::new()); clients],
            deliveries: 0,
        }
    }

    /// The message that is to be sent.
    pub fn message(&self, id: Id) -> Vec<u8> {
        let mut message = self.blank[..self.sizes[id.sender()]].to_vec();
        id.write(&mut message);
        message
    }

    pub fn received(&mut self, receiver: usize, message: &[u8]) -> Result<Id> {
        self.deliveries += 1;
        let id = Id::read(message);
        let size = *self.sizes.get(id.sender()).ok_or("a message from nobody")?;
        if message.len() != size || message[LABEL..] != self.blank[LABEL..size] {
            return Err(format!("a broken message of {} bytes", message.len()).into());
        }
        if receiver == OBSERVER {
            self.observe(id)?;
        } else {
            self.receivers[receiver].1.push_back(id);
            self.compare(receiver)?;
        }
        Ok(id)
    }

    fn observe(&mut self, id: Id) -> Result<()> {
        let heard = &mut self.heard[id.sender()];
        if id.sequence() != *heard {
            return Err(format!("message {} of {} in place of {heard}", id.sequence(), id.sender()).into());
        }
        *heard += 1;
        self.log.push(id);
        Ok(())
    }

    fn compare(&mut self, receiver: usize) -> Result<()> {
        let (next, early) = &mut self.receivers[receiver];
        loop {
            while self.log.get(*next).is_some_and(|id| id.sender() == receiver) {
                *next += 1;
            }
            let (Some(&expected), Some(&got)) = (self.log.get(*next), early.front()) else { return Ok(()) };
            if expected != got {
                return Err(format!(
                    "message {} of {} where the observer has {} of {}",
                    got.sequence(),
                    got.sender(),
                    expected.sequence(),
                    expected.sender()
                )
                .into());
            }
            *next += 1;
            early.pop_front();
        }
    }

    /// Whether everyone has got everything, when each client has sent so many as `sent` says.
    pub fn is_complete(&mut self, sent: &[usize]) -> Result<bool> {
        if self.heard != sent {
            return Ok(false);
        }
        for receiver in 1..self.receivers.len() {
            self.compare(receiver)?;
            let (next, early) = &self.receivers[receiver];
            if *next < self.log.len() || !early.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 16;

    /// Plays `(receiver, sender, sequence)` among three clients of which 1 has sent two messages and 2 has sent one.
    fn play(deliveries: &[(usize, usize, usize)]) -> Result<bool> {
        let mut order = Order::new(vec![SIZE; 3]);
        for &(receiver, sender, sequence) in deliveries {
            let message = order.message(Id::new(sender, sequence));
            assert!(order.received(receiver, &message)? == Id::new(sender, sequence));
        }
        order.is_complete(&[0, 2, 1])
    }

    #[test]
    fn everything_once_and_in_one_order() {
        let observed = [(0, 1, 0), (0, 2, 0), (0, 1, 1)];
        let others = [(1, 2, 0), (2, 1, 0), (2, 1, 1)];
        assert!(play(&[observed, others].concat()).unwrap());
        assert!(play(&[others, observed].concat()).unwrap(), "ahead of the observer");
        assert!(!play(&[&observed[..], &others[..2]].concat()).unwrap(), "one is missing");
        assert!(!play(&[&observed[..2], &others[..]].concat()).unwrap(), "the observer misses one");
    }

    #[test]
    fn what_must_not_be() {
        assert!(play(&[(0, 1, 1)]).is_err(), "out of the sender's order");
        assert!(play(&[(0, 1, 0), (0, 1, 0)]).is_err(), "twice to the observer");
        assert!(play(&[(0, 1, 0), (0, 1, 1), (2, 1, 0), (2, 1, 0)]).is_err(), "twice to another");
        assert!(play(&[(0, 1, 0), (0, 2, 0), (1, 1, 0)]).is_err(), "to its own sender");
        assert!(play(&[(0, 1, 0), (0, 1, 1), (2, 1, 1)]).is_err(), "another order");
        assert!(
            !play(&[(0, 1, 0), (0, 1, 1), (0, 2, 0), (1, 2, 0), (1, 1, 1)]).unwrap(),
            "to its own, at the end"
        );
    }

    #[test]
    fn broken_messages() {
        let mut order = Order::new(vec![SIZE; 3]);
        let whole = order.message(Id::new(1, 0));
        let mut changed = whole.clone();
        changed[SIZE - 1] ^= 1;
        assert!(order.received(0, &whole[..SIZE - 1]).is_err());
        assert!(order.received(0, &changed).is_err());
        assert!(order.received(0, &whole).is_ok());
    }
}
