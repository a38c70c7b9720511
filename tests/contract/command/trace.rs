//! `--trace`: what passes, byte for byte, on stderr.

use crate::support::client::Client;
use crate::support::frame::{self, BINARY, CONTINUATION, FIN, PING, PONG, TEXT, masked};
use crate::support::http::{ask_bytes, read_head};
use crate::support::{Head, Server, ask};
use std::io::{Read, Write};
use std::thread;

/// One thing explained: whose, which way, its headline and its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Explained {
    client: u64,
    direction: String,
    headline: String,
    rows: Vec<String>,
}

impl Explained {
    /// The bytes that stand in front of the rows of a frame.
    fn bytes(&self) -> Vec<u8> {
        let rows = self.rows.iter().filter(|row| row.starts_with(|c: char| c.is_ascii_hexdigit()));
        let rows = rows.map(|row| row.get(..25).unwrap_or(row));
        let rows = rows.filter(|row| row.split_whitespace().all(|word| word.len() == 2));
        let hex = rows.flat_map(str::split_whitespace);
        hex.map(|byte| u8::from_str_radix(byte, 16).unwrap_or_else(|_| panic!("{self:#?}"))).collect()
    }

    /// The lines that a head was sent in.
    fn head(&self) -> Vec<u8> {
        let lines = self.rows.iter().map(|row| row.split_once("\\r\\n").expect("a line of a head").0);
        lines.flat_map(|line| [line, "\r\n"]).flat_map(str::bytes).collect()
    }

    fn is_frame(&self) -> bool {
        self.headline.starts_with("frame")
    }

    /// The count in its headline.
    fn len(&self) -> usize {
        let count = self.headline.split(' ').find_map(|word| word.parse().ok());
        count.unwrap_or_else(|| panic!("no length: {self:#?}"))
    }
}

/// `client NUMBER in |out  TEXT`; anything else is no explanation.
fn parse_line(line: &str) -> Option<(u64, &str, &str)> {
    let (number, rest) = line.strip_prefix("client ")?.split_once(' ')?;
    let (direction, text) = rest.split_at_checked(5)?;
    ["in   ", "out  "].contains(&direction).then_some((number.parse().ok()?, direction.trim_end(), text))
}

/// What the lines explain. A row that does not stand behind a line of its own client and direction is a failure.
#[track_caller]
fn explained<'l>(lines: impl IntoIterator<Item = &'l str>) -> Vec<Explained> {
    let mut all: Vec<Explained> = Vec::new();
    let mut previous = None;
    for line in lines {
        let parsed = parse_line(line);
        if let Some((client, direction, text)) = parsed {
            match text.strip_prefix("  ") {
                Some(row) => {
                    assert_eq!(previous, Some((client, direction)), "among others: {line:?}");
                    all.last_mut().expect("a headline").rows.push(row.into());
                }
                None => {
                    let (direction, headline) = (direction.into(), text.into());
                    all.push(Explained { client, direction, headline, rows: Vec::new() });
                }
            }
        }
        previous = parsed.map(|(client, direction, _)| (client, direction));
    }
    all
}

/// Everything that was explained of one client until the server ended, heads and ends of streams aside.
#[track_caller]
fn frames_of(client: u64, server: &mut Server) -> Vec<(String, Explained)> {
    let lines = server.stop();
    let of_client = explained(lines.iter().map(String::as_str)).into_iter().filter(|it| it.client == client);
    of_client.filter(Explained::is_frame).map(|it| (it.direction.clone(), it)).collect()
}

/// The one block of a page that shows what is traced.
fn shown_in(page: &str) -> Vec<Explained> {
    let blocks = page.split("\n```text\n").skip(1).filter_map(|rest| rest.split("\n```\n").next());
    let traces: Vec<_> = blocks.filter(|block| block.starts_with("client 1")).collect();
    assert_eq!(traces.len(), 1, "{traces:#?}");
    explained(traces[0].lines())
}

/// The README's frames, said again to a server, whose explanations are compared.
#[test]
fn the_readme_shows_what_is_there() {
    let expected = shown_in(include_str!("../../../README.md"));
    let mut server = Server::start(&["--trace", "--echo"]);
    let mut client = Client::join(&server, "/");
    for explained in &expected {
        match explained.direction.as_str() {
            "in" => client.send(&explained.bytes()),
            _ => drop(client.frame()),
        }
    }
    drop(client);
    server.stderr.wait_for("the leave", |line| line.contains("left"));
    let shown: Vec<_> = frames_of(1, &mut server).into_iter().map(|(_, explained)| explained).collect();
    assert_eq!(shown, expected);
}

/// The session in docs/operating.md, said again: its request and its frames.
#[test]
fn operating_shows_a_session_as_it_is() {
    let expected = shown_in(include_str!("../../../docs/operating.md"));
    let mut server = Server::start(&["--trace", "--echo"]);
    let mut stream = Some(server.connect());
    for explained in &expected {
        let stream_now = stream.as_mut().expect("the end is last");
        match (explained.direction.as_str(), explained.headline.as_str()) {
            ("in", "end of the stream") => stream = None,
            ("in", _) if explained.is_frame() => stream_now.write_all(&explained.bytes()).unwrap(),
            ("in", _) => stream_now.write_all(&explained.head()).unwrap(),
            (_, "end of the stream") => assert_eq!(stream_now.read(&mut [0]).unwrap(), 0),
            (_, "the accept key") => {}
            _ => stream_now.read_exact(&mut vec![0; explained.len()]).unwrap(),
        }
    }
    assert!(stream.is_none(), "the session goes to the client's end");
    server.stderr.wait_for("the leave", |line| line.contains("left"));
    let lines = server.stop();
    assert_eq!(explained(lines.iter().map(String::as_str)), expected);
}

#[test]
fn shows_every_frame_in_both_directions_to_the_byte() {
    let mut server = Server::start(&["--trace"]);
    let mut client = Client::join(&server, "/");
    let mut other = Client::join(&server, "/");
    let sent = [
        masked(TEXT, b"Hel"),
        masked(FIN | PING, b"between"),
        masked(CONTINUATION, b""),
        masked(FIN | CONTINUATION, "lö".as_bytes()),
        masked(FIN | PONG, b""),
        masked(FIN | BINARY, &[1; 126]),
        frame::close(1000, "tschüß".as_bytes()),
    ];
    client.send(&sent.concat());
    client.expect_pong(b"between");
    client.expect_close(1000);
    other.expect_text("Hellö");
    other.expect(&frame::Frame::binary(&[1; 126]));
    other.text("too late for the first");
    other.settle();
    drop((client, other));
    let frames = frames_of(1, &mut server);
    let of = |direction: &str| -> Vec<Vec<u8>> {
        frames.iter().filter(|(it, _)| it == direction).map(|(_, explained)| explained.bytes()).collect()
    };
    assert_eq!(of("in"), sent);
    assert_eq!(of("out"), [&b"\x8A\x07between"[..], b"\x88\x02\x03\xE8"]);
    let rows: Vec<_> = frames.iter().flat_map(|(_, explained)| &explained.rows).collect();
    for part in [
        "no FIN, no reserved bit, opcode 1: text, its first frame",
        "opcode 9: Ping",
        "opcode A: Pong",
        "FIN, no reserved bit, opcode 0: continuation, the last frame",
        "the message, 6 bytes in 3 frames: Hellö",
        "MASK, 126: the length is in the next 16 bits",
        "close code: normal closure",
        "text: tschüß",
    ] {
        assert!(rows.iter().any(|row| row.contains(part)), "{part:?} is not in {rows:#?}");
    }
}

#[test]
fn shows_what_others_are_sent() {
    let mut server = Server::start(&["--trace"]);
    let mut sender = Client::join(&server, "/");
    let mut receiver = Client::join(&server, "/?name=zo%C3%A9");
    sender.text("a");
    sender.send(&masked(FIN | BINARY, &[7; 65_000]));
    receiver.frame();
    receiver.expect_text("a");
    receiver.expect(&frame::Frame::binary(&[7; 65_000]));
    drop((sender, receiver));
    let frames = frames_of(2, &mut server);
    let headlines: Vec<_> =
        frames.iter().map(|(direction, it)| (direction.as_str(), it.headline.as_str())).collect();
    let expected =
        [("out", "frame of 82 bytes"), ("out", "frame of 3 bytes"), ("out", "frame of 65004 bytes")];
    assert_eq!(headlines[..3], expected);
    assert!(frames[2].1.rows.contains(&"... and 64872 bytes more".into()), "{:#?}", frames[2]);
}

#[test]
fn says_why_a_frame_is_refused() {
    for (bytes, shown, reason) in [
        (&b"\xF1\x80"[..], &b"\xF1"[..], "refused: reserved bit set; the connection fails with 1002"),
        (b"\x83\x80", b"\x83", "refused: reserved opcode; the connection fails with 1002"),
        (b"\x81\x05Hello", b"\x81\x05", "refused: frame not masked; the connection fails with 1002"),
        (b"\x80\x80", b"\x80", "refused: nothing to continue; the connection fails with 1002"),
        (
            b"\x81\xFE\x00\x05\x01\x02",
            b"\x81\xFE\x00\x05",
            "refused: length not in its shortest form; the connection fails with 1002",
        ),
        (
            b"\x82\xFE\x10\x01\x01",
            b"\x82\xFE\x10\x01",
            "refused: message too big; the connection fails with 1009",
        ),
        (
            b"\x81\x85\x00\x00\x00\x00a\xFF",
            b"\x81\x85\x00\x00\x00\x00a\xFF",
            "refused: not UTF-8; the connection fails with 1007",
        ),
    ] {
        let mut server = Server::start(&["--trace", "--max-message", "4096"]);
        let mut client = Client::join(&server, "/");
        client.send(bytes);
        while client.next().is_some() {}
        drop(client);
        let frames = frames_of(1, &mut server);
        let (direction, refused) = &frames[0];
        assert_eq!((direction.as_str(), refused.bytes().as_slice()), ("in", shown));
        assert_eq!(refused.rows.last().map(String::as_str), Some(reason));
        assert_eq!(frames.len(), 2, "the Close, and nothing else: {frames:#?}");
    }
}

#[test]
fn shows_requests_that_are_no_handshakes() {
    let mut server = Server::start(&["--trace"]);
    ask(&server, &Head::get("/nowhere/"));
    let mut garbage = server.connect();
    garbage.write_all(b"NICK me\r\n").unwrap();
    garbage.read_to_end(&mut Vec::new()).unwrap();
    drop(garbage);
    let lines = server.stop();
    let all = explained(lines.iter().map(String::as_str));
    let rows = |client, direction: &str| -> Vec<&str> {
        let of_it = all.iter().filter(|it| it.client == client && it.direction == direction);
        of_it.flat_map(|it| &it.rows).map(String::as_str).collect()
    };
    assert!(rows(1, "in")[0].starts_with("GET /nowhere/ HTTP/1.1\\r\\n "), "{all:#?}");
    assert!(rows(1, "out")[0].starts_with("HTTP/1.1 404 Not Found\\r\\n "), "{all:#?}");
    assert_eq!(rows(2, "in"), ["NICK me\\r\\n", "refused: malformed request head; the answer is 400"]);
}

#[test]
fn shows_what_is_said_without_a_websocket() {
    let mut server = Server::start(&["--trace"]);
    let head = Head::get("/kitchen").method("POST").with("Content-Length", "16");
    let posted = [&head.bytes(), &b"the kettle boils"[..], b"behind it"].concat();
    assert_eq!(ask_bytes(&server, &posted).status, 204);
    let mut held_back = server.connect();
    held_back.write_all(&head.clone().with("Expect", "100-continue").bytes()).unwrap();
    assert_eq!(read_head(&mut held_back).0.status, 100);
    held_back.write_all(b"the kettle boils").unwrap();
    held_back.read_to_end(&mut Vec::new()).unwrap();
    drop(held_back);
    let lines = server.stop();
    let all = explained(lines.iter().map(String::as_str));
    let of = |client| all.iter().filter(move |it| it.client == client && it.headline != "end of the stream");
    let told =
        |client| of(client).map(|it| (it.direction.as_str(), it.headline.as_str())).collect::<Vec<_>>();
    let body = ("in", "body of 16 bytes");
    assert_eq!(told(1)[1], body);
    assert_eq!(of(1).nth(1).unwrap().rows, ["the kettle boils"]);
    assert_eq!((told(1)[2].0, told(1)[3]), ("out", ("in", "9 bytes, ignored")));
    assert!(of(1).nth(2).unwrap().rows[0].starts_with("HTTP/1.1 204 No Content\\r\\n "));
    assert!(of(2).nth(1).unwrap().rows[0].starts_with("HTTP/1.1 100 Continue\\r\\n "), "{all:#?}");
    assert_eq!(told(2)[2], body);
    assert!(of(2).nth(3).unwrap().rows[0].starts_with("HTTP/1.1 204 No Content\\r\\n "));
}

/// Two who talk at the same time, and each line says whose it is.
#[test]
fn never_mixes_the_lines_of_two_clients() {
    let mut server = Server::start(&["--trace", "--echo"]);
    let mut clients = [1_u8, 2].map(|number| (number, Client::join(&server, "/")));
    let sent = |number: u8| (0..100).map(move |length| masked(FIN | BINARY, &vec![number; length]));
    thread::scope(|scope| {
        for (number, client) in &mut clients {
            scope.spawn(move || {
                for (length, frame) in sent(*number).enumerate() {
                    client.send(&frame);
                    client.expect(&frame::Frame::binary(&vec![*number; length]));
                }
            });
        }
    });
    let numbers = clients.map(|(number, _)| number);
    let lines = server.stop();
    let all = explained(lines.iter().map(String::as_str));
    for number in numbers {
        let of_client = all.iter().filter(|it| it.client == u64::from(number) && it.direction == "in");
        let bytes: Vec<_> = of_client.filter(|it| it.is_frame()).map(Explained::bytes).collect();
        assert_eq!(bytes, sent(number).collect::<Vec<_>>(), "client {number}");
    }
}
