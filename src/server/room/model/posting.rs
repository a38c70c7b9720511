//! Posting and flushing from several threads: nothing is left, doubled, or out of order; the writer is relieved.

use super::*;

/// One of each of `N` threads posts `count` messages; one more member only listens.
fn posting<const N: usize>(max_lag: usize, count: u8) {
    let model = Model::new(max_lag);
    let listener = ModelWire::healthy();
    model.join(&listener);
    let wires: [_; N] = std::array::from_fn(|_| ModelWire::healthy());
    let senders: Vec<_> = wires.iter().map(|wire| (model.join(wire), count)).collect();
    let threads: Vec<_> = senders.iter().map(|(id, count)| model.posts(*id, *count, |_| {})).collect();
    model.join_threads(threads);

    let (order, _) = listener.whole();
    assert_complete(&order, &senders);
    for (wire, (id, _)) in wires.iter().zip(&senders) {
        assert_eq!(wire.whole().0, without(&order, *id));
    }
    let deliveries = order.len() * N;
    assert_eq!(metric(&model.metrics, "deliveries_total"), deliveries as u64);
    model.end(&wires.iter().chain([&listener]).collect::<Vec<_>>());
    assert!(listener.whole().1);
}

/// Two threads and two members in every order there is. This thread flushes what it has posted before or posts now, the
/// other one what is there or what it has posted.
fn in_every_order(posts_before: bool, other_posts: bool) {
    let model = Model::new(FAR);
    let wires = [ModelWire::healthy(), ModelWire::healthy()];
    let [a, b] = wires.each_ref().map(|wire| model.join(wire));
    if posts_before {
        model.room.relay(a, &message(a, 0), || {});
    }
    let other = if other_posts { model.posts(b, 1, |_| {}) } else { model.posts(b, 0, Room::flush) };
    if !posts_before {
        model.room.relay(a, &message(a, 0), || {});
    }
    model.room.flush();
    model.join_threads([other]);
    assert_eq!(wires[0].whole().0, [(1, 0)][..other_posts.into()]);
    assert_eq!(wires[1].whole().0, [(0, 0)]);
    model.end(&wires.each_ref());
}

#[test]
fn two_flush_in_every_order() {
    check_in_order(|| in_every_order(true, false));
}

#[test]
fn one_flushes_and_one_posts_in_every_order() {
    check_in_order(|| in_every_order(true, true));
}

#[test]
fn two_post_in_every_order() {
    check_in_order(|| in_every_order(false, true));
}

#[test]
fn two_threads() {
    check(|| posting::<2>(FAR, 3));
}

#[test]
fn three_threads() {
    check(|| posting::<3>(FAR, 2));
}

#[test]
fn four_threads() {
    check(|| posting::<4>(FAR, 2));
}

/// The queue is full after a single post.
const TIGHT: usize = 16;

#[test]
fn a_full_queue() {
    check(|| posting::<2>(TIGHT, 3));
    check(|| posting::<3>(TIGHT, 2));
}

/// A queue that takes two posts, and readers that post all they have before they flush.
#[test]
fn a_full_queue_and_readers_that_flush_late() {
    check(|| {
        let model = Model::new(16 * 2 * size_of::<super::super::batch::Post<ModelWire>>());
        let wires = [(); 3].map(|()| ModelWire::healthy());
        let ids = [0, 1, 2].map(|n: usize| model.join(&wires[n]));
        let threads = [ids[0], ids[1]].map(|id| {
            let room = Arc::clone(&model.room);
            thread::spawn(move || {
                for number in 0..4 {
                    room.relay(id, &message(id, number), || {});
                    room.answer(id, &message(id, 100 + number), true);
                }
                room.flush();
            })
        });
        model.join_threads(threads);
        let (order, _) = wires[2].whole();
        assert_complete(&order, &[(ids[0], 4), (ids[1], 4)]);
        for n in [0, 1] {
            let (received, _) = wires[n].whole();
            assert_eq!(without(&received, ids[n]), without(&order, ids[n]));
            let own =
                received.iter().filter(|(from, _)| u64::from(*from) == ids[n].0).map(|(_, number)| *number);
            assert!(own.eq(100..104));
        }
        model.end(&wires.each_ref());
    });
}

/// Memory is given back while others post, by those who find the room quiet: nothing is lost with it.
#[test]
fn a_room_that_is_shrunk() {
    check(|| {
        let model = Model::new(FAR);
        let wires = [ModelWire::healthy(), ModelWire::healthy(), ModelWire::healthy()];
        let [a, b, _] = wires.each_ref().map(|wire| model.join(wire));
        let threads = [model.posts(a, 3, |room| room.shrink()), model.posts(b, 3, |room| room.shrink())];
        model.room.shrink();
        model.room.shrink();
        model.join_threads(threads);
        let (order, _) = wires[2].whole();
        assert_complete(&order, &[(a, 3), (b, 3)]);
        for (wire, id) in wires.iter().zip([a, b]) {
            assert_eq!(wire.whole().0, without(&order, id));
        }
        model.end(&wires.each_ref());
    });
}

/// What comes from another server, beside two who post: everyone gets all of it, in the one order.
#[test]
fn one_from_elsewhere() {
    check(|| {
        for max_lag in [FAR, TIGHT] {
            let model = Model::new(max_lag);
            let wires = [(); 3].map(|()| ModelWire::healthy());
            let ids = wires.each_ref().map(|wire| model.join(wire));
            let room = Arc::clone(&model.room);
            let elsewhere = thread::spawn(move || {
                for number in 0..3 {
                    room.relay(super::super::NOBODY, &message(MemberId(99), number), || {});
                }
                room.flush();
            });
            let posting = [ids[0], ids[1]].map(|id| model.posts(id, 2, |_| {}));
            model.join_threads(posting.into_iter().chain([elsewhere]));
            let (order, _) = wires[2].whole();
            assert_complete(&order, &[(ids[0], 2), (ids[1], 2), (MemberId(99), 3)]);
            for n in [0, 1] {
                assert_eq!(wires[n].whole().0, without(&order, ids[n]));
            }
            model.end(&wires.each_ref());
        }
    });
}
