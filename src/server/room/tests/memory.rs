//! Rooms that share little memory.

use super::*;
use crate::server::memory::{Charge, Purpose, STALL};
use crate::server::metrics::Dropped;

const KIB: usize = 1024;

/// A wire that takes its greeting, and then nothing until it is let go.
const STALLED: Behaviour = Behaviour {
    stalls_at: Some(GREETING.len()),
    stalls_every: None,
    breaks_at: None,
    some: None,
    holds: true,
    interrupts: false,
    panics_at: None,
};

/// Members that stall at once, behind each other by as much as is said in between; then a fast one talks until memory is
/// short, and on.
#[test]
fn the_furthest_behind_is_dropped_first_and_the_others_get_everything() {
    let memory = Memory::new(512 * KIB, 8 * KIB);
    let mut play = Play::within(Arc::clone(&memory), 0, 64 << 20);
    play.act(&Op::Join { name: None, history: 0 });
    play.act(&Op::Join { name: None, history: 0 });
    let mut stalled = Vec::new();
    for _ in 0..3 {
        stalled.push(play.join(None, 0, STALLED));
        for _ in 0..10 {
            play.relay(0, &[b'.'; 8 * KIB]);
            play.act(&Op::Flush);
        }
    }
    let said = |play: &Play| play.naive.members[1].stream.len();
    for furthest in 0..3 {
        let before = said(&play);
        while stalled[furthest].taken().dropped.is_none() {
            play.relay(0, &[b'.'; 8 * KIB]);
            play.act(&Op::Flush);
            assert!(memory.used() <= memory.limit());
            assert!(said(&play) - before < 512 * KIB, "nobody is dropped for all that");
        }
        let dropped = stalled.iter().map(|wire| wire.taken().dropped);
        assert!(dropped.eq((0..3).map(|n| (n <= furthest).then_some(Dropped::Memory))), "{furthest}");
    }
    for healthy in 0..2 {
        assert_eq!(show(&play.wires[healthy].taken().bytes), show(&play.naive.members[healthy].stream));
    }
    assert!(!play.room.is_someone_far_behind());
    play.end();
}

/// What one that stalls is behind by itself: its Pongs.
#[test]
fn one_who_is_behind_by_its_own_alone_is_dropped_too() {
    let memory = Memory::new(256 * KIB, KIB);
    let mut play = Play::within(Arc::clone(&memory), 0, 64 << 20);
    let stalled = play.join(None, 0, STALLED);
    while stalled.taken().dropped.is_none() {
        play.act(&Op::Answer(0, vec![b'?'; 125]));
        play.act(&Op::Flush);
        assert!(memory.used() <= memory.limit());
    }
    assert_eq!(stalled.taken().dropped, Some(Dropped::Memory));
    play.end();
}

/// Nobody is dropped for what takes no longer than a moment: who posts waits for it.
#[test]
fn one_who_catches_up_is_waited_for() {
    let memory = Memory::new(256 * KIB, KIB);
    let mut play = Play::within(Arc::clone(&memory), 0, 64 << 20);
    play.act(&Op::Join { name: None, history: 0 });
    let slow =
        play.join(None, 0, Behaviour { stalls_every: Some(100), some: Some(4096), ..Behaviour::default() });
    for n in 0..2000_u32 {
        play.relay(0, &[n as u8; 1000]);
        play.act(&Op::Flush);
    }
    play.end();
    assert_eq!(slow.taken().dropped, None);
    play.assert_as_expected();
}

/// While others have taken all there is, who posts waits; and goes on once some is given back.
#[test]
fn who_posts_waits_where_nobody_is_behind() {
    let memory = Memory::new(256 * KIB, KIB);
    let mut play = Play::within(Arc::clone(&memory), 0, 64 << 20);
    play.act(&Op::Join { name: None, history: 0 });
    play.act(&Op::Join { name: None, history: 0 });
    play.act(&Op::Flush);
    let mut others = Charge::new(&memory, Purpose::Write);
    others.settle(256 * KIB);
    thread::scope(|scope| {
        let posting = scope.spawn(|| {
            play.relay(0, b"patience");
            play.act(&Op::Flush);
        });
        thread::sleep(2 * STALL);
        assert!(!posting.is_finished());
        others.settle(0);
    });
    play.assert_as_expected();
    play.end();
}

/// A history keeps its size while there is no more memory for it, and grows again afterwards. Whoever asks for it gets the
/// newest messages without a gap.
#[test]
fn a_history_does_not_grow_while_memory_is_short() {
    let memory = Memory::new(1024 * KIB, KIB);
    let mut play = Play::within(Arc::clone(&memory), 1000, 64 << 20);
    play.act(&Op::Join { name: None, history: 0 });
    let kept = |play: &mut Play, first: u8| {
        for n in 0..10 {
            play.relay(0, &[first + n; 100]);
            play.act(&Op::Flush);
        }
        let late = play.join(None, 1000, Behaviour::default());
        play.act(&Op::Flush);
        let frames = received::read_whole(&late.taken().bytes[GREETING.len()..]);
        frames.iter().map(|(_, payload)| payload[0]).collect::<Vec<_>>()
    };
    assert_eq!(kept(&mut play, 0), (0..10).collect::<Vec<_>>());
    let mut others = Charge::new(&memory, Purpose::Write);
    others.settle(600 * KIB);
    assert_eq!(kept(&mut play, 10), (10..20).collect::<Vec<_>>());
    others.settle(0);
    assert_eq!(kept(&mut play, 20), (10..30).collect::<Vec<_>>());
    play.end();
}

/// There may be as many rooms as clients: one in which nothing is said keeps its history, and hardly more.
#[test]
fn a_quiet_room_holds_what_it_remembers() {
    let memory = Memory::new(usize::MAX, 0);
    let mut play = Play::within(Arc::clone(&memory), 50, 1 << 20);
    for name in ["alice", "bob"] {
        play.act(&Op::Join { name: Some(name), history: 0 });
    }
    for n in 0..200 {
        play.relay(n % 2, &[b'.'; 100]);
        play.act(&Op::Answer(n % 2, vec![b'p'; 100]));
        play.act(&Op::Flush);
    }
    let busy = memory.used();
    play.room.shrink();
    let quiet = memory.used();
    assert!((50 * 100..50 * 100 + 4 * KIB).contains(&quiet) && quiet < busy, "{quiet} of {busy} bytes");
    play.end();
}

/// Hundreds who ask for a history of very many small messages between announcements are told of it a few at a time.
#[test]
fn what_newcomers_are_to_get_is_not_remembered_for_all_of_them_at_once() {
    let memory = Memory::new(usize::MAX, 0);
    let mut play = Play::within(Arc::clone(&memory), 1000, 1 << 20);
    play.act(&Op::Join { name: None, history: 0 });
    for next in 1..=400 {
        play.relay(0, b"");
        play.act(&Op::Join { name: Some("x"), history: 0 });
        play.act(&Op::Leave(next));
        play.act(&Op::Flush);
    }
    (0..300).for_each(|_| play.act(&Op::Join { name: None, history: 1000 }));
    play.act(&Op::Flush);
    play.assert_as_expected();
    play.end();
}
