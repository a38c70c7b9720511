//! Ping and Pong (§5.5.2, 5.5.3).

use crate::support::frame::{self, BINARY, CONTINUATION, FIN, PING, PONG, TEXT, masked};
use crate::support::{Client, Server, independent};
use tungstenite::Message;

#[test]
fn a_ping_of_every_length_gets_its_pong() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    for length in 0..=125_u8 {
        let payload: Vec<u8> = (0..length).map(|n| n ^ 0xA5).collect();
        client.send(&masked(FIN | PING, &payload));
        client.expect_pong(&payload);
    }
}

#[test]
fn each_of_many_pings_gets_its_pong_in_order() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    let pings: Vec<u8> = (0..200_u8).flat_map(|n| masked(FIN | PING, &[n])).collect();
    client.send(&pings);
    for n in 0..200 {
        client.expect_pong(&[n]);
    }
}

#[test]
fn a_pong_goes_to_the_pinger_alone() {
    let server = Server::start(&[]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    a.settle();
    a.text("after the ping");
    b.expect_text("after the ping");
}

#[test]
fn a_ping_is_answered_between_fragments() {
    let server = Server::start(&[]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    a.send(&masked(TEXT, b"one "));
    for n in 0..3 {
        a.send(&masked(FIN | PING, &[n]));
        a.expect_pong(&[n]);
        a.send(&masked(CONTINUATION, b"more "));
    }
    a.send(&[masked(FIN | PING, b"last"), masked(FIN, b"end")].concat());
    a.expect_pong(b"last");
    b.expect_text("one more more more end");
}

/// "before anything it receives later": what is said after the Ping was taken comes after the Pong.
#[test]
fn a_pong_comes_before_anything_received_later() {
    let server = Server::start(&[]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    for n in 0..100_u8 {
        a.send(&[frame::text("go"), masked(FIN | PING, &[n])].concat());
        b.expect_text("go");
        a.expect_pong(&[n]);
        b.text("later");
        a.expect_text("later");
    }
    let server = Server::start(&["--echo"]);
    let mut echoing = Client::join(&server, "/");
    echoing.send(&[masked(FIN | PING, b"first"), frame::text("second")].concat());
    echoing.expect_pong(b"first");
}

#[test]
fn a_pong_received_is_ignored() {
    let server = Server::start(&[]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    a.send(&[masked(FIN | PONG, b""), masked(FIN | PONG, &[7; 125]), masked(TEXT, b"a")].concat());
    a.send(&[masked(FIN | PONG, b"inside"), masked(FIN, b"b")].concat());
    b.expect_text("ab");
    a.settle();
}

/// Control frames are no fragments: any number of them may stand inside a message.
#[test]
fn control_frames_do_not_count_as_fragments() {
    let server = Server::start(&["--echo", "--max-fragments", "2", "--max-message", "10"]);
    let mut client = Client::join(&server, "/");
    client.send(&masked(BINARY, b"12345"));
    client.send(&masked(FIN | PONG, &[0; 125]).repeat(50));
    client.send(&masked(FIN, b"67890"));
    assert_eq!(client.frame().payload, b"1234567890");
}

#[test]
fn an_independent_client_pings() {
    let server = Server::start(&[]);
    let mut socket = independent::join(&server, "/");
    socket.send(Message::Ping("hello".into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong("hello".into()));
}
