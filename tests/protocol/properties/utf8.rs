//! §8.1: UTF-8 in pieces.

use std::str::from_utf8;

use chinwag::protocol::utf8::Utf8Validator;

use super::delivery::Delivery;

/// A text, delivered as the input says.
pub fn holds(input: &[u8]) -> bool {
    let delivery = Delivery::of(input);
    let text = delivery.bytes;
    let validator = feed([text].into_iter());
    check(text, validator);
    check(text, feed(delivery.pieces()));
    check(text, feed(text.chunks(1)));
    let is_legal = from_utf8(text).is_ok();
    if validator.is_none() {
        let mut fed = Utf8Validator::new();
        let taken = text.chunks(1).take_while(|byte| fed.feed(byte).is_ok()).count();
        assert!(could_go_on(&text[..taken]).is_some(), "too late after {taken} bytes: {text:02x?}");
        assert_eq!(could_go_on(&text[..=taken]), None, "too early after {taken} bytes: {text:02x?}");
        assert!(feed([&text[..=taken]].into_iter()).is_none(), "cut off after {taken} bytes: {text:02x?}");
    }
    is_legal
}

fn feed<'p>(mut pieces: impl Iterator<Item = &'p [u8]>) -> Option<Utf8Validator> {
    let mut validator = Utf8Validator::new();
    pieces.all(|piece| validator.feed(piece).is_ok()).then_some(validator)
}

fn check(text: &[u8], validator: Option<Utf8Validator>) {
    assert_eq!(validator.map(|validator| validator.missing()), could_go_on(text), "{text:02x?}");
}

/// How many bytes at least, appended, make this UTF-8; `None` where none do.
fn could_go_on(text: &[u8]) -> Option<usize> {
    // The last character, whole or not, begins in the last four bytes; what is in front of it must stand alone.
    let last = (0..text.len()).rev().take(4).find(|at| text[*at] & 0xC0 != 0x80).unwrap_or(0);
    from_utf8(&text[..last]).ok()?;
    // In each place the lowest and the highest continuation byte: no character allows only those between.
    (0..=3).find(|missing| {
        (0..1 << missing).any(|choice: u8| {
            let more = (0..*missing).map(|at| if choice >> at & 1 == 0 { 0x80 } else { 0xBF });
            from_utf8(&[&text[last..], &more.collect::<Vec<u8>>()].concat()).is_ok()
        })
    })
}
