//! What stdin has said, until it is known to have arrived.
//!
//! Rules:
//!
//! 1. Behind lines goes a Ping with the number of the last one. A server reads in order, and answers a Ping "as soon as
//!    is practical" (§5.5.2): its Pong says that it has read all lines before it. They are *settled*, and forgotten. So it
//!    needs no server that sends back what was said. From one that does, the line that has come back is settled at once.
//! 2. After a reconnect nothing is sent before the history has come. Where it has a line, that one and all before it have
//!    arrived: they were sent in order. The others are sent again. A line with a name is found by its id. One without is
//!    found where the new part of the history has it, in order. Where it cannot be told, it is rather sent twice than lost.
//! 3. So few lines are on their way at once that the history that a server keeps by default has them all. More wait, up to a
//!    bound. Beyond that stdin is not read (*backpressure*).
//! 4. A server that refuses a line says so with a Close, and takes nothing behind it. Which one it was is found out: those
//!    that were on their way go again one by one. One that is refused alone is told of, and dropped.
//! 5. Only one thread writes, and it never reads: the other end may stop reading until its own messages are read.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::random::Random;
use super::screen::{History, Key};
use crate::protocol::close::CloseCode;
use crate::protocol::control::ControlFrame;
use crate::protocol::frame::{FrameHeader, Opcode, frame_in_place};

/// The most that waits, in lines and in bytes.
const LINES_MAX: usize = 1024;
const BYTES_MAX: usize = 256 * 1024;

/// The most that is on its way, in lines.
const UNSETTLED_MAX: usize = 32;

/// How long the other end may say nothing before it is sent a Ping; silent for as long again, it is given up.
pub(super) const SILENCE: Duration = Duration::from_secs(20);

/// How long it may take to answer a Close.
const CLOSING: Duration = Duration::from_secs(5);

/// The payload of a connection's first Ping: the history comes before its Pong.
const JOINED: &[u8] = b"joined";

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    change: Condvar,
}

struct Line {
    number: u64,
    text: String,
    /// What it is known by when it comes back.
    key: Key,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Line>,
    bytes: usize,
    taken: u64,
    has_ended: bool,
    is_abandoned: bool,
    /// How many of the lines have ever been sent, and how many on this connection.
    tried: usize,
    sent: usize,
    /// The lines up to this number are sent one by one.
    careful: u64,
    connection: Connection,
}

/// What there is to know of the present connection.
#[derive(Default)]
struct Connection {
    greeted: bool,
    joined: bool,
    /// When something was heard last. `None` while it is being printed, which may take as long as it will.
    heard: Option<Instant>,
    pinged: bool,
    /// §5.5.3: of several Pings the newest is enough to answer.
    ping: Option<Vec<u8>>,
    over: Option<Over>,
}

/// Why a connection is over.
#[derive(Clone, Debug)]
pub(super) struct Over {
    /// What is sent with Close, if anything still can be.
    pub(super) code: Option<CloseCode>,
    pub(super) why: String,
}

/// What the writer is to do.
pub(super) enum Turn {
    Write,
    /// All is said.
    Finish,
    Over(Over),
}

impl Outbox {
    /// Takes a line, once there is room for it.
    pub(super) fn push(&self, text: String, key: Key) {
        let is_full = |state: &mut State| state.lines.len() >= LINES_MAX || state.bytes >= BYTES_MAX;
        let waiting = self.change.wait_while(self.lock(), is_full);
        let mut state = waiting.unwrap_or_else(PoisonError::into_inner);
        state.taken += 1;
        state.bytes += text.len();
        let number = state.taken;
        state.lines.push_back(Line { number, text, key });
        self.change.notify_all();
    }

    /// Takes note that stdin has ended.
    pub(super) fn end(&self) {
        self.change(|state| state.has_ended = true);
    }

    /// Takes note that nobody reads what is printed: it is over.
    pub(super) fn abandon(&self) {
        self.change(|state| state.is_abandoned = true);
    }

    /// Whether it was abandoned with something left to say.
    pub(super) fn is_cut_short(&self) -> bool {
        !self.lock().lines.is_empty()
    }

    /// Whether the present connection has got as far as the room.
    pub(super) fn has_joined(&self) -> bool {
        self.lock().connection.joined
    }

    /// Waits at most so long. Returns whether all has been said.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        let waiting = self.change.wait_timeout_while(self.lock(), patience, |state| !state.is_done());
        waiting.unwrap_or_else(PoisonError::into_inner).0.is_done()
    }

    /// Begins with a new connection.
    pub(super) fn begin(&self) {
        self.change(|state| {
            state.tried = state.tried.max(state.sent);
            state.sent = 0;
            state.connection = Connection { heard: Some(Instant::now()), ..Connection::default() };
        });
    }

    /// Takes note that the other end has been heard, or that what it says is being printed.
    pub(super) fn hear(&self, heard: Option<Instant>) {
        self.change(|state| (state.connection.heard, state.connection.pinged) = (heard, false));
    }

    /// Takes a Ping. Returns that it is no end of a history.
    pub(super) fn answer(&self, ping: &[u8]) -> bool {
        self.change(|state| state.connection.ping = Some(ping.to_vec()));
        false
    }

    /// Takes a Pong. Returns whether it is the first one's.
    pub(super) fn settle(&self, pong: &[u8]) -> bool {
        let number = std::str::from_utf8(pong).ok().and_then(|digits| digits.parse::<u64>().ok());
        self.change(|state| {
            let is_settled = |line: &&Line| number.is_some_and(|number| line.number <= number);
            let count = state.lines.iter().take(state.sent).take_while(is_settled).count();
            state.forget(count);
        });
        pong == JOINED
    }

    /// Takes what has come behind the history: the first line that is on its way, if that has come back.
    pub(super) fn come_back(&self, key: Key) {
        self.change(|state| {
            let is_first = state.sent > 0 && state.lines.front().is_some_and(|line| line.key == key);
            state.forget(usize::from(is_first));
        });
    }

    /// Takes note that the history has come. Settles what it has.
    pub(super) fn join(&self, history: &History, is_named: bool) {
        self.change(|state| {
            let tried = state.lines.iter().take(state.tried);
            let settled = match history.new {
                _ if is_named => {
                    let mut tried = tried;
                    tried.rposition(|line| history.all.contains(&line.key)).map_or(0, |last| last + 1)
                }
                Some(new) => {
                    let mut tried = tried.peekable();
                    let new = &history.all[history.all.len() - new..];
                    new.iter().filter(|key| tried.next_if(|line| line.key == **key).is_some()).count()
                }
                None => 0,
            };
            state.forget(settled);
            state.connection.joined = true;
        });
    }

    /// Takes note that the connection is over. The first reason counts.
    pub(super) fn lose(&self, over: Over) {
        self.change(|state| _ = state.connection.over.get_or_insert(over));
    }

    /// The server has refused something. Returns whether that was a line by itself, which is dropped.
    pub(super) fn refuse(&self) -> bool {
        self.change(|state| {
            let last = state.lines.iter().take(state.sent).next_back().map_or(0, |line| line.number);
            let is_found = state.sent == 1 && last <= state.careful;
            state.careful = state.careful.max(last);
            if is_found {
                state.forget(1);
            }
            is_found
        })
    }

    /// Waits for something to write, and puts it into `out`, as frames.
    pub(super) fn next(&self, out: &mut Vec<u8>, random: &mut Random) -> Turn {
        let mut state = self.lock();
        out.clear();
        loop {
            if let Some(turn) = state.turn(out, random) {
                return turn;
            }
            state = self.wait_a_little(state);
        }
    }

    /// Waits until the connection is over, at most as long as a closing may take, what is printed meanwhile aside.
    pub(super) fn wait_for_close(&self) {
        let (mut state, begun) = (self.lock(), Instant::now());
        while state.connection.over.is_none()
            && (state.connection.heard.is_none() || begun.elapsed() < CLOSING)
        {
            state = self.wait_a_little(state);
        }
    }

    /// Whether there is no hope left for the connection.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        state.connection.over.is_some() || state.connection.is_silent_for(SILENCE * 2)
    }

    fn wait_a_little<'o>(&self, state: MutexGuard<'o, State>) -> MutexGuard<'o, State> {
        self.change.wait_timeout(state, SILENCE / 20).unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.change.notify_all();
        result
    }
}

impl State {
    fn is_done(&self) -> bool {
        self.is_abandoned || self.has_ended && self.lines.is_empty()
    }

    fn forget(&mut self, count: usize) {
        for line in self.lines.drain(..count) {
            self.bytes -= line.text.len();
        }
        self.sent = self.sent.saturating_sub(count);
        self.tried = self.tried.saturating_sub(count);
    }

    fn turn(&mut self, out: &mut Vec<u8>, random: &mut Random) -> Option<Turn> {
        if let Some(over) = &self.connection.over {
            return Some(Turn::Over(over.clone()));
        }
        if self.is_abandoned || self.is_done() && self.connection.joined {
            return Some(Turn::Finish);
        }
        if let Some(ping) = self.connection.ping.take() {
            put(out, random, Opcode::Pong, &ping);
        }
        if !self.connection.greeted {
            self.connection.greeted = true;
            put(out, random, Opcode::Ping, JOINED);
        }
        if self.connection.is_silent_for(SILENCE * 2) {
            return Some(Turn::Over(Over { code: None, why: "the server has gone silent".to_owned() }));
        }
        if self.connection.is_silent_for(SILENCE) && !self.connection.pinged {
            self.connection.pinged = true;
            put(out, random, Opcode::Ping, b"");
        }
        if self.connection.joined {
            self.put_lines(out, random);
        }
        (!out.is_empty()).then_some(Turn::Write)
    }

    fn put_lines(&mut self, out: &mut Vec<u8>, random: &mut Random) {
        let mut last = None;
        while let Some(line) = self.lines.get(self.sent) {
            let most = if line.number <= self.careful { 1 } else { UNSETTLED_MAX };
            if self.sent >= most || self.sent > 0 && out.len() >= BYTES_MAX {
                break;
            }
            let mut frame = vec![0; FrameHeader::MAX_LEN];
            frame.extend_from_slice(line.text.as_bytes());
            let key = Some(random.masking_key());
            out.extend_from_slice(
                frame_in_place(&mut frame, FrameHeader::MAX_LEN, Opcode::Text, key).unwrap_or_default(),
            );
            self.sent += 1;
            last = Some(line.number);
        }
        if let Some(last) = last {
            put(out, random, Opcode::Ping, last.to_string().as_bytes());
        }
    }
}

impl Connection {
    fn is_silent_for(&self, time: Duration) -> bool {
        self.heard.is_some_and(|heard| heard.elapsed() >= time)
    }
}

fn put(out: &mut Vec<u8>, random: &mut Random, opcode: Opcode, payload: &[u8]) {
    out.extend_from_slice(ControlFrame::new(opcode, payload, Some(random.masking_key())).as_bytes());
}
