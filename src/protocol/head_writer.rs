//! §4.1, §4.2.2: the head of a handshake, as either end writes it.
//!
//! Rules:
//!
//! 1. What is written is one head, whatever the caller's strings are: none of them can end a line or begin a field.
//! 2. The fields that make a handshake are written here, and never by the caller.

use core::fmt;

use super::head::is_token;

/// Why a head is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// A target that is no path, with or without a query, or that has a fragment identifier (§3).
    InvalidTarget,
    /// A host with bytes that no `host[:port]` has.
    InvalidHost,
    /// A subprotocol that is no token, or that is there twice (§4.1 (10)).
    InvalidSubprotocol,
    /// A field whose name is no token, whose value has control characters, or which the handshake has by itself.
    InvalidField,
    /// A head that is longer than the buffer.
    BufferTooSmall,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidTarget => "invalid target",
            Self::InvalidHost => "invalid host",
            Self::InvalidSubprotocol => "invalid subprotocol",
            Self::InvalidField => "invalid field",
            Self::BufferTooSmall => "buffer too small for the head",
        })
    }
}

impl core::error::Error for WriteError {}

/// Writes a head from its first line on.
pub(super) struct HeadWriter<'o> {
    out: &'o mut [u8],
    len: usize,
}

impl<'o> HeadWriter<'o> {
    pub(super) fn new(out: &'o mut [u8]) -> Self {
        HeadWriter { out, len: 0 }
    }

    /// Writes a line, which has been checked.
    pub(super) fn line(&mut self, pieces: &[&[u8]]) -> Result<(), WriteError> {
        self.put(pieces)?;
        self.put(&[b"\r\n"])
    }

    /// Writes subprotocols in one line, if there are any.
    ///
    /// §4.1 (10): they "MUST be non-empty strings with characters in the range U+0021 to U+007E not including separator
    /// characters [...] and MUST all be unique strings".
    pub(super) fn subprotocols(&mut self, subprotocols: &[&str]) -> Result<(), WriteError> {
        let mut separator: &[u8] = b"Sec-WebSocket-Protocol: ";
        for (at, subprotocol) in subprotocols.iter().enumerate() {
            if !is_a_token(subprotocol) || subprotocols.iter().take(at).any(|earlier| earlier == subprotocol)
            {
                return Err(WriteError::InvalidSubprotocol);
            }
            self.put(&[separator, subprotocol.as_bytes()])?;
            separator = b", ";
        }
        if subprotocols.is_empty() { Ok(()) } else { self.line(&[]) }
    }

    /// Writes the caller's own fields.
    pub(super) fn fields(&mut self, fields: &[(&str, &str)]) -> Result<(), WriteError> {
        for (name, value) in fields {
            let is_value = value.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control());
            if !is_a_token(name) || is_reserved(name) || !is_value {
                return Err(WriteError::InvalidField);
            }
            self.line(&[name.as_bytes(), b": ", value.as_bytes()])?;
        }
        Ok(())
    }

    /// Writes the empty line, and returns the head.
    pub(super) fn finish(mut self) -> Result<&'o [u8], WriteError> {
        self.line(&[])?;
        self.out.get(..self.len).ok_or(WriteError::BufferTooSmall)
    }

    fn put(&mut self, pieces: &[&[u8]]) -> Result<(), WriteError> {
        for byte in pieces.iter().copied().flatten() {
            *self.out.get_mut(self.len).ok_or(WriteError::BufferTooSmall)? = *byte;
            self.len = self.len.saturating_add(1);
        }
        Ok(())
    }
}

fn is_a_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token)
}

/// Returns whether a field is a part of the handshake (§11.3), or announces a body, which no handshake has.
fn is_reserved(name: &str) -> bool {
    const NAMES: [&str; 5] = ["Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding"];
    const PREFIX: &str = "Sec-WebSocket-";
    NAMES.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
        || name.get(..PREFIX.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(PREFIX))
}
