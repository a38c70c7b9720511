//! §5.3: masking.

use chinwag::protocol::frame::apply_mask;

use super::delivery::Delivery;

/// A key, a distance from an aligned address, and a payload in pieces.
pub fn holds(input: &[u8]) -> bool {
    let Some((&key, rest)) = input.split_first_chunk::<4>() else { return false };
    let Some((offset, rest)) = rest.split_first() else { return false };
    let offset = usize::from(offset % 64);
    let delivery = Delivery::of(rest);
    let payload = delivery.bytes;
    let expected: Vec<u8> = (0..payload.len()).map(|i| payload[i] ^ key[i % 4]).collect();
    let mut buffer = [&[0xAA; 64][..offset], payload, &[0xAA; 64]].concat();
    let place = offset..offset + payload.len();

    apply_mask(&mut buffer[place.clone()], key);
    assert_eq!(buffer[place.clone()], expected, "key {key:02x?}, offset {offset}");
    apply_mask(&mut buffer[place.clone()], key);
    assert_eq!(&buffer[place.clone()], payload, "not its own inverse: key {key:02x?}, offset {offset}");

    let (mut at, mut phase) = (offset, key);
    for piece in delivery.pieces() {
        apply_mask(&mut buffer[at..at + piece.len()], phase);
        phase.rotate_left(piece.len() % 4);
        at += piece.len();
    }
    assert_eq!(buffer[place.clone()], expected, "in pieces: key {key:02x?}, offset {offset}");
    assert!(buffer[..offset].iter().chain(&buffer[place.end..]).all(|byte| *byte == 0xAA), "outside");
    !payload.is_empty()
}
