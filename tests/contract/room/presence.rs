//! Names: who is here, who comes and who goes.

use super::{joined, left, named, welcome, welcome_with};
use crate::support::frame;
use crate::support::{Client, Head, Server, independent};
use std::thread;

#[test]
fn the_first_named_client_is_welcomed_to_itself() {
    let server = Server::start(&[]);
    let mut alice = named(&server, "/", "alice");
    alice.expect_text(r#"{"type":"welcome","name":"alice","online":1,"names":[],"history":0,"limit":65536}"#);
}

#[test]
fn joined_left_and_welcome_are_exact_to_the_byte() {
    let server = Server::start(&[]);
    let mut bob = named(&server, "/", "bob");
    bob.expect_text(r#"{"type":"welcome","name":"bob","online":1,"names":[],"history":0,"limit":65536}"#);
    let mut carol = named(&server, "/", "carol");
    carol.expect_text(
        r#"{"type":"welcome","name":"carol","online":2,"names":["bob"],"history":0,"limit":65536}"#,
    );
    bob.expect_text(r#"{"type":"joined","name":"carol","online":2}"#);
    let mut alice = named(&server, "/", "alice");
    alice.expect_text(
        r#"{"type":"welcome","name":"alice","online":3,"names":["bob","carol"],"history":0,"limit":65536}"#,
    );
    for other in [&mut bob, &mut carol] {
        other.expect_text(r#"{"type":"joined","name":"alice","online":3}"#);
    }
    drop(bob);
    for other in [&mut alice, &mut carol] {
        other.expect_text(r#"{"type":"left","name":"bob","online":2}"#);
    }
    alice.send(&frame::close(1000, b""));
    alice.expect_close(1000);
    carol.expect_text(r#"{"type":"left","name":"alice","online":1}"#);
}

#[test]
fn a_client_without_a_name_hears_no_announcement_and_does_not_count() {
    let server = Server::start(&[]);
    let mut bare = Client::join(&server, "/");
    let mut bob = named(&server, "/", "bob");
    bob.expect_text(&welcome("bob", 1, &[]));
    let alice = named(&server, "/", "alice");
    bob.expect_text(&joined("alice", 2));
    drop(alice);
    bob.expect_text(&left("alice", 1));
    drop(Client::join(&server, "/"));
    bob.text("said");
    bare.expect_text("said");
    bare.text("answered");
    bob.expect_text("answered");
}

#[test]
fn announcements_are_of_one_room() {
    let server = Server::start(&[]);
    let mut here = named(&server, "/here", "alice");
    here.expect_text(&welcome("alice", 1, &[]));
    let mut there = named(&server, "/there", "bob");
    there.expect_text(&welcome("bob", 1, &[]));
    drop(there);
    named(&server, "/here", "carol").expect_text(&welcome("carol", 2, &["alice"]));
    here.expect_text(&joined("carol", 2));
    here.expect_text(&left("carol", 1));
}

#[test]
fn names_stand_in_the_order_of_arrival_and_equal_ones_all() {
    let server = Server::start(&[]);
    let arriving = ["zoe", "bob", "zoe", "alice", "bob"];
    let mut clients: Vec<Client> = Vec::new();
    for (n, name) in arriving.into_iter().enumerate() {
        let mut client = named(&server, "/", name);
        client.expect_text(&welcome(name, n + 1, &arriving[..n]));
        for other in &mut clients {
            other.expect_text(&joined(name, n + 1));
        }
        clients.push(client);
    }
    drop(clients.remove(1));
    for other in &mut clients {
        other.expect_text(&left("bob", 4));
    }
    named(&server, "/", "bob").expect_text(&welcome("bob", 5, &["zoe", "zoe", "alice", "bob"]));
}

/// Who connected first has not therefore come first.
#[test]
fn to_arrive_is_to_join_and_not_to_connect() {
    let server = Server::start(&[]);
    let early = server.connect();
    let mut bob = named(&server, "/", "bob");
    bob.expect_text(&welcome("bob", 1, &[]));
    let mut early = Client::try_join_on(early, &Head::upgrade("/?name=early").bytes()).ok().unwrap();
    early.expect_text(&welcome("early", 2, &["bob"]));
    bob.expect_text(&joined("early", 2));
    named(&server, "/", "carol").expect_text(&welcome("carol", 3, &["bob", "early"]));
    for client in [&mut bob, &mut early] {
        client.expect_text(&joined("carol", 3));
        client.expect_text(&left("carol", 2));
    }
    // And each is still the one it was, when it speaks, pings and leaves.
    bob.text("from bob");
    early.expect_text("from bob");
    early.text("from early");
    bob.expect_text("from early");
    bob.settle();
    early.settle();
    drop(bob);
    early.expect_text(&left("bob", 1));
}

/// As in the URL, and as in JSON: escaped as it demands and no more.
const SPELLINGS: &[(&str, &str)] = &[
    ("alice", "alice"),
    ("a%20b", "a b"),
    ("%20", " "),
    ("a+b", "a+b"),
    ("a%2Bb", "a+b"),
    ("%61lice", "alice"),
    ("%22", r#"\""#),
    ("%5C", r"\\"),
    ("%5c%22%5C%5C", r#"\\\"\\\\"#),
    ("a/b", "a/b"),
    ("%2F", "/"),
    ("%3C%2Fscript%3E", "</script>"),
    ("'%26%3D%23%3F", "'&=#?"),
    ("J%C3%BCrgen", "Jürgen"),
    ("%e2%82%ac", "€"),
    ("%F0%9F%98%80", "😀"),
    ("%E2%80%A8", "\u{2028}"),
    ("%C2%A0", "\u{A0}"),
    ("%EF%BF%BD", "\u{FFFD}"),
    ("%F4%8F%BF%BF", "\u{10FFFF}"),
    ("%2561", "%61"),
    ("a=b", "a=b"),
];

#[test]
fn a_name_is_decoded_once_and_escaped_as_json_demands() {
    let server = Server::start(&[]);
    for (encoded, json) in SPELLINGS {
        let mut witness = named(&server, "/", "w");
        witness.expect_text(&welcome("w", 1, &[]));
        let mut client = named(&server, "/", encoded);
        client.expect_text(&welcome(json, 2, &["w"]));
        witness.expect_text(&joined(json, 2));
        named(&server, "/", "x").expect_text(&welcome("x", 3, &["w", json]));
        for message in [joined("x", 3), left("x", 2)] {
            witness.expect_text(&message);
            client.expect_text(&message);
        }
        drop(client);
        witness.expect_text(&left(json, 1));
        witness.send(&frame::close(1000, b""));
        witness.expect_close(1000);
    }
}

#[test]
fn a_name_has_up_to_32_characters_of_any_length() {
    let server = Server::start(&[]);
    for (encoded, name) in [("x", "x"), ("%C3%A9", "é"), ("%F0%9F%98%80", "😀"), ("%22", "\\\"")] {
        let mut client = named(&server, "/", &encoded.repeat(32));
        client.expect_text(&welcome(&name.repeat(32), 1, &[]));
        client.send(&frame::close(1000, b""));
        client.expect_close(1000);
    }
}

#[test]
fn unknown_keys_beside_the_name_are_ignored() {
    let server = Server::start(&[]);
    for target in ["/?x=1&name=alice&y", "/?name=alice&x=1&x=2", "/?Name=bob&name=alice", "/?&name=alice&&"] {
        let mut client = Client::join(&server, target);
        client.expect_text(&welcome("alice", 1, &[]));
        client.send(&frame::close(1000, b""));
        client.expect_close(1000);
    }
}

#[test]
fn the_welcome_comes_before_anything_else() {
    let server = Server::start(&[]);
    let mut talker = Client::join(&server, "/");
    talker.text("old");
    talker.settle();
    let mut alice = Client::join(&server, "/?history=9&name=alice");
    talker.text("new");
    alice.expect_text(&welcome_with("alice", 1, &[], 1));
    alice.expect_text("old");
    alice.expect_text("new");
}

#[test]
fn a_named_client_that_is_failed_has_left_too() {
    let server = Server::start(&[]);
    let mut witness = named(&server, "/", "w");
    witness.expect_text(&welcome("w", 1, &[]));
    let mut bad = named(&server, "/", "bad");
    witness.expect_text(&joined("bad", 2));
    bad.send(&[frame::text("last words"), vec![0xFF]].concat());
    witness.expect_text("last words");
    witness.expect_text(&left("bad", 1));
}

#[test]
fn echo_announces_no_names() {
    let server = Server::start(&["--echo"]);
    let (mut a, mut b) = (named(&server, "/", "alice"), named(&server, "/", "bob"));
    for client in [&mut a, &mut b] {
        client.text("hello");
        client.expect_text("hello");
    }
}

#[test]
fn an_independent_client_is_welcomed() {
    let server = Server::start(&[]);
    let mut socket = independent::join(&server, "/kitchen?name=J%C3%BCrgen");
    independent::expect_text(&mut socket, &welcome("Jürgen", 1, &[]));
    let _other = named(&server, "/kitchen", "bob");
    independent::expect_text(&mut socket, &joined("bob", 2));
}

/// Many come and go at once: whoever counts along is never out of step.
#[test]
fn online_is_right_at_every_step() {
    const GUESTS: usize = 40;
    let server = Server::start(&[]);
    let mut witness = named(&server, "/", "w");
    witness.expect_text(&welcome("w", 1, &[]));
    thread::scope(|scope| {
        for who in 0..4 {
            let server = &server;
            scope.spawn(move || {
                for n in 0..GUESTS / 4 {
                    let name = format!("g{who}-{n}");
                    let mut guest = named(server, "/", &name);
                    let first = String::from_utf8(guest.frame().payload).unwrap();
                    assert!(first.starts_with(&format!(r#"{{"type":"welcome","name":"{name}","online":"#)));
                    let others = first.split(['[', ']']).nth(1).unwrap().split(',').count();
                    let online = first.split_once(r#""online":"#).unwrap().1.split_once(',').unwrap().0;
                    assert_eq!(online, (others + 1).to_string(), "{first}");
                    assert!(!first.split_once('[').unwrap().1.contains(&name), "lists itself: {first}");
                }
            });
        }
    });
    let (mut present, mut came) = (vec!["w".to_string()], 0);
    while came < GUESTS || present.len() > 1 {
        let text = String::from_utf8(witness.frame().payload).unwrap();
        let name = text.split('"').nth(7).unwrap().to_string();
        if text.contains("joined") {
            came += 1;
            present.push(name.clone());
            assert_eq!(text, joined(&name, present.len()));
        } else {
            let place = present.iter().position(|other| *other == name);
            present.remove(place.unwrap_or_else(|| panic!("{name} was never here")));
            assert_eq!(text, left(&name, present.len()));
        }
    }
}
