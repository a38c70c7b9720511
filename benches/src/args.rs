//! What is asked for on the command line.

use crate::result::Result;
use crate::server::Contender;
use std::time::Duration;

pub const USAGE: &str = "\
cargo bench --manifest-path benches/Cargo.toml -- [SCENARIO...] [OPTIONS]

scenarios (all of them, if none is named):
  core         the protocol's code in memory, without a server
  fan-out      100 clients talk and one listens, 64 bytes
  many-listen  10 of 1,000 clients talk, 128 bytes
  large        one of 50 clients talks, 16 KiB
  sparse       10 messages a second in all among 101 clients, 64 bytes
  echo         one client is echoed to, 64 bytes
  echo-many    50 clients with 16 messages under way are, 64 bytes
  echo-1M      two clients are, 1 MiB
  connect      clients that come and go, 32 together
  stall        16 MiB into a room with and without a client that stopped reading
  lag          1.3 MiB into a room in which nobody reads but one
  idle         1,000 and 10,000 clients that do nothing

options:
  --servers A,B      only these of: chinwag, naive, tungstenite, tokio-tungstenite, fastwebsockets,
                     raw-epoll, and what --binary adds
  --binary NAME=PATH measure this program too; it must take a port by itself and print
                     `listening on http://ADDR:PORT/`; NAME=PATH,ARG,ARG passes arguments
  --rounds N         rounds, of which the median is printed (5)
  --seconds S        seconds of measuring in each round (2)
  --idle N,N         how many idle clients (1000,10000)
  --stalled N        how many clients of `lag` do not read (1021)
  --in-flight N      messages each talker has under way, in place of the scenario's own number
  --unpinned         leave it to the kernel on which processor the server and the load run,
                     in place of the first for the server and the last for the load
";

pub const SCENARIOS: [&str; 12] = [
    "core",
    "fan-out",
    "many-listen",
    "large",
    "sparse",
    "echo",
    "echo-many",
    "echo-1M",
    "connect",
    "stall",
    "lag",
    "idle",
];

pub struct Args {
    pub scenarios: Vec<String>,
    /// Empty: all.
    pub servers: Vec<String>,
    pub binaries: Vec<Contender>,
    pub rounds: usize,
    pub time: Duration,
    pub idle: Vec<usize>,
    pub stalled: usize,
    pub in_flight: Option<usize>,
    pub pinned: bool,
}

/// `Ok(None)` if help is asked for.
pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Args>> {
    let mut args = Args {
        scenarios: Vec::new(),
        servers: Vec::new(),
        binaries: Vec::new(),
        rounds: 5,
        time: Duration::from_secs(2),
        idle: vec![1000, 10_000],
        stalled: 1021,
        in_flight: None,
        pinned: true,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--bench" => {} // said by cargo
            "--help" | "-h" => return Ok(None),
            "--unpinned" => args.pinned = false,
            "--servers" => args.servers = value()?.split(',').map(String::from).collect(),
            "--binary" => args.binaries.push(binary(&value()?)?),
            "--rounds" => args.rounds = value()?.parse::<usize>()?.max(1),
            "--seconds" => args.time = Duration::try_from_secs_f64(value()?.parse()?)?,
            "--idle" => {
                args.idle = value()?.split(',').map(str::parse).collect::<std::result::Result<_, _>>()?
            }
            "--stalled" => args.stalled = value()?.parse()?,
            "--in-flight" => args.in_flight = Some(value()?.parse::<usize>()?.max(1)),
            name if SCENARIOS.contains(&name) => args.scenarios.push(word),
            _ => return Err(format!("{word}: no such scenario or option\n\n{USAGE}").into()),
        }
    }
    if args.scenarios.is_empty() {
        args.scenarios = SCENARIOS.map(String::from).to_vec();
    }
    Ok(Some(args))
}

fn binary(value: &str) -> Result<Contender> {
    let (name, command) = value.split_once('=').ok_or("--binary wants NAME=PATH")?;
    let mut words = command.split(',').map(String::from);
    let path = words.next().unwrap_or_default().into();
    Ok(Contender { name: name.into(), path, args: words.collect() })
}
