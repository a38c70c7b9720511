//! §4.1, §4.2.2: the head of a handshake, as either end writes it.
//!
//! Rules:
//!
//! 1. What is written is one head, whatever the caller's strings are: none of them can end a line or begin a field.
//! 2. The fields that make a handshake are written here, and never by the caller.

use core::{fmt, iter};

use super::head::is_a_token;

/// Why a head is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// A host or a target that no WebSocket URI has (§3): not of visible ASCII alone, no host at all, or a target that
    /// is no path or has a fragment identifier.
    InvalidUri,
    /// A field whose name is no token, whose value has control characters, or which the handshake has by itself. A
    /// subprotocol that is no token, or that is there twice (§4.1 (10)).
    InvalidField,
    /// A head that is longer than the buffer.
    BufferTooSmall,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidUri => "invalid host or target",
            Self::InvalidField => "invalid field or subprotocol",
            Self::BufferTooSmall => "buffer too small for the head",
        })
    }
}

impl core::error::Error for WriteError {}

/// Writes a head to the front of `out`, and returns it: its `beginning`, which has been checked, subprotocols in one
/// line, if there are any, and the caller's own fields.
pub(super) fn write_head<'o>(
    out: &'o mut [u8],
    beginning: &[&str],
    subprotocols: &[&str],
    fields: &[(&str, &str)],
) -> Result<&'o [u8], WriteError> {
    // §4.1 (10): they "MUST be non-empty strings with characters in the range U+0021 to U+007E not including separator
    // characters [...] and MUST all be unique strings".
    let is_once = |name| subprotocols.iter().filter(|other| *other == name).count() == 1;
    let are_subprotocols = subprotocols.iter().all(|name| is_a_token(name.as_bytes()) && is_once(name));
    // RFC 9110 §5.5: a value has no control characters but tabs.
    let is_value = |value: &str| !value.contains(|char: char| char != '\t' && char.is_ascii_control());
    let are_fields =
        fields.iter().all(|(name, value)| is_a_token(name.as_bytes()) && !is_ours(name) && is_value(value));
    if !are_subprotocols || !are_fields {
        return Err(WriteError::InvalidField);
    }
    let separators = ["\r\nSec-WebSocket-Protocol: "].into_iter().chain(iter::repeat(", "));
    let subprotocols = separators.zip(subprotocols).flat_map(|(separator, name)| [separator, name]);
    let fields = fields.iter().flat_map(|(name, value)| ["\r\n", name, ": ", value]);
    let pieces = beginning.iter().copied().chain(subprotocols).chain(fields).chain(["\r\n\r\n"]);
    let mut len: usize = 0;
    for byte in pieces.flat_map(str::bytes) {
        *out.get_mut(len).ok_or(WriteError::BufferTooSmall)? = byte;
        len = len.saturating_add(1);
    }
    Ok(out.get(..len).unwrap_or_default())
}

/// Returns whether a field is a part of the handshake (§11.3), or announces a body, which no handshake has.
fn is_ours(name: &str) -> bool {
    const NAMES: [&str; 5] = ["Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding"];
    NAMES.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) || begins_as_ours(name)
}

/// Returns whether a field's name begins as those of all fields of §11.3 do.
pub(super) fn begins_as_ours(name: &str) -> bool {
    const PREFIX: &str = "Sec-WebSocket-";
    name.get(..PREFIX.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(PREFIX))
}
