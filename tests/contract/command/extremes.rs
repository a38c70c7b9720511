//! Values as large and as small as may be: a sum with one of them must not wrap, nor stop anything.

use crate::support::frame::{self, BINARY, FIN, Frame, PING, masked};
use crate::support::http::read_answer;
use crate::support::{Client, Head, Server, ask};
use std::io::Write;

/// The largest that are taken; of sizes it is the processor's own.
const FRAGMENTS: &str = "4294967295";
const SECONDS: &str = "1000000000";

/// Handshake, history, messages in pieces, a ping, a refusal, a Close: whatever has to do with sizes and times.
#[track_caller]
fn serves(options: &[&str]) {
    let mut server = Server::start(options);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/?history=9"));
    a.send(&masked(BINARY, b"in "));
    a.send(&masked(FIN | PING, b"between"));
    a.send(&masked(FIN, b"pieces"));
    a.expect_pong(b"between");
    b.expect(&Frame::binary(b"in pieces"));
    let long = vec![b'.'; 60_000];
    a.send(&masked(FIN | BINARY, &long));
    b.expect(&Frame::binary(&long));
    let mut half = server.connect();
    half.write_all(b"GET /healthz HT").unwrap();
    assert_eq!(ask(&server, &Head::get("/a/b")).status, 404);
    half.write_all(b"TP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut half, false).text(), "ok");
    let mut named = Client::join(&server, &format!("/?name=x&history={}", u64::MAX));
    named.frame();
    a.send(&frame::close(1000, b""));
    a.expect_close(1000);
    b.send(&[0xFF]);
    b.expect_close(1002);
    drop((a, b, named, half));
    let lines = server.stop();
    assert!(!lines.iter().any(|line| line.contains("panicked")), "{options:?}: {lines:#?}");
}

#[test]
fn the_largest_values_are_taken_and_served() {
    let (largest, kib) = (usize::MAX.to_string(), format!("{}K", usize::MAX >> 10));
    let numbers = ["--max-clients", &largest, "--max-per-address", &largest, "--history", &largest];
    let numbers = [&numbers[..], &["--max-fragments", FRAGMENTS, "--max-memory", &largest]].concat();
    let times = ["--handshake-timeout", "--message-timeout", "--ping-interval", "--close-timeout"];
    let times: Vec<_> = times.into_iter().flat_map(|option| [option, SECONDS]).collect();
    for size in [&largest, &kib] {
        let sizes = ["--max-message", size, "--max-lag", size];
        serves(&sizes);
        serves(&[&sizes[..], &numbers, &times, &["--trace"]].concat());
    }
    serves(&numbers);
    serves(&times);
}

#[test]
fn the_smallest_values_are_taken_and_served() {
    // Times are as short as they may be for such a client to get anywhere.
    let options = ["--max-lag", "1", "--max-message", "60000", "--max-fragments", "2", "--history", "1"];
    serves(
        &[&options[..], &["--max-per-address", "1", "--ping-interval", "0", "--close-timeout", "0"]].concat(),
    );
}

/// Each is refused as one that is too large, and not taken as one that is small.
#[test]
fn what_is_larger_is_refused() {
    let table = [
        ("--max-clients", "18446744073709551616"),
        ("--max-per-address", "18446744073709551616"),
        ("--max-per-address", "0"),
        ("--max-message", "18446744073709551616"),
        ("--max-message", "18014398509481984K"),
        ("--max-lag", "17592186044416M"),
        ("--max-fragments", "4294967296"),
        ("--handshake-timeout", "1000000001"),
        ("--message-timeout", "1000000000.000000001"),
        ("--ping-interval", "18446744073709551616"),
        ("--close-timeout", "18446744073709551615.9"),
    ];
    for (option, value) in table {
        let ended = crate::support::server::run(&[option, value]);
        assert_eq!((ended.code, ended.stderr.len()), (Some(2), 1), "{option} {value}: {:?}", ended.stderr);
        assert!(ended.stderr[0].contains(option), "{:?}", ended.stderr[0]);
    }
}
