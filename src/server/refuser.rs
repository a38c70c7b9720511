//! Refuses connections for which there is no place or no thread, all in one thread.
//!
//! A socket that is closed while something of its peer is still unread is reset, and a reset may destroy the refusal on
//! its way. So these, too, are read to their end, within bounds.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::refusal::Refusal;
use super::response;
use super::sync::STACK_SIZE;
use crate::sys;

/// How many refused connections are waited for; of more, the oldest are let go.
const WAITING_MAX: usize = 64;

/// How often those that are waited for are looked at.
const TICK: Duration = Duration::from_millis(20);

/// The most that is read and discarded of one of them per look, in bytes.
const DISCARD_MAX: usize = 64 * 1024;

/// Hands sockets to the thread that refuses them.
pub(crate) struct Refuser(SyncSender<TcpStream>);

struct Refused {
    socket: TcpStream,
    deadline: Instant,
}

impl Refuser {
    /// Where no thread can be had, what is refused is not waited for.
    pub(crate) fn new(close_timeout: Duration) -> Refuser {
        let (sockets, refused) = sync_channel(WAITING_MAX);
        let _ = thread::Builder::new()
            .stack_size(STACK_SIZE)
            .spawn(move || wait_for_all(&refused, close_timeout));
        Refuser(sockets)
    }

    /// Tells a peer why it is not heard. It never waits.
    pub(crate) fn refuse(&self, socket: TcpStream, refusal: Refusal) {
        let _ = sys::send_now(&socket, &response::refuse(refusal, b""));
        let _ = socket.shutdown(Shutdown::Write);
        // Nobody else has this socket: it may be made one that does not wait.
        if socket.set_nonblocking(true).is_ok() {
            let _ = self.0.try_send(socket);
        }
    }
}

fn wait_for_all(refused: &Receiver<TcpStream>, close_timeout: Duration) {
    let mut waiting = VecDeque::new();
    loop {
        let next = if waiting.is_empty() {
            refused.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            refused.recv_timeout(TICK)
        };
        match next {
            Ok(socket) => waiting.push_back(Refused { socket, deadline: Instant::now() + close_timeout }),
            Err(RecvTimeoutError::Timeout) => waiting.retain_mut(Refused::is_waited_for),
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if waiting.len() > WAITING_MAX {
            waiting.retain_mut(Refused::is_waited_for);
            waiting.truncate(WAITING_MAX);
        }
    }
}

impl Refused {
    /// Discards what has come; `false` when the peer has ended, or its time has.
    fn is_waited_for(&mut self) -> bool {
        let mut scrap = [0; 4096];
        for _ in 0..DISCARD_MAX / scrap.len() {
            match self.socket.read(&mut scrap) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Instant::now() < self.deadline,
                _ => return false,
            }
        }
        Instant::now() < self.deadline
    }
}
