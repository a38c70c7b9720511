//! What is to be published: filled by the clients' threads, which never wait here, and emptied by the publisher.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::time::{Duration, Instant};

use super::payload::{BatchWriter, Record};
use crate::server::sync::{Condvar, Mutex, lock, wait_timeout};

/// The most that gathers until it is published, in bytes; a message always fits if there is nothing else.
const QUEUED_MAX: usize = 4 << 20;

/// What a batch is filled up to, in bytes: Redis has to take it in and answer in time.
const BATCH_MAX: usize = 64 << 10;

/// See the module's documentation.
pub(super) struct Outbox {
    server: u64,
    queue: Mutex<Queue>,
    /// Something to be published, or the end.
    filled: Condvar,
    ended: Condvar,
}

struct Queue {
    /// Whether there is a Redis that takes it.
    is_open: bool,
    /// The last one is still being filled.
    batches: VecDeque<BatchWriter>,
    /// How long they are together, in bytes.
    len: usize,
    /// This server's named clients: what they are told by, room and name.
    clients: BTreeMap<u64, (String, String)>,
    next_client: u64,
    owes_roster: bool,
    owes_hello: bool,
    next_batch: u64,
    messages: u64,
    stopping: bool,
    has_said_gone: bool,
    /// Whether the last batch is on its way, or there will be none.
    has_ended: bool,
}

/// What is published at once.
pub(super) struct Outgoing {
    pub(super) payload: Vec<u8>,
    pub(super) messages: u64,
    /// Whether the others are asked for who is there.
    pub(super) says_hello: bool,
    /// Whether this server takes leave with it.
    pub(super) is_last: bool,
}

impl Outbox {
    pub(super) fn new(server: u64) -> Outbox {
        let queue = Queue {
            is_open: false,
            batches: VecDeque::new(),
            len: 0,
            clients: BTreeMap::new(),
            next_client: 0,
            owes_roster: false,
            owes_hello: false,
            next_batch: 0,
            messages: 0,
            stopping: false,
            has_said_gone: false,
            has_ended: false,
        };
        Outbox { server, queue: Mutex::new(queue), filled: Condvar::new(), ended: Condvar::new() }
    }

    /// Puts a message in; `false` where Redis is away, or too far behind.
    pub(super) fn publish(&self, room: &str, frame: &[u8]) -> bool {
        let mut queue = lock(&self.queue);
        let fits = queue.len == 0 || queue.len + frame.len() <= QUEUED_MAX;
        let taken = queue.is_open && fits;
        if taken {
            self.push(&mut queue, Record::Message { room, frame });
        }
        taken
    }

    /// Puts in that a client comes; by the number returned it goes.
    pub(super) fn introduce(&self, room: &str, name: &str) -> u64 {
        let mut queue = lock(&self.queue);
        let client = queue.next_client;
        queue.next_client += 1;
        queue.clients.insert(client, (room.to_owned(), name.to_owned()));
        self.push_change(&mut queue, Record::Joined { client, room, name });
        client
    }

    /// Puts in that a client goes.
    pub(super) fn take_leave(&self, client: u64) {
        let mut queue = lock(&self.queue);
        if let Some((room, _)) = queue.clients.remove(&client) {
            self.push_change(&mut queue, Record::Left { client, room: &room });
        }
    }

    /// Where a change does not fit, a roster tells of it later.
    fn push_change(&self, queue: &mut Queue, record: Record<'_>) {
        if queue.is_open && queue.len <= QUEUED_MAX {
            self.push(queue, record);
        } else {
            queue.owes_roster = true;
        }
    }

    fn push(&self, queue: &mut Queue, record: Record<'_>) {
        queue.push(record);
        self.filled.notify_one();
    }

    /// From now on it is emptied. The others are told first who is here, and asked who is there.
    pub(super) fn open(&self) {
        let mut queue = lock(&self.queue);
        queue.is_open = true;
        queue.owes_roster = true;
        queue.owes_hello = true;
    }

    /// It is not emptied any more; how many messages are lost by that.
    pub(super) fn close(&self) -> u64 {
        let mut queue = lock(&self.queue);
        queue.is_open = false;
        queue.len = 0;
        mem::take(&mut queue.batches).iter().map(BatchWriter::messages).sum()
    }

    /// The others are to be told who is here.
    pub(super) fn owe_roster(&self) {
        lock(&self.queue).owes_roster = true;
        self.filled.notify_one();
    }

    /// The others are to be asked who is there.
    pub(super) fn owe_hello(&self) {
        lock(&self.queue).owes_hello = true;
        self.filled.notify_one();
    }

    /// The next to be published, after `patience` that this server is alive; `None` at the end.
    pub(super) fn take(&self, patience: Duration) -> Option<Outgoing> {
        let deadline = Instant::now() + patience;
        let mut queue = lock(&self.queue);
        while !queue.has_something() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                queue.push(Record::Alive);
                break;
            }
            queue = wait_timeout(&self.filled, queue, left).0;
        }
        if queue.has_ended {
            return None;
        }
        queue.pay_debts();
        let batch = queue.batches.pop_front()?;
        queue.len -= batch.len();
        let (messages, says_hello, is_last) = (batch.messages(), batch.says_hello(), batch.says_gone());
        let payload = batch.finish(self.server, queue.next_batch, queue.messages);
        queue.next_batch += 1;
        queue.messages += messages;
        Some(Outgoing { payload, messages, says_hello, is_last })
    }

    pub(super) fn is_stopping(&self) -> bool {
        lock(&self.queue).stopping
    }

    /// Waits for so long, or until the server stops.
    pub(super) fn pause(&self, time: Duration) {
        let deadline = Instant::now() + time;
        let mut queue = lock(&self.queue);
        while !queue.stopping {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            queue = wait_timeout(&self.ended, queue, left).0;
        }
    }

    /// Puts in that this server goes, and waits until that is published, at most until `deadline`.
    pub(super) fn stop(&self, deadline: Instant) {
        let mut queue = lock(&self.queue);
        queue.stopping = true;
        self.filled.notify_all();
        self.ended.notify_all();
        while queue.is_open && !queue.has_ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            queue = wait_timeout(&self.ended, queue, left).0;
        }
    }

    /// The last batch has been published, or nothing will be.
    pub(super) fn end(&self) {
        lock(&self.queue).has_ended = true;
        self.ended.notify_all();
    }
}

impl Queue {
    fn has_something(&self) -> bool {
        self.stopping || self.owes_roster || self.owes_hello || !self.batches.is_empty()
    }

    fn push(&mut self, record: Record<'_>) {
        if self.batches.back().is_none_or(|last| last.len() >= BATCH_MAX) {
            self.batches.push_back(BatchWriter::new());
        }
        if let Some(last) = self.batches.back_mut() {
            let before = if last.is_empty() { 0 } else { last.len() };
            last.push(record);
            self.len += last.len() - before;
        }
    }

    /// Adds what is owed; a roster waits until there is room for it, so that rosters do not pile up.
    fn pay_debts(&mut self) {
        if self.len <= QUEUED_MAX / 2 && mem::take(&mut self.owes_roster) {
            self.push(Record::RosterBegins);
            let clients = mem::take(&mut self.clients);
            for (client, (room, name)) in &clients {
                self.push(Record::Joined { client: *client, room, name });
            }
            self.clients = clients;
            self.push(Record::RosterEnds);
        }
        if mem::take(&mut self.owes_hello) {
            self.push(Record::Hello);
        }
        if self.stopping && !mem::replace(&mut self.has_said_gone, true) {
            self.push(Record::Gone);
        }
    }
}
