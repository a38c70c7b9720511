//! All 65,536 openings of a frame, with more and with less behind them.

use chinwag::trace::explain;

const TAILS: [&[u8]; 4] = [
    &[],
    &[0, 126, 1, 2, 3, 4, 5],
    &[0x80, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    &[0x03, 0xE8, 0xFF, b'\n', 0x1B, 0xC3],
];

/// More than is shown.
const LONG_TAILS: [&[u8]; 2] = [&[0; 150], &[0xFF; 600]];

fn openings() -> impl Iterator<Item = [u8; 2]> {
    (0..=u16::MAX).map(u16::to_be_bytes)
}

/// The bytes in the first column: what a line begins with, in pairs of hexadecimal digits.
fn bytes_in(explanation: &str) -> Vec<u8> {
    let is_row = |line: &&str| {
        !["frame", "text", "refused", "unfinished", "..."].iter().any(|it| line.starts_with(it))
    };
    let rows = explanation.lines().filter(is_row).filter(|line| !line.ends_with("after this frame"));
    let hex = rows.flat_map(|row| row.get(..25).unwrap_or(row).split_whitespace());
    hex.map(|byte| u8::from_str_radix(byte, 16).unwrap_or_else(|_| panic!("{byte:?} in\n{explanation}")))
        .collect()
}

#[track_caller]
fn assert_each_byte_shown(opening: [u8; 2], tail: &[u8]) {
    let bytes = [&opening[..], tail].concat();
    let explanation = explain(&bytes);
    let frame = &bytes[..bytes.len() - explanation.rest().len()];
    let text = explanation.to_string();
    let shown = bytes_in(&text);
    assert!(frame.starts_with(&shown), "{bytes:02x?}\n{text}");
    let more = frame.len() - shown.len();
    assert!(more == 0 || text.contains(&format!("... and {more} byte")), "{more} of {bytes:02x?}\n{text}");
    assert!(explanation.frame_len().is_none_or(|len| len >= frame.len() as u64), "{bytes:02x?}");
    assert!(text.lines().all(|line| !line.ends_with(' ')) && !text.contains('\x1b'), "{text:?}");
}

#[test]
fn shows_each_byte_of_the_frame_once_and_in_order() {
    for opening in openings() {
        TAILS.into_iter().for_each(|tail| assert_each_byte_shown(opening, tail));
    }
    for opening in openings().step_by(251) {
        LONG_TAILS.into_iter().for_each(|tail| assert_each_byte_shown(opening, tail));
    }
}

/// 1,146 openings are legal from a client; without the mask as many are from a server.
#[test]
fn refuses_all_but_the_legal_ones() {
    let legal: Vec<_> = openings().filter(|opening| explain(opening).error().is_none()).collect();
    let masked = legal.iter().filter(|[_, second]| second & 0x80 != 0).count();
    assert_eq!((masked, legal.len()), (1146, 2 * 1146));
}
