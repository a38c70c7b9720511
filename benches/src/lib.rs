//! chinwag measured against other servers and against the raw kernel.
//!
//! `src/compare.rs` is the bench: it starts one server process after the other, loads it from one event loop,
//! checks every delivery while it counts, and asks the kernel what the server's process has cost.
//!
//! In reading order:
//!
//! - [`frame`] and [`handshake`]: the least of RFC 6455 that the load and the servers beside chinwag need,
//!   sharing nothing with chinwag's own code,
//! - [`server`]: the process under measurement,
//! - [`load`]: all clients in one event loop,
//! - [`order`]: whether every message arrives once, whole and in one order, and at none of its senders,
//! - [`relay`], [`echo`], [`connect`], [`stall`], [`lag`], [`idle`]: the scenarios,
//! - [`protocol`]: the scenario without a server,
//! - [`peer`]: what the servers in `src/bin` have in common,
//! - [`sharing`]: several servers with one Redis beside one without (`src/bin/sharing.rs`),
//! - [`soak`]: a crowd that comes, talks, misbehaves and goes, for as long as one likes (`src/bin/soak.rs`),
//! - [`args`] and [`table`]: what is asked for, and what is printed.
//!
//! The other servers are programs of one file each, in `src/bin`.

pub mod args;
pub mod connect;
pub mod echo;
pub mod frame;
pub mod handshake;
pub mod idle;
pub mod lag;
pub mod load;
pub mod order;
pub mod peer;
pub mod protocol;
pub mod relay;
mod result;
pub mod server;
pub mod sharing;
pub mod soak;
pub mod stall;
pub mod table;

pub use result::Result;
