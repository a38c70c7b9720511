//! What is published: bulletins of records.
//!
//! ```text
//! bulletin  "chinwag1"  server u64  number u64  messages before u64  records
//! record    kind u8  length u32  that many bytes
//!   m  message        room, a whole frame as clients are sent it
//!   j  joined         client u64, room, name
//!   l  left           client u64, room
//!   r  roster begins  (a j for each client, then)
//!   e  roster ends
//!   h  hello          whoever hears this publishes its roster
//!   a  alive
//!   g  gone           the server is no more
//! room      length u8, that many bytes
//! ```
//!
//! Numbers are big-endian. A bulletin that is not exactly this is ignored as a whole.

use std::{mem, str};

use crate::protocol::frame::{FrameHeader, Opcode, Sender};
use crate::server::link::news::News;
use crate::server::names::{is_client_name, is_room_name};
use crate::server::room::is_forged;

const MAGIC: &[u8; 8] = b"chinwag1";

/// The length of everything before the records, in bytes.
const HEADER_LEN: usize = 32;

/// What one server tells the others at once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bulletin<'p> {
    pub(super) server: u64,
    /// Which of its server's bulletins this is.
    pub(super) number: u64,
    /// How many messages its server had published, or tried to, before.
    pub(super) messages_before: u64,
    pub(super) records: Vec<Record<'p>>,
}

/// One thing that a server tells the others: news for their rooms, or something between the servers themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record<'p> {
    News(News<'p>),
    Hello,
    Alive,
}

/// A bulletin that is being put together.
#[derive(Debug)]
pub(super) struct BulletinWriter {
    bytes: Vec<u8>,
    messages: u64,
    says_hello: bool,
    says_gone: bool,
}

impl BulletinWriter {
    pub(super) fn new() -> Self {
        BulletinWriter { bytes: vec![0; HEADER_LEN], messages: 0, says_hello: false, says_gone: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.len() == HEADER_LEN
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many of the records are messages.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    pub(super) fn says_hello(&self) -> bool {
        self.says_hello
    }

    pub(super) fn says_gone(&self) -> bool {
        self.says_gone
    }

    pub(super) fn push(&mut self, record: Record<'_>) {
        self.messages += u64::from(matches!(record, Record::News(News::Message { .. })));
        self.says_hello |= record == Record::Hello;
        self.says_gone |= record == Record::News(News::Gone);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 5]);
        let kind = match record {
            Record::News(News::Message { room, frame }) => {
                self.push_room(room);
                self.bytes.extend_from_slice(frame);
                b'm'
            }
            Record::News(News::Joined { client, room, name }) => {
                self.bytes.extend_from_slice(&client.to_be_bytes());
                self.push_room(room);
                self.bytes.extend_from_slice(name.as_bytes());
                b'j'
            }
            Record::News(News::Left { client, room }) => {
                self.bytes.extend_from_slice(&client.to_be_bytes());
                self.push_room(room);
                b'l'
            }
            Record::News(News::RosterBegins) => b'r',
            Record::News(News::RosterEnds) => b'e',
            Record::Hello => b'h',
            Record::Alive => b'a',
            Record::News(News::Gone) => b'g',
        };
        // No record is as long as that: the longest is a message, which some client's buffer has held.
        let len = u32::try_from(self.bytes.len() - start - 5).unwrap_or(u32::MAX);
        self.bytes[start] = kind;
        self.bytes[start + 1..start + 5].copy_from_slice(&len.to_be_bytes());
    }

    /// A room's name is at most 64 bytes long.
    fn push_room(&mut self, room: &str) {
        self.bytes.push(u8::try_from(room.len()).unwrap_or(u8::MAX));
        self.bytes.extend_from_slice(room.as_bytes());
    }

    /// The whole payload.
    pub(super) fn finish(mut self, server: u64, number: u64, messages_before: u64) -> Vec<u8> {
        self.bytes[..8].copy_from_slice(MAGIC);
        self.bytes[8..16].copy_from_slice(&server.to_be_bytes());
        self.bytes[16..24].copy_from_slice(&number.to_be_bytes());
        self.bytes[24..32].copy_from_slice(&messages_before.to_be_bytes());
        self.bytes
    }
}

impl<'p> Bulletin<'p> {
    /// Parses a payload. `None`: it is not exactly a bulletin.
    pub(super) fn parse(payload: &'p [u8]) -> Option<Bulletin<'p>> {
        let mut rest = payload.strip_prefix(MAGIC)?;
        let (server, number, messages_before) = (number(&mut rest)?, number(&mut rest)?, number(&mut rest)?);
        let mut records = Vec::new();
        while let Some((&kind, after)) = rest.split_first() {
            let (len, after) = after.split_first_chunk()?;
            let (body, after) = after.split_at_checked(u32::from_be_bytes(*len).try_into().ok()?)?;
            records.push(Record::parse(kind, body)?);
            rest = after;
        }
        Some(Bulletin { server, number, messages_before, records })
    }
}

impl<'p> Record<'p> {
    fn parse(kind: u8, mut body: &'p [u8]) -> Option<Record<'p>> {
        let rest = &mut body;
        let record = match kind {
            b'm' => {
                let (room, frame) = (room(rest)?, mem::take(rest));
                parse_whole(frame)?;
                Record::News(News::Message { room, frame })
            }
            b'j' => {
                let (client, room) = (number(rest)?, room(rest)?);
                let name = str::from_utf8(mem::take(rest)).ok().filter(|name| is_client_name(name))?;
                Record::News(News::Joined { client, room, name })
            }
            b'l' => Record::News(News::Left { client: number(rest)?, room: room(rest)? }),
            b'r' => Record::News(News::RosterBegins),
            b'e' => Record::News(News::RosterEnds),
            b'g' => Record::News(News::Gone),
            b'h' => Record::Hello,
            b'a' => Record::Alive,
            _ => return None,
        };
        rest.is_empty().then_some(record)
    }
}

/// Whether a frame may be posted in a room: a message that a client of this server's own could have sent.
pub(super) fn is_acceptable(frame: &[u8], max_message: usize) -> bool {
    let Some((opcode, payload)) = parse_whole(frame) else {
        return false;
    };
    let is_valid = match opcode {
        Opcode::Text => str::from_utf8(payload).is_ok() && !is_forged(payload),
        opcode => opcode == Opcode::Binary,
    };
    is_valid && payload.len() <= max_message
}

/// A whole frame as a server writes it. Its header has one form only (§5.2), so the right one is what would be written.
fn parse_whole(frame: &[u8]) -> Option<(Opcode, &[u8])> {
    let (header, payload) = FrameHeader::parse(frame, Sender::Server).ok()??;
    (header.fin && header.payload_len == payload.len() as u64).then_some((header.opcode, payload))
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_be_bytes(*number))
}

fn room<'p>(rest: &mut &'p [u8]) -> Option<&'p str> {
    let (&len, after) = rest.split_first()?;
    let (room, after) = after.split_at_checked(len.into())?;
    *rest = after;
    str::from_utf8(room).ok().filter(|room| is_room_name(room))
}
