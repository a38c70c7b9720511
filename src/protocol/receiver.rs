//! §5.4-5.6, §6.2: bytes in, events out.
//!
//! A [`Receiver`] works in place on one buffer that belongs to its caller:
//!
//! ```text
//!        start    payload             end         next             filled      buffer.len()
//!          |         |                 |            |                 |             |
//!  --------+---------+-----------------+------------+-----------------+-------------+
//!   dealt  | head-   | the message     | freed by   | arrived, not    |  free,      |
//!   with   | room    | as far as it    | later      | yet looked at   |  to be      |
//!          |         | has come        | headers    |                 |  read into  |
//!  --------+---------+-----------------+------------+-----------------+-------------+
//! ```
//!
//! Payload is unmasked where it lies. The payload of each further fragment is moved down to `end`, so a message is
//! always one slice. A control frame between two fragments is handed out where it lies, and then lies in the freed
//! part. A client's frame header is four bytes longer than the one that a server sends for the same payload. So at a
//! server [`Message::into_frame`] can write the outgoing header right in front of the payload, into the headroom that
//! the incoming header left, and a message in one frame is relayed without being moved.
//!
//! A client has the same picture without that use: the header that it would send is the longer one. What it says has a
//! place of its own, from which [`frame_in_place`](super::frame::frame_in_place) sends it.
//!
//! A receiver is in one of four states:
//!
//! ```text
//!                         text or binary                         FIN=1, payload whole
//!   BetweenMessages  ------------------------->  InPayload  ------------------------->  BetweenMessages
//!                                                 |     ^
//!                            FIN=0, payload whole |     | continuation
//!                                                 v     |
//!                                            BetweenFragments
//! ```
//!
//! A Ping or a Pong is allowed between messages and between fragments, and changes nothing. A Close is allowed there
//! too, and leads to `Closed`, as an error does from everywhere.
//!
//! In use, it is asked for events until there are no more, and then for room to read into: the documentation of the
//! crate has two programs that do so.
//!
//! Rules:
//!
//! 1. The caller shows the same bytes every time. In between it only appends what has arrived, or calls
//!    [`Receiver::compact`].
//! 2. However the bytes are cut up, the events are the same, and so is the error, at the same byte.
//! 3. A frame's first two bytes are judged one by one, a length once all of it has arrived, a Close's code and reason
//!    once the frame is whole, text byte by byte. A character that needs more bytes than are left is refused at once.
//! 4. After a Close or an error there are no more events: all that follows is ignored (§1.4, §7.1.7).
//! 5. Every byte is looked at, unmasked and moved a bounded number of times.

use core::fmt;

use super::bytes::move_down;
use super::close::parse_close;
use super::error::ProtocolError;
use super::event::{Event, Message, Payload, Ping};
use super::frame::{FrameHeader, Opcode, Sender, parse_first_byte};
use super::reassembly::{Frame, Span, Unfinished};
use super::utf8::Utf8Validator;

/// The most that a receiver accepts (§10.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest message in bytes, reassembled.
    pub max_message: usize,
    /// Most frames one message may be cut into, empty ones counted.
    pub max_fragments: u32,
}

/// The buffer is full, and what is in it is not whole (§10.4).
///
/// A buffer of [`Receiver::buffer_len`] bytes for the longest message never is. One that can grow does so now. One that
/// cannot is at its limit, which for the peer is the same as [`ProtocolError::MessageTooBig`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferTooSmall;

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("buffer too small")
    }
}

impl core::error::Error for BufferTooSmall {}

impl From<BufferTooSmall> for ProtocolError {
    fn from(_: BufferTooSmall) -> ProtocolError {
        ProtocolError::MessageTooBig
    }
}

/// Receives what the other end sends (§6.2): a client's data if `MASKED`, else a server's. The [module's
/// documentation](self) has the pictures and the rules.
#[derive(Clone, Debug)]
pub struct Receiver<const MASKED: bool> {
    limits: Limits,
    /// Where the bytes begin that have not been looked at.
    next: usize,
    state: State,
}

/// A server's receiver, of what a client sends.
pub type ServerReceiver = Receiver<true>;

/// A client's receiver, of what a server sends.
pub type ClientReceiver = Receiver<false>;

/// What may come next, as in the second picture.
#[derive(Clone, Debug)]
enum State {
    /// A message's first frame, or a control frame.
    BetweenMessages,
    /// A continuation of this message, or a control frame.
    BetweenFragments(Unfinished),
    /// The rest of a data frame's payload.
    InPayload(Unfinished, Frame),
    /// Nothing any more.
    Closed,
}

/// An event by its places in the buffer.
struct Found {
    /// Of a message in several frames that of the first.
    opcode: Opcode,
    span: Span,
}

/// What one step through the buffer has led to.
enum Step {
    /// More bytes are needed.
    NeedMore,
    /// There is another state, in which to go on.
    GoOn,
    /// There is an event.
    Found(Found),
}

impl<const MASKED: bool> Receiver<MASKED> {
    const SENDER: Sender = if MASKED { Sender::Client } else { Sender::Server };

    /// Returns a receiver for a connection just opened.
    pub const fn new(limits: Limits) -> Self {
        Receiver { limits, next: 0, state: State::BetweenMessages }
    }

    /// Returns the length in bytes of a fixed buffer that always suffices when it is compacted before every read: the
    /// longest message with its first header, and behind it one more header with a control frame's payload. At both
    /// ends it is the same.
    pub const fn buffer_len(max_message: usize) -> usize {
        max_message.saturating_add(FrameHeader::MAX_LEN * 2 + FrameHeader::MAX_CONTROL_PAYLOAD)
    }

    /// Returns whether a message has begun (its first frame's header has arrived) and not ended.
    pub const fn in_message(&self) -> bool {
        matches!(self.state, State::BetweenFragments(_) | State::InPayload(..))
    }

    /// Returns the next event in `buffer`, which is all that has arrived and has not been compacted away. When more
    /// bytes are needed, that is `None`. Before a read, call it until it is.
    ///
    /// # Errors
    ///
    /// The reason to _Fail the WebSocket Connection_ (§7.1.7), at the byte that rule 3 says.
    pub fn receive<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Option<Event<'b, MASKED>>, ProtocolError> {
        let found = self.find_event(buffer);
        let event = found.and_then(|found| found.map(|found| found.into_event(buffer)).transpose());
        if matches!(event, Err(_) | Ok(Some(Event::Close(..)))) {
            // A message that was still arriving never ends: nothing is held for it any longer.
            self.state = State::Closed;
        }
        event
    }

    /// Makes room for the next read: moves what is still needed of `buffer[..filled]`, which is all that has arrived,
    /// to the front of `buffer`, and returns its length. Behind it one byte at least is free to be read into.
    ///
    /// Returns 0 exactly when no message and no frame is half there.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] where all of `buffer` is still needed. Nothing has been moved then, and with the same bytes
    /// in a longer buffer it goes on.
    pub fn compact(&mut self, buffer: &mut [u8], filled: usize) -> Result<usize, BufferTooSmall> {
        let filled = filled.min(buffer.len());
        let message_end = match &mut self.state {
            State::BetweenFragments(message) | State::InPayload(message, _) => message.span.move_down(buffer),
            State::BetweenMessages => 0,
            State::Closed => return Ok(0),
        };
        let unread = filled.saturating_sub(self.next);
        move_down(buffer, self.next, filled, message_end);
        self.next = message_end;
        let kept = message_end.saturating_add(unread);
        if kept < buffer.len() { Ok(kept) } else { Err(BufferTooSmall) }
    }

    /// Goes through the states until there is an event, or nothing more to go on with.
    fn find_event(&mut self, buffer: &mut [u8]) -> Result<Option<Found>, ProtocolError> {
        loop {
            let step = match self.state {
                State::BetweenMessages | State::BetweenFragments(_) => self.begin_frame(buffer)?,
                State::InPayload(message, frame) => self.take_payload(buffer, message, frame)?,
                State::Closed => Step::NeedMore,
            };
            match step {
                Step::NeedMore => return Ok(None),
                Step::GoOn => {}
                Step::Found(found) => return Ok(Some(found)),
            }
        }
    }

    /// Takes the header at `next`, and with a control frame's header its payload.
    fn begin_frame(&mut self, buffer: &mut [u8]) -> Result<Step, ProtocolError> {
        let unread = buffer.get(self.next..).unwrap_or_default();
        let Some(&first) = unread.first() else {
            return Ok(Step::NeedMore);
        };
        let (fin, opcode) = parse_first_byte(first)?;
        self.check_sequence(opcode)?;
        let Some((unkeyed, rest)) = FrameHeader::parse_up_to_key(unread, Self::SENDER)? else {
            return Ok(Step::NeedMore);
        };
        let remaining = self.check_length(&unkeyed)?;
        let (masking_key, rest) = match rest.split_first_chunk() {
            // A key of zeros changes nothing.
            _ if !MASKED => ([0; 4], rest),
            Some((masking_key, rest)) => (*masking_key, rest),
            None => return Ok(Step::NeedMore),
        };
        let payload = buffer.len().saturating_sub(rest.len());
        let span = Span { start: self.next, payload, end: payload };
        let frame = Frame { fin, masking_key, remaining };
        if opcode.is_control() {
            return Ok(self.take_control(buffer, opcode, span, frame));
        }
        self.next = payload;
        self.state = State::InPayload(self.begin_data(buffer, opcode, span), frame);
        Ok(Step::GoOn)
    }

    /// Checks which frame follows which (§5.4).
    fn check_sequence(&self, opcode: Opcode) -> Result<(), ProtocolError> {
        match (&self.state, opcode) {
            (State::BetweenMessages, Opcode::Continuation) => Err(ProtocolError::UnexpectedContinuation),
            // §5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message".
            (State::BetweenFragments(_), Opcode::Text | Opcode::Binary) => {
                Err(ProtocolError::ExpectedContinuation)
            }
            (State::BetweenFragments(message), Opcode::Continuation) => {
                let is_one_too_many = message.fragments >= self.limits.max_fragments;
                if is_one_too_many { Err(ProtocolError::TooManyFragments) } else { Ok(()) }
            }
            // §5.4: "Control frames MAY be injected in the middle of a fragmented message."
            _ => Ok(()),
        }
    }

    /// Checks what the length decides, before any of the payload is there.
    fn check_length(&self, header: &FrameHeader) -> Result<usize, ProtocolError> {
        let payload_len = usize::try_from(header.payload_len).map_err(|_| ProtocolError::MessageTooBig)?;
        if header.opcode.is_control() {
            let is_half_a_code = header.opcode == Opcode::Close && payload_len == 1;
            return if is_half_a_code { Err(ProtocolError::CloseFrameTooShort) } else { Ok(payload_len) };
        }
        let (begun, missing) = match &self.state {
            State::BetweenFragments(message) => (message.len(), message.missing()),
            _ => (0, 0),
        };
        // §10.4: the sum is compared as `u64`. Above, a length that does not fit a `usize` was over any limit.
        if header.payload_len.saturating_add(begun as u64) > self.limits.max_message as u64 {
            return Err(ProtocolError::MessageTooBig);
        }
        if header.fin && missing > payload_len {
            return Err(ProtocolError::InvalidUtf8);
        }
        Ok(payload_len)
    }

    /// Takes a control frame when it is whole. Until then it waits in the buffer: with its header, at most 131 bytes.
    fn take_control(&mut self, buffer: &mut [u8], opcode: Opcode, span: Span, mut frame: Frame) -> Step {
        let end = span.payload.saturating_add(frame.remaining);
        let Some(bytes) = buffer.get_mut(span.payload..end) else {
            return Step::NeedMore;
        };
        frame.unmask(bytes);
        self.next = end;
        Step::Found(Found { opcode, span: Span { end, ..span } })
    }

    /// Returns the message that a data frame continues, or the one that it begins, of which the header is all there is.
    fn begin_data(&self, buffer: &mut [u8], opcode: Opcode, span: Span) -> Unfinished {
        if let State::BetweenFragments(mut message) = self.state {
            message.fragments = message.fragments.saturating_add(1);
            if MASKED {
                message.span.widen_headroom(buffer);
            }
            return message;
        }
        Unfinished { span, fragments: 1, utf8: (opcode == Opcode::Text).then(Utf8Validator::new) }
    }

    /// Takes what has arrived of the data frame: unmasks it, moves it to the message's end, and validates text.
    fn take_payload(
        &mut self,
        buffer: &mut [u8],
        mut message: Unfinished,
        mut frame: Frame,
    ) -> Result<Step, ProtocolError> {
        let arrived = buffer.len().saturating_sub(self.next).min(frame.remaining);
        let piece_end = self.next.saturating_add(arrived);
        frame.unmask(buffer.get_mut(self.next..piece_end).unwrap_or_default());
        message.append(buffer, self.next, piece_end)?;
        self.next = piece_end;
        if frame.fin && message.missing() > frame.remaining {
            return Err(ProtocolError::InvalidUtf8);
        }
        if frame.remaining > 0 {
            self.state = State::InPayload(message, frame);
            return Ok(Step::NeedMore);
        }
        if !frame.fin {
            self.state = State::BetweenFragments(message);
            return Ok(Step::GoOn);
        }
        self.state = State::BetweenMessages;
        Ok(Step::Found(Found { opcode: message.opcode(), span: message.span }))
    }
}

impl Found {
    fn into_event<const MASKED: bool>(self, buffer: &mut [u8]) -> Result<Event<'_, MASKED>, ProtocolError> {
        let Span { start, payload, end } = self.span;
        let bytes = buffer.get_mut(start..end).unwrap_or_default();
        let payload = Payload { bytes, headroom: payload.saturating_sub(start) };
        Ok(match self.opcode {
            Opcode::Close => {
                parse_close(payload.into_bytes()).map(|(code, reason)| Event::Close(code, reason))?
            }
            Opcode::Ping => Event::Ping(Ping(payload)),
            Opcode::Pong => Event::Pong(payload.into_bytes()),
            opcode => Event::Message(Message { opcode, payload }),
        })
    }
}
