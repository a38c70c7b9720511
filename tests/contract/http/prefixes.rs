//! Verdicts that fall at the first byte that decides them: nothing more is sent than stands here.

use crate::support::Server;
use crate::support::http::ask_bytes;

#[test]
fn answers_400_at_the_byte_that_decides() {
    let server = Server::start(&["--handshake-timeout", "600"]);
    let table: &[&[u8]] = &[
        b"\x16",
        b"\x00",
        b"\x80",
        b" ",
        b"\n",
        b"\rG",
        b"\r\n ",
        b"\r\n\x00",
        b"G\r",
        b"GET\r",
        b"GET\t",
        b"GE\xc3",
        b"G(",
        b"GET  ",
        b"GET /\x00",
        b"GET /\x7f",
        b"GET /\r",
        b"GET /\n",
        b"GET /\t",
        b"GET / x",
        b"GET / h",
        b"GET /  ",
        b"GET / HX",
        b"GET / HTTP ",
        b"GET / HTTP/x",
        b"GET / HTTP/1,",
        b"GET / HTTP/11",
        b"GET / HTTP/1.x",
        b"GET / HTTP/1.1 ",
        b"GET / HTTP/1.1\n",
        b"GET / HTTP/1.10",
        b"GET / HTTP/1.1\rX",
        b"GET / HTTP/1.1\r\n ",
        b"GET / HTTP/1.1\r\n\t",
        b"GET / HTTP/1.1\r\n:",
        b"GET / HTTP/1.1\r\n\n",
        b"GET / HTTP/1.1\r\n\x00",
        b"GET / HTTP/1.1\r\n\rX",
        b"GET / HTTP/1.1\r\nHost\r",
        b"GET / HTTP/1.1\r\nHost ",
        b"GET / HTTP/1.1\r\nHost\t",
        b"GET / HTTP/1.1\r\nH\xc3",
        b"GET / HTTP/1.1\r\nX: a\n",
        b"GET / HTTP/1.1\r\nX: a\rb",
        b"GET / HTTP/1.1\r\nX: a\x00",
        b"GET / HTTP/1.1\r\nX: a\x7f",
        b"GET / HTTP/1.1\r\nX:\x1b",
        b"GET / HTTP/1.1\r\nX: a\r\n ",
        b"GET / HTTP/1.1\r\nX: a\r\n\t",
        b"PRI * HTTP/2.0\r\n",
    ];
    for bytes in table {
        assert_eq!(ask_bytes(&server, bytes).status, 400, "for {} and no more", bytes.escape_ascii());
    }
}

/// Its name says 2.0, but it is no request of that version: nothing that follows could make it one.
#[test]
fn knows_the_preface_of_http_2() {
    let server = Server::start(&["--handshake-timeout", "600"]);
    for bytes in [&b"PRI * HTTP/2.0"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        assert_eq!(ask_bytes(&server, bytes).status, 400, "for {}", bytes.escape_ascii());
    }
}
