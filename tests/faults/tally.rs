//! What a server counts of those it refuses and drops.

use crate::support::{Server, eventually, metrics};
use std::collections::BTreeMap;

/// The series that only a fault moves, and how they are called here.
const WATCHED: &[(&str, &str)] = &[
    ("chinwag_requests_refused_total{status=\"", "refused "),
    ("chinwag_clients_dropped_total{reason=\"", "dropped "),
    ("chinwag_closes_total{code=\"", "closed "),
    ("chinwag_accept_errors_total", "accept errors"),
];

pub type Counts = BTreeMap<String, u64>;

/// Counts by their short names, such as `refused 400`; what is zero is left out.
pub fn counts(pairs: &[(&str, u64)]) -> Counts {
    pairs.iter().filter(|(_, n)| *n > 0).map(|(name, n)| (name.to_string(), *n)).collect()
}

pub struct Tally(Counts);

impl Tally {
    #[track_caller]
    pub fn begin(server: &Server) -> Tally {
        Tally(watched(server))
    }

    /// What has been counted since.
    #[track_caller]
    pub fn since(&self, server: &Server) -> Counts {
        let moved = watched(server).into_iter().map(|(name, value)| {
            let before = self.0.get(&name).copied().unwrap_or(0);
            (name, value - before)
        });
        moved.filter(|(_, n)| *n > 0).collect()
    }

    /// Waits until these have been counted since; nothing else may have been.
    #[track_caller]
    pub fn expect(&mut self, server: &Server, expected: &Counts) {
        let mut seen = Counts::new();
        let what = format!("counted {expected:?}");
        let done = || {
            seen = self.since(server);
            let too_much = seen.iter().find(|(name, n)| *n > expected.get(*name).unwrap_or(&0));
            assert!(too_much.is_none(), "counted {seen:?} instead of {expected:?}");
            (seen == *expected).then_some(())
        };
        eventually(&what, done);
        self.0 = watched(server);
    }
}

#[track_caller]
fn watched(server: &Server) -> Counts {
    let named = metrics::read(server).into_iter().filter_map(|(series, value)| {
        let (prefix, name) = WATCHED.iter().find(|(prefix, _)| series.starts_with(prefix))?;
        let label = series[prefix.len()..].trim_end_matches("\"}");
        Some((format!("{name}{label}"), value as u64))
    });
    named.collect()
}
