//! Posts that find no memory left, while one who is behind is dropped for it, catches up, or leaves.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::server::memory::Memory;

/// Enough for what three posters have under way, and not for what one who takes nothing would be behind by.
const LITTLE: usize = 16 * 1024;

/// Two who post until memory is short; what was said. Nothing is charged any more once they have gone.
fn talk(slow: [&Arc<ModelWire>; 2], ends: &'static [AtomicUsize; 3]) {
    let memory = Memory::new(LITTLE, 0);
    let model = Model::within(&memory, FAR, 100);
    let slow_ids = slow.map(|wire| model.join(wire));
    let healthy = [(); 3].map(|()| ModelWire::healthy());
    let [a, b, _] = healthy.each_ref().map(|wire| model.join(wire));
    let leave = move |room: &Room<ModelWire>| {
        room.leave(slow_ids[1], None);
        room.flush();
    };
    let threads = [model.posts(a, 6, |_| {}), model.posts(b, 6, leave)];
    model.join_threads(threads);
    let (order, _) = healthy[2].whole();
    assert_complete(&order, &[(a, 6), (b, 6)]);
    assert_eq!(healthy[0].whole().0, without(&order, a));
    assert_eq!(healthy[1].whole().0, without(&order, b));
    let [_, also_leaves] = slow;
    let [x, y, z] = healthy.each_ref();
    model.end(&[slow[0], also_leaves, x, y, z]);
    // Their threads give back what they were charged for as their last act.
    while memory.used() > 0 {
        thread::yield_now();
    }
    let dropped: u32 = slow.iter().map(|wire| wire.taken().lagged).sum();
    ends[dropped as usize].fetch_add(1, Ordering::Relaxed);
    match slow[0].taken().lagged {
        0 => assert_eq!(slow[0].whole().0, order),
        _ => assert!(order.starts_with(&slow[0].cut_off())),
    }
    assert!(order.starts_with(&slow[1].cut_off()));
}

#[test]
fn one_who_is_behind_is_dropped_for_those_who_post() {
    static ENDS: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
    check(|| {
        let slow = [(); 2].map(|()| ModelWire::scripted([Some(1), Some(0)], [Some(1); 16]));
        talk(slow.each_ref(), &ENDS);
    });
    println!("none, one and both dropped: {ENDS:?}");
    assert!(ENDS.iter().all(|count| count.load(Ordering::Relaxed) > 0));
}
