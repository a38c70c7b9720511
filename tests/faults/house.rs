//! A server with a healthy pair in its lobby, and what is looked at before, during and after a fault.

use crate::pair::Pair;
use crate::peers;
use crate::support::server::BINARY;
use crate::support::{PATIENCE, Server, eventually};
use crate::tally::{Counts, Tally, counts};
use crate::vitals::{self, Load, Vitals};
use std::ffi::OsStr;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// How long the pair is listened to without the fault, before it and after it.
const CALM: Duration = Duration::from_millis(150);
/// More than this is no delay but a halt, however busy the machine.
const HALT: Duration = Duration::from_secs(30);
/// What the server's allocator may keep of what has been given back to it, in bytes.
const SLACK: u64 = 2 << 20;
/// What glibc keeps of the stack of a thread that has ended, for the next one, in bytes.
const KEPT_STACK: u64 = 16 << 10;

pub struct House {
    pub server: Server,
    pub pair: Pair,
    tally: Tally,
    normal: Vitals,
}

impl House {
    #[track_caller]
    pub fn start(options: &[impl AsRef<OsStr>]) -> House {
        let mut command = Command::new(BINARY);
        command.args(["--quiet", "--listen", "127.0.0.1:0"]).args(options);
        House::of(Server::run(command))
    }

    #[track_caller]
    pub fn of(server: Server) -> House {
        let unused = Vitals::of(server.pid()).descriptors;
        peers::come_and_go(&server, 40);
        eventually("their end", || (Vitals::of(server.pid()).descriptors <= unused).then_some(()));
        let pair = Pair::join(&server, "/");
        eventually("the pair alone", || peers::clients(&server, 2));
        pair.longest_gap();
        let tally = Tally::begin(&server);
        let mut normal = Vitals::of(server.pid());
        // Those who were warming up may not be gone yet, and those who ask are not always the same.
        let start = Instant::now();
        while start.elapsed() < CALM {
            thread::sleep(CALM / 10);
            let now = Vitals::of(server.pid());
            normal.threads = normal.threads.min(now.threads);
            normal.descriptors = normal.descriptors.min(now.descriptors);
            normal.memory = normal.memory.min(now.memory);
        }
        vitals::forget_peak(server.pid());
        House { server, pair, tally, normal }
    }

    /// Listens to the pair before, during and after a fault, and prints its longest gaps.
    #[track_caller]
    pub fn beside<T>(&self, fault: &str, act: impl FnOnce(&Server) -> T) -> T {
        let before = self.calm();
        let heard = self.pair.heard();
        let result = act(&self.server);
        let with = self.pair.longest_gap();
        let heard = self.pair.heard() - heard;
        let without = before.max(self.calm());
        row(fault, without, with, heard);
        assert!(with < HALT, "{fault}: nothing was heard for {with:?}");
        result
    }

    fn calm(&self) -> Duration {
        self.pair.longest_gap();
        thread::sleep(CALM);
        self.pair.longest_gap()
    }

    /// These refusals and drops have been counted since the last time, and nothing else.
    #[track_caller]
    pub fn expect_counted(&mut self, expected: &[(&str, u64)]) {
        self.tally.expect(&self.server, &counts(expected));
    }

    /// What has been counted since the last time.
    #[track_caller]
    pub fn counted(&self) -> Counts {
        self.tally.since(&self.server)
    }

    /// Waits until the server has no more threads, descriptors and memory than before.
    #[track_caller]
    pub fn expect_rest(&self) {
        self.expect_rest_after(0);
    }

    /// The same after a crowd, each of which had a thread.
    #[track_caller]
    pub fn expect_rest_after(&self, crowd: u64) {
        let (normal, pid) = (self.normal, self.server.pid());
        let slack = SLACK + crowd * KEPT_STACK;
        let start = Instant::now();
        loop {
            let now = Vitals::of(pid);
            let back = now.threads <= normal.threads && now.descriptors <= normal.descriptors;
            if back && now.memory <= normal.memory + slack {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{now:?} instead of {normal:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// At no time has the server taken more memory than it may under this load, above what it had before.
    #[track_caller]
    pub fn expect_memory_of(&self, what: &str, load: Load) {
        let peak = vitals::peak(self.server.pid());
        vitals::forget_peak(self.server.pid());
        let (above, most) = (peak.saturating_sub(self.normal.memory), load.most_memory());
        eprintln!("memory  {what:<44} {:>6} KiB of {:>6} KiB", above / 1024, most / 1024);
        assert!(above <= most, "{what}: {above} bytes more than before, where {most} are the most");
    }

    /// The pair goes, and so does the server.
    #[track_caller]
    pub fn close(self) {
        let House { mut server, pair, .. } = self;
        pair.leave();
        server.stop();
    }
}

pub fn row(fault: &str, without: Duration, with: Duration, heard: u64) {
    let ms = |gap: Duration| gap.as_secs_f64() * 1000.0;
    let (without, with) = (ms(without), ms(with));
    eprintln!("gap  {fault:<44} without {without:>7.1} ms  with {with:>7.1} ms  {heard:>6} heard");
}
