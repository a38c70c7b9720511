//! What one client that stops reading costs the others.
//!
//! A pair talks: each answers the other's message with the next. Twenty listen. One floods the room with 16 MiB, far
//! more than the kernel holds for anyone. Measured is the longest time in which neither of the pair heard the other.

use crate::load::Load;
use crate::order::{Id, OBSERVER, Order};
use crate::result::Result;
use crate::server::{Contender, Server};
use std::time::{Duration, Instant};

const PAIR: [usize; 2] = [1, 2];
const FLOODER: usize = 3;
/// The observer, the pair, the flooder and twenty listeners.
const HEALTHY: usize = 24;
/// Its number, and the number of clients without it.
const STALLED: usize = HEALTHY;
const SHORT: usize = 64;
const LONG: usize = 16 << 10;
const FLOOD: usize = (16 << 20) / LONG;
const FLOOD_IN_FLIGHT: usize = 4;
/// So long nothing arrives in a room that stands still.
const STUCK: Duration = Duration::from_secs(5);

pub struct Outcome {
    /// `None`: the room came to a standstill.
    pub longest_gap: Option<Duration>,
    pub flood: Duration,
    /// Whether the one that stopped reading was disconnected.
    pub dropped: bool,
    /// The server's own count of those it dropped for their lag.
    pub dropped_for_lag: Option<f64>,
}

pub fn measure(contender: &Contender, with_stalled: bool, pinned: bool) -> Result<Outcome> {
    let server = Server::start(contender, pinned)?;
    let mut load = Load::connect(server.addr, HEALTHY + usize::from(with_stalled))?;
    if with_stalled {
        load.stop_reading(STALLED)?;
    }
    let mut room = Room::new(load);
    let start = Instant::now();
    let finished = room.run()?;
    Ok(Outcome {
        longest_gap: finished.then_some(room.longest_gap),
        flood: start.elapsed(),
        dropped: with_stalled && room.load.is_disconnected(STALLED)?,
        dropped_for_lag: server.metric("chinwag_clients_dropped_total{reason=\"lag\"}"),
    })
}

struct Room {
    load: Load,
    order: Order,
    /// Of each client: how many messages it has sent.
    sent: Vec<usize>,
    may_send: Vec<usize>,
    last_delivery: Instant,
    longest_gap: Duration,
}

impl Room {
    fn new(load: Load) -> Room {
        let mut sizes = vec![SHORT; HEALTHY];
        sizes[FLOODER] = LONG;
        let mut may_send = vec![FLOODER; FLOOD_IN_FLIGHT];
        may_send.push(PAIR[0]);
        Room {
            load,
            order: Order::new(sizes),
            sent: vec![0; HEALTHY],
            may_send,
            last_delivery: Instant::now(),
            longest_gap: Duration::ZERO,
        }
    }

    /// Until the flood is over and everything has arrived; whether it came to that.
    fn run(&mut self) -> Result<bool> {
        let mut last_arrival = Instant::now();
        while last_arrival.elapsed() < STUCK {
            let flooding = self.sent[FLOODER] < FLOOD;
            for sender in std::mem::take(&mut self.may_send) {
                if self.sent[FLOODER] < FLOOD {
                    self.send(sender);
                }
            }
            if self.turn()? {
                last_arrival = Instant::now();
            }
            if !flooding && self.order.is_complete(&self.sent)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn send(&mut self, sender: usize) {
        let message = self.order.message(Id::new(sender, self.sent[sender]));
        self.sent[sender] += 1;
        self.load.send(sender, &message);
    }

    /// Whether anything arrived.
    fn turn(&mut self) -> Result<bool> {
        let Room { load, order, may_send, last_delivery, longest_gap, .. } = self;
        let before = order.deliveries;
        load.turn(Duration::from_millis(20), |receiver, message| {
            let sender = order.received(receiver, message)?.sender();
            if PAIR.contains(&receiver) && PAIR.contains(&sender) {
                *longest_gap = (*longest_gap).max(last_delivery.elapsed());
                *last_delivery = Instant::now();
                may_send.push(receiver);
            }
            if receiver == OBSERVER && sender == FLOODER {
                may_send.push(FLOODER);
            }
            Ok(())
        })?;
        Ok(order.deliveries > before)
    }
}
