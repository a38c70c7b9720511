//! A room as an event stream.

use crate::support::events::Heard;
use crate::support::frame::{BINARY, FIN, masked};
use crate::support::http::{self, Head};
use crate::support::metrics::{value, wait_for};
use crate::support::{Client, EventStream, PATIENCE, Server, ask};
use std::io::Write;
use std::net::Shutdown;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

const LAGGED: &str = "chinwag_clients_dropped_total{reason=\"lag\"}";

fn asked(target: &str) -> Head {
    Head::get(target).with("Accept", "text/event-stream")
}

#[test]
fn its_head_says_what_it_is_and_that_nobody_may_keep_it_back() {
    let server = Server::start(&[]);
    for accept in ["text/event-stream", "TEXT/Event-Stream", "text/html, text/event-stream;q=0.5"] {
        let (response, _) = EventStream::ask(&server, &Head::get("/").with("Accept", accept));
        assert_eq!(response.status, 200, "{accept}");
        for (name, value) in [
            ("Content-Type", "text/event-stream"),
            ("Cache-Control", "no-store"),
            ("X-Accel-Buffering", "no"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ] {
            assert_eq!(response.header(name), Some(value), "{name}");
        }
        for never in ["Content-Length", "Transfer-Encoding", "Access-Control-Allow-Origin"] {
            assert_eq!(response.header(never), None, "{never}");
        }
    }
    for accept in ["text/html", "*/*", "text/event-streams", "text/*", "application/text/event-stream"] {
        let page = ask(&server, &Head::get("/").with("Accept", accept));
        assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"), "{accept}");
    }
}

#[test]
fn to_head_it_answers_with_the_head_alone() {
    let server = Server::start(&[]);
    let (response, mut stream) = EventStream::ask(&server, &asked("/").method("HEAD"));
    assert_eq!((response.status, response.header("Content-Type")), (200, Some("text/event-stream")));
    assert_eq!(stream.next(), None);
    assert_eq!(value(&server, "chinwag_clients"), 0.0);
}

#[test]
fn it_hears_texts_bytes_and_announcements_in_the_rooms_order() {
    let server = Server::start(&[]);
    let mut stream = EventStream::open(&server, "/?name=eve");
    let welcome = stream.next().expect("a welcome");
    let Heard::Event { data, .. } = welcome else { panic!("{welcome:?}") };
    assert!(data.starts_with(r#"{"type":"welcome","name":"eve","online":1,"names":[]"#), "{data}");
    let mut bob = Client::join(&server, "/?name=bob");
    stream.expect_text(r#"{"type":"joined","name":"bob","online":2}"#);
    for (text, heard) in [
        ("hello", "hello"),
        ("", ""),
        ("two\nlines", "two\nlines"),
        ("CR\rCRLF\r\nLFCR\n\r", "CR\nCRLF\nLFCR\n\n"),
        ("data: x\n\nid: 7\nevent: y", "data: x\n\nid: 7\nevent: y"),
        (" a space", " a space"),
        (": no comment", ": no comment"),
    ] {
        bob.text(text);
        stream.expect_text(heard);
    }
    bob.send(&masked(FIN | BINARY, b"\0\x01\xfe\xff"));
    stream.expect("binary", "AAH+/w==");
    let long = "é".repeat(30_000);
    bob.text(&long);
    stream.expect_text(&long);
    drop(bob);
    stream.expect_text(r#"{"type":"left","name":"bob","online":1}"#);
}

#[test]
fn each_message_has_an_id_and_announcements_have_none() {
    let server = Server::start(&[]);
    let mut stream = EventStream::open(&server, "/?name=eve");
    stream.next().expect("a welcome");
    let mut bob = Client::join(&server, "/?name=bob");
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        bob.text(text);
    }
    while ids.len() < 4 {
        let Some(Heard::Event { id, .. }) = stream.next() else { panic!("an event") };
        ids.push(id);
    }
    let mut distinct = ids.clone();
    distinct.dedup();
    // Bob's arrival is where the stream began.
    assert_eq!(distinct, ids);
    assert!(ids.iter().all(|id| !id.is_empty()));
}

#[test]
fn who_comes_back_gets_what_was_said_since_once_each() {
    let server = Server::start(&["--history", "10"]);
    let mut sender = Client::join(&server, "/");
    let mut stream = EventStream::open(&server, "/");
    sender.text("0");
    stream.expect_text("0");
    // Also who has heard nothing knows where it was.
    let mut silent = EventStream::open(&server, "/");
    wait_for(&server, "chinwag_clients", 3.0);
    sender.text("1");
    silent.expect_text("1");
    stream.expect_text("1");
    let (early, last) = (EventStream::open(&server, "/"), stream.last_id.clone());
    drop((early, stream));
    for n in 2..7 {
        sender.text(&n.to_string());
    }
    sender.settle();
    let mut again = EventStream::resume(&server, "/", Some(&last));
    for n in 2..7 {
        again.expect_text(&n.to_string());
    }
    let newest = again.last_id.clone();
    // Where nothing is missing, nothing comes.
    let mut current = EventStream::resume(&server, "/?history=5", Some(&newest));
    wait_for(&server, "chinwag_streams", 3.0);
    sender.text("new");
    current.expect_text("new");
    again.expect_text("new");
}

#[test]
fn a_gap_is_told_where_not_all_is_kept_or_the_id_is_not_of_this_life() {
    let server = Server::start(&["--history", "3"]);
    let mut sender = Client::join(&server, "/");
    let mut stream = EventStream::open(&server, "/");
    sender.text("0");
    stream.expect_text("0");
    let last = stream.last_id.clone();
    drop(stream);
    for n in 1..=3 {
        sender.text(&n.to_string());
    }
    sender.settle();
    let mut whole = EventStream::resume(&server, "/", Some(&last));
    (1..=3).for_each(|n| whole.expect_text(&n.to_string()));
    sender.text("4");
    sender.settle();
    let (life, number) = last.split_once('-').expect("a life and a number");
    let beyond = format!("{life}-{}", number.parse::<u64>().unwrap() + 1000);
    for id in
        [&last, &beyond, "", "0", "1-1", "-", "x", &format!("{life}-{}", u64::MAX), &format!(" {last} x")]
    {
        let mut stream = EventStream::resume(&server, "/?history=1", Some(id));
        stream.expect("gap", "gap");
        (2..=4).for_each(|n| stream.expect_text(&n.to_string()));
    }
}

#[test]
fn history_comes_as_for_anyone() {
    let server = Server::start(&[]);
    let mut sender = Client::join(&server, "/");
    for n in 0..9 {
        sender.text(&n.to_string());
    }
    sender.settle();
    let mut stream = EventStream::open(&server, "/?history=4");
    (5..9).for_each(|n| stream.expect_text(&n.to_string()));
    let mut bare = EventStream::open(&server, "/");
    wait_for(&server, "chinwag_clients", 3.0);
    sender.text("new");
    stream.expect_text("new");
    bare.expect_text("new");
}

#[test]
fn a_comment_comes_with_every_ping_interval() {
    let server = Server::start(&["--ping-interval", "0.05"]);
    let mut stream = EventStream::open(&server, "/");
    for _ in 0..3 {
        assert_eq!(stream.next(), Some(Heard::Comment(String::new())));
    }
}

#[test]
fn who_asks_for_it_is_told_that_its_path_is_alive() {
    let server = Server::start(&["--ping-interval", "0.05"]);
    let mut stream = EventStream::open(&server, "/?alive=1");
    for _ in 0..3 {
        stream.expect_text(r#"{"type":"alive","next":0.05}"#);
    }
}

#[test]
fn the_welcome_says_how_much_comes_behind_it_also_after_a_gap() {
    let server = Server::start(&["--history", "3"]);
    let mut sender = Client::join(&server, "/");
    (0..9).for_each(|n| sender.text(&n.to_string()));
    sender.settle();
    for (last, count) in [(None, 2), (Some("1-1"), 3)] {
        let mut stream = EventStream::resume(&server, "/?name=eve&history=2", last);
        let Some(Heard::Event { data, .. }) = stream.next() else { panic!("a welcome") };
        assert!(data.contains(&format!("\"history\":{count},")), "{data}");
        drop(stream);
        wait_for(&server, "chinwag_clients", 1.0);
    }
}

#[test]
fn who_goes_has_left_and_is_no_stream_any_more() {
    let server = Server::start(&["--ping-interval", "0"]);
    let streams: Vec<_> = (0..3).map(|_| EventStream::open(&server, "/")).collect();
    wait_for(&server, "chinwag_streams", 3.0);
    wait_for(&server, "chinwag_clients", 3.0);
    streams[0].stream.shutdown(Shutdown::Write).unwrap();
    wait_for(&server, "chinwag_streams", 2.0);
    drop(streams);
    wait_for(&server, "chinwag_streams", 0.0);
    wait_for(&server, "chinwag_clients", 0.0);
}

#[test]
fn what_its_client_sends_behind_the_request_means_nothing() {
    let server = Server::start(&[]);
    let mut sender = Client::join(&server, "/");
    let mut stream = EventStream::open(&server, "/");
    wait_for(&server, "chinwag_clients", 2.0);
    stream.stream.write_all(&masked(FIN | BINARY, b"no frame")).unwrap();
    stream.stream.write_all(&Head::get("/healthz").bytes()).unwrap();
    sender.text("still there");
    stream.expect_text("still there");
}

#[test]
fn comments_come_also_to_one_that_talks_all_the_time() {
    let server = Server::start(&["--ping-interval", "0.05"]);
    let mut stream = EventStream::open(&server, "/");
    let mut voice = stream.stream.try_clone().unwrap();
    let talking = thread::spawn(move || while voice.write_all(&[b'x'; 4096]).is_ok() {});
    for _ in 0..3 {
        assert_eq!(stream.next(), Some(Heard::Comment(String::new())));
    }
    stream.stream.shutdown(Shutdown::Both).unwrap();
    talking.join().unwrap();
}

/// What has come and was not read makes a reset of its end.
#[test]
fn one_that_is_reset_is_counted() {
    let server = Server::start(&["--ping-interval", "0"]);
    let mut sender = Client::join(&server, "/");
    let stream = EventStream::open(&server, "/");
    wait_for(&server, "chinwag_clients", 2.0);
    sender.text("unread");
    stream.stream.peek(&mut [0]).unwrap();
    drop(stream);
    wait_for(&server, "chinwag_clients_dropped_total{reason=\"reset\"}", 1.0);
    wait_for(&server, "chinwag_streams", 0.0);
}

#[test]
fn strangers_are_refused() {
    let server = Server::start(&[]);
    for (head, status) in [
        (asked("/").with("Origin", "https://elsewhere.example"), 403),
        (asked("/").with("Origin", "null"), 403),
        (asked("/").set("Host", "elsewhere.example"), 403),
        (asked("/no/room"), 404),
        (asked("/?name="), 400),
        (asked("/?history=x"), 400),
    ] {
        assert_eq!(ask(&server, &head).status, status, "{:?}", String::from_utf8(head.bytes()));
    }
    // The page's own requests say nothing of an origin, and those from its own are well.
    let origin = format!("http://127.0.0.1:{}", server.connect().peer_addr().unwrap().port());
    let own = asked("/").set("Host", origin.trim_start_matches("http://")).with("Origin", &origin);
    assert_eq!(EventStream::ask(&server, &own).0.status, 200);
}

#[test]
fn it_takes_a_clients_place() {
    let server = Server::start(&["--max-clients", "2"]);
    let (_one, _two) = (EventStream::open(&server, "/"), Client::join(&server, "/"));
    wait_for(&server, "chinwag_clients", 2.0);
    let mut stream = server.connect();
    stream.write_all(&asked("/").bytes()).unwrap();
    assert_eq!(http::read_answer(&mut stream, false).status, 503);
}

#[test]
fn one_that_does_not_read_is_dropped_and_costs_the_others_nothing() {
    let server = Server::start(&["--max-lag", "64K", "--max-message", "16K", "--history", "0"]);
    let _stalled = EventStream::open(&server, "/");
    let mut sender = Client::join(&server, "/");
    let mut reader = EventStream::open(&server, "/");
    wait_for(&server, "chinwag_clients", 3.0);
    let (heard, hearing) = mpsc::channel();
    let reading = thread::spawn(move || {
        for n in 0.. {
            match reader.next() {
                Some(Heard::Event { data, .. }) if data == "end" => return n,
                Some(Heard::Event { data, .. }) => assert!(data.starts_with(&format!("{n} "))),
                other => panic!("{other:?} is no message"),
            }
            heard.send(n).unwrap();
        }
        0
    });
    let (start, mut said) = (Instant::now(), 0);
    while value(&server, LAGGED) == 0.0 {
        assert!(start.elapsed() < PATIENCE, "nobody dropped after {said} messages");
        for _ in 0..16 {
            sender.text(&format!("{said} {}", "x".repeat(8 * 1024)));
            said += 1;
        }
        sender.settle();
        while hearing.recv_timeout(PATIENCE).expect("is heard") + 1 < said {}
    }
    sender.text("end");
    assert_eq!(reading.join().unwrap(), said);
    // The one was dropped, and the other has gone.
    wait_for(&server, "chinwag_streams", 0.0);
}

#[test]
fn at_the_servers_end_it_ends_after_what_was_queued() {
    let mut server = Server::start(&[]);
    let mut stream = EventStream::open(&server, "/");
    let mut sender = Client::join(&server, "/");
    for n in 0..100 {
        sender.text(&n.to_string());
    }
    sender.settle();
    server.signal("TERM");
    for n in 0..100 {
        stream.expect_text(&n.to_string());
    }
    assert_eq!(stream.next(), None);
    drop((stream, sender));
    assert_eq!(server.wait().code(), Some(0));
}
