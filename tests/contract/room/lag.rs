//! Clients that read too slowly, or not at all.

use crate::support::client::chat;
use crate::support::frame::{self, BINARY, FIN, Frame, masked};
use crate::support::metrics::{value, wait_for};
use crate::support::patience::{at_some_pace, expect_about_as_fast};
use crate::support::{Client, PATIENCE, Server};
use std::io::{Read, Write};
use std::iter;
use std::net::Shutdown;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const LAGGED: &str = "chinwag_clients_dropped_total{reason=\"lag\"}";

/// A server with these options that keeps no history.
#[track_caller]
fn start(options: &[&str]) -> Server {
    Server::start(&[options, &["--history", "0"]].concat())
}

/// A message that says which it is.
fn numbered(n: u32, length: usize) -> Vec<u8> {
    let mut payload = vec![b'.'; length];
    payload[..4].copy_from_slice(&n.to_be_bytes());
    payload
}

/// Talks until someone has been dropped for lag; how many messages that took. `keep_pace` waits for those who hear so many.
#[track_caller]
fn talk_until_dropped(server: &Server, sender: &mut Client, keep_pace: impl Fn(u32)) -> u32 {
    let (start, mut said) = (Instant::now(), 0);
    while value(server, LAGGED) == 0.0 {
        assert!(start.elapsed() < PATIENCE, "nobody dropped after {said} messages");
        for _ in 0..32 {
            sender.send(&masked(FIN | BINARY, &numbered(said, 16 * 1024)));
            said += 1;
        }
        sender.settle();
        keep_pace(said);
    }
    said
}

#[test]
fn one_beyond_max_lag_is_dropped_and_counted_and_the_others_hear_everything() {
    let server = start(&["--max-lag", "128K", "--max-message", "16K"]);
    let mut stalled = Client::join(&server, "/");
    let mut sender = Client::join(&server, "/");
    let mut reader = Client::join(&server, "/");
    let (counted, count) = mpsc::channel();
    let (heard, hearing) = mpsc::channel();
    let reading = thread::spawn(move || {
        let mut expected = 0;
        loop {
            let frame = reader.frame();
            if frame.opcode == frame::TEXT {
                counted.send(expected).unwrap();
                return;
            }
            reader_expects(&frame, expected);
            expected += 1;
            heard.send(expected).unwrap();
        }
    });
    let said = talk_until_dropped(&server, &mut sender, |said| {
        while hearing.recv_timeout(PATIENCE).expect("is heard") < said {}
    });
    sender.text("end");
    reading.join().unwrap();
    assert_eq!(count.recv().unwrap(), said);
    // It is simply disconnected: what it got is a beginning of what was said, and no Close.
    let mut got = Vec::new();
    let _ = stalled.stream.read_to_end(&mut got);
    let mut expected = 0;
    while let Some(frame) = frame::take(&mut got) {
        reader_expects(&frame, expected);
        expected += 1;
    }
    assert!(expected < said);
}

#[track_caller]
fn reader_expects(frame: &Frame, n: u32) {
    assert_eq!(frame.opcode, BINARY);
    assert!(frame.payload == numbered(n, 16 * 1024), "message {n} is another: {:?}", &frame.payload[..4]);
}

#[test]
fn one_dropped_for_lag_has_left_the_room() {
    let server = start(&["--max-lag", "128K", "--max-message", "16K"]);
    let mut sender = Client::join(&server, "/?name=sender");
    sender.frame();
    let _stalled = Client::join(&server, "/?name=stalled");
    sender.expect_text(r#"{"type":"joined","name":"stalled","online":2}"#);
    let mut writer = sender.stream.try_clone().unwrap();
    let talking = thread::spawn(move || {
        let message = masked(FIN | BINARY, &[7; 16 * 1024]);
        while writer.write_all(&message).is_ok() {}
    });
    sender.expect_text(r#"{"type":"left","name":"stalled","online":1}"#);
    sender.stream.shutdown(Shutdown::Both).unwrap();
    talking.join().unwrap();
    wait_for(&server, LAGGED, 1.0);
}

/// The limit is never less than four messages: one slow to read a few long ones is no laggard.
#[test]
fn max_lag_is_never_less_than_four_messages() {
    let server = start(&["--max-lag", "1", "--max-message", "4M"]);
    let (mut sender, mut reader) = (Client::join(&server, "/"), Client::join(&server, "/"));
    for n in 0..3 {
        sender.send(&masked(FIN | BINARY, &numbered(n, 4 << 20)));
    }
    sender.settle();
    for n in 0..3 {
        reader.expect(&Frame::binary(&numbered(n, 4 << 20)));
    }
    assert_eq!(value(&server, LAGGED), 0.0);
}

/// The sender could send gigabytes a second; a reader of 20 MiB a second must keep up nevertheless,
/// as each sender is read no faster than 64 KiB in 5 ms while someone is behind.
#[test]
fn a_slow_reader_is_not_lost_to_a_fast_sender() {
    // The more lag is allowed, the longer the machine may keep the reader from reading.
    at_some_pace(|times| keeps_up_at_20_mib_a_second(4 * times as usize));
}

/// Reads while another sends as fast as it can, four times as much as the lag that is allowed.
#[track_caller]
fn keeps_up_at_20_mib_a_second(max_lag_mib: usize) {
    const MIB: usize = 1 << 20;
    const LENGTH: usize = 64 * 1024;
    let messages = (4 * max_lag_mib * MIB / LENGTH) as u32;
    let server = start(&["--max-lag", &format!("{max_lag_mib}M")]);
    let (mut sender, mut reader) = (Client::join(&server, "/"), Client::join(&server, "/"));
    let sending = thread::spawn(move || {
        for n in 0..messages {
            sender.send(&masked(FIN | BINARY, &numbered(n, LENGTH)));
        }
        sender
    });
    let start = Instant::now();
    let mut frame = vec![0; 10 + LENGTH];
    for n in 0..messages {
        let due = Duration::from_secs_f64(n as f64 * LENGTH as f64 / (20 * MIB) as f64);
        thread::sleep(due.saturating_sub(start.elapsed()));
        let read = reader.stream.read_exact(&mut frame);
        assert!(read.is_ok(), "dropped after {n} of {messages} messages: {read:?}");
        assert_eq!((frame[0], &frame[10..14]), (FIN | BINARY, &n.to_be_bytes()[..]));
    }
    drop(sending.join().unwrap());
    assert_eq!(value(&server, LAGGED), 0.0);
}

/// The server never waits for one client before it serves the next: a room with some that do not read is
/// about as fast as one without.
#[test]
fn a_client_that_does_not_read_delays_nobody() {
    let server = start(&["--max-lag", "64M", "--max-message", "64K"]);
    let join = |room: &str| [Client::join(&server, room), Client::join(&server, room)];
    let (stalled, mut talkers, mut undisturbed) = (join("/"), join("/"), join("/other"));
    // First the kernel's buffers are filled.
    for n in 0..200 {
        talkers[0].send(&masked(FIN | BINARY, &numbered(n, 64 * 1024)));
        talkers[1].expect(&Frame::binary(&numbered(n, 64 * 1024)));
    }
    expect_about_as_fast(|| chat(&mut talkers), || chat(&mut undisturbed));
    assert_eq!(value(&server, LAGGED), 0.0, "beside {} stalled", stalled.len());
}

/// Whoever was behind and reads again gets everything, and is written to as before.
#[test]
fn a_client_that_catches_up_has_missed_nothing() {
    let server = start(&["--max-lag", "64M"]);
    let (mut sender, mut reader) = (Client::join(&server, "/"), Client::join(&server, "/"));
    for round in 0..3 {
        for n in 0..256 {
            sender.send(&masked(FIN | BINARY, &numbered(n, 64 * 1024)));
        }
        sender.settle();
        for n in 0..256 {
            reader.expect(&Frame::binary(&numbered(n, 64 * 1024)));
        }
        sender.text(&round.to_string());
        reader.expect_text(&round.to_string());
    }
}

/// Its own Pongs and errors reach a client that is behind, too, in their place.
#[test]
fn a_client_that_lags_still_gets_its_pong_and_its_close() {
    let server = start(&["--max-lag", "64M"]);
    let (mut sender, mut reader) = (Client::join(&server, "/"), Client::join(&server, "/"));
    for n in 0..256 {
        sender.send(&masked(FIN | BINARY, &numbered(n, 64 * 1024)));
    }
    sender.settle();
    reader.send(&[masked(FIN | frame::PING, b"?"), frame::close(1000, b"")].concat());
    let frames: Vec<_> = iter::from_fn(|| reader.next()).collect();
    let count = |opcode: u8| frames.iter().filter(|frame: &&Frame| frame.opcode == opcode).count();
    assert_eq!((count(BINARY), count(frame::PONG), count(frame::CLOSE)), (256, 1, 1));
    assert_eq!(frames.last().unwrap().payload, 1000_u16.to_be_bytes());
}
