//! The soak: `cargo run --release --manifest-path benches/Cargo.toml --bin soak -- --minutes 30`.

use chinwag_benches::Result;
use chinwag_benches::server::{Contender, Server, number_after};
use chinwag_benches::soak::crowd::{Crowd, PATIENCE, PLACES, ROOMS, TALK};
use chinwag_benches::soak::watch::Watch;
use chinwag_benches::table::Table;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const USAGE: &str = "\
cargo run --release --manifest-path benches/Cargo.toml --bin soak -- [OPTIONS]

options:
  --minutes N    how long (1)
  --seconds N    the same, in seconds
  --seed N       what the crowd does (otherwise by the clock; it is printed)
  --every N      seconds between two looks at what the server holds (5)
  --binary PATH  soak this chinwag in place of one built now
";
const SERVER_ARGS: [&str; 9] =
    ["--listen", "127.0.0.1:0", "--max-lag", "1M", "--ping-interval", "5", "--close-timeout", "2", "--quiet"];
/// The crowd comes within this time, or a tenth of the whole.
const RAMP: Duration = Duration::from_secs(10);
const PROGRESS: Duration = Duration::from_secs(60);

struct Args {
    time: Duration,
    seed: u64,
    every: Duration,
    binary: Option<String>,
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).and_then(|args| args.map_or(Ok(true), |args| soak(&args))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Args>> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut args = Args { time: Duration::from_secs(60), seed, every: Duration::from_secs(5), binary: None };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => {
                print!("{USAGE}");
                return Ok(None);
            }
            "--minutes" => args.time = Duration::try_from_secs_f64(value()?.parse::<f64>()? * 60.0)?,
            "--seconds" => args.time = Duration::try_from_secs_f64(value()?.parse()?)?,
            "--seed" => args.seed = value()?.parse()?,
            "--every" => args.every = Duration::try_from_secs_f64(value()?.parse()?)?,
            "--binary" => args.binary = Some(value()?),
            _ => return Err(format!("{word}: no such option\n\n{USAGE}").into()),
        }
    }
    Ok(Some(args))
}

/// Whether all went well.
fn soak(args: &Args) -> Result<bool> {
    let mut contender = match &args.binary {
        None => Contender::chinwag(&SERVER_ARGS)?,
        Some(path) => Contender { name: path.clone(), path: path.into(), args: Vec::new() },
    };
    contender.args = SERVER_ARGS.map(String::from).to_vec();
    println!("seed {}: {:?}, {ROOMS} rooms of {PLACES} places", args.seed, args.time);
    let server = Server::start(&contender, false)?;
    // What is there once is there for good: threads and buffers of the server's own.
    server.metrics().ok_or("no metrics")?;
    thread::sleep(Duration::from_millis(200));
    let mut watch = Watch::new(&server)?;
    let start = Instant::now();
    let mut crowd = Crowd::new(server.addr, args.seed, RAMP.min(args.time / 10))?;
    run(args, &server, &mut crowd, &mut watch, start)?;
    let (cpu, elapsed) = (server.cpu_time()?, start.elapsed());
    println!("all leave after {:.0} s", elapsed.as_secs_f64());
    crowd.end()?;
    let is_back = wait_for_baseline(&server, &mut watch)?;
    println!(
        "the server was busy for {:.1} % of that time",
        cpu.as_secs_f64() * 100.0 / elapsed.as_secs_f64()
    );
    watch.print();
    println!("{}", if is_back { "back to what it held before" } else { "NOT BACK to what it held before" });
    let agrees = compare(&server, &crowd)?;
    report(&crowd);
    let is_well = is_back && agrees && crowd.score.is_clean();
    println!("{}", if is_well { "passed" } else { "FAILED" });
    Ok(is_well)
}

fn run(args: &Args, server: &Server, crowd: &mut Crowd, watch: &mut Watch, start: Instant) -> Result<()> {
    let mut next_look = start + RAMP.min(args.time / 10);
    let mut next_line = start + PROGRESS;
    while start.elapsed() < args.time {
        crowd.step()?;
        let now = Instant::now();
        if now >= next_look {
            watch.take(server)?;
            next_look = now + args.every;
        }
        if now >= next_line {
            progress(server, crowd, watch, start)?;
            next_line += PROGRESS;
        }
    }
    Ok(())
}

fn progress(server: &Server, crowd: &Crowd, watch: &Watch, start: Instant) -> Result<()> {
    let (score, tally) = (&crowd.score, &crowd.tally);
    println!(
        "{:>4.0} min: {} there, {} joined, {} sent, {} delivered, {} lost, {} doubled, {} out of order, {} strange; \
         {} KiB, CPU {:.0} s",
        start.elapsed().as_secs_f64() / 60.0,
        crowd.present(),
        tally.joined,
        tally.sent,
        score.delivered,
        score.lost,
        score.duplicated,
        score.reordered,
        score.strange,
        watch.memory_kib(),
        server.cpu_time()?.as_secs_f64(),
    );
    Ok(())
}

/// The last of them are still on their way out.
fn wait_for_baseline(server: &Server, watch: &mut Watch) -> Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    while !watch.is_back(server)? {
        if Instant::now() > deadline {
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(true)
}

/// Whether the server has counted what the crowd has done.
fn compare(server: &Server, crowd: &Crowd) -> Result<bool> {
    let metrics = server.metrics().ok_or("no metrics")?;
    let mut table = Table::new(&["metric", "as it must be", "the server", "the crowd"]);
    let mut all_agree = true;
    let mut dropped = 0;
    let (score, tally) = (&crowd.score, &crowd.tally);
    for line in tally.lines(score.delivered) {
        let counted = number_after(&metrics, &format!("{} ", line.metric)).map_or(0, |n| n as u64);
        if line.metric.starts_with("chinwag_clients_dropped") {
            dropped += counted;
        }
        let agrees = (line.least..=line.most).contains(&counted);
        all_agree &= agrees;
        if counted == 0 && line.most == 0 {
            continue;
        }
        let expected = match (line.least, line.most) {
            (least, most) if least == most => least.to_string(),
            (least, u64::MAX) => format!("{least}.."),
            (least, most) => format!("{least}..{most}"),
        };
        table.row(vec![line.metric, if agrees { "yes" } else { "NO" }.into(), counted.to_string(), expected]);
    }
    let gone = tally.killed + tally.half_closed + tally.stalled();
    let agrees = dropped == gone;
    let row =
        ["all that were dropped", if agrees { "yes" } else { "NO" }, &dropped.to_string(), &gone.to_string()];
    table.row(row.map(String::from).to_vec());
    table.print();
    println!("metrics that must be 0 and are 0 are left out");
    Ok(all_agree && agrees)
}

fn report(crowd: &Crowd) {
    let (score, tally) = (&crowd.score, &crowd.tally);
    println!();
    println!("joined {}, left with a Close {}, paused {}", tally.joined, tally.left, tally.paused);
    println!(
        "killed {}, half-closed {}, stalled in silence {}, stalled and pinging {} (of these {} saw no end)",
        tally.killed, tally.half_closed, tally.silent, tally.lagging, tally.outlasted
    );
    println!("messages sent {}, delivered {}", tally.sent, score.delivered);
    println!("from the history {}, announcements {}, Pongs {}", score.older, score.announced, score.pongs);
    let ms = |quantile| score.latency_us.value_at_quantile(quantile) as f64 / 1e3;
    println!(
        "from sending to reading, the paused ones included: median {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, max {:.0} ms",
        ms(0.5),
        ms(0.99),
        ms(0.999),
        ms(1.0)
    );
    println!(
        "longest time in which a room's observer heard nothing: {:.0} ms (messages are {TALK:?} apart; the crowd itself was \
         absent for at most {:.0} ms)",
        score.longest_gap.as_secs_f64() * 1e3,
        score.longest_absence.as_secs_f64() * 1e3
    );
    println!(
        "lost {}, duplicated {}, reordered {}, strange {}",
        score.lost, score.duplicated, score.reordered, score.strange
    );
}
