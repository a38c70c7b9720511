//! The process under measurement: started, asked what it has cost, and ended.

use crate::result::Result;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::time::ClockId;
use nix::unistd::Pid;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A program that, once it can take connections, prints `listening on http://ADDR:PORT/`.
#[derive(Clone)]
pub struct Contender {
    pub name: String,
    pub path: PathBuf,
    pub args: Vec<String>,
}

impl Contender {
    /// The package above this one, built if need be.
    pub fn chinwag(args: &[&str]) -> Result<Contender> {
        Contender::chinwag_with(&[], args)
    }

    /// The same, built with more than the usual features, in a directory of its own.
    pub fn chinwag_sharing(args: &[&str]) -> Result<Contender> {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/target/sharing");
        Contender::chinwag_with(&["--features", "redis", "--target-dir", directory], args)
    }

    fn chinwag_with(build_args: &[&str], args: &[&str]) -> Result<Contender> {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        let build = Command::new(env!("CARGO"))
            .args(["build", "--release", "--bin", "chinwag", "--message-format", "json-render-diagnostics"])
            .args(["--manifest-path", manifest])
            .args(build_args)
            .stderr(Stdio::inherit())
            .output()?;
        let messages = String::from_utf8_lossy(&build.stdout);
        let path = messages.rsplit_once("\"executable\":\"").and_then(|(_, rest)| rest.split_once('"'));
        let (path, _) = path.filter(|_| build.status.success()).ok_or("chinwag could not be built")?;
        let args = args.iter().map(|arg| arg.to_string()).collect();
        Ok(Contender { name: "chinwag".into(), path: path.into(), args })
    }
}

/// A running server. It is ended when this is dropped.
pub struct Server {
    process: Child,
    pub addr: SocketAddr,
}

impl Server {
    /// Starts it on the first processor, if `pinned`, and leaves the last one to the caller.
    pub fn start(contender: &Contender, pinned: bool) -> Result<Server> {
        let mut command = Command::new(&contender.path);
        command.args(&contender.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        if pinned {
            // A child inherits the processor of the thread that starts it.
            pin(Processor::First)?;
        }
        let spawned = command.spawn();
        if pinned {
            pin(Processor::Last)?;
        }
        let mut process = spawned.map_err(|error| format!("{}: {error}", contender.path.display()))?;
        let stdout = process.stdout.take().ok_or("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let addr = line.trim().strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix('/'));
        let Some(Ok(addr)) = addr.map(str::parse) else {
            process.kill()?;
            process.wait()?;
            return Err(format!("{} said {line:?} in place of its address", contender.name).into());
        };
        Ok(Server { process, addr })
    }

    /// The processor time all its threads have taken so far, ended ones included.
    pub fn cpu_time(&self) -> Result<Duration> {
        cpu_time(&self.process)
    }

    /// Its resident memory in bytes, shared pages by the part that is its own (PSS).
    pub fn memory(&self) -> Result<u64> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid()))?;
        Ok(number_after(&rollup, "Pss:").ok_or("no Pss in smaps_rollup")? as u64 * 1024)
    }

    pub fn threads(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/task", self.pid()))?.count())
    }

    pub fn descriptors(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.pid()))?.count())
    }

    /// What `/metrics` says of `metric`, for a server that has metrics.
    pub fn metric(&self, metric: &str) -> Option<f64> {
        number_after(&self.metrics()?, metric)
    }

    /// All of `/metrics`.
    pub fn metrics(&self) -> Option<String> {
        let mut stream = TcpStream::connect(self.addr).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", self.addr).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    fn pid(&self) -> i32 {
        self.process.id() as i32
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The figure behind `name` at the beginning of a line.
pub fn number_after(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// A `redis-server` on a free port. It is ended when this is dropped.
pub struct Redis {
    process: Child,
    pub url: String,
}

impl Redis {
    /// Starts it where a server is started.
    pub fn start(pinned: bool) -> Result<Redis> {
        let addr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &addr.port().to_string(), "--save", ""]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if pinned {
            pin(Processor::First)?;
        }
        let spawned = command.spawn();
        if pinned {
            pin(Processor::Last)?;
        }
        let mut process = spawned.map_err(|error| format!("redis-server: {error}"))?;
        while TcpStream::connect(addr).is_err() {
            if process.try_wait()?.is_some() {
                return Err("redis-server has ended".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Redis { process, url: format!("redis://{addr}") })
    }

    /// See [`Server::cpu_time`].
    pub fn cpu_time(&self) -> Result<Duration> {
        cpu_time(&self.process)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn cpu_time(process: &Child) -> Result<Duration> {
    Ok(ClockId::pid_cpu_clock_id(Pid::from_raw(process.id() as i32))?.now()?.into())
}

enum Processor {
    First,
    Last,
}

/// Binds this thread to one of the processors the machine has (with one alone, there is no choice).
fn pin(which: Processor) -> Result<()> {
    let this_thread = Pid::from_raw(0);
    let processors = std::fs::read_to_string("/sys/devices/system/cpu/online")?;
    let mut numbers = processors.trim().split([',', '-']);
    let number = match which {
        Processor::First => numbers.next(),
        Processor::Last => numbers.next_back(),
    };
    let mut set = CpuSet::new();
    set.set(number.ok_or("no processor online")?.parse()?)?;
    sched_setaffinity(this_thread, &set)?;
    debug_assert!(sched_getaffinity(this_thread).is_ok_and(|now| now == set));
    Ok(())
}
