//! A machine that runs out of what a server needs.

use crate::support::http::read_answer;
use crate::support::metrics::value;
use crate::support::patience::burn;
use crate::support::server::BINARY as PROGRAM;
use crate::support::{Client, Head, Server, eventually};
use std::fs;
use std::net::TcpStream;
use std::process::{self, Command, Stdio};
use std::time::Duration;

#[test]
fn it_survives_running_out_of_descriptors() {
    let server = Server::in_shell("ulimit -n 24; exec \"$@\"", &["--handshake-timeout", "600"]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    // More than there can be descriptors for: the kernel completes these connections, the server cannot.
    let crowd: Vec<TcpStream> = (0..40).map(|_| server.connect()).collect();
    let mut chat = |times: usize| {
        for n in 0..times {
            a.text(&n.to_string());
            b.expect_text(&n.to_string());
            b.text("heard");
            a.expect_text("heard");
        }
    };
    chat(100);
    let before = server.ticks();
    burn(Duration::from_millis(600));
    let used = server.ticks() - before;
    assert!(used <= 20, "{used} of 60 ticks of CPU while it could only wait");
    chat(100);
    drop(crowd);
    let head = Head::upgrade("/").bytes();
    let mut new = eventually("room for a new client", || Client::try_join(&server, &head).ok());
    chat(1);
    for n in ["0", "heard"] {
        new.expect_text(n);
    }
    assert!(value(&server, "chinwag_accept_errors_total") > 0.0, "accept errors are counted");
}

/// A user that may have only so many threads; it takes root to become one. Nobody else is this one: a user's threads are
/// counted whoever has them.
#[test]
fn it_survives_running_out_of_threads() {
    let user = format!("--reuid={}", 20_000 + process::id() % 40_000);
    let limited = [&user, "--clear-groups", "prlimit", "--nproc=16", PROGRAM];
    let possible = Command::new("setpriv").args(limited).arg("--version").stdout(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("not tried: this user cannot become another");
        return;
    }
    let mut command = Command::new("setpriv");
    command.args(limited).args(["--listen", "127.0.0.1:0", "--handshake-timeout", "600"]);
    let server = Server::run(command);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    let mut crowd: Vec<TcpStream> = (0..30).map(|_| server.connect()).collect();
    let answer = read_answer(crowd.last_mut().unwrap(), false);
    assert_eq!((answer.status, answer.header("Retry-After").is_some()), (503, true));
    for n in 0..100 {
        a.text(&n.to_string());
        b.expect_text(&n.to_string());
    }
    drop(crowd);
    let head = Head::upgrade("/").bytes();
    let mut new = eventually("room for a new client", || Client::try_join(&server, &head).ok());
    a.text("welcome");
    new.expect_text("welcome");
}

/// Many come and go; nothing is left of them.
#[test]
fn descriptors_and_threads_are_given_back() {
    let server = Server::start(&["--max-clients", "200"]);
    let count = |what: &str| fs::read_dir(format!("/proc/{}/{what}", server.pid())).unwrap().count();
    Client::join(&server, "/").settle();
    let settled = |what: &str, most: usize| eventually(what, || (count(what) <= most).then_some(()));
    settled("fd", count("fd"));
    let (fds, threads) = (count("fd"), count("task"));
    for _ in 0..5 {
        let all: Vec<_> = (0..100).map(|n| Client::join(&server, &format!("/r{}", n % 7))).collect();
        assert!(count("fd") >= all.len());
    }
    settled("fd", fds);
    settled("task", threads);
}

#[test]
fn hundreds_of_clients_are_served() {
    let server = Server::in_shell("ulimit -n 4096; exec \"$@\"", &["--handshake-timeout", "600"]);
    let mut all: Vec<_> = (0..500).map(|n| Client::join(&server, &format!("/r{}", n % 50))).collect();
    for (speaker, client) in all.iter_mut().take(50).enumerate() {
        client.text(&speaker.to_string());
    }
    for (hearer, client) in all.iter_mut().enumerate().skip(50) {
        client.expect_text(&(hearer % 50).to_string());
    }
}
