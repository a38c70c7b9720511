//! What the room's writer sends to whom, over wires that take as much as they like.
//!
//! What is to be sent is worked out by [`naive::Naive`], one post at a time, with code of its own.

mod bounds;
mod changes;
mod guests;
mod lag;
mod memory;
mod naive;
mod panics;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::received::{self, BINARY, PONG, TEXT};
use super::{Bounds, Farewell, MemberId, Newcomer, Room};
use crate::protocol::close::CloseCode;
use crate::server::memory::Memory;
use crate::server::metrics::Metrics;
use naive::Naive;
use wire::{Behaviour, MockWire};

const GREETING: &[u8] = b"HTTP/1.1 101\r\n\r\n";

const GOODBYE: Farewell = Farewell { code: CloseCode::GOING_AWAY, reason: "bye", waits: true };

/// One thing that is done in a room. Members are called by their numbers, in order of arrival.
#[derive(Clone, Debug)]
enum Op {
    Join { name: Option<&'static str>, history: usize },
    Relay(u64, Vec<u8>),
    Answer(u64, Vec<u8>),
    Leave(u64),
    Close(u64),
    CloseAll,
    Flush,
    FromElsewhere(Vec<u8>),
    GuestComes(u64, &'static str),
    GuestGoes(u64),
}

/// A room, the wires of its members, and what they are to get.
struct Play {
    room: Arc<Room<MockWire>>,
    metrics: Arc<Metrics>,
    wires: Vec<Arc<MockWire>>,
    /// Which members the room has made of them, and of those on other servers.
    ids: Vec<MemberId>,
    guests: BTreeMap<u64, MemberId>,
    naive: Naive,
    closed: bool,
    /// Dropped behind the room.
    _nothing_is_left: NothingIsLeft,
}

/// Nothing is charged any more when this is dropped, or soon after: the threads of outboxes need a moment.
struct NothingIsLeft(Arc<Memory>);

impl Drop for NothingIsLeft {
    fn drop(&mut self) {
        let start = Instant::now();
        while self.0.used() > 0 && !thread::panicking() {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "{} bytes are charged for nobody",
                self.0.used()
            );
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Play {
    fn new(history: usize, max_lag: usize) -> Play {
        Play::within(Memory::new(usize::MAX, 0), history, max_lag)
    }

    fn within(memory: Arc<Memory>, history: usize, max_lag: usize) -> Play {
        let metrics = Arc::new(Metrics::new());
        let room = Arc::new(Room::new(
            Bounds { history, max_lag, max_message: 65536, linger: Duration::ZERO },
            Arc::clone(&metrics),
            &memory,
        ));
        Play {
            room,
            metrics,
            wires: Vec::new(),
            ids: Vec::new(),
            guests: BTreeMap::new(),
            naive: Naive::new(history),
            closed: false,
            _nothing_is_left: NothingIsLeft(memory),
        }
    }

    fn join(&mut self, name: Option<&str>, history: usize, behaviour: Behaviour) -> Arc<MockWire> {
        let wire = MockWire::new(behaviour);
        self.wires.push(Arc::clone(&wire));
        let name = name.map(str::to_owned);
        self.naive.join(GREETING, name.clone(), history);
        let newcomer = Newcomer {
            wire: Some(Arc::clone(&wire)),
            greeting: GREETING.to_vec(),
            name,
            history,
            places: None,
        };
        self.ids.push(self.room.join(newcomer, |_| ()).0);
        wire
    }

    fn relay(&mut self, from: u64, payload: &[u8]) {
        self.naive.relay(from, payload);
        self.room.relay(self.id(from), &received::write(TEXT, payload), || {});
    }

    /// The member of this number; nobody's where there is none.
    fn id(&self, number: u64) -> MemberId {
        self.ids.get(number as usize).copied().unwrap_or(MemberId(1 << 40))
    }

    fn act(&mut self, op: &Op) {
        match op {
            // Nobody is let in behind a shutdown.
            Op::Join { .. } if self.closed => {}
            // Nobody posts under a number that has not been given away.
            Op::Answer(id, _) | Op::Leave(id) | Op::Close(id) if *id >= self.wires.len() as u64 => {}
            Op::Join { name, history } => _ = self.join(*name, *history, Behaviour::default()),
            Op::Relay(from, payload) => self.relay(*from, payload),
            Op::Answer(to, payload) => {
                self.naive.answer(*to, payload);
                self.room.answer(self.id(*to), &received::write(PONG, payload), true);
            }
            Op::Leave(id) => {
                self.naive.leave(*id, None);
                self.room.leave(self.id(*id), None);
            }
            Op::Close(id) => {
                self.naive.leave(*id, Some(GOODBYE));
                self.room.leave(self.id(*id), Some(GOODBYE));
            }
            Op::CloseAll => {
                self.closed = true;
                self.naive.close_all(GOODBYE);
                self.room.close_all(GOODBYE);
            }
            Op::Flush => self.room.flush(),
            Op::FromElsewhere(_) | Op::GuestComes(..) | Op::GuestGoes(_) => guests::act(self, op),
        }
    }

    /// Everyone has got exactly what it was to get, and everything has been counted.
    fn assert_as_expected(&self) {
        for (wire, expected) in self.wires.iter().zip(&self.naive.members) {
            let taken = wire.taken();
            assert_eq!(show(&taken.bytes), show(&expected.stream));
            if let Some(frames) = taken.bytes.strip_prefix(GREETING) {
                received::read_whole(frames);
            }
            assert_eq!(taken.ended, expected.closed);
            assert_eq!(taken.cut, expected.left);
            assert_eq!(taken.lagged, 0);
        }
        assert_eq!(metric(&self.metrics, "deliveries_total"), self.naive.deliveries);
        let closes = self.naive.members.iter().filter(|member| member.closed).count();
        assert_eq!(metric(&self.metrics, "closes_total{code=\"1001\"}"), closes as u64);
        assert!(!self.room.is_someone_far_behind());
    }

    /// Closes everyone, and waits for those who lag.
    fn end(&mut self) {
        self.act(&Op::CloseAll);
        self.act(&Op::Flush);
        self.wires.iter().for_each(|wire| wire.wait_for_end());
    }
}

/// Bytes as a failed assertion is to show them.
fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn metric(metrics: &Metrics, name: &str) -> u64 {
    let page = metrics.render(0);
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("chinwag_{name} ")));
    line.expect(name).parse().unwrap()
}

/// A generator of numbers that are the same every time (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
