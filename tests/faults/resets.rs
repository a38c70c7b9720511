//! Resets at every byte.

use crate::house::House;
use crate::support::frame::{self, BINARY, FIN, masked};
use crate::support::{Client, Head, Server};
use crate::sys;
use std::io::Write;
use std::net::TcpStream;

const OPTIONS: &[&str] =
    &["--handshake-timeout", "600", "--message-timeout", "600", "--close-timeout", "600"];

/// For every beginning of `bytes`, the whole excepted: sends it, and resets.
#[track_caller]
fn reset_within(server: &Server, bytes: &[u8], connect: fn(&Server) -> TcpStream) {
    for sent in 0..bytes.len() {
        reset_after(connect(server), &bytes[..sent]);
    }
}

#[track_caller]
fn reset_after(mut stream: TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    sys::reset(stream);
}

fn join(server: &Server) -> TcpStream {
    Client::join(server, "/").stream
}

#[test]
fn within_and_after_a_handshake() {
    let mut house = House::start(OPTIONS);
    let head = Head::upgrade("/").bytes();
    house.beside("resets within a handshake", |server| reset_within(server, &head, Server::connect));
    // Nobody waits until the one before is gone: here and below, all of them may be there at once.
    house.expect_rest_after(head.len() as u64);
    // None of them was a client yet.
    house.expect_counted(&[]);
    house.beside("resets after a handshake", |server| {
        (0..50).for_each(|_| reset_after(server.connect(), &head));
    });
    house.expect_counted(&[("dropped reset", 50)]);
    house.expect_rest_after(head.len() as u64);
    house.close();
}

#[test]
fn within_and_after_a_frame() {
    let mut house = House::start(OPTIONS);
    for (name, length) in [("short", 20_usize), ("longer", 200)] {
        let bytes = masked(FIN | BINARY, &vec![b'x'; length]);
        let everyone = bytes.len() as u64 + 1;
        house.beside(&format!("resets within a {name} frame"), |server| {
            reset_within(server, &bytes, join);
            reset_after(join(server), &bytes);
        });
        house.expect_counted(&[("dropped reset", everyone)]);
        house.expect_rest_after(everyone);
    }
    house.close();
}

#[test]
fn within_and_after_a_close() {
    let mut house = House::start(OPTIONS);
    let close = frame::close(1000, b"so long");
    house.beside("resets within a Close", |server| reset_within(server, &close, join));
    house.expect_counted(&[("dropped reset", close.len() as u64)]);
    house.beside("resets after a Close", |server| (0..20).for_each(|_| reset_after(join(server), &close)));
    house.expect_rest();
    // Whether the answer went out before the reset was noticed is a matter of luck; that it closed is not.
    let counted = house.counted();
    assert!(counted.keys().all(|name| name == "closed 1000"), "{counted:?}");
    house.close();
}
