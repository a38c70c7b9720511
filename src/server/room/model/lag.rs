//! A member that takes no more, while others post and its backlog's thread writes.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Two who post three messages each, and one who is slow; what was said. `also` is done by one of them at its end.
fn talk_to(model: &Model, slow: &Arc<ModelWire>, also: fn(&Room<ModelWire>, MemberId)) -> Messages {
    talk_much_to(model, slow, 3, also)
}

fn talk_much_to(
    model: &Model,
    slow: &Arc<ModelWire>,
    count: u8,
    also: fn(&Room<ModelWire>, MemberId),
) -> Messages {
    let slow_id = model.join(slow);
    let wires = [ModelWire::healthy(), ModelWire::healthy(), ModelWire::healthy()];
    let [a, b, _] = wires.each_ref().map(|wire| model.join(wire));
    let threads = [model.posts(a, count, move |room| also(room, slow_id)), model.posts(b, count, |_| {})];
    model.join_threads(threads);
    let (order, _) = wires[2].whole();
    assert_complete(&order, &[(a, count), (b, count)]);
    assert_eq!(wires[0].whole().0, without(&order, a));
    assert_eq!(wires[1].whole().0, without(&order, b));
    order
}

fn nothing(_: &Room<ModelWire>, _: MemberId) {}

/// Written to directly, behind, directly, behind: everything comes, in order.
#[test]
fn one_who_catches_up_and_lags_again() {
    check(|| {
        let model = Model::without_history(FAR);
        let slow = ModelWire::scripted([Some(1), Some(0), Some(5), Some(3), Some(0)], []);
        let order = talk_to(&model, &slow, nothing);
        model.end(&[&slow]);
        assert_eq!(slow.whole(), (order, true));
    });
}

/// Two who lag, each in its own time, and one who comes meanwhile and asks for the history: what one of them has taken is
/// there for the others until they have.
#[test]
fn two_who_lag_and_one_who_comes() {
    check(|| {
        let model = Model::new(FAR);
        let other = ModelWire::scripted([Some(0), Some(3)], [Some(1); 8]);
        let slow = ModelWire::scripted([Some(1), Some(0), Some(5)], []);
        let late = ModelWire::scripted([Some(0), Some(1)], []);
        let healthy = [ModelWire::healthy(), ModelWire::healthy()];
        let [a, _, _, _] = [&healthy[0], &healthy[1], &other, &slow].map(|wire| model.join(wire));
        let (room, wire) = (Arc::clone(&model.room), Arc::clone(&late));
        let coming = thread::spawn(move || {
            room.join(Newcomer { history: 100, ..newcomer(&wire) }, |_| ());
            room.flush();
        });
        model.join_threads([model.posts(a, 4, |_| {}), coming]);
        let (order, _) = healthy[1].whole();
        assert_complete(&order, &[(a, 4)]);
        model.end(&[&slow, &other, &late]);
        for wire in [slow, other, late] {
            assert_eq!(wire.whole(), (order.clone(), true));
        }
    });
}

/// It talks itself while it lags.
#[test]
fn one_who_lags_and_talks() {
    check(|| {
        let model = Model::new(FAR);
        let slow = ModelWire::scripted([Some(2), Some(0), Some(1)], []);
        let listener = ModelWire::healthy();
        let [a, b] = [model.join(&slow), model.join(&listener)];
        let c = model.join(&ModelWire::healthy());
        model.join_threads([model.posts(a, 3, |_| {}), model.posts(c, 3, |_| {})]);
        let (order, _) = listener.whole();
        assert_complete(&order, &[(a, 3), (c, 3)]);
        assert!(without(&order, b) == order);
        model.end(&[&slow, &listener]);
        assert_eq!(slow.whole(), (without(&order, a), true));
    });
}

/// Past the bound it is cut, and counted once; short of it, it gets everything.
#[test]
fn one_who_is_dropped() {
    static DROPPED: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    check(|| {
        // Two messages of four bytes each; the greeting does not count.
        let model = Model::new(8);
        let slow = ModelWire::scripted([Some(1), Some(0)], [Some(1); 32]);
        let order = talk_much_to(&model, &slow, 5, nothing);
        let lag = Arc::clone(&model.room.common);
        model.end(&[&slow]);
        assert_eq!(lag.far_behind.load(Ordering::Relaxed), 0);
        let lagged = slow.taken().lagged;
        DROPPED[lagged as usize].fetch_add(1, Ordering::Relaxed);
        match lagged {
            0 => assert_eq!(slow.whole(), (order, true)),
            _ => assert!(order.starts_with(&slow.cut_off())),
        }
    });
    println!("not dropped and dropped: {DROPPED:?}");
    assert!(DROPPED.iter().all(|count| count.load(Ordering::Relaxed) > 0));
}

/// Its connection breaks under the backlog's thread, or under the writer.
#[test]
fn one_whose_connection_breaks() {
    check(|| {
        let model = Model::new(FAR);
        let broken = ModelWire::scripted([Some(1), Some(0)], [Some(2), None]);
        let order = talk_to(&model, &broken, nothing);
        model.end(&[&broken]);
        assert!(order.starts_with(&broken.cut_off()));
        assert!(!broken.taken().ended);
    });
    check(|| {
        let model = Model::new(FAR);
        let broken = ModelWire::scripted([Some(1), None], []);
        let order = talk_to(&model, &broken, |room, id| {
            room.leave(id, None);
            room.flush();
        });
        model.end(&[&broken]);
        assert!(order.starts_with(&broken.cut_off()));
    });
}

/// It leaves while it lags: its thread lets go of everything.
#[test]
fn one_who_leaves_while_it_lags() {
    check(|| {
        let model = Model::new(40);
        let slow = ModelWire::scripted([Some(1), Some(0)], []);
        let order = talk_to(&model, &slow, |room, id| {
            room.leave(id, None);
            room.flush();
        });
        model.end(&[&slow]);
        assert!(order.starts_with(&slow.cut_off()));
    });
}

/// Its Close comes behind all that it had not taken yet, and its end behind that.
#[test]
fn one_who_is_closed_while_it_lags() {
    check(|| {
        let model = Model::new(FAR);
        let slow = ModelWire::scripted([Some(1), Some(0), Some(2), Some(0)], []);
        let order = talk_to(&model, &slow, |room, id| {
            room.leave(id, Some(GOODBYE));
            room.flush();
        });
        model.end(&[&slow]);
        let (received, closed) = slow.whole();
        assert!(closed);
        assert!(order.starts_with(&received));
    });
}

/// A farewell that does not wait: the Close has been sent, or there is none and no orderly end either.
#[test]
fn one_who_is_closed_without_waiting() {
    static ENDS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    const AT_ONCE: Farewell = Farewell { waits: false, ..GOODBYE };
    check(|| {
        let model = Model::new(FAR);
        let slow = ModelWire::scripted([Some(1), Some(4), Some(3)], []);
        let order = talk_to(&model, &slow, |room, id| {
            room.leave(id, Some(AT_ONCE));
            room.flush();
        });
        let closes = model.metrics.render(0).contains("closes_total{code=\"1000\"} 4");
        let metrics = Arc::clone(&model.metrics);
        model.end(&[&slow]);
        assert!(!closes);
        let ended = slow.taken().ended;
        let sent = if ended { 4 } else { 3 };
        assert!(metrics.render(0).contains(&format!("closes_total{{code=\"1000\"}} {sent}\n")));
        ENDS[usize::from(ended)].fetch_add(1, Ordering::Relaxed);
        match ended {
            true => assert!(order.starts_with(&slow.whole().0)),
            false => assert!(order.starts_with(&slow.cut_off())),
        }
    });
    println!("cut and ended: {ENDS:?}");
    assert!(ENDS.iter().all(|count| count.load(Ordering::Relaxed) > 0));
}

/// There is no thread for it, or only later: the writer hands over what is taken, and a thread the rest. Whoever is closed
/// in the meantime, with something left and no thread for it, is left to its own thread's patience.
#[test]
fn one_who_lags_without_a_thread() {
    static ENDS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    check(|| {
        let model = Model::new(FAR);
        let slow = ModelWire::scripted([Some(1), Some(0), Some(2), Some(0), Some(0), Some(5), Some(0)], []);
        thread::refuse(shuttle::rand::Rng::gen_range(&mut shuttle::rand::thread_rng(), 1..8));
        let order = talk_to(&model, &slow, |room, id| {
            room.leave(id, Some(GOODBYE));
            room.flush();
        });
        thread::refuse(0);
        model.end(&[&slow]);
        let ended = slow.taken().ended;
        ENDS[usize::from(ended)].fetch_add(1, Ordering::Relaxed);
        match ended {
            true => assert!(order.starts_with(&slow.whole().0)),
            false => {
                crate::server::room::Wire::cut(&*slow);
                assert!(order.starts_with(&slow.cut_off()));
            }
        }
    });
    println!("left and ended: {ENDS:?}");
    assert!(ENDS.iter().all(|count| count.load(Ordering::Relaxed) > 0));
}
