//! The examples that serve, spoken to with the tests' own client.
#![cfg(feature = "server")]
#![allow(missing_docs)]

#[expect(dead_code, reason = "its `main` is for those who run it")]
#[path = "../examples/client.rs"]
mod client;
#[expect(dead_code, reason = "its `main` is for those who run it")]
#[path = "../examples/echo.rs"]
mod echo;
#[expect(dead_code, unused_imports, reason = "a part of it is for tests/contract alone")]
#[path = "contract/support/mod.rs"]
mod support;
#[expect(dead_code, reason = "its `main` is for those who run it")]
#[path = "../examples/textbook.rs"]
mod textbook;

use chinwag::protocol::receiver::Limits;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use support::frame::{self, BINARY, CONTINUATION, FIN, Frame, PING, TEXT, masked};
use support::{Client, Head, PATIENCE};
use tungstenite::Message;

const CLIENT: &str = include_str!("../examples/client.rs");
const TEXTBOOK: &str = include_str!("../examples/textbook.rs");

/// Starts an example, which then serves as long as this program runs.
fn start(serve: fn(&TcpListener) -> io::Result<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || serve(&listener));
    address
}

#[track_caller]
fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

#[track_caller]
fn join(address: SocketAddr) -> Client {
    Client::try_join_on(connect(address), &Head::upgrade("/").bytes()).unwrap()
}

/// What is right for one client alone, whatever is done with its messages.
#[track_caller]
fn keeps_to_the_protocol(serve: fn(&TcpListener) -> io::Result<()>) {
    let address = start(serve);
    let mut pinging = join(address);
    pinging.send(&[masked(TEXT, b"in pi"), masked(FIN | PING, b"?")].concat());
    pinging.expect_pong(b"?");
    for (sent, code) in [
        (frame::close(3000, b"bye"), 3000),
        (masked(FIN | frame::CLOSE, b""), 1000),
        (vec![0xFF], 1002),
        (masked(FIN | TEXT, b"\xFF"), 1007),
    ] {
        let mut client = join(address);
        client.send(&sent);
        client.expect_close(code);
    }
    let mut refused = connect(address);
    refused.write_all(&Head::upgrade("/").without("Sec-WebSocket-Key").bytes()).unwrap();
    assert_eq!(refused.read(&mut [0]).unwrap(), 0, "answered instead of cut");
}

#[test]
fn the_echo_keeps_to_the_protocol() {
    keeps_to_the_protocol(echo::serve);
}

#[test]
fn the_echo_says_everything_back() {
    let address = start(echo::serve);
    let head_and_more = [Head::upgrade("/").bytes(), frame::text("with the head")].concat();
    let mut client = Client::try_join_on(connect(address), &head_and_more).unwrap();
    client.expect_text("with the head");
    client.send(&[masked(TEXT, b"in pi"), masked(FIN | CONTINUATION, b"eces")].concat());
    client.expect_text("in pieces");
    client.send(&masked(FIN | BINARY, &[7; 64 * 1024]));
    client.expect(&Frame::binary(&[7; 64 * 1024]));
}

#[test]
fn the_textbook_keeps_to_the_protocol() {
    keeps_to_the_protocol(textbook::serve);
}

#[test]
fn the_textbook_passes_on_what_is_said_to_everyone_else() {
    let address = start(textbook::serve);
    let mut clients = [join(address), join(address), join(address)];
    for speaker in 0..3 {
        // The first thing each hears is what the one before has said: nothing comes twice, or back.
        clients[speaker].text(&speaker.to_string());
        for hearer in (0..3).filter(|hearer| *hearer != speaker) {
            clients[hearer].expect_text(&speaker.to_string());
        }
    }
    let [mut leaving, mut a, b] = clients;
    leaving.send(&[frame::text("last words"), frame::close(1000, b"")].concat());
    leaving.expect_close(1000);
    a.expect_text("last words");
    drop(b);
    let mut late = join(address);
    late.send(&masked(FIN | BINARY, &[7; 64 * 1024]));
    a.expect(&Frame::binary(&[7; 64 * 1024]));
}

#[test]
fn the_textbook_has_a_hundred_lines() {
    let lines = TEXTBOOK.lines().count();
    assert!(lines <= 100, "{lines}");
}

/// Each "Fails" names a file in parentheses, and all of them are there.
#[test]
fn the_textbook_names_files_that_there_are() {
    let (mut failures, mut named) = (0, 0);
    for line in TEXTBOOK.lines().filter(|line| line.trim_start().starts_with("//")) {
        failures += line.matches("Fails").count();
        for name in line.split(['(', ')']).filter(|part| part.ends_with(".rs")) {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server").join(name);
            assert!(fs::exists(&path).unwrap(), "{} is not there", path.display());
            named += 1;
        }
    }
    // The first is the word's explanation.
    assert!(failures > 1 && named >= failures - 1, "{failures} failures, {named} files");
}

const LIMITS: Limits = Limits { max_message: 64 * 1024, max_fragments: 1024 };

/// A server that nobody here wrote, and the client's answers.
#[test]
fn the_client_keeps_to_the_protocol() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let parrot = thread::spawn(move || client::parrot(connect(address), "example.org", "/room", LIMITS));
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // It refuses what is not masked.
    let mut server = tungstenite::accept(stream).unwrap();
    let long = Message::binary(vec![7; LIMITS.max_message]);
    for message in [Message::text("größer"), Message::text(""), long] {
        server.send(message.clone()).unwrap();
        assert_eq!(server.read().unwrap(), message);
    }
    server.get_mut().write_all(b"\x01\x03in \x89\x01?\x80\x06pieces").unwrap();
    assert_eq!(server.read().unwrap(), Message::Pong(b"?"[..].into()));
    assert_eq!(server.read().unwrap(), Message::text("in pieces"));
    server.close(None).unwrap();
    assert!(matches!(server.read().unwrap(), Message::Close(Some(close)) if u16::from(close.code) == 1000));
    drop(server);
    parrot.join().unwrap().unwrap();
}

#[test]
fn the_client_says_what_was_wrong() {
    for (sent, code, reason) in [
        (&b"\x81\x80\0\0\0\0"[..], 1002, "frame masked"),
        (b"\x81\x01\xFF", 1007, "not UTF-8"),
        (b"\x82\x7F\0\0\0\0\0\x01\0\x01", 1009, "message too big"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let parrot = thread::spawn(move || client::parrot(connect(address), "a", "/", LIMITS));
        let mut server = tungstenite::accept(listener.accept().unwrap().0).unwrap();
        server.get_mut().write_all(sent).unwrap();
        let Message::Close(Some(close)) = server.read().unwrap() else { panic!("no Close for {sent:02x?}") };
        assert_eq!((u16::from(close.code), close.reason.as_str()), (code, reason));
        drop(server);
        parrot.join().unwrap().unwrap();
    }
}

#[test]
fn the_client_goes_on_with_no_one_who_has_not_read_its_key() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let parrot = thread::spawn(move || client::parrot(connect(address), "a", "/", LIMITS));
    let (mut stream, _) = listener.accept().unwrap();
    let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    stream.write_all(head).unwrap();
    assert_eq!(parrot.join().unwrap().unwrap_err().to_string(), "Sec-WebSocket-Accept of another key");
}

#[test]
fn the_client_has_less_than_sixty_lines_of_code() {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let lines = CLIENT.lines().filter(is_code).count();
    assert!(lines < 60, "{lines}");
}
