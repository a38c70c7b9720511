//! SIGTERM and SIGINT.

use crate::support::frame::{self, BINARY, FIN, Frame, masked};
use crate::support::server::BINARY as PROGRAM;
use crate::support::{Client, Head, PATIENCE, Server, eventually};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;

#[test]
fn closes_everyone_with_1001_and_exits_0() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(&[]);
        let mut clients: Vec<_> =
            ["/", "/", "/a", "/b?name=x"].map(|room| Client::join(&server, room)).into();
        clients[3].frame();
        server.signal(signal);
        for client in &mut clients {
            client.expect_close(1001);
            client.send(&frame::close(1001, b""));
        }
        drop(clients);
        assert_eq!(server.wait().code(), Some(0), "{signal}");
    }
}

#[test]
fn a_signal_ends_it_at_once_when_nobody_is_there() {
    let mut server = Server::start(&["--close-timeout", "600"]);
    let idle = server.connect();
    server.stop();
    drop(idle);
}

/// Far more than the sockets hold is on its way when the signal comes.
#[test]
fn a_signal_lets_it_send_what_was_queued_first() {
    // Nobody lags by more than half of the memory.
    let options = ["--max-lag", "256M", "--max-message", "1M", "--max-memory", "512M", "--history", "0"];
    let mut server = Server::start(&options);
    let mut reader = Client::join(&server, "/");
    let mut sender = Client::join(&server, "/");
    let payload = |n: u8| vec![n; 1 << 20];
    for n in 0..48 {
        sender.send(&masked(FIN | BINARY, &payload(n)));
    }
    sender.settle();
    server.signal("TERM");
    sender.expect_close(1001);
    for n in 0..48 {
        reader.expect(&Frame::binary(&payload(n)));
    }
    reader.expect_close(1001);
    drop((reader, sender));
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn it_stops_accepting_while_it_ends() {
    let server = Server::start(&["--close-timeout", "600"]);
    let mut client = Client::join(&server, "/");
    let mut waiting = server.connect();
    server.signal("TERM");
    client.expect_close(1001);
    eventually("no more connections", || refused(&server).then_some(()));
    // Not even one that had come before the signal, but not yet said what it wants.
    let _ = waiting.write_all(&Head::upgrade("/").bytes());
    let mut answer = String::new();
    let _ = waiting.read_to_string(&mut answer);
    assert!(!answer.starts_with("HTTP/1.1 101"), "{answer:?}");
}

/// Whether a connection fails, or ends without an answer.
fn refused(server: &Server) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&server.address, PATIENCE) else { return true };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let written = stream.write_all(&Head::get("/healthz").bytes());
    written
        .and_then(|()| stream.read(&mut [0]))
        .map_or_else(|e| e.kind() != ErrorKind::WouldBlock, |n| n == 0)
}

#[test]
fn it_waits_no_longer_than_the_close_timeout() {
    let start = |timeout: &str| {
        Server::start(&["--close-timeout", timeout, "--max-lag", "64M", "--max-message", "1M"])
    };
    let (mut patient, mut server) = (start("600"), start("0.3"));
    let mut waited_for = Client::join(&patient, "/");
    let mut silent = Client::join(&server, "/");
    // One that does not read is not waited for either.
    let _stalled = Client::join(&server, "/full");
    let mut sender = Client::join(&server, "/full");
    for _ in 0..24 {
        sender.send(&masked(FIN | BINARY, &[1; 1 << 20]));
    }
    sender.settle();
    patient.signal("TERM");
    waited_for.expect_close(1001);
    server.signal("TERM");
    silent.expect_close(1001);
    assert_eq!(server.wait().code(), Some(0));
    assert!(patient.is_running(), "one with a longer timeout has not waited either");
}

#[test]
fn a_second_signal_ends_it_with_1() {
    for (first, second) in [("TERM", "TERM"), ("INT", "INT"), ("TERM", "INT")] {
        let mut server = Server::start(&["--close-timeout", "600"]);
        let mut client = Client::join(&server, "/");
        server.signal(first);
        client.expect_close(1001);
        server.signal(second);
        assert_eq!(server.wait().code(), Some(1), "{first}, then {second}");
    }
}

/// In a PID namespace of its own, where a signal without a handler is ignored.
#[test]
fn ends_as_pid_1_too() {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child"]);
    if !command.arg("true").status().is_ok_and(|status| status.success()) {
        eprintln!("not tried: no namespaces here");
        return;
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child", PROGRAM]);
    let mut server = Server::run(with_port(command));
    let children = format!("/proc/{0}/task/{0}/children", server.pid());
    let child = fs::read_to_string(children).unwrap().trim().to_string();
    let mut client = Client::join(&server, "/");
    assert!(Command::new("kill").args(["-s", "TERM", &child]).status().unwrap().success());
    client.expect_close(1001);
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
}

fn with_port(mut command: Command) -> Command {
    command.args(["--listen", "127.0.0.1:0"]);
    command
}
