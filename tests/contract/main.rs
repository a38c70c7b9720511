//! The whole program against its contract, one module for each topic.
//!
//! Everything here is done from outside: the real binary is started on a free port of the loopback
//! interface and spoken to over TCP. Nothing is shared with `src/`; `support` writes and reads HTTP and
//! frames by itself, and `tungstenite` is the second, independent client.
#![cfg(feature = "server")]
#![allow(missing_docs)]

mod admission;
mod closing;
mod command;
mod frames;
mod http;
mod page;
mod room;
mod support;
mod without_websocket;
