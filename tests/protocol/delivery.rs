//! Delivery does not matter: however the same bytes are cut up, they bring the same events and the same error, and the
//! error falls at the same byte.
//!
//! In each case of the table the last byte is the one that decides the last event.

use chinwag::protocol::error::ProtocolError::*;
use chinwag::protocol::receiver::Limits;

use crate::naive;
use crate::support::*;

pub const LIMITS: Limits = Limits { max_message: 300, max_fragments: 4 };

struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    seen: Vec<Seen>,
}

fn case(name: &'static str, frames: &[Vec<u8>], seen: &[Seen]) -> Case {
    Case { name, bytes: frames.concat(), seen: seen.to_vec() }
}

fn table() -> Vec<Case> {
    [messages(), control_frames(), broken_frames(), broken_sequences(), broken_contents()]
        .into_iter()
        .flatten()
        .collect()
}

/// The name of each case, its bytes, and what they bring.
pub fn cases() -> impl Iterator<Item = (&'static str, Vec<u8>, Vec<Seen>)> {
    table().into_iter().map(|Case { name, bytes, seen }| (name, bytes, seen))
}

fn messages() -> Vec<Case> {
    let (long, longest) = (some_bytes(126), some_bytes(300));
    vec![
        case("empty text", &[frame(FIN | TEXT, "")], &[Seen::text("")]),
        case("text", &[frame(FIN | TEXT, "Hello")], &[Seen::text("Hello")]),
        case("text of many bytes", &[frame(FIN | TEXT, "aé€🙂z")], &[Seen::text("aé€🙂z")]),
        case("binary of 126 bytes", &[frame(FIN | BINARY, &long)], &[Seen::Binary(long.clone())]),
        case("as long as may be", &[frame(FIN | BINARY, &longest)], &[Seen::Binary(longest.clone())]),
        case(
            "in as many fragments as may be",
            &[
                frame(BINARY, &longest[..1]),
                frame(CONTINUATION, &longest[1..200]),
                frame(CONTINUATION, ""),
                frame(FIN | CONTINUATION, &longest[200..]),
            ],
            &[Seen::Binary(longest)],
        ),
        case(
            "a character in four fragments",
            &[
                frame(TEXT, b"\xF0"),
                frame(CONTINUATION, b"\x9F"),
                frame(CONTINUATION, b"\x99"),
                frame(FIN | CONTINUATION, b"\x82"),
            ],
            &[Seen::text("🙂")],
        ),
        case(
            "one after the other",
            &[
                frame(FIN | TEXT, "one"),
                frame(BINARY, "t"),
                frame(FIN | CONTINUATION, "wo"),
                frame(FIN | TEXT, ""),
            ],
            &[Seen::text("one"), Seen::Binary(b"two".into()), Seen::text("")],
        ),
    ]
}

fn control_frames() -> Vec<Case> {
    let longest = some_bytes(125);
    vec![
        case("empty ping", &[frame(FIN | PING, "")], &[Seen::Ping(vec![])]),
        case("longest ping", &[frame(FIN | PING, &longest)], &[Seen::Ping(longest.clone())]),
        case("pong", &[frame(FIN | PONG, "alive")], &[Seen::Pong(b"alive".into())]),
        case(
            "between fragments",
            &[
                frame(TEXT, "a"),
                frame(FIN | PING, &longest),
                frame(FIN | PONG, ""),
                frame(CONTINUATION, "b"),
                frame(FIN | PING, "?"),
                frame(FIN | CONTINUATION, "c"),
            ],
            &[Seen::Ping(longest), Seen::Pong(vec![]), Seen::Ping(b"?".into()), Seen::text("abc")],
        ),
        case("close without a code", &[frame(FIN | CLOSE, "")], &[Seen::Close(None, String::new())]),
        case(
            "close with a reason",
            &[frame(FIN | TEXT, "last"), frame(FIN | CLOSE, close_body(1000, "später"))],
            &[Seen::text("last"), Seen::Close(Some(1000), "später".into())],
        ),
        case(
            "close between fragments",
            &[frame(TEXT, "cut "), frame(FIN | CLOSE, close_body(1001, ""))],
            &[Seen::Close(Some(1001), String::new())],
        ),
    ]
}

fn broken_frames() -> Vec<Case> {
    vec![
        case("no mask", &[vec![FIN | TEXT, 5]], &[Seen::Failed(UnmaskedFrame)]),
        case("control frame without a mask", &[vec![FIN | PING, 0]], &[Seen::Failed(UnmaskedFrame)]),
        case("RSV1", &[vec![0b1_100_0001]], &[Seen::Failed(ReservedBitsSet)]),
        case("RSV2", &[vec![0b1_010_0010]], &[Seen::Failed(ReservedBitsSet)]),
        case(
            "RSV3",
            &[frame(FIN | PING, ""), vec![0b1_001_1001]],
            &[Seen::Ping(vec![]), Seen::Failed(ReservedBitsSet)],
        ),
        case("opcode 3", &[vec![0x83]], &[Seen::Failed(ReservedOpcode)]),
        case("opcode B", &[frame(TEXT, "begun"), vec![0x8B]], &[Seen::Failed(ReservedOpcode)]),
        case("125 in 16 bits", &[vec![0x82], length_of_16(MASK, 125)], &[Seen::Failed(NonMinimalLength)]),
        case("0 in 64 bits", &[vec![0x82], length_of_64(MASK, 0)], &[Seen::Failed(NonMinimalLength)]),
        case("65535 in 64 bits", &[vec![0x82], length_of_64(MASK, 65535)], &[Seen::Failed(NonMinimalLength)]),
        case("2^63", &[vec![0x82], length_of_64(MASK, 1 << 63)], &[Seen::Failed(LengthMsbSet)]),
        case("fragmented ping", &[vec![PING, MASK]], &[Seen::Failed(FragmentedControlFrame)]),
        case("fragmented close", &[vec![CLOSE, MASK | 2]], &[Seen::Failed(FragmentedControlFrame)]),
        case("ping of 126 bytes", &[vec![FIN | PING, MASK | 126]], &[Seen::Failed(ControlFrameTooLong)]),
        case("301 bytes", &[header(FIN | BINARY, 301)], &[Seen::Failed(MessageTooBig)]),
        case("65536 bytes", &[header(BINARY, 65536)], &[Seen::Failed(MessageTooBig)]),
        case("2^32 + 5 bytes", &[header(FIN | TEXT, (1 << 32) + 5)], &[Seen::Failed(MessageTooBig)]),
        case("2^63 - 1 bytes", &[header(FIN | TEXT, (1 << 63) - 1)], &[Seen::Failed(MessageTooBig)]),
    ]
}

fn broken_sequences() -> Vec<Case> {
    let fragments =
        [frame(TEXT, "a"), frame(CONTINUATION, ""), frame(CONTINUATION, ""), frame(CONTINUATION, "b")];
    vec![
        case("nothing to continue", &[vec![FIN | CONTINUATION]], &[Seen::Failed(UnexpectedContinuation)]),
        case(
            "nothing to continue any more",
            &[frame(TEXT, "a"), frame(FIN | CONTINUATION, "b"), vec![CONTINUATION]],
            &[Seen::text("ab"), Seen::Failed(UnexpectedContinuation)],
        ),
        case(
            "message in a message",
            &[frame(TEXT, ""), vec![FIN | TEXT]],
            &[Seen::Failed(ExpectedContinuation)],
        ),
        case(
            "message in a message after a ping",
            &[frame(BINARY, "x"), frame(FIN | PING, "?"), vec![BINARY]],
            &[Seen::Ping(b"?".into()), Seen::Failed(ExpectedContinuation)],
        ),
        case(
            "one byte over in many fragments",
            &[
                frame(BINARY, some_bytes(150)),
                frame(CONTINUATION, some_bytes(150)),
                header(FIN | CONTINUATION, 1),
            ],
            &[Seen::Failed(MessageTooBig)],
        ),
        case(
            "one fragment over",
            &[fragments.concat(), vec![FIN | CONTINUATION]],
            &[Seen::Failed(TooManyFragments)],
        ),
    ]
}

fn broken_contents() -> Vec<Case> {
    let unfinished = |first, payload: &[u8], arrived| {
        let whole = frame(first, payload);
        whole[..whole.len() - payload.len() + arrived].to_vec()
    };
    vec![
        case("text of FF", &[frame(FIN | TEXT, b"\xFF")], &[Seen::Failed(InvalidUtf8)]),
        case("a surrogate", &[unfinished(FIN | TEXT, b"ok \xED\xA0\x80", 5)], &[Seen::Failed(InvalidUtf8)]),
        case("a cut character", &[unfinished(FIN | TEXT, b"ok \xE2\x82", 4)], &[Seen::Failed(InvalidUtf8)]),
        case(
            "a character cut by the end",
            &[frame(TEXT, b"\xE2"), frame(FIN | PING, ""), vec![FIN | CONTINUATION, MASK | 1]],
            &[Seen::Ping(vec![]), Seen::Failed(InvalidUtf8)],
        ),
        case(
            "a character gone on with wrongly",
            &[frame(TEXT, b"\xE2"), unfinished(CONTINUATION, b"\x82xyz", 2)],
            &[Seen::Failed(InvalidUtf8)],
        ),
        case("half a close code", &[vec![FIN | CLOSE, MASK | 1]], &[Seen::Failed(CloseFrameTooShort)]),
        case(
            "close code 1005",
            &[frame(FIN | CLOSE, close_body(1005, ""))],
            &[Seen::Failed(InvalidCloseCode)],
        ),
        case(
            "close reason FF",
            &[frame(FIN | CLOSE, close_body(1000, b"\xFF"))],
            &[Seen::Failed(InvalidUtf8)],
        ),
    ]
}

/// The events of the pieces, and how many of them came before the last piece.
fn deliver<'p>(pieces: impl IntoIterator<Item = &'p [u8]>, compacting: bool) -> (Vec<Seen>, usize) {
    let mut connection = Connection::new(LIMITS);
    let (mut seen, mut before) = (Vec::new(), 0);
    for piece in pieces {
        if compacting {
            connection.compact();
        }
        before = seen.len();
        seen.extend(connection.read(piece));
    }
    (seen, before)
}

#[test]
fn whole() {
    for Case { name, bytes, seen } in table() {
        assert_eq!(deliver([&bytes[..]], false).0, seen, "{name}");
    }
}

#[test]
fn byte_by_byte_and_decided_by_the_last() {
    for Case { name, bytes, seen } in table() {
        for compacting in [false, true] {
            let delivered = deliver(bytes.chunks(1), compacting);
            assert_eq!(delivered, (seen.clone(), seen.len() - 1), "{name}");
        }
    }
}

#[test]
fn at_every_split_into_two() {
    for Case { name, bytes, seen } in table() {
        for cut in 0..bytes.len() {
            for compacting in [false, true] {
                let (first, second) = bytes.split_at(cut);
                assert_eq!(deliver([first, second], compacting).0, seen, "{name}, cut at {cut}");
            }
        }
    }
}

#[test]
fn in_pieces_of_every_size() {
    for Case { name, bytes, seen } in table() {
        for size in 1..=bytes.len() {
            for compacting in [false, true] {
                assert_eq!(deliver(bytes.chunks(size), compacting).0, seen, "{name}, {size} at a time");
            }
        }
    }
}

/// After a Close or an error the rest is none of the receiver's; after anything else it is the beginning of a frame.
#[test]
fn with_trailing_data_left_alone() {
    let unfinished = &frame(FIN | PING, "not yet complete")[..21];
    for Case { name, bytes, seen } in table() {
        let garbage = [0xFF; 40];
        let last = matches!(seen.last(), Some(Seen::Close(..) | Seen::Failed(_)));
        let trailing = if last { &garbage[..] } else { unfinished };
        let mut connection = Connection::new(LIMITS);
        assert_eq!(connection.read(&[&bytes, trailing].concat()), seen, "{name}");
        // The first of the garbage may still be payload of the broken frame.
        let untouched = if last { &trailing[10..] } else { trailing };
        assert!(connection.buffer.ends_with(untouched), "{name}: {:02x?}", connection.buffer);
        connection.compact();
        assert_eq!(connection.buffer, if last { &[] } else { trailing }, "{name}");
    }
}

#[test]
fn the_naive_decoder_agrees() {
    for Case { name, bytes, seen } in table() {
        assert_eq!(naive::decode(&bytes, LIMITS), seen, "{name}");
        let before = naive::decode(&bytes[..bytes.len() - 1], LIMITS);
        assert_eq!(before, seen[..seen.len() - 1], "{name}");
    }
}

/// A case for each error of a client: none is forgotten.
#[test]
fn the_table_has_every_error() {
    let table = table();
    for error in chinwag::protocol::error::ProtocolError::ALL.iter().filter(|error| **error != MaskedFrame) {
        assert!(table.iter().any(|case| case.seen.contains(&Seen::Failed(*error))), "{error:?}");
    }
}
