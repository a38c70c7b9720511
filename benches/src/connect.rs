//! What it costs a server that someone comes and goes: a connection, its opening handshake and its closing one.

use crate::frame;
use crate::load::{await_acceptance, dial};
use crate::result::Result;
use crate::server::{Contender, Server};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_millis(300);
/// So many come together, and go together.
const WAVE: usize = 32;
const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
/// §5.5.1: a status code in network byte order.
const NORMAL_CLOSURE: [u8; 2] = 1000u16.to_be_bytes();

pub struct Outcome {
    pub per_second: f64,
    pub cpu_us: f64,
    /// Processor time of the server in percent of the time that went by.
    pub busy: f64,
}

pub fn measure(contender: &Contender, time: Duration, pinned: bool) -> Result<Outcome> {
    let server = Server::start(contender, pinned)?;
    come_and_go(server.addr, WARM_UP)?;
    let (cpu, start) = (server.cpu_time()?, Instant::now());
    let connections = come_and_go(server.addr, time)? as f64;
    let (cpu, elapsed) = ((server.cpu_time()? - cpu).as_secs_f64(), start.elapsed().as_secs_f64());
    Ok(Outcome {
        per_second: connections / elapsed,
        cpu_us: cpu * 1e6 / connections,
        busy: cpu * 100.0 / elapsed,
    })
}

/// Wave after wave; how many there were.
fn come_and_go(addr: SocketAddr, time: Duration) -> Result<usize> {
    let (start, mut connections) = (Instant::now(), 0);
    while start.elapsed() < time {
        let mut wave = (0..WAVE).map(|_| dial(addr)).collect::<Result<Vec<TcpStream>>>()?;
        for stream in &mut wave {
            if !await_acceptance(stream)?.is_empty() {
                return Err("something was said before anybody spoke".into());
            }
            let mut close = Vec::new();
            frame::put(&mut close, frame::CLOSE, Some(KEY), &NORMAL_CLOSURE);
            stream.write_all(&close)?;
        }
        wave.iter_mut().try_for_each(await_the_end)?;
        connections += WAVE;
    }
    Ok(connections)
}

/// The server's Close with the same code, and the end of the stream.
fn await_the_end(stream: &mut TcpStream) -> Result<()> {
    let (mut rest, mut close) = (Vec::new(), Vec::new());
    stream.read_to_end(&mut rest)?;
    frame::put(&mut close, frame::CLOSE, None, &NORMAL_CLOSURE);
    if rest == close { Ok(()) } else { Err(format!("{rest:02x?} in place of a Close").into()) }
}
