//! Without WebSocket.

mod crowd;
mod events;
