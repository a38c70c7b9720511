//! Ways to break a rule of the room, so that it can be seen that the models find it.
//!
//! They stand in the room's code where they break it, and only in this build.

use std::cell::Cell;

use crate::server::room::Wire;
use crate::server::sync::{Mutex, MutexGuard, lock};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::server::room) enum Rule {
    /// The writer lets go of the queue between taking the batch and saying that nobody waits for it any more.
    ArriveWithTheBatch,
    /// A stream is ended before everything has been taken.
    EndBehindTheClose,
}

thread_local! {
    /// All threads of a model are one to the system.
    static BROKEN: Cell<Option<Rule>> = const { Cell::new(None) };
}

/// Breaks a rule for the rest of a test.
pub(super) fn break_rule(rule: Rule) {
    BROKEN.set(Some(rule));
}

/// Lets go of a lock for a moment, if that is what is to go wrong.
pub(in crate::server::room) fn reopen<'m, T>(
    rule: Rule,
    mutex: &'m Mutex<T>,
    guard: MutexGuard<'m, T>,
) -> MutexGuard<'m, T> {
    if BROKEN.get() != Some(rule) {
        return guard;
    }
    drop(guard);
    lock(mutex)
}

/// Ends a stream too early, if that is what is to go wrong.
pub(in crate::server::room) fn end_too_early(wire: &impl Wire) {
    if BROKEN.get() == Some(Rule::EndBehindTheClose) {
        wire.end_writing();
    }
}
