//! The protocol core, section by section of RFC 6455. Nothing here touches a socket or a clock.
//!
//! `cargo test --test protocol s5_5` runs what §5.5 asks for.

// Bits are grouped as in the RFC's picture of a frame.
#![allow(clippy::unusual_byte_groupings)]

mod naive;
mod properties;
mod requests;
mod support;

mod delivery;
mod random_sessions;
mod s10_2_addresses;
mod s10_2_origin;
mod s10_2_origin_of_a_request;
mod s10_2_same_host;
mod s10_4_limits;
mod s4_1_request;
mod s4_1_response;
mod s4_2_1_fields;
mod s4_2_1_head;
mod s4_2_1_head_bytes;
mod s4_2_1_head_limits;
mod s4_2_1_host;
mod s4_2_1_request;
mod s4_2_1_upgrade;
mod s4_2_2_accept;
mod s4_2_2_refusal;
mod s5_1_both_senders;
mod s5_2_base_framing;
mod s5_3_masking;
mod s5_4_fragmentation;
mod s5_5_control_frames;
mod s5_7_examples;
mod s5_sending;
mod s7_1_7_failing;
mod s7_4_close_codes;
mod s8_1_utf8;
mod s8_1_utf8_in_messages;
mod seeds;
mod small_buffers;
mod whole_buffer;
