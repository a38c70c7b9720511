//! A full house of those who say nothing.

use crate::house::House;
use crate::support::http::read_answer;
use crate::support::{Client, Head, Server, eventually};
use std::io::Read;
use std::net::TcpStream;
use std::time::Instant;

const MAX_CLIENTS: usize = 44;
/// How many more than that are heard from here.
const EXTRAS: usize = 4;
/// How many come beyond those.
const BEYOND: usize = 60;
const FULL: &[&str] = &["--max-clients", "44", "--handshake-timeout", "1.5", "--close-timeout", "0.5"];

#[test]
fn silent_sockets_take_all_places_and_lose_them() {
    let mut house = House::start(FULL);
    let crowd = MAX_CLIENTS - 2 + EXTRAS;
    house.beside("a full house of silent sockets", |server| {
        let start = Instant::now();
        let silent: Vec<TcpStream> = (0..crowd).map(|_| server.connect()).collect();
        for mut stream in (0..BEYOND).map(|_| server.connect()) {
            assert_eq!(read_answer(&mut stream, false).status, 503);
        }
        assert!(start.elapsed().as_secs_f64() < 1.0, "the rest of this test needs a faster machine");
        for mut stream in silent {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert_eq!(answer, b"", "they asked for nothing");
        }
    });
    house.expect_counted(&[("refused 503", BEYOND as u64)]);
    house.expect_rest();
    Client::join(&house.server, "/elsewhere").settle();
    house.close();
}

/// In a room and silent, answering no Ping, they are let go, too.
#[test]
fn silent_members_take_all_places_and_lose_them() {
    let options = ["--max-clients", "44", "--ping-interval", "0.7", "--close-timeout", "0.5"];
    let house = House::start(&options);
    let silent = MAX_CLIENTS - 2;
    house.beside("a full house of silent members", |server| {
        let all: Vec<Client> = (0..silent).map(|_| Client::join(server, "/")).collect();
        let head = Head::upgrade("/").bytes();
        assert_eq!(Client::try_join(server, &head).err(), Some(503));
        let place = |server: &Server| Client::try_join(server, &head).ok();
        drop(eventually("a place", || place(server)));
        drop(all);
    });
    let counted = house.counted();
    let (dropped, closed) = (counted.get("dropped silent"), counted.get("closed 1011"));
    assert!(dropped.is_some() && dropped == closed, "{counted:?}");
    house.expect_rest();
    house.close();
}
