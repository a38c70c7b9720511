//! What rooms and clients can be called.

/// The longest name of a room, in bytes.
const ROOM_NAME_MAX: usize = 64;

/// The longest name of a client, in characters.
const CLIENT_NAME_MAX: usize = 32;

/// Whether a room can be called that. The lobby is called nothing.
pub(crate) fn is_room_name(name: &str) -> bool {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    name.len() <= ROOM_NAME_MAX && name.bytes().all(is_name_byte)
}

/// Whether a client can be called that.
pub fn is_client_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= CLIENT_NAME_MAX && !name.chars().any(char::is_control)
}
