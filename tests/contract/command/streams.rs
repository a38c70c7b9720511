//! Standard streams that are closed, full or read by nobody.

use crate::support::frame::{BINARY, FIN, Frame, masked};
use crate::support::server::BINARY as PROGRAM;
use crate::support::{Client, Head, Server, ask, eventually, metrics};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

/// An address that no other test has: it cannot be read from a stdout that is shut.
fn address(last: u8) -> SocketAddr {
    let [high, low, ..] = std::process::id().to_le_bytes();
    SocketAddr::from(([127, high.max(1), low, last], 18_080))
}

/// Starts it with these streams and waits until it takes connections.
#[track_caller]
fn start(last: u8, options: &[&str], stdout: Stdio, stderr: Stdio) -> Server {
    let address = address(last);
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", &address.to_string()]).args(options);
    wait_for(command, address, stdout, stderr)
}

#[track_caller]
fn wait_for(mut command: Command, address: SocketAddr, stdout: Stdio, stderr: Stdio) -> Server {
    let child = command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn().unwrap();
    let server = Server::known(child, address);
    eventually("a connection", || TcpStream::connect(address).ok());
    server
}

/// A stream whose reader is gone.
fn broken() -> Stdio {
    let (ours, _) = UnixStream::pair().unwrap();
    Stdio::from(OwnedFd::from(ours))
}

/// A stream that is full already, and the end from which nobody reads.
fn full() -> (Stdio, UnixStream) {
    let (mut writer, reader) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let error = loop {
        if let Err(error) = writer.write(&[b'.'; 512]) {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    writer.set_nonblocking(false).unwrap();
    (Stdio::from(OwnedFd::from(writer)), reader)
}

/// Comings, goings, messages and pages, none of which may be held up.
#[track_caller]
fn works(server: &Server) {
    let (mut a, mut b) = (Client::join(server, "/"), Client::join(server, "/"));
    for n in 0..200 {
        let mut guest = Client::join(server, "/hall");
        guest.settle();
        a.text(&n.to_string());
        b.expect_text(&n.to_string());
    }
    assert_eq!(ask(server, &Head::get("/")).status, 200);
}

#[test]
fn goes_on_with_both_streams_broken() {
    let mut server = start(1, &[], broken(), broken());
    works(&server);
    assert!(metrics::value(&server, "chinwag_log_lines_dropped_total") > 0.0, "dropped lines are counted");
    server.stop();
}

#[test]
fn goes_on_with_both_streams_closed() {
    let address = address(2);
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" >&- 2>&-", "sh", PROGRAM, "--listen", &address.to_string()]);
    let mut server = wait_for(command, address, Stdio::null(), Stdio::null());
    works(&server);
    server.stop();
}

#[test]
fn goes_on_with_both_streams_full() {
    let ((stdout, _unread), (stderr, _unread_too)) = (full(), full());
    let mut server = start(3, &[], stdout, stderr);
    works(&server);
    server.stop();
}

/// More, in bytes and in lines, than any queue should hold.
#[test]
fn goes_on_tracing_into_a_full_stream() {
    let (stderr, _unread) = full();
    let mut server = start(4, &["--trace", "--echo"], Stdio::null(), stderr);
    let mut client = Client::join(&server, "/");
    for length in [50_000].into_iter().cycle().take(20).chain([1; 10_000]) {
        client.send(&masked(FIN | BINARY, &vec![7; length]));
        client.expect(&Frame::binary(&vec![7; length]));
    }
    assert!(metrics::value(&server, "chinwag_log_lines_dropped_total") > 0.0, "dropped lines are counted");
    server.stop();
}

#[test]
fn goes_on_with_a_device_that_is_full() {
    let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let mut server = start(5, &[], full(), full());
    works(&server);
    server.stop();
}
