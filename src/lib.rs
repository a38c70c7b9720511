//! chinwag: a WebSocket chat server, protocol library and readable reference.
//!
//! A bare § means [RFC 6455](https://www.rfc-editor.org/rfc/rfc6455).
//!
//! # The map
//!
//! ```text
//!   main      options, signals
//!   server    sockets, threads, clocks: accepting, a client's life, the room, the page
//!   trace     bytes, explained
//!   sys       what `std` cannot do, and all `unsafe` there is
//!   protocol  RFC 6455, both ends: bytes in, events out; no I/O, no clock, no allocation
//! ```
//!
//! Imports run one way, down the map, file by file: [`protocol`] knows nothing of what is above it. Read it first, in the
//! order that the documentation of its module gives, which also explains the words. Then read `server`, beginning with
//! its own map, a client's life in `client.rs` and `chat.rs`, and the rules at the top of `room/mod.rs`.
//!
//! # In a program of one's own
//!
//! The whole server runs inside another program: see `server::Server`. The protocol alone asks nothing of
//! its surroundings. In `examples/`, each to be run with `cargo run --example`:
//!
//! - `textbook`: a chat server in a hundred lines, a locked vector of sockets, and all the ways in which that fails;
//! - `echo`: over a transport of one's own, whatever reads and writes;
//! - `client`: the other end of the wire, a parrot in sixty lines;
//! - `lamp`: on a device of one's own, where everything has a size that is known when the program is built;
//! - `loudest`: in a room of one's own, where a message is relayed as a slice of the buffer it was read into.
#![cfg_attr(not(feature = "server"), no_std)]

// The README's examples are compiled and run, too.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod protocol;
#[cfg(feature = "server")]
pub mod server;
// Public for the program alone.
#[cfg(feature = "server")]
#[doc(hidden)]
pub mod sys;
pub mod trace;
