//! RFC 6455 alone: no I/O, no clock, no allocation, no `std`, no `unsafe`, no panic.
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
pub mod receiver;
pub mod utf8;
