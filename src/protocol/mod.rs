//! RFC 6455 alone: no I/O, no clock, no allocation, no `std`, no `unsafe`, no panic.
//!
//! In reading order: [`head`], [`refusal`], [`handshake`] and [`origin`] (may be skipped at first); then [`frame`],
//! [`error`] and [`close`]; then [`utf8`], [`event`] and [`receiver`].
//!
//! Words:
//!
//! - *head*: an HTTP request or response up to its empty line (RFC 9112 §2.1);
//! - *frame*: a header and a payload; the *opcode* says of what kind (§5.2);
//! - *message*: text or bytes, in one frame or in several; *FIN* marks the last (§5.4);
//! - *fragment*: one of the several; all but the first are *continuation* frames (§5.4);
//! - *control frame*: a Close, Ping or Pong, never fragmented, also between fragments (§5.5);
//! - *masking key*: four bytes that a client's payload is XORed with (§5.3);
//! - *headroom*: free bytes in front of a payload, for an outgoing header ([`receiver`]);
//! - *to fail*: to send a Close with an error's code, and ignore what follows (§7.1.7).
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
mod close_code;
pub mod error;
pub mod event;
pub mod fields;
pub mod frame;
pub mod handshake;
pub mod handshake_error;
pub mod head;
pub mod origin;
mod reassembly;
pub mod receiver;
pub mod utf8;
