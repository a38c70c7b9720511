//! The second client: somebody else's idea of RFC 6455.

use super::Server;
use std::net::TcpStream;
use tungstenite::{Message, WebSocket};

/// Joins a room with a fresh random key, whose answer tungstenite checks.
#[track_caller]
pub fn join(server: &Server, target: &str) -> WebSocket<TcpStream> {
    let url = format!("ws://{}{target}", server.address);
    tungstenite::client(url, server.connect()).unwrap().0
}

#[track_caller]
pub fn expect_text(socket: &mut WebSocket<TcpStream>, text: &str) {
    assert_eq!(socket.read().unwrap(), Message::text(text));
}
