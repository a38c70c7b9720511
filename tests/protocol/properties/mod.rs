//! What holds for every input, each property written once: the fuzz targets in `fuzz/` run these functions, and so does
//! `seeds.rs` with every seed.
//!
//! A property panics when it is violated. It returns whether the input got to the inside of what it is about, was
//! accepted there, so that a harness which never reaches the parser does not go unnoticed.

pub mod client_differential;
pub mod client_receiver;
pub mod conversation;
pub mod delivery;
pub mod differential;
pub mod head;
pub mod header;
pub mod mask;
pub mod origin;
pub mod output;
pub mod receiver;
pub mod response;
pub mod utf8;
