//! Many servers, through a real `redis-server` that each test starts for itself, and harms.
//!
//! `tests/redis/run` installs what is needed. Without a `redis-server` everything here fails.
#![cfg(target_os = "linux")]
#![allow(missing_docs)]

mod channel;
mod outages;
mod patience;
mod presence;
mod proxy;
mod redis;
mod secrets;
mod servers;
mod sharing;
mod slowness;
#[expect(dead_code, unused_imports, reason = "a part of it is for tests/contract alone")]
#[path = "../contract/support/mod.rs"]
mod support;
