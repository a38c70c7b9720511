//! Without WebSocket.

mod order;
mod posts;
