//! Members that come and go while others post.

use super::*;

/// Two who post twice each, and one who listens.
struct Talk {
    model: Model,
    listener: Arc<ModelWire>,
    wires: [Arc<ModelWire>; 2],
    ids: [MemberId; 2],
}

impl Talk {
    fn new() -> Talk {
        let model = Model::new(FAR);
        let listener = ModelWire::healthy();
        model.join(&listener);
        let wires = [ModelWire::healthy(), ModelWire::healthy()];
        let ids = wires.each_ref().map(|wire| model.join(wire));
        Talk { model, listener, wires, ids }
    }

    fn room(&self) -> Arc<Room<ModelWire>> {
        Arc::clone(&self.model.room)
    }

    fn senders(&self) -> [(MemberId, u8); 2] {
        self.ids.map(|id| (id, 2))
    }

    /// Runs everyone, `one_more` included; the order of the messages.
    fn run(&self, one_more: impl FnOnce(&Room<ModelWire>) + Send + 'static) -> Messages {
        let room = self.room();
        let one_more = thread::spawn(move || {
            one_more(&room);
            room.flush();
        });
        let posting = self.ids.map(|id| self.model.posts(id, 2, |_| {}));
        self.model.join_threads(posting.into_iter().chain([one_more]));
        self.listener.whole().0
    }

    fn end(self, more: &[&Arc<ModelWire>]) {
        let Talk { model, listener, wires, .. } = self;
        model.end(&wires.iter().chain([&listener]).chain(more.iter().copied()).collect::<Vec<_>>());
    }
}

/// The history of a newcomer and what it gets from then on are together what was said: no gap, no double.
#[test]
fn one_who_joins_and_asks_for_the_history() {
    check(|| {
        let talk = Talk::new();
        let late = ModelWire::healthy();
        let wire = Arc::clone(&late);
        let order =
            talk.run(move |room| _ = room.join(Newcomer { history: 100, ..newcomer(&wire) }, |_| ()).0);
        assert_complete(&order, &talk.senders());
        assert_eq!(late.whole().0, order);
        talk.end(&[&late]);
    });
}

#[test]
fn one_who_joins() {
    check(|| {
        let talk = Talk::new();
        let late = ModelWire::healthy();
        let wire = Arc::clone(&late);
        let order = talk.run(move |room| _ = room.join(newcomer(&wire), |_| ()).0);
        assert_complete(&order, &talk.senders());
        assert!(order.ends_with(&late.whole().0));
        let deliveries = order.len() * 2 + late.whole().0.len();
        assert_eq!(metric(&talk.model.metrics, "deliveries_total"), deliveries as u64);
        talk.end(&[&late]);
    });
}

/// What it said before is delivered; it is cut, and gets nothing more.
#[test]
fn one_who_leaves() {
    check(|| {
        let talk = Talk::new();
        let leaving = ModelWire::healthy();
        let id = talk.model.join(&leaving);
        let order = talk.run(move |room| {
            room.relay(id, &message(id, 0), || {});
            room.relay(id, &message(id, 1), || {});
            room.leave(id, None);
        });
        let [a, b] = talk.senders();
        assert_complete(&order, &[a, b, (id, 2)]);
        assert!(without(&order, id).starts_with(&leaving.cut_off()));
        talk.end(&[&leaving]);
    });
}

/// Whoever closes gets everything up to its Close, and nothing behind it.
#[test]
fn one_who_closes() {
    check(|| {
        let talk = Talk::new();
        let leaving = ModelWire::healthy();
        let id = talk.model.join(&leaving);
        let order = talk.run(move |room| {
            room.relay(id, &message(id, 0), || {});
            room.leave(id, Some(GOODBYE));
        });
        let [a, b] = talk.senders();
        assert_complete(&order, &[a, b, (id, 1)]);
        let (received, closed) = leaving.whole();
        assert!(closed);
        // What was posted before its last message came to it too.
        let own = order.iter().position(|(from, _)| u64::from(*from) == id.0).unwrap();
        assert!(received.len() >= own);
        assert!(without(&order, id).starts_with(&received));
        talk.end(&[&leaving]);
    });
}

/// A message that is posted behind a Close while that is being written, or after.
#[test]
fn one_who_closes_in_every_order() {
    check_in_order(|| {
        let model = Model::new(FAR);
        let wires = [ModelWire::healthy(), ModelWire::healthy()];
        let [a, b] = wires.each_ref().map(|wire| model.join(wire));
        model.room.leave(b, Some(GOODBYE));
        let posting = model.posts(a, 1, |_| {});
        model.room.flush();
        model.join_threads([posting]);
        let (received, closed) = wires[1].whole();
        assert!(closed && received.is_empty());
        assert_eq!(metric(&model.metrics, "deliveries_total"), 0);
        model.end(&wires.each_ref());
    });
}

/// A shutdown: everyone gets the same messages and a Close behind them.
#[test]
fn all_who_are_closed() {
    check(|| {
        let talk = Talk::new();
        let order = talk.run(|room| room.close_all(GOODBYE));
        assert!(talk.listener.whole().1);
        for id in talk.ids {
            let own: Vec<_> = order.iter().filter(|(from, _)| u64::from(*from) == id.0).collect();
            assert!(own.iter().enumerate().all(|(index, (_, number))| index == usize::from(*number)));
        }
        for (wire, id) in talk.wires.iter().zip(talk.ids) {
            assert_eq!(wire.whole(), (without(&order, id), true));
        }
        assert_eq!(metric(&talk.model.metrics, "deliveries_total"), 2 * order.len() as u64);
        talk.end(&[]);
    });
}
