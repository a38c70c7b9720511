//! Several servers with one Redis: what arrives on the others, how late, and what it costs.

use crate::load::Load;
use crate::order::Id;
use crate::result::Result;
use crate::server::{Contender, Redis, Server};
use hdrhistogram::Histogram;
use std::thread;
use std::time::{Duration, Instant};

pub const CLIENTS: usize = 300;
/// Bytes in a message.
const SIZE: usize = 64;
const WARM_UP: Duration = Duration::from_millis(500);
/// How long the last messages may take to arrive once nobody talks any more.
const DRAIN: Duration = Duration::from_secs(10);
/// How long the servers may take to find each other.
const MEETING: Duration = Duration::from_secs(20);
const MAX_LATENCY_US: u64 = 60_000_000;

/// Who serves the clients, in equal parts.
#[derive(Clone, Copy)]
pub struct Shape {
    pub name: &'static str,
    pub servers: usize,
    pub redis: bool,
}

pub const SHAPES: [Shape; 3] = [
    Shape { name: "one", servers: 1, redis: false },
    Shape { name: "one, with Redis", servers: 1, redis: true },
    Shape { name: "three, with Redis", servers: 3, redis: true },
];

pub struct Outcome {
    pub deliveries_per_second: f64,
    /// Of all servers together.
    pub cpu_us_per_delivery: f64,
    pub redis_us_per_delivery: f64,
    /// To those on the sender's server.
    pub near_ms: [f64; 2],
    /// To those on the others.
    pub far_ms: [f64; 2],
}

/// All clients talk in turn, so many messages a second in all. Each message must reach everyone else, once, and in the
/// order in which its sender sent it.
pub fn measure(
    shape: Shape,
    contender: &Contender,
    rate: u32,
    time: Duration,
    pinned: bool,
) -> Result<Outcome> {
    let redis = if shape.redis { Some(Redis::start(pinned)?) } else { None };
    let mut contender = contender.clone();
    contender.args.extend(redis.iter().flat_map(|redis| ["--redis".into(), redis.url.clone()]));
    let servers: Vec<_> =
        (0..shape.servers).map(|_| Server::start(&contender, pinned)).collect::<Result<_>>()?;
    if redis.is_some() {
        meet(&servers)?;
    }
    let cpu = || -> Result<[Duration; 2]> {
        let servers = servers.iter().map(Server::cpu_time).sum::<Result<_>>()?;
        Ok([servers, redis.as_ref().map_or(Ok(Duration::ZERO), Redis::cpu_time)?])
    };
    let mut talk = Talk::new(&servers, rate)?;
    talk.run(WARM_UP)?;
    talk.latency_us.iter_mut().for_each(Histogram::reset);
    let (deliveries, before, start) = (talk.deliveries, cpu()?, Instant::now());
    talk.run(time)?;
    let (deliveries, elapsed) = ((talk.deliveries - deliveries) as f64, start.elapsed().as_secs_f64());
    let after = cpu()?;
    talk.drain()?;
    let [servers_us, redis_us] = [0, 1].map(|at| (after[at] - before[at]).as_secs_f64() * 1e6 / deliveries);
    let [near_ms, far_ms] = talk.latency_us.each_ref().map(|latency| match latency.len() {
        0 => [f64::NAN; 2],
        _ => [0.5, 0.99].map(|quantile| latency.value_at_quantile(quantile) as f64 / 1e3),
    });
    Ok(Outcome {
        deliveries_per_second: deliveries / elapsed,
        cpu_us_per_delivery: servers_us,
        redis_us_per_delivery: redis_us,
        near_ms,
        far_ms,
    })
}

/// Waits until every server knows all the others.
fn meet(servers: &[Server]) -> Result<()> {
    let end = Instant::now() + MEETING;
    let others = (servers.len() - 1) as f64;
    let knows_all = |server: &Server| {
        server.metric("chinwag_redis_up") == Some(1.0)
            && server.metric("chinwag_redis_servers") == Some(others)
    };
    while !servers.iter().all(knows_all) {
        if Instant::now() > end {
            return Err("the servers do not find each other".into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

struct Talk {
    load: Load,
    /// How many clients each server has.
    part: usize,
    interval: Duration,
    /// Of each client: when it sent which message.
    sent_at: Vec<Vec<Instant>>,
    /// Of each receiver and each sender: how many messages have come.
    heard: Vec<Vec<usize>>,
    next_due: Instant,
    turns: usize,
    deliveries: u64,
    /// To those on the sender's server, and on others.
    latency_us: [Histogram<u64>; 2],
}

impl Talk {
    fn new(servers: &[Server], rate: u32) -> Result<Talk> {
        let addrs: Vec<_> = servers.iter().map(|server| server.addr).collect();
        Ok(Talk {
            load: Load::connect_across(&addrs, CLIENTS)?,
            part: CLIENTS / servers.len(),
            interval: Duration::from_secs(1) / rate,
            sent_at: vec![Vec::new(); CLIENTS],
            heard: vec![vec![0; CLIENTS]; CLIENTS],
            next_due: Instant::now(),
            turns: 0,
            deliveries: 0,
            latency_us: [
                Histogram::new_with_max(MAX_LATENCY_US, 3)?,
                Histogram::new_with_max(MAX_LATENCY_US, 3)?,
            ],
        })
    }

    fn run(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        self.next_due = Instant::now();
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            while self.next_due <= now {
                // The clients of all servers in turn.
                let turn = self.turns % CLIENTS;
                self.say((turn % (CLIENTS / self.part)) * self.part + turn / (CLIENTS / self.part));
                self.turns += 1;
                self.next_due += self.interval;
            }
            self.listen(self.next_due.min(end) - now)?;
        }
    }

    fn say(&mut self, sender: usize) {
        let mut message = [b'.'; SIZE];
        Id::new(sender, self.sent_at[sender].len()).write(&mut message);
        self.sent_at[sender].push(Instant::now());
        self.load.send(sender, &message);
    }

    fn listen(&mut self, wait: Duration) -> Result<()> {
        let Talk { load, part, sent_at, heard, deliveries, latency_us, .. } = self;
        load.turn(wait, |receiver, message| {
            let id = Id::read(message);
            let sender = id.sender();
            let next = heard[receiver].get_mut(sender).ok_or("a message that nobody sent")?;
            if message.len() != SIZE || sender == receiver || id.sequence() != *next {
                return Err(format!("message {} of client {sender} in place of {next}", id.sequence()).into());
            }
            *next += 1;
            *deliveries += 1;
            let sent_at = sent_at[sender].get(id.sequence()).ok_or("a message that nobody sent")?;
            let is_far = usize::from(sender / *part != receiver / *part);
            latency_us[is_far].saturating_record(sent_at.elapsed().as_micros() as u64);
            Ok(())
        })
    }

    /// Nobody talks any more; everything sent has to arrive.
    fn drain(&mut self) -> Result<()> {
        let end = Instant::now() + DRAIN;
        let expected = self.turns as u64 * (CLIENTS as u64 - 1);
        while self.deliveries < expected {
            if Instant::now() > end {
                return Err(format!("{} deliveries of {expected}", self.deliveries).into());
            }
            self.listen(Duration::from_millis(20))?;
        }
        Ok(())
    }
}
