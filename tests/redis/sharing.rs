//! Rooms that are the same on every server: who gets what.

use crate::redis::Redis;
use crate::servers::{self, metric, start, talk, wait_for};
use crate::support::frame::{BINARY, FIN, Frame, TEXT, masked};
use crate::support::http::ask_bytes;
use crate::support::{Client, Head, Server, metrics};
use std::collections::BTreeMap;
use std::thread;

#[test]
fn a_message_reaches_everyone_on_every_server_but_its_sender() {
    let redis = Redis::start();
    let servers: [_; 3] = start(&redis);
    let mut clients: Vec<_> =
        servers.iter().flat_map(|server| [0, 1].map(|_| Client::join(server, "/kitchen"))).collect();
    let mut elsewhere = Client::join(&servers[0], "/cellar");
    for sender in 0..clients.len() {
        let text = format!("from {sender}");
        clients[sender].text(&text);
        for (_, other) in clients.iter_mut().enumerate().filter(|(n, _)| *n != sender) {
            other.expect_text(&text);
        }
    }
    // Nothing more has come to anyone, its own least of all.
    clients.iter_mut().chain([&mut elsewhere]).for_each(Client::settle);
    for server in &servers {
        wait_for(server, "published_total", 2.0);
        assert_eq!(metric(server, "received_total"), 4.0);
        for none in ["dropped_total", "missed_total", "ignored_total"] {
            assert_eq!(metric(server, none), 0.0, "{none}");
        }
        assert_eq!(metrics::value(server, "chinwag_messages_in_total"), 2.0);
        assert_eq!(metrics::value(server, "chinwag_deliveries_total"), 10.0);
    }
}

#[test]
fn type_and_content_are_kept_at_every_length() {
    let redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/"));
    for len in [0, 1, 125, 126, 127, 65535, 65536] {
        let bytes: Vec<u8> = (0..len).map(|n| n as u8).collect();
        a.send(&masked(FIN | BINARY, &bytes));
        b.expect(&Frame::binary(&bytes));
        let text = "é".repeat(len / 2);
        a.send(&masked(FIN | TEXT, text.as_bytes()));
        b.expect_text(&text);
    }
    // In pieces it arrives whole.
    a.send(&[masked(BINARY, b"\r\n$3"), masked(FIN, b"\0\xFF\r\n")].concat());
    b.expect(&Frame::binary(b"\r\n$3\0\xFF\r\n"));
}

#[test]
fn a_room_is_not_another() {
    let redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let [mut lobby, mut kitchen] = ["/", "/kitchen"].map(|room| Client::join(&servers[0], room));
    let [mut lobby_too, mut kitchen_too] = ["/", "/kitchen"].map(|room| Client::join(&servers[1], room));
    talk(&mut lobby, &mut lobby_too, "in the lobby");
    talk(&mut kitchen, &mut kitchen_too, "in the kitchen");
}

#[test]
fn a_database_is_not_another() {
    let redis = Redis::start();
    let url = |db: &str| redis.url() + db;
    let servers = ["", "/0", "/1"].map(|db| servers::at(&url(db)));
    servers::wait_until_together(&servers[..2]);
    wait_for(&servers[2], "up", 1.0);
    let [mut a, mut b, mut other] = servers.each_ref().map(|server| Client::join(server, "/"));
    other.text("in another database");
    other.settle();
    wait_for(&servers[2], "published_total", 1.0);
    talk(&mut a, &mut b, "in the same");
    assert_eq!(metric(&servers[2], "servers"), 0.0);
}

/// Everyone in the order in which each sent, once, while all send.
#[test]
fn order_and_number_are_kept_while_all_talk() {
    const MESSAGES: usize = 400;
    let redis = Redis::start();
    let servers: [_; 3] = start(&redis);
    let mut listeners = servers.each_ref().map(|server| Client::join(server, "/"));
    let senders: Vec<_> = servers
        .iter()
        .enumerate()
        .flat_map(|(n, server)| [2 * n, 2 * n + 1].map(|who| (server, who)))
        .collect();
    let total = senders.len() * MESSAGES;
    thread::scope(|scope| {
        for (server, who) in &senders {
            scope.spawn(move || {
                let mut sender = Client::join(server, "/");
                // What the others say is read, so that nobody falls behind.
                for n in 0..MESSAGES {
                    sender.text(&format!("{who} {n}"));
                    if n % 20 == 19 {
                        read_until_pong(&mut sender, *who);
                    }
                }
            });
        }
        for listener in &mut listeners {
            scope.spawn(move || {
                let mut next = BTreeMap::new();
                for _ in 0..total {
                    let text = String::from_utf8(listener.frame().payload).unwrap();
                    let (who, n) = text.split_once(' ').unwrap();
                    let expected = next.entry(who.to_string()).or_insert(0);
                    assert_eq!(n.parse::<usize>().unwrap(), *expected, "of {who}");
                    *expected += 1;
                }
            });
        }
    });
    // Not one twice.
    listeners.iter_mut().for_each(Client::settle);
    for server in &servers {
        assert_eq!(metric(server, "missed_total") + metric(server, "dropped_total"), 0.0);
        wait_for(server, "published_total", 2.0 * MESSAGES as f64);
    }
}

/// Reads what has come; none of it may be one's own.
fn read_until_pong(client: &mut Client, who: usize) {
    client.send(&masked(FIN | crate::support::frame::PING, b""));
    loop {
        let frame = client.frame();
        if frame.opcode == crate::support::frame::PONG {
            return;
        }
        assert!(!frame.payload.starts_with(format!("{who} ").as_bytes()), "its own message came back");
    }
}

/// On one server what is said first is published first, whoever says it: an answer is behind its question everywhere.
#[test]
fn an_answer_comes_behind_its_question() {
    let redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let [mut asks, mut answers] = [0, 1].map(|_| Client::join(&servers[0], "/"));
    let mut far = Client::join(&servers[1], "/");
    for n in 0..300 {
        let (question, answer) = (format!("question {n}"), format!("answer {n}"));
        asks.text(&question);
        answers.expect_text(&question);
        answers.text(&answer);
        asks.expect_text(&answer);
        far.expect_text(&question);
        far.expect_text(&answer);
    }
}

/// Nor does one from another server overtake it on the way back.
#[test]
fn an_answer_from_elsewhere_comes_behind_its_question() {
    let redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let [mut asks, mut neighbour] = [0, 1].map(|_| Client::join(&servers[0], "/"));
    let mut answers = Client::join(&servers[1], "/");
    for n in 0..300 {
        let (question, answer) = (format!("question {n}"), format!("answer {n}"));
        asks.text(&question);
        answers.expect_text(&question);
        answers.text(&answer);
        neighbour.expect_text(&question);
        neighbour.expect_text(&answer);
        asks.expect_text(&answer);
    }
}

#[test]
fn history_has_what_was_said_elsewhere() {
    let redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/"));
    a.text("one");
    b.expect_text("one");
    b.send(&masked(FIN | BINARY, b"two"));
    a.expect(&Frame::binary(b"two"));
    for server in &servers {
        let mut late = Client::join(server, "/?history=9");
        late.expect_text("one");
        late.expect(&Frame::binary(b"two"));
        late.settle();
    }
}

/// A room is where someone is: one that comes into being later has heard nothing.
#[test]
fn a_room_that_is_not_here_has_no_history() {
    let redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let mut a = Client::join(&servers[0], "/");
    a.text("before");
    wait_for(&servers[1], "received_total", 1.0);
    let mut b = Client::join(&servers[1], "/?history=9");
    a.text("after");
    b.expect_text("after");
}

#[test]
fn an_echo_shares_nothing() {
    let redis = Redis::start();
    let echo = Server::start(&["--echo", "--redis", &redis.url()]);
    let server = servers::at(&redis.url());
    wait_for(&server, "up", 1.0);
    let mut client = Client::join(&echo, "/?name=x");
    client.text("to myself");
    client.expect_text("to myself");
    assert!(!metrics::read(&echo).contains_key("chinwag_redis_up"));
    echo.stderr.wait_for("a warning", |line| line.contains("--echo"));
    assert_eq!(metric(&server, "servers"), 0.0);
}

#[test]
fn without_the_option_there_is_no_link() {
    let server = Server::start(&[]);
    assert!(metrics::read(&server).keys().all(|series| !series.contains("redis")));
}

/// One's own come back from one's own server alone, and once.
#[test]
fn own_messages_come_back_once() {
    let redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/kitchen?own=1"));
    for (n, text) in ["one", "two"].into_iter().enumerate() {
        a.text(text);
        a.expect_text(text);
        b.expect_text(text);
        b.text("answer");
        b.expect_text("answer");
        a.expect_text("answer");
        wait_for(&servers[1], "received_total", (n + 1) as f64);
    }
    a.settle();
    b.settle();
}

#[test]
fn what_is_posted_is_shared_and_remembered() {
    let redis = Redis::start();
    let servers: [_; 2] = start(&redis);
    let mut there = Client::join(&servers[1], "/kitchen");
    let post = |text: &str| {
        let length = text.len().to_string();
        let head = Head::get("/kitchen").method("POST").with("Content-Length", &length);
        let answer = ask_bytes(&servers[0], &[&head.bytes(), text.as_bytes()].concat());
        assert_eq!(answer.status, 204);
    };
    post("the kettle boils");
    there.expect_text("the kettle boils");
    // Nobody is in the room here, and it hears what is said there.
    there.text("coming");
    wait_for(&servers[0], "received_total", 1.0);
    post("hurry");
    there.expect_text("hurry");
    let mut late = Client::join(&servers[0], "/kitchen?history=9");
    ["the kettle boils", "coming", "hurry"].iter().for_each(|text| late.expect_text(text));
}
