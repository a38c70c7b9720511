//! The other end: the program as a client, and servers that are somebody else's.

use super::output::Output;
use super::server::{BINARY, Server};
use super::{PATIENCE, eventually};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

/// The program as a client.
pub struct End {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    pub stdout: Output,
    pub stderr: Output,
}

impl End {
    pub fn start(url: &str, options: &[&str]) -> End {
        let mut command = Command::new(BINARY);
        command.arg("connect").args(options).arg(url);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = Output::of(child.stdout.take().unwrap());
        let stderr = Output::of(child.stderr.take().unwrap());
        End { stdin: child.stdin.take(), child, stdout, stderr }
    }

    pub fn at(server: &Server, room: &str, options: &[&str]) -> End {
        let end = End::start(&format!("ws://{}{room}", server.address), options);
        end.await_connection();
        end
    }

    pub fn await_connection(&self) {
        self.stderr.wait_for("a connection", |line| line.contains("connected to"));
    }

    pub fn say(&mut self, lines: &str) {
        self.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    }

    pub fn print(&self, line: &str) {
        self.stdout.wait_for(line, |printed| printed == line);
    }

    /// Waits until it has ended by itself, at the end of stdin or before.
    pub fn end(&mut self) -> Option<i32> {
        self.stdin = None;
        eventually("the end", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("its stderr: {:#?}", self.stderr.lines());
        }
    }
}

/// A server of somebody else's, which lets one in after another.
pub struct Stranger(pub TcpListener);

impl Stranger {
    pub fn new() -> Stranger {
        Stranger(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn url(&self) -> String {
        format!("ws://{}/", self.0.local_addr().unwrap())
    }

    pub fn accept(&self) -> WebSocket<TcpStream> {
        let stream = self.0.accept().unwrap().0;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        tungstenite::accept(stream).unwrap()
    }
}

/// The next text, all Pings on the way answered.
pub fn next_text(socket: &mut WebSocket<TcpStream>) -> String {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return text.to_string();
        }
    }
}

/// Answers everything until the other end closes; returns the texts and the Close's code.
pub fn until_close(socket: &mut WebSocket<TcpStream>) -> (Vec<String>, Option<CloseCode>) {
    let mut texts = Vec::new();
    loop {
        match socket.read().unwrap() {
            Message::Text(text) => texts.push(text.to_string()),
            Message::Close(close) => return (texts, close.map(|close| close.code)),
            _ => {}
        }
    }
}
