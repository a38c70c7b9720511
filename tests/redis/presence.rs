//! Names, whichever server they are on.

use crate::patience::LONG;
use crate::redis::Redis;
use crate::servers::{self, Barrier, start, wait_for, wait_until_together};
use crate::support::{Client, PATIENCE, Server, frame};

fn joined(name: &str, online: usize) -> String {
    format!(r#"{{"type":"joined","name":"{name}","online":{online}}}"#)
}

fn left(name: &str, online: usize) -> String {
    format!(r#"{{"type":"left","name":"{name}","online":{online}}}"#)
}

fn welcome(name: &str, online: usize, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!(r#""{name}""#)).collect();
    let names = names.join(",");
    format!(
        r#"{{"type":"welcome","name":"{name}","online":{online},"names":[{names}],"history":0,"limit":65536}}"#
    )
}

/// A client that has been told what it is told first.
#[track_caller]
fn named(server: &Server, name: &str, online: usize, names: &[&str]) -> Client {
    let mut client = Client::join(server, &format!("/?name={name}"));
    client.expect_text(&welcome(name, online, names));
    client
}

#[test]
fn comings_and_goings_are_told_everywhere() {
    let redis = Redis::start();
    let servers: [_; 3] = start(&redis);
    let mut barrier = Barrier::join(&servers);
    let mut alice = named(&servers[0], "alice", 1, &[]);
    let mut bare = Client::join(&servers[1], "/");
    barrier.pass();
    let mut bob = named(&servers[1], "bob", 2, &["alice"]);
    alice.expect_text(&joined("bob", 2));
    barrier.pass();
    let mut carol = named(&servers[2], "carol", 3, &["alice", "bob"]);
    alice.expect_text(&joined("carol", 3));
    bob.expect_text(&joined("carol", 3));
    // What is said stands between coming and going.
    carol.text("hello");
    carol.send(&frame::close(1000, b""));
    carol.expect_close(1000);
    for other in [&mut alice, &mut bob] {
        other.expect_text("hello");
        other.expect_text(&left("carol", 2));
    }
    drop(bob);
    alice.expect_text(&left("bob", 1));
    bare.expect_text("hello");
    bare.settle();
    alice.settle();
}

#[test]
fn names_stand_in_the_order_of_arrival_wherever_they_are() {
    let redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let mut barrier = Barrier::join(&servers);
    let names = ["zoe", "bob", "zoe", "alice", "bob"];
    let mut here = Vec::new();
    for (n, name) in names.into_iter().enumerate() {
        here.push(named(&servers[n % 2], name, n + 1, &names[..n]));
        barrier.pass();
    }
    named(&servers[0], "last", 6, &names);
    // In a room that comes into being later, too.
    let late = ["one", "two", "three"].map(|name| {
        let client = Client::join(&servers[1], &format!("/late?name={name}"));
        barrier.pass();
        client
    });
    let mut client = Client::join(&servers[0], "/late?name=me");
    client.expect_text(&welcome("me", 4, &["one", "two", "three"]));
    drop(late);
    let left: Vec<_> = (0..3).map(|_| client.frame().payload).collect();
    assert!(left[2].ends_with(br#""online":1}"#), "{:?}", String::from_utf8_lossy(&left[2]));
}

#[test]
fn a_server_that_comes_later_is_told_who_is_there() {
    let redis = Redis::start();
    let [one] = start(&redis);
    let mut alice = named(&one, "alice", 1, &[]);
    let _bob = Client::join(&one, "/kitchen?name=bob");
    let two = servers::at(&redis.url());
    let servers = [one, two];
    wait_until_together(&servers);
    Barrier::join(&servers).pass();
    let mut carol = named(&servers[1], "carol", 2, &["alice"]);
    alice.expect_text(&joined("carol", 2));
    // A server that goes takes everyone along.
    let [_one, mut two] = servers;
    two.signal("TERM");
    carol.expect_close(1001);
    drop(carol);
    assert_eq!(two.wait().code(), Some(0));
    alice.expect_text(&left("carol", 1));
    wait_for(&_one, "servers", 0.0);
}

/// Nobody hears that it is gone: it is gone when it has been silent for too long.
#[test]
fn the_clients_of_a_server_that_is_killed_leave() {
    let redis = Redis::start();
    let [one, two, three] = start(&redis);
    let mut alice = named(&one, "alice", 1, &[]);
    let servers = [one, two, three];
    Barrier::join(&servers).pass();
    let mut bob = named(&servers[1], "bob", 2, &["alice"]);
    alice.expect_text(&joined("bob", 2));
    servers[1].signal("KILL");
    assert_eq!(bob.next(), None);
    // The others talk on at once.
    let mut bare = Client::join(&servers[2], "/");
    bare.text("still here");
    alice.expect_text("still here");
    wait_for(&servers[0], "servers", 1.0);
    alice.expect_text(&left("bob", 1));
}

#[test]
fn after_an_outage_everyone_knows_who_is_there() {
    let mut redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let mut alice = named(&servers[0], "alice", 1, &[]);
    Barrier::join(&servers).pass();
    let mut bob = named(&servers[1], "bob", 2, &["alice"]);
    alice.expect_text(&joined("bob", 2));
    redis.kill();
    servers.iter().for_each(|server| wait_for(server, "up", 0.0));
    // One goes and two come while nobody can be told.
    bob.send(&frame::close(1000, b""));
    bob.expect_close(1000);
    let mut carol = named(&servers[1], "carol", 2, &["alice"]);
    let mut dave = named(&servers[0], "dave", 3, &["alice", "bob"]);
    alice.expect_text(&joined("dave", 3));
    redis.run();
    alice.expect_long(&[&joined("carol", 4), &left("bob", 3)]);
    dave.expect_long(&[&joined("carol", 4), &left("bob", 3)]);
    carol.expect_long(&[&joined("dave", 3)]);
    [alice, carol, dave].iter_mut().for_each(Client::settle);
}

/// Texts that come late, but in this order and without another between them.
trait ExpectLong {
    fn expect_long(&mut self, texts: &[&str]);
}

impl ExpectLong for Client {
    #[track_caller]
    fn expect_long(&mut self, texts: &[&str]) {
        self.stream.set_read_timeout(Some(LONG)).unwrap();
        texts.iter().for_each(|text| self.expect_text(text));
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
}
