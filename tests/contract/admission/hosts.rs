//! Which names a server answers to.

use crate::support::{Client, Head, Server, ask};

/// Every kind of request there is gets this, under this name.
#[track_caller]
fn answers(server: &Server, host: &str, allowed: bool) {
    let expected = if allowed { [200, 200, 200, 200, 101] } else { [403; 5] };
    let get = |path: &str| ask(server, &Head::get(path).set("Host", host)).status;
    let handshake = Head::upgrade("/kitchen").set("Host", host).bytes();
    let joined = Client::try_join(server, &handshake).map_or_else(|status| status, |_| 101);
    let got = [get("/"), get("/healthz"), get("/metrics"), get("/page.js"), joined];
    assert_eq!(got, expected, "page, health, metrics, script, handshake for Host: {host}");
}

const FOREIGN: &[&str] = &[
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "evil-localhost",
    "notlocalhost",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "127.0.0.10",
    "0.0.0.0",
    "192.168.1.1",
    "10.0.0.1:80",
    "[::2]",
    "[fe80::1]:80",
    "xn--lcalhost-q2a",
];

#[test]
fn a_host_that_is_no_loopback_name_is_403() {
    let server = Server::start(&[]);
    let own = server.address.to_string();
    for host in [
        "localhost",
        "LocalHost",
        "localhost:1",
        "localhost:65535",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:443",
        &own,
    ] {
        answers(&server, host, true);
    }
    for host in FOREIGN {
        answers(&server, host, false);
    }
}

#[test]
fn the_address_it_is_bound_to_is_an_allowed_host() {
    let server = Server::at("127.0.0.2:0", &[]);
    for host in ["127.0.0.2", "127.0.0.2:9", "127.0.0.1", "localhost", "[::1]"] {
        answers(&server, host, true);
    }
    for host in ["127.0.0.3", "127.0.0.22", "evil.example"] {
        answers(&server, host, false);
    }
}

#[test]
fn a_server_on_the_ipv6_loopback_answers_to_the_same_hosts() {
    let server = Server::at("[::1]:0", &[]);
    for host in ["[::1]", "[::1]:1", "localhost", "127.0.0.1"] {
        answers(&server, host, true);
    }
    for host in ["[::2]", "evil.example", "127.0.0.2"] {
        answers(&server, host, false);
    }
}

#[test]
fn the_host_of_an_allow_origin_is_an_allowed_host() {
    let server = Server::start(&[
        "--allow-origin",
        "https://chat.example.org",
        "--allow-origin",
        "http://Other.Example:8080",
    ]);
    for host in [
        "chat.example.org",
        "CHAT.example.org",
        "chat.example.org:443",
        "chat.example.org:9",
        "other.example",
        "localhost",
    ] {
        answers(&server, host, true);
    }
    for host in ["example.org", "xchat.example.org", "chat.example.org.evil.example", "evil.example"] {
        answers(&server, host, false);
    }
}

#[test]
fn allow_origin_star_allows_every_host() {
    let server = Server::start(&["--allow-origin", "*"]);
    for host in FOREIGN {
        answers(&server, host, true);
    }
}

/// DNS rebinding: the page of a foreign name that now points here has the same host and origin.
#[test]
fn dns_rebinding_gets_403() {
    let server = Server::start(&[]);
    let rebound = format!("evil.example:{}", server.address.port());
    let head = Head::upgrade("/").set("Host", &rebound).with("Origin", &format!("http://{rebound}"));
    assert_eq!(ask(&server, &head).status, 403);
}
