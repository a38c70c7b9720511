//! Threads that panic.

use std::thread;

use super::*;
use crate::server::link::Link;
use crate::server::memory::Memory;
use crate::server::room::batch::Post;
use crate::server::room::lock;
use crate::server::rooms::Rooms;

/// What is done by one who comes, one who goes and one who stays, while another one's wire panics.
fn changes() -> Vec<Vec<Op>> {
    let changes = [
        Op::Join { name: Some("new"), history: 5 },
        Op::Close(2),
        Op::Leave(3),
        Op::Answer(4, vec![b'p'; 100]),
        Op::CloseAll,
    ];
    let mut all: Vec<_> = changes.iter().map(|change| vec![change.clone()]).collect();
    all.push(changes[..4].to_vec());
    all
}

/// Five members, of whom one has a wire that panics at its next send.
fn with_one_that_panics() -> (Play, Arc<MockWire>) {
    let mut play = Play::new(5, 1 << 20);
    play.act(&Op::Join { name: Some("first"), history: 0 });
    let bad = play.join(None, 0, Behaviour { panics_at: Some(GREETING.len()), ..Behaviour::default() });
    for name in [Some("third"), Some("fourth"), None] {
        play.act(&Op::Join { name, history: 0 });
    }
    play.act(&Op::Flush);
    (play, bad)
}

/// A wire that panics costs its own member the connection, and nobody else anything: not the one who writes, and not
/// those who come and go in that batch.
#[test]
fn a_wire_that_panics() {
    for changes in changes() {
        let (mut play, bad) = with_one_that_panics();
        play.relay(7, &[b'x'; 1000]);
        changes.iter().for_each(|change| play.act(change));
        play.act(&Op::Flush);
        assert!(bad.taken().cut);
        bad.recover();
        play.act(&Op::Leave(1));
        play.naive.members[1].stream.truncate(GREETING.len());
        play.relay(7, b"after");
        play.act(&Op::Flush);
        for (wire, expected) in play.wires.iter().zip(&play.naive.members) {
            assert_eq!(show(&wire.taken().bytes), show(&expected.stream));
        }
        play.end();
    }
}

/// A writer that panics before it writes, for a fault of its own, spoils that batch and no other: whoever ended in it
/// ends with the next, and whoever was there is there.
#[test]
fn a_writer_that_panics() {
    for changes in changes() {
        let (mut play, bad) = with_one_that_panics();
        bad.recover();
        play.relay(7, &[b'x'; 1000]);
        changes.iter().for_each(|change| play.act(change));
        // Longer than what is there.
        lock(&play.room.queue).batch.post(Post::Relay { from: MemberId(7), frame_len: 5000 });
        let room = Arc::clone(&play.room);
        assert!(thread::spawn(move || room.flush()).join().is_err());
        for _ in 0..3 {
            play.act(&Op::Relay(7, b"after".to_vec()));
            play.act(&Op::Flush);
        }
        for (id, (wire, expected)) in play.wires.iter().zip(&play.naive.members).enumerate().take(5) {
            let taken = wire.taken();
            assert_eq!((id, taken.ended, taken.cut), (id, expected.closed, expected.left));
            assert!(taken.ended || taken.cut || taken.bytes.ends_with(&received::write(TEXT, b"after")));
        }
    }
}

/// A wire that panics whenever it is used: the others chat on, each in a thread of its own.
#[test]
fn a_wire_that_goes_on_panicking() {
    let metrics = Arc::new(Metrics::new());
    let rooms = Rooms::new(
        Bounds { history: 0, max_lag: 1 << 20, max_message: 0, linger: Duration::ZERO },
        Arc::clone(&metrics),
        Memory::new(usize::MAX, 0),
        Link::none(),
    );
    let bad = Behaviour { panics_at: Some(0), ..Behaviour::default() };
    let wires = [Behaviour::default(), Behaviour::default(), bad].map(MockWire::new);
    let [one, other, bad] = wires.each_ref().map(|wire| {
        let (wire, name) = (Arc::clone(wire), Some("n".into()));
        let newcomer =
            Newcomer { wire: Some(wire), greeting: GREETING.to_vec(), name, history: 0, places: None };
        let seat = rooms.enter("lobby", newcomer).unwrap();
        seat.flush();
        seat
    });
    let talks = thread::spawn(move || {
        one.relay(&received::write(BINARY, b"hello"));
        one.flush();
        one.close(GOODBYE);
    });
    assert!(talks.join().is_ok());
    assert!(wires[0].taken().ended && wires[2].taken().cut);
    drop(bad);
    let (frames, _) = received::read(&wires[1].taken().bytes[GREETING.len()..]);
    let payloads: Vec<_> = frames.iter().map(|(_, payload)| show(payload)).collect();
    assert!(payloads.contains(&"hello".to_owned()), "{payloads:?}");
    assert!(payloads.last().unwrap().ends_with(r#"\"online\":1}"#), "{payloads:?}");
    drop(other);
    assert_eq!(metric(&metrics, "clients") + metric(&metrics, "rooms"), 0);
}

/// A client's thread that panics leaves its room; what it had posted is delivered.
#[test]
fn a_client_that_panics() {
    let metrics = Arc::new(Metrics::new());
    let rooms = Rooms::new(
        Bounds { history: 0, max_lag: 1 << 20, max_message: 0, linger: Duration::ZERO },
        Arc::clone(&metrics),
        Memory::new(usize::MAX, 0),
        Link::none(),
    );
    let wires = [(); 2].map(|()| MockWire::new(Behaviour::default()));
    let [stays, panics] = wires.each_ref().map(|wire| {
        let newcomer = Newcomer {
            wire: Some(Arc::clone(wire)),
            greeting: GREETING.to_vec(),
            name: Some("n".into()),
            history: 0,
            places: None,
        };
        let seat = rooms.enter("lobby", newcomer).unwrap();
        seat.flush();
        seat
    });
    let ended = thread::spawn(move || {
        panics.relay(&received::write(BINARY, b"last words"));
        panic!("of its own");
    });
    assert!(ended.join().is_err());
    assert!(wires[1].taken().cut);
    assert_eq!(metric(&metrics, "clients"), 1);
    let (frames, _) = received::read(&wires[0].taken().bytes[GREETING.len()..]);
    let payloads: Vec<_> = frames.iter().map(|(_, payload)| show(payload)).collect();
    assert_eq!(payloads[2..].join(" "), r#"last words {\"type\":\"left\",\"name\":\"n\",\"online\":1}"#);
    stays.close(GOODBYE);
    assert!(wires[0].taken().ended);
    assert_eq!(metric(&metrics, "clients") + metric(&metrics, "rooms"), 0);
}
