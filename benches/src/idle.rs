//! What clients cost that do nothing.

use crate::load::Load;
use crate::order::{Id, OBSERVER, Order};
use crate::result::Result;
use crate::server::{Contender, Server};
use std::thread;
use std::time::{Duration, Instant};

/// After the last handshake: for the server to come to rest.
const SETTLE: Duration = Duration::from_millis(300);
const ARRIVAL: Duration = Duration::from_secs(10);
const SIZE: usize = 64;
const TALKER: usize = 1;

pub struct Outcome {
    /// Resident memory of the server's process; what the kernel holds for sockets and threads is not in it.
    pub bytes_per_client: f64,
    pub threads: usize,
    pub connecting: Duration,
    /// From sending one message until everyone else has it.
    pub reach_all: Duration,
}

pub fn measure(clients: usize, contender: &Contender, pinned: bool) -> Result<Outcome> {
    let server = Server::start(contender, pinned)?;
    let before = server.memory()?;
    let start = Instant::now();
    let mut load = Load::connect(server.addr, clients)?;
    let connecting = start.elapsed();
    thread::sleep(SETTLE);
    let bytes_per_client = server.memory()?.saturating_sub(before) as f64 / clients as f64;
    let threads = server.threads()?;
    let reach_all = reach_all(&mut load, clients)?;
    Ok(Outcome { bytes_per_client, threads, connecting, reach_all })
}

fn reach_all(load: &mut Load, clients: usize) -> Result<Duration> {
    let mut order = Order::new(vec![SIZE; clients]);
    let mut sent = vec![0; clients];
    assert_ne!(TALKER, OBSERVER);
    sent[TALKER] = 1;
    let start = Instant::now();
    load.send(TALKER, &order.message(Id::new(TALKER, 0)));
    while order.deliveries < clients as u64 - 1 {
        if start.elapsed() > ARRIVAL {
            return Err(format!("only {} of {clients} were reached", order.deliveries).into());
        }
        load.turn(Duration::from_millis(20), |receiver, message| {
            order.received(receiver, message).map(drop)
        })?;
    }
    let elapsed = start.elapsed();
    if order.is_complete(&sent)? { Ok(elapsed) } else { Err("someone was reached twice".into()) }
}
