//! Messages, whole and in pieces (§5.4, 5.6).

use super::fails;
use crate::support::frame::{self, BINARY, CONTINUATION, FIN, Frame, PING, PONG, TEXT, masked};
use crate::support::{Client, Server, independent};
use tungstenite::Message;

#[test]
fn relays_every_length_in_its_shortest_form() {
    let server = Server::start(&["--max-message", "1M"]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    for length in
        [0, 1, 2, 124, 125, 126, 127, 128, 4095, 4096, 65_534, 65_535, 65_536, 65_537, 300_000, 1 << 20]
    {
        // Not all the same byte, so that one in the wrong place is seen.
        let payload: Vec<u8> = (0..length).map(|n: usize| (n % 251) as u8).collect();
        a.send(&masked(FIN | BINARY, &payload));
        b.expect(&Frame::binary(&payload));
        let text = "x".repeat(length);
        a.text(&text);
        b.expect_text(&text);
    }
}

#[test]
fn a_fragmented_message_arrives_in_one_frame_and_keeps_its_type() {
    let server = Server::start(&[]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    for opcode in [TEXT, BINARY] {
        for pieces in [
            &["a", "b"][..],
            &["", "a"],
            &["a", ""],
            &["", ""],
            &["", "", "x", "", "yz", ""],
            &["long", &"x".repeat(70)],
        ] {
            let (last, first) = pieces.split_last().unwrap();
            for (n, piece) in first.iter().enumerate() {
                a.send(&masked(if n == 0 { opcode } else { CONTINUATION }, piece.as_bytes()));
            }
            a.send(&masked(FIN | CONTINUATION, last.as_bytes()));
            b.expect(&Frame { opcode, payload: pieces.concat().into_bytes() });
        }
    }
}

#[test]
fn frames_may_come_a_byte_at_a_time() {
    let server = Server::start(&["--echo"]);
    let mut client = Client::join(&server, "/");
    let long = "é".repeat(150);
    let frames = [
        frame::text("Hello"),
        masked(TEXT, b"par"),
        masked(FIN | PING, b"?"),
        masked(FIN, b"ts"),
        frame::text(&long),
    ];
    for byte in frames.concat() {
        client.send(&[byte]);
    }
    client.expect_text("Hello");
    client.expect_pong(b"?");
    client.expect_text("parts");
    client.expect_text(&long);
}

#[test]
fn many_frames_may_come_in_one_packet() {
    let server = Server::start(&["--echo"]);
    let mut client = Client::join(&server, "/");
    let texts: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let frames: Vec<u8> = texts.iter().flat_map(|text| frame::text(text)).collect();
    client.send(&frames);
    for text in texts {
        client.expect_text(&text);
    }
}

#[test]
fn any_masking_key_will_do() {
    let server = Server::start(&["--echo"]);
    let mut client = Client::join(&server, "/");
    for key in [[0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [1, 2, 3, 4], [0, 0, 0, 1]] {
        let payload = b"Hello, keys";
        let hidden = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        client.send(
            &[0x81, 0x80 | payload.len() as u8].into_iter().chain(key).chain(hidden).collect::<Vec<u8>>(),
        );
        client.expect_text("Hello, keys");
    }
}

#[test]
fn fails_1002_a_continuation_with_nothing_to_continue() {
    let server = Server::start(&[]);
    let whole = frame::text("whole");
    let ping = masked(FIN | PONG, b"");
    for first in [CONTINUATION, FIN | CONTINUATION] {
        fails(&server, 1002, &masked(first, b"x"));
        fails(&server, 1002, &masked(first, b""));
        fails(&server, 1002, &[whole.clone(), masked(first, b"x")].concat());
        fails(&server, 1002, &[ping.clone(), masked(first, b"x")].concat());
        let finished = [masked(TEXT, b"a"), masked(FIN | CONTINUATION, b"b"), masked(first, b"c")];
        fails(&server, 1002, &finished.concat());
    }
}

#[test]
fn fails_1002_a_new_data_frame_inside_a_fragmented_message() {
    let server = Server::start(&[]);
    for opcode in [TEXT, BINARY] {
        for first in [TEXT, BINARY, FIN | TEXT, FIN | BINARY] {
            fails(&server, 1002, &[masked(opcode, b"a"), masked(first, b"b")].concat());
            let later = [masked(opcode, b"a"), masked(CONTINUATION, b"b"), masked(first, b"")];
            fails(&server, 1002, &later.concat());
        }
    }
}

#[test]
fn nothing_of_a_broken_message_is_delivered() {
    let server = Server::start(&["--max-message", "100", "--max-fragments", "3"]);
    let mut witness = Client::join(&server, "/");
    let broken: &[(u16, Vec<u8>)] = &[
        (1002, [masked(TEXT, b"broken"), frame::text("broken")].concat()),
        (1002, [masked(TEXT, b"broken"), vec![0xF0]].concat()),
        (1007, masked(FIN | TEXT, b"broken\xFF")),
        (1007, [masked(TEXT, b"broken"), masked(FIN, b"\xC3")].concat()),
        (1008, masked(TEXT, b"broken").into_iter().chain(masked(0, b"").repeat(3)).collect()),
        (1009, [masked(BINARY, b"broken"), masked(FIN, &[0; 100])].concat()),
    ];
    for (code, bytes) in broken {
        let mut client = Client::join(&server, "/");
        client.text("before");
        client.send(bytes);
        client.expect_close(*code);
        witness.expect_text("before");
    }
    Client::join(&server, "/").text("after all");
    witness.expect_text("after all");
}

#[test]
fn an_independent_client_s_messages_pass() {
    let server = Server::start(&["--max-message", "1M"]);
    let (mut a, mut b) = (independent::join(&server, "/"), independent::join(&server, "/"));
    let messages = [
        Message::text(""),
        Message::text("κόσμε"),
        Message::binary(vec![0; 126]),
        Message::text("x".repeat(70_000)),
        Message::binary(vec![0xFF; 1 << 20]),
    ];
    for message in messages {
        a.send(message.clone()).unwrap();
        assert!(b.read().unwrap() == message);
        b.send(message.clone()).unwrap();
        assert!(a.read().unwrap() == message);
    }
}
