//! §4.2.1 (2), RFC 9112 §3.2: one `Host`, and a target in absolute form that names no other.

use chinwag::protocol::handshake_error::HandshakeError::InvalidHost;
use chinwag::protocol::origin::Authority;

use crate::requests::*;

#[test]
fn is_handed_to_the_caller() {
    for line in ["Host: Example.org:81", "host:Example.org:81", "HOST: \t Example.org:81\t "] {
        let bytes = head(REQUEST_LINE, &["a: b", line]);
        assert_eq!(parse(&bytes).unwrap().host, Authority::parse(b"example.ORG:81"), "{line}");
    }
}

#[test]
fn refuses_none_and_two() {
    let wrong: [&[&str]; 8] = [
        &[],
        &["Hos: a"],
        &["Hosts: a"],
        &["X-Forwarded-Host: a"],
        &["a: Host: b"],
        &["Host: a", "Host: a"],
        &["Host: a", "b: c", "hOST: a"],
        &["Host: a", "Host:"],
    ];
    for lines in wrong {
        assert_eq!(refusal(&head(REQUEST_LINE, lines)), Some(InvalidHost), "{lines:?}");
    }
}

#[test]
fn refuses_what_is_no_host_and_port() {
    let wrong = [
        "", " ", ":80", "a b", "a,b c", "a, b", "a/", "/", "http://a", "a@b", "a:b", "a:80:80", "a: 80",
        "a:-1", "a:65536", "[::1", "::1", "[a]", "\"a\"", "a\\b", "a#b", "a?b", "%", "ü",
    ];
    for value in wrong {
        let bytes = head(REQUEST_LINE, &[&format!("Host: {value}")]);
        assert_eq!(refusal(&bytes), Some(InvalidHost), "{value}");
    }
    assert_eq!(refusal(b"GET / HTTP/1.1\r\nHost: \xFF\r\n\r\n"), Some(InvalidHost));
}

/// Authority in the target, `Host`, and the schemes under which the two are the same.
const PAIRS: [(&str, &str, &str); 19] = [
    ("example.org", "example.org", "http https ws wss"),
    ("EXAMPLE.org", "example.ORG", "http https ws wss"),
    ("example.org:8080", "example.org:8080", "http https ws wss"),
    ("example.org:80", "example.org", "http ws"),
    ("example.org", "example.org:80", "http ws"),
    ("example.org:443", "example.org", "https wss"),
    ("example.org", "example.org:443", "https wss"),
    ("example.org:", "example.org", "http https ws wss"),
    ("[::1]:80", "[0:0:0:0:0:0:0:1]:80", "http https ws wss"),
    ("example.org:8080", "example.org", ""),
    ("example.org", "example.org:8080", ""),
    ("example.org:80", "example.org:443", ""),
    ("evil.example", "example.org", ""),
    ("example.org.", "example.org", "http https ws wss"),
    ("[fe80::1%25eth0]", "[fe80::1%eth1]", "http https ws wss"),
    ("example.org..", "example.org", ""),
    ("127.0.0.1", "localhost", ""),
    ("[::1]", "127.0.0.1", ""),
    ("[::ffff:127.0.0.1]", "127.0.0.1", ""),
];

#[test]
fn must_be_that_of_a_target_in_absolute_form() {
    for (authority, host, schemes) in PAIRS {
        for scheme in ["http", "https", "ws", "wss", "HTTP", "Https", "WS", "wsS"] {
            let is_same = schemes.split(' ').any(|same| same.eq_ignore_ascii_case(scheme));
            let line = format!("GET {scheme}://{authority}/a HTTP/1.1");
            let expected = (!is_same).then_some(InvalidHost);
            assert_eq!(refusal(&head(&line, &[&format!("Host: {host}")])), expected, "{line}, {host}");
        }
    }
}

/// RFC 9110 §4.2.1: "A sender MUST NOT generate an "http" URI with an empty host identifier". §4.2.4: nor with a user.
#[test]
fn refuses_a_target_without_a_valid_authority() {
    let wrong = [
        "",
        "/",
        "?",
        ":8080",
        "user@127.0.0.1:8080",
        "127.0.0.1:8080@evil.example",
        "user:pass@127.0.0.1:8080",
        "evil.example\\@127.0.0.1:8080",
        "127.0.0.1:8080#",
        "127.0.0.1:8080\\",
        "127.0.0.1:8080:8080",
        "127.0.0.1:x",
    ];
    for after in wrong {
        let line = format!("GET http://{after} HTTP/1.1");
        assert_eq!(refusal(&head(&line, &[HOST])), Some(InvalidHost), "{line}");
    }
}

#[test]
fn must_be_there_whatever_the_target_says() {
    for line in ["GET http://127.0.0.1:8080/ HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT a:80 HTTP/1.1"] {
        assert_eq!(refusal(&head(line, &[])), Some(InvalidHost), "{line}");
        assert_eq!(refusal(&head(line, &[HOST, HOST])), Some(InvalidHost), "{line}");
        assert_eq!(refusal(&head(line, &[HOST])), None, "{line}");
    }
}
