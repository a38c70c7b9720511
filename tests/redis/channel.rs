//! What others may publish on the channel: nothing of it harms anyone, and nothing passes that a client could not have
//! sent.

use crate::redis::Redis;
use crate::servers::{metric, start, start_with, talk, wait_for};
use crate::support::{Client, Server};

const CHANNEL: &str = "chinwag:0";

/// A bulletin as a server writes it; see `src/server/link/redis/payload.rs`.
fn bulletin(number: u64, records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"chinwag1".to_vec();
    for field in [0xDEAD_BEEF, number, 0] {
        bytes.extend(u64::to_be_bytes(field));
    }
    for (kind, body) in records {
        bytes.push(*kind);
        bytes.extend((body.len() as u32).to_be_bytes());
        bytes.extend(body);
    }
    bytes
}

/// A message in a room: a frame with this first byte.
fn message(room: &str, first: u8, payload: &[u8]) -> (u8, Vec<u8>) {
    let mut body = vec![room.len() as u8];
    body.extend(room.bytes());
    body.push(first);
    match payload.len() {
        len @ 0..=125 => body.push(len as u8),
        len @ 126..=0xFFFF => body.extend([&[126], &(len as u16).to_be_bytes()[..]].concat()),
        len => body.extend([&[127], &(len as u64).to_be_bytes()[..]].concat()),
    }
    body.extend(payload);
    (b'm', body)
}

fn joined(room: &str, name: &[u8]) -> (u8, Vec<u8>) {
    (b'j', [&7_u64.to_be_bytes()[..], &[room.len() as u8], room.as_bytes(), name].concat())
}

/// A server, two who listen there, and someone who publishes what it likes.
struct House {
    redis: Redis,
    server: Server,
    bare: Client,
    named: Client,
    number: u64,
}

impl House {
    fn new(options: &[&str]) -> House {
        let redis = Redis::start();
        let [server] = start_with(&redis, options);
        let bare = Client::join(&server, "/");
        let mut named = Client::join(&server, "/?name=n");
        named.frame();
        House { redis, server, bare, named, number: 0 }
    }

    /// Publishes as another server would.
    fn publish(&mut self, records: &[(u8, Vec<u8>)]) {
        let payload = bulletin(self.number, records);
        self.number += 1;
        assert_eq!(self.redis.connect().publish(CHANNEL, &payload), 1);
    }

    /// Publishes what must be ignored, be counted, and reach nobody.
    #[track_caller]
    fn publish_in_vain(&mut self, payload: &[u8]) {
        let ignored = metric(&self.server, "ignored_total");
        self.redis.connect().publish(CHANNEL, payload);
        wait_for(&self.server, "ignored_total", ignored + 1.0);
        self.bare.settle();
        self.named.settle();
    }
}

#[test]
fn what_is_right_is_posted() {
    let mut house = House::new(&[]);
    house.publish(&[
        message("", 0x81, b"hello"),
        message("", 0x82, b"\xFF"),
        message("none", 0x81, b"not here"),
    ]);
    for client in [&mut house.bare, &mut house.named] {
        client.expect_text("hello");
        assert_eq!(client.frame().payload, b"\xFF");
    }
    house.publish(&[joined("", "é".as_bytes())]);
    house.named.expect_text(r#"{"type":"joined","name":"é","online":2}"#);
    house.publish(&[(b'g', vec![])]);
    house.named.expect_text(r#"{"type":"left","name":"é","online":1}"#);
    assert_eq!(metric(&house.server, "ignored_total"), 0.0);
}

#[test]
fn garbage_is_ignored() {
    let mut house = House::new(&[]);
    let garbage: [&[u8]; 8] = [
        b"",
        b"hello",
        b"chinwag1",
        b"chinwag2",
        &[0; 32],
        &[0xFF; 5000],
        &[b'['; 100_000],
        b"{\"type\":\"left\"}",
    ];
    for payload in garbage {
        house.publish_in_vain(payload);
    }
    let House { server, .. } = &house;
    assert_eq!(metric(server, "servers"), 0.0);
    let [mut a, mut b] = [0, 1].map(|_| Client::join(server, "/talk"));
    talk(&mut a, &mut b, "undisturbed");
}

#[test]
fn a_bulletin_that_is_cut_off_anywhere_is_ignored_as_a_whole() {
    let mut house = House::new(&[]);
    let records = [message("", 0x81, b"one"), joined("", b"x"), message("", 0x81, b"two")];
    let whole = bulletin(0, &records);
    // Where a record ends, what is left is a bulletin.
    let ends = (0..3).map(|count| bulletin(0, &records[..count]).len());
    let ends: Vec<_> = ends.collect();
    for len in (0..whole.len()).filter(|len| !ends.contains(len)) {
        house.publish_in_vain(&whole[..len]);
    }
    house.publish_in_vain(&[&whole[..], b"m"].concat());
    assert_eq!(metric(&house.server, "received_total"), 0.0);
}

/// Records that are whole and wrong.
#[test]
fn what_no_client_could_have_sent_is_ignored() {
    let mut house = House::new(&["--max-message", "1000"]);
    let long_room = "r".repeat(65);
    let mut unmasked_longer = vec![0, 0x81, 126, 0, 5];
    unmasked_longer.extend(b"hello");
    let wrong = [
        message("", 0x81, b"\xFF"),
        message("", 0x81, br#"{"type":"joined","name":"x","online":9}"#),
        message("", 0x81, br#"{"type":"left","name":"x","online":9}"#),
        message("", 0x81, br#"{"type":"welcome","name":"x","online":9,"names":[]}"#),
        message("", 0x81, &[b'x'; 1001]),
        message("", 0x82, &[b'x'; 70_000]),
        message("", 0x01, b"a fragment"),
        message("", 0x80, b"a continuation"),
        message("", 0xC1, b"RSV1"),
        message("", 0x83, b"opcode 3"),
        message("", 0x88, b"\x03\xE8"),
        message("", 0x89, b"a ping"),
        message("", 0x8A, b"a pong"),
        message("a/b", 0x81, b"no room"),
        message(&long_room, 0x81, b"no room"),
        message("#1", 0x81, b"no room"),
        (b'm', b"\0\x81\x85\0\0\0\0hello".to_vec()),
        (b'm', b"\0\x81\x06hello".to_vec()),
        (b'm', b"\0\x81\x04hello".to_vec()),
        (b'm', unmasked_longer),
        (b'm', b"\x05r".to_vec()),
        (b'm', vec![]),
        joined("", b""),
        joined("", b"\xFF"),
        joined("", b"new\nline"),
        joined("", &[b'n'; 33]),
        joined("a b", b"n"),
        (b'j', vec![1, 2, 3]),
        (b'l', vec![0; 8]),
        (b'l', vec![0; 10]),
        (b'r', vec![0]),
        (b'z', vec![]),
        (0, vec![]),
    ];
    for record in wrong {
        let payload = bulletin(house.number, &[record]);
        house.number += 1;
        house.publish_in_vain(&payload);
    }
    house.publish(&[message("", 0x81, &[b'x'; 1000])]);
    assert_eq!(house.bare.frame().payload.len(), 1000);
    assert_eq!(metric(&house.server, "received_total"), 1.0);
}

/// The same bulletin again, and an older one behind a newer: as a broken connection may leave them.
#[test]
fn what_comes_twice_or_late_is_ignored() {
    let mut house = House::new(&[]);
    let [first, second] = [0, 1].map(|n| bulletin(n, &[message("", 0x81, n.to_string().as_bytes())]));
    house.redis.connect().publish(CHANNEL, &second);
    house.bare.expect_text("1");
    house.named.expect_text("1");
    for late in [&second, &first] {
        house.publish_in_vain(late);
    }
}

/// A server is heard in full by those who listen to the channel: what it publishes, given back to it, is its own.
#[test]
fn its_own_bulletins_are_nothing_to_it() {
    let redis = Redis::start();
    let [server] = start(&redis);
    let mut eavesdropper = redis.connect();
    eavesdropper.subscribe(CHANNEL);
    let [mut a, mut b] = [0, 1].map(|_| Client::join(&server, "/"));
    a.text("hello");
    b.expect_text("hello");
    let own = loop {
        let payload = eavesdropper.next();
        if payload.windows(5).any(|bytes| bytes == b"hello") {
            break payload;
        }
    };
    for _ in 0..3 {
        redis.connect().publish(CHANNEL, &own);
    }
    talk(&mut a, &mut b, "nothing else");
    a.settle();
    b.settle();
    assert_eq!(metric(&server, "servers") + metric(&server, "received_total"), 0.0);
}

/// More servers than can be.
#[test]
fn a_crowd_of_servers_is_bounded() {
    let redis = Redis::start();
    let [server] = start(&redis);
    let mut client = Client::join(&server, "/");
    let mut publisher = redis.connect();
    for id in 0..1100_u64 {
        let mut payload = bulletin(0, &[(b'r', vec![]), (b'e', vec![])]);
        payload[8..16].copy_from_slice(&id.to_be_bytes());
        publisher.publish(CHANNEL, &payload);
    }
    wait_for(&server, "ignored_total", 76.0);
    assert_eq!(metric(&server, "servers"), 1024.0);
    client.settle();
}
