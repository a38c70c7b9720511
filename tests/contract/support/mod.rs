//! What the tests stand on: a server to talk to, and raw ways to talk to it.

pub mod client;
pub mod frame;
pub mod http;
pub mod independent;
pub mod metrics;
pub mod output;
pub mod server;

pub use client::Client;
pub use http::{Head, Response, ask};
pub use server::Server;

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test calls it a failure.
pub const PATIENCE: Duration = Duration::from_secs(10);

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
