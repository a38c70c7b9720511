//! Attackers, held by one thread: they write without waiting, read or do not, and come back when they have been dropped.

use crate::support::frame::{self, BINARY, FIN};
use crate::support::{Head, Server, eventually};
use crate::sys;
use crate::watch;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a flood lasts.
pub const LASTS: Duration = Duration::from_secs(8);

/// How often the dropped are replaced.
const REFILLED: Duration = Duration::from_millis(200);

/// How many of the dropped keep their sockets.
const DROPPED_MAX: usize = 5000;

/// One attacker, in its room.
pub struct Attacker {
    stream: TcpStream,
    /// What it says, and how far it has come with it.
    says: Vec<u8>,
    said: usize,
}

impl Attacker {
    /// One that lets the kernel keep little of what it does not read; `None` where it is not let in.
    pub fn join(server: &Server, target: &str, says: &[u8]) -> Option<Attacker> {
        let mut stream = TcpStream::connect(server.address).ok()?;
        sys::receive_little(&stream);
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        stream.write_all(&Head::upgrade(target).bytes()).ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).ok()?;
        stream.set_nonblocking(true).ok()?;
        (head == *b"HTTP/1.1 101").then(|| Attacker { stream, says: says.to_vec(), said: 0 })
    }

    /// One whose place may have been taken for a moment by someone who looks at the metrics.
    #[track_caller]
    pub fn join_at_last(server: &Server, target: &str, says: &[u8]) -> Attacker {
        eventually("a place", || Attacker::join(server, target, says))
    }

    /// Writes what is taken of what it says, which is said once.
    pub fn push(&mut self) {
        while self.said < self.says.len() {
            match self.stream.write(&self.says[self.said..]) {
                Ok(count) => self.said += count,
                Err(_) => return,
            }
        }
    }

    /// The same, again and again, but for one round at most.
    pub fn push_again(&mut self) {
        if self.said == self.says.len() {
            self.said = 0;
        }
        self.push();
    }

    /// Reads what has come, and forgets it.
    pub fn read(&mut self) {
        let mut scrap = [0; 64 * 1024];
        while self.stream.read(&mut scrap).is_ok_and(|count| count > 0) {}
    }
}

/// Many of them, who say the same.
pub struct Crowd<'s> {
    server: &'s Server,
    room: Box<dyn Fn(usize) -> String + 's>,
    says: Vec<u8>,
    size: usize,
    next: usize,
    pub all: VecDeque<Attacker>,
    /// Those who have been replaced: they still do not read, and do not close.
    dropped: VecDeque<Attacker>,
    refilled: Instant,
}

impl<'s> Crowd<'s> {
    /// So many, each in a room by its number.
    pub fn join(
        server: &'s Server,
        size: usize,
        says: &[u8],
        room: impl Fn(usize) -> String + 's,
    ) -> Crowd<'s> {
        let room = Box::new(room);
        let all = VecDeque::new();
        let mut crowd = Crowd {
            server,
            room,
            says: says.to_vec(),
            size,
            next: 0,
            all,
            dropped: VecDeque::new(),
            refilled: Instant::now(),
        };
        crowd.fill(size);
        crowd
    }

    fn fill(&mut self, count: usize) {
        for _ in 0..count {
            let target = (self.room)(self.next);
            self.next += 1;
            self.all.extend(Attacker::join(self.server, &target, &self.says));
        }
    }

    /// Replaces as many as the server has dropped. Who they are cannot be told from outside: most likely the oldest.
    /// `others` are in their rooms beside the crowd.
    pub fn refill(&mut self, others: usize) {
        if self.refilled.elapsed() < REFILLED {
            return;
        }
        let present =
            watch::metrics(self.server.address).and_then(|series| series.get("chinwag_clients").copied());
        if let Some(present) = present {
            let missing = (self.size + others).saturating_sub(present as usize);
            self.dropped.extend(self.all.drain(..missing.min(self.all.len())));
            self.dropped.drain(..self.dropped.len().saturating_sub(DROPPED_MAX));
            self.fill(missing);
        }
        self.refilled = Instant::now();
    }

    pub fn each(&mut self, act: impl FnMut(&mut Attacker)) {
        self.all.iter_mut().for_each(act);
    }
}

/// Does it again and again, as long as a flood lasts.
pub fn for_a_while(mut act: impl FnMut()) {
    let start = Instant::now();
    while start.elapsed() < LASTS {
        act();
        // The server and the pair are on the same machine.
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A whole message.
pub fn message(len: usize) -> Vec<u8> {
    frame::masked(FIN | BINARY, &vec![b'.'; len])
}
