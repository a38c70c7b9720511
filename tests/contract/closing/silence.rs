//! Pings after silence, and what becomes of those who do not answer.

use crate::support::frame::{self, FIN, Frame, PING, PONG, masked, unfinished};
use crate::support::metrics::wait_for;
use crate::support::patience::{Raise, at_some_pace, is_silent};
use crate::support::{Client, PATIENCE, Server};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The next frame that is no Ping.
fn after_pings(client: &mut Client) -> Frame {
    loop {
        let frame = client.frame();
        if frame.opcode != PING {
            return frame;
        }
    }
}

#[test]
fn a_silent_client_is_pinged_and_then_dropped_with_1011() {
    let server = Server::start(&["--ping-interval", "0.3"]);
    let patient = Server::start(&["--ping-interval", "600"]);
    let has_more_time = Client::join(&patient, "/");
    let start = Instant::now();
    let mut client = Client::join(&server, "/");
    assert_eq!(client.frame().opcode, PING);
    assert!(start.elapsed() >= Duration::from_millis(250), "pinged after {:?}", start.elapsed());
    client.expect_close(1011);
    assert!(start.elapsed() >= Duration::from_millis(550), "dropped after {:?}", start.elapsed());
    wait_for(&server, "chinwag_clients_dropped_total{reason=\"silent\"}", 1.0);
    assert!(is_silent(&has_more_time.stream), "not even pinged, though it came before");
}

#[test]
fn a_client_that_answers_pings_stays() {
    at_some_pace(|times| {
        let server = Server::start(&["--ping-interval", &(0.2 * times).to_string(), "--echo"]);
        let mut client = Client::join(&server, "/");
        for _ in 0..6 {
            let ping = client.frame();
            assert_eq!(ping.opcode, PING);
            client.send(&masked(FIN | PONG, &ping.payload));
        }
        client.text("still here");
        assert_eq!(after_pings(&mut client), Frame::text("still here"));
    });
}

/// Bytes are a sign of life before they make a frame, and a Pong nobody asked for is one too.
#[test]
fn every_byte_is_a_sign_of_life() {
    at_some_pace(|times| {
        let server = Server::start(&["--ping-interval", &(0.2 * times).to_string(), "--echo"]);
        let mut slow = Client::join(&server, "/");
        let mut ponging = Client::join(&server, "/");
        let said = "one byte at a time";
        for byte in unfinished(FIN | frame::TEXT, said.len() as u64, said.as_bytes()) {
            slow.send(&[byte]);
            ponging.send(&masked(FIN | PONG, b""));
            thread::sleep(Duration::from_secs_f64(0.03 * times));
        }
        assert_eq!(after_pings(&mut slow), Frame::text(said));
        ponging.text("me too");
        assert_eq!(after_pings(&mut ponging), Frame::text("me too"));
    });
}

/// What it receives does not make a client alive.
#[test]
fn being_talked_to_is_no_sign_of_life() {
    at_some_pace(|times| {
        let server = Server::start(&["--ping-interval", &(0.3 * times).to_string()]);
        let mut talker = Client::join(&server, "/");
        let mut silent = Client::join(&server, "/");
        let (enough, start) = (AtomicBool::new(false), Instant::now());
        thread::scope(|scope| {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    talker.text("talk");
                    thread::sleep(Duration::from_secs_f64(0.05 * times));
                }
            });
            let _at_the_end = Raise(&enough);
            let last = loop {
                let frame = silent.frame();
                if frame.opcode != PING && frame.opcode != frame::TEXT {
                    break frame;
                }
                assert!(start.elapsed() < PATIENCE, "still there");
            };
            assert_eq!(last.payload[..2], 1011_u16.to_be_bytes());
        });
    });
}

#[test]
fn a_ping_interval_of_zero_never_pings() {
    let [server, pinging] = ["0", "0.1"].map(|interval| Server::start(&["--ping-interval", interval]));
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    // Meanwhile another server pings a client that came later, and drops it.
    let mut elsewhere = Client::join(&pinging, "/");
    assert_eq!(elsewhere.frame().opcode, PING);
    elsewhere.expect_close(1011);
    a.text("first thing");
    b.expect_text("first thing");
    a.settle();
}

/// A head is no silence: the ping interval begins with the 101.
#[test]
fn nobody_is_pinged_before_the_101() {
    let server = Server::start(&["--ping-interval", "0.1", "--handshake-timeout", "0.6"]);
    let answer = crate::support::http::ask_bytes(&server, b"GET / HTTP/1.1\r\n");
    assert_eq!(answer.status, 408);
}
