//! What is seen of a server from outside while it is under siege.

use crate::group::Group;
use crate::support::{Head, Server};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const EACH: Duration = Duration::from_millis(10);

/// How long a page may take before it counts as unanswered: a full house answers within two seconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most of everything, sizes in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peaks {
    pub rss: u64,
    pub group: u64,
    pub sockets: u64,
    pub kernel: u64,
    pub threads: u64,
    /// By the server's own count, at its most and at the end.
    pub memory: u64,
    pub memory_left: u64,
    pub slowest_answer: Duration,
    pub unanswered: u64,
}

/// Looks again and again, until it is ended.
pub struct Watch {
    ends: Arc<AtomicBool>,
    threads: [JoinHandle<Peaks>; 2],
}

impl Watch {
    pub fn begin(server: &Server, group: Option<Arc<Group>>) -> Watch {
        let ends = Arc::new(AtomicBool::new(false));
        let (pid, address) = (server.pid(), server.address);
        let (outside, inside) = (Arc::clone(&ends), Arc::clone(&ends));
        let look = move || look_until(&outside, |peaks| look_at_process(peaks, pid, group.as_deref()));
        let ask = move || look_until(&inside, |peaks| ask(peaks, address));
        Watch { ends, threads: [thread::spawn(look), thread::spawn(ask)] }
    }

    pub fn end(self) -> Peaks {
        self.ends.store(true, SeqCst);
        let [outside, inside] = self.threads.map(|thread| thread.join().unwrap());
        let Peaks { memory, memory_left, slowest_answer, unanswered, .. } = inside;
        Peaks { memory, memory_left, slowest_answer, unanswered, ..outside }
    }
}

fn look_until(ends: &AtomicBool, mut look: impl FnMut(&mut Peaks)) -> Peaks {
    let mut peaks = Peaks::default();
    while !ends.load(SeqCst) {
        look(&mut peaks);
        thread::sleep(EACH);
    }
    peaks
}

fn look_at_process(peaks: &mut Peaks, pid: u32, group: Option<&Group>) {
    peaks.rss = peaks.rss.max(status(pid, "VmRSS:") * 1024);
    peaks.threads = peaks.threads.max(status(pid, "Threads:"));
    if let Some(group) = group {
        let (usage, sockets) = group.usage();
        peaks.group = peaks.group.max(usage).max(group.peak());
        peaks.sockets = peaks.sockets.max(sockets);
        peaks.kernel = peaks.kernel.max(group.kernel());
    }
}

/// A number in `/proc/PID/status`; 0 of a process that has been killed.
fn status(pid: u32, field: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(field));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn ask(peaks: &mut Peaks, address: SocketAddr) {
    let start = Instant::now();
    match metrics(address) {
        Some(series) => {
            let memory = series.get("chinwag_memory_bytes").copied().unwrap_or(0);
            peaks.memory = peaks.memory.max(memory);
            peaks.memory_left = memory;
            peaks.slowest_answer = peaks.slowest_answer.max(start.elapsed());
        }
        None => peaks.unanswered += 1,
    }
}

/// Every series with its value, where the server answers in time.
pub fn metrics(address: SocketAddr) -> Option<BTreeMap<String, u64>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(&Head::get("/metrics").bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, page) = answer.split_once("\r\n\r\n")?;
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    let parsed = samples.map(|line| {
        line.rsplit_once(' ').and_then(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
    });
    head.starts_with("HTTP/1.1 200 ").then(|| parsed.collect()).flatten()
}
