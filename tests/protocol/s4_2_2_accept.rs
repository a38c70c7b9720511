//! §4.2.1 (5), §4.2.2 (5.4): the key, and the proof that it was read.

use chinwag::protocol::handshake::{AcceptKey, accept_key};
use chinwag::protocol::handshake_error::HandshakeError::{self, InvalidKey};

use crate::requests::*;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 §4, bit by bit.
fn base64(bytes: &[u8]) -> String {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let value = |bits: &[u8]| (0..6).fold(0, |value, i| value << 1 | bits.get(i).copied().unwrap_or(0));
    let characters = bits.chunks(6).map(|bits| char::from(ALPHABET[usize::from(value(bits))]));
    let padding = (3 - bytes.len() % 3) % 3;
    characters.chain(std::iter::repeat_n('=', padding)).collect()
}

fn accept(key: &str) -> AcceptKey {
    accept_key(key.as_bytes().try_into().expect("24 characters"))
}

fn with_keys(keys: &[&str]) -> Result<Option<AcceptKey>, HandshakeError> {
    let lines: Vec<String> = keys.iter().map(|key| format!("Sec-WebSocket-Key: {key}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    parse(&handshake_with("Sec-WebSocket-Key", &lines)).unwrap().handshake()
}

#[test]
fn is_that_of_the_example_in_1_3() {
    assert_eq!(&accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(with_keys(&["dGhlIHNhbXBsZSBub25jZQ=="]), Ok(Some(*b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
}

/// RFC 9110 §5.5: white space around a value is no part of it.
#[test]
fn is_of_the_key_without_the_white_space_around_it() {
    let expected = Ok(Some(*b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(with_keys(&[" \t dGhlIHNhbXBsZSBub25jZQ== \t"]), expected);
}

#[test]
fn is_another_clients_way_of_computing_it() {
    for first in 0..=u8::MAX {
        let key = base64(&[first; 16]);
        let expected = tungstenite::handshake::derive_accept_key(key.as_bytes());
        assert_eq!(accept(&key), expected.as_bytes(), "{key}");
        assert_eq!(with_keys(&[&key]), Ok(Some(accept(&key))), "{key}");
    }
}

mod key {
    use super::*;

    #[test]
    fn is_of_16_bytes() {
        for len in 0..=64 {
            let taken = with_keys(&[&base64(&crate::support::some_bytes(len))]).is_ok();
            assert_eq!(taken, len == 16, "{len} bytes");
        }
    }

    #[test]
    fn is_there_once() {
        assert_eq!(with_keys(&[]), Err(InvalidKey));
        assert_eq!(with_keys(&[""]), Err(InvalidKey));
        let key = base64(&[7; 16]);
        assert_eq!(with_keys(&[&key, &key]), Err(InvalidKey));
        assert_eq!(with_keys(&[&key, ""]), Err(InvalidKey));
        assert_eq!(with_keys(&[&format!("{key}, {key}")]), Err(InvalidKey));
        assert_eq!(with_keys(&[&format!("{key},")]), Err(InvalidKey));
        assert_eq!(with_keys(&[&format!("\"{key}\"")]), Err(InvalidKey));
    }

    /// What it prints as the base64 of 01 to 10 in hex is that but for the last four bits, which no byte has.
    #[test]
    fn is_also_that_which_4_1_prints() {
        let printed = "AQIDBAUGBwgJCgsMDQ4PEC==";
        let bytes: [u8; 16] = std::array::from_fn(|i| i as u8 + 1);
        assert_eq!(base64(&bytes), "AQIDBAUGBwgJCgsMDQ4PEA==");
        assert_eq!(with_keys(&[printed]), Ok(Some(accept(printed))));
        let theirs = tungstenite::handshake::derive_accept_key(printed.as_bytes());
        assert_eq!(accept(printed), theirs.as_bytes());
    }

    /// Each of the 256 bytes in each place. The last character before the padding stands for two bits, and for four more
    /// that may be anything.
    #[test]
    fn is_of_the_alphabet_in_every_place() {
        let header = handshake_with("Sec-WebSocket-Key", &["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]);
        let start = header.windows(24).position(|key| key == b"AAAAAAAAAAAAAAAAAAAAAA==").expect("the key");
        let legal_in_value = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
        for place in 0..24 {
            for byte in (0..=u8::MAX).filter(legal_in_value) {
                let mut bytes = header.clone();
                bytes[start + place] = byte;
                let expected = if place < 22 { ALPHABET.contains(&byte) } else { byte == b'=' };
                let taken = parse(&bytes).unwrap().handshake();
                assert_eq!(taken.is_ok(), expected, "{byte:02x} in place {place}");
                assert!(expected || taken == Err(InvalidKey));
            }
        }
    }

    #[test]
    fn has_its_padding() {
        let key = base64(&[0xFF; 16]);
        let bare = key.trim_end_matches('=');
        let wrong =
            [bare.into(), format!("{bare}="), format!("{bare}==="), format!("{key}=="), format!("=={bare}")];
        for key in wrong {
            assert_eq!(with_keys(&[&key]), Err(InvalidKey), "{key}");
        }
    }
}
