//! §8.1: UTF-8 that may stop, and go on, at any byte.
//!
//! A text message is validated while it arrives: a character may be cut by the end of a frame, of a packet, or of
//! a `read`. The refusal falls at the very byte after which nothing could make the text valid.

use core::str;

/// These bytes are not the beginning of any UTF-8 text (RFC 3629 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidUtf8;

/// Validates UTF-8 piece by piece.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8Validator {
    /// The beginning of a character whose end has not arrived.
    begun: [u8; 4],
    begun_len: usize,
}

impl Utf8Validator {
    /// A validator at the beginning of a text.
    pub const fn new() -> Self {
        Utf8Validator { begun: [0; 4], begun_len: 0 }
    }

    /// Takes the next piece of the text.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] when no continuation could make the text valid.
    pub fn feed(&mut self, mut piece: &[u8]) -> Result<(), InvalidUtf8> {
        while self.begun_len > 0 {
            let Some((&byte, rest)) = piece.split_first() else {
                return Ok(());
            };
            self.push(byte);
            self.begun_len = incomplete_tail(self.begun())?.len();
            piece = rest;
        }
        for &byte in incomplete_tail(piece)? {
            self.push(byte);
        }
        Ok(())
    }

    /// How many bytes are missing, at least, until the text is whole: 0 where it could end here.
    pub fn missing(&self) -> usize {
        let Some(first) = self.begun().first() else {
            return 0;
        };
        // RFC 3629 §3: the ones that lead the first byte count the bytes of the character.
        let len = first.leading_ones() as usize;
        len.saturating_sub(self.begun_len)
    }

    fn begun(&self) -> &[u8] {
        self.begun.get(..self.begun_len).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.begun.get_mut(self.begun_len) {
            *slot = byte;
            self.begun_len = self.begun_len.saturating_add(1);
        }
    }
}

/// The character that `text` ends in the middle of, as far as it goes: empty where it ends with a whole one.
fn incomplete_tail(text: &[u8]) -> Result<&[u8], InvalidUtf8> {
    match str::from_utf8(text) {
        Ok(_) => Ok(&[]),
        Err(error) if error.error_len().is_some() => Err(InvalidUtf8),
        Err(error) => Ok(text.get(error.valid_up_to()..).unwrap_or_default()),
    }
}
