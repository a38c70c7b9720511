//! Where several answers apply, the first in the contract's order is given.

use crate::support::http::ask_bytes;
use crate::support::{Client, Head, Server};

/// A status and what makes a handshake deserve it.
type Defect = (u16, &'static str, fn(Head) -> Head);

/// In the order in which they answer; the last needs a full server.
const DEFECTS: &[Defect] = &[
    (400, "syntax", |head| head.with("X ", "y")),
    (505, "version", |head| head.version("HTTP/1.0")),
    (400, "host", |head| head.set("Host", "a b")),
    (400, "body", |head| head.with("Transfer-Encoding", "chunked")),
    (405, "method", |head| head.method("PUT")),
    (404, "path", |head| to(head, "/no/room")),
    (403, "origin", |head| head.with("Origin", "https://evil.example")),
    (426, "upgrade", |head| head.without("Connection")),
    (426, "websocket version", |head| head.set("Sec-WebSocket-Version", "8")),
    (400, "key", |head| head.set("Sec-WebSocket-Key", "short")),
    (400, "query", |head| to(head, "?history=x")),
    (503, "room for it", |head| head),
];

/// Other ways to earn the same place in the order.
const VARIANTS: &[(usize, Defect)] = &[
    (0, (414, "target size", |head| to(head, &format!("?{}", "x".repeat(8192))))),
    (0, (431, "head size", |head| head.with("X-Large", &"x".repeat(16384)))),
    (0, (431, "headers", |head| (0..100).fold(head, |head, n| head.with(&format!("X-{n}"), "")))),
    (2, (400, "no host", |head| head.without("Host"))),
    (2, (400, "two hosts", |head| head.with("Host", "localhost"))),
    (3, (400, "length", |head| head.with("Content-Length", "5"))),
    (5, (404, "healthz", |head| to(head, "/healthz"))),
    (6, (403, "foreign host", |head| set_if_valid(head, "Host", "evil.example"))),
    (
        6,
        (403, "two origins", |head| {
            head.with("Origin", "http://localhost").with("Origin", "http://localhost")
        }),
    ),
    (9, (400, "no key", |head| head.without("Sec-WebSocket-Key"))),
    (10, (400, "name", |head| to(head, "?name=%FF"))),
];

/// Puts a path before what stands in the target, or a query behind it.
fn to(mut head: Head, what: &str) -> Head {
    match what.strip_prefix('?') {
        Some(query) if head.target.contains('?') => head.target += &format!("&{query}"),
        Some(_) => head.target += what,
        None => head.target = what.to_string() + head.target.trim_start_matches('/'),
    }
    head
}

/// A host that is refused must not take the place of one that is none.
fn set_if_valid(head: Head, name: &str, value: &str) -> Head {
    let valid = head.headers.iter().filter(|(other, host)| other == name && !host.contains(' ')).count() == 1;
    if valid { head.set(name, value) } else { head }
}

fn full_server() -> (Server, Client) {
    let server = Server::start(&["--max-clients", "1"]);
    let resident = Client::join(&server, "/");
    (server, resident)
}

#[track_caller]
fn answers(server: &Server, status: u16, what: &str, head: &Head) {
    assert_eq!(ask_bytes(server, &head.bytes()).status, status, "{what}: {head:?}");
}

#[test]
fn each_defect_has_its_status() {
    let (server, _resident) = full_server();
    for (status, what, spoil) in DEFECTS.iter().chain(VARIANTS.iter().map(|(_, defect)| defect)) {
        answers(&server, *status, what, &spoil(Head::upgrade("/")));
    }
}

#[test]
fn of_two_defects_the_first_answers() {
    let (server, _resident) = full_server();
    for (first, (status, what, spoil)) in DEFECTS.iter().enumerate() {
        for (_, later, spoil_later) in &DEFECTS[first + 1..] {
            let pair = format!("{what} before {later}");
            answers(&server, *status, &pair, &spoil_later(spoil(Head::upgrade("/"))));
        }
    }
}

#[test]
fn of_two_defects_the_first_answers_in_every_variant() {
    let (server, _resident) = full_server();
    for (place, (status, what, spoil)) in VARIANTS {
        for (_, later, spoil_later) in &DEFECTS[place + 1..] {
            answers(
                &server,
                *status,
                &format!("{what} before {later}"),
                &spoil_later(spoil(Head::upgrade("/"))),
            );
        }
        for (earlier_status, earlier, spoil_earlier) in &DEFECTS[..*place] {
            let pair = format!("{earlier} before {what}");
            answers(&server, *earlier_status, &pair, &spoil(spoil_earlier(Head::upgrade("/"))));
        }
    }
}

#[test]
fn of_all_that_are_left_the_first_answers() {
    let (server, _resident) = full_server();
    for (first, (status, what, _)) in DEFECTS.iter().enumerate() {
        let spoilt = DEFECTS[first..].iter().fold(Head::upgrade("/"), |head, (_, _, spoil)| spoil(head));
        answers(&server, *status, &format!("{what} and all behind it"), &spoilt);
    }
}
