//! What is published and what is made of it, without a Redis.

use std::time::{Duration, Instant};

use super::mailbag::{Mailbag, Outgoing};
use super::payload::{Bulletin, BulletinWriter, Record, is_acceptable};
use super::servers::{SILENCE_MAX, Servers, Verdict};
use super::url::RedisUrl;
use crate::server::link::news::News;

const HELLO: &[u8] = b"\x81\x05hello";

/// Longer than any of this takes.
const LONG: Duration = Duration::from_secs(20);

const ALL: [Record<'_>; 8] = [
    Record::News(News::Message { room: "kitchen", frame: HELLO }),
    Record::News(News::Joined { client: 7, room: "", name: "é" }),
    Record::News(News::Left { client: u64::MAX, room: "a-b_C" }),
    Record::News(News::RosterBegins),
    Record::News(News::RosterEnds),
    Record::Hello,
    Record::Alive,
    Record::News(News::Gone),
];

fn written(records: &[Record<'_>]) -> Vec<u8> {
    let mut writer = BulletinWriter::new();
    records.iter().for_each(|record| writer.push(*record));
    writer.finish(1, 2, 3)
}

#[test]
fn a_bulletin_is_read_as_it_was_written() {
    let payload = written(&ALL);
    let bulletin = Bulletin { server: 1, number: 2, messages_before: 3, records: ALL.to_vec() };
    assert_eq!(Bulletin::parse(&payload), Some(bulletin));
    assert_eq!(
        &written(&ALL[..1])[..],
        b"chinwag1\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03m\0\0\0\x0f\x07kitchen\x81\x05hello"
    );
}

#[test]
fn a_bulletin_that_is_cut_off_is_none() {
    let payload = written(&ALL);
    let whole: Vec<_> = (0..=ALL.len()).map(|count| written(&ALL[..count]).len()).collect();
    for len in 0..payload.len() {
        assert_eq!(Bulletin::parse(&payload[..len]).is_some(), whole.contains(&len), "{len} bytes");
    }
}

/// Whatever a byte is changed to: what is read, if anything, is well-formed enough to be written again as it was.
#[test]
fn a_bulletin_with_another_byte_is_another_or_none() {
    let payload = written(&ALL);
    for at in 0..payload.len() {
        for byte in 0..=255 {
            let mut other = payload.clone();
            other[at] = byte;
            if let Some(bulletin) = Bulletin::parse(&other) {
                let mut writer = BulletinWriter::new();
                bulletin.records.iter().for_each(|record| writer.push(*record));
                assert_eq!(writer.finish(bulletin.server, bulletin.number, bulletin.messages_before), other);
            }
        }
    }
}

#[test]
fn a_frame_is_acceptable_if_a_client_could_have_sent_it() {
    for (frame, verdict) in [
        (HELLO, true),
        (b"\x82\x01\xFF", true),
        (b"\x81\x00", true),
        (b"\x81\x01\xFF", false),
        (b"\x81\x06toolong"[..8].as_ref(), true),
        (b"\x81\x07toolong", false),
        (b"\x81\x10{\"type\":\"left\",}", false),
        (b"\x82\x10{\"type\":\"left\",}", false),
        (b"\x88\x00", false),
        (b"\x80\x00", false),
    ] {
        assert_eq!(is_acceptable(frame, 6), verdict, "{frame:?}");
    }
    // Forged in text alone.
    assert!(!is_acceptable(b"\x81\x10{\"type\":\"left\",}", 100));
    assert!(is_acceptable(b"\x82\x10{\"type\":\"left\",}", 100));
}

fn taken(mailbag: &Mailbag) -> Outgoing {
    mailbag.take(LONG).unwrap()
}

fn records(outgoing: &Outgoing) -> Vec<Record<'_>> {
    Bulletin::parse(&outgoing.payload).unwrap().records
}

#[test]
fn an_outbox_that_is_not_emptied_takes_no_messages_and_knows_who_is_here() {
    let mailbag = Mailbag::new(1);
    assert!(!mailbag.publish("", HELLO));
    let (bob, alice) = (mailbag.introduce("", "bob"), mailbag.introduce("kitchen", "alice"));
    mailbag.take_leave(bob);
    mailbag.open();
    assert!(mailbag.publish("", HELLO));
    let first = taken(&mailbag);
    let expected = [
        Record::News(News::Message { room: "", frame: HELLO }),
        Record::News(News::RosterBegins),
        Record::News(News::Joined { client: alice, room: "kitchen", name: "alice" }),
        Record::News(News::RosterEnds),
        Record::Hello,
    ];
    assert_eq!(records(&first), expected);
    assert!((first.messages, first.says_hello, first.is_last) == (1, true, false));
    mailbag.take_leave(alice);
    assert_eq!(records(&taken(&mailbag)), [Record::News(News::Left { client: alice, room: "kitchen" })]);
    let alive = mailbag.take(Duration::ZERO).unwrap();
    assert_eq!(records(&alive), [Record::Alive]);
}

#[test]
fn an_outbox_is_bounded_and_counts_what_it_loses() {
    const LARGE: usize = 1 << 20;
    let mailbag = Mailbag::new(1);
    mailbag.open();
    let large = vec![0; LARGE];
    let fit = (0..10).filter(|_| mailbag.publish("", &large)).count();
    assert_eq!(fit, 3);
    assert!(mailbag.publish("", HELLO));
    assert_eq!(mailbag.close(), 4);
    assert!(!mailbag.publish("", HELLO));
    // The longest of all fits if there is nothing else.
    mailbag.open();
    assert!(mailbag.publish("", &vec![0; 16 * LARGE]));
    assert!(!mailbag.publish("", HELLO));
    // Who comes meanwhile is told by the roster.
    let client = mailbag.introduce("", "late");
    let lengths: Vec<_> = (0..2).map(|_| taken(&mailbag)).collect();
    assert!(lengths[0].payload.len() > 16 * LARGE);
    assert!(records(&lengths[1]).contains(&Record::News(News::Joined { client, room: "", name: "late" })));
    assert!(mailbag.publish("", HELLO));
}

/// The others ask again and again, and more is said than is taken: a roster waits until there is room for it.
#[test]
fn rosters_do_not_pile_up() {
    let mailbag = Mailbag::new(1);
    mailbag.open();
    let message = [&[0x82, 126, 0xEA, 0x60][..], &[0; 60_000]].concat();
    let (mut rosters, mut dropped) = (0, 0);
    for round in 0..500 {
        dropped += (0..2).filter(|_| !mailbag.publish("", &message)).count();
        mailbag.owe_roster();
        if round >= 100 {
            let outgoing = taken(&mailbag);
            rosters +=
                records(&outgoing).iter().filter(|record| **record == Record::News(News::RosterEnds)).count();
        }
    }
    assert!(dropped > 100, "never full: {dropped} dropped");
    assert_eq!(rosters, 0);
    while !records(&taken(&mailbag)).contains(&Record::News(News::RosterEnds)) {}
}

#[test]
fn bulletins_are_numbered_and_small_enough_to_be_answered_in_time() {
    let mailbag = Mailbag::new(1);
    mailbag.open();
    for _ in 0..100 {
        assert!(mailbag.publish("room", &[0x82; 5000]));
    }
    let mut messages = 0;
    for number in 0.. {
        let outgoing = taken(&mailbag);
        assert!(outgoing.payload.len() < 70 << 10);
        assert_eq!(outgoing.payload[16..24], u64::to_be_bytes(number));
        assert_eq!(outgoing.payload[24..32], u64::to_be_bytes(messages));
        messages += outgoing.messages;
        if messages == 100 {
            break;
        }
    }
}

#[test]
fn an_outbox_ends_with_a_farewell() {
    let mailbag = Mailbag::new(1);
    mailbag.open();
    taken(&mailbag);
    assert!(mailbag.publish("", HELLO));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut last = false;
            while let Some(outgoing) = mailbag.take(LONG) {
                assert!(!last, "something behind the last");
                last = outgoing.is_last;
                assert_eq!(last, records(&outgoing).contains(&Record::News(News::Gone)));
                if last {
                    mailbag.end();
                }
            }
            assert!(last);
        });
        mailbag.stop(Instant::now() + LONG);
    });
    // Where nobody empties it, nobody waits.
    Mailbag::new(1).stop(Instant::now() + LONG);
}

fn bulletin(server: u64, number: u64, messages_before: u64, messages: usize) -> Bulletin<'static> {
    Bulletin { server, number, messages_before, records: vec![ALL[0]; messages] }
}

#[test]
fn bulletins_of_a_server_are_heard_once_and_in_order() {
    let mut servers = Servers::new(Instant::now());
    for (bulletin, verdict) in [
        (bulletin(1, 5, 40, 2), Verdict::First),
        (bulletin(1, 5, 40, 2), Verdict::Ignored),
        (bulletin(1, 4, 39, 1), Verdict::Ignored),
        (bulletin(2, 0, 0, 1), Verdict::First),
        (bulletin(1, 6, 42, 0), Verdict::Next { missed: 0 }),
        (bulletin(1, 7, 42, 3), Verdict::Next { missed: 0 }),
        (bulletin(1, 9, 49, 1), Verdict::Next { missed: 4 }),
        (bulletin(1, 8, 45, 4), Verdict::Ignored),
        (bulletin(2, u64::MAX, u64::MAX, 1), Verdict::Next { missed: u64::MAX - 1 }),
        (bulletin(2, 1, 1, 1), Verdict::Ignored),
    ] {
        assert_eq!(servers.hear(&bulletin), verdict, "{bulletin:?}");
    }
    assert_eq!(servers.count(), 2);
}

#[test]
fn a_server_that_is_silent_for_too_long_is_gone() {
    let mut now = Instant::now();
    let mut servers = Servers::new(now);
    servers.hear(&bulletin(1, 0, 0, 0));
    servers.hear(&bulletin(2, 0, 0, 0));
    let second = Duration::from_secs(1);
    for number in 1..=SILENCE_MAX.as_secs() {
        now += second;
        servers.hear(&bulletin(1, number, 0, 0));
        assert_eq!(servers.take_silent(now), [], "after {number} s");
    }
    assert_eq!(servers.take_silent(now + second), [2]);
    assert_eq!(servers.count(), 1);
    // Who was stopped for an hour has not listened for an hour.
    assert_eq!(servers.take_silent(now + 3600 * second), []);
}

#[test]
fn a_url_tells_a_channel_and_keeps_a_secret() {
    for (url, channel, address) in [
        ("redis://127.0.0.1", "chinwag:0", "127.0.0.1:6379"),
        ("redis://:secret@localhost:1234/7", "chinwag:7", "localhost:1234"),
        ("redis://user:secret@[::1]/0?protocol=resp3", "chinwag:0", "::1:6379"),
        ("unix:///run/redis.sock?db=2&pass=secret", "chinwag:2", "/run/redis.sock"),
    ] {
        let parsed: RedisUrl = url.parse().unwrap();
        assert_eq!((parsed.channel().as_str(), parsed.address().as_str()), (channel, address));
        assert!(!format!("{parsed:?}").contains("secret"), "{parsed:?}");
    }
    for url in ["", "localhost", "http://localhost", "rediss://localhost", "redis://localhost/x"] {
        assert!(url.parse::<RedisUrl>().is_err(), "{url}");
    }
}
