//! Close, from the client (§5.5.1, 7.4).

use super::fails;
use crate::support::frame::{self, CLOSE, CONTINUATION, FIN, PING, TEXT, masked};
use crate::support::{Client, Server, independent};
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

/// The codes around every border there is.
const CODES: &[u16] = &[
    0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
    1015, 1016, 1100, 1999, 2000, 2999, 3000, 3001, 3999, 4000, 4001, 4999, 5000, 5001, 9999, 32767, 32768,
    65535,
];

fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[test]
fn a_close_code_allowed_on_the_wire_comes_back() {
    let server = Server::start(&[]);
    for code in CODES.iter().filter(|code| may_be_sent(**code)) {
        for reason in [&b""[..], b"going", "schön".as_bytes(), &[b'x'; 123]] {
            let mut client = Client::join(&server, "/");
            client.send(&frame::close(*code, reason));
            client.expect_close(*code);
        }
    }
}

#[test]
fn fails_1002_a_close_code_not_allowed_on_the_wire() {
    let server = Server::start(&[]);
    for code in CODES.iter().filter(|code| !may_be_sent(**code)) {
        for reason in [&b""[..], b"going"] {
            fails(&server, 1002, &frame::close(*code, reason));
        }
    }
}

#[test]
fn a_close_without_a_code_is_answered_1000() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    client.send(&masked(FIN | CLOSE, b""));
    client.expect_close(1000);
}

#[test]
fn fails_1002_a_close_of_1_byte() {
    let server = Server::start(&[]);
    for byte in [0, 3, 0xFF] {
        fails(&server, 1002, &masked(FIN | CLOSE, &[byte]));
    }
}

#[test]
fn fails_1007_a_close_reason_that_is_not_utf8() {
    let server = Server::start(&[]);
    for reason in
        [&b"\xFF"[..], b"ok\xC3", b"\xED\xA0\x80", b"\xC0\x80", b"\xF4\x90\x80\x80", b"\xE2\x82", b"\x80"]
    {
        fails(&server, 1007, &frame::close(1000, reason));
    }
}

#[test]
fn what_was_sent_before_a_close_is_delivered_and_what_comes_after_is_ignored() {
    let server = Server::start(&[]);
    let mut witness = Client::join(&server, "/");
    let mut client = Client::join(&server, "/");
    let after = [frame::text("after"), masked(FIN | PING, b"after"), vec![0xFF; 10]].concat();
    client.send(&[frame::text("one"), frame::text("two"), frame::close(1000, b""), after].concat());
    client.expect_close(1000);
    witness.expect_text("one");
    witness.expect_text("two");
    Client::join(&server, "/").text("next");
    witness.expect_text("next");
}

#[test]
fn a_close_within_a_message_drops_what_there_is_of_it() {
    let server = Server::start(&[]);
    let mut witness = Client::join(&server, "/");
    let mut client = Client::join(&server, "/");
    client.send(
        &[masked(TEXT, b"never "), frame::close(1001, b""), masked(FIN | CONTINUATION, b"said")].concat(),
    );
    client.expect_close(1001);
    Client::join(&server, "/").text("next");
    witness.expect_text("next");
}

#[test]
fn a_close_may_come_a_byte_at_a_time() {
    let server = Server::start(&[]);
    let mut client = Client::join(&server, "/");
    for byte in frame::close(4999, b"in no hurry") {
        client.send(&[byte]);
    }
    client.expect_close(4999);
}

#[test]
fn an_independent_client_closes() {
    let server = Server::start(&[]);
    let mut socket = independent::join(&server, "/");
    socket.close(Some(CloseFrame { code: CloseCode::Away, reason: "lunch".into() })).unwrap();
    let answer = socket.read().unwrap();
    assert!(matches!(&answer, Message::Close(Some(frame)) if frame.code == CloseCode::Away), "{answer:?}");
    assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
}
