//! The whole program against its contract, one module for each section.
//!
//! Everything here is done from outside: the real binary is started on a free port of the loopback
//! interface and spoken to over TCP. Nothing is shared with `src/`; `support` writes and reads HTTP and
//! frames by itself, and `tungstenite` is the second, independent client.
#![cfg(feature = "server")]
#![allow(missing_docs)]

mod s1_command;
mod s2_http;
mod s3_frames;
mod s4_closing;
mod s5_admission;
mod s6_room;
mod s7_page;
mod support;
