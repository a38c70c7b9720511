//! The protocol core, section by section of RFC 6455. Nothing here touches a socket or a clock.
//!
//! `cargo test --test protocol s5_5` runs what §5.5 asks for.

// Bits are grouped as in the RFC's picture of a frame.
#![allow(clippy::unusual_byte_groupings)]

mod naive;
mod support;

mod delivery;
mod random_sessions;
mod s10_4_limits;
mod s5_2_base_framing;
mod s5_3_masking;
mod s5_4_fragmentation;
mod s5_5_control_frames;
mod s5_7_examples;
mod s7_1_7_failing;
mod s7_4_close_codes;
mod s8_1_utf8;
mod s8_1_utf8_in_messages;
mod whole_buffer;
