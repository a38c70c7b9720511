//! Seats in rooms: whoever drops its seat has left, and nobody is forgotten at the end.

use std::time::{Duration, Instant};

use super::*;
use crate::server::link::Link;
use crate::server::memory::Memory;
use crate::server::rooms::{Rooms, Seat};

fn rooms(metrics: &Arc<Metrics>) -> Arc<Rooms<ModelWire>> {
    Rooms::new(
        Bounds { history: 0, max_lag: FAR, max_message: 0, linger: Duration::ZERO },
        Arc::clone(metrics),
        Memory::new(usize::MAX, 0),
        Link::none(),
    )
}

fn enter(rooms: &Arc<Rooms<ModelWire>>, wire: &Arc<ModelWire>) -> Option<Seat<ModelWire>> {
    let seat = rooms.enter("lobby", newcomer(wire));
    seat.iter().for_each(Seat::flush);
    seat
}

fn assert_empty(metrics: &Metrics) {
    assert_eq!(metric(metrics, "clients"), 0);
    assert_eq!(metric(metrics, "rooms"), 0);
}

/// A guard's drop is all there is, by return or by panic: the others get what it said, and chat on.
#[test]
fn one_who_drops_its_seat() {
    check(|| {
        let metrics = Arc::new(Metrics::new());
        let rooms = rooms(&metrics);
        let wires = [(); 3].map(|()| ModelWire::healthy());
        let seats = wires.each_ref().map(|wire| enter(&rooms, wire).unwrap());
        let threads: Vec<_> = seats
            .into_iter()
            .zip(0..)
            .map(|(seat, number)| {
                thread::spawn(move || {
                    seat.relay(&message(MemberId(number), 0));
                    if number == 0 {
                        return seat.flush();
                    }
                    seat.flush();
                    seat.relay(&message(MemberId(number), 1));
                    seat.close(GOODBYE);
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        drop(rooms);
        assert!(wires[0].taken().cut && !wires[0].taken().ended);
        // Of two that close, the later has had both messages of the other.
        let [one, two] = [1, 2].map(|n: usize| wires[n].whole());
        assert!(one.1 && two.1);
        assert!(one.0.contains(&(2, 1)) || two.0.contains(&(1, 1)));
        assert_empty(&metrics);
    });
}

/// Who comes in while everyone is sent away is sent away too, or did not come in.
#[test]
fn one_who_enters_while_all_are_closed() {
    check(|| {
        let metrics = Arc::new(Metrics::new());
        let rooms = rooms(&metrics);
        let [early, late] = [ModelWire::healthy(), ModelWire::healthy()];
        let seat = enter(&rooms, &early).unwrap();
        let (entered, wire) = (Arc::clone(&rooms), Arc::clone(&late));
        let entering = thread::spawn(move || enter(&entered, &wire));
        let closed = Arc::clone(&rooms);
        let closing = thread::spawn(move || closed.close(GOODBYE, Instant::now() + Duration::from_secs(60)));
        closing.join().unwrap();
        let late_seat: Option<Seat<_>> = entering.join().unwrap();
        assert!(early.whole().1);
        match &late_seat {
            Some(_) => assert!(late.whole().1, "one who came in was not sent away"),
            None => assert!(late.taken().bytes.is_empty()),
        }
        drop((seat, late_seat, rooms));
        assert_empty(&metrics);
    });
}

/// The last one leaves while the next one comes: into the same room or a new one, but into one.
#[test]
fn one_who_enters_while_the_last_one_leaves() {
    check(|| {
        let metrics = Arc::new(Metrics::new());
        let rooms = rooms(&metrics);
        let [last, next] = [ModelWire::healthy(), ModelWire::healthy()];
        let seat = enter(&rooms, &last).unwrap();
        let entered = Arc::clone(&rooms);
        let wire = Arc::clone(&next);
        let entering = thread::spawn(move || {
            let seat = enter(&entered, &wire).unwrap();
            seat.answer(&message(MemberId(9), 0), true);
            seat.close(GOODBYE);
        });
        let leaving = thread::spawn(move || {
            seat.relay(&message(MemberId(0), 0));
            seat.close(GOODBYE);
        });
        entering.join().unwrap();
        leaving.join().unwrap();
        assert!(last.whole().1);
        let (received, closed) = next.whole();
        assert!(closed && received.contains(&(9, 0)));
        drop(rooms);
        assert_empty(&metrics);
    });
}
