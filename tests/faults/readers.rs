//! Readers that stop, and readers that might as well.

use crate::house::House;
use crate::peers::{Reader, talk_until};
use crate::support::metrics::value;
use crate::support::{Client, Head, Server};
use crate::sys;
use crate::vitals::Load;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

const OPTIONS: &[&str] = &["--max-lag", "1M", "--max-message", "16K", "--close-timeout", "1"];
const MEMBERS: usize = 40;

fn lagged(server: &Server) -> u64 {
    value(server, "chinwag_clients_dropped_total{reason=\"lag\"}") as u64
}

fn load(lagging: usize) -> Load {
    let clients = MEMBERS as u64 + 3;
    Load { clients, rooms: 1, lagging: lagging as u64, max_message: 16 << 10, max_lag: 1 << 20 }
}

#[test]
fn those_who_stop_reading_cost_the_others_nothing() {
    let mut house = House::start(OPTIONS);
    for stopped in [1, 10, MEMBERS / 2] {
        house.beside(&format!("{stopped} of {MEMBERS} stop reading"), |server| {
            let all: Vec<_> = (0..MEMBERS).map(|_| Client::join(server, "/")).collect();
            let (still, reading) = all.split_at(stopped);
            let readers: Vec<_> = reading.iter().map(Reader::of).collect();
            let before = lagged(server);
            talk_until(server, "/", 16 << 10, || lagged(server) - before == still.len() as u64);
            drop(readers);
        });
        let left = (MEMBERS - stopped) as u64;
        house.expect_counted(&[("dropped lag", stopped as u64), ("dropped reset", left), ("closed 1000", 1)]);
        house.expect_memory_of(&format!("{stopped} of {MEMBERS} stop reading"), load(stopped));
        house.expect_rest();
    }
    house.close();
}

/// Takes a byte a second, until it is told to stop or there is none.
fn sip(mut stream: TcpStream, stop: Receiver<()>) -> thread::JoinHandle<usize> {
    thread::spawn(move || {
        let mut taken = 0;
        while let Ok(1) = stream.read(&mut [0]) {
            taken += 1;
            if stop.recv_timeout(Duration::from_secs(1)).is_ok() {
                break;
            }
        }
        taken
    })
}

#[test]
fn a_byte_a_second_is_too_slow_and_delays_nobody() {
    let mut house = House::start(OPTIONS);
    house.beside("3 take a byte a second", |server| {
        let sipping: Vec<(Sender<()>, _)> = (0..3)
            .map(|_| {
                let client = Client::join(server, "/");
                sys::receive_little(&client.stream);
                let (stop, stopped) = channel();
                (stop, sip(client.stream, stopped))
            })
            .collect();
        talk_until(server, "/", 16 << 10, || lagged(server) == 3);
        for (stop, taken) in sipping {
            stop.send(()).unwrap();
            taken.join().unwrap();
        }
    });
    house.expect_counted(&[("dropped lag", 3), ("closed 1000", 1)]);
    house.expect_memory_of("3 take a byte a second", load(3));
    house.expect_rest();
    house.beside("the page, a byte a second", |server| {
        let mut stream = server.connect();
        sys::receive_little(&stream);
        stream.write_all(&Head::get("/").bytes()).unwrap();
        let (stop, stopped) = channel();
        let taken = sip(stream, stopped);
        // The server's patience, not the peer's, decides when it is over.
        house.expect_rest();
        stop.send(()).unwrap();
        taken.join().unwrap();
    });
    house.expect_counted(&[]);
    house.close();
}
