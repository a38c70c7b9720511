//! What the tests stand on: a server to talk to, and raw ways to talk to it.

pub mod client;
pub mod end;
pub mod events;
pub mod frame;
pub mod http;
pub mod independent;
pub mod metrics;
pub mod output;
pub mod patience;
pub mod server;

pub use client::Client;
pub use events::EventStream;
pub use http::{Head, Response, ask};
pub use patience::{PATIENCE, eventually};
pub use server::Server;
