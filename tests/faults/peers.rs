//! Clients in numbers, and what they have in common.

use crate::support::frame::{self, BINARY, FIN, masked};
use crate::support::{Client, PATIENCE, Server, metrics};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Whether so many are in their rooms.
#[track_caller]
pub fn clients(server: &Server, count: usize) -> Option<()> {
    (metrics::value(server, "chinwag_clients") == count as f64).then_some(())
}

/// So many come, say something long, and leave.
#[track_caller]
pub fn come_and_go(server: &Server, count: usize) {
    let mut all: Vec<_> = (0..count).map(|_| Client::join(server, "/")).collect();
    for client in &mut all {
        client.send(&masked(FIN | BINARY, &[0; 4096]));
    }
    for client in &mut all {
        client.send(&frame::close(1000, b""));
        close_code(client);
    }
}

/// The code of the Close that comes after whatever others say.
#[track_caller]
pub fn close_code(client: &mut Client) -> u16 {
    loop {
        let frame = client.next().expect("the end instead of a Close");
        if frame.opcode == frame::CLOSE {
            return u16::from_be_bytes(frame.payload[..2].try_into().unwrap());
        }
    }
}

/// Someone who reads everything and heeds nothing.
pub struct Reader {
    stream: TcpStream,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    pub fn of(client: &Client) -> Reader {
        let (stream, mut read) = (client.stream.try_clone().unwrap(), client.stream.try_clone().unwrap());
        let thread = thread::spawn(move || {
            let mut scrap = vec![0; 64 * 1024];
            loop {
                match read.read(&mut scrap) {
                    Ok(1..) => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    _ => return,
                }
            }
        });
        Reader { stream, thread: Some(thread) }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Read);
        let _ = self.thread.take().unwrap().join();
    }
}

/// Says things in `room` until `enough`, then closes.
#[track_caller]
pub fn talk_until(server: &Server, room: &str, length: usize, mut enough: impl FnMut() -> bool) {
    let mut speaker = Client::join(server, room);
    let reader = Reader::of(&speaker);
    let message = masked(FIN | BINARY, &vec![b'.'; length]);
    let start = Instant::now();
    while !enough() {
        assert!(start.elapsed() < PATIENCE, "talked in vain");
        for _ in 0..16 {
            speaker.send(&message);
        }
    }
    speaker.send(&frame::close(1000, b""));
    // It reads to the server's end, which comes after the Close.
    reader.thread_ends();
}

impl Reader {
    #[track_caller]
    fn thread_ends(mut self) {
        let read = self.thread.replace(thread::spawn(|| {}));
        read.unwrap().join().unwrap();
    }
}

/// Writes until the peer has had enough; whether it had.
pub fn write_until_refused(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Err(error) = stream.write_all(bytes) {
            return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        }
    }
    false
}

/// Runs a command that must succeed.
#[track_caller]
pub fn run(command: &str, arguments: &[&str]) {
    let status = Command::new(command).args(arguments).status();
    assert!(status.is_ok_and(|status| status.success()), "{command} {arguments:?} failed");
}

/// Whether a command succeeds here.
pub fn is_possible(command: &str, arguments: &[&str]) -> bool {
    let status = Command::new(command).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Says loudly that something has not been tried.
pub fn not_tried(what: &str, why: &str) {
    eprintln!("\n*** NOT TRIED: {what}: {why} ***\n");
}

/// Sets a limit of a running server: `resource` as `prlimit` has it, such as `nofile=20:`.
#[track_caller]
pub fn limit(server: &Server, resource: &str) {
    run("prlimit", &["--pid", &server.pid().to_string(), &format!("--{resource}")]);
}

/// The same for a server of another user's, whom root need not be allowed to limit.
#[track_caller]
pub fn limit_as(user: u32, server: &Server, resource: &str) {
    let (user, pid, resource) =
        (format!("--reuid={user}"), server.pid().to_string(), format!("--{resource}"));
    run("setpriv", &[&user, "--clear-groups", "prlimit", "--pid", &pid, &resource]);
}
