//! §5.3: "Octet i of the transformed data is the XOR of octet i of the original data with octet at index i modulo
//! 4 of the masking key".

use chinwag::protocol::frame::apply_mask;

use crate::support::*;

/// The key at each of its rotations, and the extremes.
fn keys() -> [[u8; 4]; 7] {
    let [a, b, c, d] = KEY;
    let rotated = [KEY, [b, c, d, a], [c, d, a, b], [d, a, b, c]];
    let [first, second, third, fourth] = rotated;
    [first, second, third, fourth, [0; 4], [0xFF; 4], [1, 0, 0, 0]]
}

#[test]
fn is_octet_i_xor_key_octet_i_mod_4() {
    for key in keys() {
        for len in 0..=300 {
            let mut masked = some_bytes(len);
            apply_mask(&mut masked, key);
            let one_line =
                some_bytes(len).iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect::<Vec<_>>();
            assert_eq!(masked, one_line, "{len} bytes, key {key:02x?}");
        }
    }
}

#[test]
fn is_its_own_inverse() {
    for key in keys() {
        for len in 0..=300 {
            let mut bytes = some_bytes(len);
            apply_mask(&mut bytes, key);
            apply_mask(&mut bytes, key);
            assert_eq!(bytes, some_bytes(len), "{len} bytes, key {key:02x?}");
        }
    }
}

#[test]
fn goes_on_in_pieces_with_the_key_rotated() {
    for cut in 0..=100 {
        let mut whole = some_bytes(100);
        apply_mask(&mut whole, KEY);
        let mut pieces = some_bytes(100);
        let (first, second) = pieces.split_at_mut(cut);
        let mut rotated = KEY;
        rotated.rotate_left(cut % 4);
        apply_mask(first, KEY);
        apply_mask(second, rotated);
        assert_eq!(pieces, whole, "cut at {cut}");
    }
}

#[test]
fn each_frame_has_its_own_key() {
    let frames = [
        frame_with_key(TEXT, "one ", [1, 2, 3, 4]),
        frame_with_key(FIN | PING, "two", [0xFF, 0, 0xFF, 0]),
        frame_with_key(CONTINUATION, "three ", [0; 4]),
        frame_with_key(FIN | CONTINUATION, "four", [9, 8, 7, 6]),
    ];
    assert_eq!(receive(&frames), [Seen::Ping(b"two".into()), Seen::text("one three four")]);
}

#[test]
fn is_taken_off_across_reads_of_any_size() {
    let payload = some_bytes(300);
    for step in 1..=70 {
        let mut connection = Connection::new(LIMITS);
        let mut seen = Vec::new();
        for bytes in frame(FIN | BINARY, &payload).chunks(step) {
            seen.extend(connection.read(bytes));
        }
        assert_eq!(seen, [Seen::Binary(payload.clone())], "{step} bytes a read");
    }
}

/// §5.1: "The server MUST close the connection upon receiving a frame that is not masked."
#[test]
fn a_frame_without_it_is_refused_at_its_second_byte() {
    use chinwag::protocol::error::ProtocolError::UnmaskedFrame;
    for first in [FIN | TEXT, TEXT, FIN | BINARY, FIN | CLOSE, FIN | PING, FIN | PONG] {
        for length in 0..=127 {
            assert_fails_at_last_byte(LIMITS, &[vec![first, length]], UnmaskedFrame);
        }
    }
}
