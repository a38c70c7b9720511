//! One number bounds what clients can make a server hold.

use crate::support::frame::{self, BINARY, FIN, Frame, masked};
use crate::support::http::ask_bytes;
use crate::support::metrics::{read, value, wait_for};
use crate::support::server::run;
use crate::support::{Client, Head, Server, eventually};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread::{self, JoinHandle};

const USED: &str = "chinwag_memory_bytes";
const LIMIT: &str = "chinwag_memory_limit_bytes";
const DROPPED_FOR_MEMORY: &str = "chinwag_clients_dropped_total{reason=\"memory\"}";
const DROPPED_FOR_LAG: &str = "chinwag_clients_dropped_total{reason=\"lag\"}";
const MIB: usize = 1 << 20;

/// A server with these options that pings nobody who is busy with something else.
#[track_caller]
fn start(options: &[&str]) -> Server {
    Server::start(&[options, &["--ping-interval", "0"]].concat())
}

fn message(n: u32, length: usize) -> Vec<u8> {
    masked(FIN | BINARY, &numbered(n, length))
}

fn numbered(n: u32, length: usize) -> Vec<u8> {
    let mut payload = vec![b'.'; length];
    payload[..4].copy_from_slice(&n.to_be_bytes());
    payload
}

/// Two who chat in a room of their own: each message arrives, in its order, before the next is sent.
struct Pair {
    ends: Arc<AtomicBool>,
    said: Arc<AtomicU32>,
    thread: JoinHandle<()>,
}

impl Pair {
    #[track_caller]
    fn begin(server: &Server, length: usize) -> Pair {
        let mut pair = [Client::join(server, "/pair"), Client::join(server, "/pair")];
        let (ends, said) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (theirs, counted) = (Arc::clone(&ends), Arc::clone(&said));
        let thread = thread::spawn(move || {
            for n in (0..).take_while(|_| !theirs.load(SeqCst)) {
                let [from, to] = [n as usize % 2, (n as usize + 1) % 2];
                pair[from].send(&message(n, length));
                pair[to].expect(&Frame::binary(&numbered(n, length)));
                counted.fetch_add(1, SeqCst);
            }
        });
        Pair { ends, said, thread }
    }

    /// Waits until they have said something more.
    #[track_caller]
    fn chats(&self) {
        let said = self.said.load(SeqCst);
        eventually("a few messages more", || (self.said.load(SeqCst) > said + 5).then_some(()));
    }

    #[track_caller]
    fn end(self) {
        self.ends.store(true, SeqCst);
        self.thread.join().expect("nothing is missed");
    }
}

#[test]
fn less_than_four_messages_is_refused() {
    for options in [
        &["--max-memory", "255K"][..],
        &["--max-memory=262143"],
        &["--max-message", "1M", "--max-memory", "3M"],
        &["--max-memory", "3M", "--max-message", "1M"],
        &["--max-memory", "0"],
        &["--max-memory", "1G"],
        &["--max-memory", "1m"],
        &["--max-memory", "-1"],
        &["--max-memory"],
        &["--max-memory", "1M", "--max-memory", "1M"],
    ] {
        let ended = run(options);
        assert_eq!((ended.code, ended.stdout.len(), ended.stderr.len()), (Some(2), 0, 1), "{options:?}");
        assert!(ended.stderr[0].contains("--max-memory"), "{options:?}: {:?}", ended.stderr);
    }
}

#[test]
fn the_limit_is_told_and_has_a_default() {
    for (options, limit) in [
        (&[][..], 64 * MIB),
        (&["--max-message", "16M"], 128 * MIB),
        (&["--max-memory", "32M"], 32 * MIB),
        (&["--max-memory=256K"], 256 << 10),
        (&["--max-memory", "5000000"], 5_000_000),
        (&["--max-memory", "4M", "--max-message", "1M"], 4 * MIB),
    ] {
        assert_eq!(value(&start(options), LIMIT), limit as f64, "{options:?}");
    }
}

/// What is held is given back with those for whom it was held.
#[test]
fn nothing_is_held_for_nobody() {
    let server = start(&["--history", "100", "--linger", "0"]);
    // Whoever asks has a small buffer as well.
    let nobody = value(&server, USED);
    assert!(nobody <= 2048.0, "{nobody} bytes for nobody");
    let all: Vec<_> = (0..20).map(|n| Client::join(&server, &format!("/r{}?name={n}", n % 5))).collect();
    for client in &all[..5] {
        let mut stream = &client.stream;
        (0..5).for_each(|n| stream.write_all(&message(n, 50_000)).unwrap());
    }
    let held = eventually("histories", || Some(value(&server, USED)).filter(|held| *held > 500_000.0));
    assert!(held <= value(&server, LIMIT));
    drop(all);
    wait_for(&server, USED, nobody);
}

/// Joins rooms by their number, one laggard and one speaker each; what is told of the server after each message to all.
#[track_caller]
fn talk_to_laggards(server: &Server, rooms: usize, mut seen: impl FnMut(HashMap<String, f64>) -> bool) {
    let join = |n| [Client::join(server, &format!("/r{n}")), Client::join(server, &format!("/r{n}"))];
    let mut all: Vec<_> = (0..rooms).map(join).collect();
    eventually("the laggards' end", || {
        all.iter_mut().for_each(|[_, speaker]| speaker.send(&message(0, 64 << 10)));
        seen(read(server)).then_some(())
    });
}

/// Each of many rooms has a laggard, none of them too far behind for itself.
#[test]
fn laggards_are_dropped_and_those_who_keep_pace_miss_nothing() {
    let server = start(&["--max-memory", "8M", "--history", "0"]);
    let pair = Pair::begin(&server, 200);
    talk_to_laggards(&server, 12, |series| {
        assert!(series[USED] <= series[LIMIT], "{series:?}");
        assert_eq!(series[DROPPED_FOR_LAG], 0.0);
        series[DROPPED_FOR_MEMORY] >= 3.0
    });
    pair.chats();
    pair.end();
}

/// Whatever `--max-lag` says, nobody is behind by more than half of what there is.
#[test]
fn lag_is_at_most_half_of_it() {
    let server = start(&["--max-memory", "4M", "--max-lag", "64M", "--history", "0"]);
    let mut most = 0.0_f64;
    talk_to_laggards(&server, 1, |series| {
        most = most.max(series[USED]);
        assert_eq!(series[DROPPED_FOR_MEMORY], 0.0);
        series[DROPPED_FOR_LAG] >= 1.0
    });
    assert!((1.5e6..2.5e6).contains(&most), "{most} bytes");
}

/// So many begin a long message, and do not end it, that there is no memory for more of their kind.
#[track_caller]
fn exhaust(server: &Server) -> Vec<Client> {
    let begun = frame::unfinished(FIN | BINARY, 64 << 10, &[b'.'; 60_000]);
    let mut all = Vec::new();
    eventually("exhaustion", || {
        let next = Client::try_join(server, &Head::upgrade("/unfinished").bytes());
        if let Ok(mut client) = next {
            client.send(&begun);
            all.push(client);
            return None;
        }
        assert_eq!(next.err(), Some(503));
        Some(())
    });
    all
}

#[test]
fn unfinished_messages_let_small_ones_pass_and_large_ones_come_in_their_turn() {
    for length in [100, 1500] {
        let server = start(&["--max-memory", "4M"]);
        let pair = Pair::begin(&server, length);
        let mut large = [Client::join(&server, "/large"), Client::join(&server, "/large")];
        let unfinished = exhaust(&server);
        large[0].send(&message(0, 64 << 10));
        pair.chats();
        // It waits, or has the one turn there is.
        pair.chats();
        drop(unfinished);
        large[1].expect(&Frame::binary(&numbered(0, 64 << 10)));
        pair.end();
        assert_eq!(value(&server, DROPPED_FOR_MEMORY), 0.0);
    }
}

#[test]
fn newcomers_get_503_while_nothing_helps_and_health_is_told() {
    let server = start(&["--max-memory", "4M"]);
    let mut here = [Client::join(&server, "/"), Client::join(&server, "/")];
    let unfinished = exhaust(&server);
    for _ in 0..20 {
        let refused = ask_bytes(&server, &Head::upgrade("/").bytes());
        assert_eq!((refused.status, refused.header("Retry-After").is_some()), (503, true));
        for cookie in [0, 1000] {
            let head = Head::get("/healthz").with("Cookie", &"c".repeat(cookie));
            assert_eq!(ask_bytes(&server, &head.bytes()).status, 200);
        }
    }
    here[0].text("undisturbed");
    here[1].expect_text("undisturbed");
    drop(unfinished);
    let head = Head::upgrade("/").bytes();
    drop(eventually("room for a newcomer", || Client::try_join(&server, &head).ok()));
}

/// With no more than four times the longest message, messages of that length pass: one after the other, and at once from
/// both sides.
#[test]
fn four_messages_are_enough_for_two() {
    const ROUNDS: u32 = 12;
    for length in [1 << 10, 64 << 10, 1 << 20] {
        let [most, longest] = [4 * length, length].map(|bytes: usize| bytes.to_string());
        let server = start(&["--max-memory", &most, "--max-message", &longest]);
        let pair = [Client::join(&server, "/"), Client::join(&server, "/")];
        let talking = pair.map(|mut client| {
            let mut writer = client.stream.try_clone().unwrap();
            let writing = thread::spawn(move || {
                (0..ROUNDS).for_each(|n| writer.write_all(&message(n, length)).unwrap())
            });
            let reading = thread::spawn(move || {
                (0..ROUNDS).for_each(|n| client.expect(&Frame::binary(&numbered(n, length))));
                client
            });
            (writing, reading)
        });
        let ended = talking.map(|(writing, reading)| (writing.join().is_ok(), reading.join()));
        assert!(ended.iter().all(|(written, read)| *written && read.is_ok()), "messages of {length}");
        assert!(value(&server, USED) <= value(&server, LIMIT));
        assert_eq!(value(&server, DROPPED_FOR_MEMORY), 0.0);
    }
}

/// Someone who reads everything and heeds nothing.
struct Reader {
    stream: std::net::TcpStream,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    fn of(client: Client) -> Reader {
        let (stream, mut read) = (client.stream.try_clone().unwrap(), client.stream);
        let thread = thread::spawn(move || {
            let mut scrap = vec![0; 64 << 10];
            while matches!(read.read(&mut scrap), Ok(1..)) {}
        });
        Reader { stream, thread: Some(thread) }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        let _ = self.thread.take().unwrap().join();
    }
}

/// Many at once, each of whose messages is as long as may be: nobody waits for the others for ever.
#[test]
fn many_long_messages_come_through_one_after_the_other() {
    const SENDERS: u32 = 24;
    let server = start(&["--max-memory", "4M", "--max-message", "1M", "--history", "0"]);
    let mut listener = Client::join(&server, "/");
    let senders: Vec<_> = (0..SENDERS).map(|_| Client::join(&server, "/")).collect();
    let writers: Vec<_> = senders.iter().map(|client| client.stream.try_clone().unwrap()).collect();
    let readers: Vec<_> = senders.into_iter().map(Reader::of).collect();
    let writing: Vec<_> = (0..)
        .zip(writers)
        .map(|(n, mut writer)| thread::spawn(move || writer.write_all(&message(n, 1 << 20))))
        .collect();
    let mut seen: Vec<_> = (0..SENDERS)
        .map(|_| {
            let payload = listener.frame().payload;
            assert_eq!(payload.len(), 1 << 20);
            u32::from_be_bytes(payload[..4].try_into().unwrap())
        })
        .collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..SENDERS));
    assert!(writing.into_iter().all(|thread| thread.join().unwrap().is_ok()));
    drop(readers);
}

/// An echo that is not read is held as well.
#[test]
fn echoes_that_nobody_reads_are_dropped_and_the_others_go_on() {
    let server = start(&["--echo", "--max-memory", "4M", "--max-message", "64K"]);
    let mut client = Client::join(&server, "/");
    let mut stalled: Vec<_> = (0..30).map(|_| Client::join(&server, "/")).collect();
    let mut n = 0;
    eventually("someone dropped for the others", || {
        for other in &mut stalled {
            other.stream.set_nonblocking(true).unwrap();
            let _ = other.stream.write(&message(0, 64 << 10));
        }
        client.send(&message(n, 500));
        client.expect(&Frame::binary(&numbered(n, 500)));
        n += 1;
        let series = read(&server);
        assert!(series[USED] <= series[LIMIT], "{series:?}");
        (series[DROPPED_FOR_MEMORY] >= 1.0).then_some(())
    });
}
