//! Several servers with one Redis, beside one server alone:
//! `cargo run --release --manifest-path benches/Cargo.toml --bin sharing`.

use chinwag_benches::Result;
use chinwag_benches::server::Contender;
use chinwag_benches::sharing::{CLIENTS, Outcome, SHAPES, measure};
use chinwag_benches::table::{Table, figure, median};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
cargo run --release --manifest-path benches/Cargo.toml --bin sharing -- [OPTIONS]

options:
  --rounds N     rounds, of which the median is printed (5)
  --seconds S    seconds of measuring in each round (3)
  --rates N,N    messages a second in all (30,1000)
  --unpinned     leave it to the kernel on which processor the servers, Redis and the load run
";
const SERVER_ARGS: [&str; 3] = ["--listen", "127.0.0.1:0", "--quiet"];

struct Args {
    rounds: usize,
    time: Duration,
    rates: Vec<u32>,
    pinned: bool,
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).and_then(|args| args.map_or(Ok(()), |args| compare(&args))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Args>> {
    let mut args = Args { rounds: 5, time: Duration::from_secs(3), rates: vec![30, 1000], pinned: true };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => {
                print!("{USAGE}");
                return Ok(None);
            }
            "--rounds" => args.rounds = value()?.parse::<usize>()?.max(1),
            "--seconds" => args.time = Duration::try_from_secs_f64(value()?.parse()?)?,
            "--rates" => {
                let rates =
                    value()?.split(',').map(str::parse).collect::<std::result::Result<Vec<u32>, _>>()?;
                args.rates = rates.into_iter().map(|rate| rate.max(1)).collect();
            }
            "--unpinned" => args.pinned = false,
            _ => return Err(format!("{word}: no such option\n\n{USAGE}").into()),
        }
    }
    Ok(Some(args))
}

fn compare(args: &Args) -> Result<()> {
    let contender = Contender::chinwag_sharing(&SERVER_ARGS)?;
    let mut table = Table::new(&[
        "messages/s",
        "servers",
        "deliveries/s",
        "CPU µs/delivery",
        "Redis µs/delivery",
        "near median ms",
        "p99 ms",
        "far median ms",
        "p99 ms",
    ]);
    for &rate in &args.rates {
        let mut outcomes: Vec<Vec<Outcome>> = SHAPES.iter().map(|_| Vec::new()).collect();
        for round in 1..=args.rounds {
            for (shape, outcomes) in SHAPES.iter().zip(&mut outcomes) {
                eprint!("\r\x1b[K{rate} messages/s, round {round} of {}: {}", args.rounds, shape.name);
                let outcome = measure(*shape, &contender, rate, args.time, args.pinned);
                outcomes.push(outcome.map_err(|error| format!("\n{}: {error}", shape.name))?);
            }
        }
        eprint!("\r\x1b[K");
        for (shape, of) in SHAPES.iter().zip(&outcomes) {
            let column = |pick: fn(&Outcome) -> f64| figure(median(of.iter().map(pick)));
            table.row(vec![
                rate.to_string(),
                shape.name.to_string(),
                column(|of| of.deliveries_per_second),
                column(|of| of.cpu_us_per_delivery),
                column(|of| of.redis_us_per_delivery),
                column(|of| of.near_ms[0]),
                column(|of| of.near_ms[1]),
                column(|of| of.far_ms[0]),
                column(|of| of.far_ms[1]),
            ]);
        }
    }
    println!("{CLIENTS} clients in one room, 64 bytes a message");
    table.print();
    Ok(())
}
