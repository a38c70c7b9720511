//! Frame headers that are refused, and the byte at which they are (§5.2, 5.5). Nothing more is sent.

use super::fails;
use crate::support::frame::{self, BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT};
use crate::support::{Client, Server};

/// Reserved bits or a reserved opcode in the first byte of a frame.
fn is_reserved(first: u8) -> bool {
    first & 0b0111_0000 != 0 || ![CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG].contains(&(first & 0x0F))
}

#[test]
fn fails_1002_a_reserved_bit_or_opcode_at_its_first_byte() {
    let server = Server::start(&[]);
    for first in (0..=255).filter(|first| is_reserved(*first)) {
        fails(&server, 1002, &[first]);
    }
}

#[test]
fn fails_1002_a_frame_without_a_mask_at_its_second_byte() {
    let server = Server::start(&[]);
    for first in [0x81, 0x82, 0x01, 0x02, 0x88, 0x89, 0x8A] {
        for length in [0, 1, 125, 126, 127] {
            fails(&server, 1002, &[first, length]);
        }
    }
}

#[test]
fn fails_1002_a_control_frame_over_125_bytes_at_its_second_byte() {
    let server = Server::start(&[]);
    for first in [0x88, 0x89, 0x8A] {
        for length in [126, 127] {
            fails(&server, 1002, &[first, 0x80 | length]);
        }
    }
}

#[test]
fn fails_1002_a_fragmented_control_frame_at_its_second_byte() {
    let server = Server::start(&[]);
    for first in [CLOSE, PING, PONG] {
        for length in [0, 2, 125] {
            fails(&server, 1002, &[first, 0x80 | length]);
        }
    }
}

#[test]
fn fails_1002_a_length_not_in_its_shortest_form() {
    let server = Server::start(&["--max-message", "1M"]);
    for length in [0_u16, 1, 124, 125] {
        fails(&server, 1002, &[&[0x82, 0x80 | 126][..], &length.to_be_bytes()].concat());
    }
    for length in [0_u64, 1, 125, 126, 65_534, 65_535] {
        fails(&server, 1002, &[&[0x81, 0x80 | 127][..], &length.to_be_bytes()].concat());
    }
}

#[test]
fn fails_1002_a_length_with_its_top_bit_set() {
    let server = Server::start(&[]);
    for length in [1 << 63, (1 << 63) | 1, (1 << 63) | 70_000, u64::MAX] {
        fails(&server, 1002, &[&[0x82, 0x80 | 127][..], &length.to_be_bytes()].concat());
    }
}

#[test]
fn fails_1002_a_second_frame_as_it_would_the_first() {
    let server = Server::start(&["--echo"]);
    let whole = frame::text("whole");
    for (code, bytes) in [(1002, &[0xC1_u8][..]), (1002, &[0x81, 0x01]), (1002, &[0x09, 0x80])] {
        let mut client = Client::join(&server, "/");
        client.send(&[whole.as_slice(), bytes].concat());
        client.expect_text("whole");
        client.expect_close(code);
    }
}
