//! The same on the primitives of the model checker `shuttle`.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

pub(crate) use shuttle::sync::{Condvar, atomic};

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

/// There is no clock: the others do whatever they do in the meantime.
pub(crate) fn pause(_: Duration) {
    thread::yield_now();
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    let guard = mutex.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    MutexGuard { mutex, guard }
}

pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    let guard = mutex.0.try_lock().ok()?;
    Some(MutexGuard { mutex, guard })
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

pub(crate) mod thread {
    use std::cell::Cell;
    use std::io;

    pub(crate) use shuttle::thread::{JoinHandle, spawn, yield_now};

    thread_local! {
        /// How many threads will not be had. All threads of a model are one to the system.
        static SCARCE: Cell<u32> = const { Cell::new(0) };
    }

    /// The next `count` threads that may fail to start do.
    pub(crate) fn refuse(count: u32) {
        SCARCE.set(count);
    }

    pub(crate) struct Builder(shuttle::thread::Builder);

    impl Builder {
        pub(crate) fn new() -> Self {
            Builder(shuttle::thread::Builder::new())
        }

        pub(crate) fn stack_size(self, size: usize) -> Self {
            Builder(self.0.stack_size(size))
        }

        pub(crate) fn spawn<T: Send + 'static>(
            self,
            run: impl FnOnce() -> T + Send + 'static,
        ) -> io::Result<JoinHandle<T>> {
            if let Some(left) = SCARCE.get().checked_sub(1) {
                SCARCE.set(left);
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.0.spawn(run)
        }
    }
}
