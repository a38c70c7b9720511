//! Messages too long, in too many pieces, too slow (§10.4).

use super::fails;
use crate::support::frame::{
    BINARY, CONTINUATION, FIN, Frame, PING, TEXT, masked, masked_header, unfinished,
};
use crate::support::patience::is_silent;
use crate::support::{Client, Server};
use std::fs;
use std::io::Write;
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

/// A header up to the end of its length, without the masking key.
fn up_to_length(first: u8, length: u64) -> Vec<u8> {
    let mut header = masked_header(first, length);
    header.truncate(header.len() - 4);
    header
}

#[test]
fn fails_1009_a_frame_over_max_message_once_its_length_is_there() {
    for (limit, lengths) in [
        ("100", &[101_u64, 125, 126, 65_536][..]),
        ("125", &[126]),
        ("64K", &[65_537, 1 << 20, 1 << 32, (1 << 32) + 1, (1 << 32) + 100, i64::MAX as u64]),
        ("1000", &[1001, 65_535]),
    ] {
        let server = Server::start(&["--max-message", limit]);
        for length in lengths {
            for first in [FIN | TEXT, BINARY] {
                fails(&server, 1009, &up_to_length(first, *length));
            }
        }
    }
}

#[test]
fn takes_a_message_of_exactly_max_message() {
    for limit in [1, 100, 125, 126, 65_535, 65_536] {
        let server = Server::start(&["--echo", "--max-message", &limit.to_string()]);
        let mut client = Client::join(&server, "/");
        let payload = vec![b'x'; limit];
        client.send(&masked(FIN | BINARY, &payload));
        client.expect(&Frame::binary(&payload));
        client.send(&[masked(BINARY, &payload[1..]), masked(FIN, b"x")].concat());
        client.expect(&Frame::binary(&payload));
        client.send(&[masked(BINARY, &payload), masked(FIN, b"")].concat());
        client.expect(&Frame::binary(&payload));
    }
}

#[test]
fn fails_1009_fragments_over_max_message_once_the_length_is_there() {
    let server = Server::start(&["--max-message", "100"]);
    for (first, then) in [(100, 1), (1, 100), (60, 60), (100, u64::from(u32::MAX) + 1), (50, i64::MAX as u64)]
    {
        for opcode in [TEXT, BINARY] {
            let begun = masked(opcode, &vec![b'x'; first]);
            fails(&server, 1009, &[begun, up_to_length(CONTINUATION, then)].concat());
        }
    }
    let crumbs: Vec<u8> =
        masked(TEXT, b"0123456789").into_iter().chain(masked(0, b"0123456789").repeat(9)).collect();
    fails(&server, 1009, &[crumbs, up_to_length(FIN, 1)].concat());
}

/// What a header claims costs the server nothing.
#[test]
fn nothing_is_allocated_for_what_a_header_claims() {
    let server = Server::start(&["--max-message", "1024M", "--echo"]);
    let claims: Vec<_> = (0..32)
        .map(|_| {
            let mut client = Client::join(&server, "/");
            client.send(&unfinished(FIN | BINARY, 1 << 30, b"just this"));
            client
        })
        .collect();
    Client::join(&server, "/").settle();
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 100 * 1024, "{kib} KiB for {} claims", claims.len());
}

#[test]
fn fails_1008_more_fragments_than_max_fragments() {
    let server = Server::start(&["--echo", "--max-fragments", "4"]);
    for piece in ["", "x"] {
        let pieces = |count: usize| {
            [masked(TEXT, piece.as_bytes()), masked(0, piece.as_bytes()).repeat(count - 1)].concat()
        };
        let mut client = Client::join(&server, "/");
        client.send(&[pieces(3), masked(FIN, piece.as_bytes())].concat());
        client.expect_text(&piece.repeat(4));
        client.send(&[pieces(3), masked(FIN, piece.as_bytes())].concat());
        client.expect_text(&piece.repeat(4));
        fails(&server, 1008, &pieces(5));
        fails(&server, 1008, &[pieces(4), masked(FIN, piece.as_bytes())].concat());
    }
    let server = Server::start(&["--echo", "--max-fragments", "1"]);
    let mut client = Client::join(&server, "/");
    client.text("one");
    client.expect_text("one");
    client.send(&[masked(TEXT, b"a"), masked(FIN, b"b")].concat());
    client.expect_close(1008);
}

#[test]
fn fails_1008_a_message_not_complete_within_message_timeout() {
    let server = Server::start(&["--message-timeout", "0.3"]);
    let patient = Server::start(&["--message-timeout", "600"]);
    let table = [
        vec![0x81],
        vec![0x82, 0xFE, 0x01],
        unfinished(FIN | TEXT, 10, b""),
        unfinished(FIN | TEXT, 10, b"123456789"),
        masked(TEXT, b"begun"),
        masked(BINARY, b""),
        [masked(TEXT, b"begun"), masked(CONTINUATION, b"on")].concat(),
        [masked(TEXT, b"begun"), masked(FIN | PING, b"")[..3].to_vec()].concat(),
    ];
    for bytes in table {
        let mut waiting = Client::join(&patient, "/");
        waiting.send(&bytes);
        let start = Instant::now();
        fails(&server, 1008, &bytes);
        assert!(start.elapsed() >= Duration::from_millis(250), "early: {:?}", start.elapsed());
        // One that has more time has not been failed, though it began before.
        assert!(is_silent(&waiting.stream));
    }
}

/// The time is for the whole message: neither bytes nor fragments prolong it.
#[test]
fn what_trickles_in_does_not_prolong_message_timeout() {
    let server = Server::start(&["--message-timeout", "0.4", "--max-fragments", "1000000"]);
    let bytes = (unfinished(FIN | BINARY, 60_000, b""), b"x".to_vec());
    let fragments = (masked(TEXT, b""), masked(CONTINUATION, b"x"));
    for (start, more) in [bytes, fragments] {
        let mut client = Client::join(&server, "/");
        client.send(&start);
        let mut writer = client.stream.try_clone().unwrap();
        // It goes on until the server has had enough.
        let trickle = thread::spawn(move || {
            while writer.write_all(&more).is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        client.expect_close(1008);
        client.stream.shutdown(Shutdown::Both).unwrap();
        trickle.join().unwrap();
    }
}

/// Each message has its time for itself, and silence between two of them is nobody's.
#[test]
fn each_message_has_its_own_message_timeout() {
    let server = Server::start(&["--echo", "--message-timeout", "0.5"]);
    let mut client = Client::join(&server, "/");
    for n in 0..3 {
        client.text(&n.to_string());
        client.expect_text(&n.to_string());
        // So long that the time of a message is over for someone else.
        fails(&server, 1008, &[0x81]);
    }
    client.text("at the end");
    client.expect_text("at the end");
}
