//! A siege: floods against the real program in a control group of 96 MiB, one after the other, while a healthy pair in
//! another room chats on. `tests/siege/run` has the command, and says what is looked at.
#![cfg(all(feature = "server", target_os = "linux"))]
#![allow(missing_docs)]

mod crowd;
mod floods;
mod group;
#[expect(dead_code, reason = "a part of it is for tests/faults alone")]
#[path = "../faults/pair.rs"]
mod pair;
#[expect(dead_code, unused_imports, reason = "a part of it is for tests/contract alone")]
#[path = "../contract/support/mod.rs"]
mod support;
#[path = "../faults/sys.rs"]
mod sys;
mod watch;

use floods::Flood;
use group::Group;
use pair::Pair;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, exit};
use std::sync::Arc;
use std::time::Duration;
use support::Server;
use support::server::BINARY;
use watch::{Peaks, Watch};

const MIB: u64 = 1 << 20;
/// What the server and the kernel on its behalf may take.
const GROUP_MAX: u64 = 96 * MIB;
const MAX_MEMORY: u64 = 32 * MIB;
/// More than this is no delay but a halt.
const HALT: Duration = Duration::from_secs(5);

/// What is tried.
struct Siege {
    program: String,
    /// Whether it knows `--max-memory`.
    has_limit: bool,
    clients: usize,
    /// What the server and the kernel on its behalf may take, in bytes.
    group: u64,
    wanted: Vec<String>,
}

/// What has been seen of one flood.
struct Outcome {
    peaks: Peaks,
    counted: BTreeMap<String, u64>,
    longest_gap: Duration,
    heard: u64,
    faults: Vec<String>,
}

fn main() {
    let siege = Siege::of(std::env::args().skip(1));
    println!("{HEAD}");
    let mut faults = 0;
    for flood in floods::ALL.iter().filter(|flood| siege.wants(flood)) {
        let outcome = siege.lay(flood);
        println!("{}", row(flood, &outcome));
        outcome.faults.iter().for_each(|fault| println!("{:24}*** {fault}", ""));
        faults += outcome.faults.len();
    }
    exit(i32::from(faults > 0));
}

impl Siege {
    fn of(mut arguments: impl Iterator<Item = String>) -> Siege {
        let mut siege = Siege {
            program: BINARY.to_owned(),
            has_limit: true,
            clients: 1024,
            group: GROUP_MAX,
            wanted: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--program" => siege.program = arguments.next().expect("a program"),
                "--clients" => {
                    siege.clients = arguments.next().and_then(|n| n.parse().ok()).expect("a number")
                }
                "--group" => {
                    siege.group = arguments.next().and_then(|n| n.parse::<u64>().ok()).expect("MiB") * MIB
                }
                "--without-max-memory" => siege.has_limit = false,
                name => siege.wanted.push(name.to_owned()),
            }
        }
        siege
    }

    fn wants(&self, flood: &Flood) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|name| name == flood.name)
    }

    /// Does a flood to a new server in a new group.
    fn lay(&self, flood: &Flood) -> Outcome {
        let group = Group::new(self.group).map(Arc::new);
        if group.is_none() {
            println!("*** NO CONTROL GROUP TO BE HAD: nothing limits the server, it is only watched ***");
        }
        let server = self.start(flood, group.as_deref());
        let pair = Pair::join(&server, "/pair");
        pair.longest_gap();
        let before = watch::metrics(server.address).unwrap_or_default();
        let watch = Watch::begin(&server, group.clone());
        let came_to_grief =
            catch_unwind(AssertUnwindSafe(|| (flood.act)(&server, self.clients - 2))).is_err();
        let gap = catch_unwind(AssertUnwindSafe(|| pair.longest_gap()));
        let peaks = watch.end();
        let after = watch::metrics(server.address).unwrap_or_default();
        let heard = pair.heard();
        let mut outcome = Outcome {
            peaks,
            counted: moved(&before, &after),
            longest_gap: gap.as_ref().map_or(Duration::MAX, |gap| *gap),
            heard,
            faults: Vec::new(),
        };
        outcome.faults.extend(came_to_grief.then(|| "the flood came to grief".to_owned()));
        outcome.faults.extend(gap.is_err().then(|| "the pair came to grief".to_owned()));
        self.judge(&mut outcome, group.as_deref());
        outcome.faults.extend(
            catch_unwind(AssertUnwindSafe(|| pair.leave()))
                .is_err()
                .then(|| "something was lost or came twice".to_owned()),
        );
        outcome
    }

    fn start(&self, flood: &Flood, group: Option<&Group>) -> Server {
        let line = group.map_or_else(|| "exec \"$@\"".to_owned(), Group::entrance);
        let mut command = Command::new("sh");
        command.args(["-c", &line, "sh", "prlimit", "--nofile=2048", &self.program]);
        command
            .args(["--quiet", "--listen", "127.0.0.1:0", "--max-clients", &self.clients.to_string()])
            .args(flood.options);
        if self.has_limit {
            command.args(["--max-memory", &MAX_MEMORY.to_string()]);
        }
        Server::run(command)
    }

    fn judge(&self, outcome: &mut Outcome, group: Option<&Group>) {
        let peaks = outcome.peaks;
        let mut fault = |is_one: bool, what: String| outcome.faults.extend(is_one.then_some(what));
        let killed = group.map_or(0, Group::killed);
        fault(killed > 0, format!("killed for want of memory, {killed} times"));
        fault(peaks.memory > MAX_MEMORY, format!("memory_bytes were {}", peaks.memory));
        fault(
            peaks.group_with_sockets > self.group,
            format!("with its sockets it took {} MiB", peaks.group_with_sockets / MIB),
        );
        fault(outcome.longest_gap > HALT, format!("nothing was heard for {:?}", outcome.longest_gap));
        fault(peaks.unanswered > 0, format!("{} times no answer in time", peaks.unanswered));
    }
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
        let change = value - before.get(series).copied().unwrap_or(0);
        Some((short(series)?, change)).filter(|(_, change)| *change > 0)
    });
    changes.collect()
}

const HEAD: &str = "flood                memory_bytes    rss  group (kernel)  +sockets  threads  answers  longest gap   heard  dropped, refused
                              MiB    MiB    MiB    MiB       MiB              ms           ms";

fn row(flood: &Flood, outcome: &Outcome) -> String {
    let mib = |bytes: u64| bytes as f64 / MIB as f64;
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let Peaks { rss, group, group_with_sockets, kernel, threads, memory, slowest_answer, .. } = outcome.peaks;
    let counted: Vec<_> = outcome.counted.iter().map(|(name, count)| format!("{name}: {count}")).collect();
    format!(
        "{:20} {:12.1} {:6.1} {:6.1} ({:5.1}) {:9.1} {threads:8} {:8.0} {:12.0} {:7}  {}",
        flood.name,
        mib(memory),
        mib(rss),
        mib(group),
        mib(kernel),
        mib(group_with_sockets),
        ms(slowest_answer),
        if outcome.longest_gap == Duration::MAX { f64::INFINITY } else { ms(outcome.longest_gap) },
        outcome.heard,
        counted.join(", "),
    )
}
