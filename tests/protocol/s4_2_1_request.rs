//! §4.2.1 (1), RFC 9112: the request line taken apart, its version, bodies, and which refusal comes first.

use chinwag::protocol::handshake::{Method, Request};
use chinwag::protocol::handshake_error::HandshakeError::{self, *};
use chinwag::protocol::origin::Authority;

use crate::requests::*;

#[test]
fn of_all_100_versions_1_1_is_taken_and_1_0_where_it_only_asks() {
    for (major, minor) in (0..100).map(|version| (version / 10, version % 10)) {
        for (method, lines) in [
            ("GET", &[HOST][..]),
            ("HEAD", &[HOST, "Upgrade: websocket"]),
            ("OPTIONS", &[HOST]),
            ("GET", &[HOST, "Upgrade: h2c", "Sec-WebSocket-Version: 13"]),
            ("GET", &[HOST, "Upgrade: h2c, WebSocket"]),
            ("POST", &[HOST]),
            ("DELETE", &[HOST]),
        ] {
            let only_asks =
                !["POST", "DELETE"].contains(&method) && !lines.contains(&"Upgrade: h2c, WebSocket");
            let is_taken = (major, minor) == (1, 1) || ((major, minor) == (1, 0) && only_asks);
            let bytes = head(&format!("{method} / HTTP/{major}.{minor}"), lines);
            assert_eq!(refusal(&bytes), (!is_taken).then_some(HttpVersion), "{method} {major}.{minor}");
        }
    }
}

#[test]
fn by_http_1_0_a_host_may_be_lacking_but_not_wrong() {
    for (lines, expected) in [
        (&[][..], Ok(None)),
        (&[HOST], Ok(Authority::parse(b"127.0.0.1:8080"))),
        (&["Host:"], Err(InvalidHost)),
        (&["Host: a b"], Err(InvalidHost)),
        (&[HOST, HOST], Err(InvalidHost)),
    ] {
        let bytes = head("GET / HTTP/1.0", lines);
        assert_eq!(parse(&bytes).map(|request| request.host), expected, "{lines:?}");
    }
    // Nobody has said that the target's is this server's name.
    assert_eq!(refusal(&head("GET http://a/ HTTP/1.0", &[])), Some(InvalidHost));
    assert_eq!(refusal(&head("GET http://a/ HTTP/1.0", &["Host: a"])), None);
}

#[test]
fn a_method_is_known_by_its_case() {
    let known =
        [("GET", Method::Get), ("HEAD", Method::Head), ("POST", Method::Post), ("OPTIONS", Method::Options)];
    for (name, method) in known {
        assert_eq!(parse(&head(&format!("{name} / HTTP/1.1"), &[HOST])).unwrap().method, method);
    }
    let others = [
        "get", "Get", "GE", "GETT", "head", "HEADS", "Post", "PUT", "DELETE", "options", "TRACE", "CONNECT",
        "PRI", "X",
    ];
    for name in others {
        let bytes = head(&format!("{name} / HTTP/1.1"), &[HOST]);
        assert_eq!(parse(&bytes).unwrap().method, Method::Other, "{name}");
    }
}

#[test]
fn a_target_of_another_form_is_of_another_method() {
    let bytes = head("OPTIONS * HTTP/1.1", &[HOST]);
    let request = parse(&bytes).unwrap();
    assert_eq!((request.method, request.path), (Method::Options, "*"));
    assert_eq!(parse(&head("CONNECT example.org:443 HTTP/1.1", &[HOST])).unwrap().method, Method::Other);
}

/// Target; path and query. Nothing is decoded or normalised.
const TARGETS: [(&str, &str, Option<&str>); 20] = [
    ("/", "/", None),
    ("/kitchen", "/kitchen", None),
    ("/kitchen?name=alice&history=20", "/kitchen", Some("name=alice&history=20")),
    ("/?", "/", Some("")),
    ("/??a", "/", Some("?a")),
    ("/?a?b", "/", Some("a?b")),
    ("/?a/b", "/", Some("a/b")),
    ("/?http://example.org/", "/", Some("http://example.org/")),
    ("//", "//", None),
    ("//example.org/a", "//example.org/a", None),
    ("/a/../b", "/a/../b", None),
    ("/%6bitchen?%3F", "/%6bitchen", Some("%3F")),
    ("/a#b", "/a#b", None),
    ("/a;b=c", "/a;b=c", None),
    ("http://127.0.0.1:8080", "/", None),
    ("http://127.0.0.1:8080/", "/", None),
    ("http://127.0.0.1:8080?a", "/", Some("a")),
    ("http://127.0.0.1:8080?a/b", "/", Some("a/b")),
    ("ws://127.0.0.1:8080/a/b?c", "/a/b", Some("c")),
    ("WSS://127.0.0.1:8080//a?", "//a", Some("")),
];

#[test]
fn a_target_is_its_path_and_its_query() {
    for (target, path, query) in TARGETS {
        let bytes = head(&format!("GET {target} HTTP/1.1"), &[HOST]);
        let request = parse(&bytes).unwrap();
        assert_eq!((request.path, request.query), (path, query), "{target}");
    }
}

#[test]
fn an_empty_line_before_it_changes_nothing() {
    let bytes = [b"\r\n", &head("GET /a?b HTTP/1.1", &[HOST])[..]].concat();
    let request = parse(&bytes).unwrap();
    assert_eq!((request.method, request.path, request.query), (Method::Get, "/a", Some("b")));
}

#[test]
fn what_comes_after_the_head_is_handed_back() {
    for rest in
        [&b""[..], b"\x81\x85\x37\xfa\x21\x3d", b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\0"]
    {
        let bytes = [&get(&HANDSHAKE), rest].concat();
        let (request, after) = Request::parse(&bytes).unwrap().expect("complete");
        assert_eq!(after, rest);
        assert!(request.handshake().is_ok());
    }
}

#[test]
fn no_strict_prefix_is_a_request() {
    let bytes = get(&HANDSHAKE);
    for len in 0..bytes.len() {
        assert!(matches!(Request::parse(&bytes[..len]), Ok(None)), "{len} bytes");
    }
}

mod body {
    use super::*;

    #[test]
    fn of_no_bytes_may_be_announced_once() {
        for line in ["Content-Length: 0", "content-length:0", "CONTENT-LENGTH: \t0 \t"] {
            assert_eq!(refusal(&get(&[line])), None, "{line}");
        }
    }

    /// What a proxy and a server read differently is how requests are smuggled (RFC 9112 §11.2).
    #[test]
    fn is_refused_in_whatever_way_it_is_announced() {
        let announced: [&[&str]; 23] = [
            &["Content-Length: 1"],
            &["content-length: 5"],
            &["Content-Length:"],
            &["Content-Length: 00"],
            &["Content-Length: +0"],
            &["Content-Length: -0"],
            &["Content-Length: 0x0"],
            &["Content-Length: 0.0"],
            &["Content-Length: 0 0"],
            &["Content-Length: 0, 0"],
            &["Content-Length: 0,"],
            &["Content-Length: 10"],
            &["Content-Length: \"0\""],
            &["Content-Length: zero"],
            &["Content-Length: 18446744073709551616"],
            &["Content-Length: 0", "Content-Length: 0"],
            &["Content-Length: 0", "a: b", "content-length: 5"],
            &["Transfer-Encoding: chunked"],
            &["transfer-encoding: identity"],
            &["Transfer-Encoding:"],
            &["TRANSFER-ENCODING: \tchunked, gzip"],
            &["Content-Length: 0", "Transfer-Encoding: chunked"],
            &["Transfer-Encoding: xchunked", "Content-Length: 0"],
        ];
        for lines in announced {
            assert_eq!(refusal(&get(lines)), Some(UnexpectedBody), "{lines:?}");
            let of_handshake = [&HANDSHAKE, lines].concat();
            assert_eq!(refusal(&get(&of_handshake)), Some(UnexpectedBody), "{lines:?} in a handshake");
        }
    }

    #[test]
    fn is_not_announced_by_fields_of_a_like_name() {
        let lines =
            ["Content-Lengt: 1", "Content-Length-: 1", "Content_Length: 1", "X-Transfer-Encoding: chunked"];
        assert_eq!(refusal(&get(&lines)), None);
        assert_eq!(refusal(&get(&["a: Content-Length: 1", "b: Transfer-Encoding: chunked"])), None);
    }
}

/// All combinations of what may be wrong with a head: of several refusals, the first in the order of the contract.
#[test]
fn of_several_refusals_the_first_is_the_answer() {
    for faults in 0..16 {
        let has = |fault: u8| faults & fault != 0;
        let version = if has(2) { "GET / HTTP/2.0" } else { REQUEST_LINE };
        let host = if has(4) { "Host: a b" } else { HOST };
        let body = if has(8) { "Content-Length: 5" } else { "Content-Length: 0" };
        let syntax = if has(1) { "a : b" } else { "a: b" };
        let order = [(1, MalformedHead), (2, HttpVersion), (4, InvalidHost), (8, UnexpectedBody)];
        let expected: Option<HandshakeError> =
            order.into_iter().find(|(fault, _)| has(*fault)).map(|(_, refusal)| refusal);
        for lines in [[host, body, syntax], [syntax, body, host]] {
            assert_eq!(refusal(&head(version, &lines)), expected, "{version}, {lines:?}");
        }
    }
}

/// The method is for the server to refuse, after all that the parser refuses.
#[test]
fn the_method_comes_after_the_host_and_the_body() {
    assert_eq!(refusal(&head("POST / HTTP/1.1", &[])), Some(InvalidHost));
    assert_eq!(refusal(&head("PUT / HTTP/1.1", &[HOST, "Content-Length: 5"])), Some(UnexpectedBody));
    assert_eq!(refusal(&head("PUT / HTTP/1.1", &[HOST])), None);
}

/// How long it is, the server has to read.
#[test]
fn a_post_has_a_body_without_a_coding() {
    for length in ["5", "0", "x", "", "5, 5", "18446744073709551616"] {
        assert_eq!(refusal(&head("POST / HTTP/1.1", &[HOST, &format!("Content-Length: {length}")])), None);
    }
    for lines in [&["Transfer-Encoding: chunked"][..], &["Content-Length: 5", "Transfer-Encoding: identity"]]
    {
        let lines = [&[HOST], lines].concat();
        assert_eq!(refusal(&head("POST / HTTP/1.1", &lines)), Some(UnexpectedBody));
    }
    assert_eq!(refusal(&head("post / HTTP/1.1", &[HOST, "Content-Length: 5"])), Some(UnexpectedBody));
}
