//! A whole connection, explained byte for byte, as one end of it sees it.
//!
//! A conversation is followed in both directions: a head, and after a 101 frames. However the bytes are cut up by
//! reads and sends, each head and each frame is explained once, when it is whole, when it is refused, or when no more
//! comes.

mod frames;
mod heads;
#[cfg(test)]
mod tests;

use std::mem;

use crate::protocol::head::Head;
use crate::protocol::receiver::Limits;
use frames::Frames;
pub(crate) use heads::Side;

/// As that side sees it.
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
pub(crate) struct Conversation {
    side: Side,
    limits: Limits,
    request: FromClient,
    answer: FromServer,
    events: Vec<Event>,
}

/// What the client's bytes are.
enum FromClient {
    Head {
        scanner: Head,
        bytes: Vec<u8>,
    },
    /// The answer decides what comes after the head.
    Decided {
        head: Vec<u8>,
        after: Vec<u8>,
    },
    Frames(Frames<true>),
    /// Whatever comes is not looked at.
    Ignored,
    Ended,
}

/// What the server's bytes are.
enum FromServer {
    Head(Vec<u8>),
    Body,
    Frames(Frames<false>),
    /// Whatever comes is not looked at.
    Ignored,
    Ended,
}

impl Conversation {
    /// Begins with a connection just opened. What `side` receives is held to `limits`.
    pub(crate) fn new(side: Side, limits: Limits) -> Self {
        Conversation {
            side,
            limits,
            request: FromClient::Head { scanner: Head::new(), bytes: Vec::new() },
            answer: FromServer::Head(Vec::new()),
            events: Vec::new(),
        }
    }

    /// Takes what this side has received. No bytes are the end of the stream.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        match (self.side, bytes) {
            (Side::Server, []) => self.end_request(),
            (Side::Client, []) => self.end_answer(),
            (Side::Server, bytes) => self.take_request(bytes),
            (Side::Client, bytes) => self.take_answer(bytes),
        }
    }

    /// Takes what this side has sent.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        match self.side {
            Side::Server => self.take_answer(bytes),
            Side::Client => self.take_request(bytes),
        }
    }

    /// Takes note that this side sends nothing more.
    pub(crate) fn end_sending(&mut self) {
        match self.side {
            Side::Server => self.end_answer(),
            Side::Client => self.end_request(),
        }
    }

    /// Takes note that nothing more passes at all.
    pub(crate) fn break_off(&mut self) {
        self.break_off_request();
        self.break_off_answer();
    }

    /// Returns what there is to explain since the last call, each time in lines that begin with `who`.
    pub(crate) fn explain(&mut self, who: &str) -> Vec<String> {
        let explain = |event: Event| {
            let direction = if event.direction == Direction::In { "in " } else { "out" };
            let prefix = format!("{who}{direction}  ");
            let lines = event.text.replace('\n', &format!("\n{prefix}  "));
            prefix + &lines
        };
        mem::take(&mut self.events).into_iter().map(explain).collect()
    }

    fn tell_of_request(&mut self, text: String) {
        let direction = if self.side == Side::Server { Direction::In } else { Direction::Out };
        self.events.push(Event { direction, text });
    }

    fn tell_of_answer(&mut self, text: String) {
        let direction = if self.side == Side::Server { Direction::Out } else { Direction::In };
        self.events.push(Event { direction, text });
    }

    fn take_request(&mut self, received: &[u8]) {
        match &mut self.request {
            FromClient::Head { scanner, bytes } => {
                bytes.extend_from_slice(received);
                match scanner.scan(bytes) {
                    Ok(None) => {}
                    Ok(Some(len)) => {
                        let after = bytes.split_off(len);
                        let head = mem::take(bytes);
                        self.tell_of_request(heads::explain_request(&head, self.side));
                        self.request = FromClient::Decided { head, after };
                    }
                    Err(error) => {
                        let text = heads::explain_refused(bytes, error);
                        self.tell_of_request(text);
                        self.request = FromClient::Ignored;
                    }
                }
            }
            FromClient::Decided { after, .. } => after.extend_from_slice(received),
            FromClient::Frames(frames) => {
                let (explained, ignored) = frames.take(received);
                explained.into_iter().for_each(|text| self.tell_of_request(text));
                if let Some(ignored) = ignored {
                    self.request = FromClient::Ignored;
                    self.ignore_request(ignored);
                }
            }
            FromClient::Ignored | FromClient::Ended => self.ignore_request(received),
        }
    }

    fn ignore_request(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.tell_of_request(heads::explain_ignored(bytes));
        }
    }

    fn take_answer(&mut self, sent: &[u8]) {
        match &mut self.answer {
            FromServer::Head(bytes) => {
                bytes.extend_from_slice(sent);
                if let Some(len) = heads::len(bytes) {
                    let after = bytes.split_off(len);
                    let head = mem::take(bytes);
                    match heads::is_interim(&head) {
                        true => self.tell_of_answer(heads::explain_response(&head, self.side)),
                        false => self.switch(&head),
                    }
                    self.take_answer(&after);
                }
            }
            FromServer::Frames(frames) => {
                let (explained, ignored) = frames.take(sent);
                explained.into_iter().for_each(|text| self.tell_of_answer(text));
                if let Some(ignored) = ignored {
                    self.answer = FromServer::Ignored;
                    self.take_answer(ignored);
                }
            }
            _ if sent.is_empty() => {}
            FromServer::Ignored => self.tell_of_answer(heads::explain_ignored(sent)),
            FromServer::Body | FromServer::Ended => self.tell_of_answer(heads::explain_body(sent)),
        }
    }

    /// The answer to the request, which a body may have come behind: after a 101 there are frames, after all others nothing
    /// is read any more.
    fn switch(&mut self, answer: &[u8]) {
        let (request, after) = match mem::replace(&mut self.request, FromClient::Ignored) {
            FromClient::Decided { head, after } => (head, after),
            _ => (Vec::new(), Vec::new()),
        };
        let (body, after) = after.split_at(heads::body_len(&request).min(after.len()));
        if !body.is_empty() {
            self.tell_of_request(heads::explain_body(body));
        }
        self.tell_of_answer(heads::explain_response(answer, self.side));
        if heads::switches_protocols(answer) {
            self.tell_of_answer(heads::explain_accept_key(&request, self.side));
            let received = |side| Some(self.limits).filter(|_| self.side == side);
            self.answer = FromServer::Frames(Frames::new(received(Side::Client)));
            self.request = FromClient::Frames(Frames::new(received(Side::Server)));
            self.take_request(after);
        } else {
            self.answer = FromServer::Body;
            self.ignore_request(after);
        }
    }

    fn end_request(&mut self) {
        if !matches!(self.request, FromClient::Ended) {
            self.break_off_request();
            self.tell_of_request("end of the stream".to_owned());
        }
    }

    fn end_answer(&mut self) {
        if !matches!(self.answer, FromServer::Ended) {
            self.break_off_answer();
            self.tell_of_answer("end of the stream".to_owned());
        }
    }

    fn break_off_request(&mut self) {
        let unfinished = match mem::replace(&mut self.request, FromClient::Ended) {
            FromClient::Head { bytes, .. } => heads::explain_unfinished(&bytes),
            FromClient::Frames(frames) => frames.into_unfinished(),
            _ => None,
        };
        unfinished.into_iter().for_each(|text| self.tell_of_request(text));
    }

    fn break_off_answer(&mut self) {
        let unfinished = match mem::replace(&mut self.answer, FromServer::Ended) {
            FromServer::Head(bytes) => heads::explain_unfinished(&bytes),
            FromServer::Frames(frames) => frames.into_unfinished(),
            _ => None,
        };
        unfinished.into_iter().for_each(|text| self.tell_of_answer(text));
    }
}
