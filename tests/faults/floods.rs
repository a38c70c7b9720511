//! Peers that send more than anybody wants.

use crate::house::House;
use crate::peers::{self, close_code, write_until_refused};
use crate::support::frame::{self, CONTINUATION, FIN, PING, TEXT, masked};
use crate::support::http::{ask_bytes, read_answer};
use crate::support::{Client, Head, Server, eventually};
use crate::sys;
use crate::tally::Counts;
use crate::vitals::Load;
use std::io::Write;
use std::thread;

/// How many flood at once.
const FLOODERS: usize = 4;
const OPTIONS: &[&str] = &["--max-message", "64K", "--max-lag", "1M", "--close-timeout", "1"];

fn load(clients: u64, lagging: u64) -> Load {
    Load { clients: clients + 3, rooms: 2, lagging, max_message: 64 << 10, max_lag: 1 << 20 }
}

/// Several threads do it, each knowing which it is; what they have seen is added up.
#[track_caller]
fn flood(server: &Server, act: impl Fn(&Server, usize) -> Counts + Sync) -> Counts {
    let mut seen = Counts::new();
    thread::scope(|scope| {
        let act = &act;
        let all: Vec<_> = (0..FLOODERS).map(|n| scope.spawn(move || act(server, n))).collect();
        for (name, n) in all.into_iter().flat_map(|thread| thread.join().unwrap()) {
            *seen.entry(name).or_default() += n;
        }
    });
    seen
}

/// Holds what the flooders have seen against what the server has counted.
#[track_caller]
fn expect(house: &mut House, seen: &Counts) {
    let seen: Vec<_> = seen.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    house.expect_counted(&seen);
    house.expect_rest();
}

fn add(seen: &mut Counts, name: String) {
    *seen.entry(name).or_default() += 1;
}

/// Bytes that look like nothing, always the same for the same seed.
fn garbage(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let bytes = (0..length).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    });
    bytes.collect()
}

#[test]
fn pings_whose_pongs_nobody_reads() {
    let mut house = House::start(OPTIONS);
    let pings = masked(FIN | PING, &[b'?'; 125]).repeat(500);
    house.beside("pings whose pongs are not read", |server| {
        flood(server, |server, _| {
            let mut client = Client::join(server, "/");
            assert!(write_until_refused(&mut client.stream, &pings), "never dropped");
            Counts::new()
        })
    });
    house.expect_counted(&[("dropped lag", FLOODERS as u64)]);
    house.expect_memory_of("pings whose pongs are not read", load(FLOODERS as u64, FLOODERS as u64));
    house.expect_rest();
    house.close();
}

#[test]
fn empty_fragments() {
    let mut house = House::start(OPTIONS);
    let fragments = [masked(TEXT, b""), masked(CONTINUATION, b"").repeat(2000)].concat();
    let seen = house.beside("empty fragments", |server| {
        flood(server, |server, _| {
            let mut seen = Counts::new();
            for _ in 0..10 {
                let mut client = Client::join(server, "/");
                client.send(&fragments);
                add(&mut seen, format!("closed {}", close_code(&mut client)));
            }
            seen
        })
    });
    assert_eq!(seen, Counts::from([("closed 1008".to_string(), 10 * FLOODERS as u64)]));
    expect(&mut house, &seen);
    house.expect_memory_of("empty fragments", load(2 * FLOODERS as u64, 0));
    house.close();
}

#[test]
fn heads() {
    let mut house = House::start(OPTIONS);
    let bulky = |head: Head| head.with("X", &"x".repeat(12 << 10)).bytes();
    let heads = [
        Head::get("/healthz").bytes(),
        bulky(Head::get("/a/b")),
        bulky(Head::upgrade("/").set("Host", "evil.example")),
        [&b"GET / HTTP/1.1\r\n"[..], &b"a:b\r\n".repeat(3000)].concat(),
    ];
    let seen = house.beside("heads", |server| {
        flood(server, |server, n| {
            let mut seen = Counts::new();
            for head in heads.iter().cycle().skip(n).take(120) {
                let status = ask_bytes(server, head).status;
                if status != 200 {
                    add(&mut seen, format!("refused {status}"));
                }
            }
            seen
        })
    });
    assert_eq!(seen.values().sum::<u64>(), 90 * FLOODERS as u64);
    expect(&mut house, &seen);
    house.expect_memory_of("heads", load(2 * FLOODERS as u64, 0));
    house.close();
}

#[test]
fn connects() {
    const EACH: usize = 300;
    let mut house = House::start(OPTIONS);
    house.beside("connects", |server| {
        flood(server, |server, _| {
            (0..EACH).for_each(|_| sys::reset(server.connect()));
            Counts::new()
        })
    });
    house.expect_counted(&[]);
    // Nobody waits for the server: all of them may be there at once.
    house.expect_rest_after((FLOODERS * EACH) as u64);
    house.close();
}

#[test]
fn garbage_instead_of_heads() {
    let mut house = House::start(OPTIONS);
    let seen = house.beside("garbage instead of heads", |server| {
        flood(server, |server, n| {
            let mut seen = Counts::new();
            for round in 0..80 {
                let mut stream = server.connect();
                // Long enough that a head's end or an error is in it.
                stream.write_all(&garbage(n as u64 * 1000 + round, 20_000)).unwrap();
                add(&mut seen, format!("refused {}", read_answer(&mut stream, false).status));
            }
            seen
        })
    });
    assert_eq!(seen, Counts::from([("refused 400".to_string(), 80 * FLOODERS as u64)]));
    expect(&mut house, &seen);
    house.expect_memory_of("garbage instead of heads", load(2 * FLOODERS as u64, 0));
    house.close();
}

#[test]
fn garbage_instead_of_frames() {
    let mut house = House::start(OPTIONS);
    let seen = house.beside("garbage instead of frames", |server| {
        flood(server, |server, n| {
            let mut seen = Counts::new();
            for round in 0..40 {
                let mut client = Client::join(server, "/");
                // A frame of text, so that not all is over with the first byte; then a frame that there is not.
                let mut bytes = masked(FIN | TEXT, &garbage(n as u64 * 1000 + round, 300));
                bytes.push(0xFF);
                bytes.extend(garbage(round, 50_000));
                client.send(&bytes);
                add(&mut seen, format!("closed {}", close_code(&mut client)));
            }
            seen
        })
    });
    assert_eq!(seen.values().sum::<u64>(), 40 * FLOODERS as u64);
    expect(&mut house, &seen);
    house.expect_memory_of("garbage instead of frames", load(2 * FLOODERS as u64, 0));
    house.close();
}

/// Each is owed the whole history of its room and the names of all who are there: that is more than their sockets hold,
/// and far more than the server may hold for all of them at once.
#[test]
fn newcomers_who_never_read_what_they_asked_for() {
    const CROWD: usize = 300;
    let mut house = House::start(OPTIONS);
    let mut speaker = Client::join(&house.server, "/crowd");
    (0..50).for_each(|_| speaker.send(&masked(FIN | TEXT, &[b'h'; 5000])));
    speaker.settle();
    let crowd = house.beside("a crowd that asks for everything", |server| {
        let name = "n".repeat(32);
        let head = Head::upgrade(&format!("/crowd?history=50&name={name}")).bytes();
        let mut crowd: Vec<_> = (0..CROWD).map(|_| server.connect()).collect();
        crowd.iter_mut().for_each(|stream| stream.write_all(&head).unwrap());
        eventually("all of them", || peers::clients(server, CROWD + 3));
        crowd
    });
    let everyone = CROWD as u64;
    house.expect_memory_of("a crowd that asks for everything", load(everyone, everyone));
    crowd.into_iter().for_each(sys::reset);
    house.expect_counted(&[("dropped reset", everyone)]);
    speaker.send(&frame::close(1000, b""));
    speaker.expect_close(1000);
    house.expect_counted(&[("closed 1000", 1)]);
    // Each had a thread, and so had its outbox.
    house.expect_rest_after(2 * everyone);
    house.close();
}
