//! What is said of each kind of frame, to the letter.

use chinwag::protocol::error::ProtocolError;
use chinwag::trace::explain;

const HEAD: &str = "frame of ";

/// Without the headline, and with the columns drawn together: `bytes | what is in them | what they mean`.
#[track_caller]
fn assert_explained(bytes: &[u8], headline: &str, lines: &[&str]) {
    let text = explain(bytes).to_string();
    let mut rows = text.lines();
    assert_eq!(rows.next(), Some(headline));
    let rows: Vec<_> = rows.map(columns).collect();
    assert_eq!(rows, lines, "\n{text}");
}

/// A line that begins with bytes has three columns; any other is one sentence.
fn columns(line: &str) -> String {
    let is_row =
        line.split(' ').next().is_some_and(|word| word.len() == 2 && u8::from_str_radix(word, 16).is_ok());
    if !is_row {
        return line.to_owned();
    }
    let (bytes, rest) = line.split_at(25);
    let (content, meaning) = rest.split_at_checked(12).unwrap_or((rest, ""));
    format!("{}|{}|{meaning}", bytes.trim_end(), content.trim_end())
}

#[track_caller]
fn assert_refused(bytes: &[u8], error: ProtocolError) {
    let explanation = explain(bytes);
    assert_eq!(explanation.error(), Some(error), "{bytes:02x?}");
    let verdict = format!("refused: {error}; the connection fails with {}", error.close_code());
    assert_eq!(explanation.to_string().lines().last(), Some(verdict.as_str()), "{bytes:02x?}");
}

mod opcodes {
    use super::*;

    #[test]
    fn by_name_with_what_fin_means_for_them() {
        for (first, meaning) in [
            (0x81, "1 000 0001|FIN, no reserved bit, opcode 1: text, a whole message"),
            (0x01, "0 000 0001|no FIN, no reserved bit, opcode 1: text, its first frame"),
            (0x82, "1 000 0010|FIN, no reserved bit, opcode 2: binary, a whole message"),
            (0x02, "0 000 0010|no FIN, no reserved bit, opcode 2: binary, its first frame"),
            (0x80, "1 000 0000|FIN, no reserved bit, opcode 0: continuation, the last frame"),
            (0x00, "0 000 0000|no FIN, no reserved bit, opcode 0: continuation, not the last frame"),
            (0x88, "1 000 1000|FIN, no reserved bit, opcode 8: Close"),
            (0x89, "1 000 1001|FIN, no reserved bit, opcode 9: Ping"),
            (0x8A, "1 000 1010|FIN, no reserved bit, opcode A: Pong"),
        ] {
            let row = format!("{first:02x}|{meaning}");
            assert_explained(
                &[first, 0],
                "frame of 2 bytes",
                &[&row, "00|0 0000000|no MASK, length 0 (fits in 7 bits)"],
            );
        }
    }

    #[test]
    fn reserved_ones_are_shown_and_refused() {
        for opcode in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
            assert_refused(&[0x80 | opcode, 0], ProtocolError::ReservedOpcode);
            let text = explain(&[0x80 | opcode, 0]).to_string();
            assert!(text.contains(&format!("opcode {opcode:X}: reserved")), "{text}");
        }
    }

    #[test]
    fn reserved_bits_are_named_and_refused() {
        for (bits, names) in [(0x40, "RSV1"), (0x20, "RSV2"), (0x10, "RSV3"), (0x70, "RSV1, RSV2, RSV3")] {
            assert_refused(&[0x81 | bits, 0], ProtocolError::ReservedBitsSet);
            let text = explain(&[0x81 | bits, 0]).to_string();
            assert!(text.contains(&format!("FIN, {names}, opcode 1")), "{text}");
        }
    }
}

mod lengths {
    use super::*;

    #[test]
    fn in_7_16_and_64_bits() {
        assert_explained(
            b"\x82\x01\xAB",
            "frame of 3 bytes",
            &[
                "82|1 000 0010|FIN, no reserved bit, opcode 2: binary, a whole message",
                "01|0 0000001|no MASK, length 1 (fits in 7 bits)",
                "ab|.|payload",
            ],
        );
        let of_126 = explain(b"\x82\x7E\x00\x7E").to_string();
        assert!(of_126.starts_with("frame of 130 bytes\n"), "{of_126}");
        assert!(of_126.contains(
            "\n7e                       0 1111110   no MASK, 126: the length is in the next 16 bits"
        ));
        assert!(of_126.contains("\n00 7e                                length 126\n"), "{of_126}");
        let of_65536 = explain(b"\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00").to_string();
        assert!(of_65536.starts_with("frame of 65546 bytes\n"), "{of_65536}");
        assert!(of_65536.contains("no MASK, 127: the length is in the next 64 bits"), "{of_65536}");
        assert!(of_65536.contains("\n00 00 00 00 00 01 00 00              length 65536\n"), "{of_65536}");
    }

    #[test]
    fn of_2_to_the_32_plus_5_is_not_5() {
        let text = explain(b"\x82\x7F\x00\x00\x00\x01\x00\x00\x00\x05Hello").to_string();
        assert!(text.starts_with("frame of 4294967311 bytes\n"), "{text}");
        assert!(text.ends_with("\nunfinished: 4294967296 bytes to come"), "{text}");
    }

    #[test]
    fn not_in_their_shortest_form_are_refused() {
        assert_refused(b"\x82\xFE\x00\x05", ProtocolError::NonMinimalLength);
        assert_refused(b"\x82\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF", ProtocolError::NonMinimalLength);
        assert_refused(b"\x82\x7F\x80\x00\x00\x00\x00\x00\x00\x00", ProtocolError::LengthMsbSet);
    }
}

mod payloads {
    use super::*;

    /// §5.7
    #[test]
    fn masked_ones_are_unmasked() {
        assert_explained(
            &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
            "frame of 11 bytes",
            &[
                "81|1 000 0001|FIN, no reserved bit, opcode 1: text, a whole message",
                "85|1 0000101|MASK, length 5 (fits in 7 bits)",
                "37 fa 21 3d||masking key",
                "7f 9f 4d 51 58|Hello|48 65 6c 6c 6f  payload",
            ],
        );
    }

    #[test]
    fn of_more_than_eight_bytes_take_more_lines() {
        assert_explained(
            "\u{81}naïve \"text\"\n".as_bytes().strip_prefix(b"\xC2").expect("two bytes"),
            "frame of 112 bytes",
            &[
                "81|1 000 0001|FIN, no reserved bit, opcode 1: text, a whole message",
                "6e|0 1101110|no MASK, length 110 (fits in 7 bits)",
                "61 c3 af 76 65 20 22 74|a..ve \"t|payload",
                "65 78 74 22 0a|ext\".|",
                "text: aïve \"text\"\\n",
                "unfinished: 97 bytes to come",
            ],
        );
    }

    #[test]
    fn of_more_than_128_bytes_are_cut_short() {
        let frame = [&b"\x81\x7E\x02\x00"[..], &[b'a'; 512]].concat();
        let text = explain(&frame).to_string();
        assert_eq!(text.matches("61 61 61 61 61 61 61 61  aaaaaaaa").count(), 16, "{text}");
        assert!(text.contains("\n... and 384 bytes more\n"), "{text}");
        assert_eq!(text.lines().last(), Some(format!("text: {}...", "a".repeat(128)).as_str()));
    }

    #[test]
    fn that_are_not_utf8_are_refused_as_text_alone() {
        assert_refused(b"\x81\x03\x61\xFF\x62", ProtocolError::InvalidUtf8);
        assert_refused(b"\x81\x02\x61\xC3", ProtocolError::InvalidUtf8);
        assert_refused(
            &[&b"\x81\x7E\x01\x00"[..], &[b'a'; 255], b"\xC3"].concat(),
            ProtocolError::InvalidUtf8,
        );
        for fine in [&b"\x01\x02\x61\xC3"[..], b"\x80\x02\xA9\x61", b"\x82\x01\xFF", b"\x89\x01\xFF"] {
            assert_eq!(explain(fine).error(), None, "{fine:02x?}");
        }
        let masked = b"\x81\x84\x01\x02\x03\x04\xC2\xAB\x02\xAD";
        assert_eq!(explain(masked).error(), Some(ProtocolError::InvalidUtf8));
        assert_eq!(explain(b"\x81\x82\x01\x02\x03\x04\xC2\xAB").error(), None, "é");
    }
}

mod control_frames {
    use super::*;

    #[test]
    fn too_long_or_in_pieces_are_refused() {
        for opcode in [8, 9, 0xA] {
            assert_refused(&[opcode, 0], ProtocolError::FragmentedControlFrame);
            assert_refused(&[0x80 | opcode, 126], ProtocolError::ControlFrameTooLong);
            assert_refused(&[0x80 | opcode, 127], ProtocolError::ControlFrameTooLong);
        }
    }

    #[test]
    fn of_125_bytes_are_shown_to_their_end() {
        let text = explain(&[&b"\x89\x7D"[..], &[7; 125]].concat()).to_string();
        assert_eq!(text.matches("07").count(), 125, "{text}");
        assert_eq!(text.lines().last(), Some("07 07 07 07 07           ....."));
    }

    #[test]
    fn a_close_without_a_code() {
        let lines = [
            "88|1 000 1000|FIN, no reserved bit, opcode 8: Close",
            "00|0 0000000|no MASK, length 0 (fits in 7 bits)",
        ];
        assert_explained(b"\x88\x00", "frame of 2 bytes", &lines);
    }

    #[test]
    fn a_close_with_a_code_and_a_reason() {
        assert_explained(
            b"\x88\x88\x01\x02\x03\x04\x02\xEA\x61\x7D\x64\xC1\xAA\x04",
            "frame of 14 bytes",
            &[
                "88|1 000 1000|FIN, no reserved bit, opcode 8: Close",
                "88|1 0001000|MASK, length 8 (fits in 7 bits)",
                "01 02 03 04||masking key",
                "02 ea|1000|03 e8  close code: normal closure",
                "61 7d 64 c1 aa 04|bye...|62 79 65 c3 a9 00  close reason",
                "text: byeé\\0",
            ],
        );
    }

    #[test]
    fn every_code_has_a_meaning() {
        for (code, meaning) in [
            (1001, "going away"),
            (1002, "protocol error"),
            (1009, "message too big"),
            (1015, "TLS handshake, never on the wire"),
            (3000, "a library's or framework's own"),
            (4999, "an application's own"),
            (0, "without a meaning"),
            (5000, "without a meaning"),
        ] {
            let [high, low] = u16::to_be_bytes(code);
            let text = explain(&[0x88, 2, high, low]).to_string();
            assert!(text.contains(&format!("{code:<12}close code: {meaning}")), "{text}");
        }
    }

    #[test]
    fn a_close_that_is_broken_is_shown_and_refused() {
        assert_refused(b"\x88\x01\x03", ProtocolError::CloseFrameTooShort);
        assert_refused(b"\x88\x02\x03\xED", ProtocolError::InvalidCloseCode);
        assert_refused(b"\x88\x03\x03\xE8\xFF", ProtocolError::InvalidUtf8);
    }
}

mod what_is_not_a_whole_frame {
    use super::*;

    #[test]
    fn nothing() {
        assert_eq!(explain(b"").to_string(), "no byte of a frame");
        assert_eq!((explain(b"").frame_len(), explain(b"").error()), (None, None));
    }

    /// Every beginning says what is missing.
    #[test]
    fn the_beginning_of_one() {
        let frame = [&b"\x82\xFE\x00\x80\x01\x02\x03\x04"[..], &[0; 128]].concat();
        for len in 1..8 {
            let text = explain(&frame[..len]).to_string();
            assert_eq!(text.lines().last(), Some("unfinished: the header goes on"), "{text}");
            assert_eq!(explain(&frame[..len]).frame_len(), None);
        }
        for len in 8..frame.len() {
            let missing = frame.len() - len;
            let bytes = if missing == 1 { "byte" } else { "bytes" };
            let text = explain(&frame[..len]).to_string();
            assert_eq!(text.lines().last(), Some(format!("unfinished: {missing} {bytes} to come").as_str()));
            assert!(text.starts_with(&format!("{HEAD}136 bytes\n")), "{text}");
        }
        assert!(!explain(&frame).to_string().contains("unfinished"));
    }

    #[test]
    fn one_with_another_behind_it() {
        let two = b"\x89\x01?\x81\x02hi";
        let first = explain(two);
        assert_eq!((first.frame_len(), first.rest()), (Some(3), &two[3..]));
        assert_eq!(first.to_string().lines().last(), Some("4 bytes after this frame"));
        let second = explain(first.rest());
        assert_eq!((second.frame_len(), second.rest()), (Some(4), &b""[..]));
    }
}
