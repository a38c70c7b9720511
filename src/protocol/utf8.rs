//! §8.1: UTF-8 that may be cut at any byte.
//!
//! A text message is validated while it arrives: a character may be cut by the end of a frame, of a packet, or of
//! a `read`. The text is refused at the very byte after which nothing could make it valid. Only the receiver knows
//! where it ends, and asks for [`Utf8Validator::missing`].
//!
//! Characters of one to four bytes are written so (RFC 3629 §4):
//!
//! ```text
//!   UTF8-1    = %x00-7F
//!   UTF8-2    = %xC2-DF UTF8-tail
//!   UTF8-3    = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) /
//!               %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
//!   UTF8-4    = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) /
//!               %xF4 %x80-8F 2( UTF8-tail )
//!   UTF8-tail = %x80-BF
//! ```
//!
//! What is odd about it keeps out characters in more bytes than they need (C0, C1, E0 80, F0 80), the surrogates of
//! UTF-16 (ED A0), and what is beyond Unicode's last character (F4 90, F5).

use core::str;

use super::error::ProtocolError;

/// Validates UTF-8 piece by piece.
///
/// ```
/// use chinwag::protocol::error::ProtocolError;
/// use chinwag::protocol::utf8::Utf8Validator;
///
/// let mut text = Utf8Validator::new();
/// assert_eq!(text.feed(b"20 \xE2\x82"), Ok(()));
/// assert_eq!(text.missing(), 1);
/// assert_eq!(text.feed(b"\xAC"), Ok(()));
/// assert_eq!(text.missing(), 0);
/// assert_eq!(text.feed(b"\xFF"), Err(ProtocolError::InvalidUtf8));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8Validator {
    /// The beginning of a character whose end has not arrived.
    incomplete: [u8; 4],
    /// A `u32`, not a `usize`: each client has a validator.
    incomplete_len: u32,
}

impl Utf8Validator {
    /// Returns a validator at the beginning of a text.
    pub const fn new() -> Self {
        Utf8Validator { incomplete: [0; 4], incomplete_len: 0 }
    }

    /// Takes the next piece of the text.
    ///
    /// # Errors
    ///
    /// `InvalidUtf8` where no continuation could make the text valid (RFC 3629 §3).
    pub fn feed(&mut self, mut piece: &[u8]) -> Result<(), ProtocolError> {
        while self.incomplete_len > 0 {
            let Some((&byte, rest)) = piece.split_first() else {
                return Ok(());
            };
            self.push(byte);
            if incomplete_tail(self.incomplete())?.is_empty() {
                self.incomplete_len = 0;
            }
            piece = rest;
        }
        // Most messages are short and ASCII, and this is the quickest way to see it.
        if piece.is_ascii() {
            return Ok(());
        }
        for &byte in incomplete_tail(skip_valid_blocks(piece))? {
            self.push(byte);
        }
        Ok(())
    }

    /// Returns how many bytes the character that has begun still needs: 0 where the text could end here.
    pub fn missing(&self) -> usize {
        // RFC 3629 §3: the leading ones of the first byte are as many as the character has bytes.
        let len = self.incomplete().first().map_or(0, |first| first.leading_ones());
        len.saturating_sub(self.incomplete_len) as usize
    }

    fn incomplete(&self) -> &[u8] {
        self.incomplete.get(..self.incomplete_len as usize).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.incomplete.get_mut(self.incomplete_len as usize) {
            *slot = byte;
            self.incomplete_len = self.incomplete_len.saturating_add(1);
        }
    }
}

/// How many bytes are checked side by side, each together with those before it.
const BLOCK: usize = 64;

/// The last byte of a character is at most so many bytes behind its first.
const REACH: usize = 3;

/// Skips valid text in blocks, as far as it can, and returns the rest, which begins where a character begins.
///
/// This only saves time. What refuses is [`incomplete_tail`], which gets the rest.
fn skip_valid_blocks(text: &[u8]) -> &[u8] {
    // A block is checked against the bytes before it, which the first bytes do not have.
    let Some(Ok(_)) = text.get(..REACH).map(incomplete_tail) else {
        return text;
    };
    let mut rest = text;
    while let Some(window) = rest.first_chunk() {
        if !is_block_valid(window) {
            break;
        }
        rest = rest.get(BLOCK..).unwrap_or_default();
    }
    let tail_of_skipped = rest.iter().take(REACH).take_while(|&&byte| is_tail(byte)).count();
    rest.get(tail_of_skipped..).unwrap_or_default()
}

/// Returns whether the last `BLOCK` bytes of `window` are valid, given that the `REACH` bytes before them are.
///
/// RFC 3629 §4 as comparisons of bytes with bytes: no branch and no table, so each is made for many bytes at once.
fn is_block_valid(window: &[u8; REACH + BLOCK]) -> bool {
    if window.is_ascii() {
        return true;
    }
    let [_, two_before @ ..] = window;
    let [_, one_before @ ..] = two_before;
    let mut is_wrong = false;
    for (((&three_before, &two_before), &one_before), &byte) in
        window.iter().zip(two_before.iter()).zip(one_before.iter()).zip(window.iter().skip(REACH))
    {
        // The first byte of UTF8-2, UTF8-3 and UTF8-4 owes one, two and three bytes of UTF8-tail.
        let is_owed = (one_before >= 0xC0) | (two_before >= 0xE0) | (three_before >= 0xF0);
        is_wrong |= is_tail(byte) != is_owed;
        // C0, C1 and F5 to FF begin no character.
        is_wrong |= (byte & 0xFE == 0xC0) | (byte > 0xF4);
        // "%xE0 %xA0-BF", "%xED %x80-9F", "%xF0 %x90-BF", "%xF4 %x80-8F".
        is_wrong |= ((one_before == 0xE0) & (byte < 0xA0)) | ((one_before == 0xED) & (byte > 0x9F));
        is_wrong |= ((one_before == 0xF0) & (byte < 0x90)) | ((one_before == 0xF4) & (byte > 0x8F));
    }
    !is_wrong
}

/// Returns whether this is a UTF8-tail.
const fn is_tail(byte: u8) -> bool {
    byte & 0b11_000000 == 0b10_000000
}

/// Returns the beginning of a character that `text` ends with. That is empty where it ends with a whole one.
fn incomplete_tail(text: &[u8]) -> Result<&[u8], ProtocolError> {
    match str::from_utf8(text) {
        Ok(_) => Ok(&[]),
        Err(error) if error.error_len().is_some() => Err(ProtocolError::InvalidUtf8),
        Err(error) => Ok(text.get(error.valid_up_to()..).unwrap_or_default()),
    }
}
