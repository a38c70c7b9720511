//! chinwag: a WebSocket chat server, protocol library and readable reference.
//!
//! A bare § means [RFC 6455](https://www.rfc-editor.org/rfc/rfc6455).
#![cfg_attr(not(feature = "server"), no_std)]

// The README's examples are compiled and run, too.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod protocol;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod sys;
#[cfg(feature = "server")]
mod trace;
