//! A server among the others on the same Redis.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::mailbag::Mailbag;
use super::standing::Standing;
use super::url::RedisUrl;
use crate::server::log::Log;

/// What its threads and its clients share.
pub(super) struct Station {
    /// Its name among the others: drawn by lot at its start.
    pub(super) server: u64,
    pub(super) url: RedisUrl,
    pub(super) max_message: usize,
    pub(super) mailbag: Mailbag,
    pub(super) standing: Standing,
}

impl Station {
    pub(super) fn new(url: RedisUrl, max_message: usize, log: Log) -> Station {
        let server = RandomState::new().hash_one(0);
        let standing = Standing::new(log, url.address());
        Station { server, url, max_message, mailbag: Mailbag::new(server), standing }
    }
}
