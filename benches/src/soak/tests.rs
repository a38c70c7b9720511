//! The ledger itself: it sees what it is there to see.

use super::ledger::Ledger;
use super::message::{Bodies, Seen};
use super::random::Random;
use super::score::Score;
use crate::frame::{BINARY, TEXT};

const SENDER: u64 = 1;
const READER: u64 = 2;

struct Room {
    ledger: Ledger,
    score: Score,
}

impl Room {
    /// The reader joins after `before` messages, asking for `history` of them; then so many more are posted and observed.
    fn new(before: usize, history: usize, after: usize) -> (Room, Vec<Seen>) {
        let mut room = Room { ledger: Ledger::new(1), score: Score::new().unwrap() };
        let mut all = room.post(before);
        room.ledger.join(READER, room.ledger.end(), history);
        all.extend(room.post(after));
        (room, all)
    }

    fn post(&mut self, count: usize) -> Vec<Seen> {
        let posted: Vec<Seen> = (0..count).map(|_| self.ledger.post(0, SENDER, 20, TEXT)).collect();
        posted.iter().for_each(|&seen| self.ledger.observed(seen, &mut self.score));
        posted
    }

    /// Lost, duplicated, reordered and strange ones.
    fn play(mut self, received: &[Seen]) -> [u64; 4] {
        received.iter().for_each(|&seen| self.ledger.received(READER, seen, &mut self.score));
        self.ledger.leave(READER);
        self.ledger.gone(READER, &mut self.score);
        assert_eq!(self.ledger.open_readers(), 0);
        [self.score.lost, self.score.duplicated, self.score.reordered, self.score.strange]
    }
}

#[test]
fn what_was_asked_for_and_what_came_after() {
    for history in [0, 1, 3, 5] {
        let (room, all) = Room::new(5, history, 4);
        assert_eq!(room.play(&all[5 - history..]), [0; 4]);
    }
    let (room, all) = Room::new(5, 9, 4);
    assert_eq!(room.play(&all), [0; 4], "no more than there are");
}

#[test]
fn a_hole_a_double_another_order() {
    let (room, all) = Room::new(2, 0, 4);
    assert_eq!(room.play(&[all[2], all[3], all[5]]), [1, 0, 0, 0]);
    let (room, all) = Room::new(2, 0, 4);
    assert_eq!(room.play(&all[2..5]), [1, 0, 0, 0], "the last");
    let (room, _) = Room::new(2, 0, 4);
    assert_eq!(room.play(&[]), [4, 0, 0, 0], "all");
    let (room, all) = Room::new(2, 0, 4);
    assert_eq!(room.play(&[all[2], all[3], all[3], all[4], all[5]]), [0, 1, 0, 0]);
    let (room, all) = Room::new(2, 0, 4);
    assert_eq!(room.play(&[all[2], all[4], all[3], all[5]]), [0, 0, 1, 0]);
}

#[test]
fn a_wrong_beginning() {
    let (room, all) = Room::new(2, 0, 4);
    assert_ne!(room.play(&all[3..]), [0; 4], "too late");
    let (room, all) = Room::new(2, 0, 4);
    assert_ne!(room.play(&all[1..]), [0; 4], "too early");
    let (room, all) = Room::new(3, 2, 4);
    assert_ne!(room.play(&all[2..]), [0; 4], "less history than there is");
}

#[test]
fn whole_messages_only() {
    let bodies = Bodies::new(64, &mut Random::new(1));
    let mut ledger = Ledger::new(40);
    for opcode in [TEXT, BINARY] {
        for len in 1..60 {
            let seen = ledger.post(39, SENDER, len, opcode);
            let mut payload = bodies.payload(&seen);
            assert!(opcode == BINARY || std::str::from_utf8(&payload).is_ok());
            assert!(bodies.read(opcode, &payload).is_some_and(|read| read == seen && read.sender() == 39));
            payload[len - 1] ^= 1;
            assert!(bodies.read(opcode, &payload).is_none_or(|read| read != seen));
        }
    }
}
