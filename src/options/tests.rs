//! Numbers, sizes and times, as they are written and as they are not.

use super::*;

#[test]
fn seconds_are_whole_or_have_decimals() {
    let table = [
        ("0", 0, 0),
        ("5", 5, 0),
        ("005", 5, 0),
        ("0.5", 0, 500_000_000),
        ("5.0", 5, 0),
        ("5.000000000", 5, 0),
        ("1.25", 1, 250_000_000),
        ("0.000000001", 0, 1),
        ("0.123456789", 0, 123_456_789),
        // What is finer than a nanosecond is cut off, but never to nothing.
        ("0.1234567899", 0, 123_456_789),
        ("0.0000000001", 0, 1),
        ("1.0000000009", 1, 1),
        ("0.0000000000", 0, 0),
        ("1000000000", 1_000_000_000, 0),
        ("1000000000.0", 1_000_000_000, 0),
        ("999999999.999999999", 999_999_999, 999_999_999),
    ];
    for (text, whole, nanos) in table {
        assert_eq!(secs(text), Ok(Duration::new(whole, nanos)), "{text}");
        let positive = (whole, nanos) != (0, 0);
        assert_eq!(positive_secs(text).is_ok(), positive, "{text}");
    }
}

#[test]
fn seconds_have_digits_on_both_sides_of_their_point() {
    let others = [
        "", ".", "5.", ".5", "5.x", "x.5", "5.5x", "5.x5", "5..5", "5.5.5", ".5.", "+5", "-5", "5.-5",
        "5.+5", " 5", "5 ", "5. 5", "5 .5", "5,5", "5e3", "5.5e3", "0x5", "1_0", "5s", "٥", "5.٥", "inf",
        "NaN",
    ];
    for text in others {
        assert!(secs(text).is_err(), "{text:?}");
        assert!(positive_secs(text).is_err(), "{text:?}");
    }
}

#[test]
fn seconds_are_thirty_years_at_most() {
    for text in ["1000000001", "1000000000.000000001", "18446744073709551615", "18446744073709551616", "9e99"]
    {
        assert!(secs(text).is_err(), "{text}");
    }
}

#[test]
fn sizes_are_counted_in_bytes_k_and_m() {
    let max = usize::MAX;
    for (text, size) in [("1", 1), ("65536", 65_536), ("64K", 65_536), ("1M", 1 << 20), ("007K", 7168)] {
        assert_eq!(bytes(text), Ok(size), "{text}");
    }
    assert_eq!(bytes(&max.to_string()), Ok(max));
    assert_eq!(bytes(&format!("{}K", max >> 10)), Ok(max >> 10 << 10));
    assert_eq!(bytes(&format!("{}M", max >> 20)), Ok(max >> 20 << 20));
    for text in [format!("{max}0"), format!("{}K", (max >> 10) + 1), format!("{}M", (max >> 20) + 1)] {
        assert!(bytes(&text).is_err(), "{text}");
    }
    for text in ["", "0", "0K", "K", "M", "64k", "64KB", "1G", "1.5K", "-1", "+1", " 1", "1 K", "K1", "1KK"] {
        assert!(bytes(text).is_err(), "{text}");
    }
}

#[test]
fn numbers_are_digits_alone() {
    assert_eq!((number("0"), number("42"), count("42")), (Ok(0_u32), Ok(42_u32), Ok(42_u32)));
    for text in ["", "+1", "-1", "1.0", "x", " 1", "1 ", "4294967296"] {
        assert!(number::<u32>(text).is_err() && count::<u32>(text).is_err(), "{text}");
    }
    assert!(count::<u32>("0").is_err() && count::<u32>("00").is_err());
}
