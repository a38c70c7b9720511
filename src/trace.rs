//! Bytes shown as they pass.

use std::fmt;

/// The most bytes that are shown of what passes at once.
const SHOWN_MAX: usize = 128;

/// Bytes in hexadecimal, cut short where there are too many of them.
pub(crate) struct Hex<'b>(pub(crate) &'b [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.iter().take(SHOWN_MAX) {
            write!(f, " {byte:02x}")?;
        }
        match self.0.len().checked_sub(SHOWN_MAX) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}
