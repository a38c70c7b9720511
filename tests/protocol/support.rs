//! Frames written by hand, and what a receiver makes of them. The writing shares nothing with `src/`.

use chinwag::protocol::close::CloseCode;
use chinwag::protocol::error::ProtocolError;
use chinwag::protocol::event::{Event, Message, MessageType};
use chinwag::protocol::receiver::{BufferTooSmall, Limits, Receiver, ServerReceiver};

pub const FIN: u8 = 0b1_000_0000;
pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;

pub const MASK: u8 = 0b1_0000000;

/// The masking key of §5.7.
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Wide enough for every test that is not about limits.
pub const LIMITS: Limits = Limits { max_message: 1 << 20, max_fragments: 64 };

/// The length as the seven bits, the 16 bits or the 64 bits have it, shortest or not, with `mask` in front.
pub fn length_of_7(mask: u8, len: u8) -> Vec<u8> {
    vec![mask | len]
}

pub fn length_of_16(mask: u8, len: u16) -> Vec<u8> {
    [vec![mask | 126], len.to_be_bytes().to_vec()].concat()
}

pub fn length_of_64(mask: u8, len: u64) -> Vec<u8> {
    [vec![mask | 127], len.to_be_bytes().to_vec()].concat()
}

pub fn shortest_length(mask: u8, len: u64) -> Vec<u8> {
    match len {
        0..=125 => length_of_7(mask, len as u8),
        126..=65535 => length_of_16(mask, len as u16),
        _ => length_of_64(mask, len),
    }
}

/// A client's frame: FIN and opcode in `first`.
pub fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame_with_key(first, payload, KEY)
}

pub fn frame_with_key(first: u8, payload: impl AsRef<[u8]>, key: [u8; 4]) -> Vec<u8> {
    let payload = payload.as_ref();
    let masked = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
    [header(first, payload.len() as u64), key.to_vec(), masked.collect()].concat()
}

/// The frame as far as its length: what comes before the masking key.
pub fn header(first: u8, len: u64) -> Vec<u8> {
    [vec![first], shortest_length(MASK, len)].concat()
}

/// The same frame as a server sends it.
pub fn server_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [vec![first], shortest_length(0, payload.len() as u64), payload.to_vec()].concat()
}

/// The payload of a Close frame.
pub fn close_body(code: u16, reason: impl AsRef<[u8]>) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_ref()].concat()
}

/// Bytes of which no two neighbours, and no two a key's length apart, are alike.
pub fn some_bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 256) as u8).collect()
}

/// An event, or the end in an error, that outlives the buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    Failed(ProtocolError),
}

impl Seen {
    pub fn text(text: &str) -> Seen {
        Seen::Text(text.into())
    }

    fn is_last(&self) -> bool {
        matches!(self, Seen::Close(..) | Seen::Failed(_))
    }
}

impl<const MASKED: bool> From<Event<'_, MASKED>> for Seen {
    fn from(event: Event<'_, MASKED>) -> Seen {
        match event {
            Event::Message(message) => Seen::from(&message),
            Event::Ping(ping) => Seen::Ping(ping.payload().to_vec()),
            Event::Pong(payload) => Seen::Pong(payload.to_vec()),
            Event::Close(code, reason) => Seen::Close(code.map(CloseCode::get), reason.into()),
        }
    }
}

impl<const MASKED: bool> From<&Message<'_, MASKED>> for Seen {
    fn from(message: &Message<'_, MASKED>) -> Seen {
        let payload = message.payload().to_vec();
        match message.message_type() {
            MessageType::Text => Seen::Text(String::from_utf8(payload).expect("text is UTF-8")),
            MessageType::Binary => Seen::Binary(payload),
        }
    }
}

/// A receiver with a buffer that grows as it must.
pub struct End<const MASKED: bool> {
    pub receiver: Receiver<MASKED>,
    pub buffer: Vec<u8>,
}

/// The server's end.
pub type Connection = End<true>;
/// The client's end.
pub type ClientConnection = End<false>;

impl<const MASKED: bool> End<MASKED> {
    pub fn new(limits: Limits) -> Self {
        End { receiver: Receiver::new(limits), buffer: Vec::new() }
    }

    /// What `bytes` bring, and nothing once there was a Close or an error.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Seen> {
        self.buffer.extend_from_slice(bytes);
        let mut seen = Vec::new();
        while let Some(next) = self.next() {
            let last = next.is_last();
            seen.push(next);
            if last {
                assert_eq!(self.next(), None, "something came after {seen:?}");
                break;
            }
        }
        seen
    }

    pub fn compact(&mut self) {
        compact(&mut self.receiver, &mut self.buffer);
    }

    fn next(&mut self) -> Option<Seen> {
        match self.receiver.receive(&mut self.buffer) {
            Ok(event) => event.map(Seen::from),
            Err(error) => Some(Seen::Failed(error)),
        }
    }
}

/// A vector that is full can grow: no buffer of one is too small.
pub fn compact<const MASKED: bool>(receiver: &mut Receiver<MASKED>, buffer: &mut Vec<u8>) {
    let filled = buffer.len();
    let kept = receiver.compact(buffer, filled);
    buffer.truncate(kept.unwrap_or(filled));
}

/// A fixed buffer of [`ServerReceiver::buffer_len`] bytes, compacted before every read, always has room to read into.
pub fn receive_in_a_fixed_buffer(session: &[u8], limits: Limits, size: impl FnMut() -> usize) -> Vec<Seen> {
    // No message is longer than the session that it is in.
    let buffer_len = ServerReceiver::buffer_len(limits.max_message.min(session.len()));
    receive_in_a_buffer_of(buffer_len, session, limits, size)
        .unwrap_or_else(|seen| panic!("{buffer_len} bytes are too few after {seen:?}"))
}

/// What a session brings when it is read in pieces of these sizes into so long a buffer, which is compacted before every
/// read; as an error what it brings until the buffer is too small.
pub fn receive_in_a_buffer_of(
    buffer_len: usize,
    session: &[u8],
    limits: Limits,
    size: impl FnMut() -> usize,
) -> Result<Vec<Seen>, Vec<Seen>> {
    receive_in_a_buffer(ServerReceiver::new(limits), buffer_len, session, size)
}

/// The same of either end.
pub fn receive_in_a_buffer<const MASKED: bool>(
    mut receiver: Receiver<MASKED>,
    buffer_len: usize,
    session: &[u8],
    mut size: impl FnMut() -> usize,
) -> Result<Vec<Seen>, Vec<Seen>> {
    let mut buffer = vec![0xAA; buffer_len];
    let (mut filled, mut rest, mut seen) = (0, session, Vec::new());
    while !rest.is_empty() {
        filled = match receiver.compact(&mut buffer, filled) {
            Ok(kept) => kept,
            Err(BufferTooSmall) => return Err(seen),
        };
        let room = buffer.len() - filled;
        assert!(room > 0, "no room after {} bytes", session.len() - rest.len());
        let (read, unread) = rest.split_at(size().min(room).min(rest.len()));
        buffer[filled..filled + read.len()].copy_from_slice(read);
        filled += read.len();
        rest = unread;
        loop {
            match receiver.receive(&mut buffer[..filled]) {
                Ok(Some(event)) => seen.push(event.into()),
                Ok(None) => break,
                Err(error) => seen.push(Seen::Failed(error)),
            }
        }
    }
    Ok(seen)
}

/// What the frames bring when they come all at once.
pub fn receive(frames: &[Vec<u8>]) -> Vec<Seen> {
    receive_within(LIMITS, frames)
}

pub fn receive_within(limits: Limits, frames: &[Vec<u8>]) -> Vec<Seen> {
    Connection::new(limits).read(&frames.concat())
}

/// Asserts that the last of the frames fails with `error` at its last byte, and not before.
pub fn assert_fails_at_last_byte(limits: Limits, frames: &[Vec<u8>], error: ProtocolError) {
    let bytes = frames.concat();
    let (last, before) = bytes.split_last().expect("at least one byte");
    let mut connection = Connection::new(limits);
    let seen = connection.read(before);
    assert!(!seen.iter().any(Seen::is_last), "{error:?} too early in {bytes:02x?}: {seen:?}");
    assert_eq!(connection.read(&[*last]), [Seen::Failed(error)], "{bytes:02x?}");
}
