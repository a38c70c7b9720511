//! §5.4-5.6, §6.2: what comes out of a receiver.

use chinwag::protocol::receiver::{Limits, Receiver};

use super::delivery::Delivery;
use crate::naive;
use crate::support::{End, Seen, receive_in_a_buffer};

/// A client's session, delivered as the input says.
pub fn holds(input: &[u8]) -> bool {
    holds_of::<true>(input)
}

/// A session of a client or of a server.
pub fn holds_of<const MASKED: bool>(input: &[u8]) -> bool {
    let delivery = Delivery::of(input);
    let Delivery { bytes, limits, compacting, .. } = delivery;
    let expected = naive::decode_from(MASKED, bytes, limits);
    assert_eq!(End::<MASKED>::new(limits).read(bytes), expected, "whole: {bytes:02x?}");
    assert_eq!(read::<MASKED>(delivery.pieces(), limits, compacting), expected, "in pieces: {bytes:02x?}");
    check_sizes(&expected, limits);
    let counts = byte_by_byte::<MASKED>(bytes, limits, &expected);
    check_decided_in_time::<MASKED>(bytes, limits, &counts);
    check_left_alone::<MASKED>(bytes, limits, &counts);
    let mut sizes = delivery.sizes();
    // In a full buffer an empty read would be the end of the stream.
    // No message is longer than the session that it is in.
    let enough = Receiver::<MASKED>::buffer_len(limits.max_message.min(bytes.len()));
    let receiver = || Receiver::<MASKED>::new(limits);
    let seen = receive_in_a_buffer(receiver(), enough, bytes, || sizes.next().unwrap_or(1).max(1));
    assert_eq!(seen.as_ref(), Ok(&expected), "in a fixed buffer: {bytes:02x?}");
    // Where fewer bytes do not suffice, the receiver says so.
    let few = sizes.next().unwrap_or(1) % 400;
    match receive_in_a_buffer(receiver(), few, bytes, || sizes.next().unwrap_or(1).max(1)) {
        Ok(seen) => assert_eq!(seen, expected, "in {few} bytes: {bytes:02x?}"),
        Err(seen) => assert!(expected.starts_with(&seen), "in {few} bytes {seen:?}: {bytes:02x?}"),
    }
    expected.first().is_some_and(|first| !matches!(first, Seen::Failed(_)))
}

/// What the pieces bring, until a Close or an error.
pub fn read<'p, const MASKED: bool>(
    pieces: impl Iterator<Item = &'p [u8]>,
    limits: Limits,
    compacting: bool,
) -> Vec<Seen> {
    let (mut connection, mut seen) = (End::<MASKED>::new(limits), Vec::new());
    for piece in pieces {
        if compacting {
            connection.compact();
        }
        seen.extend(connection.read(piece));
        if is_over(&seen) {
            assert!(!connection.receiver.in_message(), "held after the end");
        }
    }
    seen
}

/// How many events there are after each byte.
fn byte_by_byte<const MASKED: bool>(bytes: &[u8], limits: Limits, expected: &[Seen]) -> Vec<usize> {
    let (mut connection, mut seen, mut counts) = (End::<MASKED>::new(limits), Vec::new(), Vec::new());
    for byte in bytes.chunks(1) {
        connection.compact();
        seen.extend(connection.read(byte));
        counts.push(seen.len());
    }
    assert_eq!(seen, expected, "byte by byte: {bytes:02x?}");
    counts
}

fn is_over(seen: &[Seen]) -> bool {
    matches!(seen.last(), Some(Seen::Close(..) | Seen::Failed(_)))
}

/// §10.4, §5.5.
fn check_sizes(seen: &[Seen], limits: Limits) {
    for event in seen {
        let (len, max) = match event {
            Seen::Text(text) => (text.len(), limits.max_message),
            Seen::Binary(bytes) => (bytes.len(), limits.max_message),
            Seen::Ping(bytes) | Seen::Pong(bytes) => (bytes.len(), 125),
            Seen::Close(_, reason) => (reason.len(), 123),
            Seen::Failed(_) => (0, 0),
        };
        assert!(len <= max, "{len} bytes, {max} allowed: {event:?}");
    }
}

/// The last events come with the byte that decides them: without it the naive decoder does not have them either.
fn check_decided_in_time<const MASKED: bool>(bytes: &[u8], limits: Limits, counts: &[usize]) {
    let grown =
        (0..counts.len()).rev().filter(|at| counts[*at] > at.checked_sub(1).map_or(0, |at| counts[at]));
    for at in grown.take(3) {
        let len_with = naive::decode_from(MASKED, &bytes[..=at], limits).len();
        let len_without = naive::decode_from(MASKED, &bytes[..at], limits).len();
        assert_eq!(len_with, counts[at], "with byte {at}: {bytes:02x?}");
        assert_eq!(len_without + 1, counts[at], "without byte {at}: {bytes:02x?}");
    }
}

/// What comes after an event is not touched before the next one is asked for.
fn check_left_alone<const MASKED: bool>(bytes: &[u8], limits: Limits, counts: &[usize]) {
    let mut receiver = Receiver::<MASKED>::new(limits);
    let mut buffer = bytes.to_vec();
    for number in 1..=counts.last().copied().unwrap_or(0).min(8) {
        let Ok(Some(_)) = receiver.receive(&mut buffer) else { return };
        let end = counts.iter().position(|count| *count == number).expect("one byte decides one event") + 1;
        assert_eq!(buffer[end..], bytes[end..], "after event {number}: {bytes:02x?}");
    }
}
