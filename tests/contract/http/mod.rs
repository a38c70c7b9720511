//! HTTP.

mod answers;
mod extras;
mod full;
mod metrics;
mod mute;
mod order;
mod pieces;
mod prefixes;
mod refusals;
mod rooms;
mod sizes;
mod upgrades;

use crate::support::{Client, Head, Server, ask};

/// Each head gets this status, or 101 for a client.
#[track_caller]
fn all_get(server: &Server, status: u16, heads: impl IntoIterator<Item = Head>) {
    for head in heads {
        let got = match status {
            101 => Client::try_join(server, &head.bytes()).map_or_else(|status| status, |_| 101),
            _ => ask(server, &head).status,
        };
        assert_eq!(got, status, "for {head:?}");
    }
}
