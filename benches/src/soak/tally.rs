//! What the crowd has done, to be compared with what the server has counted.

use std::collections::BTreeMap;

#[derive(Default)]
pub struct Tally {
    pub joined: u64,
    pub left: u64,
    pub paused: u64,
    pub sent: u64,
    pub killed: u64,
    pub half_closed: u64,
    /// Of those that stopped reading and were silent, and of those that went on pinging.
    pub silent: u64,
    pub lagging: u64,
    /// Of those: which read again and saw no end, so that the crowd itself had to end them. A kernel does not announce for
    /// ever to someone who takes nothing that a connection has ended: they may have been dropped all the same.
    pub outlasted: u64,
    /// Closes that were got from the server.
    pub closes: BTreeMap<u16, u64>,
    pub refused: BTreeMap<u16, u64>,
}

/// One line of the comparison: what the server's metric says, and between which figures it must be.
pub struct Line {
    pub metric: String,
    pub least: u64,
    pub most: u64,
}

impl Tally {
    pub fn stalled(&self) -> u64 {
        self.silent + self.lagging
    }

    /// What the server must have counted. Why one that stalls is dropped depends on which limit it comes to first.
    pub fn lines(&self, delivered: u64) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut line = |metric: &str, least, most| lines.push(Line { metric: metric.into(), least, most });
        line("chinwag_clients", 0, 0);
        line("chinwag_rooms", 0, 0);
        // A forged announcement is a whole message that goes no further.
        let whole = self.sent + self.closes.get(&1008).copied().unwrap_or(0);
        line("chinwag_messages_in_total", whole, whole);
        // Those that stall, are killed or half-closed are sent what nobody counts.
        line("chinwag_deliveries_total", delivered, u64::MAX);
        for status in [400, 404, 426] {
            let count = self.refused.get(&status).copied().unwrap_or(0);
            line(&format!("chinwag_requests_refused_total{{status=\"{status}\"}}"), count, count);
        }
        for status in [403, 405, 408, 414, 431, 503, 505] {
            line(&format!("chinwag_requests_refused_total{{status=\"{status}\"}}"), 0, 0);
        }
        for (code, &count) in &self.closes {
            line(&format!("chinwag_closes_total{{code=\"{code}\"}}"), count, count);
        }
        line("chinwag_closes_total{code=\"1011\"}", 0, self.stalled());
        let gone = self.killed + self.half_closed;
        line("chinwag_clients_dropped_total{reason=\"lag\"}", 0, self.stalled());
        line("chinwag_clients_dropped_total{reason=\"silent\"}", 0, self.stalled());
        line("chinwag_clients_dropped_total{reason=\"reset\"}", gone, gone + self.outlasted);
        line("chinwag_accept_errors_total", 0, 0);
        lines
    }
}
