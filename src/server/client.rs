//! One client's life, in a thread of its own: request head, answer, room, closing.
//!
//! There is no timer thread. Each read waits until the next of the client's deadlines, computed anew before it. With a
//! timeout for each read alone, a client that sends one byte a second would live for ever.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::Shared;
use super::buffer::Buffer;
use super::connection::{Connection, Reader};
use super::metrics::Dropped;
use super::refusal::Refusal;
use super::room::{Farewell, Newcomer, Wire, is_forged};
use super::rooms::Seat;
use super::site::{self, Answer, Invitation};
use crate::protocol::close::CloseCode;
use crate::protocol::error::ProtocolError;
use crate::protocol::event::{Event, Message, MessageType};
use crate::protocol::frame::{FrameHeader, Opcode};
use crate::protocol::head::Head;
use crate::protocol::receiver::Receiver;

/// How long a sender rests after each read while someone in the room is far behind.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// How long memory that is not needed is kept.
const SHRINK_AFTER: Duration = Duration::from_secs(1);

/// How many reads there may be after the deadline of a whole head or message, each of what has already arrived: when the
/// server itself was stopped for a while, that is what came in time.
const LATE_READS_MAX: u32 = 8;

/// How long at least a client's thread waits until its Close has been written, however short the close timeout is.
const WRITING_PATIENCE: Duration = Duration::from_millis(250);

/// Serves one connection to its end.
pub(super) fn serve(connection: &Arc<Connection>, shared: &Arc<Shared>) {
    let mut reader = Reader::new(Arc::clone(connection));
    let mut buffer = Buffer::new(Receiver::buffer_len(shared.config.max_message));
    let answer = receive_request(connection, &mut reader, &mut buffer, shared);
    connection.head_has_come();
    match answer {
        Some(Ok(Answer::Invitation(invitation))) => chat(connection, reader, buffer, shared, invitation),
        Some(Ok(Answer::Response(response))) => respond(connection, reader, &response, shared),
        Some(Err(refusal)) => {
            shared.log_refusal(refusal, connection.peer);
            let response = site::refuse(refusal, buffer.filled());
            respond(connection, reader, &response, shared);
        }
        None => {}
    }
    connection.cut();
}

/// Reads a request head and decides the answer; `None` where the peer is gone. Of what has arrived, only what comes
/// after the head is left.
fn receive_request(
    connection: &Connection,
    reader: &mut Reader,
    buffer: &mut Buffer,
    shared: &Shared,
) -> Option<Result<Answer, Refusal>> {
    let deadline = Instant::now() + shared.config.handshake_timeout;
    let (mut head, mut late_reads) = (Head::new(), 0);
    loop {
        match head.scan(buffer.filled()) {
            Err(error) => return Some(Err(error.into())),
            Ok(Some(len)) => {
                let answer = site::answer(&buffer.filled()[..len], shared);
                if let Ok(Answer::Invitation(_)) = answer {
                    buffer.take(len);
                }
                return Some(answer.and_then(|answer| find_place(answer, connection)));
            }
            Ok(None) if Instant::now() >= deadline && late_reads >= LATE_READS_MAX => {
                return Some(Err(Refusal::HeadTimeout));
            }
            Ok(None) => late_reads += u32::from(Instant::now() >= deadline),
        }
        match reader.read(buffer.free(), Some(deadline)) {
            Ok(Some(0)) | Err(_) => return None,
            Ok(count) => buffer.add(count.unwrap_or(0)),
        }
    }
}

/// The last check: whether the server has a place for one more client.
fn find_place(answer: Answer, connection: &Connection) -> Result<Answer, Refusal> {
    match answer {
        Answer::Invitation(_) if !connection.permit.may_chat() => Err(Refusal::ServerFull),
        answer => Ok(answer),
    }
}

/// Sends a response, and closes so that the peer can read it to the end.
fn respond(connection: &Connection, mut reader: Reader, response: &[u8], shared: &Shared) {
    if connection.send_until(response, Instant::now() + shared.config.handshake_timeout).is_ok() {
        connection.end_writing();
        reader.linger(Instant::now() + shared.config.close_timeout);
    }
}

/// Takes a client into its room, and sees it to its end.
fn chat(
    connection: &Arc<Connection>,
    reader: Reader,
    buffer: Buffer,
    shared: &Arc<Shared>,
    invitation: Invitation,
) {
    let Invitation { accept_key, room, mut wishes } = invitation;
    let who = Who { connection, room: &room };
    let echo = shared.config.echo;
    if echo {
        wishes = Default::default();
    }
    let newcomer = Newcomer {
        wire: Arc::clone(connection),
        greeting: site::switch_protocols(&accept_key),
        name: wishes.name,
        history: wishes.history,
    };
    // Nobody shares a room with an echo: each has one of its own, under a name that no path can have.
    let name = if echo { format!("#{}", connection.number) } else { room.clone() };
    let Some(seat) = shared.rooms.enter(&name, newcomer) else {
        return respond(connection, reader, &site::refuse(Refusal::ServerFull, b""), shared);
    };
    shared.log.info(format_args!("{who} joined"));
    let chat = Chat {
        shared,
        reader,
        buffer,
        receiver: Receiver::new(shared.limits()),
        seat,
        heard: Instant::now(),
        pinged: None,
        message_begun: None,
        late_reads: 0,
        needed: None,
    };
    let end = chat.run(connection);
    shared.log.info(format_args!("{who} left: {end}"));
}

/// How the log names a client.
struct Who<'w> {
    connection: &'w Connection,
    room: &'w str,
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {} from {}, room /{}:", self.connection.number, self.connection.peer, self.room)
    }
}

/// Why a client leaves its room.
#[derive(Clone, Copy)]
enum End {
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
    /// It fell too far behind, and the room's writer has cut it.
    Lagged,
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
            End::Lagged | End::Gone => return None,
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
            (End::Lagged, _) => f.write_str("dropped, too far behind"),
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
struct Chat<'s> {
    shared: &'s Shared,
    reader: Reader,
    buffer: Buffer,
    receiver: Receiver,
    seat: Seat<Connection>,
    /// When the last byte came.
    heard: Instant,
    /// When it was pinged, if nothing has come since.
    pinged: Option<Instant>,
    /// When the first byte of the present message was seen.
    message_begun: Option<Instant>,
    /// How many reads there have been after its deadline.
    late_reads: u32,
    /// When the memory that is held was last needed; `None` once it has been given back.
    needed: Option<Instant>,
}

impl Chat<'_> {
    fn run(mut self, connection: &Connection) -> End {
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
            if self.seat.is_someone_far_behind() {
                thread::sleep(TICK);
            }
            let deadline = self.next_deadline();
            match self.reader.read(self.buffer.free(), deadline) {
                Ok(Some(0)) | Err(_) if connection.has_lagged() => return End::Lagged,
                Ok(Some(0)) | Err(_) => return End::Gone,
                Ok(Some(count)) => {
                    self.buffer.add(count);
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
        [message, life, shrink].into_iter().flatten().min()
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

    /// Nothing has come until a deadline: pings the client, or ends with it if it was pinged and did not answer in time.
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
