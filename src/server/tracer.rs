//! `--trace`: everything that passes on a connection, explained byte for byte.
//!
//! A conversation is followed in both directions: a head, and after a 101 frames. However the bytes are cut up by
//! reads and sends, each head and each frame is explained once, when it is whole, when it is refused, or when no more
//! comes. An explanation is one write to the log, and each of its lines begins with the client's number.

mod frames;
mod heads;
#[cfg(test)]
mod tests;

use std::mem;

use super::log::Log;
use super::sync::{Mutex, lock};
use crate::protocol::head::Head;
use crate::protocol::receiver::Limits;
use crate::trace::{Count, Text};
use frames::Frames;

/// How much is shown of what is neither head nor frame, in bytes.
const BODY_SHOWN: usize = 48;

/// Explains on the log what passes on one connection.
pub(crate) struct Tracer {
    log: Log,
    number: u64,
    conversation: Mutex<Conversation>,
}

impl Tracer {
    pub(crate) fn new(log: Log, number: u64, limits: Limits) -> Self {
        Tracer { log, number, conversation: Mutex::new(Conversation::new(limits)) }
    }

    /// Takes what has been received. No bytes are the end of the stream.
    pub(crate) fn receive(&self, bytes: &[u8]) {
        self.follow(|conversation| match bytes {
            [] => conversation.end_receiving(),
            bytes => conversation.receive(bytes),
        });
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
        for event in mem::take(&mut conversation.events) {
            let direction = match event.direction {
                Direction::In => "in ",
                Direction::Out => "out",
            };
            let prefix = format!("client {} {direction}  ", self.number);
            let lines = event.text.replace('\n', &format!("\n{prefix}  "));
            self.log.error(format_args!("{prefix}{lines}"));
        }
    }
}

impl Drop for Tracer {
    /// A connection that broke, or was cut, may leave something that never became whole.
    fn drop(&mut self) {
        self.follow(Conversation::break_off);
    }
}

/// As the server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

/// Something explained.
#[derive(Debug, PartialEq, Eq)]
struct Event {
    direction: Direction,
    text: String,
}

/// What has passed so far.
struct Conversation {
    limits: Limits,
    incoming: Incoming,
    outgoing: Outgoing,
    events: Vec<Event>,
}

enum Incoming {
    Head {
        scanner: Head,
        bytes: Vec<u8>,
    },
    /// The answer decides what comes after the head.
    Decided {
        head: Vec<u8>,
        after: Vec<u8>,
    },
    Frames(Frames),
    /// Whatever comes is not looked at.
    Ignored,
    Ended,
}

enum Outgoing {
    Head(Vec<u8>),
    Body,
    Frames(Frames),
    Ended,
}

impl Conversation {
    fn new(limits: Limits) -> Self {
        Conversation {
            limits,
            incoming: Incoming::Head { scanner: Head::new(), bytes: Vec::new() },
            outgoing: Outgoing::Head(Vec::new()),
            events: Vec::new(),
        }
    }

    fn tell(&mut self, direction: Direction, text: String) {
        self.events.push(Event { direction, text });
    }

    fn receive(&mut self, received: &[u8]) {
        match &mut self.incoming {
            Incoming::Head { scanner, bytes } => {
                bytes.extend_from_slice(received);
                match scanner.scan(bytes) {
                    Ok(None) => {}
                    Ok(Some(len)) => {
                        let after = bytes.split_off(len);
                        let head = mem::take(bytes);
                        self.tell(Direction::In, heads::explain_request(&head));
                        self.incoming = Incoming::Decided { head, after };
                    }
                    Err(error) => {
                        let text = heads::explain_refused(bytes, error);
                        self.tell(Direction::In, text);
                        self.incoming = Incoming::Ignored;
                    }
                }
            }
            Incoming::Decided { after, .. } => after.extend_from_slice(received),
            Incoming::Frames(frames) => {
                let (explained, ignored) = frames.take(received);
                explained.into_iter().for_each(|text| self.tell(Direction::In, text));
                if let Some(ignored) = ignored {
                    self.incoming = Incoming::Ignored;
                    self.ignore(ignored);
                }
            }
            Incoming::Ignored | Incoming::Ended => self.ignore(received),
        }
    }

    fn ignore(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.tell(Direction::In, format!("{}, ignored", Count(bytes.len() as u64)));
        }
    }

    fn send(&mut self, sent: &[u8]) {
        match &mut self.outgoing {
            Outgoing::Head(bytes) => {
                bytes.extend_from_slice(sent);
                if let Some(len) = heads::len(bytes) {
                    let after = bytes.split_off(len);
                    let head = mem::take(bytes);
                    match heads::is_interim(&head) {
                        true => self.tell(Direction::Out, heads::explain_response(&head)),
                        false => self.answer(&head),
                    }
                    self.send(&after);
                }
            }
            Outgoing::Frames(frames) => {
                let (explained, _) = frames.take(sent);
                explained.into_iter().for_each(|text| self.tell(Direction::Out, text));
            }
            Outgoing::Body | Outgoing::Ended if sent.is_empty() => {}
            Outgoing::Body | Outgoing::Ended => self.tell_body(Direction::Out, sent),
        }
    }

    fn tell_body(&mut self, direction: Direction, body: &[u8]) {
        let shown = &body[..body.len().min(BODY_SHOWN)];
        let cut = if shown.len() < body.len() { "..." } else { "" };
        let len = Count(body.len() as u64);
        self.tell(direction, format!("body of {len}\n{}{cut}", Text(shown)));
    }

    /// The answer to the request, which a body may have come behind: after a 101 there are frames, after all others nothing
    /// is read any more.
    fn answer(&mut self, answer: &[u8]) {
        let (request, after) = match mem::replace(&mut self.incoming, Incoming::Ignored) {
            Incoming::Decided { head, after } => (head, after),
            _ => (Vec::new(), Vec::new()),
        };
        let (body, after) = after.split_at(heads::body_len(&request).min(after.len()));
        if !body.is_empty() {
            self.tell_body(Direction::In, body);
        }
        self.tell(Direction::Out, heads::explain_response(answer));
        if heads::switches_protocols(answer) {
            self.tell(Direction::Out, heads::explain_accept_key(&request));
            self.incoming = Incoming::Frames(Frames::received(self.limits));
            self.outgoing = Outgoing::Frames(Frames::sent());
            self.receive(after);
        } else {
            self.outgoing = Outgoing::Body;
            self.ignore(after);
        }
    }

    fn end_receiving(&mut self) {
        if !matches!(self.incoming, Incoming::Ended) {
            self.break_off_receiving();
            self.tell(Direction::In, "end of the stream".to_owned());
        }
    }

    fn end_sending(&mut self) {
        if !matches!(self.outgoing, Outgoing::Ended) {
            self.break_off_sending();
            self.tell(Direction::Out, "end of the stream".to_owned());
        }
    }

    fn break_off(&mut self) {
        self.break_off_receiving();
        self.break_off_sending();
    }

    fn break_off_receiving(&mut self) {
        let unfinished = match mem::replace(&mut self.incoming, Incoming::Ended) {
            Incoming::Head { bytes, .. } => heads::explain_unfinished(&bytes),
            Incoming::Frames(frames) => frames.into_unfinished(),
            _ => None,
        };
        unfinished.into_iter().for_each(|text| self.tell(Direction::In, text));
    }

    fn break_off_sending(&mut self) {
        let unfinished = match mem::replace(&mut self.outgoing, Outgoing::Ended) {
            Outgoing::Head(bytes) => heads::explain_unfinished(&bytes),
            Outgoing::Frames(frames) => frames.into_unfinished(),
            _ => None,
        };
        unfinished.into_iter().for_each(|text| self.tell(Direction::Out, text));
    }
}
