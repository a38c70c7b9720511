//! What a room keeps, and gives to those who ask.

use super::{joined, left, named, welcome};
use crate::support::frame::{BINARY, FIN, Frame, TEXT, masked};
use crate::support::metrics::wait_for;
use crate::support::{Client, Server};
use std::thread;

/// Asks for so much and checks what comes, and that nothing else does before `sender` speaks again.
#[track_caller]
fn gets(server: &Server, target: &str, sender: &mut Client, expected: &[Frame]) {
    let mut reader = Client::join(server, target);
    sender.text("new");
    for frame in expected {
        reader.expect(frame);
    }
    reader.expect_text("new");
}

/// A room in which these were said, by someone who is still there.
fn room_with(server: &Server, room: &str, said: &[String]) -> Client {
    let mut client = Client::join(server, room);
    for text in said {
        client.text(text);
    }
    client.settle();
    client
}

fn numbers(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| n.to_string()).collect()
}

fn frames(texts: &[String]) -> Vec<Frame> {
    texts.iter().map(|text| Frame::text(text)).collect()
}

#[test]
fn history_gives_the_newest_at_most_so_many_oldest_first() {
    let server = Server::start(&["--history", "10"]);
    for (asked, from) in [
        ("0", 25),
        ("1", 24),
        ("3", 22),
        ("10", 15),
        ("11", 15),
        ("007", 18),
        ("99999999999999999999999", 15),
    ] {
        let room = format!("/r{asked}");
        let mut sender = room_with(&server, &room, &numbers(0, 25));
        gets(&server, &format!("{room}?history={asked}"), &mut sender, &frames(&numbers(from, 25)));
    }
}

#[test]
fn who_asks_for_no_history_gets_none() {
    let server = Server::start(&[]);
    let mut sender = room_with(&server, "/", &numbers(0, 5));
    gets(&server, "/", &mut sender, &[]);
    gets(&server, "/?history=0", &mut sender, &[]);
    let mut alice = named(&server, "/", "alice");
    sender.text("new");
    alice.expect_text(&welcome("alice", 1, &[]));
    alice.expect_text("new");
}

#[test]
fn history_gives_what_there_is_if_that_is_less() {
    let server = Server::start(&[]);
    let mut sender = room_with(&server, "/", &numbers(0, 3));
    gets(&server, "/?history=50", &mut sender, &frames(&numbers(0, 3)));
    let mut sender = room_with(&server, "/empty", &[]);
    gets(&server, "/empty?history=50", &mut sender, &[]);
}

#[test]
fn history_keeps_types_and_the_reader_s_own_messages() {
    let server = Server::start(&[]);
    let mut sender = room_with(&server, "/", &[]);
    let mut reader = Client::join(&server, "/");
    reader.send(&[masked(TEXT, b"in pi"), masked(FIN, b"eces")].concat());
    reader.send(&masked(FIN | BINARY, b"\xFF\x00"));
    reader.text("");
    reader.settle();
    drop(reader);
    let said = [Frame::text("in pieces"), Frame::binary(b"\xFF\x00"), Frame::text("")];
    gets(&server, "/?history=9", &mut sender, &said);
}

#[test]
fn history_keeps_no_announcements() {
    let server = Server::start(&[]);
    let mut alice = named(&server, "/", "alice");
    alice.expect_text(&welcome("alice", 1, &[]));
    alice.text("said");
    alice.settle();
    let mut bob = named(&server, "/", "bob");
    alice.expect_text(&joined("bob", 2));
    drop(named(&server, "/", "carol"));
    bob.expect_text(&welcome("bob", 2, &["alice"]));
    alice.expect_text(&joined("carol", 3));
    alice.expect_text(&left("carol", 2));
    let mut sender = Client::join(&server, "/");
    gets(&server, "/?history=9", &mut sender, &[Frame::text("said")]);
}

#[test]
fn history_0_keeps_none() {
    let server = Server::start(&["--history", "0"]);
    let mut sender = room_with(&server, "/", &numbers(0, 5));
    gets(&server, "/?history=9", &mut sender, &[]);
}

#[test]
fn echo_keeps_no_history() {
    let server = Server::start(&["--echo"]);
    let mut talker = Client::join(&server, "/");
    talker.text("said");
    talker.expect_text("said");
    let mut reader = Client::join(&server, "/?history=9&name=alice");
    reader.text("mine");
    reader.expect_text("mine");
}

/// 25 messages of 10 KiB are within 256 KiB, a 26th is not, whatever is counted along with the payload.
#[test]
fn history_keeps_at_most_256_kib() {
    let server = Server::start(&["--history", "1000"]);
    let long = |n: usize| format!("{n:010240}");
    let mut sender = room_with(&server, "/", &(0..40).map(long).collect::<Vec<_>>());
    let newest: Vec<_> = (15..40).map(long).collect();
    gets(&server, "/?history=1000", &mut sender, &frames(&newest));
}

#[test]
fn history_is_of_one_room_and_vanishes_with_it() {
    let server = Server::start(&["--linger", "0"]);
    let mut here = room_with(&server, "/here", &numbers(0, 3));
    let mut there = room_with(&server, "/there", &numbers(5, 7));
    gets(&server, "/there?history=9", &mut there, &frames(&numbers(5, 7)));
    gets(&server, "/here?history=9", &mut here, &frames(&numbers(0, 3)));
    drop(here);
    wait_for(&server, "chinwag_rooms", 1.0);
    let mut here = Client::join(&server, "/here");
    gets(&server, "/here?history=9", &mut here, &[]);
}

/// Joining while others talk: from the history into the present without a gap and without a double.
#[test]
fn history_meets_the_present_without_a_gap_or_a_double() {
    const LAST: usize = 4000;
    let server = Server::start(&["--history", "100000", "--max-lag", "64M"]);
    let mut sender = room_with(&server, "/", &numbers(0, 10));
    let sender = &mut sender;
    thread::scope(|scope| {
        scope.spawn(move || {
            for n in 10..=LAST {
                sender.text(&n.to_string());
                thread::yield_now();
            }
        });
        for asked in [100_000, 1, 5, 300].into_iter().cycle().take(16) {
            let reader = Client::join(&server, &format!("/?history={asked}"));
            scope.spawn(move || reads_on(reader, asked, LAST));
        }
    });
}

/// One number after the other, up to the last.
#[track_caller]
fn reads_on(mut reader: Client, asked: usize, last: usize) {
    let mut number = || String::from_utf8(reader.frame().payload).unwrap().parse::<usize>().unwrap();
    let first = number();
    assert!(asked < last || first == 0, "all were asked for, and the first was {first}");
    for expected in first + 1..=last {
        assert_eq!(number(), expected, "asked for {asked}");
    }
}
