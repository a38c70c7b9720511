//! Log lines: written by a thread of their own, so that nothing ever waits for them.
//!
//! What does not fit into the channel, because whoever reads the log is slow or gone, is dropped and counted.

use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::sync::{Mutex, STACK_SIZE, lock};

/// How many lines may wait to be written.
const LINES_MAX: usize = 1024;

/// Where a server's log lines go.
#[derive(Clone)]
pub struct Log {
    lines: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
    quiet: bool,
}

enum Entry {
    Line(String),
    /// Told when all lines before it have been written.
    Flush(SyncSender<()>),
}

impl Log {
    /// Returns a log on stderr. A quiet one has nothing but errors.
    ///
    /// Where no thread can be had to write it, every line is dropped and counted.
    pub fn to_stderr(quiet: bool) -> Log {
        let (lines, entries) = sync_channel(LINES_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&dropped);
        let _ = thread::Builder::new().stack_size(STACK_SIZE).spawn(move || write_all(&entries, &counted));
        Log { lines, dropped, quiet }
    }

    /// Logs something that happens every day.
    pub fn info(&self, line: impl fmt::Display) {
        if !self.quiet {
            self.error(line);
        }
    }

    /// Logs something that an operator ought to know.
    pub fn error(&self, line: impl fmt::Display) {
        if self.lines.try_send(Entry::Line(format!("{line}\n"))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns how many lines could not be written.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until what has been logged is written, at most for `patience`.
    pub fn flush(&self, patience: Duration) {
        let (done, is_done) = sync_channel(1);
        if self.lines.try_send(Entry::Flush(done)).is_ok() {
            let _ = is_done.recv_timeout(patience);
        }
    }
}

fn write_all(entries: &Receiver<Entry>, dropped: &AtomicU64) {
    for entry in entries {
        match entry {
            Entry::Line(line) => {
                if std::io::stderr().write_all(line.as_bytes()).is_err() {
                    dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Entry::Flush(done) => _ = done.try_send(()),
        }
    }
}

/// Lets one line a second through, and counts the rest.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<Throttled>);

#[derive(Default)]
struct Throttled {
    last: Option<Instant>,
    passed_over: u64,
}

impl Throttle {
    /// Returns how many lines have been passed over since the last one, if one may be logged now.
    pub(crate) fn admit(&self) -> Option<u64> {
        let mut throttled = lock(&self.0);
        let now = Instant::now();
        if throttled.last.is_some_and(|last| now.duration_since(last) < Duration::from_secs(1)) {
            throttled.passed_over += 1;
            return None;
        }
        throttled.last = Some(now);
        Some(std::mem::take(&mut throttled.passed_over))
    }
}
