//! What is kept and what is given back.

use super::*;
use crate::server::room::lock;

/// At most 256 KiB, headers and entries included; at most so many messages; what is too large for itself leaves nothing.
#[test]
fn a_history_has_two_bounds() {
    const K: usize = 1024;
    // A long header and an entry, a short one and an entry.
    const LONG: usize = 10 + 16;
    const SHORT: usize = 2 + 16;
    for (kept, sizes) in [
        (3, vec![100 * K, 100 * K, 56 * K - 2 * LONG - 4 - 16]),
        (3, vec![100 * K, 100 * K, 56 * K - 2 * LONG - 4 - 16 + 1]),
        (3, vec![1, 256 * K - LONG]),
        (3, vec![1, 256 * K - LONG - SHORT - 1]),
        (3, vec![1, 2, 256 * K - LONG + 1]),
        (3, vec![1, 256 * K, 2, 3]),
        (2, vec![1, 2, 3, 4, 5]),
        (0, vec![1, 2]),
        (300, (0..300).collect()),
    ] {
        for batched in [false, true] {
            for asked in [0, 1, 2, 3, 1000] {
                // Far enough for everything to be queued.
                let mut play = Play::new(kept, 64 << 20);
                play.act(&Op::Join { name: None, history: 0 });
                for (n, size) in sizes.iter().enumerate() {
                    play.relay(0, &vec![n as u8; *size]);
                    if !batched {
                        play.act(&Op::Flush);
                    }
                }
                play.act(&Op::Join { name: None, history: asked });
                play.relay(0, b"new");
                play.act(&Op::Flush);
                play.assert_as_expected();
                let (frames, rest) = received::read(play.naive.said_to(1));
                assert!(rest == 0 && frames.len() <= asked.min(kept) + 1);
                play.end();
            }
        }
    }
}

/// Messages of nothing take memory as well: so many of them are kept as there is room for their headers and entries.
#[test]
fn a_history_of_empty_messages_is_bounded() {
    const KEPT: usize = 256 * 1024 / (2 + 16);
    let mut play = Play::new(usize::MAX, 64 << 20);
    play.act(&Op::Join { name: None, history: 0 });
    for _ in 0..KEPT + 100 {
        play.room.relay(MemberId(0), &received::write(TEXT, b""), || {});
    }
    let late = play.join(None, usize::MAX, Behaviour::default());
    play.act(&Op::Flush);
    assert_eq!(received::read_whole(&late.taken().bytes[GREETING.len()..]).len(), KEPT);
}

/// Announcements that nobody is kept for do not pile up between the messages that are.
#[test]
fn announcements_do_not_fill_the_log() {
    let mut play = Play::new(5, 64 << 20);
    play.act(&Op::Join { name: Some("host"), history: 0 });
    play.relay(0, b"the first of all");
    for n in 1..5000 {
        play.act(&Op::Join { name: Some("a name as long as a name may be!"), history: 0 });
        play.act(&Op::Leave(n));
        play.act(&Op::Flush);
        let held = lock(&play.room.writer).held();
        assert!(held < 256 * 1024, "{held} bytes held after {n} have come and gone");
    }
    play.act(&Op::Join { name: None, history: 5 });
    play.act(&Op::Flush);
    assert_eq!(play.naive.said_to(5000), received::write(TEXT, b"the first of all"));
    play.assert_as_expected();
    play.end();
}

/// A batch that was large leaves no memory behind in a room that is quiet.
#[test]
fn a_quiet_room_holds_little_memory() {
    let mut play = Play::new(0, 64 << 20);
    play.act(&Op::Join { name: None, history: 0 });
    play.act(&Op::Flush);
    assert!(!play.room.holds_memory());
    for n in 0..60 {
        play.act(&Op::Relay(0, vec![n; 1000]));
    }
    play.act(&Op::Flush);
    assert!(play.room.holds_memory());
    play.act(&Op::Relay(7, b"not quiet".to_vec()));
    play.room.shrink();
    assert!(play.room.holds_memory());
    play.act(&Op::Flush);
    play.room.shrink();
    assert!(!play.room.holds_memory());
    assert!(lock(&play.room.queue).batch.capacity() < 8 * 1024);
    assert!(!lock(&play.room.writer).is_oversized());
    play.act(&Op::Relay(7, b"on".to_vec()));
    play.act(&Op::Flush);
    play.assert_as_expected();
    play.end();
}

/// Hundreds who come, talk and go in one batch are told what is theirs, and it is never held for all of them at once.
#[test]
fn a_crowd_is_told_a_few_at_a_time() {
    let mut play = Play::new(50, 64 << 20);
    play.act(&Op::Join { name: Some("host"), history: 0 });
    for _ in 0..50 {
        play.relay(0, &[b'h'; 5000]);
        play.act(&Op::Flush);
    }
    for n in 1..=300 {
        play.act(&Op::Join { name: Some("a name as long as a name may be!"), history: 50 * (n % 2) });
        play.act(&Op::Answer(n as u64, vec![b'p'; 100]));
        match n % 20 {
            3 => play.act(&Op::Leave(n as u64 / 3)),
            7 => play.act(&Op::Close(n as u64 - 1)),
            11 => play.relay(n as u64 / 2, b"hello"),
            _ => {}
        }
    }
    play.act(&Op::Flush);
    play.assert_as_expected();
    let told: usize = play.wires.iter().map(|wire| wire.taken().bytes.len()).sum();
    let held = lock(&play.room.writer).held();
    assert!(told > 30_000_000 && held < 2_000_000, "{held} bytes held to tell {told}");
    play.end();
}

/// A room is posted through, however small its bounds.
#[test]
fn a_room_with_the_smallest_bounds() {
    for max_lag in [1, 15, 16, 100] {
        let mut play = Play::new(0, max_lag);
        play.act(&Op::Join { name: None, history: 0 });
        for n in 0..100 {
            play.act(&Op::Relay(7, vec![n; 50]));
        }
        play.act(&Op::Flush);
        play.assert_as_expected();
        play.end();
    }
}
