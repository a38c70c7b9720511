//! Two healthy members of a room, who chat while others come to grief.

use crate::support::frame::{self, TEXT};
use crate::support::{Client, Server, eventually};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long they think before they answer.
const PACE: Duration = Duration::from_millis(1);

/// A message goes back and forth between the two, with a number that rises. It is the only one on its way, so that one
/// lost, doubled or out of order is the next to be noticed.
pub struct Pair {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    heard: AtomicU64,
    longest_gap: AtomicU64,
    rests: AtomicBool,
    ends: AtomicBool,
}

impl Pair {
    #[track_caller]
    pub fn join(server: &Server, room: &str) -> Pair {
        Pair::of(vec![Client::join(server, room), Client::join(server, room)])
    }

    /// Those who pass a message on to the next: one alone, at a server that echoes, to itself.
    pub fn of(clients: Vec<Client>) -> Pair {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        Pair { shared, thread: Some(thread::spawn(move || chat(clients, &theirs))) }
    }

    /// The longest time between two messages since this was last asked, one that still goes on included.
    #[track_caller]
    pub fn longest_gap(&self) -> Duration {
        let heard = self.heard();
        eventually("a message between the two", || {
            assert!(!self.thread.as_ref().unwrap().is_finished(), "the pair has come to grief");
            (self.heard() >= heard + 2).then_some(())
        });
        Duration::from_micros(self.shared.longest_gap.swap(0, SeqCst))
    }

    /// How many messages have been heard.
    pub fn heard(&self) -> u64 {
        self.shared.heard.load(SeqCst)
    }

    /// Nothing is said during `act`.
    pub fn rest<T>(&self, act: impl FnOnce() -> T) -> T {
        self.shared.rests.store(true, SeqCst);
        thread::sleep(20 * PACE);
        let result = act();
        self.shared.rests.store(false, SeqCst);
        result
    }

    /// Both leave politely; nothing may have been said twice.
    #[track_caller]
    pub fn leave(mut self) {
        self.shared.ends.store(true, SeqCst);
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok(), "the pair has come to grief");
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.shared.ends.store(true, SeqCst);
    }
}

fn chat(mut clients: Vec<Client>, shared: &Shared) {
    let count = clients.len();
    let mut last = Instant::now();
    for n in 0.. {
        if shared.ends.load(SeqCst) {
            break;
        }
        while shared.rests.load(SeqCst) {
            thread::sleep(PACE);
            last = Instant::now();
        }
        let said = format!("pair {n}");
        clients[n % count].text(&said);
        assert_eq!(next_of_pair(&mut clients[(n + 1) % count]).as_deref(), Some(said.as_str()));
        let gap = last.elapsed().as_micros() as u64;
        last = Instant::now();
        shared.longest_gap.fetch_max(gap, SeqCst);
        shared.heard.fetch_add(1, SeqCst);
        thread::sleep(PACE);
    }
    for mut client in clients {
        client.send(&frame::close(1000, b""));
        assert_eq!(next_of_pair(&mut client), None, "heard twice");
    }
}

/// The next message of the two; what others say is passed over.
#[track_caller]
fn next_of_pair(client: &mut Client) -> Option<String> {
    loop {
        let frame = client.next()?;
        if frame.opcode == TEXT && frame.payload.starts_with(b"pair ") {
            return Some(String::from_utf8(frame.payload).unwrap());
        }
    }
}
