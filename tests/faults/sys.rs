//! What `std` cannot set on a socket. All `unsafe` of these tests is here.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

// So on most architectures of Linux.
const SOL_SOCKET: c_int = 1;
const SO_RCVBUF: c_int = 8;
const SO_LINGER: c_int = 13;

unsafe extern "C" {
    fn setsockopt(socket: c_int, level: c_int, name: c_int, value: *const c_void, length: u32) -> c_int;
}

#[track_caller]
fn set(socket: &TcpStream, name: c_int, value: &[c_int]) {
    let (start, length) = (value.as_ptr().cast(), size_of_val(value) as u32);
    // SAFETY: the descriptor is open while `socket` is borrowed; the kernel only reads, and only these integers.
    let result = unsafe { setsockopt(socket.as_raw_fd(), SOL_SOCKET, name, start, length) };
    assert_eq!(result, 0, "socket option {name}");
}

/// Closes with a reset, whatever was sent or received.
#[track_caller]
pub fn reset(socket: TcpStream) {
    // `struct linger`: on, for no time at all.
    set(&socket, SO_LINGER, &[1, 0]);
}

/// Lets the kernel keep as little as it can of what this side has not read.
#[track_caller]
pub fn receive_little(socket: &TcpStream) {
    set(socket, SO_RCVBUF, &[1]);
}
