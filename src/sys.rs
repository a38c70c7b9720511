//! What `std` cannot do: a send that does not wait, small socket buffers, to give up what was sent in vain, an `accept` woken from another thread, a signal
//! noticed, one heap for all threads.
//!
//! All `unsafe` of the crate is here, in calls to POSIX functions that every Unix libc has.
#![allow(unsafe_code)]

#[cfg(unix)]
pub use signals::Signals;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod send {
    use std::ffi::{c_int, c_ulong, c_void};
    use std::io;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    // The same on every architecture of Linux.
    const MSG_DONTWAIT: c_int = 0x40;
    const MSG_NOSIGNAL: c_int = 0x4000;

    // So on most architectures of Linux; on the others the kernel's own size stays.
    const SOL_SOCKET: c_int = 1;
    const SO_SNDBUF: c_int = 7;
    const SO_RCVBUF: c_int = 8;
    const SO_LINGER: c_int = 13;
    const SIOCOUTQ: c_ulong = 0x5411;

    unsafe extern "C" {
        fn send(socket: c_int, buffer: *const c_void, length: usize, flags: c_int) -> isize;
        fn setsockopt(socket: c_int, level: c_int, name: c_int, value: *const c_void, length: u32) -> c_int;
        fn ioctl(socket: c_int, request: c_ulong, ...) -> c_int;
    }

    /// Limits what the kernel holds for each of the connections that `listener` accepts, to so many bytes in each direction.
    pub(crate) fn limit_buffers(listener: &TcpListener, len: c_int) {
        let value = (&raw const len).cast();
        for name in [SO_SNDBUF, SO_RCVBUF] {
            // SAFETY: the descriptor is open while `listener` is borrowed; the kernel reads one `int` from `len`.
            // An error leaves the kernel's own size, which is no fault of anybody's.
            unsafe { setsockopt(listener.as_raw_fd(), SOL_SOCKET, name, value, size_of::<c_int>() as u32) };
        }
    }

    /// Gives up what the peer has not taken, if there is anything, as soon as the socket is closed: the connection is reset.
    /// If not, the kernel goes on offering it for minutes.
    pub(crate) fn abandon_unsent(socket: &TcpStream) {
        let mut unsent: c_int = 0;
        // SAFETY: the descriptor is open while `socket` is borrowed; the kernel writes one `int`.
        let known = unsafe { ioctl(socket.as_raw_fd(), SIOCOUTQ, &raw mut unsent) } == 0;
        if known && unsent > 0 {
            // `struct linger`: on, for no time at all.
            let value: [c_int; 2] = [1, 0];
            let (start, len) = (value.as_ptr().cast(), size_of_val(&value) as u32);
            // SAFETY: the descriptor is open while `socket` is borrowed; the kernel only reads, and only these integers.
            unsafe { setsockopt(socket.as_raw_fd(), SOL_SOCKET, SO_LINGER, start, len) };
        }
    }

    /// Sends what the kernel takes of `bytes` without waiting; how much that was.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where it takes nothing; any other means that the connection is at its end.
    pub(crate) fn send_now(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        let flags = MSG_DONTWAIT | MSG_NOSIGNAL;
        // SAFETY: the descriptor is open while `socket` is borrowed; the kernel only reads, and only these bytes.
        let sent = unsafe { send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod send {
    use std::ffi::c_int;
    use std::io::{self, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    /// The system's own size stays.
    pub(crate) fn limit_buffers(_: &TcpListener, _: c_int) {}

    /// The system decides how long it goes on.
    pub(crate) fn abandon_unsent(_: &TcpStream) {}

    /// Sends what the kernel takes of `bytes` and waits at most a tick; how much that was.
    ///
    /// # Errors
    ///
    /// `WouldBlock` or `TimedOut` where it takes nothing; any other means that the connection is at its end.
    pub(crate) fn send_now(mut socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        socket.set_write_timeout(Some(Duration::from_millis(1)))?;
        let sent = socket.write(bytes);
        socket.set_write_timeout(None)?;
        sent
    }
}

/// Makes glibc keep one heap for all threads, give back what is free at its end, and keep what is large out of it. By
/// default each of a thousand threads may leave free memory behind in a heap that the others do not use, and a buffer of
/// a client that has gone stays where a small thing lies behind it. Nothing is allocated per message, so there is nothing
/// to be gained by that.
pub fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;
        const M_TRIM_THRESHOLD: c_int = -1;
        const M_MMAP_THRESHOLD: c_int = -3;
        const M_ARENA_MAX: c_int = -8;
        unsafe extern "C" {
            fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        // SAFETY: takes no pointers; a value that it does not like is ignored.
        unsafe {
            mallopt(M_ARENA_MAX, 1);
            mallopt(M_TRIM_THRESHOLD, 128 * 1024);
            mallopt(M_MMAP_THRESHOLD, 8 * 1024);
        }
    }
}

pub(crate) use send::{abandon_unsent, limit_buffers, send_now};
pub(crate) use wake::Waker;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod wake {
    use std::io;
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::os::fd::OwnedFd;

    /// Wakes the thread that waits in `accept`.
    pub(crate) struct Waker(TcpStream);

    impl Waker {
        pub(crate) fn of(listener: &TcpListener) -> io::Result<Waker> {
            Ok(Waker(OwnedFd::from(listener.try_clone()?).into()))
        }

        /// Makes `accept` fail, now and from now on. It takes no descriptor: none may be left.
        pub(crate) fn wake(&self) {
            // Linux has a meaning for `shutdown` of a socket that listens.
            let _ = self.0.shutdown(Shutdown::Both);
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod wake {
    use std::io;
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
    use std::time::Duration;

    /// Wakes the thread that waits in `accept`.
    pub(crate) struct Waker(SocketAddr);

    impl Waker {
        pub(crate) fn of(listener: &TcpListener) -> io::Result<Waker> {
            let mut own = listener.local_addr()?;
            match own {
                SocketAddr::V4(v4) if v4.ip().is_unspecified() => own.set_ip(Ipv4Addr::LOCALHOST.into()),
                SocketAddr::V6(v6) if v6.ip().is_unspecified() => own.set_ip(Ipv6Addr::LOCALHOST.into()),
                _ => {}
            }
            Ok(Waker(own))
        }

        /// Gives `accept` something to return.
        pub(crate) fn wake(&self) {
            let _ = TcpStream::connect_timeout(&self.0, Duration::from_secs(1));
        }
    }
}

#[cfg(unix)]
mod signals {
    use std::ffi::c_int;
    use std::ptr;

    const SIG_BLOCK: c_int = if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 1 };
    const SIG_DFL: usize = 0;
    const SIG_IGN: usize = 1;
    const SIGHUP: c_int = 1;
    const SIGINT: c_int = 2;
    const SIGTERM: c_int = 15;

    /// As large as the largest `sigset_t` there is (1,024 bits), and aligned as it is.
    #[repr(C)]
    struct SignalSet([u64; 16]);

    unsafe extern "C" {
        fn sigemptyset(set: *mut SignalSet) -> c_int;
        fn sigaddset(set: *mut SignalSet, signal: c_int) -> c_int;
        fn pthread_sigmask(how: c_int, set: *const SignalSet, old: *mut SignalSet) -> c_int;
        fn sigwait(set: *const SignalSet, signal: *mut c_int) -> c_int;
        // A handler is a pointer or one of the two numbers above.
        fn signal(signal: c_int, handler: usize) -> usize;
    }

    /// SIGTERM, SIGINT and SIGHUP, blocked in the thread that made this and in all that it starts from then on: so they
    /// are kept for [`Signals::wait`], also for PID 1, which has no default action.
    ///
    /// A SIGHUP that was ignored stays so: whoever starts a program with `nohup` wants it to outlive the terminal.
    pub struct Signals(SignalSet);

    impl Signals {
        /// Blocks the signals. To be called before any other thread is started.
        pub fn block() -> Signals {
            let mut set = SignalSet([0; 16]);
            // SAFETY: `set` is a valid, large enough `sigset_t` throughout; these functions keep no pointer to it. No
            // handler is installed but the two that are none.
            unsafe {
                sigemptyset(&mut set);
                sigaddset(&mut set, SIGINT);
                sigaddset(&mut set, SIGTERM);
                if signal(SIGHUP, SIG_IGN) != SIG_IGN {
                    signal(SIGHUP, SIG_DFL);
                    sigaddset(&mut set, SIGHUP);
                }
                pthread_sigmask(SIG_BLOCK, &set, ptr::null_mut());
            }
            Signals(set)
        }

        /// Waits for one of them.
        pub fn wait(&self) {
            let mut signal = 0;
            // SAFETY: both pointers are valid for the call. An error is `EINTR` on some systems: waited again.
            while unsafe { sigwait(&self.0, &mut signal) } != 0 {}
        }
    }
}
