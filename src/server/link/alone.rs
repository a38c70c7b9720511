//! A server on its own, as a build without the feature `redis` makes it: nothing is shared, and nothing is spent on it.

use std::time::Instant;

use super::news::News;
use crate::server::log::Log;

/// Where a Redis is: nowhere, in a build without the feature `redis`.
#[derive(Clone, Debug)]
pub enum RedisUrl {}

/// The link to other servers, of which there are none.
pub(crate) struct Link;

/// What others know of a client: nothing.
pub(crate) struct Presence;

impl Link {
    pub(crate) fn new(_: Option<RedisUrl>, _max_message: usize, _: &Log) -> Link {
        Link
    }

    /// Of rooms that are nobody's but this server's.
    #[cfg(test)]
    pub(crate) fn none() -> Link {
        Link
    }

    pub(crate) fn start(&self, _tell: impl Fn(u64, &[News<'_>])) {}

    pub(crate) fn publish(&self, _room: &str, _frame: &[u8]) {}

    pub(crate) fn introduce(&self, _room: &str, _name: Option<&str>) -> Option<Presence> {
        None
    }

    pub(crate) fn stop(&self, _deadline: Instant) {}

    pub(crate) fn render(&self) -> String {
        String::new()
    }
}
