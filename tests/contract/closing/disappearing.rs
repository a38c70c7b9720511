//! Peers that go without a word.

use super::{expect_left, observed, observer};
use crate::support::frame::{FIN, PING, TEXT, masked, unfinished};
use crate::support::metrics::{value, wait_for};
use crate::support::patience::expect_within;
use crate::support::{Client, Head, Server, eventually};
use std::io::Write;
use std::net::Shutdown;
use std::time::Duration;

/// The contract says so.
const SOON: Duration = Duration::from_secs(1);

/// Goes by a reset: that is what becomes of data nobody read.
fn reset(mut client: Client) {
    client.send(&masked(FIN | PING, b"unread"));
    client.stream.peek(&mut [0]).unwrap();
    drop(client);
}

#[test]
fn whoever_disappears_has_left_the_room_within_a_second() {
    let server = Server::start(&["--close-timeout", "600", "--message-timeout", "600"]);
    let mut observer = observer(&server, "/");
    let within_a_frame = |mut client: Client| client.send(&unfinished(FIN | TEXT, 100, b"half a sen"));
    let within_a_message = |mut client: Client| client.send(&masked(TEXT, b"half a sen"));
    let ways: [fn(Client); 4] = [drop, reset, within_a_frame, within_a_message];
    for leave in ways {
        expect_within(SOON, || {
            leave(observed(&server, "/", &mut observer));
            expect_left(&mut observer);
        });
    }
}

#[test]
fn a_fin_is_the_end() {
    let server = Server::start(&[]);
    let mut observer = observer(&server, "/");
    let mut guest = observed(&server, "/", &mut observer);
    guest.stream.shutdown(Shutdown::Write).unwrap();
    expect_left(&mut observer);
    while guest.next().is_some() {}
}

#[test]
fn whoever_disappears_gives_up_its_place() {
    let server = Server::start(&["--max-clients", "1", "--handshake-timeout", "600"]);
    let head = Head::upgrade("/").bytes();
    let place = || eventually("a place", || Client::try_join(&server, &head).ok());
    for cut in [0, 1, 30, head.len() - 1] {
        expect_within(SOON, || {
            server.connect().write_all(&head[..cut]).unwrap();
            drop(place());
        });
    }
    expect_within(SOON, || reset(place()));
}

#[test]
fn a_reset_is_counted() {
    let server = Server::start(&[]);
    let series = "chinwag_clients_dropped_total{reason=\"reset\"}";
    let before = value(&server, series);
    reset(Client::join(&server, "/"));
    wait_for(&server, series, before + 1.0);
}

#[test]
fn a_reset_during_a_broadcast_harms_nobody() {
    let server = Server::start(&[]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    for n in 0..100 {
        let victims = [Client::join(&server, "/"), Client::join(&server, "/")];
        a.text(&n.to_string());
        // What they have not read makes a reset of their end.
        drop(victims);
        b.expect_text(&n.to_string());
    }
}
