//! §8.1: UTF-8 validated piece by piece.
//!
//! Compared with `std::str::from_utf8` for what is whole, and, for what may still become whole, with a list of the
//! beginnings of all characters there are.

use chinwag::protocol::utf8::Utf8Validator;

/// Which one, two or three bytes are the beginning of a character there is.
struct Beginnings(Vec<bool>);

impl Beginnings {
    fn of_all_characters() -> Beginnings {
        let mut beginnings = Beginnings(vec![false; 4 << 24]);
        let mut buffer = [0; 4];
        for character in '\0'..=char::MAX {
            let encoded = character.encode_utf8(&mut buffer).as_bytes();
            for len in 1..=encoded.len().min(3) {
                beginnings.0[Self::place(&encoded[..len])] = true;
            }
        }
        beginnings
    }

    fn place(bytes: &[u8]) -> usize {
        bytes.iter().fold(bytes.len(), |place, byte| place << 8 | usize::from(*byte))
    }

    /// Whether something could follow `bytes` so that the whole is UTF-8.
    fn could_become_utf8(&self, bytes: &[u8]) -> bool {
        let whole = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        whole == bytes.len() || self.0[Self::place(&bytes[whole..])]
    }
}

/// The validator after each piece; `None` where it refused one.
fn fed(pieces: &[&[u8]]) -> Option<Utf8Validator> {
    let mut validator = Utf8Validator::new();
    pieces.iter().all(|piece| validator.feed(piece).is_ok()).then_some(validator)
}

/// Taken or refused the same at every split, and whole exactly when `std` says so.
fn check_all_splits(bytes: &[u8], expected: bool) {
    let expected = expected.then(|| std::str::from_utf8(bytes).is_ok());
    let is_whole = |validator: Utf8Validator| validator.missing() == 0;
    for cut in 1..=bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(fed(&[first, second]).map(is_whole), expected, "{bytes:02x?} cut at {cut}");
    }
    if let [first, second, third] = bytes {
        assert_eq!(fed(&[&[*first], &[*second], &[*third]]).map(is_whole), expected, "{bytes:02x?} bytewise");
    }
}

/// Checks all sequences of three bytes that begin so. What nothing can follow is followed by nothing: it is refused.
fn check_all_that_begin(begun: &[u8], beginnings: &Beginnings) {
    let mut bytes = [begun, &[0]].concat();
    for last in 0..=255 {
        bytes[begun.len()] = last;
        let expected = beginnings.could_become_utf8(&bytes);
        check_all_splits(&bytes, expected);
        if expected && bytes.len() < 3 {
            check_all_that_begin(&bytes, beginnings);
        }
    }
}

#[test]
fn takes_and_refuses_all_sequences_of_three_bytes_at_every_split() {
    check_all_that_begin(&[], &Beginnings::of_all_characters());
}

#[test]
fn takes_every_character_byte_by_byte() {
    let mut buffer = [0; 4];
    for character in '\0'..=char::MAX {
        let encoded = character.encode_utf8(&mut buffer).as_bytes();
        let mut validator = Utf8Validator::new();
        for (i, byte) in encoded.iter().enumerate() {
            assert_eq!(validator.feed(&[*byte]), Ok(()), "{character:?}");
            assert_eq!(validator.missing(), encoded.len() - i - 1, "{character:?}");
        }
    }
}

#[test]
fn takes_and_refuses_sequences_of_four_bytes() {
    for first in [0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF] {
        for second in [0x7F, 0x80, 0x8F, 0x90, 0xBF, 0xC0] {
            for [third, fourth] in
                [[0x80, 0x80], [0xBF, 0xBF], [0x7F, 0x80], [0x80, 0x7F], [0xC0, 0x80], [0x80, 0xC0]]
            {
                let bytes = [first, second, third, fourth];
                check_all_splits(&bytes, std::str::from_utf8(&bytes).is_ok());
            }
        }
    }
}

#[test]
fn refuses_at_the_byte_after_which_nothing_helps() {
    let refused: [&[u8]; 12] = [
        b"\x80",
        b"\xC0",             // overlong, two bytes
        b"\xC1",             // overlong, two bytes
        b"\xE0\x9F",         // overlong, three bytes
        b"\xED\xA0",         // a surrogate
        b"\xED\xBF",         // a surrogate
        b"\xF0\x8F",         // overlong, four bytes
        b"\xF4\x90",         // over U+10FFFF
        b"\xF5",             // over U+10FFFF
        b"\xC3\x28",         // not a continuation
        b"\xE2\x82\x28",     // not a continuation
        b"\xF0\x9F\x98\x28", // not a continuation
    ];
    for bytes in refused {
        for text in ["", "x", "κόσμε"] {
            let bytes = [text.as_bytes(), bytes].concat();
            let (last, before) = bytes.split_last().expect("not empty");
            assert!(fed(&[before]).is_some(), "{bytes:02x?} refused too early");
            assert!(fed(&[before, &[*last]]).is_none(), "{bytes:02x?} not refused");
            assert!(fed(&[&bytes]).is_none(), "{bytes:02x?} not refused in one piece");
        }
    }
}

#[test]
fn goes_on_after_a_character_cut_at_any_byte() {
    let text = "aé€🙂zß水𝄞";
    for first in 0..=text.len() {
        for second in first..=text.len() {
            let (head, rest) = text.as_bytes().split_at(first);
            let (middle, tail) = rest.split_at(second - first);
            let validator = fed(&[head, b"", middle, tail]).expect("is UTF-8");
            assert_eq!(validator.missing(), 0);
        }
    }
}

/// What is long is looked at in blocks: each character lies in each place of one, and across each of their edges.
mod long_texts {
    use super::*;

    const CHARACTERS: [&str; 6] = ["a", "é", "€", "🙂", "\u{7FF}\u{800}\u{FFFF}\u{10000}", "aé€🙂zß水𝄞"];

    /// Texts of about three blocks, of characters of each length, beginning in each place.
    fn texts() -> impl Iterator<Item = Vec<u8>> {
        let texts =
            CHARACTERS.iter().map(|characters| characters.repeat(200 / characters.len()).into_bytes());
        texts.flat_map(|text| (0..4).map(move |shift| [&b"xxxx"[..shift], &text].concat()))
    }

    fn is_taken_as_by_std(bytes: &[u8]) {
        let expected = match std::str::from_utf8(bytes) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        assert_eq!(fed(&[bytes]).is_some(), expected, "{bytes:02x?}");
    }

    #[test]
    fn takes_and_refuses_every_byte_in_every_place() {
        for mut text in texts() {
            for at in 0..text.len() {
                let right = text[at];
                for byte in 0..=255 {
                    text[at] = byte;
                    is_taken_as_by_std(&text);
                }
                text[at] = right;
            }
        }
    }

    #[test]
    fn takes_and_refuses_the_edges_of_the_ranges_in_every_place() {
        let edges: [u8; 12] = [0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xE0, 0xED, 0xF0, 0xF4];
        for mut text in texts() {
            for at in 0..text.len() - 1 {
                let right = [text[at], text[at + 1]];
                for pair in edges.iter().flat_map(|first| edges.map(|second| [*first, second])) {
                    text[at..at + 2].copy_from_slice(&pair);
                    is_taken_as_by_std(&text);
                }
                text[at..at + 2].copy_from_slice(&right);
            }
        }
    }

    #[test]
    fn takes_every_character_in_every_place() {
        for text in ('\u{80}'..=char::MAX).collect::<String>().as_bytes().chunks(4096) {
            for start in 0..4 {
                let start = (start..).find(|at| text[*at] & 0xC0 != 0x80).unwrap_or(0);
                is_taken_as_by_std(&text[start..]);
            }
        }
    }

    #[test]
    fn goes_on_after_a_cut_in_every_place() {
        for text in texts() {
            for cut in 0..=text.len() {
                let validator = fed(&[&text[..cut], &text[cut..]]).expect("is UTF-8");
                assert_eq!(validator.missing(), 0, "cut at {cut}");
            }
        }
    }
}
