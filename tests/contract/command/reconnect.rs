//! `connect`: what is said and heard when connections and servers come and go.

use crate::support::end::{End, Stranger, next_text, until_close};
use crate::support::eventually;
use crate::support::independent::join;
use crate::support::server::{Server, run};
use std::io::Write;
use std::net::TcpListener;
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

/// Two ends see a server killed twice and started anew, which forgets everything, and a thousand lines.
#[test]
fn a_restart_of_the_server_loses_and_doubles_nothing() {
    let options = ["--history", "2000"];
    let mut server = Server::start(&options);
    let address = server.address.to_string();
    let mut bob = End::at(&server, "/", &["--name", "bob"]);
    let mut alice = End::at(&server, "/", &["--name", "alice"]);
    for piece in 0..3 {
        let lines: String = (piece * 300..piece * 300 + 300).map(|number| format!("{number}\n")).collect();
        alice.say(&lines);
        bob.print(&format!("alice: {}", piece * 300 + 100));
        drop(server);
        server = Server::at(&address, &options);
    }
    alice.say(&(900..1000).map(|number| format!("{number}\n")).collect::<String>());
    bob.print("alice: 999");
    assert_eq!(alice.end(), Some(0));
    assert_eq!(bob.end(), Some(0));
    let expected: Vec<_> = (0..1000).map(|number| format!("alice: {number}")).collect();
    for end in [&alice, &bob] {
        let said: Vec<_> =
            end.stdout.to_end().into_iter().filter(|line| line.starts_with("alice: ")).collect();
        assert_eq!(said, expected);
    }
}

/// Of a line that a Pong has not answered nobody knows; with one it is settled, though it never comes back.
#[test]
fn what_no_pong_has_settled_is_sent_again() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &[]);
    end.say("first\nsecond\n");
    let mut socket = stranger.accept();
    assert_eq!(next_text(&mut socket), "first");
    assert_eq!(next_text(&mut socket), "second");
    drop(socket);
    let mut socket = stranger.accept();
    assert_eq!(next_text(&mut socket), "first");
    assert_eq!(next_text(&mut socket), "second");
    while !matches!(socket.read().unwrap(), Message::Ping(ping) if &ping[..] == b"2") {}
    socket.flush().unwrap();
    end.say("third\n");
    assert_eq!(next_text(&mut socket), "third");
    drop(socket);
    let mut socket = stranger.accept();
    assert_eq!(next_text(&mut socket), "third");
    end.stdin = None;
    assert_eq!(until_close(&mut socket), (vec![], Some(CloseCode::Normal)));
    assert_eq!(end.end(), Some(0));
}

/// The history that comes back has what had arrived, and what was missed.
#[test]
fn what_the_history_has_is_neither_sent_again_nor_printed_again() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &["--history", "1"]);
    let mut socket = stranger.accept();
    socket.send(Message::text("old")).unwrap();
    end.print("old");
    end.say("first\nsecond\n");
    assert_eq!(next_text(&mut socket), "first");
    assert_eq!(next_text(&mut socket), "second");
    drop(socket);
    let mut socket = stranger.accept();
    for text in ["first", "older", "old", "first", "missed"] {
        socket.send(Message::text(text)).unwrap();
    }
    assert_eq!(next_text(&mut socket), "second");
    end.stdin = None;
    assert_eq!(until_close(&mut socket), (vec![], Some(CloseCode::Normal)));
    assert_eq!(end.end(), Some(0));
    assert_eq!(end.stdout.to_end(), ["old", "first", "missed"]);
}

#[test]
fn a_line_that_is_refused_is_told_of_and_dropped() {
    let server = Server::start(&["--max-message", "1K"]);
    let mut other = join(&server, "/");
    let mut end = End::at(&server, "/", &[]);
    end.say(&format!("before\n{}\nbetween\n{{\"type\":\"left\"}}\nafter\n", "x".repeat(1025)));
    assert_eq!(end.end(), Some(0));
    let told = end.stderr.to_end().iter().filter(|line| line.contains("refuses a line")).count();
    assert_eq!(told, 2);
    other.close(None).unwrap();
    let heard = until_close(&mut other).0;
    assert_eq!(heard, ["before", "between", "after"]);
}

#[test]
fn once_is_one_try_and_one_connection() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = run(&["connect", "--once", &format!("ws://{free}/")]);
    assert_eq!((ended.code, ended.stderr.len()), (Some(1), 1), "{:?}", ended.stderr);
    let server = Server::start(&[]);
    let ended = run(&["connect", "--once", &format!("ws://{}/no/such", server.address)]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr[0].contains("404"), "{:?}", ended.stderr);
    let mut end = End::at(&server, "/", &["--once"]);
    drop(server);
    let status = eventually("the end", || end.child.try_wait().unwrap());
    assert_eq!(status.code(), Some(1));
}

/// Tries that fail at once come further and further apart, each somewhere between nothing and a bound that doubles.
#[test]
fn who_is_not_let_in_tries_again_after_a_pause() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &[]);
    for _ in 0..3 {
        drop(stranger.0.accept().unwrap());
    }
    let mut socket = stranger.accept();
    end.stdin = None;
    assert_eq!(until_close(&mut socket), (vec![], Some(CloseCode::Normal)));
    assert_eq!(end.end(), Some(0));
    let told: Vec<_> = end.stderr.to_end();
    let pauses = told.iter().filter(|line| line.contains("; next try in ")).count();
    assert_eq!(pauses, 3, "{told:?}");
}

/// Twenty seconds of silence, a Ping, and twenty more.
#[test]
fn a_path_that_is_dead_is_noticed() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &[]);
    let _silent = stranger.accept();
    let mut socket = stranger.accept();
    end.stderr.wait_for("the reason", |line| line.contains("silent"));
    end.stdin = None;
    assert_eq!(until_close(&mut socket), (vec![], Some(CloseCode::Normal)));
    assert_eq!(end.end(), Some(0));
}

/// RFC 9110 §15.2: a final response may have interim ones before it. This one has nothing else.
#[test]
fn interim_responses_without_end_are_no_answer() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &["--once"]);
    let mut stream = stranger.0.accept().unwrap().0;
    while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").is_ok() {}
    assert_eq!(end.end(), Some(1));
    assert!(end.stderr.to_end()[0].contains("too much"), "{:?}", end.stderr.lines());
}
