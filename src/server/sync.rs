//! Locks and threads.
//!
//! A lock that was poisoned by a panic stays in use: nothing of a client's own runs under it. In tests built with
//! `--cfg chinwag_model` locks and threads are those of a model checker, which leads the rooms through many thousands
//! of schedules: see `room/model`.

/// Room for the calls of one thread, in bytes. Only what is used of it takes memory.
pub(crate) const STACK_SIZE: usize = 64 * 1024;

#[cfg(all(test, chinwag_model))]
mod model;
#[cfg(not(all(test, chinwag_model)))]
mod real {
    use std::sync::TryLockError;
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};
    pub(crate) use std::thread;
    use std::time::Duration;

    /// Does nothing for some time.
    pub(crate) fn pause(time: Duration) {
        thread::sleep(time);
    }

    /// Locks, waiting for whoever holds the lock.
    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Locks, unless that would mean to wait.
    pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
        match mutex.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Waits on a condition variable, at most for `timeout`; returns whether that is over.
    pub(crate) fn wait_timeout<'m, T>(
        condition: &Condvar,
        guard: MutexGuard<'m, T>,
        timeout: Duration,
    ) -> (MutexGuard<'m, T>, bool) {
        let waited = condition.wait_timeout(guard, timeout);
        let (guard, timeout) = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
        (guard, timeout.timed_out())
    }
}

#[cfg(all(test, chinwag_model))]
pub(crate) use model::*;
#[cfg(not(all(test, chinwag_model)))]
pub(crate) use real::*;
