//! Time, on a machine that may be busy with something else.
//!
//! A test waits for what happens, and for nothing else: a bound only ends a hang. Where the contract itself has a time, a
//! test compares: with a server that has another time, with a time that cannot have passed yet, or with the best of many
//! attempts. So slowness makes nothing wrong that is right.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test calls it a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a server is told where a test says nothing: longer than anything may take.
pub const PATIENT: [(&str, &str); 4] = [
    ("--handshake-timeout", "600"),
    ("--message-timeout", "600"),
    ("--ping-interval", "600"),
    ("--close-timeout", "600"),
];

/// Tries until `attempt` gives something; for what can be seen but not waited for.
#[track_caller]
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "never happened: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a test whose clients have to keep a pace; where they fail, again with times that are so many times as long. What
/// is right is right at some pace, and what is wrong is wrong at every one.
pub fn at_some_pace(test: impl Fn(f64)) {
    for times in [1.0, 5.0] {
        if panic::catch_unwind(AssertUnwindSafe(|| test(times))).is_ok() {
            return;
        }
        eprintln!("failed with times {times} times as long");
    }
    test(25.0);
}

/// Takes turns at two things and compares the best of each, until the first is about as fast as the second. What delays
/// it now and then counts for nothing; what delays it every time is a failure.
#[track_caller]
pub fn expect_about_as_fast(mut this: impl FnMut() -> Duration, mut that: impl FnMut() -> Duration) {
    const ROUNDS: u32 = 10;
    let (start, mut best_this, mut best_that) = (Instant::now(), Duration::MAX, Duration::MAX);
    for round in 1.. {
        best_that = best_that.min(that());
        best_this = best_this.min(this());
        let is_fast = best_this < 5 * best_that + Duration::from_millis(50);
        if round >= ROUNDS && is_fast {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{best_this:?} instead of {best_that:?}");
    }
}

/// Repeats something until it has once taken less than `bound`.
#[track_caller]
pub fn expect_within(bound: Duration, mut act: impl FnMut()) {
    let begun = Instant::now();
    loop {
        let start = Instant::now();
        act();
        let took = start.elapsed();
        if took < bound {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "takes {took:?} every time");
    }
}

/// Keeps a processor busy until this thread has had so much of its time. Whoever else wants one all the while has had
/// about as much by then.
#[track_caller]
pub fn burn(time: Duration) {
    let so_far = || {
        let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
    };
    let start = so_far();
    while so_far() - start < time {}
}

/// Raises a flag when it goes, be it by a failed assertion.
pub struct Raise<'a>(pub &'a AtomicBool);

impl Drop for Raise<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether nothing has come on a connection, not even its end.
#[track_caller]
pub fn is_silent(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}
