//! Heads that are malformed, hosts that are none, bodies.

use super::all_get;
use crate::support::frame;
use crate::support::http::ask_bytes;
use crate::support::{Client, Head, Server, ask};

#[track_caller]
fn each_gets_400(server: &Server, table: &[&[u8]]) {
    for bytes in table {
        let text = bytes.escape_ascii().to_string();
        assert_eq!(ask_bytes(server, bytes).status, 400, "for {text}");
    }
}

#[test]
fn answers_400_to_a_request_line_that_is_none() {
    let server = Server::start(&[]);
    let lines: &[&[u8]] = &[
        b"GET /\r\nHost: localhost\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / \r\nHost: localhost\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /  HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n",
        b"GET\t/\tHTTP/1.1\r\nHost: localhost\r\n\r\n",
        b" GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / http/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1x\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/11\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.10\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1,1\r\nHost: localhost\r\n\r\n",
        b"GET / HTP/1.1\r\nHost: localhost\r\n\r\n",
        b"G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\x7f HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET room HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\nHost: localhost\n\n",
        b"GET / HTTP/1.1\rHost: localhost\r\n\r\n",
        b"\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x00\x00\x00",
        b"\xffSMB\r\n",
    ];
    each_gets_400(&server, lines);
}

#[test]
fn answers_400_to_a_malformed_header() {
    let server = Server::start(&[]);
    let fields: &[&[u8]] = &[
        b"X : y\r\n",
        b"X\t: y\r\n",
        b" X: y\r\n",
        b"X: y\r\n folded\r\n",
        b"X: y\r\n\tfolded\r\n",
        b": y\r\n",
        b"X\r\n",
        b"X\xc3\xa9: y\r\n",
        b"X(: y\r\n",
        b"X/Y: y\r\n",
        b"X Y: z\r\n",
        b"\"X\": y\r\n",
        b"X\x00: y\r\n",
        b"X\x7f: y\r\n",
        b"X: y\n",
        b"X: y\rZ: z\r\n",
        b"X: y\r\r\n",
        b"X: \x00\r\n",
        b"X: a\x00b\r\n",
        b"X: a\x01b\r\n",
        b"X: a\x0bb\r\n",
        b"X: a\x1bb\r\n",
        b"X: a\x1fb\r\n",
        b"X: a\x7fb\r\n",
    ];
    for field in fields {
        for start in [b"GET / HTTP/1.1\r\nHost: localhost\r\n".to_vec(), b"GET / HTTP/1.1\r\n".to_vec()] {
            each_gets_400(&server, &[&[start.as_slice(), field, b"\r\n"].concat()]);
        }
    }
}

#[test]
fn answers_400_to_every_control_byte_in_a_value_but_tab() {
    let server = Server::start(&[]);
    for byte in 0..=255_u8 {
        let head = [b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a".as_slice(), &[byte], b"b\r\n\r\n"].concat();
        let expected = if byte != b'\t' && byte.is_ascii_control() { 400 } else { 200 };
        assert_eq!(ask_bytes(&server, &head).status, expected, "{byte:#04x} in a value");
    }
}

#[test]
fn answers_400_to_a_header_name_that_is_no_token() {
    let server = Server::start(&[]);
    for byte in (0..=255_u8).filter(|byte| *byte != b':') {
        let head = [b"GET / HTTP/1.1\r\nHost: localhost\r\nX".as_slice(), &[byte], b"Y: z\r\n\r\n"].concat();
        let token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert_eq!(ask_bytes(&server, &head).status, if token { 200 } else { 400 }, "{byte:#04x} in a name");
    }
}

#[test]
fn takes_a_head_that_is_merely_odd() {
    let server = Server::start(&[]);
    let table: &[&[u8]] = &[
        b"\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhOsT:localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: \t localhost \t \r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX:\r\nHost: localhost\r\nY: \r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n!#$%&'*+-.^_`|~09: y\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a:b: c, \"d\"\r\nX: e\r\n\r\n",
    ];
    for bytes in table {
        assert_eq!(ask_bytes(&server, bytes).text(), "ok", "for {}", bytes.escape_ascii());
    }
}

#[test]
fn answers_400_to_a_host_that_is_none() {
    let server = Server::start(&["--allow-origin", "*"]);
    let table = [
        "",
        "a b",
        "local host",
        "localhost:x",
        "localhost:65536",
        "localhost:-1",
        "localhost:1:2",
        "localhost:80 80",
        "[::1",
        "::1",
        "[::1]x",
        "[localhost]",
        "[]",
        "[::1]:x",
        "[1:2]",
        "a/b",
        "http://localhost",
        "me@localhost",
        "a?b",
        "a#b",
        "a\\b",
        "<a>",
        "localhost:0x50",
        ":80",
        "localhost, localhost",
        "\"localhost\"",
        "[::1%25lo]:x",
    ];
    for head in [Head::get, Head::upgrade] {
        all_get(&server, 400, table.map(|host| head("/").set("Host", host)));
        all_get(&server, 400, [head("/").without("Host")]);
        all_get(&server, 400, [head("/").with("Host", "localhost"), head("/").with("host", "other")]);
    }
}

#[test]
fn answers_400_to_a_body() {
    let server = Server::start(&[]);
    let lengths = ["1", "5", "00", "0, 0", "0,0", "-0", "+0", "", "x", "0x0", "18446744073709551616", "0 0"];
    for head in [Head::get, Head::upgrade] {
        all_get(&server, 400, lengths.map(|length| head("/").with("Content-Length", length)));
        all_get(&server, 400, [head("/").with("Content-Length", "0").with("content-length", "0")]);
        all_get(&server, 400, [head("/").with("Content-Length", "0").with("Content-Length", "5")]);
        for coding in ["chunked", "identity", "", "gzip, chunked", "xchunked"] {
            all_get(&server, 400, [head("/").with("Transfer-Encoding", coding)]);
        }
    }
    all_get(&server, 200, [Head::get("/").with("Content-Length", "0")]);
    all_get(&server, 101, [Head::upgrade("/").with("Content-Length", "0")]);
}

#[test]
fn a_body_is_never_read_as_frames() {
    let server = Server::start(&[]);
    let mut witness = Client::join(&server, "/");
    let smuggled = frame::text("smuggled");
    for (name, value) in
        [("Content-Length", smuggled.len().to_string()), ("Transfer-Encoding", "chunked".into())]
    {
        let head = Head::upgrade("/").with(name, &value).bytes();
        assert_eq!(ask_bytes(&server, &[head, smuggled.clone()].concat()).status, 400);
    }
    Client::join(&server, "/").text("first");
    witness.expect_text("first");
    assert_eq!(ask(&server, &Head::get("/healthz")).status, 200);
}
