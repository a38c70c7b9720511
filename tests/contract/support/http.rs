//! Requests as strange as a test wants them, and answers held to what every answer must be.

use super::server::Server;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::str;

/// The RFC's own example of a key (§1.3).
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// Put anywhere into a request, it must never come back.
pub const MARKER: &str = "zqxjkvb";

/// A request head, put together a piece at a time.
#[derive(Clone, Debug)]
pub struct Head {
    pub method: String,
    pub target: String,
    pub version: String,
    pub headers: Vec<(String, String)>,
}

impl Head {
    pub fn get(target: &str) -> Head {
        let [method, target, version] = ["GET", target, "HTTP/1.1"].map(String::from);
        Head { method, target, version, headers: Vec::new() }.with("Host", "localhost")
    }

    /// A valid opening handshake.
    pub fn upgrade(target: &str) -> Head {
        Head::get(target)
            .with("Upgrade", "websocket")
            .with("Connection", "Upgrade")
            .with("Sec-WebSocket-Key", KEY)
            .with("Sec-WebSocket-Version", "13")
    }

    pub fn method(mut self, method: &str) -> Head {
        self.method = method.to_string();
        self
    }

    pub fn version(mut self, version: &str) -> Head {
        self.version = version.to_string();
        self
    }

    pub fn with(mut self, name: &str, value: &str) -> Head {
        self.headers.push((name.to_string(), value.to_string()));
        self
    }

    pub fn without(mut self, name: &str) -> Head {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    pub fn set(self, name: &str, value: &str) -> Head {
        self.without(name).with(name, value)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} {}\r\n", self.method, self.target, self.version);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        (text + "\r\n").into_bytes()
    }
}

pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header that may stand there at most once.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} twice");
        value
    }

    #[track_caller]
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    fn parse_head(head: &[u8]) -> Response {
        let head = str::from_utf8(head).expect("a head in ASCII");
        let (status_line, fields) = head.split_once("\r\n").unwrap();
        let status = status_line.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("{status_line:?}"));
        assert!(status.as_bytes().get(3) == Some(&b' '), "{status_line:?} has no space after the code");
        let headers = fields.split_terminator("\r\n").map(|field| {
            let (name, value) = field.split_once(':').unwrap();
            (name.to_string(), value.trim_matches([' ', '\t']).to_string())
        });
        Response { status: status[..3].parse().unwrap(), headers: headers.collect(), body: Vec::new() }
    }

    /// What every answer but 101 must be.
    #[track_caller]
    fn check(&self, to_head: bool) {
        if self.status == 204 {
            assert_eq!((self.header("Content-Length"), self.body.as_slice()), (None, &b""[..]), "in a 204");
            assert_eq!(self.header("Connection"), Some("close"));
            return assert!(self.headers.iter().all(|(name, _)| !name.starts_with("Access-Control")));
        }
        let length = self.header("Content-Length").expect("Content-Length");
        match to_head {
            true => assert!(self.body.is_empty(), "a body in the answer to HEAD"),
            false => assert_eq!(length, self.body.len().to_string(), "Content-Length"),
        }
        assert!(!length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()), "{length:?}");
        let connection = if self.status == 426 { "close, Upgrade" } else { "close" };
        assert_eq!(self.header("Connection"), Some(connection), "{}", self.status);
        assert_eq!(self.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(self.header("Transfer-Encoding"), None);
        assert_eq!(self.header("Upgrade"), (self.status == 426).then_some("websocket"));
    }
}

/// Reads up to the blank line; returns also what came after it.
#[track_caller]
pub fn read_head(stream: &mut TcpStream) -> (Response, Vec<u8>) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return (Response::parse_head(&bytes[..end + 2]), rest);
        }
        match stream.read(&mut chunk) {
            Ok(0) => panic!("the end instead of an answer, after {:?}", String::from_utf8_lossy(&bytes)),
            Ok(n) => bytes.extend(&chunk[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{error} instead of an answer"),
        }
    }
}

/// Reads an answer other than 101 to the server's end of the stream, and holds it to what all must be.
#[track_caller]
pub fn read_answer(stream: &mut TcpStream, to_head: bool) -> Response {
    let (mut response, rest) = read_head(stream);
    assert_ne!(response.status, 101, "not refused");
    response.body = rest;
    stream.read_to_end(&mut response.body).expect("an answer that can be read to its end");
    response.check(to_head);
    let everything = format!("{:?} {}", response.headers, String::from_utf8_lossy(&response.body));
    assert!(!everything.contains(MARKER), "reflects the request: {everything}");
    response
}

/// Sends these bytes and no more, and reads the answer while the connection is still open.
#[track_caller]
pub fn ask_bytes(server: &Server, bytes: &[u8]) -> Response {
    let mut stream = server.connect();
    stream.write_all(bytes).unwrap();
    let response = read_answer(&mut stream, bytes.starts_with(b"HEAD "));
    let _ = stream.shutdown(Shutdown::Both);
    response
}

#[track_caller]
pub fn ask(server: &Server, head: &Head) -> Response {
    ask_bytes(server, &head.bytes())
}
