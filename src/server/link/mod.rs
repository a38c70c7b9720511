//! The link to other servers that share the rooms: to none, or, with the feature `redis`, to those on the same Redis.
//!
//! The rooms tell a [`Link`] what their clients say, and who they are. What it hears from other servers is [`News`] to
//! whoever has started it.

#[cfg(not(feature = "redis"))]
mod alone;
#[cfg_attr(not(feature = "redis"), allow(dead_code))] // A server on its own has nothing to tell.
mod news;
#[cfg(feature = "redis")]
mod redis;

#[cfg(not(feature = "redis"))]
use alone as chosen;
#[cfg(feature = "redis")]
use redis as chosen;

pub use chosen::RedisUrl;
pub(crate) use chosen::{Link, Presence};
pub(crate) use news::News;
#[cfg(feature = "redis")]
pub use redis::InvalidUrl;
