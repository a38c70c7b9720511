//! Without WebSocket.

mod events;
