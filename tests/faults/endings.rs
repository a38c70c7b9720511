//! A server that is told to end in the midst of a fault.

use crate::peers::{limit, limit_as, talk_until};
use crate::scarcity::{as_another_user, can_limit, nobody};
use crate::support::http::read_head;
use crate::support::{Client, Server, metrics};
use crate::vitals;
use std::net::TcpStream;

/// It ends after its close timeout; without one it would wait for ever for those who stay.
#[track_caller]
fn expect_end(mut server: Server, mut client: Client) {
    server.signal("TERM");
    client.expect_close(1001);
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn without_descriptors() {
    if !can_limit("an end without descriptors") {
        return;
    }
    let server = Server::start(&["--quiet", "--close-timeout", "1"]);
    let client = Client::join(&server, "/");
    limit(&server, &format!("nofile={}:", vitals::descriptor_limit(server.pid())));
    let _crowd: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
    expect_end(server, client);
}

#[test]
fn without_threads() {
    let user = nobody(2);
    let server =
        can_limit("an end without threads").then(|| as_another_user(user, &["--close-timeout", "1"]));
    let Some(server) = server.flatten() else {
        return;
    };
    let client = Client::join(&server, "/");
    limit_as(user, &server, "nproc=1:");
    // They are being refused, and do not go.
    let mut refused: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
    assert_eq!(read_head(&mut refused[0]).0.status, 503);
    expect_end(server, client);
}

#[test]
fn with_a_full_house_and_readers_that_stopped() {
    let options = ["--quiet", "--close-timeout", "1", "--max-lag", "64M", "--max-clients", "12"];
    let server = Server::start(&options);
    let client = Client::join(&server, "/elsewhere");
    let _still: Vec<_> = (0..10).map(|_| Client::join(&server, "/")).collect();
    // They are behind by more than their sockets take, and not dropped.
    let mut times = 0;
    talk_until(&server, "/", 64 << 10, || {
        times += 1;
        times > 10
    });
    assert_eq!(metrics::value(&server, "chinwag_clients_dropped_total{reason=\"lag\"}"), 0.0);
    let _silent: Vec<_> = (0..17).map(|_| server.connect()).collect();
    expect_end(server, client);
}
