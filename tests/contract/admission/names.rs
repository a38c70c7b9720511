//! The names a server is told that it has, and those that everyone's loopback has.

use super::network;
use crate::support::server::run;
use crate::support::{Client, Head, Server, ask};
use std::net::{SocketAddr, TcpStream};

/// The page, health and the handshake are for whoever asks by an allowed name, and for nobody else.
#[track_caller]
fn answers(server: &Server, host: &str, allowed: bool) {
    let expected = if allowed { [200, 200, 101] } else { [403; 3] };
    let get = |path: &str| ask(server, &Head::get(path).set("Host", host)).status;
    let handshake = Head::upgrade("/kitchen").set("Host", host).bytes();
    let joined = Client::try_join(server, &handshake).map_or_else(|status| status, |_| 101);
    assert_eq!([get("/"), get("/healthz"), joined], expected, "page, health, handshake for Host: {host}");
}

#[test]
fn every_name_below_localhost_is_the_loopback_s() {
    let server = Server::start(&[]);
    for host in ["chat.localhost", "a.b.LocalHost:8080", "localhost.", "localhost.:80", "chat.localhost."] {
        answers(&server, host, true);
    }
    for host in ["localhost..", "localhost.example", "chatlocalhost", "localhost-chat"] {
        answers(&server, host, false);
    }
    // The page of such a name is of the same host.
    let head = Head::upgrade("/").set("Host", "chat.localhost:8080");
    for (origin, status) in [("http://chat.localhost:8080", 101), ("http://localhost:8080", 403)] {
        let joined = Client::try_join(&server, &head.clone().with("Origin", origin).bytes());
        assert_eq!(joined.map_or_else(|status| status, |_| 101), status, "{origin}");
    }
}

#[test]
fn an_ipv6_zone_is_allowed_and_not_compared() {
    let server = Server::start(&[]);
    for host in ["[::1%lo]", "[::1%25lo]:8080", "[::1%1]"] {
        answers(&server, host, true);
    }
    // Well formed, but not of this server.
    answers(&server, "[fe80::1%eth0]", false);
    answers(&server, "[fe80::1%25eth0]:80", false);
    for host in ["[::1%]", "[::1%a b]", "[::1%lo", "::1%lo", "[localhost%lo]"] {
        assert_eq!(ask(&server, &Head::get("/").set("Host", host)).status, 400, "{host}");
    }
}

#[test]
fn one_dot_at_the_end_of_a_name_changes_nothing() {
    let server =
        Server::start(&["--allow-origin", "https://chat.example.org.", "--allow-origin", "http://b.example"]);
    for host in ["chat.example.org", "Chat.example.org.", "chat.example.org.:443", "b.example", "b.example."]
    {
        answers(&server, host, true);
    }
    answers(&server, "chat.example.org..", false);
    for (host, origin, status) in [
        ("localhost", "https://chat.example.org", 101),
        ("localhost", "https://chat.example.org.:443", 101),
        ("localhost", "http://b.example.", 101),
        ("localhost.", "http://localhost", 101),
        ("localhost", "http://localhost.:80", 101),
        ("localhost", "https://chat.example.org..", 403),
    ] {
        let head = Head::upgrade("/").set("Host", host).with("Origin", origin).bytes();
        let joined = Client::try_join(&server, &head);
        assert_eq!(joined.map_or_else(|status| status, |_| 101), status, "Host: {host}, Origin: {origin}");
    }
}

#[test]
fn with_allow_host_it_answers_to_those_names_alone_and_to_the_loopback_s() {
    let options =
        ["--allow-host", "Chat.example.org", "--allow-host=10.0.0.1", "--allow-host", "[2001:db8::1]"];
    // The host of an origin is none of them.
    let server = Server::start(&[&options[..], &["--allow-origin", "https://www.example.org"]].concat());
    for host in [
        "chat.example.org",
        "CHAT.example.org.:8080",
        "10.0.0.1:1",
        "[2001:db8::1]",
        "[2001:DB8:0::1%eth0]:80",
        "localhost",
        "a.localhost",
        "127.0.0.1",
        "[::1]",
        &server.address.to_string(),
    ] {
        answers(&server, host, true);
    }
    for host in
        ["www.example.org", "example.org", "xchat.example.org", "10.0.0.2", "127.0.0.2", "evil.example"]
    {
        answers(&server, host, false);
    }
    // That is about names, not about origins.
    let head = Head::upgrade("/").with("Origin", "https://www.example.org").bytes();
    Client::send_head(&server, &head).settle();
    let head = Head::upgrade("/").with("Origin", "https://chat.example.org");
    assert_eq!(ask(&server, &head).status, 403);
}

#[test]
fn a_star_lets_every_host_in_whatever_it_is_told_of_its_names() {
    let server = Server::start(&["--allow-origin", "*", "--allow-host", "chat.example.org"]);
    for host in ["evil.example", "chat.example.org", "localhost", "10.0.0.1"] {
        answers(&server, host, true);
    }
}

#[test]
fn allow_host_takes_a_host_without_a_port() {
    for host in ["chat.example.org", "localhost", "chat.example.org.", "10.0.0.1", "[::1]", "[fe80::1%eth0]"]
    {
        Server::start(&["--allow-host", host, &format!("--allow-host={host}")]).stop();
    }
    let bad = [
        "",
        "chat.example.org:80",
        "chat.example.org:",
        "::1",
        "[::1",
        "[::1]:80",
        "http://a",
        "a/",
        "a b",
        "me@a",
        "*",
        "*.example.org",
    ];
    for host in bad {
        let ended = run(&[&format!("--allow-host={host}")]);
        assert_eq!((ended.code, ended.stdout.len(), ended.stderr.len()), (Some(2), 0, 1), "{host:?}");
        assert!(ended.stderr[0].contains("--allow-host"), "{host:?}: {:?}", ended.stderr[0]);
    }
    // Nor is there a pattern in an origin, but for the star that stands alone.
    for origin in ["https://*.example.org", "https://*", "*://a", "**"] {
        let ended = run(&["--allow-origin", origin]);
        assert_eq!((ended.code, ended.stderr.len()), (Some(2), 1), "{origin}");
    }
}

/// The status of a handshake under this name, sent to this address and so from it.
#[track_caller]
fn handshake(server: &Server, at: &str, host: &str) -> u16 {
    let stream = TcpStream::connect(SocketAddr::new(at.parse().unwrap(), server.address.port())).unwrap();
    let head = Head::upgrade("/").set("Host", host).bytes();
    Client::try_join_on(stream, &head).map_or_else(|status| status, |_| 101)
}

#[test]
fn one_that_others_can_reach_warns_of_any_name_and_stays_with_its_own() {
    let name = "admission::names::one_that_others_can_reach_warns_of_any_name_and_stays_with_its_own";
    if !network::has(name, &["10.9.0.1/32"]) {
        return;
    }
    let mut told_nothing = Server::at("0.0.0.0:0", &["--quiet"]);
    for host in ["evil.example", "chat.example.org", "localhost", "10.9.0.1"] {
        assert_eq!(handshake(&told_nothing, "10.9.0.1", host), 101, "{host}");
    }
    let warnings = told_nothing.stop();
    assert!(warnings.len() == 1 && warnings[0].contains("--allow-host"), "one warning: {warnings:#?}");

    let mut of_an_origin =
        Server::at("0.0.0.0:0", &["--quiet", "--allow-origin", "https://chat.example.org"]);
    for host in
        ["chat.example.org.", "localhost", "a.localhost", "127.0.0.1", "192.168.1.1:80", "[fe80::1%eth0]"]
    {
        assert_eq!(handshake(&of_an_origin, "10.9.0.1", host), 101, "{host}");
    }
    for host in ["evil.example", "example.org", "localhost.evil.example"] {
        assert_eq!(handshake(&of_an_origin, "10.9.0.1", host), 403, "{host}");
        assert_eq!(handshake(&of_an_origin, "127.0.0.1", host), 403, "{host}");
    }
    assert_eq!(of_an_origin.stop(), [""; 0]);

    let mut named = Server::at("10.9.0.1:0", &["--quiet", "--allow-host", "chat.example.org"]);
    for (host, status) in
        [("chat.example.org", 101), ("localhost", 403), ("10.9.0.1", 403), ("evil.example", 403)]
    {
        assert_eq!(handshake(&named, "10.9.0.1", host), status, "{host}");
    }
    assert_eq!(named.stop(), [""; 0]);
    let everywhere = Server::at("0.0.0.0:0", &["--allow-host", "chat.example.org"]);
    for (at, status) in [("127.0.0.1", 101), ("10.9.0.1", 403)] {
        assert_eq!(handshake(&everywhere, at, "localhost"), status, "at {at}");
    }
}
