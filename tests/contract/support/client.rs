//! A WebSocket client that does only what it is told.

use super::frame::{self, FIN, Frame, PING, PONG};
use super::http::{self, Head};
use super::server::Server;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::str;
use std::time::{Duration, Instant};

/// The `Sec-WebSocket-Accept` for [`http::KEY`]: the RFC's own pair (§1.3).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub struct Client {
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    /// A client that is in the room, having read its 101.
    #[track_caller]
    pub fn join(server: &Server, target: &str) -> Client {
        Client::send_head(server, &Head::upgrade(target).bytes())
    }

    /// The same with any head, and whatever bytes follow it in the same packet.
    #[track_caller]
    pub fn send_head(server: &Server, bytes: &[u8]) -> Client {
        Client::try_join(server, bytes).unwrap_or_else(|status| panic!("{status} instead of 101"))
    }

    /// A client, or the status of the refusal.
    #[track_caller]
    pub fn try_join(server: &Server, bytes: &[u8]) -> Result<Client, u16> {
        Client::try_join_on(server.connect(), bytes)
    }

    /// The same on a connection there is already.
    #[track_caller]
    pub fn try_join_on(mut stream: TcpStream, bytes: &[u8]) -> Result<Client, u16> {
        let written = stream.write_all(bytes);
        let (head, rest) = http::read_head(&mut stream);
        if head.status != 101 {
            return Err(head.status);
        }
        written.unwrap();
        assert_eq!(head.header("Sec-WebSocket-Accept"), Some(ACCEPT));
        assert!(head.header("Upgrade").unwrap().eq_ignore_ascii_case("websocket"));
        assert!(head.header("Connection").unwrap().eq_ignore_ascii_case("upgrade"));
        for never in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length"] {
            assert_eq!(head.header(never), None, "in a 101");
        }
        Ok(Client { stream, received: rest })
    }

    /// Its own address, as the server sees it.
    pub fn address(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    #[track_caller]
    pub fn text(&mut self, text: &str) {
        self.send(&frame::text(text));
    }

    /// The next frame, whatever it is; `None` at the end of the stream.
    #[track_caller]
    pub fn next(&mut self) -> Option<Frame> {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            if let Some(frame) = frame::take(&mut self.received) {
                return Some(frame);
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => {
                    assert!(self.received.is_empty(), "the stream ends within a frame");
                    return None;
                }
                Ok(n) => self.received.extend(&chunk[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{error} instead of a frame"),
            }
        }
    }

    #[track_caller]
    pub fn frame(&mut self) -> Frame {
        self.next().expect("the end instead of a frame")
    }

    #[track_caller]
    pub fn expect(&mut self, expected: &Frame) {
        let frame = self.frame();
        assert_eq!((frame.opcode, shown(&frame.payload)), (expected.opcode, shown(&expected.payload)));
        assert!(frame == *expected, "a payload of {} bytes differs", frame.payload.len());
    }

    #[track_caller]
    pub fn expect_text(&mut self, text: &str) {
        self.expect(&Frame::text(text));
    }

    #[track_caller]
    pub fn expect_pong(&mut self, payload: &[u8]) {
        self.expect(&Frame { opcode: PONG, payload: payload.to_vec() });
    }

    /// Returns once the server has taken everything sent so far; the Pong must be the next thing received.
    #[track_caller]
    pub fn settle(&mut self) {
        self.send(&frame::masked(FIN | PING, b"settled?"));
        self.expect_pong(b"settled?");
    }

    /// Close with this code, a reason that can be read, then the server's FIN and not a byte between.
    #[track_caller]
    pub fn expect_close(&mut self, code: u16) -> String {
        let frame = self.frame();
        assert_eq!(frame.opcode, frame::CLOSE, "{:?} instead of Close {code}", shown(&frame.payload));
        let (sent, reason) = frame.payload.split_at(2);
        assert_eq!(u16::from_be_bytes(sent.try_into().unwrap()), code, "close code");
        assert_eq!(self.next(), None, "sent after Close");
        str::from_utf8(reason).expect("a reason in UTF-8").to_string()
    }
}

/// How long it takes two to exchange 20 messages.
#[track_caller]
pub fn chat(talkers: &mut [Client; 2]) -> Duration {
    let start = Instant::now();
    for n in 0..20 {
        talkers[n % 2].text(&n.to_string());
        talkers[(n + 1) % 2].expect_text(&n.to_string());
    }
    start.elapsed()
}

/// The beginning of a payload, for messages about it.
fn shown(payload: &[u8]) -> String {
    String::from_utf8_lossy(&payload[..payload.len().min(120)]).into_owned()
}
