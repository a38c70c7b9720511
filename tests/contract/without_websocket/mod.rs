//! Without WebSocket.

mod crowd;
mod events;
mod order;
mod posts;
