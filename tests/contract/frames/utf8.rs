//! Text must be UTF-8 (§8.1), and the verdict falls at the first byte that decides it.

use super::fails;
use crate::support::frame::{BINARY, CONTINUATION, FIN, Frame, PING, TEXT, masked, unfinished};
use crate::support::{Client, Server};

/// Each is wrong at its last byte and not before.
const WRONG: &[&[u8]] = &[
    b"\x80",
    b"\xBF",
    b"\xC0",
    b"\xC1",
    b"\xF5",
    b"\xF8",
    b"\xFE",
    b"\xFF",
    b"\xC2\x41",
    b"\xC2\x00",
    b"\xC2\xC2",
    b"\xDF\xFF",
    b"\xE0\x80",
    b"\xE0\x9F",
    b"\xE1\x7F",
    b"\xE1\xC0",
    b"\xED\xA0",
    b"\xED\xBF",
    b"\xEF\xBF\x41",
    b"\xF0\x80",
    b"\xF0\x8F",
    b"\xF0\x90\x41",
    b"\xF0\x9F\x98\x41",
    b"\xF4\x90",
    b"\xF4\x8F\xC0",
    b"\xF4\x8F\xBF\xC0",
    b"valid, then \xFF",
    b"\xCE\xBA\xE1\xBD\xB9\xED\xA0",
];

#[test]
fn fails_1007_at_the_byte_that_decides_in_an_unfinished_frame() {
    let server = Server::start(&[]);
    for wrong in WRONG {
        for first in [FIN | TEXT, TEXT] {
            fails(&server, 1007, &unfinished(first, 100, wrong));
            fails(&server, 1007, &unfinished(first, 10_000, wrong));
        }
    }
}

#[test]
fn fails_1007_wherever_text_is_cut_into_frames() {
    let server = Server::start(&[]);
    for wrong in WRONG {
        for cut in 0..wrong.len() {
            let begun = masked(TEXT, &wrong[..cut]);
            fails(&server, 1007, &[begun.clone(), unfinished(CONTINUATION, 90, &wrong[cut..])].concat());
            let ping = masked(FIN | PING, b"");
            let mut client = Client::join(&server, "/");
            client.send(&[begun, ping, unfinished(FIN | CONTINUATION, 90, &wrong[cut..])].concat());
            client.expect_pong(b"");
            client.expect_close(1007);
        }
    }
}

#[test]
fn fails_1007_a_character_that_is_not_whole_at_the_end() {
    let server = Server::start(&[]);
    for part in [&b"\xC2"[..], b"\xE0\xA0", b"\xE2\x82", b"\xF0\x9F\x98", b"ok\xF4\x8F\xBF"] {
        fails(&server, 1007, &masked(FIN | TEXT, part));
        fails(&server, 1007, &[masked(TEXT, part), masked(FIN, b"")].concat());
        fails(&server, 1007, &[masked(TEXT, b"x"), masked(CONTINUATION, part), masked(FIN, b"")].concat());
    }
}

#[test]
fn takes_utf8_cut_anywhere() {
    let server = Server::start(&["--echo"]);
    let mut client = Client::join(&server, "/");
    let text = "aé\u{7FF}\u{800}€\u{D7FF}\u{E000}\u{FFFD}\u{FFFF}\u{10000}😀\u{10FFFF}\0\u{7F}\u{80}";
    let bytes = text.as_bytes();
    for cut in 0..=bytes.len() {
        client.send(&[masked(TEXT, &bytes[..cut]), masked(FIN, &bytes[cut..])].concat());
        client.expect_text(text);
    }
    let (first, rest) = (masked(TEXT, b""), bytes.iter().flat_map(|byte| masked(CONTINUATION, &[*byte])));
    client.send(&first.into_iter().chain(rest).chain(masked(FIN, b"")).collect::<Vec<u8>>());
    client.expect_text(text);
}

#[test]
fn binary_need_not_be_utf8() {
    let server = Server::start(&["--echo"]);
    let mut client = Client::join(&server, "/");
    for wrong in WRONG {
        client.send(&[masked(BINARY, wrong), masked(FIN, wrong)].concat());
        client.expect(&Frame::binary(&wrong.repeat(2)));
    }
}

/// What one message left open is not carried into the next.
#[test]
fn each_message_is_judged_for_itself() {
    let server = Server::start(&["--echo"]);
    let mut client = Client::join(&server, "/");
    client.send(&masked(FIN | BINARY, b"\xE2\x82"));
    client.expect(&Frame::binary(b"\xE2\x82"));
    client.text("plain");
    client.expect_text("plain");
    client.send(&masked(FIN | TEXT, b"\xAC"));
    client.expect_close(1007);
}
