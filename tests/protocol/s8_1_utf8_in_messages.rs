//! §8.1 in §5.6: text over frames and reads. "When an endpoint is to interpret a byte stream as UTF-8 but finds that
//! the byte stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_."

use chinwag::protocol::error::ProtocolError::InvalidUtf8;

use crate::support::*;

const TEXT_OF_ALL_LENGTHS: &str = "aé€🙂z";

/// A frame of which only so much has arrived.
fn unfinished(first: u8, payload: &[u8], arrived: usize) -> Vec<u8> {
    let mut bytes = frame(first, payload);
    bytes.truncate(bytes.len() - payload.len() + arrived);
    bytes
}

#[test]
fn a_character_may_be_cut_by_frames_at_any_byte() {
    let text = TEXT_OF_ALL_LENGTHS.as_bytes();
    for first in 0..=text.len() {
        for second in first..=text.len() {
            let frames = [
                frame(TEXT, &text[..first]),
                frame(CONTINUATION, &text[first..second]),
                frame(FIN | PING, b"\xff"),
                frame(FIN | CONTINUATION, &text[second..]),
            ];
            let seen = [Seen::Ping(vec![0xFF]), Seen::text(TEXT_OF_ALL_LENGTHS)];
            assert_eq!(receive(&frames), seen, "cut at {first} and {second}");
        }
    }
}

#[test]
fn a_character_may_be_cut_by_reads_at_any_byte() {
    let bytes = frame(FIN | TEXT, TEXT_OF_ALL_LENGTHS);
    for cut in 0..bytes.len() {
        let mut connection = Connection::new(LIMITS);
        assert_eq!(connection.read(&bytes[..cut]), []);
        assert_eq!(connection.read(&bytes[cut..]), [Seen::text(TEXT_OF_ALL_LENGTHS)], "cut at {cut}");
    }
}

/// A character that is missing its end is refused where too few bytes are announced to end it.
#[test]
fn a_character_cut_by_the_end_of_the_message_is_refused_at_its_first_byte() {
    for cut_off in [&b"\xC3"[..], b"\xE2", b"\xE2\x82", b"\xF0", b"\xF0\x9F", b"\xF0\x9F\x99"] {
        let payload = [b"ok ", cut_off].concat();
        let frame = unfinished(FIN | TEXT, &payload, 4);
        assert_fails_at_last_byte(LIMITS, &[frame], InvalidUtf8);
    }
}

#[test]
fn a_last_fragment_too_short_to_end_a_character_is_refused_at_its_length() {
    let cases: [(&[u8], u8); 6] =
        [(b"\xC3", 0), (b"\xE2", 0), (b"\xE2", 1), (b"\xE2\x82", 0), (b"\xF0\x9F", 1), (b"\xF0", 2)];
    for (begun, len) in cases {
        let last = vec![FIN | CONTINUATION, MASK | len];
        assert_fails_at_last_byte(LIMITS, &[frame(TEXT, begun), last.clone()], InvalidUtf8);
        let in_the_middle = [frame(TEXT, "ok "), frame(CONTINUATION, begun), frame(FIN | PING, ""), last];
        assert_fails_at_last_byte(LIMITS, &in_the_middle, InvalidUtf8);
    }
}

#[test]
fn a_fragment_that_is_not_the_last_may_end_anywhere() {
    for begun in [&b"\xC3"[..], b"\xE2", b"\xE2\x82", b"\xF0", b"\xF0\x9F", b"\xF0\x9F\x99"] {
        assert_eq!(receive(&[frame(TEXT, begun), frame(CONTINUATION, "")]), []);
    }
}

#[test]
fn a_new_message_does_not_go_on_with_the_characters_of_the_old() {
    let frames = [frame(TEXT, b"\xC3"), frame(FIN | CONTINUATION, b"\xA9"), frame(FIN | TEXT, "é")];
    assert_eq!(receive(&frames), [Seen::text("é"), Seen::text("é")]);
}

#[test]
fn binary_may_be_anything() {
    let frames = [frame(BINARY, b"\xFF\xC3"), frame(FIN | CONTINUATION, b"\xED\xA0")];
    assert_eq!(receive(&frames), [Seen::Binary(b"\xFF\xC3\xED\xA0".into())]);
}

/// Autobahn 6.4.1: three fragments, the second broken at its second byte: F4 90 is over U+10FFFF.
#[test]
fn autobahn_6_4_1_fails_fast_over_fragments() {
    let broken = unfinished(CONTINUATION, b"\xF4\x90\x80\x80", 2);
    assert_fails_at_last_byte(LIMITS, &[frame(TEXT, "κόσμε"), broken], InvalidUtf8);
}

/// Autobahn 6.4.2: the same cut after F4.
#[test]
fn autobahn_6_4_2_fails_fast_over_fragments_cut_in_the_character() {
    let frames = [
        frame(TEXT, b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xF4"),
        unfinished(CONTINUATION, b"\x90", 1),
    ];
    assert_fails_at_last_byte(LIMITS, &frames, InvalidUtf8);
}

const AUTOBAHN_6_4: &[u8] = b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xF4\x90\x80\x80edited";

/// Autobahn 6.4.3: one frame, delivered as "κόσμε", F4 90 80 80, "edited". The second delivery decides.
#[test]
fn autobahn_6_4_3_fails_fast_within_an_unfinished_frame() {
    let bytes = frame(FIN | TEXT, AUTOBAHN_6_4);
    let mut connection = Connection::new(LIMITS);
    assert_eq!(connection.read(&bytes[..6 + 11]), []);
    assert_eq!(connection.read(&bytes[6 + 11..6 + 15]), [Seen::Failed(InvalidUtf8)]);
}

/// Autobahn 6.4.4: the same, cut after F4. The byte 90 decides.
#[test]
fn autobahn_6_4_4_fails_fast_within_an_unfinished_frame_and_character() {
    let bytes = frame(FIN | TEXT, AUTOBAHN_6_4);
    let mut connection = Connection::new(LIMITS);
    assert_eq!(connection.read(&bytes[..6 + 12]), []);
    assert_eq!(connection.read(&bytes[6 + 12..6 + 13]), [Seen::Failed(InvalidUtf8)]);
}

#[test]
fn is_refused_at_the_same_byte_wherever_the_frame_began() {
    for before in 0..40 {
        let text = ["x".repeat(before).as_bytes(), b"\xED\xA0\x80 after"].concat();
        for cut in 0..=before {
            let frames =
                [frame(TEXT, &text[..cut]), unfinished(FIN | CONTINUATION, &text[cut..], before - cut + 2)];
            assert_fails_at_last_byte(LIMITS, &frames, InvalidUtf8);
        }
    }
}
