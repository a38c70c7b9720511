//! A server that is full.

use crate::support::frame;
use crate::support::http::{read_answer, read_head};
use crate::support::{Client, Head, Server, ask, eventually};
use std::io::Write;
use std::net::TcpStream;

/// How many more than `--max-clients` are heard.
const HEARD: usize = 16;

/// A full server, its clients, and as many connections more as are heard.
fn full() -> (Server, Vec<Client>, Vec<TcpStream>) {
    let server = Server::start(&["--max-clients", "3"]);
    let clients = (0..3).map(|_| Client::join(&server, "/")).collect();
    let waiting = (0..HEARD).map(|_| server.connect()).collect();
    (server, clients, waiting)
}

#[test]
fn a_full_server_hears_16_more_and_answers_503_to_a_handshake() {
    let (_server, mut clients, waiting) = full();
    let heads = ["/", "/kitchen", "/healthz", "/metrics", "/page.js", "/page.css", "/a/b"].map(Head::get);
    let statuses = [200, 200, 200, 200, 200, 200, 404];
    for (n, mut stream) in waiting.into_iter().enumerate() {
        let (head, status) = match heads.get(n) {
            Some(head) => (head.clone(), statuses[n]),
            None => (Head::upgrade("/"), 503),
        };
        stream.write_all(&head.bytes()).unwrap();
        let answer = read_answer(&mut stream, false);
        assert_eq!(answer.status, status, "{head:?}");
        let retry = answer.header("Retry-After").map(|seconds| seconds.parse::<u32>().is_ok());
        assert_eq!(retry, (status == 503).then_some(true), "Retry-After with {status}");
    }
    clients[0].text("undisturbed");
    clients[1].expect_text("undisturbed");
}

#[test]
fn answers_503_at_once_beyond_the_16() {
    let (server, mut clients, mut waiting) = full();
    for _ in 0..5 {
        // It has not said a word.
        let answer = read_answer(&mut server.connect(), false);
        assert_eq!(answer.status, 503);
        assert!(answer.header("Retry-After").is_some());
    }
    // Those that were heard still are.
    let stream = &mut waiting[HEARD - 1];
    stream.write_all(&Head::get("/healthz").bytes()).unwrap();
    assert_eq!(read_answer(stream, false).text(), "ok");
    clients[0].text("undisturbed");
    clients[1].expect_text("undisturbed");
}

#[test]
fn a_full_server_takes_a_new_client_when_one_has_left() {
    let (server, mut clients, waiting) = full();
    drop(waiting);
    let mut leaving = clients.pop().unwrap();
    leaving.send(&frame::close(1000, b""));
    leaving.expect_close(1000);
    drop(leaving);
    let head = Head::upgrade("/").bytes();
    let mut new = eventually("a place", || Client::try_join(&server, &head).ok());
    new.text("made it");
    clients[0].expect_text("made it");
    assert_eq!(Client::try_join(&server, &head).err(), Some(503), "no other place");
}

/// Someone in the middle of a handshake has a place, too.
#[test]
fn a_handshake_under_way_takes_a_place() {
    let server = Server::start(&["--max-clients", "1"]);
    let mut first = server.connect();
    let head = Head::upgrade("/").bytes();
    first.write_all(&head[..20]).unwrap();
    assert_eq!(ask(&server, &Head::upgrade("/")).status, 503);
    first.write_all(&head[20..]).unwrap();
    assert_eq!(read_head(&mut first).0.status, 101);
}
