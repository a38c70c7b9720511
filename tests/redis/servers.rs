//! Servers on one Redis.

use crate::patience::long;
use crate::redis::Redis;
use crate::support::{Client, Server, metrics};

/// A server told of the Redis at this URL. It does not ping: here is much waiting, with nobody to read Pings.
#[track_caller]
pub fn at(url: &str) -> Server {
    at_with(url, &[])
}

#[track_caller]
fn at_with(url: &str, options: &[&str]) -> Server {
    Server::start(&[&["--redis", url, "--ping-interval", "0"], options].concat())
}

/// So many servers that share their rooms.
#[track_caller]
pub fn start<const N: usize>(redis: &Redis) -> [Server; N] {
    start_with(redis, &[])
}

#[track_caller]
pub fn start_with<const N: usize>(redis: &Redis, options: &[&str]) -> [Server; N] {
    let servers = [(); N].map(|()| at_with(&redis.url(), options));
    wait_until_together(&servers);
    servers
}

/// Waits until each server is joined, and knows all the others.
#[track_caller]
pub fn wait_until_together(servers: &[Server]) {
    for server in servers {
        wait_for(server, "up", 1.0);
        wait_for(server, "servers", (servers.len() - 1) as f64);
    }
}

/// What `/metrics` says of the link.
#[track_caller]
pub fn metric(server: &Server, name: &str) -> f64 {
    let series = format!("chinwag_redis_{name}");
    *metrics::read(server).get(&series).unwrap_or_else(|| panic!("no {series}"))
}

#[track_caller]
pub fn wait_for(server: &Server, name: &str, expected: f64) {
    long(&format!("{name} {expected}"), || (metric(server, name) == expected).then_some(()));
}

/// Both say something and hear it, so that what is behind it is behind whatever was under way.
#[track_caller]
pub fn talk(a: &mut Client, b: &mut Client, text: &str) {
    a.text(text);
    b.expect_text(text);
    b.text(text);
    a.expect_text(text);
}

/// How often a line with this in it has been logged.
pub fn logged(server: &Server, what: &str) -> usize {
    server.stderr.lines().iter().filter(|line| line.contains(what)).count()
}

/// A bare client on each server, by which one can tell that all servers have heard of what was done before.
pub struct Barrier(Vec<Client>);

impl Barrier {
    pub fn join(servers: &[Server]) -> Barrier {
        Barrier(servers.iter().map(|server| Client::join(server, "/barrier")).collect())
    }

    #[track_caller]
    pub fn pass(&mut self) {
        for speaker in 0..self.0.len() {
            let text = format!("from {speaker}");
            self.0[speaker].text(&text);
            for (_, other) in self.0.iter_mut().enumerate().filter(|(n, _)| *n != speaker) {
                other.expect_text(&text);
            }
        }
    }
}
