//! §4.2.1, RFC 9112 §2 to §5: which bytes are a head, and how soon it shows.
//!
//! In each case of the table the last byte is the one that decides. Sizes have a module of their own.

use chinwag::protocol::handshake_error::HandshakeError::{self, MalformedHead};
use chinwag::protocol::head::Head;

use crate::requests::*;

struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    refused: Option<HandshakeError>,
}

fn complete(name: &'static str, bytes: impl AsRef<[u8]>) -> Case {
    Case { name, bytes: bytes.as_ref().into(), refused: None }
}

fn malformed(name: &'static str, bytes: impl AsRef<[u8]>) -> Case {
    Case { name, bytes: bytes.as_ref().into(), refused: Some(MalformedHead) }
}

/// After a request line.
fn malformed_line(name: &'static str, bytes: &[u8]) -> Case {
    malformed(name, [b"GET / HTTP/1.1\r\n", bytes].concat())
}

fn table() -> Vec<Case> {
    let groups = [legal_request_lines(), legal_header_lines(), openings(), targets(), versions(), lines()];
    groups.into_iter().flatten().collect()
}

fn legal_request_lines() -> Vec<Case> {
    vec![
        complete("shortest", "G / HTTP/1.1\r\n\r\n"),
        complete("one empty line before", "\r\nGET / HTTP/1.1\r\n\r\n"),
        complete("another method", "!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\n\r\n"),
        complete("origin form", "GET /a/b?c=d HTTP/1.1\r\n\r\n"),
        complete("each visible character", "GET /!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ HTTP/1.1\r\n\r\n"),
        complete("http", "GET http://example.org/a HTTP/1.1\r\n\r\n"),
        complete("https", "GET https://example.org HTTP/1.1\r\n\r\n"),
        complete("ws", "GET ws://example.org/ HTTP/1.1\r\n\r\n"),
        complete("wss", "GET wss://example.org?a HTTP/1.1\r\n\r\n"),
        complete("scheme in capitals", "GET hTTpS://example.org/ HTTP/1.1\r\n\r\n"),
        complete("asterisk of OPTIONS", "OPTIONS * HTTP/1.1\r\n\r\n"),
        complete("path of OPTIONS", "OPTIONS / HTTP/1.1\r\n\r\n"),
        complete("URL of OPTIONS", "OPTIONS ws://example.org HTTP/1.1\r\n\r\n"),
        complete("authority of CONNECT", "CONNECT example.org:443 HTTP/1.1\r\n\r\n"),
        complete("version 0.9", "GET / HTTP/0.9\r\n\r\n"),
        complete("version 2.0", "GET / HTTP/2.0\r\n\r\n"),
    ]
}

fn legal_header_lines() -> Vec<Case> {
    vec![
        complete("opening handshake", get(&HANDSHAKE)),
        complete("name of one character", "GET / HTTP/1.1\r\na:b\r\n\r\n"),
        complete("name of every kind", "GET / HTTP/1.1\r\n!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n"),
        complete("empty value", "GET / HTTP/1.1\r\na:\r\nb: \t \r\n\r\n"),
        complete("tab in a value", "GET / HTTP/1.1\r\na:\tb\tc\t\r\n\r\n"),
        complete("visible value", "GET / HTTP/1.1\r\na: !\"#[\\]:;{|}~\r\n\r\n"),
        complete("bytes from 0x80 in a value", b"GET / HTTP/1.1\r\na: \x80\xFF\xC3\xA9\r\n\r\n"),
        complete("the same name again", "GET / HTTP/1.1\r\na: b\r\na: b\r\nA: c\r\n\r\n"),
    ]
}

fn openings() -> Vec<Case> {
    vec![
        malformed("TLS ClientHello", b"\x16"),
        malformed("HTTP/2 preface", "PRI *"),
        malformed("NUL", b"\0"),
        malformed("space", " "),
        malformed("bare LF", "\n"),
        malformed("bare CR", "\rG"),
        malformed("two empty lines", "\r\n\r"),
        malformed("two empty lines, the second bare", "\r\n\n"),
        malformed("no method after an empty line", "\r\n "),
        malformed("method no token", "GET("),
        malformed("method not of ASCII", b"G\xC3"),
        malformed("tab after the method", "GET\t"),
        malformed("nothing but a method", "GET\r"),
    ]
}

fn targets() -> Vec<Case> {
    vec![
        malformed("no target", "GET \r"),
        malformed("two spaces before the target", "GET  "),
        malformed("tab before the target", "GET \t"),
        malformed("two spaces after the target", "GET /  "),
        malformed("space in a target", "GET /a b"),
        malformed("tab in a target", "GET /\t"),
        malformed("LF in a target", "GET /\n"),
        malformed("NUL in a target", b"GET /\0"),
        malformed("DEL in a target", b"GET /\x7F"),
        malformed("UTF-8 in a target", b"GET /\xC3"),
        malformed("asterisk of GET", "GET *"),
        malformed("asterisk of POST", "POST *"),
        malformed("asterisk of options", "options *"),
        malformed("asterisk and more", "OPTIONS **"),
        malformed("neither asterisk nor path", "OPTIONS e"),
        malformed("authority of GET", "GET e"),
        malformed("authority of GET that begins like http", "GET ho"),
        malformed("authority of OPTIONS that begins like ws", "OPTIONS ww"),
        malformed("authority of connect", "connect e"),
        malformed("no authority of CONNECT", "CONNECT  "),
        malformed("another scheme", "GET f"),
        malformed("another scheme that begins like https", "GET httpx"),
        malformed("query alone", "GET ?"),
        malformed("http with one slash", "GET http:/e"),
        malformed("https that ends in its scheme", "GET https "),
        malformed("ws that ends in its colon", "GET ws: "),
        malformed("wss that ends in a slash", "GET wss:/ "),
    ]
}

fn versions() -> Vec<Case> {
    vec![
        malformed("HTTP/0.9", "GET /\r"),
        malformed("no version", "GET / \r"),
        malformed("another protocol", "GET / S"),
        malformed("small letters", "GET / h"),
        malformed("no slash", "GET / HTTP1"),
        malformed("no digit", "GET / HTTP/."),
        malformed("no point", "GET / HTTP/1\r"),
        malformed("nothing after the point", "GET / HTTP/1.\r"),
        malformed("letter after the point", "GET / HTTP/1.x"),
        malformed("two digits before the point", "GET / HTTP/11"),
        malformed("two digits after the point", "GET / HTTP/1.10"),
        malformed("space after the version", "GET / HTTP/1.1 "),
        malformed("bare LF after the version", "GET / HTTP/1.1\n"),
        malformed("bare CR after the version", "GET / HTTP/1.1\r\r"),
    ]
}

fn lines() -> Vec<Case> {
    vec![
        malformed_line("space before the first header line", b" "),
        malformed_line("empty name", b":"),
        malformed_line("space before the colon", b"Host "),
        malformed_line("tab before the colon", b"Host\t"),
        malformed_line("no colon", b"Host\r"),
        malformed_line("bare LF after a name", b"Host\n"),
        malformed_line("separator in a name", b"Ho("),
        malformed_line("separator before a name", b"\""),
        malformed_line("UTF-8 in a name", b"H\xC3"),
        malformed_line("NUL in a name", b"H\0"),
        malformed_line("NUL in a value", b"a: b\0"),
        malformed_line("vertical tab in a value", b"a:\x0B"),
        malformed_line("escape in a value", b"a: \x1B"),
        malformed_line("DEL in a value", b"a: b\x7F"),
        malformed_line("bare LF in a value", b"a: b\n"),
        malformed_line("bare CR in a value", b"a: b\rc"),
        malformed_line("two CRs after a value", b"a: b\r\r"),
        malformed_line("folded with a space", b"a: b\r\n "),
        malformed_line("folded with a tab", b"a: b\r\n\t"),
        malformed_line("bare LF as the empty line", b"\n"),
        malformed_line("bare LF as the empty line after another", b"a: b\r\n\n"),
        malformed_line("bare CR as the empty line", b"a: b\r\n\ra"),
        malformed_line("two CRs in the empty line", b"\r\r"),
    ]
}

#[test]
fn decides_with_the_last_byte_of_each_case() {
    for Case { name, bytes, refused } in table() {
        let verdict = refused.map_or(Ok(bytes.len()), Err);
        assert_eq!(scan([&bytes[..]]), Some((verdict, bytes.len())), "{name}, whole");
        assert_eq!(scan(bytes.chunks(1)), Some((verdict, bytes.len())), "{name}, byte by byte");
    }
}

#[test]
fn decides_the_same_at_every_split_into_two() {
    for Case { name, bytes, refused } in table() {
        let verdict = refused.map_or(Ok(bytes.len()), Err);
        for cut in 0..bytes.len() {
            let (first, second) = bytes.split_at(cut);
            assert_eq!(scan([first, second]), Some((verdict, bytes.len())), "{name}, cut at {cut}");
        }
    }
}

/// For each prefix a scanner of its own: what it says does not come from having been asked before.
#[test]
fn needs_more_at_every_strict_prefix() {
    for Case { name, bytes, .. } in table() {
        for len in 0..bytes.len() {
            assert_eq!(Head::new().scan(&bytes[..len]), Ok(None), "{name}, {len} bytes");
        }
    }
}

/// A refusal is never late: without the last byte of a malformed head, one of the endings of legal heads completes it.
#[test]
fn refuses_as_soon_as_nothing_can_complete_it() {
    let legal: Vec<Vec<u8>> =
        [legal_request_lines(), legal_header_lines()].into_iter().flatten().map(|case| case.bytes).collect();
    let endings: Vec<&[u8]> = legal.iter().flat_map(|head| (0..head.len()).map(|at| &head[at..])).collect();
    for Case { name, bytes, .. } in table().into_iter().filter(|case| case.refused.is_some()) {
        let begun = &bytes[..bytes.len() - 1];
        let completes =
            |ending: &&[u8]| Head::new().scan(&[begun, *ending].concat()).is_ok_and(|len| len.is_some());
        assert!(endings.iter().any(completes), "{name}: {}", shown(begun));
    }
}

#[test]
fn leaves_what_comes_after_it_alone() {
    let others = [&b"\r\n"[..], b"\0", b" ", b"\x81\x85", b"GET / HTTP/1.1\r\n\r\n", &[b'x'; 20_000]];
    for Case { name, bytes, refused } in table() {
        let verdict = refused.map_or(Ok(Some(bytes.len())), Err);
        for other in others {
            let all = [&bytes, other].concat();
            assert_eq!(Head::new().scan(&all), verdict, "{name}, then {}", shown(&other[..1]));
        }
    }
}

#[test]
fn looks_at_no_header_line_twice() {
    let mut bytes = get(&HANDSHAKE);
    let mut head = Head::new();
    for len in REQUEST_LINE.len() + 2..bytes.len() {
        assert_eq!(head.scan(&bytes[..len]), Ok(None));
        bytes[..len].fill(0);
    }
    assert_eq!(head.scan(&bytes), Ok(Some(bytes.len())));
}
