//! RFC 9110 §15.5.15, RFC 6585 §5: how long a head may be; exactly at each limit, and one over it.

use chinwag::protocol::handshake_error::HandshakeError::*;
use chinwag::protocol::head::Head;

use crate::requests::*;

/// A complete head of `len` bytes, most of them in one value.
fn head_of(len: usize) -> Vec<u8> {
    let (before, after) = ("GET / HTTP/1.1\r\na: ", "\r\n\r\n");
    [before, &"x".repeat(len - before.len() - after.len()), after].concat().into()
}

/// A complete head with a target of `len` bytes.
fn head_with_target(method: &str, start: &str, len: usize) -> Vec<u8> {
    let target = [start, &"x".repeat(len - start.len())].concat();
    head(&format!("{method} {target} HTTP/1.1"), &[])
}

#[test]
fn are_those_of_the_contract() {
    assert_eq!((Head::MAX_LEN, Head::MAX_TARGET, Head::MAX_HEADER_LINES), (16_384, 8_192, 100));
}

mod head_of_16_kib {
    use super::*;

    #[test]
    fn is_taken() {
        assert_falls(&head_of(16_383), None);
        assert_falls(&head_of(16_384), None);
    }

    #[test]
    fn and_a_byte_is_refused_at_that_byte() {
        for len in 16_385..16_395 {
            assert_falls(&head_of(len)[..16_385], Some(HeadTooLarge));
        }
    }

    #[test]
    fn is_counted_from_the_request_line() {
        assert_falls(&[b"\r\n", &head_of(16_384)[..]].concat(), None);
        assert_falls(&[b"\r\n", &head_of(16_385)[..]].concat(), Some(HeadTooLarge));
    }

    #[test]
    fn may_be_full_of_anything() {
        let method = "x".repeat(16_385);
        let name = ["GET / HTTP/1.1\r\n", &"x".repeat(16_385)].concat();
        let lines = ["GET / HTTP/1.1\r\n", &["a:", &"b".repeat(1_000), "\r\n"].concat().repeat(20)].concat();
        for bytes in [method, name, lines] {
            assert_falls(&bytes.as_bytes()[..16_385], Some(HeadTooLarge));
        }
    }

    #[test]
    fn is_the_same_wherever_it_is_cut() {
        let (fits, exceeds) = (head_of(16_384), head_of(16_385));
        for cut in (0..16_384).step_by(97).chain(16_375..16_384) {
            let (first, second) = fits.split_at(cut);
            assert_eq!(scan([first, second]), Some((Ok(16_384), 16_384)), "cut at {cut}");
            let (first, second) = exceeds.split_at(cut);
            assert_eq!(scan([first, second]), Some((Err(HeadTooLarge), 16_385)), "cut at {cut}");
        }
    }

    #[test]
    fn says_nothing_about_what_comes_after_it() {
        let bytes = [head_of(16_384), vec![0; 100_000]].concat();
        assert_eq!(Head::new().scan(&bytes), Ok(Some(16_384)));
    }
}

mod target_of_8_kib {
    use super::*;

    const FORMS: [(&str, &str); 5] =
        [("GET", "/"), ("GET", "http://e/"), ("POST", "wss://e"), ("OPTIONS", "/"), ("CONNECT", "e")];

    #[test]
    fn is_taken_in_every_form() {
        for (method, start) in FORMS {
            assert_falls(&head_with_target(method, start, 8_191), None);
            assert_falls(&head_with_target(method, start, 8_192), None);
        }
    }

    #[test]
    fn and_a_byte_is_refused_at_that_byte() {
        for (method, start) in FORMS {
            for len in [8_193, 8_194, 20_000] {
                let bytes = head_with_target(method, start, len);
                assert_falls(&bytes[..method.len() + 1 + 8_193], Some(TargetTooLong));
            }
        }
    }

    #[test]
    fn is_counted_after_an_empty_line_too() {
        assert_falls(&[b"\r\n", &head_with_target("GET", "/", 8_192)[..]].concat(), None);
        let bytes = [b"\r\n", &head_with_target("GET", "/", 8_193)[..]].concat();
        assert_falls(&bytes[..2 + 4 + 8_193], Some(TargetTooLong));
    }

    /// Of two that fall at the same byte, the first in the order of precedence.
    #[test]
    fn and_a_byte_that_is_not_allowed_is_malformed() {
        let mut bytes = head_with_target("GET", "/", 8_193);
        bytes[4 + 8_192] = 0;
        assert_falls(&bytes[..4 + 8_193], Some(MalformedHead));
    }
}

mod header_lines {
    use super::*;

    #[test]
    fn up_to_100_are_taken() {
        for lines in 0..=100 {
            assert_falls(&head(REQUEST_LINE, &vec!["a:"; lines]), None);
        }
    }

    #[test]
    fn of_101_the_last_is_refused_at_its_first_byte() {
        let taken = head(REQUEST_LINE, &["a:"; 100]);
        let before = &taken[..taken.len() - 2];
        assert_falls(&[before, b"a"].concat(), Some(HeadTooLarge));
        assert_falls(&[before, b" "].concat(), Some(MalformedHead));
    }

    #[test]
    fn of_the_same_name_or_not_count_alike() {
        let names: Vec<String> = (0..101).map(|i| format!("name-{i}: value {i}")).collect();
        let lines: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_falls(&head(REQUEST_LINE, &lines[..100]), None);
        assert_eq!(Head::new().scan(&head(REQUEST_LINE, &lines)), Err(HeadTooLarge));
    }
}
