//! Threads that panic.

use std::thread;

use super::*;
use crate::server::Link;
use crate::server::rooms::Rooms;

/// A writer that panics puts its role down: the next who flushes writes on.
#[test]
fn a_writer_that_panics() {
    let mut play = Play::new(0, 1 << 20);
    play.act(&Op::Join { name: None, history: 0 });
    let bad = play.join(None, 0, Behaviour { panics_at: Some(GREETING.len()), ..Behaviour::default() });
    play.act(&Op::Flush);
    let room = Arc::clone(&play.room);
    play.act(&Op::Relay(7, b"before".to_vec()));
    assert!(thread::spawn(move || room.flush()).join().is_err());
    bad.recover();
    play.room.leave(MemberId(1));
    play.act(&Op::Relay(7, b"after".to_vec()));
    play.act(&Op::Flush);
    assert!(bad.taken().cut);
    assert!(play.wires[0].taken().bytes.ends_with(&received::write(TEXT, b"after")));
}

/// A client's thread that panics leaves its room; what it had posted is delivered.
#[test]
fn a_client_that_panics() {
    let metrics = Arc::new(Metrics::new());
    let rooms = Rooms::new(Bounds { history: 0, max_lag: 1 << 20 }, Arc::clone(&metrics), Link::none());
    let wires = [(); 2].map(|()| MockWire::new(Behaviour::default()));
    let [stays, panics] = wires.each_ref().map(|wire| {
        let newcomer = Newcomer {
            wire: Arc::clone(wire),
            greeting: GREETING.to_vec(),
            name: Some("n".into()),
            history: 0,
        };
        rooms.enter("lobby", newcomer).unwrap()
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
