//! Wires that take less than they are given.

use std::io::ErrorKind;

use super::*;
use crate::server::room::pending::PART_LEN;

const FAR: usize = 1 << 20;

/// Three batches to three members, the last of which behaves as it likes; what it is to get, its greeting apart, and then
/// everyone's end.
fn talk(max_lag: usize, behaviour: Behaviour) -> (Play, Arc<MockWire>) {
    let mut play = Play::new(5, max_lag);
    play.act(&Op::Join { name: None, history: 0 });
    play.act(&Op::Join { name: None, history: 0 });
    let wire = play.join(None, 0, behaviour);
    play.act(&Op::Flush);
    for batch in 0..3_u8 {
        for n in 0..3 {
            play.act(&Op::Relay(n, vec![batch; 1 + n as usize]));
        }
        play.act(&Op::Answer(2, vec![batch]));
        play.act(&Op::Flush);
    }
    (play, wire)
}

/// How many bytes that one gets, its Close included.
fn talk_len() -> usize {
    let (mut play, wire) = talk(FAR, Behaviour::default());
    play.end();
    wire.taken().bytes.len()
}

/// Nothing is taken at any one byte; what follows comes in pieces of every size, interrupted or not.
#[test]
fn a_stall_at_every_byte() {
    for at in 0..talk_len() {
        for some in [None, Some(1), Some(3)] {
            let stalls_at = Some(at);
            let (mut play, _) =
                talk(FAR, Behaviour { stalls_at, some, interrupts: at % 2 == 0, ..Behaviour::default() });
            play.end();
            play.assert_as_expected();
        }
    }
}

/// Again and again: behind, caught up, written to directly, behind.
#[test]
fn stalls_again_and_again() {
    for every in 1..=talk_len() {
        let (mut play, _) = talk(FAR, Behaviour { stalls_every: Some(every), ..Behaviour::default() });
        play.end();
        play.assert_as_expected();
    }
}

/// The same where it is waited for in between: each batch finds the member caught up.
#[test]
fn caught_up_before_every_batch() {
    let mut play = Play::new(0, FAR);
    play.act(&Op::Join { name: None, history: 0 });
    let wire = play.join(None, 0, Behaviour { stalls_every: Some(7), ..Behaviour::default() });
    for n in 0..20 {
        play.act(&Op::Relay(0, vec![n; 10]));
        play.act(&Op::Flush);
        let len = play.naive.members[1].stream.len();
        wire.wait_until(|taken| taken.bytes.len() == len);
    }
    let (directly, behind) = wire.taken().sends;
    assert!(directly > 1 && behind > 1, "{directly} and {behind}");
    play.end();
    play.assert_as_expected();
}

/// The connection breaks at any one byte, under the writer or under the backlog: no byte more, no orderly end.
#[test]
fn a_break_at_every_byte() {
    let kinds = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::NotConnected];
    for at in 0..talk_len() {
        for (kind, stalls_at) in kinds.into_iter().zip([None, Some(0), Some(at.saturating_sub(1))]) {
            let behaviour =
                Behaviour { stalls_at, breaks_at: Some((at, kind)), some: Some(5), ..Behaviour::default() };
            let (mut play, wire) = talk(FAR, behaviour);
            play.end();
            let taken = wire.taken();
            let expected = &play.naive.members[2].stream;
            assert!(taken.cut && !taken.ended && taken.lagged == 0);
            assert_eq!(show(&taken.bytes), show(&expected[..at]));
            for healthy in 0..2 {
                assert_eq!(
                    show(&play.wires[healthy].taken().bytes),
                    show(&play.naive.members[healthy].stream)
                );
            }
            assert!(!play.room.is_someone_far_behind());
        }
    }
}

/// Held, it takes nothing: it is far behind above half its bound, and dropped above its bound, exactly.
#[test]
fn the_bound_is_exact() {
    for greeting_taken in [0, 5, GREETING.len()] {
        let mut play = Play::new(0, 400);
        play.act(&Op::Join { name: None, history: 0 });
        let behaviour = Behaviour { stalls_at: Some(greeting_taken), holds: true, ..Behaviour::default() };
        let slow = play.join(None, 0, behaviour);
        let max = 400 + GREETING.len() + PART_LEN;
        let is_greeted = greeting_taken == GREETING.len();
        play.act(&Op::Flush);
        // One part is what has been said, another what is left of the greeting.
        let mut pending = GREETING.len() - greeting_taken + PART_LEN * if is_greeted { 1 } else { 2 };
        while pending + 10 <= max {
            play.act(&Op::Relay(0, vec![0; 8]));
            play.act(&Op::Flush);
            pending += 10;
            assert_eq!(play.room.is_someone_far_behind(), pending > max / 2, "{pending} of {max}");
            assert!(!slow.taken().cut);
        }
        // The rest of the bound, to the last byte, and one more.
        if max - pending >= 2 {
            play.act(&Op::Relay(0, vec![0; max - pending - 2]));
            play.act(&Op::Flush);
            assert!(!slow.taken().cut);
        }
        play.act(&Op::Relay(0, vec![0; 1]));
        play.act(&Op::Flush);
        play.act(&Op::Relay(0, vec![0; 1]));
        play.act(&Op::Flush);
        let taken = slow.taken();
        assert!(taken.cut && !taken.ended);
        assert_eq!(taken.lagged, 1);
        assert!(play.naive.members[1].stream.starts_with(&taken.bytes));
        assert!(!play.room.is_someone_far_behind());
        play.end();
        assert_eq!(slow.taken().lagged, 1);
    }
}

/// Whoever lags costs the others nothing: they have everything while it is held.
#[test]
fn nobody_waits_for_one_who_is_held() {
    for at in 0..talk_len() - 7 {
        let (mut play, slow) =
            talk(FAR, Behaviour { stalls_at: Some(at), holds: true, ..Behaviour::default() });
        for healthy in 0..2 {
            assert_eq!(show(&play.wires[healthy].taken().bytes), show(&play.naive.members[healthy].stream));
        }
        // Its Close waits with it.
        play.act(&Op::Close(2));
        play.act(&Op::Flush);
        let taken = slow.taken();
        assert!(!taken.ended && !taken.cut && taken.bytes.len() <= at);
        slow.let_go();
        play.end();
        play.assert_as_expected();
    }
}

/// A farewell that does not wait is sent at once, or the connection is cut without it.
#[test]
fn a_farewell_that_does_not_wait() {
    let at_once = Farewell { waits: false, ..GOODBYE };
    for (stalls_at, is_sent) in [(None, true), (Some(0), false), (Some(20), false)] {
        let (mut play, wire) = talk(FAR, Behaviour { stalls_at, holds: true, ..Behaviour::default() });
        play.room.leave(MemberId(2), Some(at_once));
        play.act(&Op::Flush);
        let taken = wire.taken();
        assert_eq!((taken.ended, taken.cut), (is_sent, !is_sent));
        assert_eq!(metric(&play.metrics, "closes_total{code=\"1001\"}"), is_sent.into());
        if is_sent {
            play.naive.leave(2, Some(at_once));
            assert_eq!(show(&taken.bytes), show(&play.naive.members[2].stream));
        }
        play.end();
    }
}

/// Held while the room is closed, and while it leaves.
#[test]
fn a_room_is_closed_over_one_who_is_held() {
    let (mut play, slow) = talk(FAR, Behaviour { stalls_at: Some(30), holds: true, ..Behaviour::default() });
    play.act(&Op::CloseAll);
    play.act(&Op::Flush);
    assert!(!slow.taken().ended);
    slow.let_go();
    play.end();
    play.assert_as_expected();

    let (mut play, slow) = talk(1000, Behaviour { stalls_at: Some(0), holds: true, ..Behaviour::default() });
    play.act(&Op::Relay(0, vec![0; 450]));
    play.act(&Op::Flush);
    assert!(play.room.is_someone_far_behind());
    play.act(&Op::Leave(2));
    play.act(&Op::Flush);
    assert!(slow.taken().cut && !play.room.is_someone_far_behind());
    play.end();
}

/// Directly, held, let go, directly: many times, at random places.
#[test]
fn long_talks_with_one_who_stalls() {
    let mut random = Random(3);
    for round in 0..200 {
        let mut play = Play::new(0, FAR);
        play.act(&Op::Join { name: Some("a"), history: 0 });
        let behaviour = Behaviour {
            stalls_every: Some(1 + random.below(500)),
            some: Some(1 + random.below(500)),
            ..Behaviour::default()
        };
        let slow = play.join(Some("b"), 0, behaviour);
        for n in 0..40_u8 {
            match random.below(8) {
                0 => slow.hold(),
                1 => slow.let_go(),
                2 => play.act(&Op::Join { name: Some("c"), history: 0 }),
                3 => play.act(&Op::Leave(2 + random.below(5) as u64)),
                _ => play.act(&Op::Relay(random.below(2) as u64, vec![n; random.below(200)])),
            }
            if random.below(2) == 0 {
                play.act(&Op::Flush);
            }
        }
        slow.let_go();
        play.end();
        play.assert_as_expected();
        assert_eq!(Arc::strong_count(&play.room), 1, "round {round}");
    }
}
