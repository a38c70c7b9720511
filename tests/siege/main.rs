//! A siege: floods against the real program in a control group, one after the other, while a healthy pair in another room
//! chats on. `tests/siege/run` has the command, and says what is looked at.
#![cfg(all(feature = "server", target_os = "linux"))]
#![allow(missing_docs)]

mod crowd;
mod floods;
mod group;
#[expect(dead_code, reason = "a part of it is for tests/faults alone")]
#[path = "../faults/pair.rs"]
mod pair;
mod size;
#[expect(dead_code, unused_imports, reason = "a part of it is for tests/contract alone")]
#[path = "../contract/support/mod.rs"]
mod support;
#[expect(dead_code, reason = "a part of it is for tests/faults alone")]
#[path = "../faults/sys.rs"]
mod sys;
mod watch;

use floods::Flood;
use group::Group;
use pair::Pair;
use size::{MIB, Size};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, exit};
use std::sync::Arc;
use std::time::Duration;
use support::server::BINARY;
use support::{Client, Server};
use watch::{Peaks, Watch};

/// More than this is no delay but a halt.
const HALT: Duration = Duration::from_secs(5);

/// What is tried.
struct Siege {
    program: String,
    /// Whether it knows `--max-memory`.
    has_limit: bool,
    sizes: Vec<Size>,
    /// What the group may take without its sockets, in bytes, in place of what the size needs.
    group: Option<u64>,
    wanted: Vec<String>,
}

/// What has been seen of one flood.
struct Outcome {
    peaks: Peaks,
    counted: BTreeMap<String, u64>,
    longest_gap: Option<Duration>,
    heard: u64,
    /// What the flood has to say of itself.
    note: String,
    faults: Vec<String>,
}

fn main() {
    let siege = Siege::of(std::env::args().skip(1));
    let mut faults = 0;
    for size in &siege.sizes {
        let mib = |bytes: u64| bytes as f64 / MIB as f64;
        println!(
            "\n--max-clients {} --max-memory {}M: at most {:.1} MiB, and {:.1} MiB in sockets\n{HEAD}",
            size.clients,
            size.max_memory / MIB,
            mib(siege.group.unwrap_or(size.process())),
            mib(size.sockets()),
        );
        for flood in floods::ALL.iter().filter(|flood| siege.wants(flood)) {
            let outcome = siege.lay(flood, *size);
            println!("{}", row(flood, &outcome));
            outcome.faults.iter().for_each(|fault| println!("{:20} *** {fault}", ""));
            faults += outcome.faults.len();
        }
    }
    exit(i32::from(faults > 0));
}

impl Siege {
    fn of(mut arguments: impl Iterator<Item = String>) -> Siege {
        let sizes = vec![size::FULL, size::SMALL, size::CROWDED];
        let mut siege =
            Siege { program: BINARY.to_owned(), has_limit: true, sizes, group: None, wanted: Vec::new() };
        while let Some(argument) = arguments.next() {
            let mut number = || arguments.next().and_then(|n| n.parse::<u64>().ok()).expect("a number");
            match argument.as_str() {
                "--clients" => siege.sizes = vec![Size { clients: number(), ..size::FULL }],
                "--group" => siege.group = Some(number() * MIB),
                "--without-max-memory" => siege.has_limit = false,
                "--program" => siege.program = arguments.next().expect("a program"),
                name => siege.wanted.push(name.to_owned()),
            }
        }
        siege
    }

    fn wants(&self, flood: &Flood) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|name| name == flood.name)
    }

    /// Does a flood to a new server in a new group.
    fn lay(&self, flood: &Flood, size: Size) -> Outcome {
        let group = Group::new(self.group.unwrap_or(size.process()), size.sockets()).map(Arc::new);
        if group.is_none() {
            println!("*** NO CONTROL GROUP TO BE HAD: nothing limits the server, it is only watched ***");
        }
        let server = self.start(flood, size, group.as_deref());
        let pair = match flood.options {
            ["--echo", ..] => Pair::of(vec![Client::join(&server, "/pair")]),
            _ => Pair::join(&server, "/pair"),
        };
        pair.longest_gap();
        let before = watch::metrics(server.address).unwrap_or_default();
        let watch = Watch::begin(&server, group.clone());
        // Two are the pair, and whoever looks at the metrics takes a place as well.
        let said = attempt("the flood", || (flood.act)(&server, size.clients as usize - 4));
        let gap = attempt("the pair", || pair.longest_gap());
        let peaks = watch.end();
        let after = watch::metrics(server.address).unwrap_or_default();
        let (heard, longest_gap) = (pair.heard(), gap.as_ref().ok().copied());
        let left = attempt("the pair's end", || pair.leave());
        let (note, unsaid) =
            said.and_then(|said| said).map_or_else(|fault| (String::new(), Some(fault)), |note| (note, None));
        let faults = [unsaid, gap.err(), left.err()].into_iter().flatten().collect();
        let mut outcome =
            Outcome { peaks, counted: moved(&before, &after), longest_gap, heard, note, faults };
        outcome.judge(size, group.as_deref());
        outcome
    }

    fn start(&self, flood: &Flood, size: Size, group: Option<&Group>) -> Server {
        let line = group.map_or_else(|| "exec \"$@\"".to_owned(), Group::entrance);
        let mut command = Command::new("sh");
        command.args(["-c", &line, "sh", "prlimit", "--nofile=2048", &self.program, "--quiet"]);
        command.args(["--listen", "127.0.0.1:0", "--max-clients", &size.clients.to_string()]);
        if self.has_limit {
            command.args(["--max-memory", &size.max_memory.to_string()]);
        }
        command.args(flood.options);
        Server::run(command)
    }
}

impl Outcome {
    fn judge(&mut self, size: Size, group: Option<&Group>) {
        let peaks = self.peaks;
        let mut fault = |is_one: bool, what: String| self.faults.extend(is_one.then_some(what));
        let killed = group.map_or(0, Group::killed);
        fault(killed > 0, format!("killed for want of memory, {killed} times"));
        fault(peaks.memory > size.max_memory, format!("memory_bytes were {}", peaks.memory));
        fault(peaks.sockets > size.sockets(), format!("{} MiB in sockets", peaks.sockets / MIB));
        let most = size.process();
        let taken = if group.is_some() { 0 } else { peaks.rss + peaks.threads * (26 << 10) };
        fault(taken > most, format!("it took {} MiB, which nobody limits here", taken / MIB));
        let gap = self.longest_gap.unwrap_or_default();
        fault(gap > HALT, format!("nothing was heard for {gap:?}"));
        fault(peaks.unanswered > 0, format!("{} times no answer in time", peaks.unanswered));
    }
}

/// What is done; if it panics, that it came to grief.
fn attempt<T>(what: &str, act: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|_| format!("{what} came to grief"))
}

/// The counters that have moved, by their short names.
fn moved(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let short = |series: &str| {
        let series = series.strip_prefix("chinwag_")?.strip_suffix("\"}")?;
        let (family, label) = series.split_once("_total{")?;
        let family = family.strip_prefix("clients_").or(family.strip_prefix("requests_"))?;
        Some(format!("{family} {}", label.split_once('"')?.1))
    };
    let changes = after.iter().filter_map(|(series, value)| {
        let change = value.saturating_sub(before.get(series).copied().unwrap_or(0));
        Some((short(series)?, change)).filter(|(_, change)| *change > 0)
    });
    changes.collect()
}

const HEAD: &str = "\
flood                 memory_bytes, left     rss  group (kernel)  sockets  threads  answers  longest gap   heard  counted
                               MiB   MiB     MiB    MiB      MiB      MiB                ms           ms";

fn row(flood: &Flood, outcome: &Outcome) -> String {
    let mib = |bytes: u64| bytes as f64 / MIB as f64;
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let Peaks { rss, group, sockets, kernel, threads, memory, memory_left, slowest_answer, .. } =
        outcome.peaks;
    let counted: Vec<_> = outcome.counted.iter().map(|(name, count)| format!("{name}: {count}")).collect();
    format!(
        "{:20} {:13.1} {:5.1} {:7.1} {:6.1}  ({:5.1}) {:8.1} {threads:8} {:8.0} {:12.0} {:7}  {} {}",
        flood.name,
        mib(memory),
        mib(memory_left),
        mib(rss),
        mib(group),
        mib(kernel),
        mib(sockets),
        ms(slowest_answer),
        outcome.longest_gap.map_or(f64::INFINITY, ms),
        outcome.heard,
        counted.join(", "),
        outcome.note,
    )
}
