//! What comes after the server's Close.

use super::{expect_left, observed, observer};
use crate::support::client::chat;
use crate::support::frame::{self, BINARY, FIN, masked};
use crate::support::patience::expect_about_as_fast;
use crate::support::{Client, Head, Server, ask, eventually};
use std::io::Write;
use std::time::{Duration, Instant};

/// The peer does nothing: `expect_close` sees the server's FIN nevertheless.
#[test]
fn nothing_but_the_end_follows_its_close() {
    let server = Server::start(&["--close-timeout", "600"]);
    for (code, bytes) in
        [(1000, frame::close(1000, b"")), (3000, frame::close(3000, b"")), (1002, vec![0xFF])]
    {
        let mut client = Client::join(&server, "/");
        client.send(&bytes);
        client.expect_close(code);
    }
}

/// Data no one reads makes the kernel answer with a reset, which takes the Close away from the peer.
#[test]
fn no_reset_destroys_the_close() {
    let server = Server::start(&["--close-timeout", "600", "--max-message", "100"]);
    for (code, bytes) in
        [(1002, vec![0xFF]), (1009, masked(FIN | BINARY, &[0; 101])), (1000, frame::close(1000, b""))]
    {
        let mut client = Client::join(&server, "/");
        client.send(&bytes);
        for _ in 0..15 {
            client.send(&vec![0x55; 1 << 20]);
        }
        client.expect_close(code);
    }
}

#[test]
fn after_its_close_it_discards_16_mib_at_most() {
    let server = Server::start(&["--close-timeout", "600"]);
    let mut client = Client::join(&server, "/");
    client.send(&[0xFF]);
    let chunk = vec![0x55; 1 << 20];
    let taken = (0..128).take_while(|_| client.stream.write_all(&chunk).is_ok()).count();
    assert!(taken < 100, "{taken} MiB were taken after the Close");
}

#[test]
fn the_socket_is_dropped_after_the_close_timeout() {
    let server = Server::start(&["--close-timeout", "0.4"]);
    for (code, bytes) in [(1000, frame::close(1000, b"")), (1002, vec![0xFF])] {
        let patient = Server::start(&["--close-timeout", "600", "--max-clients", "1"]);
        let [mut waited_for, mut client] = [&patient, &server].map(|server| Client::join(server, "/"));
        waited_for.send(&bytes);
        waited_for.expect_close(code);
        let start = Instant::now();
        client.send(&bytes);
        client.expect_close(code);
        // What keeps coming does not prolong it.
        eventually("a reset", || client.stream.write_all(b"x").err());
        assert!(start.elapsed() >= Duration::from_millis(350), "early: {:?}", start.elapsed());
        // One that has more time still has its place, though its closing began before.
        assert_eq!(Client::try_join(&patient, &Head::upgrade("/").bytes()).err(), Some(503));
    }
}

#[test]
fn a_close_timeout_of_zero_still_sends_the_close() {
    let server = Server::start(&["--close-timeout", "0", "--max-clients", "1"]);
    for _ in 0..5 {
        let head = Head::upgrade("/").bytes();
        let mut client = eventually("a place", || Client::try_join(&server, &head).ok());
        client.send(&[0xFF]);
        client.expect_close(1002);
    }
}

#[test]
fn a_client_in_its_closing_keeps_its_place() {
    let server = Server::start(&["--close-timeout", "600", "--max-clients", "1"]);
    let head = Head::upgrade("/").bytes();
    for (code, bytes) in [(1002, vec![0xFF]), (1000, frame::close(1000, b""))] {
        let mut closing = eventually("a place", || Client::try_join(&server, &head).ok());
        closing.send(&bytes);
        closing.expect_close(code);
        for _ in 0..3 {
            assert_eq!(Client::try_join(&server, &head).err(), Some(503), "its place was given away");
        }
        assert_eq!(ask(&server, &Head::get("/healthz")).status, 200);
        drop(closing);
    }
    eventually("a place", || Client::try_join(&server, &head).ok());
}

#[test]
fn the_place_is_free_after_the_close_timeout() {
    let server = Server::start(&["--close-timeout", "0.3", "--max-clients", "1"]);
    let mut closing = Client::join(&server, "/");
    closing.send(&[0xFF]);
    closing.expect_close(1002);
    let head = Head::upgrade("/").bytes();
    eventually("a place", || Client::try_join(&server, &head).ok()).settle();
}

#[test]
fn a_client_in_its_closing_is_no_longer_in_its_room() {
    let server = Server::start(&["--close-timeout", "600"]);
    let mut observer = observer(&server, "/");
    for (code, bytes) in [(1002, vec![0xFF]), (1000, frame::close(1000, b""))] {
        let mut closing = observed(&server, "/", &mut observer);
        closing.send(&bytes);
        expect_left(&mut observer);
        // It is sent nothing more, however much is said before it looks.
        let mut talker = Client::join(&server, "/");
        for n in 0..100 {
            talker.text(&n.to_string());
            observer.expect_text(&n.to_string());
        }
        closing.expect_close(code);
    }
}

/// Closing takes its time from nobody else.
#[test]
fn many_in_their_closing_delay_nobody() {
    let server = Server::start(&["--close-timeout", "600"]);
    let join = |server| [Client::join(server, "/"), Client::join(server, "/")];
    let closing: Vec<_> = (0..50)
        .map(|_| {
            let mut client = Client::join(&server, "/");
            client.send(&[0xFF]);
            client.expect_close(1002);
            client
        })
        .collect();
    let calm = Server::start(&[]);
    let (mut talkers, mut undisturbed) = (join(&server), join(&calm));
    expect_about_as_fast(|| chat(&mut talkers), || chat(&mut undisturbed));
    drop(closing);
}
