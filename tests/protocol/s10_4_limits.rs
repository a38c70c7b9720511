//! §10.4: what is refused because of its size, and that nothing is held for it.

use chinwag::protocol::error::ProtocolError::{MessageTooBig, TooManyFragments, UnexpectedContinuation};
use chinwag::protocol::receiver::{Limits, ServerReceiver};

use crate::support::*;

mod max_message {
    use super::*;

    const LIMITS_AT: [usize; 9] = [0, 1, 125, 126, 127, 300, 65535, 65536, 65537];

    fn limits(max_message: usize) -> Limits {
        Limits { max_message, max_fragments: 8 }
    }

    #[test]
    fn is_taken_exactly_in_one_frame() {
        for max in LIMITS_AT {
            let payload = some_bytes(max);
            let seen = receive_within(limits(max), &[frame(FIN | BINARY, &payload)]);
            assert_eq!(seen, [Seen::Binary(payload)]);
        }
    }

    #[test]
    fn is_taken_exactly_over_many_frames() {
        for max in LIMITS_AT {
            let payload = some_bytes(max);
            let frames = [
                frame(BINARY, &payload[..max / 3]),
                frame(CONTINUATION, &payload[max / 3..max / 2]),
                frame(FIN | PING, "not counted"),
                frame(FIN | CONTINUATION, &payload[max / 2..]),
            ];
            let seen = [Seen::Ping(b"not counted".into()), Seen::Binary(payload.clone())];
            assert_eq!(receive_within(limits(max), &frames), seen);
        }
    }

    #[test]
    fn one_over_is_refused_at_its_length() {
        for max in LIMITS_AT {
            for first in [BINARY, FIN | BINARY, TEXT, FIN | TEXT] {
                assert_fails_at_last_byte(limits(max), &[header(first, max as u64 + 1)], MessageTooBig);
            }
        }
    }

    #[test]
    fn one_over_is_refused_at_the_length_of_the_fragment_that_crosses_it() {
        for max in LIMITS_AT {
            let payload = some_bytes(max);
            for cut in [0, 1, max / 2, max].map(|cut| cut.min(max)) {
                let crossing = header(CONTINUATION, (max - cut) as u64 + 1);
                let frames = [frame(BINARY, &payload[..cut]), frame(CONTINUATION, ""), crossing];
                assert_fails_at_last_byte(limits(max), &frames, MessageTooBig);
            }
        }
    }

    #[test]
    fn is_counted_anew_for_each_message() {
        let message = frame(FIN | BINARY, some_bytes(100));
        let frames = vec![message; 10];
        assert_eq!(receive_within(limits(100), &frames), vec![Seen::Binary(some_bytes(100)); 10]);
    }

    /// Narrowed to 32 bits it would be 5.
    #[test]
    fn a_length_of_2_to_the_32_plus_5_never_passes_for_5() {
        let len = (1 << 32) + 5;
        for max in [4, 5, 65536, u32::MAX as usize] {
            assert_fails_at_last_byte(limits(max), &[header(FIN | TEXT, len)], MessageTooBig);
            let begun = frame(TEXT, "");
            assert_fails_at_last_byte(limits(max), &[begun, header(FIN | CONTINUATION, len)], MessageTooBig);
        }
        let hello = [header(FIN | TEXT, len), frame(FIN | TEXT, "Hello")[2..].to_vec()];
        assert!(!receive_within(limits(usize::MAX), &hello).contains(&Seen::text("Hello")));
    }

    #[test]
    fn no_sum_of_lengths_wraps_around() {
        let longest = (1 << 63) - 1;
        for max in [5, 65536, u32::MAX as usize] {
            let frames = [frame(TEXT, "Hello"), header(CONTINUATION, longest)];
            assert_fails_at_last_byte(limits(max), &frames, MessageTooBig);
        }
    }

    #[test]
    fn a_length_that_is_only_claimed_costs_nothing() {
        let mut connection = Connection::new(limits(usize::MAX));
        assert_eq!(connection.read(&frame(BINARY, "x")), []);
        assert_eq!(connection.read(&header(CONTINUATION, 1 << 31)), []);
        assert_eq!(connection.read(&KEY), []);
        connection.compact();
        assert!(connection.buffer.len() < 20, "{} bytes are held for one", connection.buffer.len());
    }

    #[test]
    fn a_receiver_without_its_buffer_is_small() {
        assert!(size_of::<ServerReceiver>() <= 80, "{} bytes", size_of::<ServerReceiver>());
    }
}

mod max_fragments {
    use super::*;

    fn limits(max_fragments: u32) -> Limits {
        Limits { max_message: 1000, max_fragments }
    }

    /// So many frames of one message, none of them the last.
    fn begun(fragments: u32, payload: &str) -> Vec<Vec<u8>> {
        (0..fragments).map(|i| frame(if i == 0 { TEXT } else { CONTINUATION }, payload)).collect()
    }

    #[test]
    fn is_taken_exactly() {
        for max in 2..=20 {
            let mut frames = begun(max - 1, "x");
            frames.push(frame(FIN | CONTINUATION, "x"));
            let seen = receive_within(limits(max), &frames);
            assert_eq!(seen, [Seen::text(&"x".repeat(max as usize))]);
        }
    }

    #[test]
    fn one_over_is_refused_at_its_first_byte() {
        for max in 1..=20 {
            for first in [CONTINUATION, FIN | CONTINUATION] {
                let frames = [begun(max, "x"), vec![vec![first]]].concat();
                assert_fails_at_last_byte(limits(max), &frames, TooManyFragments);
            }
        }
    }

    #[test]
    fn empty_fragments_count() {
        for max in 1..=20 {
            let frames = [begun(max, ""), vec![vec![CONTINUATION]]].concat();
            assert_fails_at_last_byte(limits(max), &frames, TooManyFragments);
        }
    }

    #[test]
    fn control_frames_do_not_count() {
        let mut frames = begun(2, "x");
        frames.extend(vec![frame(FIN | PONG, ""); 10]);
        frames.push(frame(FIN | CONTINUATION, "x"));
        assert_eq!(receive_within(limits(3), &frames).last(), Some(&Seen::text("xxx")));
    }

    #[test]
    fn one_allows_whole_messages_alone() {
        assert_eq!(receive_within(limits(1), &vec![frame(FIN | TEXT, "x"); 3]), vec![Seen::text("x"); 3]);
        let frames = [frame(TEXT, "x"), vec![FIN | CONTINUATION]];
        assert_fails_at_last_byte(limits(1), &frames, TooManyFragments);
    }

    #[test]
    fn is_counted_anew_for_each_message() {
        let message = [begun(2, "x"), vec![frame(FIN | CONTINUATION, "x")]].concat();
        let frames = vec![message; 5].concat();
        assert_eq!(receive_within(limits(3), &frames), vec![Seen::text("xxx"); 5]);
        let after = [frames, vec![vec![CONTINUATION]]].concat();
        assert_fails_at_last_byte(limits(3), &after, UnexpectedContinuation);
    }
}
