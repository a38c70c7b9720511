//! How many connections one address may have, for peers that are not on the loopback.

use super::network;
use crate::support::http::read_answer;
use crate::support::metrics::value;
use crate::support::{Client, Head, PATIENCE, Server, eventually};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A connection from this address, to the same one.
#[track_caller]
fn connect(server: &Server, from: &str) -> TcpStream {
    let address = SocketAddr::new(from.parse().unwrap(), server.address.port());
    let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
    assert_eq!(stream.local_addr().unwrap().ip(), address.ip());
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

#[track_caller]
fn join(server: &Server, from: &str) -> Client {
    let joined = Client::try_join_on(connect(server, from), &Head::upgrade("/").bytes());
    joined.unwrap_or_else(|status| panic!("{status} for {from}"))
}

/// It is refused before it has said anything.
#[track_caller]
fn gets_at_once(server: &Server, from: &str, status: u16) {
    let answer = read_answer(&mut connect(server, from), false);
    assert_eq!(answer.status, status, "for {from}");
    assert!(answer.header("Retry-After").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
}

#[track_caller]
fn ask_health(server: &Server, from: &str) -> u16 {
    let mut stream = connect(server, from);
    let _ = stream.write_all(&Head::get("/healthz").bytes());
    read_answer(&mut stream, false).status
}

const STRANGERS: [&str; 12] = [
    "10.9.1.1/32",
    "10.9.1.2/32",
    "10.9.1.3/32",
    "10.9.1.4/32",
    "10.9.1.5/32",
    "10.9.1.6/32",
    "10.9.1.7/32",
    "10.9.1.8/32",
    "10.9.1.9/32",
    "10.9.1.10/32",
    "10.9.1.11/32",
    "10.9.1.12/32",
];

/// Without the length of its network.
fn host(address: &'static str) -> &'static str {
    address.split('/').next().unwrap()
}

#[test]
fn max_per_address_is_for_an_ipv4_address_or_64_bits_of_an_ipv6_one() {
    let v6 = ["2001:db8:0:1::1/128", "2001:db8:0:1:ffff::2/128", "2001:db8:0:2::1/128"];
    let addresses = [&["10.9.0.1/32", "10.9.0.2/32"][..], &v6].concat();
    let name = "admission::addresses::max_per_address_is_for_an_ipv4_address_or_64_bits_of_an_ipv6_one";
    if !network::has(name, &addresses) {
        return;
    }
    // IPv4 comes to this one in the form of IPv6.
    let server = Server::at("[::]:0", &["--max-per-address", "3"]);
    let mut one: Vec<_> = (0..3).map(|_| join(&server, "10.9.0.1")).collect();
    let _others: Vec<_> =
        ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:1::1"].map(|from| join(&server, from)).into();
    for _ in 0..2 {
        for from in ["10.9.0.1", "2001:db8:0:1::1", "2001:db8:0:1:ffff::2"] {
            gets_at_once(&server, from, 429);
        }
    }
    // What others have does not count, and the loopback is not counted.
    for from in ["10.9.0.2", "2001:db8:0:2::1"] {
        assert_eq!(ask_health(&server, from), 200, "for {from}");
    }
    let _local: Vec<_> =
        (0..20).map(|n| join(&server, if n % 2 == 0 { "127.0.0.1" } else { "::1" })).collect();
    assert_eq!(value(&server, "chinwag_requests_refused_total{status=\"429\"}"), 6.0);
    // Whoever goes makes room.
    drop(one.pop());
    eventually("a place", || (ask_health(&server, "10.9.0.1") == 200).then_some(()));
    one[0].text("still here");
    one[1].expect_text("still here");
}

#[test]
fn max_per_address_is_a_quarter_of_max_clients_and_at_least_8() {
    let name = "admission::addresses::max_per_address_is_a_quarter_of_max_clients_and_at_least_8";
    if !network::has(name, &["10.9.0.1/32"]) {
        return;
    }
    // With 8 places in all, its address decides before the lack of room does.
    for (max_clients, places) in [("44", 11), ("12", 8), ("8", 8)] {
        let server = Server::at("0.0.0.0:0", &["--max-clients", max_clients]);
        // Mute ones are counted like any other.
        let _all: Vec<_> = (0..places).map(|_| connect(&server, "10.9.0.1")).collect();
        gets_at_once(&server, "10.9.0.1", 429);
    }
    let server = Server::at("0.0.0.0:0", &["--max-clients", "2", "--max-per-address", "100"]);
    let _all: Vec<_> = (0..4).map(|_| connect(&server, "10.9.0.1")).collect();
    gets_at_once(&server, "10.9.0.1", 503);
}

#[test]
fn a_full_server_hears_16_more_two_of_each_address() {
    let name = "admission::addresses::a_full_server_hears_16_more_two_of_each_address";
    if !network::has(name, &STRANGERS) {
        return;
    }
    let server = Server::at("0.0.0.0:0", &["--max-clients", "1"]);
    let mut client = join(&server, "127.0.0.1");
    let asked = Instant::now();
    let mute: Vec<_> =
        STRANGERS[..8].iter().flat_map(|from| [0, 1].map(|_| connect(&server, host(from)))).collect();
    let third = read_answer(&mut connect(&server, host(STRANGERS[0])), false).status;
    assert!(third == 503 || asked.elapsed() >= Duration::from_secs(1), "a third connection is heard");
    assert!(asked.elapsed() < Duration::from_secs(5), "the rest of this test needs a faster machine");
    // Who has none yet, and the loopback, are heard at once although nobody has gone.
    assert_eq!(ask_health(&server, host(STRANGERS[8])), 200);
    assert_eq!(ask_health(&server, "127.0.0.1"), 200);
    drop(mute);
    client.settle();
}

/// As many as may be sit there already, a hundred a second come and stay, and from a host of its own health is asked for
/// once, not again and again.
#[test]
fn health_is_answered_whoever_sits_in_a_full_house() {
    let addresses = [&STRANGERS[..], &["10.9.0.1/32"]].concat();
    let name = "admission::addresses::health_is_answered_whoever_sits_in_a_full_house";
    if !network::has(name, &addresses) {
        return;
    }
    let server = Server::at("0.0.0.0:0", &["--max-clients", "1", "--handshake-timeout", "600"]);
    let mut client = join(&server, "127.0.0.1");
    let mut strangers = STRANGERS.iter().cycle().map(|from| connect(&server, host(from)));
    let sitting: Vec<_> = strangers.by_ref().take(16).collect();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut mute = Vec::new();
            while !over.load(Ordering::Relaxed) {
                mute.extend(strangers.next());
                thread::sleep(Duration::from_millis(10));
            }
            mute.len()
        });
        for _ in 0..15 {
            for from in ["10.9.0.1", "127.0.0.1"] {
                let asked = Instant::now();
                assert_eq!(ask_health(&server, from), 200, "from {from}");
                assert!(asked.elapsed() < Duration::from_secs(2), "for {from} after {:?}", asked.elapsed());
            }
            thread::sleep(Duration::from_millis(100));
        }
        over.store(true, Ordering::Relaxed);
        assert!(flood.join().unwrap() > 50, "that was no flood");
    });
    drop(sitting);
    client.settle();
}
