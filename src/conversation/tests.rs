//! What is told of a conversation, however it is cut up.

use super::Direction::{self, In, Out};
use super::frames::KEPT_MAX;
use super::*;

const LIMITS: Limits = Limits { max_message: 1000, max_fragments: 8 };

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
const REFUSING: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

/// What is told when each of these passes in turn, in pieces of so many bytes.
fn told(passing: &[(Direction, &[u8])], piece_len: usize) -> Vec<(Direction, String)> {
    told_to(Side::Server, passing, piece_len)
}

fn told_to(side: Side, passing: &[(Direction, &[u8])], piece_len: usize) -> Vec<(Direction, String)> {
    let mut conversation = Conversation::new(side, LIMITS);
    for (direction, bytes) in passing {
        for piece in bytes.chunks(piece_len) {
            match direction {
                In => conversation.receive(piece),
                Out => conversation.send(piece),
            }
        }
    }
    conversation.break_off();
    conversation.events.into_iter().map(|event| (event.direction, event.text)).collect()
}

/// The same, after a handshake, of which nothing is kept.
fn told_of_frames(frames: &[(Direction, &[u8])], piece_len: usize) -> Vec<(Direction, String)> {
    let passing = [&[(In, REQUEST), (Out, SWITCHING)], frames].concat();
    told(&passing, piece_len).split_off(3)
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u16;
    let mut frame = vec![first];
    match len {
        0..=125 => frame.push(0x80 | len as u8),
        _ => frame.extend([0xFE, (len >> 8) as u8, len as u8]),
    }
    frame.extend([1, 2, 3, 4]);
    frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn headlines(told: &[(Direction, String)]) -> Vec<(Direction, &str)> {
    told.iter().map(|(direction, text)| (*direction, text.lines().next().unwrap_or_default())).collect()
}

#[track_caller]
fn assert_last_line(told: &[(Direction, String)], line: &str) {
    let (_, text) = told.last().expect("something was told");
    assert_eq!(text.lines().last(), Some(line), "{text}");
}

#[test]
fn a_handshake_and_frames_in_both_directions_however_they_are_cut() {
    let (long, ping, close) = (masked(0x82, &[7; 999]), masked(0x89, b"?"), masked(0x88, b"\x03\xE8"));
    let frames = [&masked(0x01, b"Hel")[..], &ping, &masked(0x80, b"lo")].concat();
    let answers = [&b"\x8A\x01?"[..], b"\x82\x7E\x01\x00", &[9; 256]].concat();
    let passing =
        [(In, REQUEST), (Out, SWITCHING), (In, &frames), (Out, &answers), (In, &long), (In, &close)];
    let whole = told(&passing, usize::MAX);
    assert_eq!(
        headlines(&whole),
        [
            (In, "request head of 140 bytes"),
            (Out, "response head of 56 bytes"),
            (Out, "the accept key"),
            (In, "frame of 9 bytes"),
            (In, "frame of 7 bytes"),
            (In, "frame of 8 bytes"),
            (Out, "frame of 3 bytes"),
            (Out, "frame of 260 bytes"),
            (In, "frame of 1007 bytes"),
            (In, "frame of 8 bytes"),
        ]
    );
    for piece_len in [1, 2, 3, 5, 7, 64, 500] {
        assert_eq!(told(&passing, piece_len), whole, "pieces of {piece_len}");
    }
}

/// §1.3
#[test]
fn how_the_accept_key_comes_about() {
    let told = told(&[(In, REQUEST), (Out, SWITCHING)], 9);
    let columns = told[2].1.lines().map(|line| line.split("  ").next().unwrap_or_default());
    let expected = [
        "the accept key",
        "dGhlIHNhbXBsZSBub25jZQ==",
        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
        "b3 7a 4f 2c c0 62 4f 16 90 f6",
        "46 06 cf 38 59 45 b2 be c4 ea",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ];
    assert_eq!(columns.collect::<Vec<_>>(), expected);
}

#[test]
fn a_frame_behind_the_request_waits_for_the_answer() {
    let bytes = [REQUEST, &masked(0x81, b"Hello")].concat();
    let told = told(&[(In, &bytes), (Out, SWITCHING)], usize::MAX);
    let order: Vec<_> = told.iter().map(|(direction, _)| *direction).collect();
    assert_eq!(order, [In, Out, Out, In]);
    assert!(told[3].1.contains("Hello"), "{told:?}");
}

#[test]
fn a_message_in_frames_is_told_at_its_last_one() {
    let frames = [masked(0x01, b"Hel"), masked(0x00, b""), masked(0x80, b"lo"), masked(0x81, b"x")].concat();
    let told = told_of_frames(&[(In, &frames)], 4);
    assert_eq!(told[2].1.lines().last(), Some("the message, 5 bytes in 3 frames: Hello"));
    assert!(told.iter().filter(|(_, text)| text.contains("the message")).count() == 1, "{told:?}");
}

/// What only the other frames and the limits decide.
#[test]
fn a_frame_is_refused_where_the_server_refuses_it() {
    for (frames, line, shown) in [
        (vec![0x80], "refused: nothing to continue; the connection fails with 1002", "80  "),
        (vec![0x81, 0x05], "refused: frame not masked; the connection fails with 1002", "05  "),
        (
            vec![0x82, 0xFE, 0x03, 0xE9],
            "refused: message too big; the connection fails with 1009",
            "length 1001",
        ),
        (
            [masked(0x01, b"a"), vec![0x81]].concat(),
            "refused: message not finished; the connection fails with 1002",
            "81  ",
        ),
        (
            masked(0x81, b"ab\xFF"),
            "refused: not UTF-8; the connection fails with 1007",
            "60 60 fc                 ab.",
        ),
    ] {
        for piece_len in [1, usize::MAX] {
            let told = told_of_frames(&[(In, &frames)], piece_len);
            assert_last_line(&told, line);
            assert!(told.last().is_some_and(|(_, text)| text.contains(shown)), "{told:?}");
        }
    }
}

#[test]
fn what_follows_a_refusal_or_a_close_is_ignored() {
    for last in [vec![0xFF], masked(0x88, b"")] {
        let told = told_of_frames(&[(In, &[&last[..], b"\x81\x80"].concat()), (In, b"more")], usize::MAX);
        assert_eq!(headlines(&told[1..]), [(In, "2 bytes, ignored"), (In, "4 bytes, ignored")]);
    }
}

#[test]
fn a_request_that_is_refused() {
    let told = told(&[(In, b"NICK me\r\n"), (Out, REFUSING), (Out, b"no"), (In, b"more")], usize::MAX);
    assert_eq!(
        headlines(&told),
        [
            (In, "request head of 9 bytes"),
            (Out, "response head of 45 bytes"),
            (Out, "body of 2 bytes"),
            (In, "4 bytes, ignored"),
        ]
    );
    assert_last_line(&told[..1], "refused: malformed request head; the answer is 400");
}

#[test]
fn what_never_becomes_whole_is_told_at_the_end() {
    assert_last_line(&told(&[(In, b"GET / HT")], usize::MAX), "unfinished: the head goes on");
    let told = told_of_frames(&[(In, b"\x81\x85\x01"), (Out, b"\x81\x7E\x01\x00abc")], 2);
    assert_last_line(&told[..1], "unfinished: the header goes on");
    assert_last_line(&told, "unfinished: 253 bytes to come");
    assert_eq!(told.len(), 2);
}

#[test]
fn a_stream_ends_once_in_each_direction() {
    let mut conversation = Conversation::new(Side::Server, LIMITS);
    conversation.receive(REQUEST);
    conversation.send(SWITCHING);
    for _ in 0..2 {
        conversation.end_sending();
        conversation.receive(&[]);
    }
    conversation.break_off();
    let events: Vec<_> = conversation.events.into_iter().skip(3).collect();
    let end = |direction| Event { direction, text: "end of the stream".into() };
    assert_eq!(events, [end(Out), end(In)]);
}

/// The memory held for a frame that is sent is what is shown of it.
#[test]
fn little_is_kept_of_a_large_frame() {
    let mut frames = Frames::<false>::new(None);
    let (explained, _) = frames.take(b"\x82\x7F\x00\x00\x00\x00\x00\x10\x00\x00");
    assert_eq!(explained, [""; 0]);
    for _ in 0..1024 {
        assert_eq!(frames.take(&[7; 1023]).0, [""; 0]);
    }
    assert_eq!(frames.take(&[7; 1023]).0, [""; 0]);
    assert!(frames.kept.len() <= KEPT_MAX && frames.kept.capacity() <= 2 * KEPT_MAX);
    let (explained, rest) = frames.take(&[7]);
    assert!(explained[0].contains("... and 1048448 bytes more") && rest.is_none(), "{explained:?}");
}

/// The sessions that the fuzz targets begin with, broken ones among them.
#[test]
fn sessions_of_every_kind_however_they_are_cut() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/receiver");
    let files = std::fs::read_dir(seeds).expect(seeds).map(|entry| entry.expect(seeds).path());
    let inputs: Vec<_> = files.map(|path| std::fs::read(path).expect(seeds)).collect();
    // The first byte says how many more come before the session: tests/protocol/properties/delivery.rs.
    let sessions = inputs.iter().map(|input| &input[1 + usize::from(input[0] & 0b11)..]);
    let sessions: Vec<_> = sessions.filter(|session| session.len() < 5000).collect();
    assert!(sessions.len() > 30);
    let mut explained = 0;
    for session in sessions {
        let all_but_ignored = |piece_len| {
            let mut told = told_of_frames(&[(In, session)], piece_len);
            told.retain(|(_, text)| !text.ends_with(", ignored"));
            told
        };
        let whole = all_but_ignored(usize::MAX);
        explained += whole.len();
        for piece_len in [1, 3, 100] {
            assert_eq!(all_but_ignored(piece_len), whole, "{session:02x?}");
        }
    }
    assert!(explained > 60, "{explained} frames");
}

#[test]
fn a_client_sees_the_same_from_the_other_end() {
    let frames = [&b"\x81\x05Hello"[..], b"\x88\x02\x03\xE8", b"more"].concat();
    let passing = [(Out, REQUEST), (In, SWITCHING), (Out, &masked(0x81, b"Hello")), (In, &frames)];
    let whole = told_to(Side::Client, &passing, usize::MAX);
    let expected = [
        (Out, "request head of 140 bytes"),
        (In, "response head of 56 bytes"),
        (In, "the accept key"),
        (Out, "frame of 11 bytes"),
        (In, "frame of 7 bytes"),
        (In, "frame of 4 bytes"),
        (In, "4 bytes, ignored"),
    ];
    assert_eq!(headlines(&whole), expected);
    let mentions = |index: usize, words: &str| assert!(whole[index].1.contains(words), "{}", whole[index].1);
    mentions(0, "§4.1 (7): 16 random bytes in base64, new each time");
    mentions(1, "§4.1 (2): has to be websocket");
    mentions(2, "the key, as it was sent");
}

#[test]
fn a_client_sees_why_it_refuses_a_masked_frame() {
    let passing = [(Out, REQUEST), (In, SWITCHING), (In, &masked(0x81, b"Hello"))];
    let told = told_to(Side::Client, &passing, 1);
    let refused = told.iter().find(|(_, text)| text.contains("refused: ")).expect("a refusal");
    assert!(refused.1.ends_with("refused: frame masked; the connection fails with 1002"), "{}", refused.1);
}
