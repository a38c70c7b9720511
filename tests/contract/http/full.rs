//! A server that is full.

use crate::support::frame;
use crate::support::http::{read_answer, read_head};
use crate::support::{Client, Head, Server, ask, eventually};
use std::io::Write;
use std::time::{Duration, Instant};

/// How many more than `--max-clients` are heard from the loopback.
const HEARD: usize = 4;

/// A full server and its clients.
fn full() -> (Server, Vec<Client>) {
    let server = Server::start(&["--max-clients", "3"]);
    let clients = (0..3).map(|_| Client::join(&server, "/")).collect();
    (server, clients)
}

#[test]
fn a_full_server_hears_4_more_from_the_loopback_and_answers_503_to_a_handshake() {
    let pages =
        ["/", "/kitchen", "/healthz", "/metrics", "/page.js", "/page.css"].map(|path| (200, Head::get(path)));
    let others = [(404, Head::get("/a/b")), (503, Head::upgrade("/"))];
    for heads in [pages.as_slice(), &others].concat().chunks(HEARD) {
        let (server, mut clients) = full();
        let waiting: Vec<_> = heads.iter().map(|_| server.connect()).collect();
        for (mut stream, (status, head)) in waiting.into_iter().zip(heads) {
            stream.write_all(&head.bytes()).unwrap();
            let answer = read_answer(&mut stream, false);
            assert_eq!(answer.status, *status, "{head:?}");
            let retry = answer.header("Retry-After").map(|seconds| seconds.parse::<u32>().is_ok());
            assert_eq!(retry, (*status == 503).then_some(true), "Retry-After with {status}");
        }
        clients[0].text("undisturbed");
        clients[1].expect_text("undisturbed");
    }
}

#[test]
fn answers_503_at_once_beyond_the_4() {
    let (server, mut clients) = full();
    let mut waiting: Vec<_> = (0..HEARD).map(|_| server.connect()).collect();
    let came = Instant::now();
    for _ in 0..5 {
        // It has not said a word.
        let answer = read_answer(&mut server.connect(), false);
        if came.elapsed() < Duration::from_secs(1) {
            assert_eq!(answer.status, 503);
            assert!(answer.header("Retry-After").is_some());
        }
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
    let (server, mut clients) = full();
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
