//! Which origins may open a socket.

use crate::support::{Client, Head, Server, ask};

#[track_caller]
fn admits(server: &Server, host: &str, origin: &str, admitted: bool) {
    let head = Head::upgrade("/").set("Host", host).with("Origin", origin).bytes();
    let status = Client::try_join(server, &head).map_or_else(|status| status, |_| 101);
    assert_eq!(status, if admitted { 101 } else { 403 }, "Host: {host}, Origin: {origin}");
}

#[test]
fn no_origin_is_no_browser_and_is_allowed() {
    let server = Server::start(&[]);
    Client::send_head(&server, &Head::upgrade("/").bytes()).settle();
}

#[test]
fn an_origin_with_the_host_and_port_of_host_is_allowed() {
    let server = Server::start(&[]);
    let table = [
        ("localhost", "http://localhost"),
        ("localhost", "http://localhost:80"),
        ("localhost:80", "http://localhost"),
        ("localhost", "https://localhost"),
        ("localhost", "https://localhost:443"),
        ("localhost:443", "https://localhost"),
        ("localhost:8080", "http://localhost:8080"),
        ("localhost:8080", "https://localhost:8080"),
        ("LOCALHOST:8080", "http://localhost:8080"),
        ("localhost:8080", "HTTP://LocalHost:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("[::1]", "http://[::1]"),
    ];
    for (host, origin) in table {
        admits(&server, host, origin, true);
    }
}

#[test]
fn an_origin_with_another_host_or_port_is_403() {
    let server = Server::start(&[]);
    let table = [
        ("localhost", "http://localhost:8080"),
        ("localhost:8080", "http://localhost"),
        ("localhost:8080", "http://localhost:8081"),
        ("localhost", "http://localhost:443"),
        ("localhost", "https://localhost:80"),
        ("localhost:443", "http://localhost"),
        ("localhost:80", "https://localhost"),
        ("localhost:8080", "http://localhost:80801"),
        ("localhost", "http://127.0.0.1"),
        ("127.0.0.1", "http://localhost"),
        ("[::1]", "http://localhost"),
        ("localhost", "http://evil.example"),
        ("localhost", "http://localhost.evil.example"),
        ("localhost", "http://evil.example.localhost"),
        ("localhost", "https://sub.localhost"),
    ];
    for (host, origin) in table {
        admits(&server, host, origin, false);
    }
}

const UNPARSABLE: &[&str] = &[
    "",
    "null",
    "localhost",
    "//localhost",
    "http:",
    "http:localhost",
    "http:/localhost",
    "http://",
    "http:///localhost",
    "://localhost",
    "http://localhost/",
    "http://localhost/room",
    "http://localhost?",
    "http://localhost#",
    "http://me@localhost",
    "http://evil.example@localhost",
    "http://localhost:x",
    "http://localhost:65536",
    "http://localhost:80:80",
    "http://localhost http://localhost",
    "http://localhost, http://localhost",
    "http://local host",
    "http://[localhost]",
    "http://localhost\\",
    "*",
];

#[test]
fn a_null_or_unparsable_origin_is_403() {
    let server = Server::start(&[]);
    for origin in UNPARSABLE {
        admits(&server, "localhost", origin, false);
    }
}

#[test]
fn two_origins_are_403() {
    let server = Server::start(&["--allow-origin", "https://chat.example.org"]);
    for (a, b) in [
        ("http://localhost", "http://localhost"),
        ("http://localhost", "http://evil.example"),
        ("https://chat.example.org", "https://chat.example.org"),
        ("", "http://localhost"),
    ] {
        let head = Head::upgrade("/").with("Origin", a).with("origin", b);
        assert_eq!(ask(&server, &head).status, 403, "{a} and {b}");
    }
}

#[test]
fn an_origin_named_with_allow_origin_is_allowed() {
    let options =
        ["--allow-origin", "https://Chat.example.org", "--allow-origin", "http://other.example:8080"];
    let server = Server::start(&options);
    let own = server.address.to_string();
    for (origin, admitted) in [
        ("https://chat.example.org", true),
        ("https://CHAT.EXAMPLE.ORG", true),
        ("HTTPS://chat.example.org:443", true),
        ("http://other.example:8080", true),
        ("http://chat.example.org", false),
        ("https://chat.example.org:444", false),
        ("https://chat.example.org:80", false),
        ("https://other.example:8080", false),
        ("http://other.example", false),
        ("https://sub.chat.example.org", false),
        ("https://chat.example.org.evil.example", false),
        ("https://example.org", false),
        ("null", false),
        ("https://chat.example.org/", false),
    ] {
        for host in ["localhost", "127.0.0.1:8080", &own] {
            admits(&server, host, origin, admitted);
        }
    }
    admits(&server, &own, &format!("http://{own}"), true);
    admits(&server, "chat.example.org", "https://chat.example.org", true);
}

#[test]
fn a_default_port_in_allow_origin_counts_for_nothing() {
    let server =
        Server::start(&["--allow-origin=https://a.example:443", "--allow-origin=http://b.example:80"]);
    for (origin, admitted) in [
        ("https://a.example", true),
        ("https://a.example:443", true),
        ("http://b.example", true),
        ("http://a.example", false),
        ("https://b.example", false),
    ] {
        admits(&server, "localhost", origin, admitted);
    }
}

#[test]
fn allow_origin_star_allows_every_origin() {
    let server = Server::start(&["--allow-origin", "*"]);
    for origin in
        ["http://localhost", "https://evil.example", "http://evil.example:8080", "https://[2001:db8::1]"]
    {
        admits(&server, "localhost", origin, true);
        admits(&server, "evil.example", origin, true);
    }
}

/// An origin is asked for on a handshake; who only reads the page may come from anywhere.
#[test]
fn an_origin_counts_on_a_handshake_only() {
    let server = Server::start(&[]);
    for path in ["/", "/kitchen", "/page.js", "/page.css", "/healthz", "/metrics"] {
        for origin in ["https://evil.example", "null", ""] {
            assert_eq!(ask(&server, &Head::get(path).with("Origin", origin)).status, 200, "{path}");
        }
    }
}
