//! A `redis-server` of a test's own, on a free port, and the little of its protocol that a test needs itself.

use crate::patience::long;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

pub struct Redis {
    pub address: SocketAddr,
    options: Vec<String>,
    child: Option<Child>,
}

impl Redis {
    #[track_caller]
    pub fn start() -> Redis {
        Redis::start_with(&[])
    }

    #[track_caller]
    pub fn start_with(options: &[&str]) -> Redis {
        let mut redis = Redis::absent(options);
        redis.run();
        redis
    }

    /// One that has yet to be run.
    pub fn absent(options: &[&str]) -> Redis {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        Redis { address, options: options.iter().map(|option| option.to_string()).collect(), child: None }
    }

    /// Runs it, and waits until it answers.
    #[track_caller]
    pub fn run(&mut self) {
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.address.port().to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.expect("redis-server cannot be run: tests/redis/run installs it"));
        long("an answer of Redis", || {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert_eq!(ended, None, "redis-server has ended");
            let mut stream = TcpStream::connect(self.address).ok()?;
            stream.write_all(b"PING\r\n").ok()?;
            let mut answer = [0; 1];
            // A `+PONG`, or that a password is needed.
            stream.read_exact(&mut answer).ok().filter(|()| answer == *b"+" || answer == *b"-")
        });
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    #[track_caller]
    pub fn signal(&self, name: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub fn connect(&self) -> Connection {
        Connection(BufReader::new(TcpStream::connect(self.address).unwrap()))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A client of Redis.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    fn send(&mut self, words: &[&[u8]]) {
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            bytes.extend(format!("${}\r\n", word.len()).bytes());
            bytes.extend(*word);
            bytes.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&bytes).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// Publishes; how many heard it.
    #[track_caller]
    pub fn publish(&mut self, channel: &str, payload: &[u8]) -> usize {
        self.send(&[b"PUBLISH", channel.as_bytes(), payload]);
        let answer = self.line();
        let count = answer.strip_prefix(':').unwrap_or_else(|| panic!("{answer:?}"));
        count.trim_end().parse().unwrap()
    }

    pub fn subscribe(&mut self, channel: &str) {
        self.send(&[b"SUBSCRIBE", channel.as_bytes()]);
        self.bulk();
        self.bulk();
        assert_eq!(self.line(), ":1\r\n");
    }

    /// The next payload that has been published.
    pub fn next(&mut self) -> Vec<u8> {
        assert_eq!(self.bulk(), b"message");
        self.bulk();
        self.bulk()
    }

    fn bulk(&mut self) -> Vec<u8> {
        let mut line = self.line();
        if line.starts_with('*') {
            line = self.line();
        }
        let len: usize = line.trim_end().strip_prefix('$').unwrap().parse().unwrap();
        let mut bytes = vec![0; len + 2];
        self.0.read_exact(&mut bytes).unwrap();
        bytes.truncate(len);
        bytes
    }
}
