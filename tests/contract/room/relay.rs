//! A message goes to everyone in the room but its sender: once each, whole, in one order.

use crate::support::frame::{self, BINARY, FIN, Frame, TEXT, masked};
use crate::support::metrics::wait_for;
use crate::support::patience::Raise;
use crate::support::{Client, Server, independent};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[test]
fn everyone_but_the_sender_gets_a_message_once() {
    let server = Server::start(&[]);
    let mut clients: Vec<_> = (0..5).map(|_| Client::join(&server, "/")).collect();
    for sender in 0..5 {
        // The first thing each receives is what the one before said: nothing came twice, or back.
        clients[sender].text(&format!("from {sender}"));
        for receiver in (0..5).filter(|receiver| *receiver != sender) {
            clients[receiver].expect_text(&format!("from {sender}"));
        }
    }
}

#[test]
fn rooms_are_apart() {
    let server = Server::start(&[]);
    let rooms = ["/", "/a", "/A", "/aa", "/a-", "/Healthz"];
    let mut pairs =
        rooms.map(|room| [Client::join(&server, room), Client::join(&server, &format!("{room}?x=y"))]);
    for (room, [sender, _]) in rooms.iter().zip(&mut pairs) {
        sender.text(room);
    }
    for (room, [sender, receiver]) in rooms.iter().zip(&mut pairs) {
        receiver.expect_text(room);
        receiver.text("back");
        sender.expect_text("back");
    }
}

/// What several say at once, everyone hears in the same order, and each speaker's in its own.
#[test]
fn messages_come_in_the_same_order_for_all() {
    const EACH: usize = 300;
    let server = Server::start(&["--max-lag", "64M"]);
    let mut speakers: Vec<_> = (0..3).map(|_| Client::join(&server, "/")).collect();
    let mut hearers: Vec<_> = (0..2).map(|_| Client::join(&server, "/")).collect();
    thread::scope(|scope| {
        for (who, speaker) in speakers.iter_mut().enumerate() {
            scope.spawn(move || {
                for n in 0..EACH {
                    speaker.text(&format!("{who} {n}"));
                }
            });
        }
    });
    let said = |client: &mut Client, count: usize| -> Vec<String> {
        (0..count).map(|_| String::from_utf8(client.frame().payload).unwrap()).collect()
    };
    let order = said(&mut hearers[0], 3 * EACH);
    assert_eq!(said(&mut hearers[1], 3 * EACH), order);
    for (who, speaker) in speakers.iter_mut().enumerate() {
        let by = |line: &&String| line.starts_with(&format!("{who} "));
        let own: Vec<_> = order.iter().filter(by).cloned().collect();
        assert_eq!(own, (0..EACH).map(|n| format!("{who} {n}")).collect::<Vec<_>>());
        let others: Vec<_> = order.iter().filter(|line| !by(line)).cloned().collect();
        assert_eq!(said(speaker, 2 * EACH), others);
    }
}

#[test]
fn a_message_sent_just_before_its_sender_leaves_is_delivered() {
    let server = Server::start(&[]);
    let mut witness = Client::join(&server, "/");
    for n in 0..50 {
        // In the packet of its Close, then before a FIN, then before a reset.
        let last_words = frame::text(&n.to_string());
        let mut client = Client::join(&server, "/");
        match n % 3 {
            0 => client.send(&[last_words, frame::close(1000, b"")].concat()),
            1 => client.send(&last_words),
            _ => client.send(&[last_words, frame::text("and"), vec![0xFF]].concat()),
        }
        drop(client);
        witness.expect_text(&n.to_string());
        if n % 3 == 2 {
            witness.expect_text("and");
        }
    }
}

#[test]
fn a_client_is_in_the_room_once_it_has_its_101() {
    let server = Server::start(&[]);
    let mut speaker = Client::join(&server, "/");
    for n in 0..200 {
        let mut new = Client::join(&server, "/");
        speaker.text(&n.to_string());
        new.expect_text(&n.to_string());
    }
}

/// In the middle of a loud room, a newcomer's first bytes are a whole frame (`frame::take` would tell).
#[test]
fn what_follows_the_101_is_a_whole_frame() {
    let server = Server::start(&["--max-lag", "64M"]);
    let mut speaker = Client::join(&server, "/");
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut numbers = 0..;
            while !enough.load(Ordering::Relaxed) {
                speaker.text(&format!("{:0600}", numbers.next().unwrap()));
            }
        });
        let _at_the_end = Raise(&enough);
        for _ in 0..100 {
            let mut new = Client::join(&server, "/");
            let mut number = || String::from_utf8(new.frame().payload).unwrap().parse::<u64>().unwrap();
            let first = number();
            assert_eq!([number(), number()], [first + 1, first + 2]);
        }
    });
}

#[test]
fn large_and_small_messages_do_not_mix() {
    let server = Server::start(&["--max-message", "1M", "--max-lag", "64M"]);
    let mut speakers = [Client::join(&server, "/"), Client::join(&server, "/"), Client::join(&server, "/")];
    let mut hearer = Client::join(&server, "/");
    thread::scope(|scope| {
        for (n, speaker) in speakers.iter_mut().enumerate() {
            scope.spawn(move || {
                for _ in 0..20 {
                    speaker.send(&masked(FIN | BINARY, &vec![n as u8; [1 << 20, 300, 70_000][n]]));
                }
            });
        }
    });
    let mut seen = [0; 3];
    for _ in 0..60 {
        let payload = hearer.frame().payload;
        let n = usize::from(payload[0]);
        assert_eq!(payload.len(), [1 << 20, 300, 70_000][n]);
        assert!(payload.iter().all(|byte| usize::from(*byte) == n), "mixed up");
        seen[n] += 1;
    }
    assert_eq!(seen, [20; 3]);
}

#[test]
fn whoever_breaks_the_protocol_costs_the_others_nothing() {
    let server = Server::start(&["--close-timeout", "0.3"]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    for n in 0..=255_u8 {
        let mut bad = Client::join(&server, "/");
        let garbage: Vec<u8> = (0..64).map(|m: u8| m.wrapping_mul(n).wrapping_add(n)).collect();
        bad.send(&[vec![0x80 | n], garbage].concat());
        a.text("undisturbed");
        loop {
            let frame = b.frame();
            if frame == Frame::text("undisturbed") {
                break;
            }
        }
    }
}

#[test]
fn rooms_vanish_with_their_last_client() {
    let server = Server::start(&[]);
    for _ in 0..3 {
        let mut clients = ["/a", "/b", "/c"].map(|room| Client::join(&server, room));
        clients[0].send(&masked(TEXT, b"unfinished"));
        wait_for(&server, "chinwag_rooms", 3.0);
        drop(clients);
        wait_for(&server, "chinwag_rooms", 0.0);
    }
}

#[test]
fn independent_clients_hear_each_other() {
    let server = Server::start(&[]);
    let mut all: Vec<_> = (0..4).map(|_| independent::join(&server, "/kitchen")).collect();
    for speaker in 0..4 {
        let said = format!("from {speaker}");
        all[speaker].send(tungstenite::Message::text(said.clone())).unwrap();
        for hearer in (0..4).filter(|hearer| *hearer != speaker) {
            independent::expect_text(&mut all[hearer], &said);
        }
    }
}
