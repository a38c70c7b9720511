//! Rooms with nobody in them, and how long they are remembered.

use super::{named, welcome_with};
use crate::support::frame::{self, Frame};
use crate::support::metrics::{value, wait_for};
use crate::support::{Client, Server, eventually};

const REMEMBERED: &str = "chinwag_rooms_remembered";

/// Says something in a room, and leaves it behind.
#[track_caller]
fn say_and_leave(server: &Server, room: &str, said: &[&str]) {
    let mut client = Client::join(server, room);
    said.iter().for_each(|text| client.text(text));
    client.send(&frame::close(1000, b""));
    client.expect_close(1000);
}

#[track_caller]
fn expect_history(server: &Server, room: &str, said: &[&str]) -> Client {
    let mut client = Client::join(server, &format!("{room}?history=99"));
    said.iter().for_each(|text| client.expect_text(text));
    client.settle();
    client
}

#[test]
fn who_comes_back_finds_what_was_said() {
    let server = Server::start(&[]);
    say_and_leave(&server, "/kitchen", &["one", "two"]);
    let mut back = expect_history(&server, "/kitchen", &["one", "two"]);
    back.text("three");
    back.settle();
    drop(back);
    let mut alice = Client::join(&server, "/kitchen?name=alice&history=2");
    alice.expect_text(&welcome_with("alice", 1, &[], 2));
    alice.expect_text("two");
    alice.expect_text("three");
    expect_history(&server, "/other", &[]);
}

/// Whoever has seen its Close finds the room left.
#[test]
fn a_room_is_remembered_once_the_last_has_left() {
    let server = Server::start(&[]);
    let mut clients = [Client::join(&server, "/a"), Client::join(&server, "/a")];
    let counts = || [value(&server, "chinwag_rooms"), value(&server, REMEMBERED)];
    assert_eq!(counts(), [1.0, 0.0]);
    for (client, expected) in clients.iter_mut().zip([[1.0, 0.0], [0.0, 1.0]]) {
        client.send(&frame::close(1000, b""));
        client.expect_close(1000);
        assert_eq!(counts(), expected);
    }
    let _back = Client::join(&server, "/a");
    assert_eq!(counts(), [1.0, 0.0]);
    say_and_leave(&server, "/b", &[]);
    assert_eq!(counts(), [1.0, 1.0]);
}

#[test]
fn a_room_is_forgotten_after_the_linger() {
    let server = Server::start(&["--linger", "0.3"]);
    say_and_leave(&server, "/a", &["said"]);
    wait_for(&server, REMEMBERED, 0.0);
    expect_history(&server, "/a", &[]);
    // Someone in it is reason enough to remember it, however long he stays.
    let mut stays = Client::join(&server, "/b");
    stays.text("said");
    stays.settle();
    say_and_leave(&server, "/c", &["said"]);
    wait_for(&server, REMEMBERED, 0.0);
    expect_history(&server, "/b", &["said"]);
}

#[test]
fn a_linger_of_0_remembers_nothing() {
    let server = Server::start(&["--linger", "0"]);
    say_and_leave(&server, "/a", &["said"]);
    assert_eq!(value(&server, REMEMBERED), 0.0);
    expect_history(&server, "/a", &[]);
}

#[test]
fn echo_remembers_nothing() {
    let server = Server::start(&["--echo"]);
    let mut client = Client::join(&server, "/");
    client.text("said");
    client.expect_text("said");
    drop(client);
    wait_for(&server, "chinwag_rooms", 0.0);
    assert_eq!(value(&server, REMEMBERED), 0.0);
}

/// Who was named and has gone is not there any more, whoever remembers the room.
#[test]
fn nobody_is_in_a_room_that_is_remembered() {
    let server = Server::start(&[]);
    let mut alice = named(&server, "/", "alice");
    alice.text("said");
    alice.expect_text(&welcome_with("alice", 1, &[], 0));
    alice.settle();
    drop(alice);
    wait_for(&server, "chinwag_rooms", 0.0);
    let mut bob = Client::join(&server, "/?name=bob&history=9");
    bob.expect_text(&welcome_with("bob", 1, &[], 1));
    bob.expect_text("said");
}

/// However much is left behind, it stays within the budget, the oldest goes first, and who is there is not harmed.
#[test]
fn a_thousand_rooms_left_behind_stay_within_the_budget() {
    const ROOMS: usize = 1000;
    let server = Server::start(&["--max-memory", "2M", "--max-message", "64K"]);
    let [mut one, mut other] = [Client::join(&server, "/kept"), Client::join(&server, "/kept")];
    let said = "x".repeat(8000);
    one.text("first");
    other.expect_text("first");
    let limit = value(&server, "chinwag_memory_limit_bytes");
    for n in 0..ROOMS {
        say_and_leave(&server, &format!("/r{n}"), &[&said]);
        if n % 100 == 99 {
            assert!(value(&server, "chinwag_memory_bytes") <= limit / 2.0 + 64.0 * 1024.0);
        }
    }
    let remembered = value(&server, REMEMBERED);
    assert!(remembered > 50.0 && remembered < 131.0, "{remembered} rooms of 8000 bytes in a megabyte");
    expect_history(&server, &format!("/r{}", ROOMS - 1), &[&said]);
    expect_history(&server, &format!("/r{}", ROOMS - remembered as usize + 4), &[&said]);
    expect_history(&server, "/r0", &[]);
    one.text("last");
    other.expect_text("last");
    expect_history(&server, "/kept", &["first", "last"]);
    assert_eq!(value(&server, "chinwag_clients_dropped_total{reason=\"memory\"}"), 0.0);
}

/// Rooms in which nothing was said cost something, too.
#[test]
fn rooms_that_were_only_looked_into_stay_within_the_budget() {
    let server = Server::start(&["--max-memory", "256K", "--max-message", "1K"]);
    for n in 0..500 {
        say_and_leave(&server, &format!("/{n:064}"), &[]);
    }
    let (used, limit) =
        (value(&server, "chinwag_memory_bytes"), value(&server, "chinwag_memory_limit_bytes"));
    assert!(used <= limit * 0.6, "{used} of {limit}");
    assert!(value(&server, REMEMBERED) < 128.0, "a room costs a kilobyte at the least");
}

/// What is remembered goes before anybody waits or is dropped.
#[test]
fn who_talks_gets_the_memory_of_those_who_have_left() {
    let server = Server::start(&["--max-memory", "2M", "--max-message", "256K"]);
    for n in 0..20 {
        say_and_leave(&server, &format!("/r{n}"), &[&"x".repeat(20_000)]);
    }
    assert!(value(&server, REMEMBERED) > 15.0, "{}", value(&server, REMEMBERED));
    let [mut one, mut other] = [Client::join(&server, "/kept"), Client::join(&server, "/kept")];
    let long = "y".repeat(200_000);
    for _ in 0..10 {
        one.text(&long);
        other.expect(&Frame::text(&long));
    }
    eventually("most are forgotten", || (value(&server, REMEMBERED) < 10.0).then_some(()));
    assert_eq!(value(&server, "chinwag_clients_dropped_total{reason=\"memory\"}"), 0.0);
}
