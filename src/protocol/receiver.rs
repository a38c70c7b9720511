//! §5.4-5.6, §6.2: bytes in, events out.
//!
//! A [`Receiver`] works in place on one buffer that belongs to its caller:
//!
//! ```text
//!        start    payload             end         next           buffer.len()
//!          |         |                 |            |                 |
//!  --------+---------+-----------------+------------+-----------------+- - - - -
//!   dealt  | head-   | the message     | freed by   | arrived, not    |  free,
//!   with   | room    | as far as it    | later      | yet looked at   |  to be
//!          |         | has come        | headers    |                 |  read into
//!  --------+---------+-----------------+------------+-----------------+- - - - -
//! ```
//!
//! Payload is unmasked where it lies. The payload of each further fragment is moved down to `end`, so a message is
//! always one slice; a control frame between two fragments is handed out where it lies, and then lies in the freed
//! part. A client's frame header is four bytes longer than the one a server sends for the same payload: so
//! [`Message::into_frame`] can write the outgoing header right in front of the payload, into the headroom that the
//! incoming header left, and a message in one frame is relayed without being moved.
//!
//! Rules:
//!
//! 1. The caller shows the same buffer every time. In between it only appends what has arrived, or calls
//!    [`Receiver::compact`].
//! 2. However the bytes are cut up, the events are the same, and so is the error, at the same byte.
//! 3. A frame's first two bytes are judged one by one, a length once all of it has arrived, a Close's code and reason
//!    once the frame is whole, text byte by byte. A character that needs more bytes than are left is refused at once.
//! 4. After a Close or an error there are no more events: all that follows is ignored (§1.4, §7.1.7).
//! 5. Every byte is looked at, unmasked and moved a bounded number of times.

use super::close::parse_close;
use super::error::ProtocolError;
use super::event::{Event, Message, MessageType, Payload, Ping};
use super::frame::{FrameHeader, Opcode, apply_mask, parse_first_byte};
use super::utf8::Utf8Validator;

/// The most that a receiver accepts (§10.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest message in bytes, reassembled.
    pub max_message: usize,
    /// Most frames one message may be cut into, empty ones counted.
    pub max_fragments: u32,
}

/// §6.2: receives a client's data. The [module's documentation](self) has the picture and the rules.
#[derive(Clone, Debug)]
pub struct Receiver {
    limits: Limits,
    start: usize,
    payload: usize,
    end: usize,
    next: usize,
    /// The message whose first frame's header has arrived, until its last byte has.
    message: Option<Unfinished>,
    /// The data frame whose header has arrived, until its last byte has.
    frame: Option<DataFrame>,
    closed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Unfinished {
    opcode: Opcode,
    fragments: u32,
    utf8: Utf8Validator,
}

#[derive(Clone, Copy, Debug)]
struct DataFrame {
    fin: bool,
    /// Rotated as payload is unmasked: its first byte belongs to the next byte that arrives.
    masking_key: [u8; 4],
    remaining: usize,
}

/// An event by its places in the buffer, as in the picture.
struct Found {
    opcode: Opcode,
    start: usize,
    payload: usize,
    end: usize,
}

impl Receiver {
    /// A receiver for a connection just opened.
    pub const fn new(limits: Limits) -> Self {
        Receiver { limits, start: 0, payload: 0, end: 0, next: 0, message: None, frame: None, closed: false }
    }

    /// The size in bytes of a fixed buffer that always suffices, when it is compacted before every read: the
    /// longest message with its first header, and after it one more header with a control frame's payload.
    pub const fn buffer_len(max_message: usize) -> usize {
        max_message
            .saturating_add(FrameHeader::MAX_LEN)
            .saturating_add(FrameHeader::MAX_LEN)
            .saturating_add(FrameHeader::MAX_CONTROL_PAYLOAD)
    }

    /// Whether a message has begun (its first frame's header has arrived) and not ended.
    pub const fn in_message(&self) -> bool {
        self.message.is_some()
    }

    /// Returns the next event in `buffer`, which is all that has arrived and has not been compacted away; `None` when
    /// more bytes are needed. To be called until it returns `None`.
    ///
    /// # Errors
    ///
    /// The reason to _Fail the WebSocket Connection_ (§7.1.7), at the byte that rule 3 says.
    pub fn receive<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Option<Event<'b>>, ProtocolError> {
        if self.closed {
            self.next = buffer.len();
            return Ok(None);
        }
        let event = match self.find_event(buffer) {
            Ok(Some(found)) => found.into_event(buffer).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        if matches!(event, Err(_) | Ok(Some(Event::Close(..)))) {
            // A message that was still arriving never ends: nothing is held for it any longer.
            (self.closed, self.message, self.frame) = (true, None, None);
        }
        event
    }

    /// Moves what is still needed to the front of `buffer` and returns its length: the rest is free to be read into.
    ///
    /// Returns 0 exactly when no message and no frame is half there.
    pub fn compact(&mut self, buffer: &mut [u8]) -> usize {
        if self.message.is_none() {
            (self.start, self.payload, self.end) = (0, 0, 0);
        } else if self.start > 0 {
            move_within(buffer, self.start, self.end, 0);
            self.payload = self.payload.saturating_sub(self.start);
            self.end = self.end.saturating_sub(self.start);
            self.start = 0;
        }
        let unread = buffer.len().saturating_sub(self.next);
        if self.next > self.end {
            move_within(buffer, self.next, buffer.len(), self.end);
            self.next = self.end;
        }
        self.next.saturating_add(unread)
    }

    fn find_event(&mut self, buffer: &mut [u8]) -> Result<Option<Found>, ProtocolError> {
        loop {
            if self.frame.is_none() {
                match self.begin_frame(buffer)? {
                    Begun::NeedMore => return Ok(None),
                    Begun::Control(found) => return Ok(Some(found)),
                    Begun::Data => {}
                }
            }
            match self.take_payload(buffer)? {
                Taken::NeedMore => return Ok(None),
                Taken::Frame => {}
                Taken::Message(found) => return Ok(Some(found)),
            }
        }
    }

    /// Takes the header at `next`, and with a control frame's header its payload.
    fn begin_frame(&mut self, buffer: &mut [u8]) -> Result<Begun, ProtocolError> {
        let unread = buffer.get(self.next..).unwrap_or_default();
        let Some(&first) = unread.first() else {
            return Ok(Begun::NeedMore);
        };
        let (fin, opcode) = parse_first_byte(first)?;
        self.check_sequence(opcode)?;
        let Some((unkeyed, rest)) = FrameHeader::parse_up_to_key(unread)? else {
            return Ok(Begun::NeedMore);
        };
        let payload_len = self.check_length(&unkeyed)?;
        let Some((&masking_key, rest)) = rest.split_first_chunk() else {
            return Ok(Begun::NeedMore);
        };
        let payload = buffer.len().saturating_sub(rest.len());
        if opcode.is_control() {
            return Ok(self.take_control(buffer, opcode, payload, masking_key, payload_len));
        }
        self.begin_data(buffer, opcode, payload);
        self.next = payload;
        self.frame = Some(DataFrame { fin, masking_key, remaining: payload_len });
        Ok(Begun::Data)
    }

    /// §5.4: which frame may follow which.
    fn check_sequence(&self, opcode: Opcode) -> Result<(), ProtocolError> {
        match (opcode, &self.message) {
            (Opcode::Continuation, None) => Err(ProtocolError::UnexpectedContinuation),
            (Opcode::Continuation, Some(message)) if message.fragments >= self.limits.max_fragments => {
                Err(ProtocolError::TooManyFragments)
            }
            // §5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message".
            (Opcode::Text | Opcode::Binary, Some(_)) => Err(ProtocolError::ExpectedContinuation),
            // §5.4: "Control frames MAY be injected in the middle of a fragmented message."
            _ => Ok(()),
        }
    }

    /// Checks what the length decides, before any of the payload is there.
    fn check_length(&self, header: &FrameHeader) -> Result<usize, ProtocolError> {
        // §10.4: the sum is compared as `u64`. A length that does not fit a `usize` is over any limit.
        let message_len = header.payload_len.saturating_add(self.message_len() as u64);
        let too_big = message_len > self.limits.max_message as u64;
        let payload_len = usize::try_from(header.payload_len);
        let payload_len = payload_len.map_err(|_| ProtocolError::MessageTooBig)?;
        match header.opcode {
            Opcode::Close if payload_len == 1 => Err(ProtocolError::CloseFrameTooShort),
            opcode if opcode.is_control() => Ok(payload_len),
            _ if too_big => Err(ProtocolError::MessageTooBig),
            _ if header.fin => self.check_end_of_text(payload_len).map(|()| payload_len),
            _ => Ok(payload_len),
        }
    }

    /// §8.1: text ends after `remaining` bytes. If its last character needs more, it can never be whole.
    fn check_end_of_text(&self, remaining: usize) -> Result<(), ProtocolError> {
        match self.message {
            Some(message) if message.utf8.missing() > remaining => Err(ProtocolError::InvalidUtf8),
            _ => Ok(()),
        }
    }

    fn message_len(&self) -> usize {
        match self.message {
            Some(_) => self.end.saturating_sub(self.payload),
            None => 0,
        }
    }

    /// A control frame's payload waits in the buffer until it is whole: with its header, at most 131 bytes.
    fn take_control(
        &mut self,
        buffer: &mut [u8],
        opcode: Opcode,
        payload: usize,
        masking_key: [u8; 4],
        payload_len: usize,
    ) -> Begun {
        let start = self.next;
        let end = payload.saturating_add(payload_len);
        let Some(bytes) = buffer.get_mut(payload..end) else {
            return Begun::NeedMore;
        };
        apply_mask(bytes, masking_key);
        self.next = end;
        Begun::Control(Found { opcode, start, payload, end })
    }

    /// Begins a message with a data frame, or continues one; `payload` is where the frame's payload will arrive.
    fn begin_data(&mut self, buffer: &mut [u8], opcode: Opcode, payload: usize) {
        if let Some(message) = &mut self.message {
            message.fragments = message.fragments.saturating_add(1);
            self.widen_headroom(buffer);
        } else {
            self.message = Some(Unfinished { opcode, fragments: 1, utf8: Utf8Validator::new() });
            self.start = self.next;
            self.payload = payload;
            self.end = payload;
        }
    }

    /// A whole message may need ten bytes of headroom, and the header of its first fragment may have left six or eight.
    /// The header of the second, six bytes at least, has just been freed: the message moves up by what is missing.
    fn widen_headroom(&mut self, buffer: &mut [u8]) {
        let headroom = self.payload.saturating_sub(self.start);
        let shift = FrameHeader::MAX_UNMASKED_LEN.saturating_sub(headroom);
        if shift > 0 {
            let payload = self.payload.saturating_add(shift);
            move_within(buffer, self.payload, self.end, payload);
            self.payload = payload;
            self.end = self.end.saturating_add(shift);
        }
    }

    /// Takes what has arrived of the data frame: unmasks it, moves it to the message's end, and validates text.
    fn take_payload(&mut self, buffer: &mut [u8]) -> Result<Taken, ProtocolError> {
        let (Some(mut frame), Some(mut message)) = (self.frame, self.message) else {
            return Ok(Taken::NeedMore);
        };
        let arrived = buffer.len().saturating_sub(self.next).min(frame.remaining);
        let from = self.next;
        let piece_end = from.saturating_add(arrived);
        apply_mask(buffer.get_mut(from..piece_end).unwrap_or_default(), frame.masking_key);
        frame.masking_key.rotate_left(arrived % 4);
        frame.remaining = frame.remaining.saturating_sub(arrived);
        move_within(buffer, from, piece_end, self.end);
        self.next = piece_end;
        let piece_start = self.end;
        self.end = self.end.saturating_add(arrived);
        if message.opcode == Opcode::Text {
            let piece = buffer.get(piece_start..self.end).unwrap_or_default();
            message.utf8.feed(piece).map_err(|_| ProtocolError::InvalidUtf8)?;
        }
        self.message = Some(message);
        self.frame = Some(frame);
        if frame.fin {
            self.check_end_of_text(frame.remaining)?;
        }
        Ok(self.end_frame(frame, message.opcode))
    }

    fn end_frame(&mut self, frame: DataFrame, opcode: Opcode) -> Taken {
        if frame.remaining > 0 {
            return Taken::NeedMore;
        }
        self.frame = None;
        if !frame.fin {
            return Taken::Frame;
        }
        self.message = None;
        Taken::Message(Found { opcode, start: self.start, payload: self.payload, end: self.end })
    }
}

/// What [`Receiver::begin_frame`] found.
enum Begun {
    /// Of a header, or of a control frame's payload.
    NeedMore,
    Control(Found),
    Data,
}

/// What [`Receiver::take_payload`] completed.
enum Taken {
    NeedMore,
    /// Not the last of its message.
    Frame,
    Message(Found),
}

impl Found {
    fn into_event(self, buffer: &mut [u8]) -> Result<Event<'_>, ProtocolError> {
        let bytes = buffer.get_mut(self.start..self.end).unwrap_or_default();
        let payload = Payload { bytes, headroom: self.payload.saturating_sub(self.start) };
        match self.opcode {
            Opcode::Close => {
                let (code, reason) = parse_close(payload.into_bytes())?;
                Ok(Event::Close(code, reason))
            }
            Opcode::Ping => Ok(Event::Ping(Ping { payload })),
            Opcode::Pong => Ok(Event::Pong(payload.into_bytes())),
            Opcode::Text => Ok(Event::Message(Message { message_type: MessageType::Text, payload })),
            _ => Ok(Event::Message(Message { message_type: MessageType::Binary, payload })),
        }
    }
}

/// `copy_within` without its panic: moves `buffer[from..to]` to `dest`, after which there is always enough space.
fn move_within(buffer: &mut [u8], from: usize, to: usize, dest: usize) {
    let fits = dest.saturating_add(to.saturating_sub(from)) <= buffer.len();
    if from != dest && from < to && to <= buffer.len() && fits {
        buffer.copy_within(from..to, dest);
    }
}
