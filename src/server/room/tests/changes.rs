//! Who gets what, whoever comes, goes and speaks, however it is cut into batches.

use super::*;

/// What may happen to a room with three members in it.
fn alphabet() -> Vec<Op> {
    vec![
        Op::Relay(0, b"a".to_vec()),
        Op::Relay(1, b"bb".to_vec()),
        Op::Answer(0, b"ping".to_vec()),
        Op::Answer(3, b"late".to_vec()),
        Op::Join { name: Some("d\"\\"), history: 2 },
        Op::Join { name: None, history: 9 },
        Op::Leave(0),
        Op::Close(1),
        Op::Leave(3),
        Op::CloseAll,
    ]
}

pub(super) fn play(ops: impl IntoIterator<Item = Op>) {
    let mut play = Play::new(3, 1 << 20);
    for name in [Some("alice"), Some("bob"), None] {
        play.act(&Op::Join { name, history: 0 });
    }
    play.act(&Op::Flush);
    ops.into_iter().for_each(|op| play.act(&op));
    play.act(&Op::Flush);
    play.assert_as_expected();
    play.end();
    play.assert_as_expected();
}

/// Every sequence of `len`, in every way to cut it into batches.
pub(super) fn every_sequence(alphabet: &[Op], len: u32, cuts: impl IntoIterator<Item = usize> + Clone) {
    for sequence in 0..alphabet.len().pow(len) {
        let ops: Vec<_> =
            (0..len).map(|n| &alphabet[sequence / alphabet.len().pow(n) % alphabet.len()]).collect();
        for cut in cuts.clone() {
            let flushes = |n: usize| (cut >> n & 1 == 1).then_some(Op::Flush);
            play(ops.iter().enumerate().flat_map(|(n, op)| [Some((*op).clone()), flushes(n)]).flatten());
        }
    }
}

#[test]
fn every_sequence_of_three_in_every_batch() {
    every_sequence(&alphabet(), 3, 0..4);
}

#[test]
fn every_sequence_of_four_in_one_batch_and_in_two() {
    every_sequence(&alphabet(), 4, [0, 0b10]);
}

#[test]
fn long_sequences() {
    let mut random = Random(1);
    for _ in 0..1000 {
        let mut here = 3;
        let ops: Vec<_> = (0..60)
            .map(|n| {
                let who = random.below(here) as u64;
                match random.below(14) {
                    0 => Op::Leave(who),
                    1 => Op::Close(who),
                    2 | 3 => {
                        here += 1;
                        Op::Join {
                            name: [None, Some("é"), Some("x")][random.below(3)],
                            history: random.below(5),
                        }
                    }
                    4..=6 => Op::Answer(who, vec![n; random.below(126)]),
                    7 | 8 => Op::Flush,
                    _ => Op::Relay(who, vec![n; random.below(300)]),
                }
            })
            .collect();
        play(ops);
    }
}

/// Large shares go out in pieces; the order is the same.
#[test]
fn large_messages() {
    let mut random = Random(2);
    for _ in 0..30 {
        let sizes = [1, 125, 126, 65535, 65536, 65537, 40_000, 30_000];
        let ops: Vec<_> = (0..12)
            .map(|n| Op::Relay(random.below(4) as u64, vec![b'a' + n; sizes[random.below(sizes.len())]]))
            .collect();
        play(ops);
    }
}

/// Everything for one member in a batch goes out in one send, whoever spoke and came.
#[test]
fn one_send_per_member_and_batch() {
    let mut play = Play::new(3, 1 << 20);
    for _ in 0..3 {
        play.act(&Op::Join { name: Some("n"), history: 0 });
    }
    play.act(&Op::Flush);
    let before: Vec<_> = play.wires.iter().map(|wire| wire.taken().sends.0).collect();
    for n in 0..30 {
        play.act(&Op::Relay(n % 2, vec![n as u8; 100]));
        play.act(&Op::Answer(n % 2, vec![n as u8]));
    }
    play.act(&Op::Join { name: Some("m"), history: 3 });
    play.act(&Op::Flush);
    for (wire, before) in play.wires.iter().zip(before) {
        assert_eq!(wire.taken().sends.0, before + 1);
    }
    play.assert_as_expected();
    play.end();
}
