//! §1.3: the client's key, and the server's proof that it was read.
//!
//! ```text
//!   16 random bytes                  the sample nonce
//!   in base64, the request key       dGhlIHNhbXBsZSBub25jZQ==
//!   with the GUID behind it          dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11
//!   the SHA-1 of these 60            b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea
//!   in base64, the accept key        s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
//! ```

use base64::alphabet::{STANDARD, Symbol};
use sha1_smol::Sha1;

use super::bytes::write;

/// A `Sec-WebSocket-Key`: the base64 of 16 bytes (§4.1 (7)).
pub type RequestKey = [u8; 24];

/// A `Sec-WebSocket-Accept`: the base64 of a SHA-1 (§4.2.2 (5.4)).
pub type AcceptKey = [u8; 28];

/// What is appended to a key before it is hashed: it "is unlikely to be used by network endpoints that do not
/// understand the WebSocket Protocol" (§1.3).
pub const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Returns the key of an opening handshake. §4.1 (7): "The nonce MUST be selected randomly for each connection."
#[must_use]
pub fn request_key(nonce: [u8; 16]) -> RequestKey {
    let mut key = [b'='; 24];
    encode_base64(&nonce, &mut key);
    key
}

/// Returns this key if it is "a base64-encoded [...] value that, when decoded, is 16 bytes in length" (§4.2.1 (5)).
///
/// The last character before the padding has four bits more than these 16 bytes. They may be anything (RFC 4648 §3.5),
/// as in "AQIDBAUGBwgJCgsMDQ4PEC==", which §4.1 prints.
pub(super) fn parse_key(key: &[u8]) -> Option<&RequestKey> {
    let [characters @ .., b'=', b'='] = key else { return None };
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.try_into().ok().filter(|_| characters.iter().all(is_base64))
}

/// Returns the proof that a key has been read by someone who speaks this protocol (§4.2.2 (5.4)). The key is hashed as
/// it came: "It is not necessary for the server to base64-decode the |Sec-WebSocket-Key| value" (§4.2.2 (4)).
#[must_use]
pub fn accept_key(key: &RequestKey) -> AcceptKey {
    let mut hashed = [0; 60];
    write(&mut hashed, &[key, GUID]);
    let mut sha1 = Sha1::new();
    sha1.update(&hashed);
    let mut accept = [b'='; 28];
    encode_base64(&sha1.digest().bytes(), &mut accept);
    accept
}

/// Writes base64 to `text`, which is so long that it fits and was filled with padding (RFC 4648 §4).
///
/// The alphabet is the crate's. Its encoders are made for length, and its decoders' tables would be linked with them.
fn encode_base64(bytes: &[u8], text: &mut [u8]) {
    let symbols = STANDARD.symbols();
    for (three, four) in bytes.chunks(3).zip(text.chunks_mut(4)) {
        let bits =
            three.iter().chain(&[0; 2]).take(3).fold(0, |bits: u32, byte| bits << 8 | u32::from(*byte));
        // One byte is two characters, two are three, and three are four.
        for (character, shift) in four.iter_mut().zip([18, 12, 6, 0]).take(three.len().saturating_add(1)) {
            *character = symbols.get((bits >> shift & 0b11_1111) as usize).map_or(0, Symbol::as_u8);
        }
    }
}
