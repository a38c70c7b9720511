//! What it costs a server to pass messages on.

use crate::load::Load;
use crate::order::{Id, OBSERVER, Order};
use crate::result::Result;
use crate::server::{Contender, Server};
use hdrhistogram::Histogram;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_millis(300);
/// How long the last messages may take to arrive once nobody talks any more.
const DRAIN: Duration = Duration::from_secs(10);
const MAX_LATENCY_US: u64 = 60_000_000;

#[derive(Clone, Copy)]
pub enum Pace {
    /// Closed loop: each talker has so many messages under way. It takes one for delivered when its neighbour, the
    /// client that joined after it, has got it. The numbers below keep the server busy, not the load: the more is
    /// under way, the larger are the server's batches and the cheaper is a delivery, until the load is the slower.
    InFlight(usize),
    /// The talkers take turns, so many messages a second in all.
    PerSecond(u32),
}

#[derive(Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// Talkers and the silent observer included.
    pub clients: usize,
    pub talkers: usize,
    /// Bytes in a message.
    pub size: usize,
    pub pace: Pace,
}

pub const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "fan-out", clients: 101, talkers: 100, size: 64, pace: Pace::InFlight(1) },
    Scenario { name: "many-listen", clients: 1000, talkers: 10, size: 128, pace: Pace::InFlight(4) },
    Scenario { name: "large", clients: 50, talkers: 1, size: 16 << 10, pace: Pace::InFlight(4) },
    Scenario { name: "sparse", clients: 101, talkers: 100, size: 64, pace: Pace::PerSecond(10) },
];

/// What messages have cost: deliveries in a room, or echoes.
pub struct Cost {
    pub per_second: f64,
    pub cpu_us: f64,
    /// Processor time of the server in percent of the time that went by.
    pub busy: f64,
    pub median_ms: f64,
    pub p99_ms: f64,
}

impl Cost {
    pub fn new(messages: f64, cpu: Duration, elapsed: Duration, latency_us: &Histogram<u64>) -> Cost {
        let (cpu, elapsed) = (cpu.as_secs_f64(), elapsed.as_secs_f64());
        Cost {
            per_second: messages / elapsed,
            cpu_us: cpu * 1e6 / messages,
            busy: cpu * 100.0 / elapsed,
            median_ms: latency_us.value_at_quantile(0.5) as f64 / 1e3,
            p99_ms: latency_us.value_at_quantile(0.99) as f64 / 1e3,
        }
    }
}

pub fn measure(scenario: &Scenario, contender: &Contender, time: Duration, pinned: bool) -> Result<Cost> {
    let server = Server::start(contender, pinned)?;
    let mut talk = Talk::new(scenario, server.addr)?;
    talk.run(WARM_UP)?;
    talk.latency_us.reset();
    let (deliveries, cpu, start) = (talk.order.deliveries, server.cpu_time()?, Instant::now());
    talk.run(time)?;
    let deliveries = (talk.order.deliveries - deliveries) as f64;
    let (cpu, elapsed) = (server.cpu_time()? - cpu, start.elapsed());
    talk.drain()?;
    Ok(Cost::new(deliveries, cpu, elapsed, &talk.latency_us))
}

struct Talk<'a> {
    scenario: &'a Scenario,
    load: Load,
    order: Order,
    /// Of each client: when it sent which message.
    sent_at: Vec<Vec<Instant>>,
    /// Who may send one message more.
    may_send: Vec<usize>,
    next_due: Instant,
    turns: usize,
    latency_us: Histogram<u64>,
}

impl<'a> Talk<'a> {
    fn new(scenario: &'a Scenario, addr: SocketAddr) -> Result<Talk<'a>> {
        let talkers = OBSERVER + 1..=scenario.talkers;
        let may_send = match scenario.pace {
            Pace::InFlight(count) => talkers.flat_map(|talker| vec![talker; count]).collect(),
            Pace::PerSecond(_) => Vec::new(),
        };
        Ok(Talk {
            scenario,
            load: Load::connect(addr, scenario.clients)?,
            order: Order::new(vec![scenario.size; scenario.clients]),
            sent_at: vec![Vec::new(); scenario.clients],
            may_send,
            next_due: Instant::now(),
            turns: 0,
            latency_us: Histogram::new_with_max(MAX_LATENCY_US, 3)?,
        })
    }

    fn run(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            let mut wait = end - now;
            if let Pace::PerSecond(rate) = self.scenario.pace {
                self.take_turns(now, Duration::from_secs(1) / rate);
                wait = wait.min(self.next_due - now);
            }
            self.talk();
            self.listen(wait)?;
        }
    }

    fn take_turns(&mut self, now: Instant, interval: Duration) {
        while self.next_due <= now {
            self.may_send.push(OBSERVER + 1 + self.turns % self.scenario.talkers);
            self.turns += 1;
            self.next_due = now.max(self.next_due + interval);
        }
    }

    fn talk(&mut self) {
        for talker in self.may_send.drain(..) {
            let id = Id::new(talker, self.sent_at[talker].len());
            self.sent_at[talker].push(Instant::now());
            self.load.send(talker, &self.order.message(id));
        }
    }

    fn listen(&mut self, wait: Duration) -> Result<()> {
        let Talk { scenario, load, order, sent_at, may_send, latency_us, .. } = self;
        load.turn(wait, |receiver, message| {
            let id = order.received(receiver, message)?;
            let sent_at = sent_at[id.sender()].get(id.sequence()).ok_or("a message that nobody sent")?;
            latency_us.saturating_record(sent_at.elapsed().as_micros() as u64);
            if matches!(scenario.pace, Pace::InFlight(_)) && receiver == (id.sender() + 1) % scenario.clients
            {
                may_send.push(id.sender());
            }
            Ok(())
        })
    }

    /// Nobody talks any more; everything sent has to arrive.
    fn drain(&mut self) -> Result<()> {
        let end = Instant::now() + DRAIN;
        let sent: Vec<usize> = self.sent_at.iter().map(Vec::len).collect();
        while !self.order.is_complete(&sent)? {
            if Instant::now() > end {
                return Err("messages were lost".into());
            }
            self.listen(Duration::from_millis(20))?;
        }
        Ok(())
    }
}
