//! §5.1 to §5.5, §6.1: frames that a client or a server sends, each read by the other end.

use chinwag::protocol::close::CloseCode;
use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::frame::{FrameHeader, Opcode, frame_in_place};

use crate::support::*;

/// Puts a payload behind headroom, and a frame around it.
fn framed(headroom: usize, payload: &[u8], opcode: Opcode, key: Option<[u8; 4]>) -> Option<Vec<u8>> {
    let mut buffer = [&vec![0xAA; headroom], payload].concat();
    frame_in_place(&mut buffer, headroom, opcode, key).map(|frame| frame.to_vec())
}

const LENS: [usize; 9] = [0, 1, 7, 125, 126, 127, 65535, 65536, 70_000];

#[test]
fn a_frame_in_place_is_as_it_would_be_written_by_hand() {
    for len in LENS {
        let payload = some_bytes(len);
        let by_client = framed(FrameHeader::MAX_LEN, &payload, Opcode::Binary, Some(KEY)).unwrap();
        assert!(by_client == frame(FIN | BINARY, &payload), "{len} bytes");
        let by_server = framed(FrameHeader::MAX_UNMASKED_LEN, &payload, Opcode::Binary, None).unwrap();
        assert!(by_server == server_frame(FIN | BINARY, &payload), "{len} bytes");
    }
}

#[test]
fn headroom_that_is_too_short_is_refused() {
    for len in LENS {
        let needed = if len <= 125 {
            2
        } else if len <= 65535 {
            4
        } else {
            10
        };
        for (key, needed) in [(None, needed), (Some(KEY), needed + 4)] {
            for headroom in 0..=FrameHeader::MAX_LEN {
                let frame = framed(headroom, &some_bytes(len), Opcode::Text, key);
                assert_eq!(frame.is_some(), headroom >= needed, "{headroom} for {len} bytes, {key:?}");
            }
        }
    }
    assert_eq!(frame_in_place(&mut [0; 3], 4, Opcode::Text, None), None, "headroom beyond the buffer");
}

#[test]
fn what_lies_in_front_of_the_frame_is_left_alone() {
    let mut buffer = [0xAA; 40];
    let frame_len = frame_in_place(&mut buffer, 30, Opcode::Text, Some(KEY)).unwrap().len();
    assert_eq!((frame_len, &buffer[..24]), (16, &[0xAA; 24][..]));
}

/// What one end writes the other reads, cut anywhere.
#[test]
fn each_end_reads_what_the_other_writes() {
    for len in LENS.into_iter().filter(|len| *len < 300) {
        let payload = some_bytes(len);
        let by_client = framed(FrameHeader::MAX_LEN, &payload, Opcode::Binary, Some(KEY)).unwrap();
        let by_server = framed(FrameHeader::MAX_LEN, &payload, Opcode::Binary, None).unwrap();
        for cut in 0..=by_client.len() {
            let (first, second) = by_client.split_at(cut);
            let mut server = Connection::new(LIMITS);
            assert_eq!([server.read(first), server.read(second)].concat(), [Seen::Binary(payload.clone())]);
        }
        for cut in 0..=by_server.len() {
            let (first, second) = by_server.split_at(cut);
            let mut client = ClientConnection::new(LIMITS);
            assert_eq!([client.read(first), client.read(second)].concat(), [Seen::Binary(payload.clone())]);
        }
    }
}

#[test]
fn a_control_frame_is_as_it_would_be_written_by_hand() {
    for len in 0..=125 {
        let payload = some_bytes(len);
        for (opcode, bits) in [(Opcode::Ping, PING), (Opcode::Pong, PONG)] {
            let by_client = ControlFrame::new(opcode, &payload, Some(KEY));
            assert_eq!(by_client.as_bytes(), frame(FIN | bits, &payload));
            let by_server = ControlFrame::new(opcode, &payload, None);
            assert_eq!(by_server.as_bytes(), server_frame(FIN | bits, &payload));
        }
    }
}

#[test]
fn a_control_frame_has_125_bytes_at_most() {
    let payload = some_bytes(200);
    assert_eq!(
        ControlFrame::new(Opcode::Ping, &payload, Some(KEY)).as_bytes(),
        frame(FIN | PING, &payload[..125])
    );
    assert_eq!(
        ControlFrame::new(Opcode::Pong, &payload, None).as_bytes(),
        server_frame(FIN | PONG, &payload[..125])
    );
}

#[test]
fn a_close_is_masked_by_a_client_alone() {
    for reason in ["", "bye", "später", &"x".repeat(123)] {
        let body = close_body(1000, reason);
        let by_client = ControlFrame::close(CloseCode::NORMAL_CLOSURE, reason, Some(KEY));
        assert_eq!(by_client.as_bytes(), frame(FIN | CLOSE, &body));
        let by_server = ControlFrame::close(CloseCode::NORMAL_CLOSURE, reason, None);
        assert_eq!(by_server.as_bytes(), server_frame(FIN | CLOSE, &body));
        let seen = [Seen::Close(Some(1000), reason.into())];
        assert_eq!(Connection::new(LIMITS).read(by_client.as_bytes()), seen);
        assert_eq!(ClientConnection::new(LIMITS).read(by_server.as_bytes()), seen);
    }
    let cut = ControlFrame::close(CloseCode::NORMAL_CLOSURE, &"€".repeat(42), Some(KEY));
    assert_eq!(cut.as_bytes(), frame(FIN | CLOSE, close_body(1000, "€".repeat(41))));
}
