//! The marks, who is given up, and that everything is given back.

use std::iter;
use std::sync::atomic::AtomicU32;
use std::thread;

use super::*;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const MESSAGE: usize = 64 * KIB;

/// How much more can be had by a charge, to the byte.
fn most_of(memory: &Arc<Memory>, purpose: Purpose) -> usize {
    let used = memory.used();
    let fits = |bytes: usize| Charge::new(memory, purpose).resize(bytes).is_ok();
    let (mut fit, mut not) = (0, memory.limit().saturating_mul(2));
    while not - fit > 1 {
        let middle = fit + (not - fit) / 2;
        if fits(middle) { fit = middle } else { not = middle }
    }
    assert_eq!(memory.used(), used, "what was only tried is given back");
    used + fit
}

/// The same where never more than a little is asked for at once.
fn most_by_little(memory: &Arc<Memory>, purpose: Purpose) -> usize {
    let little = |bytes: usize| {
        let mut charge = Charge::new(memory, purpose);
        charge.resize(bytes).ok().map(|()| charge)
    };
    let _all: Vec<_> =
        [LITTLE, 1].into_iter().flat_map(|bytes| iter::from_fn(move || little(bytes))).collect();
    memory.used()
}

/// Holds so many bytes, whatever the marks say.
fn held(memory: &Arc<Memory>, purpose: Purpose, bytes: usize) -> Charge {
    let mut charge = Charge::new(memory, purpose);
    charge.settle(bytes);
    charge
}

#[test]
fn each_purpose_has_its_mark() {
    let memory = Memory::new(64 * MIB, MESSAGE);
    assert_eq!(most_of(&memory, Purpose::Receive), 48 * MIB);
    assert_eq!(most_of(&memory, Purpose::Post), 56 * MIB);
    assert_eq!(most_of(&memory, Purpose::Write), 64 * MIB);
    let _others = held(&memory, Purpose::Write, 50 * MIB);
    assert_eq!(most_of(&memory, Purpose::Receive), 50 * MIB + LITTLE);
    assert_eq!(most_of(&memory, Purpose::Post), 56 * MIB);
}

#[test]
fn what_is_plentiful_scarce_and_exceeded() {
    let memory = Memory::new(64 * MIB, MESSAGE);
    for (bytes, expected) in [
        (32 * MIB - 1, (true, false, false)),
        (32 * MIB, (false, false, false)),
        (48 * MIB, (false, false, false)),
        (48 * MIB + 1, (false, true, false)),
        (64 * MIB, (false, true, false)),
        (64 * MIB + 1, (false, true, true)),
    ] {
        let _held = held(&memory, Purpose::Write, bytes);
        assert_eq!((memory.is_plentiful(), memory.is_scarce(), memory.is_exceeded()), expected, "{bytes}");
    }
}

/// Whatever the others hold that they may hold, one can receive a whole message, and post it: so none waits for ever.
#[test]
fn what_one_message_takes_is_left_free_by_all_others() {
    for (message, times) in
        [(KIB, 256), (MESSAGE, 4), (MESSAGE, 5), (MIB, 4), (MIB, 8), (64 * MIB, 4), (MIB, 1000)]
    {
        let memory = Memory::new(message * times, message);
        let mut others = Charge::new(&memory, Purpose::Receive);
        others.resize(most_of(&memory, Purpose::Receive)).unwrap();
        let _little =
            held(&memory, Purpose::Receive, most_by_little(&memory, Purpose::Receive) - others.bytes);
        assert!(!memory.is_plentiful(), "histories are shorter than that");
        let mut buffer = Charge::new(&memory, Purpose::Receive);
        let received = ServerReceiver::buffer_len(message).max(READ_MAX);
        buffer.resize_for_message(received).unwrap();
        let mut post = Charge::new(&memory, Purpose::Post);
        post.resize(2 * message + OVERHEAD).unwrap();
        assert!(memory.used() <= memory.limit());
    }
}

/// One after the other: who has the turn keeps it until it has less.
#[test]
fn one_at_a_time_finishes_its_message() {
    let memory = Memory::new(4 * MIB, MIB);
    let _others = held(&memory, Purpose::Write, 400 * KIB);
    let mut buffers = [(); 3].map(|()| held(&memory, Purpose::Receive, 256));
    let [first, second, third] = &mut buffers;
    assert_eq!(first.resize_for_message(MIB), Ok(()));
    assert!(first.has_turn());
    assert_eq!(second.resize_for_message(MIB), Err(Exhausted));
    // It may need more.
    assert_eq!(first.resize_for_message(MIB + 14), Ok(()));
    first.settle(512);
    assert!(!first.has_turn());
    assert_eq!(second.resize_for_message(MIB), Ok(()));
    assert_eq!(third.resize_for_message(MIB), Err(Exhausted));
    let [_, second, mut third] = buffers;
    drop(second);
    assert_eq!(third.resize_for_message(MIB), Ok(()));
    // Who asks for what nobody can have does not take the turn from others.
    third.settle(0);
    assert_eq!(third.resize_for_message(8 * MIB), Err(Exhausted));
    assert!(!third.has_turn());
}

/// Long sequences of everything that can be done with a few charges.
#[test]
fn everything_is_given_back_exactly() {
    let memory = Memory::new(MIB, KIB);
    let purposes = [Purpose::Receive, Purpose::Post, Purpose::Write];
    let mut charges: Vec<_> =
        purposes.iter().cycle().take(9).map(|purpose| Charge::new(&memory, *purpose)).collect();
    let mut state = 1_u64;
    for _ in 0..20_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (n, act, bytes) =
            ((state >> 33) as usize % 9, (state >> 40) % 8, (state >> 44) as usize % (MIB / 4));
        let before = memory.used();
        match act {
            0 => charges[n] = Charge::new(&memory, purposes[n % 3]),
            1 => charges[n].settle(bytes),
            2 => _ = charges[n].resize_for_message(bytes),
            _ if charges[n].resize(bytes).is_err() => assert_eq!(memory.used(), before),
            _ => {}
        }
        assert_eq!(memory.used(), charges.iter().map(|charge| charge.bytes).sum::<usize>());
        let receiving = charges.iter().filter(|charge| charge.purpose == Purpose::Receive);
        assert_eq!(
            memory.receiving.load(Ordering::Relaxed),
            receiving.map(|charge| charge.bytes).sum::<usize>()
        );
        assert_eq!(memory.turn.load(Ordering::Relaxed), charges.iter().any(Charge::has_turn));
    }
    drop(charges);
    assert_eq!((memory.used(), memory.receiving.load(Ordering::Relaxed)), (0, 0));
    assert!(!memory.turn.load(Ordering::Relaxed));
}

#[test]
fn nothing_wraps() {
    for message in [0, MESSAGE, usize::MAX] {
        let memory = Memory::new(usize::MAX, message);
        let mut charge = held(&memory, Purpose::Post, 0);
        let most = usize::MAX - usize::MAX / 8;
        assert_eq!(charge.resize(most), Ok(()));
        assert_eq!(charge.resize(most + 1), Err(Exhausted));
        let mut another = Charge::new(&memory, Purpose::Write);
        assert_eq!(another.resize(usize::MAX), Err(Exhausted));
        assert_eq!(another.resize(usize::MAX - most), Ok(()));
        assert_eq!(another.resize_for_message(usize::MAX), Err(Exhausted));
        assert!(!memory.is_exceeded());
    }
    for limit in 0..100 {
        let memory = Memory::new(limit, MESSAGE);
        assert_eq!(most_of(&memory, Purpose::Receive), 0);
        assert_eq!(most_of(&memory, Purpose::Write), limit);
    }
}

/// Many threads take and give back; at no time is more held than one purpose may have.
#[test]
fn together_they_never_cross_a_mark() {
    for purpose in [Purpose::Receive, Purpose::Post, Purpose::Write] {
        let memory = Memory::new(MIB, KIB);
        let mark = most_of(&memory, purpose).max(most_by_little(&memory, purpose));
        let refused = AtomicU32::new(0);
        thread::scope(|scope| {
            for thread in 0..4 {
                let (memory, refused) = (&memory, &refused);
                scope.spawn(move || {
                    let mut charges: Vec<_> = (0..32).map(|_| Charge::new(memory, purpose)).collect();
                    for n in 0..20_000_usize {
                        let bytes = n.wrapping_mul(7919 + thread) % (MIB / 16);
                        let grown = charges[n % 32].resize(bytes);
                        refused.fetch_add(u32::from(grown.is_err()), Ordering::Relaxed);
                        assert!(memory.used() <= mark, "{purpose:?}");
                    }
                });
            }
        });
        assert!(refused.into_inner() > 0, "the mark has not been reached");
        assert_eq!(memory.used(), 0);
    }
}

/// A laggard that gives back what is held for it.
struct Slow {
    lag: AtomicUsize,
    charge: Mutex<Charge>,
}

impl Slow {
    fn listed(memory: &Arc<Memory>, lag: usize) -> (Arc<Slow>, u64) {
        let slow = Arc::new(Slow {
            lag: AtomicUsize::new(lag),
            charge: Mutex::new(held(memory, Purpose::Write, lag)),
        });
        let laggard: Weak<Slow> = Arc::downgrade(&slow);
        let number = memory.list(laggard);
        (slow, number)
    }
}

impl Laggard for Slow {
    fn lag(&self) -> usize {
        self.lag.load(Ordering::Relaxed)
    }

    fn drop_for_memory(&self) {
        self.lag.store(0, Ordering::Relaxed);
        lock(&self.charge).settle(0);
    }
}

#[test]
fn the_furthest_behind_goes_first_and_only_who_is_behind() {
    let memory = Memory::new(MIB, KIB);
    assert!(!memory.make_room(Purpose::Post));
    let all = [30, 0, 500, 70, 0].map(|lag| Slow::listed(&memory, lag));
    let lags = || all.each_ref().map(|(slow, _)| slow.lag());
    for expected in [[30, 0, 0, 70, 0], [30, 0, 0, 0, 0], [0; 5]] {
        assert!(memory.make_room(Purpose::Post));
        assert_eq!(lags(), expected);
        assert_eq!(memory.used(), expected.iter().sum::<usize>());
    }
    assert!(!memory.make_room(Purpose::Post));
    // Those who have gone, or are struck out, are nobody.
    let (slow, number) = Slow::listed(&memory, 10);
    memory.strike_out(number);
    drop(Slow::listed(&memory, 20));
    assert!(!memory.make_room(Purpose::Post));
    assert_eq!(slow.lag(), 10);
}

/// For receive buffers nobody is dropped while these take a third of what they may have at most, a quarter of all.
#[test]
fn receive_buffers_drop_laggards_only_up_to_a_quarter() {
    let memory = Memory::new(64 * MIB, MESSAGE);
    let _slow = [10 * MIB, 20 * MIB].map(|lag| Slow::listed(&memory, lag));
    let mut buffers = held(&memory, Purpose::Receive, 16 * MIB);
    assert!(!memory.make_room(Purpose::Receive));
    assert_eq!(memory.used(), 46 * MIB);
    buffers.settle(16 * MIB - 1);
    assert!(memory.make_room(Purpose::Receive));
    assert_eq!(memory.used(), 26 * MIB - 1);
    buffers.settle(40 * MIB);
    assert!(memory.make_room(Purpose::Post));
    assert_eq!(memory.used(), 40 * MIB);
}

#[test]
fn a_newcomer_comes_in_as_soon_as_that_helps() {
    let memory = Memory::new(64 * MIB, MESSAGE);
    let all = [1, 2, 3].map(|n| Slow::listed(&memory, n * MIB));
    assert!(memory.admits_a_client());
    let _others = held(&memory, Purpose::Write, 44 * MIB);
    assert!(memory.admits_a_client());
    assert_eq!(all.map(|(slow, _)| slow.lag()), [MIB, 2 * MIB, 0]);
    let memory = Memory::new(64 * MIB, MESSAGE);
    let _buffers = held(&memory, Purpose::Receive, 48 * MIB);
    let (slow, _) = Slow::listed(&memory, MIB);
    assert!(!memory.admits_a_client());
    assert_eq!(slow.lag(), MIB);
}

#[test]
fn vectors_grow_in_steps_and_what_is_large_at_once_has_no_more_than_it_needs() {
    assert_eq!(grown::<u8>(0, 0), 0);
    assert_eq!(grown::<u8>(0, 1), 2 * KIB);
    assert_eq!(grown::<u8>(2 * KIB, 2 * KIB), 2 * KIB);
    assert_eq!(grown::<u8>(2 * KIB, 2 * KIB + 1), 4 * KIB);
    assert_eq!(grown::<u8>(8 * KIB, 16 * KIB), 16 * KIB);
    assert_eq!(grown::<u8>(16 * KIB, 16 * KIB + 1), 20 * KIB);
    assert_eq!(grown::<u8>(0, MIB + 10), MIB + 10);
    assert_eq!(grown::<u64>(0, 1), 256);
    assert_eq!(grown::<u8>(usize::MAX - 1, usize::MAX), usize::MAX);
}
