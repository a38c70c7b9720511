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
        // Most messages are short, and this is answered soonest.
        if piece.is_ascii() {
            return Ok(());
        }
        for &byte in incomplete_tail(skip_valid_blocks(piece))? {
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

/// So many bytes are looked at side by side, each together with those before it.
const BLOCK: usize = 64;

/// The last byte of a character is at most so many behind its first.
const REACH: usize = 3;

/// Goes past what is valid in large steps, if it can, and returns the rest from the beginning of a character on.
///
/// This only saves time: what is refused is refused by [`incomplete_tail`], which gets the rest.
fn skip_valid_blocks(text: &[u8]) -> &[u8] {
    // Nothing comes before the first bytes, so there is nothing to look at them with.
    let Some(Ok(_)) = text.get(..REACH).map(incomplete_tail) else {
        return text;
    };
    let mut rest = text;
    while let Some(window) = rest.first_chunk() {
        if !goes_on_valid(window) {
            break;
        }
        rest = rest.get(BLOCK..).unwrap_or_default();
    }
    let of_one_before = rest.iter().take(REACH).take_while(|&&byte| is_tail(byte)).count();
    rest.get(of_one_before..).unwrap_or_default()
}

/// Whether a block is valid where it goes on from the `REACH` bytes before it, which are.
///
/// RFC 3629 §4 as comparisons of bytes with bytes: no branch and no table, so each is made for many bytes at once.
fn goes_on_valid(window: &[u8; REACH + BLOCK]) -> bool {
    if window.is_ascii() {
        return true;
    }
    let [_, before_1 @ ..] = window;
    let [_, before_2 @ ..] = before_1;
    let mut is_wrong = false;
    for (((&third, &second), &last), &byte) in
        window.iter().zip(before_1.iter()).zip(before_2.iter()).zip(window.iter().skip(REACH))
    {
        // UTF8-2, UTF8-3 and UTF8-4 owe one, two and three bytes of UTF8-tail.
        let is_owed = (last >= 0xC0) | (second >= 0xE0) | (third >= 0xF0);
        is_wrong |= is_tail(byte) != is_owed;
        // C0, C1 and F5 to FF begin no character.
        is_wrong |= (byte & 0xFE == 0xC0) | (byte > 0xF4);
        // "%xE0 %xA0-BF", "%xED %x80-9F", "%xF0 %x90-BF", "%xF4 %x80-8F".
        is_wrong |= ((last == 0xE0) & (byte < 0xA0)) | ((last == 0xED) & (byte > 0x9F));
        is_wrong |= ((last == 0xF0) & (byte < 0x90)) | ((last == 0xF4) & (byte > 0x8F));
    }
    !is_wrong
}

/// "UTF8-tail = %x80-BF".
const fn is_tail(byte: u8) -> bool {
    byte & 0b11_000000 == 0b10_000000
}

/// The character that `text` ends in the middle of, as far as it goes: empty where it ends with a whole one.
fn incomplete_tail(text: &[u8]) -> Result<&[u8], InvalidUtf8> {
    match str::from_utf8(text) {
        Ok(_) => Ok(&[]),
        Err(error) if error.error_len().is_some() => Err(InvalidUtf8),
        Err(error) => Ok(text.get(error.valid_up_to()..).unwrap_or_default()),
    }
}
