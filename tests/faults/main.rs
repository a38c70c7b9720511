//! Faults, for real: peers that stop, vanish, flood and crowd, and a machine that runs out of what a server needs.
//!
//! Everything is done to the running program from outside, and beside each fault a healthy [`pair`] in the same room
//! chats on. Its longest gap without and with the fault makes a table:
//! `cargo test --test faults -- --nocapture 2>&1 | grep '^gap'`.
#![cfg(all(feature = "server", target_os = "linux"))]
#![allow(missing_docs)]

mod crowds;
mod endings;
mod floods;
mod half_open;
mod house;
mod pair;
mod pauses;
mod peers;
mod readers;
mod resets;
mod scarcity;
#[expect(dead_code, unused_imports, reason = "a part of it is for tests/contract alone")]
#[path = "../contract/support/mod.rs"]
mod support;
mod sys;
mod tally;
mod vitals;
