//! Everything that touches a socket, a thread or a clock.

pub mod config;
pub use config::Config;
