//! What it costs a server to take a message and to send one: each client gets back what it says, and nothing else.

use crate::load::Load;
use crate::order::{Id, LABEL};
use crate::relay::Cost;
use crate::result::Result;
use crate::server::{Contender, Server};
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_millis(300);
/// How long the last echoes may take once nobody talks any more.
const DRAIN: Duration = Duration::from_secs(10);
/// The longest message that a server takes when it is told nothing, in bytes.
const DEFAULT_MAX_MESSAGE: usize = 64 << 10;
const MAX_LATENCY_US: u64 = 60_000_000;

#[derive(Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    pub clients: usize,
    /// Messages that each client has under way.
    pub in_flight: usize,
    /// Bytes in a message.
    pub size: usize,
}

pub const SCENARIOS: [Scenario; 3] = [
    Scenario { name: "echo", clients: 1, in_flight: 1, size: 64 },
    Scenario { name: "echo-many", clients: 50, in_flight: 16, size: 64 },
    Scenario { name: "echo-1M", clients: 2, in_flight: 1, size: 1 << 20 },
];

/// The same server, told to echo.
fn as_echo(contender: &Contender, scenario: &Scenario) -> Contender {
    let mut contender = contender.clone();
    contender.args.push("--echo".into());
    if scenario.size > DEFAULT_MAX_MESSAGE {
        contender.args.extend(["--max-message".into(), scenario.size.to_string()]);
    }
    contender
}

pub fn measure(scenario: &Scenario, contender: &Contender, time: Duration, pinned: bool) -> Result<Cost> {
    let server = Server::start(&as_echo(contender, scenario), pinned)?;
    let mut talk = Talk::new(scenario, Load::connect(server.addr, scenario.clients)?)?;
    talk.run(WARM_UP)?;
    talk.latency_us.reset();
    let (echoes, cpu, start) = (talk.echoes, server.cpu_time()?, Instant::now());
    talk.run(time)?;
    let echoes = (talk.echoes - echoes) as f64;
    let (cpu, elapsed) = (server.cpu_time()? - cpu, start.elapsed());
    talk.drain()?;
    Ok(Cost::new(echoes, cpu, elapsed, &talk.latency_us))
}

/// What one client has under way.
#[derive(Clone, Default)]
struct Pending {
    sent: usize,
    received: usize,
    sent_at: Vec<Instant>,
}

struct Talk<'a> {
    scenario: &'a Scenario,
    load: Load,
    /// What a message says behind its label.
    blank: Vec<u8>,
    pending: Vec<Pending>,
    may_send: Vec<usize>,
    echoes: u64,
    latency_us: Histogram<u64>,
}

impl<'a> Talk<'a> {
    fn new(scenario: &'a Scenario, load: Load) -> Result<Talk<'a>> {
        let start = vec![Instant::now(); scenario.in_flight];
        Ok(Talk {
            scenario,
            load,
            blank: (0..scenario.size).map(|at| b'a' + (at % 26) as u8).collect(),
            pending: vec![Pending { sent_at: start, ..Pending::default() }; scenario.clients],
            may_send: (0..scenario.clients).flat_map(|client| vec![client; scenario.in_flight]).collect(),
            echoes: 0,
            latency_us: Histogram::new_with_max(MAX_LATENCY_US, 3)?,
        })
    }

    fn run(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while let Some(wait) = end.checked_duration_since(Instant::now()) {
            for client in std::mem::take(&mut self.may_send) {
                let Pending { sent, sent_at, .. } = &mut self.pending[client];
                Id::new(client, *sent).write(&mut self.blank);
                self.load.send(client, &self.blank);
                sent_at[*sent % self.scenario.in_flight] = Instant::now();
                *sent += 1;
            }
            self.listen(wait)?;
        }
        Ok(())
    }

    fn listen(&mut self, wait: Duration) -> Result<()> {
        let Talk { scenario, load, blank, pending, may_send, echoes, latency_us } = self;
        load.turn(wait, |client, message| {
            let Pending { received, sent_at, .. } = &mut pending[client];
            let is_whole = message.len() == blank.len() && message[LABEL..] == blank[LABEL..];
            if !is_whole || Id::read(message) != Id::new(client, *received) {
                return Err(format!("not what was said: {} bytes, number {received}", message.len()).into());
            }
            let elapsed = sent_at[*received % scenario.in_flight].elapsed();
            latency_us.saturating_record(elapsed.as_nanos() as u64 / 1000);
            *received += 1;
            *echoes += 1;
            may_send.push(client);
            Ok(())
        })
    }

    /// Nobody talks any more; everything said has to come back.
    fn drain(&mut self) -> Result<()> {
        let end = Instant::now() + DRAIN;
        while self.pending.iter().any(|pending| pending.received < pending.sent) {
            if Instant::now() > end {
                return Err("messages were lost".into());
            }
            self.listen(Duration::from_millis(20))?;
        }
        Ok(())
    }
}
