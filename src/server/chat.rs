//! A client in its room: it reads and posts, until there is a reason to end.
//!
//! There is no timer thread. Each read waits until the next of the client's deadlines, computed anew before it. With a
//! timeout for each read alone, a client that sends one byte a second would live for ever.

use std::fmt;
use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use super::buffer::Buffer;
use super::connection::{Connection, LATE_READS_MAX, Reader};
use super::memory::Purpose;
use super::metrics::Dropped;
use super::pace::{Rest, TICK};
use super::room::{Farewell, alive, is_forged};
use super::rooms::Seat;
use super::shared::Shared;
use crate::protocol::close::CloseCode;
use crate::protocol::error::ProtocolError;
use crate::protocol::event::{Event, Message, MessageType};
use crate::protocol::frame::{FrameHeader, Opcode};
use crate::protocol::receiver::ServerReceiver;

/// How long memory that is not needed is kept.
const SHRINK_AFTER: Duration = Duration::from_secs(1);

/// How often the time is doubled that a reader waits for memory, from a [`TICK`] on.
const WAITS_MAX: u32 = 4;

/// How long at least a client's thread waits until its Close has been written, however short the close timeout is.
const WRITING_PATIENCE: Duration = Duration::from_millis(250);

/// Why a client leaves its room.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// The peer sent a Close.
    Closed(Option<CloseCode>),
    /// It broke the protocol, or crossed one of its limits.
    Failed(ProtocolError),
    /// It sent what only a server sends.
    Forged,
    /// A message was not complete in time.
    Slow,
    /// It did not answer a Ping in time.
    Silent,
    /// It fell too far behind, for itself or for all, and has been cut.
    Lagged(Dropped),
    /// The connection has ended without a Close.
    Gone,
}

impl End {
    /// The Close to be sent, if there is still someone to send it to.
    fn farewell(self) -> Option<Farewell> {
        let (code, reason, waits) = match self {
            // §5.5.1: "When sending a Close frame in response, the endpoint typically echos the status code".
            End::Closed(code) => (code.unwrap_or(CloseCode::NORMAL_CLOSURE), "", true),
            End::Failed(error) => (error.close_code(), error.reason(), true),
            End::Forged => (CloseCode::POLICY_VIOLATION, "only the server announces", true),
            End::Slow => (CloseCode::POLICY_VIOLATION, "message not complete in time", true),
            End::Silent => (CloseCode::INTERNAL_ERROR, "no sign of life", false),
            End::Lagged(_) | End::Gone => return None,
        };
        Some(Farewell { code, reason, waits })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.farewell()) {
            (End::Closed(Some(code)), _) => write!(f, "closed with {code}"),
            (End::Closed(None), _) => f.write_str("closed"),
            (_, Some(Farewell { code, reason, .. })) => {
                write!(f, "failed with {code}, {reason}")
            }
            (End::Lagged(Dropped::Memory), _) => f.write_str("dropped, behind while memory was scarce"),
            (End::Lagged(_), _) => f.write_str("dropped, too far behind"),
            (_, None) => f.write_str("gone"),
        }
    }
}

impl From<ProtocolError> for End {
    fn from(error: ProtocolError) -> End {
        End::Failed(error)
    }
}

/// A client in its room.
pub(super) struct Chat<'s> {
    shared: &'s Shared,
    reader: Reader,
    buffer: Buffer,
    receiver: ServerReceiver,
    seat: Seat<Connection>,
    /// How many bytes the last read has brought, and what is owed for those before.
    received: usize,
    rest: Rest,
    /// When the last byte came.
    heard: Instant,
    /// When it was pinged, if nothing has come since.
    pinged: Option<Instant>,
    /// When it is told next that its path is not dead, if it wants to know.
    next_alive: Option<Instant>,
    /// When the first byte of the present message was seen.
    message_begun: Option<Instant>,
    /// How many reads there have been after its deadline.
    late_reads: u32,
    /// When the memory that is held was last needed. `None`: it has been given back.
    needed: Option<Instant>,
    /// How often it has waited for memory in vain.
    waits: u32,
}

impl<'s> Chat<'s> {
    /// `buffer` has what came behind the request head.
    pub(super) fn new(shared: &'s Shared, reader: Reader, buffer: Buffer, seat: Seat<Connection>) -> Self {
        Chat {
            shared,
            reader,
            buffer,
            receiver: ServerReceiver::new(shared.config.limits()),
            seat,
            received: 0,
            rest: Rest::default(),
            heard: Instant::now(),
            pinged: None,
            next_alive: None,
            message_begun: None,
            late_reads: 0,
            needed: None,
            waits: 0,
        }
    }

    /// Stays as long as it may, and sees the client to its end. Returns why it has left. With every ping interval it tells
    /// a client that wants to know that its path is not dead.
    pub(super) fn run(mut self, connection: &Connection, wants_alive: bool) -> End {
        let interval = self.shared.config.ping_interval;
        self.next_alive = (wants_alive && !interval.is_zero()).then(|| self.heard + interval);
        let end = self.stay(connection);
        match end {
            End::Silent => self.shared.metrics.dropped(Dropped::Silent),
            End::Gone => self.shared.metrics.dropped(Dropped::Reset),
            _ => {}
        }
        if let Some(farewell) = end.farewell() {
            let deadline = Instant::now() + self.shared.config.close_timeout;
            self.seat.close(farewell);
            self.buffer.clear();
            self.buffer.shrink();
            self.reader.linger(deadline);
            connection.wait_for_end_of_writing(deadline.max(Instant::now() + WRITING_PATIENCE));
        }
        connection.abandon_unsent();
        end
    }

    /// Reads and posts, until there is a reason to end.
    fn stay(&mut self, connection: &Connection) -> End {
        loop {
            let received = self.receive_all();
            self.seat.flush();
            if let Err(end) = received.and_then(|()| self.check_message_time()) {
                return end;
            }
            self.rest();
            self.tell_alive();
            if self.buffer.is_wanted() {
                self.buffer.shrink();
            }
            let deadline = self.next_deadline();
            let Ok(free) = self.buffer.free() else {
                if let Some(reason) = connection.dropped() {
                    return End::Lagged(reason);
                }
                self.wait_for_memory();
                continue;
            };
            self.waits = 0;
            match self.reader.read(free, deadline) {
                Ok(Some(0)) | Err(_) => return connection.dropped().map_or(End::Gone, End::Lagged),
                Ok(Some(count)) => {
                    self.buffer.add(count);
                    self.received = count;
                    self.heard = Instant::now();
                    self.pinged = None;
                    // A few bytes that arrive in a large buffer do not need its size.
                    if self.needed.is_none() || !self.buffer.is_oversized() {
                        self.needed = Some(self.heard);
                    }
                }
                Ok(None) => {
                    if let Err(end) = self.check_life() {
                        return end;
                    }
                }
            }
            self.give_back();
        }
    }

    /// While someone in the room is far behind, rests for what it has sent since the last time.
    fn rest(&mut self) {
        let received = mem::take(&mut self.received);
        let owed = if self.seat.is_someone_far_behind() { received } else { 0 };
        self.rest.after(owed).into_iter().for_each(thread::sleep);
    }

    /// Its buffer is full, and there is no memory for it to grow. It does not read meanwhile, and TCP slows its client
    /// down; the time in which a message has to be complete runs on. The longer it waits, the less often it asks: there
    /// may be hundreds who wait.
    fn wait_for_memory(&mut self) {
        if !self.shared.memory.make_room(Purpose::Receive) {
            thread::sleep(TICK * (1 << self.waits));
            self.waits = (self.waits + 1).min(WAITS_MAX);
        }
    }

    /// Posts everything that has arrived whole.
    fn receive_all(&mut self) -> Result<(), End> {
        while let Some(event) = self.receiver.receive(self.buffer.filled())? {
            match event {
                Event::Message(message) => post_message(&self.seat, self.shared, message)?,
                // §5.5.2: "an endpoint MUST send a Pong frame in response".
                Event::Ping(ping) => self.seat.answer(ping.into_pong(), false),
                // §5.5.3: "A response to an unsolicited Pong frame is not expected."
                Event::Pong(_) => {}
                Event::Close(code, _) => return Err(End::Closed(code)),
            }
            if !self.receiver.in_message() {
                self.message_begun = None;
            }
        }
        self.buffer.compact(&mut self.receiver);
        Ok(())
    }

    /// Once a first byte is there, the clock runs until the message's last one has come.
    fn check_message_time(&mut self) -> Result<(), End> {
        if self.buffer.is_empty() {
            self.message_begun = None;
            return Ok(());
        }
        let now = Instant::now();
        let begun = *self.message_begun.get_or_insert(now);
        if now.duration_since(begun) < self.shared.config.message_timeout {
            self.late_reads = 0;
        } else if self.late_reads >= LATE_READS_MAX {
            return Err(End::Slow);
        } else {
            self.late_reads += 1;
        }
        Ok(())
    }

    /// Until when to wait for more bytes.
    fn next_deadline(&self) -> Option<Instant> {
        let config = &self.shared.config;
        let message = self.message_begun.map(|begun| begun + config.message_timeout);
        let life = (config.ping_interval > Duration::ZERO)
            .then(|| self.pinged.unwrap_or(self.heard) + config.ping_interval);
        let shrink = self.needed.filter(|_| self.holds_memory()).map(|needed| needed + SHRINK_AFTER);
        [message, life, self.next_alive, shrink].into_iter().flatten().min()
    }

    fn holds_memory(&self) -> bool {
        self.buffer.is_oversized() || self.seat.holds_memory()
    }

    /// Gives back memory that has not been needed for some time: its own, and its room's if that is quiet. It does so
    /// once, until it receives something again: those who only listen need not do it for a room in which others talk.
    fn give_back(&mut self) {
        if self.holds_memory() && self.needed.is_some_and(|needed| needed.elapsed() >= SHRINK_AFTER) {
            self.buffer.shrink();
            self.seat.shrink();
            self.needed = None;
        }
    }

    /// Tells a client that its path is not dead, if it wants to know and it is time. It is posted at once: nothing else may
    /// be said for long.
    fn tell_alive(&mut self) {
        let interval = self.shared.config.ping_interval;
        if self.next_alive.is_some_and(|next| next <= Instant::now()) {
            self.seat.answer(&alive(interval), false);
            self.seat.flush();
            self.next_alive = Some(Instant::now() + interval);
        }
    }

    /// Pings a client from which nothing has come until a deadline, or ends with it if it did not answer in time.
    fn check_life(&mut self) -> Result<(), End> {
        let now = Instant::now();
        let interval = self.shared.config.ping_interval;
        if interval > Duration::ZERO && now.duration_since(self.pinged.unwrap_or(self.heard)) >= interval {
            if self.pinged.is_some() {
                return Err(End::Silent);
            }
            self.pinged = Some(now);
            let ping = FrameHeader { fin: true, opcode: Opcode::Ping, masking_key: None, payload_len: 0 };
            self.seat.answer(ping.encode(&mut [0; FrameHeader::MAX_LEN]), false);
        }
        Ok(())
    }
}

/// Relays a message in place: the outgoing header is written where the first incoming one was.
fn post_message(seat: &Seat<Connection>, shared: &Shared, message: Message<'_>) -> Result<(), End> {
    shared.metrics.message_in();
    if shared.config.echo {
        seat.answer(message.into_frame(), true);
        return Ok(());
    }
    if message.message_type() == MessageType::Text && is_forged(message.payload()) {
        return Err(End::Forged);
    }
    seat.relay(message.into_frame());
    Ok(())
}
