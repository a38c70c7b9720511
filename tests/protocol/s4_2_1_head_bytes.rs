//! §4.2.1, RFC 9112: each of the 256 bytes at each place of a head.

use chinwag::protocol::handshake_error::HandshakeError::MalformedHead;
use chinwag::protocol::head::Head;

use crate::requests::shown;

/// RFC 9110 §5.6.2, as it is written there.
const TOKEN: &str = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

/// Asserts that after `before` come these bytes and no others.
fn assert_follow(before: &[u8], expected: &[u8]) {
    for byte in 0..=u8::MAX {
        let bytes = [before, &[byte]].concat();
        let refused = Head::new().scan(&bytes).err();
        let expected = (!expected.contains(&byte)).then_some(MalformedHead);
        assert_eq!(refused, expected, "{}", shown(&bytes));
    }
}

fn assert_follow_all(cases: &[(&str, &[&str])]) {
    for (before, expected) in cases {
        assert_follow(before.as_bytes(), expected.concat().as_bytes());
    }
}

fn visible() -> Vec<u8> {
    (0x21..=0x7E).collect()
}

#[test]
fn a_method_is_a_token() {
    assert_follow_all(&[
        ("", &[TOKEN, "\r"]),
        ("\r", &["\n"]),
        ("\r\n", &[TOKEN]),
        ("G", &[TOKEN, " "]),
        ("GET", &[TOKEN, " "]),
        ("\r\nG", &[TOKEN, " "]),
    ]);
}

#[test]
fn a_target_begins_as_its_method_allows() {
    let cases: [(&str, &[&str]); 8] = [
        ("GET ", &["/hHwW"]),
        ("POST ", &["/hHwW"]),
        ("OPTIONS ", &["/hHwW*"]),
        ("OPTIONS *", &[" "]),
        ("OPTION ", &["/hHwW"]),
        ("OPTIONSS ", &["/hHwW"]),
        ("connect ", &["/hHwW"]),
        ("CONNECTS ", &["/hHwW"]),
    ];
    assert_follow_all(&cases);
    assert_follow(b"CONNECT ", &visible());
}

#[test]
fn a_target_is_of_visible_characters() {
    let visible_or_space = [visible(), vec![b' ']].concat();
    let after_a_start = ["GET /", "GET /a?b", "OPTIONS /", "CONNECT e", "GET http://", "GET WSS://e"];
    for before in after_a_start {
        assert_follow(before.as_bytes(), &visible_or_space);
    }
}

#[test]
fn a_scheme_is_one_of_four() {
    assert_follow_all(&[
        ("GET h", &["tT"]),
        ("GET HtT", &["pP"]),
        ("GET http", &["sS:"]),
        ("GET http:", &["/"]),
        ("GET http:/", &["/"]),
        ("GET https", &[":"]),
        ("GET https:", &["/"]),
        ("GET https:/", &["/"]),
        ("GET w", &["sS"]),
        ("GET ws", &["sS:"]),
        ("GET ws:", &["/"]),
        ("GET WSS", &[":"]),
        ("GET wss:/", &["/"]),
    ]);
}

#[test]
fn a_version_is_http_and_two_digits() {
    assert_follow_all(&[
        ("GET / ", &["H"]),
        ("GET / H", &["T"]),
        ("GET / HT", &["T"]),
        ("GET / HTT", &["P"]),
        ("GET / HTTP", &["/"]),
        ("GET / HTTP/", &[DIGITS]),
        ("GET / HTTP/1", &["."]),
        ("GET / HTTP/1.", &[DIGITS]),
        ("GET / HTTP/1.1", &["\r"]),
        ("GET / HTTP/1.1\r", &["\n"]),
    ]);
}

#[test]
fn a_name_is_a_token_and_then_a_colon() {
    assert_follow_all(&[
        ("GET / HTTP/1.1\r\n", &[TOKEN, "\r"]),
        ("GET / HTTP/1.1\r\na", &[TOKEN, ":"]),
        ("GET / HTTP/1.1\r\nHost", &[TOKEN, ":"]),
        ("GET / HTTP/1.1\r\na:b\r\n", &[TOKEN, "\r"]),
    ]);
}

#[test]
fn a_value_has_no_control_byte_but_the_tab() {
    let allowed = [visible(), b"\t \r".into(), (0x80..=0xFF).collect()].concat();
    for before in [&b"a:"[..], b"a: ", b"a:\t", b"a: b", b"a: b ", b"a: b:", b"a: \xC3", b"a: b\r\nc:"] {
        assert_follow(&[b"GET / HTTP/1.1\r\n", before].concat(), &allowed);
    }
}

#[test]
fn a_line_ends_in_cr_and_lf() {
    assert_follow_all(&[
        ("GET / HTTP/1.1\r\na:\r", &["\n"]),
        ("GET / HTTP/1.1\r\na: b\r", &["\n"]),
        ("GET / HTTP/1.1\r\n\r", &["\n"]),
        ("GET / HTTP/1.1\r\na: b\r\n\r", &["\n"]),
    ]);
}

/// The four places in which every byte is legal but a few, in a whole head.
#[test]
fn each_legal_byte_leads_to_a_complete_head() {
    let is_complete = |bytes: &[u8]| Head::new().scan(bytes) == Ok(Some(bytes.len()));
    for byte in 0..=u8::MAX {
        let with = |before: &str, after: &str| [before.as_bytes(), &[byte], after.as_bytes()].concat();
        let (token, visible) = (TOKEN.as_bytes().contains(&byte), visible().contains(&byte));
        let value = visible || byte >= 0x80 || b"\t ".contains(&byte);
        assert_eq!(is_complete(&with("X", "X / HTTP/1.1\r\na: b\r\n\r\n")), token, "{byte:02x}");
        assert_eq!(is_complete(&with("GET /a", "b HTTP/1.1\r\na: b\r\n\r\n")), visible, "{byte:02x}");
        assert_eq!(
            is_complete(&with("GET / HTTP/1.1\r\na", ": b\r\n\r\n")),
            token || byte == b':',
            "{byte:02x}"
        );
        assert_eq!(is_complete(&with("GET / HTTP/1.1\r\na:b", "c\r\n\r\n")), value, "{byte:02x}");
    }
}
