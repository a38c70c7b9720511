//! §5.1: a client masks and a server does not. In all else the two ends are one: the same frames bring the same events,
//! the same limits and the same errors at the same byte.

use chinwag::protocol::error::ProtocolError::{self, *};
use chinwag::protocol::frame::{FrameHeader, Sender};
use chinwag::protocol::receiver::{ClientReceiver, Limits, ServerReceiver};

use crate::naive;
use crate::support::*;

/// A byte of a client's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Byte {
    /// What a server sends in its place.
    Same(u8),
    /// Of a masking key, in front of this much payload.
    Key(usize),
}

/// A client's session, as a server would send it. What is not masked there is masked here.
fn translate(session: &[u8]) -> Vec<Byte> {
    let (mut bytes, mut rest) = (Vec::new(), session);
    while let [first, second, after @ ..] = rest {
        let size = [2, 8].get(usize::from(second & 127).wrapping_sub(126)).copied().unwrap_or(0);
        let (extended, after) = after.split_at(after.len().min(size));
        let len = extended.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
        let len = if size == 0 { usize::from(second & 127) } else { len };
        let (key, after) = after.split_at(after.len().min(4));
        let (payload, after) = after.split_at(after.len().min(len));
        bytes.extend([*first, second ^ MASK].iter().chain(extended).map(|byte| Byte::Same(*byte)));
        bytes.extend(key.iter().map(|_| Byte::Key(len)));
        bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| Byte::Same(byte ^ key)));
        rest = after;
    }
    bytes.extend(rest.iter().map(|byte| Byte::Same(*byte)));
    bytes
}

fn as_server(bytes: &[Byte]) -> Vec<u8> {
    let of_server = |byte: &Byte| match byte {
        Byte::Same(byte) => Some(*byte),
        Byte::Key(_) => None,
    };
    bytes.iter().filter_map(of_server).collect()
}

/// The same of a server: a frame that is masked where a client's is not.
fn of_server(seen: Seen) -> Seen {
    if seen == Seen::Failed(UnmaskedFrame) { Seen::Failed(MaskedFrame) } else { seen }
}

#[test]
fn every_opening_of_a_servers_frame_is_taken_where_a_clients_is() {
    let mut taken = 0;
    for [first, second] in (0..=u16::MAX).map(u16::to_be_bytes) {
        let (clients, servers) = ([first, second ^ MASK], [first, second]);
        let by_client = FrameHeader::parse(&clients, Sender::Client);
        let by_server = FrameHeader::parse(&servers, Sender::Server);
        let expected = by_client.err().map(|error| if error == UnmaskedFrame { MaskedFrame } else { error });
        assert_eq!(by_server.err(), expected, "{first:02x} {second:02x}");
        assert_eq!(
            FrameHeader::parse(&[first], Sender::Server).err(),
            FrameHeader::parse(&[first], Sender::Client).err()
        );
        taken += usize::from(by_server.is_ok());
    }
    assert_eq!(taken, 1146);
}

/// "A client MUST close a connection if it detects a masked frame."
#[test]
fn a_client_refuses_a_masked_frame_at_its_second_byte() {
    for opcode in [TEXT, BINARY, CLOSE, PING, PONG] {
        for len in 0..=127 {
            let mut client = ClientConnection::new(LIMITS);
            assert_eq!(client.read(&[FIN | opcode]), []);
            assert_eq!(client.read(&[MASK | len]), [Seen::Failed(MaskedFrame)], "{opcode:x} {len}");
        }
    }
    assert_eq!((MaskedFrame.close_code().get(), MaskedFrame.reason()), (1002, "frame masked"));
}

#[test]
fn a_servers_header_is_parsed_as_it_is_encoded() {
    for (fin, opcode) in [(true, TEXT), (false, BINARY), (true, CLOSE), (true, PONG), (false, CONTINUATION)] {
        for len in [0, 1, 125, 126, 65535, 65536, (1 << 63) - 1] {
            let bytes = [vec![opcode | if fin { FIN } else { 0 }], shortest_length(0, len)].concat();
            if opcode >= CLOSE && len > 125 {
                assert_eq!(FrameHeader::parse(&bytes, Sender::Server), Err(ControlFrameTooLong));
                continue;
            }
            for cut in 0..bytes.len() {
                assert_eq!(
                    FrameHeader::parse(&bytes[..cut], Sender::Server),
                    Ok(None),
                    "{cut} of {bytes:02x?}"
                );
            }
            let with_rest = [&bytes[..], b"rest"].concat();
            let Ok(Some((header, b"rest"))) = FrameHeader::parse(&with_rest, Sender::Server) else {
                panic!("{bytes:02x?}")
            };
            assert_eq!((header.fin, header.opcode as u8, header.payload_len), (fin, opcode, len));
            assert_eq!(header.masking_key, None);
            assert_eq!(header.encode(&mut [0; FrameHeader::MAX_LEN]), bytes);
        }
    }
}

/// The table of `delivery.rs`, from the other end.
#[test]
fn each_case_is_seen_alike_however_it_is_cut() {
    for (name, bytes, seen) in crate::delivery::cases() {
        let bytes = as_server(&translate(&bytes));
        let seen = Vec::from_iter(seen.into_iter().map(of_server));
        let limits = crate::delivery::LIMITS;
        assert_eq!(naive::decode_from(false, &bytes, limits), seen, "{name}");
        for cut in 0..=bytes.len() {
            for compacting in [false, true] {
                let mut client = ClientConnection::new(limits);
                let mut received = client.read(&bytes[..cut]);
                if compacting {
                    client.compact();
                }
                // After a Close or an error nothing is looked at.
                received.extend(client.read(&bytes[cut..]));
                assert_eq!(received, seen, "{name}, cut at {cut}");
            }
        }
        let mut client = ClientConnection::new(limits);
        let one_by_one = bytes.chunks(1).flat_map(|byte| {
            client.compact();
            client.read(byte)
        });
        assert_eq!(Vec::from_iter(one_by_one), seen, "{name}");
    }
}

/// Long sessions, broken ones among them, to both ends byte by byte.
#[test]
fn each_event_and_each_error_falls_at_the_same_byte() {
    let limits = Limits { max_message: 130, max_fragments: 3 };
    for session in crate::random_sessions::broken_sessions(300, limits.max_message) {
        let bytes = translate(&session);
        let (mut server, mut client) = (Connection::new(limits), ClientConnection::new(limits));
        let (mut by_client, mut by_server) = (Vec::new(), Vec::new());
        for (at, byte) in bytes.iter().enumerate() {
            by_client.extend(server.read(&session[at..=at]).into_iter().map(of_server));
            if let Byte::Same(byte) = byte {
                by_server.extend(client.read(&[*byte]));
            }
            // Of an empty frame a server sends nothing behind the length, and a client its key.
            if bytes.get(at + 1) != Some(&Byte::Key(0)) {
                assert_eq!(by_server, by_client, "after byte {at} of {session:02x?}");
            }
            if matches!(by_client.last(), Some(Seen::Close(..) | Seen::Failed(_))) {
                break;
            }
        }
    }
}

/// §10.4: a buffer that suffices for one end suffices for the other.
#[test]
fn a_fixed_buffer_suffices_for_the_longest_of_everything() {
    for max_message in [0, 1, 125, 126, 65535, 65536, 70_000] {
        let limits = Limits { max_message, max_fragments: 3 };
        let session = [
            frame(BINARY, some_bytes(max_message)),
            frame(FIN | PING, some_bytes(125)),
            frame(CONTINUATION, ""),
            frame(FIN | PONG, some_bytes(125)),
            frame(FIN | CONTINUATION, ""),
        ];
        let session = as_server(&translate(&session.concat()));
        let buffer_len = ClientReceiver::buffer_len(max_message);
        assert_eq!(buffer_len, ServerReceiver::buffer_len(max_message));
        for size in [1, 130, 131, 140, usize::MAX] {
            let receiver = ClientReceiver::new(limits);
            let seen = receive_in_a_buffer(receiver, buffer_len, &session, || size).unwrap();
            assert!(
                seen == naive::decode_from(false, &session, limits),
                "{max_message} bytes, reads of {size}"
            );
        }
    }
}

#[test]
fn both_receivers_are_as_small() {
    assert_eq!(size_of::<ClientReceiver>(), size_of::<ServerReceiver>());
}

/// The two errors are of one end each.
#[test]
fn nothing_else_tells_the_ends_apart() {
    let of_one_end = |error: &&ProtocolError| [UnmaskedFrame, MaskedFrame].contains(error);
    let seen = |error: &&ProtocolError| {
        crate::delivery::cases().any(|(_, _, seen)| seen.contains(&Seen::Failed(**error)))
    };
    assert!(ProtocolError::ALL.iter().filter(|error| !of_one_end(error)).all(|error| seen(&error)));
}
