//! What is written to stderr.

use crate::support::client::Client;
use crate::support::frame::{self, FIN, PING, masked};
use crate::support::{Head, Server, ask, eventually, metrics};
use std::io::Write;
use std::time::Instant;

/// Joins, leaves by `leaving`, and returns the two lines that speak of this client's address.
#[track_caller]
fn lines_of_a_stay(leaving: impl FnOnce(Client)) -> [String; 2] {
    let mut server = Server::start(&["--max-message", "100", "--close-timeout", "0.3"]);
    let stayer = Client::join(&server, "/kitchen");
    let client = Client::join(&server, "/kitchen");
    let address = client.address().to_string();
    leaving(client);
    let of_client = || server.stderr.lines().into_iter().filter(|line| line.contains(&address));
    eventually("a line for the leave", || (of_client().count() == 2).then_some(()));
    drop(stayer);
    let lines: Vec<_> = server.stop().into_iter().filter(|line| line.contains(&address)).collect();
    lines.try_into().unwrap_or_else(|lines| panic!("one line each: {lines:#?}"))
}

#[test]
fn tells_of_each_join_and_leave() {
    let [join, leave] = lines_of_a_stay(|mut client| {
        client.send(&frame::close(1000, b""));
        client.expect_close(1000);
    });
    let numbers = |line: &str| -> Vec<String> {
        let words = line.split(|c: char| !c.is_alphanumeric() && !".:".contains(c));
        words.filter(|word| word.parse::<u64>().is_ok()).map(String::from).collect()
    };
    for line in [&join, &leave] {
        assert!(line.contains("kitchen"), "no room in {line:?}");
    }
    let shared = numbers(&join).iter().any(|number| numbers(&leave).contains(number));
    assert!(shared, "no number that both have: {join:?} {leave:?}");
    assert_ne!(join, leave, "cannot be told apart");
}

#[test]
fn tells_why_a_client_left() {
    let [_, too_big] = lines_of_a_stay(|mut client| {
        client.send(&masked(FIN | frame::BINARY, &[0; 101]));
        client.expect_close(1009);
    });
    let [_, broken] = lines_of_a_stay(|mut client| {
        client.send(&[0xFF]);
        client.expect_close(1002);
    });
    let [_, gone] = lines_of_a_stay(drop);
    // The same client of the same server each time, but for its port.
    let reasons = [too_big, broken, gone].map(|line| line.chars().filter(|c| !c.is_ascii_digit()).collect());
    let [a, b, c]: [String; 3] = reasons;
    assert!(a != b && b != c && a != c, "why is not told: {a:?} {b:?} {c:?}");
}

#[test]
fn quiet_logs_no_comings_and_goings() {
    let mut server = Server::start(&["--quiet"]);
    let mut client = Client::join(&server, "/?name=alice");
    client.frame();
    client.send(&frame::close(1000, b""));
    client.expect_close(1000);
    drop(client);
    ask(&server, &Head::get("/nowhere/"));
    Client::join(&server, "/").send(&[0xFF]);
    assert_eq!(server.stop(), [""; 0]);
}

#[test]
fn logs_at_most_a_line_a_second_of_garbage() {
    let start = Instant::now();
    let mut server = Server::start(&["--handshake-timeout", "0.2"]);
    for _ in 0..50 {
        for garbage in [
            &b"\x16\x03\x01\x02"[..],
            b"",
            b"GET / HT",
            b"\0\0\0\0",
            b"NICK me\r\n",
            b"POST / HTTP/1.1\r\n\r\n",
        ] {
            server.connect().write_all(garbage).unwrap();
        }
    }
    metrics::value(&server, "chinwag_clients");
    let lines = server.stop();
    let most = start.elapsed().as_secs() as usize + 3;
    assert!(lines.len() <= most, "{} lines for garbage: {lines:#?}", lines.len());
}

#[test]
fn what_clients_send_cannot_break_a_line() {
    let mut server = Server::start(&[]);
    let mut client = Client::join(&server, "/?name=%E2%80%AE%22x");
    client.frame();
    client.send(&frame::close(4000, "\r\nforged line\x1b[2J".as_bytes()));
    client.expect_close(4000);
    drop(client);
    for line in server.stop() {
        assert!(!line.starts_with("forged") && !line.contains('\x1b') && !line.contains('\r'), "{line:?}");
    }
}

#[test]
fn never_shows_a_backtrace() {
    let mut server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    for first in 0..=255 {
        let mut other = Client::join(&server, "/");
        other.send(&[first, first]);
    }
    client.send(&masked(FIN | PING, b""));
    client.expect_pong(b"");
    drop(client);
    let lines = server.stop();
    assert!(!lines.iter().any(|line| line.contains("panicked") || line.contains("backtrace")), "{lines:#?}");
}
