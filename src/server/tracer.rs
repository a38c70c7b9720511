//! `--trace`: everything that passes on a connection, explained byte for byte on the log.

use super::log::Log;
use super::sync::{Mutex, lock};
use crate::conversation::{Conversation, Side};
use crate::protocol::receiver::Limits;

/// Explains on the log what passes on one connection. An explanation is one write to the log, and each of its lines
/// begins with the client's number.
pub(crate) struct Tracer {
    log: Log,
    number: u64,
    conversation: Mutex<Conversation>,
}

impl Tracer {
    pub(crate) fn new(log: Log, number: u64, limits: Limits) -> Self {
        Tracer { log, number, conversation: Mutex::new(Conversation::new(Side::Server, limits)) }
    }

    /// Takes what has been received. No bytes are the end of the stream.
    pub(crate) fn receive(&self, bytes: &[u8]) {
        self.follow(|conversation| conversation.receive(bytes));
    }

    /// Takes what has been sent.
    pub(crate) fn send(&self, bytes: &[u8]) {
        self.follow(|conversation| conversation.send(bytes));
    }

    /// Takes note that nothing more is sent.
    pub(crate) fn end_sending(&self) {
        self.follow(Conversation::end_sending);
    }

    /// Logs under the lock: what comes first is explained first.
    fn follow(&self, change: impl FnOnce(&mut Conversation)) {
        let mut conversation = lock(&self.conversation);
        change(&mut conversation);
        let explained = conversation.explain(&format!("client {} ", self.number));
        explained.into_iter().for_each(|lines| self.log.error(lines));
    }
}

impl Drop for Tracer {
    /// A connection that broke, or was cut, may leave something that never became whole.
    fn drop(&mut self) {
        self.follow(Conversation::break_off);
    }
}
