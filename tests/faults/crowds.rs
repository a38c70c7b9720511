//! A full house of those who say nothing.

use crate::house::House;
use crate::support::http::read_answer;
use crate::support::patience::at_some_pace;
use crate::support::{Client, Head, Server, eventually};
use std::io::Read;
use std::net::TcpStream;

const MAX_CLIENTS: usize = 44;
/// How many more than that are heard from here.
const EXTRAS: usize = 4;
/// How many come beyond those.
const BEYOND: usize = 60;

#[test]
fn silent_sockets_take_all_places_and_lose_them() {
    at_some_pace(silent_sockets);
}

/// All have to be there before the first has run out of time.
fn silent_sockets(times: f64) {
    let timeout = (1.5 * times).to_string();
    let options = ["--max-clients", "44", "--handshake-timeout", &timeout, "--close-timeout", "0.5"];
    let mut house = House::start(&options);
    let crowd = MAX_CLIENTS - 2 + EXTRAS;
    house.beside("a full house of silent sockets", |server| {
        let silent: Vec<TcpStream> = (0..crowd).map(|_| server.connect()).collect();
        for mut stream in (0..BEYOND).map(|_| server.connect()) {
            assert_eq!(read_answer(&mut stream, false).status, 503);
        }
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
    at_some_pace(silent_members);
}

fn silent_members(times: f64) {
    let interval = (0.7 * times).to_string();
    let options = ["--max-clients", "44", "--ping-interval", &interval, "--close-timeout", "0.5"];
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
