//! The locks of a room, model-checked: the real code, led by `shuttle` through orders of its threads.
//!
//! ```text
//! tests/models/run
//! ```
//!
//! Each model is a few threads around one room, and what must be true at their end whatever their order was. It is run
//! in schedules drawn at random, in schedules by PCT (which finds an error that needs few switches at the right places
//! with a probability that can be told), and, where it has few steps, in many that follow one another. Deadlocks and
//! threads that never end are found by the checker itself.
//!
//! What it cannot show: it runs one thread at a time, so every atomic is as strong as can be; and a panic ends its
//! run, so those are with the ordinary tests.

mod changes;
mod lag;
mod memory;
mod posting;
mod seats;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use super::received::{self, BINARY, CLOSE};
use super::{Bounds, Farewell, MemberId, Newcomer, Room};
use crate::protocol::close::CloseCode;
use crate::server::memory::Memory;
use crate::server::metrics::Metrics;
use crate::server::sync::{lock, thread};
use wire::ModelWire;

/// How many schedules of each kind a model is run in; `CHINWAG_MODEL_SCHEDULES` overrides it.
const SCHEDULES: usize = 5000;

/// A bound that no model reaches unless it is about reaching it.
const FAR: usize = 1 << 20;

const GOODBYE: Farewell = Farewell { code: CloseCode::NORMAL_CLOSURE, reason: "", waits: true };

/// Runs a model in many schedules, drawn at random and by PCT.
fn check(model: fn()) {
    let schedules = std::env::var("CHINWAG_MODEL_SCHEDULES").ok().and_then(|n| n.parse().ok());
    let schedules = schedules.unwrap_or(SCHEDULES);
    run(RandomScheduler::new_from_seed(1, schedules), model);
    for depth in 2..=4 {
        run(PctScheduler::new_from_seed(depth as u64, depth, schedules), model);
    }
}

/// Runs a model of a few steps in its schedules one after the other, as far as the last switches go, and then as any other.
fn check_in_order(model: fn()) {
    let schedules = run(DfsScheduler::new(Some(20 * SCHEDULES), false), model);
    println!("{schedules} schedules in order");
    check(model);
}

fn run(scheduler: impl Scheduler + 'static, model: fn()) -> usize {
    let mut config = Config::new();
    config.stack_size = 256 * 1024;
    config.max_steps = MaxSteps::FailAfter(100_000);
    config.failure_persistence = FailurePersistence::Print;
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(model)
}

/// A room under test with all the wires of those who have been in it.
struct Model {
    room: Arc<Room<ModelWire>>,
    metrics: Arc<Metrics>,
}

impl Model {
    fn new(max_lag: usize) -> Model {
        Model::within(&Memory::new(usize::MAX, 0), max_lag, 100)
    }

    /// One whose transcript is needed by those who lag alone.
    fn without_history(max_lag: usize) -> Model {
        Model::within(&Memory::new(usize::MAX, 0), max_lag, 0)
    }

    fn within(memory: &Arc<Memory>, max_lag: usize, history: usize) -> Model {
        let metrics = Arc::new(Metrics::new());
        let bounds = Bounds { history, max_lag, max_message: 0, linger: Duration::ZERO };
        Model { room: Arc::new(Room::new(bounds, Arc::clone(&metrics), memory)), metrics }
    }

    fn join(&self, wire: &Arc<ModelWire>) -> MemberId {
        let id = self.room.join(newcomer(wire), |_| ()).0;
        self.room.flush();
        id
    }

    /// A thread that posts `count` messages, flushing after each, and then does something else.
    fn posts(
        &self,
        id: MemberId,
        count: u8,
        then: impl FnOnce(&Room<ModelWire>) + Send + 'static,
    ) -> thread::JoinHandle<()> {
        let room = Arc::clone(&self.room);
        thread::spawn(move || {
            for number in 0..count {
                room.relay(id, &message(id, number), || {});
                room.flush();
            }
            then(&room);
        })
    }

    /// Waits for the threads of the model. Then nothing may be left without a writer.
    fn join_threads(&self, threads: impl IntoIterator<Item = thread::JoinHandle<()>>) {
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let queue = lock(&self.room.queue);
        assert!(queue.batch.is_empty(), "something is left in the queue");
        assert!(!queue.awaited, "nobody waits, and yet it is said so");
    }

    /// Lets everyone go, and waits for the threads of those who lag.
    fn end(self, wires: &[&Arc<ModelWire>]) {
        self.room.close_all(GOODBYE);
        self.room.flush();
        self.settle(wires);
    }

    fn settle(self, wires: &[&Arc<ModelWire>]) {
        let room = Arc::into_inner(self.room).expect("nobody has the room any more");
        let lag = Arc::clone(&room.common);
        drop(room);
        for wire in wires {
            while Arc::strong_count(wire) > 1 {
                thread::yield_now();
            }
        }
        assert!(!lock(&lag.transcript).is_held(), "the transcript is held for nobody");
        assert_eq!(lag.far_behind.load(super::Ordering::Relaxed), 0, "someone is far behind for ever");
    }
}

fn newcomer(wire: &Arc<ModelWire>) -> Newcomer<ModelWire> {
    Newcomer {
        wire: Some(Arc::clone(wire)),
        greeting: wire::GREETING.to_vec(),
        name: None,
        history: 0,
        places: None,
    }
}

/// Message `number` of a member, as a frame.
fn message(id: MemberId, number: u8) -> Vec<u8> {
    received::write(BINARY, &[id.0 as u8, number])
}

/// Messages by sender and number.
type Messages = Vec<(u8, u8)>;

/// The messages in what a member received, and whether a Close stands behind them.
fn messages(frames: Vec<received::Frame>) -> (Messages, bool) {
    let closed = frames.last().is_some_and(|(opcode, _)| *opcode == CLOSE);
    let messages = frames.iter().filter(|(opcode, _)| *opcode == BINARY);
    (messages.map(|(_, payload)| (payload[0], payload[1])).collect(), closed)
}

/// Messages without those of one sender: what that one gets of them.
fn without(messages: &[(u8, u8)], id: MemberId) -> Messages {
    messages.iter().copied().filter(|(from, _)| u64::from(*from) != id.0).collect()
}

/// Every sender's messages are there, once each and in the order in which it sent them.
fn assert_complete(order: &[(u8, u8)], senders: &[(MemberId, u8)]) {
    for (id, count) in senders {
        let own = order.iter().filter(|(from, _)| u64::from(*from) == id.0).map(|(_, number)| *number);
        assert!(own.eq(0..*count), "messages of {id:?} in {order:?}");
    }
    assert_eq!(order.len(), senders.iter().map(|(_, count)| usize::from(*count)).sum::<usize>());
}

/// What `/metrics` says.
fn metric(metrics: &Metrics, name: &str) -> u64 {
    let page = metrics.render(0);
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("chinwag_{name} ")));
    line.expect(name).parse().unwrap()
}
