//! Where several answers apply to a POST, the first in the contract's order is given.

use crate::support::http::ask_bytes;
use crate::support::{Client, Head, Server};

/// A POST and its body.
type Said = (Head, Vec<u8>);

/// A status and what makes a POST deserve it.
type Defect = (u16, &'static str, fn(Said) -> Said);

/// In the order in which they answer; the last needs a full server.
const DEFECTS: &[Defect] = &[
    (400, "syntax", |said| with(said, "X ", "y")),
    (505, "version", |(head, body)| (head.version("HTTP/1.0"), body)),
    (400, "host", |(head, body)| (head.set("Host", "a b"), body)),
    (400, "coding", |said| with(said, "Transfer-Encoding", "chunked")),
    (413, "length", |(head, body)| (head.set("Content-Length", "65537"), body)),
    (405, "method", |said| with(said, "Upgrade", "websocket")),
    (403, "origin", |said| with(said, "Origin", "https://evil.example")),
    (400, "text", |(head, body)| (head, [b"\xFF", &body[1..]].concat())),
    (403, "forgery", |(head, mut body)| {
        // What is no text stays none.
        if body[0] != b'\xFF' {
            body[..14].copy_from_slice(b"{\"type\":\"left\"");
        }
        (head, body)
    }),
    (503, "room for it", |said| said),
];

fn with((head, body): Said, name: &str, value: &str) -> Said {
    (head.with(name, value), body)
}

fn usual() -> Said {
    let body = vec![b'x'; 20];
    (Head::get("/").method("POST").with("Content-Length", "20"), body)
}

fn full_server() -> (Server, Client) {
    let server = Server::start(&["--max-clients", "1"]);
    let resident = Client::join(&server, "/");
    (server, resident)
}

#[track_caller]
fn answers(server: &Server, status: u16, what: &str, (head, body): &Said) {
    let answer = ask_bytes(server, &[&head.bytes(), &body[..]].concat());
    assert_eq!(answer.status, status, "{what}: {head:?}");
}

#[test]
fn each_defect_of_a_post_has_its_status() {
    let (server, mut resident) = full_server();
    for (status, what, spoil) in DEFECTS {
        answers(&server, *status, what, &spoil(usual()));
    }
    let (head, body) = usual();
    answers(&server, 411, "no length", &(head.without("Content-Length"), body.clone()));
    answers(&server, 400, "no number", &(usual().0.set("Content-Length", "+20"), body));
    resident.settle();
}

#[test]
fn of_two_defects_of_a_post_the_first_answers() {
    let (server, mut resident) = full_server();
    for (first, (status, what, spoil)) in DEFECTS.iter().enumerate() {
        for (_, later, spoil_later) in &DEFECTS[first + 1..] {
            answers(&server, *status, &format!("{what} before {later}"), &spoil_later(spoil(usual())));
        }
    }
    resident.settle();
}
