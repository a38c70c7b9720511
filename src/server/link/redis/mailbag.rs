//! What is to be published: filled by the clients' threads, which never wait here, and emptied by the publisher.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::time::{Duration, Instant};

use super::payload::{BulletinWriter, Record};
use crate::server::link::news::News;
use crate::server::sync::{Condvar, Mutex, lock, wait_timeout};

/// The most that gathers until it is published, in bytes. A message always fits if there is nothing else.
const QUEUED_MAX: usize = 4 << 20;

/// What a bulletin is filled up to, in bytes: Redis has to take it in and answer in time.
const BULLETIN_MAX: usize = 64 << 10;

/// See the module's documentation.
pub(super) struct Mailbag {
    server: u64,
    contents: Mutex<Contents>,
    /// Something to be published, or the end.
    filled: Condvar,
    ended: Condvar,
}

#[derive(Default)]
struct Contents {
    /// Whether there is a Redis that takes it.
    is_open: bool,
    /// The last one is still being filled.
    bulletins: VecDeque<BulletinWriter>,
    /// How long they are together, in bytes.
    len: usize,
    /// This server's named clients: what they are told by, room and name.
    clients: BTreeMap<u64, (String, String)>,
    next_client: u64,
    owes_roster: bool,
    owes_hello: bool,
    next_bulletin: u64,
    messages: u64,
    stopping: bool,
    has_said_gone: bool,
    /// Whether the last bulletin is on its way, or there will be none.
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

impl Mailbag {
    pub(super) fn new(server: u64) -> Mailbag {
        Mailbag { server, contents: Mutex::default(), filled: Condvar::new(), ended: Condvar::new() }
    }

    /// Puts a message in; returns `false` where Redis is away, or too far behind.
    pub(super) fn publish(&self, room: &str, frame: &[u8]) -> bool {
        let mut contents = lock(&self.contents);
        let fits = contents.len == 0 || contents.len + frame.len() <= QUEUED_MAX;
        let taken = contents.is_open && fits;
        if taken {
            self.push(&mut contents, Record::News(News::Message { room, frame }));
        }
        taken
    }

    /// Puts in that a client comes; returns the number by which it is to go.
    pub(super) fn introduce(&self, room: &str, name: &str) -> u64 {
        let mut contents = lock(&self.contents);
        let client = contents.next_client;
        contents.next_client += 1;
        contents.clients.insert(client, (room.to_owned(), name.to_owned()));
        self.push_change(&mut contents, Record::News(News::Joined { client, room, name }));
        client
    }

    /// Puts in that a client goes.
    pub(super) fn take_leave(&self, client: u64) {
        let mut contents = lock(&self.contents);
        if let Some((room, _)) = contents.clients.remove(&client) {
            self.push_change(&mut contents, Record::News(News::Left { client, room: &room }));
        }
    }

    /// Puts in that someone has come or gone. Where that does not fit, a roster tells of it later.
    fn push_change(&self, contents: &mut Contents, record: Record<'_>) {
        if contents.is_open && contents.len <= QUEUED_MAX {
            self.push(contents, record);
        } else {
            contents.owes_roster = true;
        }
    }

    fn push(&self, contents: &mut Contents, record: Record<'_>) {
        contents.push(record);
        self.filled.notify_one();
    }

    /// Notes that it is emptied from now on. The others are told first who is here, and asked who is there.
    pub(super) fn open(&self) {
        let mut contents = lock(&self.contents);
        contents.is_open = true;
        contents.owes_roster = true;
        contents.owes_hello = true;
    }

    /// Notes that it is not emptied any more; returns how many messages are lost by that.
    pub(super) fn close(&self) -> u64 {
        let mut contents = lock(&self.contents);
        contents.is_open = false;
        contents.len = 0;
        mem::take(&mut contents.bulletins).iter().map(BulletinWriter::messages).sum()
    }

    /// Has the others told who is here.
    pub(super) fn owe_roster(&self) {
        lock(&self.contents).owes_roster = true;
        self.filled.notify_one();
    }

    /// Has the others asked who is there.
    pub(super) fn owe_hello(&self) {
        lock(&self.contents).owes_hello = true;
        self.filled.notify_one();
    }

    /// Returns what is to be published next: after `patience` that this server is alive, at the end `None`.
    pub(super) fn take(&self, patience: Duration) -> Option<Outgoing> {
        let deadline = Instant::now() + patience;
        let mut contents = lock(&self.contents);
        while !contents.has_something() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                contents.push(Record::Alive);
                break;
            }
            contents = wait_timeout(&self.filled, contents, left).0;
        }
        if contents.has_ended {
            return None;
        }
        contents.pay_debts();
        let bulletin = contents.bulletins.pop_front()?;
        contents.len -= bulletin.len();
        let (messages, says_hello, is_last) =
            (bulletin.messages(), bulletin.says_hello(), bulletin.says_gone());
        let payload = bulletin.finish(self.server, contents.next_bulletin, contents.messages);
        contents.next_bulletin += 1;
        contents.messages += messages;
        Some(Outgoing { payload, messages, says_hello, is_last })
    }

    pub(super) fn is_stopping(&self) -> bool {
        lock(&self.contents).stopping
    }

    /// Waits for so long, or until the server stops.
    pub(super) fn pause(&self, time: Duration) {
        let deadline = Instant::now() + time;
        let mut contents = lock(&self.contents);
        while !contents.stopping {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            contents = wait_timeout(&self.ended, contents, left).0;
        }
    }

    /// Puts in that this server goes, and waits until that is published, at most until `deadline`.
    pub(super) fn stop(&self, deadline: Instant) {
        let mut contents = lock(&self.contents);
        contents.stopping = true;
        self.filled.notify_all();
        self.ended.notify_all();
        while contents.is_open && !contents.has_ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            contents = wait_timeout(&self.ended, contents, left).0;
        }
    }

    /// Notes that the last bulletin has been published, or that nothing will be.
    pub(super) fn end(&self) {
        lock(&self.contents).has_ended = true;
        self.ended.notify_all();
    }
}

impl Contents {
    fn has_something(&self) -> bool {
        self.stopping || self.owes_roster || self.owes_hello || !self.bulletins.is_empty()
    }

    fn push(&mut self, record: Record<'_>) {
        if self.bulletins.back().is_none_or(|last| last.len() >= BULLETIN_MAX) {
            self.bulletins.push_back(BulletinWriter::new());
        }
        if let Some(last) = self.bulletins.back_mut() {
            let before = if last.is_empty() { 0 } else { last.len() };
            last.push(record);
            self.len += last.len() - before;
        }
    }

    /// Adds what is owed. A roster waits until there is room for it, so that rosters do not pile up.
    fn pay_debts(&mut self) {
        if self.len <= QUEUED_MAX / 2 && mem::take(&mut self.owes_roster) {
            self.push(Record::News(News::RosterBegins));
            let clients = mem::take(&mut self.clients);
            for (client, (room, name)) in &clients {
                self.push(Record::News(News::Joined { client: *client, room, name }));
            }
            self.clients = clients;
            self.push(Record::News(News::RosterEnds));
        }
        if mem::take(&mut self.owes_hello) {
            self.push(Record::Hello);
        }
        if self.stopping && !mem::replace(&mut self.has_said_gone, true) {
            self.push(Record::News(News::Gone));
        }
    }
}
