//! What the server says of itself, in Prometheus' text format.

use super::http::{Head, ask};
use super::{Server, eventually};
use std::collections::HashMap;

/// Every series with its value, as `/metrics` has them now.
#[track_caller]
pub fn read(server: &Server) -> HashMap<String, f64> {
    let response = ask(server, &Head::get("/metrics"));
    assert_eq!(response.status, 200);
    let samples = response.text().lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parsed = samples.map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line:?} is no sample"));
        (series.to_string(), value.parse().unwrap_or_else(|_| panic!("{line:?} has no value")))
    });
    parsed.collect()
}

/// One series; one that has not been seen yet is zero.
#[track_caller]
pub fn value(server: &Server, series: &str) -> f64 {
    read(server).get(series).copied().unwrap_or(0.0)
}

/// Waits until a series has this value.
#[track_caller]
pub fn wait_for(server: &Server, series: &str, expected: f64) {
    eventually(&format!("{series} {expected}"), || (value(server, series) == expected).then_some(()));
}
