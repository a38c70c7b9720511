//! However a head is cut up, it is the same head.

use crate::support::frame::{self, FIN, PING, masked};
use crate::support::http::{read_answer, read_head};
use crate::support::{Client, Head, Server};
use std::io::Write;

#[test]
fn takes_a_head_a_byte_at_a_time() {
    let server = Server::start(&[]);
    let mut stream = server.connect();
    for byte in [b"\r\n".to_vec(), Head::get("/healthz").bytes()].concat() {
        stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(read_answer(&mut stream, false).text(), "ok");
    let mut stream = server.connect();
    for byte in Head::upgrade("/").bytes() {
        stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(read_head(&mut stream).0.status, 101);
}

#[test]
fn takes_a_head_cut_anywhere() {
    let server = Server::start(&[]);
    let head = Head::get("/healthz").bytes();
    for cut in 0..head.len() {
        let mut stream = server.connect();
        stream.write_all(&head[..cut]).unwrap();
        stream.write_all(&head[cut..]).unwrap();
        assert_eq!(read_answer(&mut stream, false).text(), "ok", "cut at {cut}");
    }
}

#[test]
fn takes_frames_in_the_packet_of_the_head() {
    let server = Server::start(&["--echo"]);
    let ping = masked(FIN | PING, b"p");
    let all = [Head::upgrade("/").bytes(), frame::text("one"), ping, frame::text("two")].concat();
    let mut client = Client::send_head(&server, &all);
    client.expect_text("one");
    client.expect_pong(b"p");
    client.expect_text("two");
    // And half a frame, with the rest behind.
    let frame = frame::text("three");
    let mut client = Client::send_head(&server, &[&Head::upgrade("/").bytes(), &frame[..4]].concat());
    client.send(&frame[4..]);
    client.expect_text("three");
}

#[test]
fn everything_may_come_in_one_packet() {
    let server = Server::start(&["--echo"]);
    let all = [Head::upgrade("/").bytes(), frame::text("hello"), frame::close(1000, b"bye")].concat();
    let mut client = Client::send_head(&server, &all);
    client.expect_text("hello");
    client.expect_close(1000);
}

/// A broken frame behind a head is the fault of a client, not of a request: 101, then Close.
#[test]
fn a_broken_first_frame_is_failed_after_the_101() {
    let server = Server::start(&[]);
    Client::send_head(&server, &[Head::upgrade("/").bytes(), vec![0x81, 0x05]].concat()).expect_close(1002);
}

#[test]
fn a_peer_gone_within_its_head_does_no_harm() {
    let server = Server::start(&[]);
    let head = Head::upgrade("/").bytes();
    for cut in (0..=head.len()).step_by(7) {
        server.connect().write_all(&head[..cut]).unwrap();
    }
    Client::join(&server, "/").settle();
}
