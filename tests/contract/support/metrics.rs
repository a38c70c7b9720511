//! What the server says of itself, in Prometheus' text format.

use super::http::{Head, ask};
use super::{Server, eventually};
use std::collections::{BTreeSet, HashMap};

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

/// The names of all series.
#[track_caller]
pub fn names(server: &Server) -> BTreeSet<String> {
    read(server).keys().map(|series| name(series)).collect()
}

/// The names that the contract has under a topic.
#[track_caller]
pub fn promised(topic: &str) -> BTreeSet<String> {
    let contract = include_str!("../../../docs/contract.md");
    let (_, section) = contract.split_once(&format!("\n## {topic}\n")).expect("the topic");
    let section = section.split("\n## ").next().unwrap_or_default();
    let code = section.split('`').skip(1).step_by(2);
    code.filter(|code| code.starts_with("chinwag_")).map(name).collect()
}

fn name(series: &str) -> String {
    series.split('{').next().unwrap_or_default().into()
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
