//! Where it listens, and the one line that says so.

use crate::support::server::run;
use crate::support::{Client, Head, Server, ask};
use std::net::TcpListener;

#[test]
fn says_once_where_it_listens() {
    let mut server = Server::start(&[]);
    assert_ne!(server.address.port(), 0);
    let mut client = Client::join(&server, "/");
    client.settle();
    drop(client);
    let expected = format!("listening on http://127.0.0.1:{}/", server.address.port());
    server.stop();
    assert_eq!(server.stdout.to_end(), [expected]);
}

#[test]
fn quiet_still_says_where_it_listens() {
    let mut server = Server::start(&["--quiet"]);
    server.stop();
    assert_eq!(server.stdout.to_end().len(), 1);
}

#[test]
fn listens_on_ipv6() {
    let server = Server::at("[::1]:0", &[]);
    let expected = format!("listening on http://[::1]:{}/", server.address.port());
    assert_eq!(server.stdout.lines(), [expected]);
    let host = server.address.to_string();
    assert_eq!(ask(&server, &Head::get("/healthz").set("Host", &host)).status, 200);
    Client::join(&server, "/").settle();
}

#[test]
fn listens_on_the_port_it_is_given() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // Nobody else has this address, so the port just found free stays so.
    let listen = format!("127.94.61.7:{port}");
    assert_eq!(Server::at(&listen, &[]).address.to_string(), listen);
}

#[test]
fn exits_1_if_it_cannot_bind() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let other = Server::start(&[]);
    // The last is an address for documentation, which no machine has.
    for address in [taken, other.address.to_string(), "192.0.2.1:0".to_string()] {
        // What there would be to warn of does not matter then.
        let ended = run(&["--listen", &address, "--max-clients", "1000000"]);
        assert_eq!(ended.code, Some(1), "{address}");
        assert_eq!(ended.stdout, [""; 0]);
        assert_eq!(ended.stderr.len(), 1, "{:#?}", ended.stderr);
        assert!(ended.stderr[0].contains(address.trim_end_matches(":0")), "{:?}", ended.stderr[0]);
    }
}

/// Connections of the last server that linger on the port must not keep the next from starting.
#[test]
fn listens_again_at_once_on_the_port_it_had() {
    let mut server = Server::start(&["--close-timeout", "0.1"]);
    let listen = server.address.to_string();
    let mut client = Client::join(&server, "/");
    server.signal("TERM");
    client.expect_close(1001);
    server.wait();
    Client::join(&Server::at(&listen, &[]), "/").settle();
}

#[test]
fn warns_of_too_few_descriptors() {
    let server = Server::in_shell("ulimit -n 64; exec \"$@\"", &["--max-clients", "1024"]);
    server.stderr.wait_for("a warning", |line| line.contains("1024") || line.contains("64"));
    let mut enough = Server::in_shell("ulimit -n 256; exec \"$@\"", &["--max-clients", "4"]);
    let lines = enough.stop();
    assert!(!lines.iter().any(|line| line.contains("256") || line.contains("descriptor")), "{lines:#?}");
}

#[test]
fn warns_of_allow_origin_star() {
    let server = Server::start(&["--allow-origin", "*"]);
    server.stderr.wait_for("a warning", |line| line.contains("origin") || line.contains('*'));
}
