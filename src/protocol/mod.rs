//! RFC 6455 alone: no I/O, no clock, no allocation, no `std`, no `unsafe`, no panic.
//!
//! In reading order: a connection begins with [`head`], [`handshake`], [`origin`] and [`refusal`]; it goes on with
//! [`frame`], [`utf8`], [`receiver`], [`event`], and ends with [`close`] and [`error`].
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::arithmetic_side_effects
)]

pub mod close;
pub mod error;
pub mod event;
pub mod frame;
pub mod handshake;
pub mod head;
pub mod origin;
pub mod receiver;
pub mod refusal;
pub mod utf8;
