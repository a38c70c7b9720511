//! Bytes shown as they pass.

use std::fmt;

/// The most bytes that are shown of what passes at once.
const SHOWN_MAX: usize = 512;

/// Bytes in hexadecimal, and as text with escapes; cut short where there are too many of them.
pub(crate) struct Shown<'b>(pub(crate) &'b [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, more) = self.0.split_at(self.0.len().min(SHOWN_MAX));
        for byte in shown {
            write!(f, " {byte:02x}")?;
        }
        write!(f, " \"{}\"", shown.escape_ascii())?;
        if more.is_empty() { Ok(()) } else { write!(f, " and {} more", more.len()) }
    }
}
