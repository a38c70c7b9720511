//! §5.5.1, §7.4: which codes may be on the wire, and Close frames as a server writes them.

use chinwag::protocol::close::{CloseCode, parse_close};
use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::error::ProtocolError::{CloseFrameTooShort, InvalidCloseCode, InvalidUtf8};

use crate::support::*;

/// As the contract lists them, one by one.
fn allowed() -> Vec<u16> {
    let registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    registered.into_iter().chain(3000..5000).collect()
}

#[test]
fn each_of_all_65536_codes_is_taken_or_refused() {
    let allowed = allowed();
    for code in 0..=u16::MAX {
        let body = close_body(code, "bye");
        let expected = match allowed.binary_search(&code) {
            Ok(_) => Ok((CloseCode::new(code), "bye")),
            Err(_) => Err(InvalidCloseCode),
        };
        assert_eq!(parse_close(&body), expected, "{code}");
        assert_eq!(CloseCode::new(code).map(CloseCode::get), expected.ok().map(|_| code));
    }
}

#[test]
fn the_receiver_takes_and_refuses_the_same() {
    for code in 0..=u16::MAX {
        let expected = match CloseCode::new(code) {
            Some(_) => Seen::Close(Some(code), String::new()),
            None => Seen::Failed(InvalidCloseCode),
        };
        assert_eq!(receive(&[frame(FIN | CLOSE, close_body(code, ""))]), [expected], "{code}");
    }
}

#[test]
fn the_names_are_those_of_the_registry() {
    let names = [
        (CloseCode::NORMAL_CLOSURE, 1000),
        (CloseCode::GOING_AWAY, 1001),
        (CloseCode::PROTOCOL_ERROR, 1002),
        (CloseCode::UNSUPPORTED_DATA, 1003),
        (CloseCode::INVALID_PAYLOAD, 1007),
        (CloseCode::POLICY_VIOLATION, 1008),
        (CloseCode::MESSAGE_TOO_BIG, 1009),
        (CloseCode::MANDATORY_EXTENSION, 1010),
        (CloseCode::INTERNAL_ERROR, 1011),
    ];
    for (name, code) in names {
        assert_eq!((name.get(), name.to_string()), (code, code.to_string()));
    }
}

#[test]
fn a_body_is_a_code_and_utf8_or_nothing() {
    assert_eq!(parse_close(b""), Ok((None, "")));
    assert_eq!(parse_close(&[0x03, 0xE8]), Ok((Some(CloseCode::NORMAL_CLOSURE), "")));
    assert_eq!(parse_close(&[0x03]), Err(CloseFrameTooShort));
    assert_eq!(parse_close(&[0x03, 0xE8, 0xC3]), Err(InvalidUtf8));
    assert_eq!(parse_close(&[0x03, 0xED, 0xC3]), Err(InvalidCloseCode));
}

mod close_frame {
    use super::*;

    fn written(code: u16, reason: &str) -> Vec<u8> {
        let code = CloseCode::new(code).expect("a code that may be sent");
        ControlFrame::close(code, reason, None).as_bytes().to_vec()
    }

    #[test]
    fn is_written_as_it_is_read() {
        for code in allowed() {
            let bytes = written(code, "see you");
            assert_eq!(bytes, server_frame(FIN | CLOSE, &close_body(code, "see you")), "{code}");
            assert_eq!(parse_close(&bytes[2..]), Ok((CloseCode::new(code), "see you")));
        }
    }

    #[test]
    fn takes_a_reason_of_up_to_123_bytes_whole() {
        for len in 0..=123 {
            let reason = "x".repeat(len);
            assert_eq!(written(1000, &reason), server_frame(FIN | CLOSE, &close_body(1000, reason)));
        }
    }

    #[test]
    fn cuts_a_longer_reason_between_characters() {
        for character in ["x", "é", "€", "🙂"] {
            for ascii in 0..=130 {
                let reason = "x".repeat(ascii) + &character.repeat(130);
                let frame = written(1008, &reason);
                let (_, kept) = parse_close(&frame[2..]).expect("still UTF-8");
                assert!(reason.starts_with(kept));
                let room = 123 - kept.len();
                assert!(room < reason[kept.len()..].chars().next().map_or(0, char::len_utf8));
                assert_eq!(frame, server_frame(FIN | CLOSE, &close_body(1008, kept)));
            }
        }
    }
}
