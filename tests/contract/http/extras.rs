//! Connections above `--max-clients`, from the loopback: who among them makes way, and for whom.

use crate::support::http::read_answer;
use crate::support::metrics::value;
use crate::support::{Client, Head, Server, eventually};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How many are heard from the loopback.
const HEARD: usize = 4;
const REFUSED_408: &str = "chinwag_requests_refused_total{status=\"408\"}";

/// A server whose places are taken, and who takes them. Nobody has to go because of a timeout.
fn full() -> (Server, Client) {
    let options = ["--max-clients", "1", "--handshake-timeout", "600", "--close-timeout", "600"];
    let server = Server::start(&options);
    let client = Client::join(&server, "/");
    (server, client)
}

fn ask_health(server: &Server) -> u16 {
    let mut stream = server.connect();
    // Beyond those that are heard the answer comes first, and perhaps the end.
    let _ = stream.write_all(&Head::get("/healthz").bytes());
    read_answer(&mut stream, false).status
}

/// Asks until it is answered, and never waits.
#[track_caller]
fn expect_health(server: &Server) {
    eventually("health", || (ask_health(server) == 200).then_some(()));
}

/// Whether the server still listens to this one, which asks for health if so.
fn is_heard(mut stream: TcpStream) -> bool {
    let mut answer = Vec::new();
    stream.write_all(&Head::get("/healthz").bytes()).is_ok()
        && stream.read_to_end(&mut answer).is_ok()
        && answer.ends_with(b"\r\n\r\nok")
}

#[test]
fn a_mute_connection_makes_way_for_the_next_after_a_second() {
    let (server, mut client) = full();
    let before = Instant::now();
    let mut mute: Vec<_> = (0..HEARD).map(|_| server.connect()).collect();
    expect_health(&server);
    assert!(before.elapsed() >= Duration::from_secs(1), "early, after {:?}", before.elapsed());
    // The first to come is the first to go, without a word; nobody else has had to.
    let mut answer = Vec::new();
    mute.remove(0).read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"");
    assert!(mute.into_iter().all(is_heard), "more than one made way for one");
    assert_eq!(value(&server, REFUSED_408), 0.0);
    client.settle();
}

/// There is a difference to one that has said nothing: it is owed an answer.
#[test]
fn half_a_head_that_makes_way_gets_408() {
    let (server, _client) = full();
    let mut halves: Vec<_> = (0..HEARD).map(|_| server.connect()).collect();
    for half in &mut halves {
        half.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").unwrap();
    }
    expect_health(&server);
    assert_eq!(read_answer(&mut halves[0], false).status, 408);
    halves[1].write_all(b"alhost\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut halves[1], false).text(), "ok");
    assert_eq!(value(&server, REFUSED_408), 1.0);
}

/// They have been answered, and only keep their connections: that is no reason to turn others away, not even for a second.
#[test]
fn one_that_has_been_answered_and_stays_makes_way_at_once() {
    let (server, _client) = full();
    let mut served = Vec::new();
    for path in ["/", "/page.js", "/page.css", "/healthz", "/", "/page.js", "/page.css", "/healthz"] {
        let mut stream = server.connect();
        stream.write_all(&Head::get(path).bytes()).unwrap();
        // That the server goes does not cut off what it has sent.
        assert_eq!(read_answer(&mut stream, false).status, 200, "{path}");
        served.push(stream);
    }
}

#[test]
fn nobody_has_to_make_way_while_nobody_comes() {
    let (server, _client) = full();
    let slow: Vec<_> = (0..HEARD).map(|_| server.connect()).collect();
    thread::sleep(Duration::from_millis(1500));
    assert!(slow.into_iter().all(is_heard));
}

/// They sit in all the places there are, more come all the time, and none goes by itself.
#[test]
fn health_is_answered_while_a_hundred_mute_connections_a_second_come() {
    let (server, mut client) = full();
    let over = AtomicBool::new(false);
    let mut sitting: Vec<_> = (0..HEARD).map(|_| server.connect()).collect();
    thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut mute = Vec::new();
            while !over.load(Ordering::Relaxed) {
                mute.push(server.connect());
                thread::sleep(Duration::from_millis(10));
            }
            mute.len()
        });
        for _ in 0..3 {
            let asked = Instant::now();
            expect_health(&server);
            eprintln!("health among a flood: after {:?}", asked.elapsed());
        }
        over.store(true, Ordering::Relaxed);
        eprintln!("{} came", flood.join().unwrap());
    });
    // None of those who sat there from the beginning has been kept for ever.
    assert_eq!(sitting.remove(0).read(&mut [0]).unwrap(), 0);
    client.settle();
}
