//! Messages without a WebSocket.

use crate::support::frame::{BINARY, FIN, Frame, masked};
use crate::support::http::{ask_bytes, read_answer, read_head};
use crate::support::metrics::{value, wait_for};
use crate::support::{Client, Head, Server, eventually};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

fn post(target: &str, length: &str) -> Head {
    Head::get(target).method("POST").with("Content-Length", length)
}

fn whole(head: &Head, body: &[u8]) -> Vec<u8> {
    let head = head.clone().set("Content-Length", &body.len().to_string());
    [&head.bytes(), body].concat()
}

#[track_caller]
fn say(server: &Server, target: &str, text: &str) {
    let answer = ask_bytes(server, &whole(&post(target, ""), text.as_bytes()));
    assert_eq!(answer.status, 204, "{text:?}");
}

/// The body gets this status, and nothing is heard of it.
#[track_caller]
fn is_refused(server: &Server, status: u16, head: &Head, body: &[u8]) {
    assert_eq!(ask_bytes(server, &[&head.bytes(), body].concat()).status, status, "{head:?}");
}

#[test]
fn a_post_is_heard_by_everyone_in_the_room() {
    let server = Server::start(&[]);
    let mut here = [Client::join(&server, "/kitchen"), Client::join(&server, "/kitchen?own=1")];
    let mut elsewhere = Client::join(&server, "/");
    say(&server, "/kitchen", "the kettle boils");
    say(&server, "/kitchen?name=&history=x", "");
    say(&server, "/", "in the lobby");
    for client in &mut here {
        client.expect_text("the kettle boils");
        client.expect_text("");
        client.settle();
    }
    elsewhere.expect_text("in the lobby");
    assert_eq!(value(&server, "chinwag_posts_total"), 3.0);
    assert_eq!(value(&server, "chinwag_messages_in_total"), 3.0);
    assert_eq!(value(&server, "chinwag_deliveries_total"), 5.0);
    assert_eq!(value(&server, "chinwag_clients"), 3.0);
}

/// Nobody is told of one who only speaks, and its name would be nobody's.
#[test]
fn a_post_announces_nobody() {
    let server = Server::start(&[]);
    let mut alice = Client::join(&server, "/?name=alice");
    assert!(alice.frame().payload.starts_with(b"{\"type\":\"welcome\""));
    say(&server, "/?name=bob", "said");
    alice.expect_text("said");
    alice.settle();
}

#[test]
fn its_content_type_tells_binary_from_text() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    let bytes = b"\x00\xFF{\"type\":\"joined\"";
    for binary in
        ["application/octet-stream", "Application/OCTET-STREAM", "application/octet-stream ; charset=x"]
    {
        let head = post("/", "").with("Content-Type", binary);
        assert_eq!(ask_bytes(&server, &whole(&head, bytes)).status, 204);
        client.expect(&Frame::binary(bytes));
    }
    for text in
        ["application/x-www-form-urlencoded", "text/plain; charset=latin1", "application/octet", "", "x"]
    {
        let head = post("/", "").with("Content-Type", text);
        assert_eq!(ask_bytes(&server, &whole(&head, "a=b&ü".as_bytes())).status, 204);
        client.expect_text("a=b&ü");
        is_refused(&server, 400, &head.set("Content-Length", "1"), b"\xFF");
    }
    client.settle();
}

#[test]
fn a_text_is_utf_8_and_no_announcement() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    for text in [&b"\xC3"[..], b"a\x80", b"\xED\xA0\x80", b"\xF5", b"HEAD \xFF"] {
        assert_eq!(ask_bytes(&server, &whole(&post("/", ""), text)).status, 400);
    }
    for kind in ["joined", "left", "welcome", "alive"] {
        let forged = format!("{{\"type\":\"{kind}\",\"name\":\"admin\"}}");
        let answer = ask_bytes(&server, &whole(&post("/", ""), forged.as_bytes()));
        assert_eq!((answer.status, answer.text()), (403, "only the server announces\n"));
    }
    say(&server, "/", "{\"type\":\"alivex\"}");
    client.expect_text("{\"type\":\"alivex\"}");
    client.settle();
    assert_eq!(value(&server, "chinwag_posts_total"), 1.0);
}

#[test]
fn every_length_comes_through() {
    let server = Server::start(&["--max-message", "100000"]);
    let mut client = Client::join(&server, "/");
    for len in [0, 1, 125, 126, 498, 2000, 65535, 65536, 99_999, 100_000] {
        say(&server, "/", &"x".repeat(len));
        client.expect_text(&"x".repeat(len));
    }
    is_refused(&server, 413, &post("/", "100001"), b"");
}

/// As RFC 9110 §8.6 has it: digits. What one reader takes for another number than the next one is none.
#[test]
fn a_length_is_one_number() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    for none in ["", "+5", "-5", "5, 5", "5,5", "5 5", "0x5", "5.0", "five", "5;", "\u{665}"] {
        is_refused(&server, 400, &post("/", none), b"hello");
    }
    for twice in ["5", "0", "x"] {
        is_refused(&server, 400, &post("/", "5").with("content-length", twice), b"hello");
    }
    for huge in ["65537", "4294967301", "18446744073709551616", "18446744073709551621", &"9".repeat(1000)] {
        is_refused(&server, 413, &post("/", huge), b"hello");
    }
    is_refused(&server, 411, &post("/", "").without("Content-Length"), b"hello");
    for coding in ["chunked", "identity", "gzip, chunked", ""] {
        is_refused(
            &server,
            400,
            &post("/", "5").with("Transfer-Encoding", coding),
            b"5\r\nhello\r\n0\r\n\r\n",
        );
        is_refused(
            &server,
            400,
            &post("/", "").without("Content-Length").with("Transfer-Encoding", coding),
            b"",
        );
    }
    client.settle();
    for zeros in ["5", "05", &format!("{}5", "0".repeat(100))] {
        assert_eq!(ask_bytes(&server, &[&post("/", zeros).bytes(), &b"hello"[..]].concat()).status, 204);
        client.expect_text("hello");
    }
}

/// What comes behind the body is no second request, and no frame.
#[test]
fn what_comes_behind_a_body_is_nothing() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    for behind in [
        whole(&post("/", ""), b"smuggled"),
        Head::upgrade("/").bytes(),
        masked(FIN | BINARY, b"smuggled"),
        b"more than was said".to_vec(),
    ] {
        let together = [whole(&post("/", ""), b"first"), behind].concat();
        // At once, and a byte at a time.
        assert_eq!(ask_bytes(&server, &together).status, 204);
        client.expect_text("first");
        let mut stream = server.connect();
        together.iter().all(|byte| stream.write_all(&[*byte]).is_ok());
        assert_eq!(read_answer(&mut stream, false).status, 204);
        client.expect_text("first");
    }
    client.settle();
    assert_eq!(value(&server, "chinwag_posts_total"), 8.0);
}

#[test]
fn who_expects_to_be_told_to_go_on_is_told_so() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    let held_back = post("/", "5").with("Expect", "100-Continue");
    for head in [held_back.clone(), held_back.clone().with("Expect", "100-continue")] {
        let mut stream = server.connect();
        stream.write_all(&head.bytes()).unwrap();
        let (interim, rest) = read_head(&mut stream);
        assert_eq!((interim.status, interim.headers.len(), rest.len()), (100, 0, 0));
        stream.write_all(b"hello").unwrap();
        assert_eq!(read_answer(&mut stream, false).status, 204);
        client.expect_text("hello");
    }
    // Nobody is told to go on who has, or who need not.
    for head in [held_back.clone(), post("/", "5").with("Expect", "something")] {
        assert_eq!(ask_bytes(&server, &[&head.bytes(), &b"hello"[..]].concat()).status, 204);
        client.expect_text("hello");
    }
    assert_eq!(ask_bytes(&server, &held_back.clone().set("Content-Length", "0").bytes()).status, 204);
    client.expect_text("");
    // Nor one who is refused.
    is_refused(&server, 413, &held_back.clone().set("Content-Length", "65537"), b"");
    is_refused(&server, 403, &held_back.clone().with("Origin", "https://evil.example"), b"");
    is_refused(&server, 403, &held_back.set("Host", "evil.example"), b"");
}

#[test]
fn foreign_pages_cannot_post() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    for origin in
        ["https://evil.example", "null", "http://localhost:81", "", "http://localhost, http://localhost"]
    {
        is_refused(&server, 403, &post("/", "5").with("Origin", origin), b"hello");
    }
    let twice = post("/", "5").with("Origin", "http://localhost").with("Origin", "http://localhost");
    is_refused(&server, 403, &twice, b"hello");
    is_refused(&server, 403, &post("/", "5").set("Host", "evil.example"), b"hello");
    let rebound = post("/", "5").set("Host", "evil.example").with("Origin", "http://evil.example");
    is_refused(&server, 403, &rebound, b"hello");
    client.settle();
    let own = post("/", "5").with("Origin", "http://localhost");
    assert_eq!(ask_bytes(&server, &[&own.bytes(), &b"hello"[..]].concat()).status, 204);
    client.expect_text("hello");
}

#[test]
fn a_post_elsewhere_is_a_matter_of_its_method() {
    let server = Server::start(&[]);
    for path in ["/healthz", "/metrics", "/page.js", "/page.css", "/a/b", "/a.b"] {
        for head in [post(path, "5"), post(path, "x"), post(path, "").without("Content-Length")] {
            let answer = ask_bytes(&server, &[&head.bytes(), &b"hello"[..]].concat());
            assert_eq!(
                (answer.status, answer.header("Allow")),
                (405, Some("GET, HEAD, OPTIONS")),
                "{head:?}"
            );
        }
    }
    // A handshake by POST is neither.
    let handshake = Head::upgrade("/").method("POST").with("Content-Length", "0");
    let answer = ask_bytes(&server, &handshake.bytes());
    assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD, POST, OPTIONS")));
    for (name, value) in [("Sec-WebSocket-Key", "x"), ("Upgrade", "websocket")] {
        is_refused(&server, 405, &post("/", "0").with(name, value), b"");
    }
}

/// There is nobody else in the room of an echo.
#[test]
fn an_echo_has_no_place_for_posts() {
    let server = Server::start(&["--echo"]);
    let answer = ask_bytes(&server, &whole(&post("/", ""), b"hello"));
    assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD, OPTIONS")));
    let options = ask_bytes(&server, &Head::get("/").method("OPTIONS").bytes());
    assert_eq!((options.status, options.header("Allow")), (204, Some("GET, HEAD, OPTIONS")));
}

#[test]
fn what_was_posted_to_nobody_is_found_by_who_comes() {
    let server = Server::start(&["--linger", "600"]);
    for n in 0..3 {
        say(&server, "/empty", &n.to_string());
        assert_eq!(value(&server, "chinwag_rooms_remembered"), 1.0);
        assert_eq!(value(&server, "chinwag_rooms"), 0.0);
    }
    let mut client = Client::join(&server, "/empty?history=9");
    (0..3).for_each(|n| client.expect_text(&n.to_string()));
    say(&server, "/empty", "3");
    client.expect_text("3");
    let server = Server::start(&["--linger", "0"]);
    say(&server, "/empty", "lost");
    Client::join(&server, "/empty?history=9").settle();
}

/// In the order of the room, which is the order of the answers.
#[test]
fn posts_have_one_order_with_all_that_is_said() {
    const EACH: usize = 50;
    let server = Server::start(&["--history", "1000"]);
    let mut readers = [Client::join(&server, "/"), Client::join(&server, "/")];
    let mut talker = Client::join(&server, "/");
    thread::scope(|scope| {
        let server = &server;
        for who in 0..4 {
            scope.spawn(move || (0..EACH).for_each(|n| say(server, "/", &format!("{who} {n}"))));
        }
        (0..EACH).for_each(|n| talker.text(&format!("4 {n}")));
        (0..4 * EACH).for_each(|_| _ = talker.frame());
    });
    let [seen, other] =
        readers.each_mut().map(|r| (0..5 * EACH).map(|_| r.frame().payload).collect::<Vec<_>>());
    assert!(seen == other);
    for who in 0..5 {
        let own = format!("{who} ");
        let mine = seen.iter().map(|p| String::from_utf8_lossy(p)).filter(|text| text.starts_with(&own));
        assert!(mine.eq((0..EACH).map(|n| format!("{who} {n}"))), "of {who}");
    }
}

#[test]
fn a_body_that_does_not_come_in_time_is_408() {
    let server = Server::start(&["--message-timeout", "0.4"]);
    let start = Instant::now();
    let mut silent = server.connect();
    silent.write_all(&[&post("/", "5").bytes(), &b"hell"[..]].concat()).unwrap();
    // A byte now and then does not help.
    let mut slow = server.connect();
    slow.write_all(&post("/", "10000").bytes()).unwrap();
    let mut dripping = slow.try_clone().unwrap();
    let drips = thread::spawn(move || {
        while dripping.write_all(b"x").is_ok() && start.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(20));
        }
    });
    for stream in [&mut silent, &mut slow] {
        assert_eq!(read_answer(stream, false).status, 408);
        assert!(start.elapsed() >= Duration::from_millis(350));
        stream.shutdown(Shutdown::Both).unwrap();
    }
    drips.join().unwrap();
    assert_eq!(value(&server, "chinwag_posts_total"), 0.0);
}

/// Who goes before all is said has said nothing.
#[test]
fn half_a_body_is_nothing() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    let clients = value(&server, "chinwag_clients");
    for end in [Shutdown::Write, Shutdown::Both] {
        let mut stream = server.connect();
        stream.write_all(&[&post("/", "5").bytes(), &b"hell"[..]].concat()).unwrap();
        stream.shutdown(end).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    client.settle();
    wait_for(&server, "chinwag_clients", clients);
    assert_eq!(value(&server, "chinwag_posts_total"), 0.0);
}

#[test]
fn a_full_server_has_no_place_for_posts() {
    let server = Server::start(&["--max-clients", "2"]);
    let mut here = [Client::join(&server, "/"), Client::join(&server, "/")];
    let answer = ask_bytes(&server, &whole(&post("/", ""), b"hello"));
    assert_eq!((answer.status, answer.header("Retry-After").is_some()), (503, true));
    // What it says comes first.
    is_refused(&server, 400, &post("/", "1"), b"\xFF");
    here[0].text("undisturbed");
    here[1].expect_text("undisturbed");
    drop(here);
    let head = whole(&post("/", ""), b"hello");
    eventually("a place", || (ask_bytes(&server, &head).status == 204).then_some(()));
}

/// A body that is only announced holds nothing, and one that has come is charged for.
#[test]
fn bodies_are_held_within_the_budget() {
    let server = Server::start(&["--max-memory", "4M", "--max-message", "1M", "--message-timeout", "3"]);
    let used = || value(&server, "chinwag_memory_bytes");
    let before = used();
    let mut posting: Vec<_> = (0..30).map(|_| server.connect()).collect();
    posting.iter_mut().for_each(|stream| stream.write_all(&post("/", "1048576").bytes()).unwrap());
    assert!(used() <= before + 30.0 * 2048.0, "{} bytes for what is only announced", used() - before);
    let mut pair = [Client::join(&server, "/pair"), Client::join(&server, "/pair")];
    let writers: Vec<_> = posting
        .iter()
        .map(|stream| stream.try_clone().unwrap())
        .map(|mut stream| thread::spawn(move || stream.write_all(&[b'x'; 1 << 19])))
        .collect();
    eventually("bodies", || (used() > before + 1e6).then_some(()));
    for n in 0..20 {
        assert!(used() <= 4.0 * 1024.0 * 1024.0);
        pair[n % 2].text("undisturbed");
        pair[(n + 1) % 2].expect_text("undisturbed");
    }
    // They are not whole in time, or there was no memory for them to be whole.
    for stream in &mut posting {
        let status = read_answer(stream, false).status;
        assert!([408, 503].contains(&status), "{status}");
        stream.shutdown(Shutdown::Both).unwrap();
    }
    writers.into_iter().for_each(|writer| drop(writer.join()));
    eventually("nothing held", || (used() <= before + 30_000.0).then_some(()));
}

/// At its end the server waits for nobody who has not said all.
#[test]
fn a_body_does_not_hold_up_the_end() {
    let mut server = Server::start(&[]);
    let mut stream = server.connect();
    stream.write_all(&[&post("/", "5").bytes(), &b"hell"[..]].concat()).unwrap();
    let mut witness = Client::join(&server, "/");
    witness.settle();
    drop(witness);
    let start = Instant::now();
    server.stop();
    assert!(start.elapsed() < Duration::from_secs(60), "the close timeout is ten times that");
}
