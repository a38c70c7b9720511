//! The same on the primitives of the model checker `shuttle`.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

pub(crate) use shuttle::sync::{Condvar, atomic};
pub(crate) use shuttle::thread;

/// A mutex whose guard knows it.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

pub(crate) struct MutexGuard<'m, T> {
    mutex: &'m Mutex<T>,
    guard: shuttle::sync::MutexGuard<'m, T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Mutex(shuttle::sync::Mutex::new(value))
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    let guard = mutex.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    MutexGuard { mutex, guard }
}

pub(crate) fn wait<'m, T>(condition: &Condvar, guard: MutexGuard<'m, T>) -> MutexGuard<'m, T> {
    let MutexGuard { mutex, guard } = guard;
    let guard = condition.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner());
    MutexGuard { mutex, guard }
}

/// There is no clock: the others do whatever they do in the meantime, and then the time is over.
pub(crate) fn wait_timeout<'m, T>(
    _: &Condvar,
    guard: MutexGuard<'m, T>,
    _: Duration,
) -> (MutexGuard<'m, T>, bool) {
    let mutex = guard.mutex;
    drop(guard);
    thread::yield_now();
    (lock(mutex), true)
}
