//! The three limits of a head, and its time.

use crate::support::http::{Head, ask_bytes, read_answer};
use crate::support::patience::is_silent;
use crate::support::{Client, Server, ask};
use std::io::Write;
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

const LONGEST: usize = 16 * 1024;

/// Makes a head exactly so long with one more header.
fn padded(head: Head, length: usize) -> Vec<u8> {
    let missing = length - head.bytes().len() - "X-Padding: \r\n".len();
    head.with("X-Padding", &"x".repeat(missing)).bytes()
}

#[test]
fn answers_431_to_a_head_over_16_kib() {
    let server = Server::start(&["--handshake-timeout", "600"]);
    for (more, status) in [(0, 200), (1, 431), (2, 431), (100, 431)] {
        let head = padded(Head::get("/healthz"), LONGEST + more);
        assert_eq!(head.len(), LONGEST + more);
        assert_eq!(ask_bytes(&server, &head).status, status, "{} bytes", head.len());
    }
    Client::send_head(&server, &padded(Head::upgrade("/"), LONGEST)).settle();
    // The empty line before it is no part of the head.
    let head = padded(Head::get("/healthz"), LONGEST);
    assert_eq!(ask_bytes(&server, &[b"\r\n", head.as_slice()].concat()).status, 200);
}

#[test]
fn answers_431_as_soon_as_16_kib_are_crossed() {
    let server = Server::start(&["--handshake-timeout", "600"]);
    let value = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'x'; LONGEST]].concat();
    assert_eq!(ask_bytes(&server, &value[..LONGEST + 1]).status, 431);
    let name = [b"GET / HTTP/1.1\r\n".as_slice(), &[b'x'; LONGEST]].concat();
    assert_eq!(ask_bytes(&server, &name[..LONGEST + 1]).status, 431);
    assert_eq!(
        ask_bytes(&server, &[b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'x'; 1 << 20]].concat()).status,
        431
    );
}

#[test]
fn answers_431_to_more_than_100_headers() {
    let server = Server::start(&["--handshake-timeout", "600"]);
    let with_headers =
        |count: usize| (1..count).fold(Head::get("/healthz"), |head, n| head.with(&format!("X{n}"), ""));
    assert_eq!(ask(&server, &with_headers(100)).status, 200);
    assert_eq!(ask(&server, &with_headers(101)).status, 431);
    // Without the blank line: it is the header too many that decides.
    let bytes = with_headers(101).bytes();
    assert_eq!(ask_bytes(&server, &bytes[..bytes.len() - 2]).status, 431);
    let same = (0..200).fold(Head::get("/healthz"), |head, _| head.with("X", "y"));
    assert_eq!(ask(&server, &same).status, 431);
}

#[test]
fn answers_414_to_a_target_over_8_kib() {
    let server = Server::start(&["--handshake-timeout", "600"]);
    let long = |length: usize| format!("/?{}", "x".repeat(length - 2));
    assert_eq!(ask(&server, &Head::get(&long(8192))).status, 200);
    Client::join(&server, &long(8192)).settle();
    for target in [long(8193), format!("/{}", "x".repeat(8192)), long(40_000)] {
        for bytes in [Head::get(&target).bytes(), format!("GET {target}").as_bytes()[..4 + 8193].to_vec()] {
            assert_eq!(ask_bytes(&server, &bytes).status, 414, "{} bytes", target.len());
        }
    }
    assert_eq!(ask(&server, &Head::get(&format!("/{}", "x".repeat(8191)))).status, 404);
}

/// What has no line to end it is refused for its size too, and not kept for ever.
#[test]
fn a_method_without_end_is_refused() {
    let server = Server::start(&["--handshake-timeout", "600"]);
    let status = ask_bytes(&server, &[b'X'; LONGEST + 1]).status;
    assert!([400, 414, 431].contains(&status), "{status}");
}

#[test]
fn answers_408_to_a_head_not_complete_within_handshake_timeout() {
    let server = Server::start(&["--handshake-timeout", "0.3"]);
    let patient = Server::start(&["--handshake-timeout", "600"]);
    for bytes in
        [&b"G"[..], b"\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"GET / HTTP/1.1\r\nX: y\r\n\r"]
    {
        let mut waiting = patient.connect();
        waiting.write_all(bytes).unwrap();
        let start = Instant::now();
        assert_eq!(ask_bytes(&server, bytes).status, 408, "for {}", bytes.escape_ascii());
        assert!(start.elapsed() >= Duration::from_millis(250), "early: {:?}", start.elapsed());
        // One that has more time has not been answered, though it came before.
        assert!(is_silent(&waiting));
    }
}

/// The time is for the whole head: bytes that keep coming do not prolong it.
#[test]
fn answers_408_to_a_head_that_trickles() {
    let server = Server::start(&["--handshake-timeout", "0.4"]);
    let mut stream = server.connect();
    let mut writer = stream.try_clone().unwrap();
    // It goes on until the server has had enough.
    let trickle = thread::spawn(move || {
        writer.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
        while writer.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(read_answer(&mut stream, false).status, 408);
    stream.shutdown(Shutdown::Both).unwrap();
    trickle.join().unwrap();
}

/// Linear work: a long head a byte at a time costs about as much as the same bytes in short ones, and not its length
/// squared.
#[test]
fn a_large_head_a_byte_at_a_time_is_cheap() {
    const PARTS: usize = 16;
    let server = Server::start(&["--handshake-timeout", "600"]);
    let ticks_for = |heads: usize, length: usize| {
        let before = server.ticks();
        for _ in 0..heads {
            let mut stream = server.connect();
            for byte in padded(Head::get("/healthz"), length) {
                stream.write_all(&[byte]).unwrap();
            }
            assert_eq!(read_answer(&mut stream, false).text(), "ok");
        }
        server.ticks() - before
    };
    let (mut short, mut long) = (0, 0);
    for _ in 0..5 {
        short += ticks_for(PARTS, LONGEST / PARTS);
        long += ticks_for(1, LONGEST);
    }
    assert!(long <= 2 * short + 10, "{long} ticks for long heads, {short} for short ones");
}
