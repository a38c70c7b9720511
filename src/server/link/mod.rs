//! The link to other servers that share the rooms: to none, or, with the feature `redis`, to those on the same Redis.

#[cfg(not(feature = "redis"))]
mod alone;
#[cfg(feature = "redis")]
mod redis;

#[cfg(not(feature = "redis"))]
pub(crate) use alone::{Link, Presence};
#[cfg(feature = "redis")]
pub use redis::{InvalidUrl, RedisUrl};
#[cfg(feature = "redis")]
pub(crate) use redis::{Link, Presence};
