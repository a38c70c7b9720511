//! SIGHUP: a terminal that goes away, and one that is not to matter.

use crate::support::server::BINARY;
use crate::support::{Client, Server};
use std::process::Command;

/// A server that has been started with SIGHUP as this option of `env` says, however it is for the tests.
#[track_caller]
fn start(signal: &str) -> Server {
    let mut command = Command::new("env");
    command.args([signal, BINARY, "--listen", "127.0.0.1:0", "--close-timeout", "600"]);
    Server::run(command)
}

#[test]
fn sighup_stops_it_as_sigterm_does() {
    let mut server = start("--default-signal=HUP");
    let mut client = Client::join(&server, "/");
    server.signal("HUP");
    client.expect_close(1001);
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_with_1_whichever_came_first() {
    for (first, second) in [("HUP", "HUP"), ("TERM", "HUP"), ("HUP", "INT")] {
        let mut server = start("--default-signal=HUP");
        let mut client = Client::join(&server, "/");
        server.signal(first);
        client.expect_close(1001);
        server.signal(second);
        assert_eq!(server.wait().code(), Some(1), "{first}, then {second}");
    }
}

/// As `nohup` starts it.
#[test]
fn sighup_is_ignored_where_it_was_ignored_before() {
    let mut server = start("--ignore-signal=HUP");
    let mut client = Client::join(&server, "/");
    for _ in 0..3 {
        server.signal("HUP");
        client.settle();
    }
    server.signal("TERM");
    client.expect_close(1001);
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
}
