//! Connections on which nothing is ever said.

use crate::support::metrics::read;
use crate::support::{Client, Server};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// What a browser opens ahead of need, and a scanner of ports, ask for nothing and are refused nothing.
#[test]
fn one_that_says_nothing_is_closed_without_a_word_and_not_counted() {
    let mut server = Server::start(&["--handshake-timeout", "0.4"]);
    let start = Instant::now();
    let mut mute: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for stream in &mut mute {
        let mut answer = Vec::new();
        // An end, not a reset.
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, b"");
    }
    assert!(start.elapsed() >= Duration::from_millis(350), "early, after {:?}", start.elapsed());
    let refused =
        |(series, value): (String, f64)| series.starts_with("chinwag_requests_refused").then_some(value);
    assert_eq!(read(&server).into_iter().filter_map(refused).sum::<f64>(), 0.0);
    let lines = server.stop();
    assert!(!lines.iter().any(|line| line.contains("refused")), "{lines:#?}");
}

/// A single byte is the beginning of a request, which is owed an answer.
#[test]
fn one_that_says_a_byte_is_answered() {
    let server = Server::start(&["--handshake-timeout", "0.4"]);
    let mut stream = server.connect();
    stream.write_all(b"G").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
    assert_eq!(read(&server)["chinwag_requests_refused_total{status=\"408\"}"], 1.0);
}

/// Nor is the place of one that says nothing lost.
#[test]
fn its_place_is_free_again() {
    let server = Server::start(&["--handshake-timeout", "0.4", "--max-clients", "1"]);
    let mut mute = server.connect();
    mute.read_to_end(&mut Vec::new()).unwrap();
    drop(mute);
    crate::support::eventually("a place", || {
        Client::try_join(&server, &crate::support::Head::upgrade("/").bytes()).ok()
    })
    .settle();
}
