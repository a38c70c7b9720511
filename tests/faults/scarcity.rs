//! A machine that runs out, under a server that runs: descriptors, threads, memory.

use crate::house::House;
use crate::peers::{Reader, is_possible, limit, limit_as, not_tried, talk_until};
use crate::support::http::read_answer;
use crate::support::metrics::value;
use crate::support::patience::burn;
use crate::support::server::BINARY as PROGRAM;
use crate::support::{Client, Head, Server, eventually};
use crate::vitals::{self, Load};
use std::io::Write;
use std::net::TcpStream;
use std::process::{self, Command};
use std::time::Duration;

/// Of one core, while there is nothing to do but to wait: ticks in the time of a hundred.
const IDLE_TICKS: u64 = 5;

pub fn can_limit(what: &str) -> bool {
    let possible = is_possible("prlimit", &["--version"]);
    if !possible {
        not_tried(what, "no prlimit here");
    }
    possible
}

#[test]
fn descriptors_run_out_and_come_back() {
    if !can_limit("descriptors running out") {
        return;
    }
    let house = House::start(&["--handshake-timeout", "600"]);
    let mut crowd = house.beside("no descriptors", |server| {
        limit(server, &format!("nofile={}:", vitals::descriptor_limit(server.pid())));
        // The kernel completes these connections; the server cannot take them.
        let crowd: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
        server.stderr.wait_for("an error", |line| line.contains("cannot accept"));
        let used = house.pair.rest(|| {
            let before = server.ticks();
            burn(Duration::from_secs(1));
            server.ticks() - before
        });
        eprintln!("cpu  no descriptors: {used} % of a core");
        assert!(used < IDLE_TICKS, "{used} % of a core while it could only wait");
        crowd
    });
    limit(&house.server, "nofile=1024:");
    let head = Head::upgrade("/").bytes();
    crowd.iter_mut().for_each(|stream| stream.write_all(&head).unwrap());
    let clients: Vec<_> = crowd.into_iter().map(|stream| Client::try_join_on(stream, b"").unwrap()).collect();
    drop(clients);
    house.expect_rest();
    let counted = house.counted();
    assert!(counted["accept errors"] > 0);
    assert!(
        counted.keys().all(|name| ["accept errors", "dropped reset"].contains(&name.as_str())),
        "{counted:?}"
    );
    house.close();
}

/// Users that nobody else is, not even in other runs of these tests: threads are counted for each user.
pub fn nobody(n: u32) -> u32 {
    20_000 + (3 * process::id() + n) % 40_000
}

/// A server of a user that nobody else is: root's threads cannot be limited.
pub fn as_another_user(user: u32, options: &[&str]) -> Option<Server> {
    let user = format!("--reuid={user}");
    if !is_possible("setpriv", &[&user, "--clear-groups", PROGRAM, "--version"]) {
        not_tried(
            "threads running out",
            "this user cannot become another, or that one cannot run the program",
        );
        return None;
    }
    let mut command = Command::new("setpriv");
    command.args([&user, "--clear-groups", PROGRAM, "--quiet", "--listen", "127.0.0.1:0"]).args(options);
    Some(Server::run(command))
}

#[test]
fn threads_run_out_and_come_back() {
    let options = ["--max-lag", "256K", "--max-message", "16K", "--close-timeout", "1"];
    let user = nobody(0);
    let Some(server) = can_limit("threads running out").then(|| as_another_user(user, &options)).flatten()
    else {
        return;
    };
    let mut house = House::of(server);
    house.beside("no threads", |server| {
        limit_as(user, server, "nproc=1:");
        for mut stream in (0..20).map(|_| server.connect()) {
            let answer = read_answer(&mut stream, false);
            assert_eq!((answer.status, answer.header("Retry-After").is_some()), (503, true));
        }
    });
    limit_as(user, &house.server, "nproc=1024:");
    let head = Head::upgrade("/elsewhere").bytes();
    drop(eventually("room for a new client", || Client::try_join(&house.server, &head).ok()));
    house.expect_counted(&[("refused 503", 20), ("dropped reset", 1)]);
    house.expect_rest();
    house.close();
}

/// Whoever lags has a thread of its own, if there is one: without it, it costs the others no more.
#[test]
fn a_reader_stops_while_there_are_no_threads() {
    let options = ["--max-lag", "256K", "--max-message", "16K", "--close-timeout", "1"];
    let user = nobody(1);
    let Some(server) = can_limit("lag without threads").then(|| as_another_user(user, &options)).flatten()
    else {
        return;
    };
    let mut house = House::of(server);
    let still = Client::join(&house.server, "/");
    let mut speaker = Client::join(&house.server, "/");
    let reader = Reader::of(&speaker);
    let message = crate::support::frame::masked(0x82, &[b'.'; 16 << 10]);
    house.beside("a reader stops and there are no threads", |server| {
        limit_as(user, server, "nproc=1:");
        // Whether it has been dropped cannot be asked without a thread; there is no room for all this.
        (0..300).for_each(|_| speaker.send(&message));
        limit_as(user, server, "nproc=1024:");
        eventually("the drop", || {
            (value(server, "chinwag_clients_dropped_total{reason=\"lag\"}") == 1.0).then_some(())
        });
    });
    drop((still, reader, speaker));
    house.expect_counted(&[("dropped lag", 1), ("dropped reset", 1)]);
    house.expect_rest();
    house.close();
}

/// What takes no more than the formula says needs no more either. Rust's `std` ends a program that is refused memory:
/// so the limit is that of the formula, and it must not be felt.
#[test]
fn memory_is_limited_to_what_is_needed() {
    if !can_limit("memory limited") {
        return;
    }
    let house = House::start(&["--max-lag", "256K", "--max-message", "16K", "--close-timeout", "1"]);
    let load = Load { clients: 43, rooms: 1, lagging: 20, max_message: 16 << 10, max_lag: 256 << 10 };
    house.beside("memory limited, 20 of 40 stop reading", |server| {
        let data = vitals::status(server.pid(), "VmData:");
        // What is mapped is more than what is used: an arena grows by the page, a stack is mapped whole with more beside.
        limit(server, &format!("data={}:", data + 2 * load.most_memory()));
        let all: Vec<_> = (0..40).map(|_| Client::join(server, "/")).collect();
        let readers: Vec<_> = all[20..].iter().map(Reader::of).collect();
        let lagged = || value(server, "chinwag_clients_dropped_total{reason=\"lag\"}");
        talk_until(server, "/", 16 << 10, || lagged() == 20.0);
        drop(readers);
    });
    house.expect_rest();
    house.close();
}
