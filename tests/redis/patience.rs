//! Waiting for what takes Redis or a server longer than anything a client does.

use std::thread;
use std::time::{Duration, Instant};

/// Two timeouts, a heartbeat and a backoff, on a machine that does other things, too.
pub const LONG: Duration = Duration::from_secs(45);

/// Tries until `attempt` gives something.
#[track_caller]
pub fn long<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(start.elapsed() < LONG, "never happened: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
