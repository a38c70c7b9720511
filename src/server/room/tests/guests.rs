//! What comes from other servers: messages to everyone, and guests, who have names and no wires.

use super::changes::{every_sequence, play};
use super::*;

pub(super) fn act(play: &mut Play, op: &Op) {
    match op {
        Op::FromElsewhere(payload) => {
            // From someone that no member is.
            play.naive.relay(u64::MAX, payload);
            play.room.relay(super::super::NOBODY, &received::write(TEXT, payload), || {});
        }
        Op::GuestComes(client, name) => {
            play.naive.guest_comes(*client, name);
            let id = play.room.admit_guest(name);
            play.guests.insert(*client, id);
        }
        Op::GuestGoes(client) => {
            play.naive.guest_goes(*client);
            if let Some(id) = play.guests.remove(client) {
                play.room.leave(id, None);
            }
        }
        _ => unreachable!("a member's own"),
    }
}

/// What may happen to a room with three members in it, and other servers.
fn alphabet() -> Vec<Op> {
    vec![
        Op::FromElsewhere(b"far".to_vec()),
        Op::GuestComes(1, "guest"),
        Op::GuestGoes(1),
        Op::GuestComes(2, "\"\\"),
        Op::Relay(0, b"near".to_vec()),
        Op::Answer(1, b"ping".to_vec()),
        Op::Join { name: Some("d"), history: 2 },
        Op::Leave(0),
        Op::Close(1),
        Op::CloseAll,
    ]
}

/// A guest that is known does not come again: the rooms see to it.
fn is_possible(ops: &[Op]) -> bool {
    let comes = |client| {
        let changes = ops.iter().filter_map(move |op| match op {
            Op::GuestComes(other, _) if *other == client => Some(true),
            Op::GuestGoes(other) if *other == client => Some(false),
            _ => None,
        });
        changes.collect::<Vec<_>>()
    };
    [1, 2].map(comes).iter().all(|changes| changes.windows(2).all(|two| two != [true, true]))
}

#[test]
fn every_sequence_of_three_in_every_batch() {
    every_sequence(&alphabet(), 3, 0..4);
}

#[test]
fn long_sequences() {
    let mut random = Random(3);
    for _ in 0..1000 {
        let (mut here, mut guests) = (3, 0);
        let ops: Vec<_> = (0..60)
            .map(|n| {
                let who = random.below(here) as u64;
                match random.below(14) {
                    0 => Op::Leave(who),
                    1 => Op::Close(who),
                    2 => {
                        here += 1;
                        Op::Join {
                            name: [None, Some("é"), Some("x")][random.below(3)],
                            history: random.below(5),
                        }
                    }
                    3 | 4 => {
                        guests += 1;
                        Op::GuestComes(guests, ["a", "b", "ü"][random.below(3)])
                    }
                    5 => Op::GuestGoes(random.below(guests as usize + 1) as u64),
                    6 | 7 => Op::Flush,
                    8 | 9 => Op::Relay(who, vec![n; random.below(300)]),
                    _ => Op::FromElsewhere(vec![n; random.below(300)]),
                }
            })
            .collect();
        assert!(is_possible(&ops));
        play(ops);
    }
}

/// Names in order of arrival, guests among them, told to one who comes into a room that guests were in before.
#[test]
fn guests_that_were_there_first() {
    let mut play = Play::new(3, 1 << 20);
    for op in [
        Op::GuestComes(1, "first"),
        Op::GuestComes(2, "second"),
        Op::Join { name: Some("third"), history: 0 },
        Op::Join { name: None, history: 0 },
        Op::GuestComes(3, "fourth"),
        Op::Join { name: Some("fifth"), history: 0 },
    ] {
        play.act(&op);
    }
    play.act(&Op::Flush);
    play.assert_as_expected();
    let told = show(play.naive.said_to(2));
    assert!(told.contains(r#"\"online\":5,\"names\":[\"first\",\"second\",\"third\",\"fourth\"]"#), "{told}");
    play.end();
}

/// One who falls behind what comes from elsewhere is as far behind as behind anyone.
#[test]
fn one_that_lags() {
    let mut play = Play::new(0, 1000);
    let stalled = play.join(
        None,
        0,
        Behaviour { stalls_at: Some(GREETING.len()), holds: true, ..Behaviour::default() },
    );
    play.act(&Op::Flush);
    for _ in 0..6 {
        play.act(&Op::FromElsewhere(vec![b'x'; 100]));
        play.act(&Op::Flush);
    }
    assert!(play.room.is_someone_far_behind());
    for _ in 0..6 {
        play.act(&Op::FromElsewhere(vec![b'x'; 100]));
        play.act(&Op::Flush);
    }
    stalled.wait_until(|taken| taken.cut);
    assert_eq!(stalled.taken().lagged, 1);
}
