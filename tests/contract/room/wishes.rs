//! One's own messages, and signs that a path is not dead.

use super::{joined, named, welcome_with};
use crate::support::frame::{BINARY, FIN, Frame, PING, PONG, TEXT, masked};
use crate::support::{Client, Server};

fn alive(next: &str) -> Frame {
    Frame::text(&format!(r#"{{"type":"alive","next":{next}}}"#))
}

#[test]
fn own_messages_come_back_in_their_place() {
    let server = Server::start(&[]);
    let mut hears = Client::join(&server, "/?own=1");
    let mut bare = Client::join(&server, "/?own=0");
    hears.text("one");
    hears.send(&masked(FIN | BINARY, b"\xFF"));
    for client in [&mut hears, &mut bare] {
        client.expect_text("one");
        client.expect(&Frame::binary(b"\xFF"));
    }
    bare.text("two");
    hears.expect_text("two");
    hears.send(&[masked(TEXT, b"thr"), masked(FIN, b"ee")].concat());
    hears.expect_text("three");
    // The next thing: its own has not come back to the other.
    bare.expect_text("three");
}

/// Two who talk at once, and hear themselves, see the same order.
#[test]
fn who_hears_itself_sees_the_order_that_everyone_sees() {
    const EACH: usize = 300;
    let server = Server::start(&[]);
    let mut clients = [Client::join(&server, "/?own=1"), Client::join(&server, "/?own=1")];
    let mut witness = Client::join(&server, "/");
    for n in 0..EACH {
        for (who, client) in clients.iter_mut().enumerate() {
            client.text(&format!("{who} {n}"));
        }
    }
    let all = |client: &mut Client| (0..2 * EACH).map(|_| client.frame().payload).collect::<Vec<_>>();
    let seen = all(&mut witness);
    assert!(clients.iter_mut().all(|client| all(client) == seen));
    assert_eq!(crate::support::metrics::value(&server, "chinwag_deliveries_total"), (6 * EACH) as f64);
}

#[test]
fn own_messages_come_before_the_pong_behind_them() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/?own=1&name=alice&history=5");
    client.expect_text(&welcome_with("alice", 1, &[], 0));
    client.text("mine");
    client.send(&masked(FIN | PING, b"p"));
    client.expect_text("mine");
    client.expect_pong(b"p");
    // Announcements of oneself are none of one's own messages.
    drop(named(&server, "/", "bob"));
    client.expect_text(&joined("bob", 2));
}

#[test]
fn echo_knows_no_wishes() {
    let server = Server::start(&["--echo", "--ping-interval", "600"]);
    let mut client = Client::join(&server, "/?own=1&alive=1");
    client.text("once");
    client.expect_text("once");
    client.settle();
}

#[test]
fn the_welcome_counts_the_history_that_follows() {
    let server = Server::start(&["--history", "3", "--max-message", "1000"]);
    let mut talker = Client::join(&server, "/");
    let said = ["a", "b", "c", "d", "e"];
    said.iter().for_each(|text| talker.text(text));
    talker.settle();
    for (asked, gets) in [("0", 0), ("2", 2), ("3", 3), ("99", 3)] {
        let mut reader = Client::join(&server, &format!("/?name=r&history={asked}"));
        let welcome = welcome_with("r", 1, &[], gets).replace("65536", "1000");
        reader.expect_text(&welcome);
        said[said.len() - gets..].iter().for_each(|text| reader.expect_text(text));
        reader.settle();
        reader.send(&crate::support::frame::close(1000, b""));
        reader.expect_close(1000);
    }
}

#[test]
fn alive_comes_with_every_interval() {
    let server = Server::start(&["--ping-interval", "0.3"]);
    let mut told = Client::join(&server, "/?alive=1");
    let mut others = [Client::join(&server, "/"), Client::join(&server, "/?alive=0")];
    let mut pings = 0;
    for _ in 0..3 {
        let mut frame = told.frame();
        while frame.opcode == PING {
            pings += 1;
            told.send(&masked(FIN | PONG, &frame.payload));
            frame = told.frame();
        }
        assert_eq!(frame, alive("0.3"));
        others.iter_mut().for_each(|other| {
            let ping = other.frame();
            assert_eq!(ping.opcode, PING);
            other.send(&masked(FIN | PONG, &ping.payload));
        });
    }
    assert!(pings > 0, "a sign of life in place of the Pings");
}

/// One who talks all the time is never pinged, and cannot tell whether anything comes back.
#[test]
fn alive_comes_to_those_who_talk_too() {
    let server = Server::start(&["--ping-interval", "0.2"]);
    let mut told = Client::join(&server, "/?alive=1&own=1");
    let mut signs = 0;
    while signs < 3 {
        told.text("talk");
        match told.frame() {
            frame if frame == Frame::text("talk") => {}
            frame if frame.opcode == PING => {}
            frame => {
                assert_eq!(frame, alive("0.2"));
                signs += 1;
            }
        }
    }
}

#[test]
fn alive_is_in_seconds_and_a_decimal_where_the_interval_is_one() {
    for (interval, next) in [("1", "1"), ("0.05", "0.05"), ("1.50", "1.5"), ("0.000000001", "0.000000001")] {
        let server = Server::start(&["--ping-interval", interval]);
        let mut told = Client::join(&server, "/?alive=1");
        let first = std::iter::repeat_with(|| told.frame()).find(|frame| frame.opcode != PING);
        assert_eq!(first.unwrap(), alive(next), "{interval}");
    }
}

#[test]
fn without_a_ping_interval_there_is_no_alive() {
    let server = Server::start(&["--ping-interval", "0"]);
    let mut told = Client::join(&server, "/?alive=1");
    let other = Server::start(&["--ping-interval", "0.1"]);
    assert_eq!(Client::join(&other, "/").frame().opcode, PING);
    told.settle();
}
