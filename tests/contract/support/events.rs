//! A reader of event streams that follows the HTML standard, and nothing that is in `src/`.

use super::http::{self, Head, Response};
use super::server::Server;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

/// What an `EventSource` would dispatch, and a comment.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Event { kind: String, data: String, id: String },
    Comment(String),
}

pub struct EventStream {
    pub stream: TcpStream,
    received: Vec<u8>,
    /// The present event, and the id as it would be sent back.
    kind: String,
    data: String,
    pub last_id: String,
}

impl EventStream {
    #[track_caller]
    pub fn open(server: &Server, target: &str) -> EventStream {
        EventStream::resume(server, target, None)
    }

    /// The same by somebody who has been here before.
    #[track_caller]
    pub fn resume(server: &Server, target: &str, last_id: Option<&str>) -> EventStream {
        let head = Head::get(target).with("Accept", "text/event-stream");
        let head = last_id.into_iter().fold(head, |head, id| head.with("Last-Event-ID", id));
        let (response, stream) = EventStream::ask(server, &head);
        assert_eq!(response.status, 200);
        stream
    }

    /// Sends any head, and reads that of the answer.
    #[track_caller]
    pub fn ask(server: &Server, head: &Head) -> (Response, EventStream) {
        let mut stream = server.connect();
        stream.write_all(&head.bytes()).unwrap();
        let (response, received) = http::read_head(&mut stream);
        let [kind, data, last_id] = Default::default();
        (response, EventStream { stream, received, kind, data, last_id })
    }

    /// The next event or comment; `None` at the stream's end.
    #[track_caller]
    pub fn next(&mut self) -> Option<Heard> {
        loop {
            let line = self.line()?;
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" if line.is_empty() => {
                    let (kind, mut data) = (std::mem::take(&mut self.kind), std::mem::take(&mut self.data));
                    if data.pop().is_some() {
                        return Some(Heard::Event { kind, data, id: self.last_id.clone() });
                    }
                }
                "" => return Some(Heard::Comment(value.to_owned())),
                "data" => self.data += &format!("{value}\n"),
                "event" => self.kind = value.to_owned(),
                "id" => self.last_id = value.to_owned(),
                _ => panic!("{line:?} in an event stream"),
            }
        }
    }

    /// The data of the next event, which is of this kind. Comments may come before it.
    #[track_caller]
    pub fn expect(&mut self, expected_kind: &str, expected: &str) {
        loop {
            match self.next() {
                Some(Heard::Comment(_)) => {}
                Some(Heard::Event { kind, data, .. }) => {
                    return assert_eq!((kind.as_str(), data.as_str()), (expected_kind, expected));
                }
                None => panic!("the end instead of {expected:?}"),
            }
        }
    }

    #[track_caller]
    pub fn expect_text(&mut self, text: &str) {
        self.expect("", text);
    }

    /// Lines end with LF, CR, or both; this server writes LF alone.
    #[track_caller]
    fn line(&mut self) -> Option<String> {
        let mut chunk = [0; 4096];
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                let line = String::from_utf8(line).expect("UTF-8");
                assert!(!line.contains('\r'), "{line:?}");
                return Some(line.trim_end_matches('\n').to_owned());
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(count) => self.received.extend(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error} instead of an event"),
            }
        }
    }
}
