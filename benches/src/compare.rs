//! The bench: `cargo bench --manifest-path benches/Cargo.toml -- --help`.

use chinwag_benches::args::{self, Args};
use chinwag_benches::relay::Cost;
use chinwag_benches::server::Contender;
use chinwag_benches::table::{Table, figure, median};
use chinwag_benches::{Result, connect, echo, idle, lag, protocol, relay, stall};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::process::ExitCode;

const CHINWAG: &str = "chinwag";
/// Programs of this package: their name, where cargo has put them, and what they are to be told.
const PEERS: [(&str, &str, &[&str]); 5] = [
    ("naive", env!("CARGO_BIN_EXE_naive"), &["127.0.0.1:0"]),
    ("tungstenite", env!("CARGO_BIN_EXE_tungstenite"), &[]),
    ("tokio-tungstenite", env!("CARGO_BIN_EXE_tokio-tungstenite"), &[]),
    ("fastwebsockets", env!("CARGO_BIN_EXE_fastwebsockets"), &[]),
    ("raw-epoll", env!("CARGO_BIN_EXE_raw-epoll"), &[]),
];
/// They pass messages on, and that is all.
const NO_ECHO: [&str; 2] = ["naive", "raw-epoll"];
/// It does not know what a Close is.
const NO_CLOSE: [&str; 1] = ["raw-epoll"];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let Some(args) = args::parse(std::env::args().skip(1))? else {
        print!("{}", args::USAGE);
        return Ok(());
    };
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    println!("load average at the start: {}", load.split(' ').next().unwrap_or_default());
    if args.scenarios.iter().any(|scenario| scenario == "core") {
        protocol::compare(args.rounds);
    }
    if args.scenarios.iter().any(|scenario| scenario != "core") {
        compare_servers(&contenders(&args)?, &args)?;
    }
    Ok(())
}

fn compare_servers(contenders: &[Contender], args: &Args) -> Result<()> {
    let asked_for = |name: &str| args.scenarios.iter().any(|scenario| scenario == name);
    let mut relays = relay::SCENARIOS.to_vec();
    relays.retain(|scenario| asked_for(scenario.name));
    for scenario in &mut relays {
        if let (relay::Pace::InFlight(own), Some(asked)) = (&mut scenario.pace, args.in_flight) {
            *own = asked;
        }
    }
    let mut echoes = echo::SCENARIOS.to_vec();
    echoes.retain(|scenario| asked_for(scenario.name));
    if !relays.is_empty() {
        compare_relay(&relays, contenders, args)?;
    }
    if !echoes.is_empty() {
        compare_echo(&echoes, &without(&NO_ECHO, contenders), args)?;
    }
    if asked_for("connect") {
        compare_connect(&without(&NO_CLOSE, contenders), args)?;
    }
    if asked_for("stall") {
        compare_stall(contenders, args)?;
    }
    if asked_for("lag") {
        compare_lag(contenders, args)?;
    }
    if asked_for("idle") {
        compare_idle(contenders, args)?;
    }
    Ok(())
}

fn without(names: &[&str], contenders: &[Contender]) -> Vec<Contender> {
    contenders.iter().filter(|contender| !names.contains(&contender.name.as_str())).cloned().collect()
}

/// The servers that are asked for, chinwag first.
fn contenders(args: &Args) -> Result<Vec<Contender>> {
    let wanted = |name: &str| args.servers.is_empty() || args.servers.iter().any(|server| server == name);
    let mut contenders = Vec::new();
    if wanted(CHINWAG) {
        // As much memory as gives sockets the buffers that they have with the default of 1,024 clients.
        let args = ["--listen", "127.0.0.1:0", "--max-clients", "12000", "--max-memory", "768M"];
        contenders.push(Contender::chinwag(&args)?);
    }
    for (name, path, args) in PEERS.iter().filter(|(name, ..)| wanted(name)) {
        let args = args.iter().map(|arg| arg.to_string()).collect();
        contenders.push(Contender { name: name.to_string(), path: path.into(), args });
    }
    contenders.extend(args.binaries.iter().cloned());
    if contenders.is_empty() { Err("no such server".into()) } else { Ok(contenders) }
}

/// Measures each contender once a round, so that what disturbs the machine disturbs them alike.
fn in_turns<T>(
    contenders: &[Contender],
    rounds: usize,
    mut measure: impl FnMut(&Contender) -> Result<T>,
) -> Result<Vec<Vec<T>>> {
    let mut outcomes: Vec<Vec<T>> = contenders.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds {
        for (contender, outcomes) in contenders.iter().zip(&mut outcomes) {
            eprint!("\r\x1b[Kround {round} of {rounds}: {}", contender.name);
            outcomes.push(measure(contender).map_err(|error| format!("\n{}: {error}", contender.name))?);
        }
    }
    eprint!("\r\x1b[K");
    Ok(outcomes)
}

fn compare_relay(scenarios: &[relay::Scenario], contenders: &[Contender], args: &Args) -> Result<()> {
    let mut table = cost_table("deliveries/s", "CPU µs/delivery");
    for scenario in scenarios {
        let costs = in_turns(contenders, args.rounds, |contender| {
            relay::measure(scenario, contender, args.time, args.pinned)
        })?;
        add_costs(&mut table, scenario.name, contenders, &costs);
    }
    table.print();
    Ok(())
}

fn compare_echo(scenarios: &[echo::Scenario], contenders: &[Contender], args: &Args) -> Result<()> {
    let mut table = cost_table("messages/s", "CPU µs/message");
    for scenario in scenarios {
        let costs = in_turns(contenders, args.rounds, |contender| {
            echo::measure(scenario, contender, args.time, args.pinned)
        })?;
        add_costs(&mut table, scenario.name, contenders, &costs);
    }
    table.print();
    Ok(())
}

fn cost_table(per_second: &str, cpu: &str) -> Table {
    Table::new(&["scenario", "server", per_second, cpu, "× chinwag", "server busy %", "median ms", "p99 ms"])
}

fn add_costs(table: &mut Table, scenario: &str, contenders: &[Contender], costs: &[Vec<Cost>]) {
    let chinwag = contenders.iter().position(|contender| contender.name == CHINWAG);
    for (contender, of) in contenders.iter().zip(costs) {
        let mut row = vec![scenario.to_string(), contender.name.clone()];
        row.extend([
            figure(median(of.iter().map(|cost| cost.per_second))),
            figure(median(of.iter().map(|cost| cost.cpu_us))),
            figure(chinwag.map_or(f64::NAN, |chinwag| times(of, &costs[chinwag], |cost| cost.cpu_us))),
            figure(median(of.iter().map(|cost| cost.busy))),
            figure(median(of.iter().map(|cost| cost.median_ms))),
            figure(median(of.iter().map(|cost| cost.p99_ms))),
        ]);
        table.row(row);
    }
}

/// How many times as much processor time it took as in the same round with `other`.
fn times<T>(of: &[T], other: &[T], cpu: impl Fn(&T) -> f64) -> f64 {
    median(of.iter().zip(other).map(|(of, other)| cpu(of) / cpu(other)))
}

fn compare_connect(contenders: &[Contender], args: &Args) -> Result<()> {
    let mut table = Table::new(&[
        "scenario",
        "server",
        "connections/s",
        "CPU µs/connection",
        "× chinwag",
        "server busy %",
    ]);
    let outcomes =
        in_turns(contenders, args.rounds, |contender| connect::measure(contender, args.time, args.pinned))?;
    let chinwag = contenders.iter().position(|contender| contender.name == CHINWAG);
    for (contender, of) in contenders.iter().zip(&outcomes) {
        table.row(vec![
            "connect".into(),
            contender.name.clone(),
            figure(median(of.iter().map(|outcome| outcome.per_second))),
            figure(median(of.iter().map(|outcome| outcome.cpu_us))),
            figure(chinwag.map_or(f64::NAN, |chinwag| times(of, &outcomes[chinwag], |it| it.cpu_us))),
            figure(median(of.iter().map(|outcome| outcome.busy))),
        ]);
    }
    table.print();
    Ok(())
}

fn compare_stall(contenders: &[Contender], args: &Args) -> Result<()> {
    let mut table = Table::new(&[
        "scenario",
        "server",
        "longest gap ms",
        "with a stalled one",
        "16 MiB took ms",
        "with a stalled one",
        "it was dropped",
        "counted as lag",
    ]);
    let outcomes = in_turns(contenders, args.rounds, |contender| {
        let without = stall::measure(contender, false, args.pinned)?;
        Ok((without, stall::measure(contender, true, args.pinned)?))
    })?;
    for (contender, of) in contenders.iter().zip(&outcomes) {
        let gap = |outcome: &stall::Outcome| {
            outcome.longest_gap.map_or(f64::INFINITY, |gap| gap.as_secs_f64() * 1e3)
        };
        let took = |outcome: &stall::Outcome| outcome.flood.as_secs_f64() * 1e3;
        let or_stuck = |gap: f64| if gap.is_finite() { figure(gap) } else { "for ever".into() };
        let dropped = of.iter().filter(|(_, with)| with.dropped).count();
        let counted = of.iter().filter(|(_, with)| with.dropped_for_lag == Some(1.0)).count();
        table.row(vec![
            "stall".into(),
            contender.name.clone(),
            or_stuck(median(of.iter().map(|(without, _)| gap(without)))),
            or_stuck(median(of.iter().map(|(_, with)| gap(with)))),
            figure(median(of.iter().map(|(without, _)| took(without)))),
            figure(median(of.iter().map(|(_, with)| took(with)))),
            format!("{dropped} of {}", of.len()),
            format!("{counted} of {}", of.len()),
        ]);
    }
    table.print();
    Ok(())
}

fn compare_lag(contenders: &[Contender], args: &Args) -> Result<()> {
    let mut table = Table::new(&["stalled", "server", "said MiB", "held MiB", "dropped"]);
    let mib = |bytes: f64| figure(bytes / f64::from(1 << 20));
    // Not everyone gets through this.
    let outcomes = in_turns(contenders, args.rounds, |contender| {
        let outcome = lag::measure(args.stalled, contender, args.pinned);
        Ok(outcome.inspect_err(|error| eprintln!("\n{}: {error}", contender.name)).ok())
    })?;
    for (contender, of) in contenders.iter().zip(&outcomes) {
        let of: Vec<&lag::Outcome> = of.iter().flatten().collect();
        table.row(vec![
            args.stalled.to_string(),
            contender.name.clone(),
            mib(median(of.iter().map(|outcome| outcome.said as f64))),
            mib(median(of.iter().map(|outcome| outcome.memory as f64))),
            figure(median(of.iter().map(|outcome| outcome.dropped.unwrap_or(f64::NAN)))),
        ]);
    }
    table.print();
    Ok(())
}

fn compare_idle(contenders: &[Contender], args: &Args) -> Result<()> {
    let mut table = Table::new(&[
        "idle clients",
        "server",
        "KiB each",
        "threads",
        "to connect all ms",
        "to reach all ms",
    ]);
    for &clients in &args.idle {
        // Not everyone can have so many: what it has not is no figure, and no reason to end.
        let outcomes = in_turns(contenders, args.rounds, |contender| {
            let outcome = idle::measure(clients, contender, args.pinned);
            Ok(outcome.inspect_err(|error| eprintln!("\n{}: {error}", contender.name)).ok())
        })?;
        for (contender, of) in contenders.iter().zip(&outcomes) {
            let of: Vec<&idle::Outcome> = of.iter().flatten().collect();
            table.row(vec![
                clients.to_string(),
                contender.name.clone(),
                figure(median(of.iter().map(|outcome| outcome.bytes_per_client / 1024.0))),
                median(of.iter().map(|outcome| outcome.threads as f64)).to_string(),
                figure(median(of.iter().map(|outcome| outcome.connecting.as_secs_f64() * 1e3))),
                figure(median(of.iter().map(|outcome| outcome.reach_all.as_secs_f64() * 1e3))),
            ]);
        }
    }
    table.print();
    Ok(())
}
