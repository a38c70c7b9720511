//! What a room costs in which nearly everyone has stopped reading: the server's memory.
//!
//! One talks and one listens; all others take what their sockets hold, and no more. Said is somewhat less than a server
//! holds for anyone before it gives that one up, so nobody is dropped.

use crate::load::Load;
use crate::order::{Id, OBSERVER, Order};
use crate::result::Result;
use crate::server::{Contender, Server};
use std::time::{Duration, Instant};

const TALKER: usize = 1;
const HEALTHY: usize = 2;
const SIZE: usize = 16 << 10;
/// With what a socket of the loopback holds by itself, a lag of some 900 KiB.
const MESSAGES: usize = 84;
const ARRIVAL: Duration = Duration::from_secs(60);

pub struct Outcome {
    /// Resident memory of the server's process, above what it has with everyone connected, in bytes.
    pub memory: u64,
    pub said: usize,
    /// How many were given up.
    pub dropped: Option<f64>,
}

pub fn measure(stalled: usize, contender: &Contender, pinned: bool) -> Result<Outcome> {
    let server = Server::start(contender, pinned)?;
    let mut load = Load::connect(server.addr, HEALTHY + stalled)?;
    (HEALTHY..HEALTHY + stalled).try_for_each(|number| load.stop_reading(number))?;
    let before = server.memory()?;
    let mut order = Order::new(vec![SIZE; HEALTHY]);
    let start = Instant::now();
    for number in 0..MESSAGES {
        load.send(TALKER, &order.message(Id::new(TALKER, number)));
        while order.deliveries <= number as u64 {
            if start.elapsed() > ARRIVAL {
                return Err(format!("only {} of {MESSAGES} messages were heard", order.deliveries).into());
            }
            load.turn(Duration::from_millis(20), |receiver, message| {
                assert_eq!(receiver, OBSERVER);
                order.received(receiver, message).map(drop)
            })?;
        }
    }
    let memory = server.memory()?.saturating_sub(before);
    let dropped = server.metric("chinwag_clients_dropped_total{reason=\"lag\"}");
    Ok(Outcome { memory, said: MESSAGES * SIZE, dropped })
}
