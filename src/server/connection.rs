//! One accepted socket: reading until a deadline, sending without waiting, and the ways to end it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::events::EventWire;
use super::gate::Permit;
use super::memory::Memory;
use super::metrics::{Dropped, Metrics};
use super::pace::READ_MAX;
use super::room::Wire;
use super::sync::{Condvar, Mutex, lock, wait_timeout};
use super::tracer::Tracer;
use crate::sys;

/// How many reads there may be after the deadline of a whole head or message, each of what has already arrived: when
/// the server itself was stopped for a while, that is what came in time.
pub(crate) const LATE_READS_MAX: u32 = 8;

/// The most that is read and discarded of a closing peer, in bytes.
const LINGER_MAX: u64 = 16 * 1024 * 1024;

/// A socket with its place in the server (`permit`), which is free again when the last owner drops the connection.
pub(crate) struct Connection {
    socket: TcpStream,
    /// The client's number, never used again.
    pub(crate) number: u64,
    pub(crate) peer: SocketAddr,
    pub(crate) permit: Permit,
    metrics: Arc<Metrics>,
    /// Who explains what passes, if it is to be explained.
    tracer: Option<Box<Tracer>>,
    /// What makes events of what a room sends, if it is an event stream.
    events: OnceLock<Box<EventWire>>,
    /// Whether its request is still awaited: nothing is lost if it is cut now.
    awaits_head: AtomicBool,
    /// Why it was cut by the room's writer, or for the sake of the others.
    dropped: Mutex<Option<Dropped>>,
    writing_ended: Mutex<bool>,
    ended: Condvar,
}

impl Connection {
    pub(crate) fn new(
        socket: TcpStream,
        peer: SocketAddr,
        permit: Permit,
        metrics: Arc<Metrics>,
        tracer: Option<Tracer>,
    ) -> Self {
        // Small messages are to leave at once. Where this fails, they leave a little later.
        let _ = socket.set_nodelay(true);
        Connection {
            socket,
            number: permit.number,
            peer,
            permit,
            metrics,
            tracer: tracer.map(Box::new),
            events: OnceLock::new(),
            awaits_head: AtomicBool::new(true),
            dropped: Mutex::new(None),
            writing_ended: Mutex::new(false),
            ended: Condvar::new(),
        }
    }

    /// Gives the place back and returns the socket alone.
    pub(crate) fn into_socket(self) -> TcpStream {
        self.socket
    }

    /// Sends all of `bytes`, waiting for the peer until `deadline`.
    pub(crate) fn send_until(&self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return Err(ErrorKind::TimedOut.into());
            }
            self.socket.set_write_timeout(Some(at_least_a_millisecond(left)))?;
            let sent = none_if_not_now((&self.socket).write(bytes))?.unwrap_or(0);
            self.count_out(&bytes[..sent]);
            bytes = &bytes[sent..];
        }
        Ok(())
    }

    /// From now on, what a room sends is sent on as events, behind this head.
    pub(crate) fn becomes_event_stream(&self, head: Vec<u8>, memory: &Arc<Memory>) {
        let _ = self.events.set(Box::new(EventWire::new(head, memory)));
    }

    /// Sends what a room has for its client, as that wants it.
    fn send_with(&self, frames: &[u8], send: impl Fn(&[u8]) -> io::Result<usize>) -> io::Result<usize> {
        let send = |bytes: &[u8]| {
            let sent = none_if_not_now(send(bytes))?.unwrap_or(0);
            self.count_out(&bytes[..sent]);
            Ok(sent)
        };
        match self.events.get() {
            Some(events) => events.send(frames, send),
            None => send(frames),
        }
    }

    fn count_out(&self, bytes: &[u8]) {
        self.metrics.bytes_out(bytes.len());
        if let Some(tracer) = &self.tracer {
            tracer.send(bytes);
        }
    }

    fn count_in(&self, bytes: &[u8]) {
        self.metrics.bytes_in(bytes.len());
        if let Some(tracer) = &self.tracer {
            tracer.receive(bytes);
        }
    }

    /// Waits until everything that is to be sent has been sent, or the connection is cut, at most until `deadline`.
    pub(crate) fn wait_for_end_of_writing(&self, deadline: Instant) {
        let mut ended = lock(&self.writing_ended);
        while !*ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            ended = wait_timeout(&self.ended, ended, left).0;
        }
    }

    /// Notes that a request has been read: from now on an answer is owed.
    pub(crate) fn head_has_come(&self) {
        self.awaits_head.store(false, Ordering::Relaxed);
    }

    /// Cuts a connection that nothing is owed yet.
    pub(crate) fn cut_if_awaiting_head(&self) {
        if self.awaits_head.load(Ordering::Relaxed) {
            self.cut();
        }
    }

    /// Ends the wait for a request, of which nothing more is awaited; what it is answered can still be sent.
    pub(crate) fn end_reading(&self) {
        let _ = self.socket.shutdown(Shutdown::Read);
    }

    /// Gives up what its client has not taken: nobody waits for that any more, and the kernel shall not hold it either.
    pub(crate) fn abandon_unsent(&self) {
        sys::abandon_unsent(&self.socket);
    }

    /// Why the client was dropped, if it was.
    pub(crate) fn dropped(&self) -> Option<Dropped> {
        *lock(&self.dropped)
    }
}

impl Wire for Connection {
    fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        self.send_with(bytes, |bytes| sys::send_now(&self.socket, bytes))
    }

    fn send_some(&self, bytes: &[u8]) -> io::Result<usize> {
        self.send_with(bytes, |bytes| (&self.socket).write(bytes))
    }

    fn end_writing(&self) {
        if let Some(tracer) = &self.tracer {
            tracer.end_sending();
        }
        // An error means that the peer is already gone, which is as good.
        let _ = self.socket.shutdown(Shutdown::Write);
        *lock(&self.writing_ended) = true;
        self.ended.notify_all();
    }

    fn cut(&self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        *lock(&self.writing_ended) = true;
        self.ended.notify_all();
    }

    fn cut_for(&self, reason: Dropped) {
        if lock(&self.dropped).replace(reason).is_none() {
            self.metrics.dropped(reason);
        }
        self.cut();
    }
}

/// The one who reads from a connection.
pub(crate) struct Reader {
    connection: Arc<Connection>,
    /// The read timeout that the socket has now.
    armed: Option<Duration>,
}

impl Reader {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Reader { connection, armed: None }
    }

    /// Reads what has arrived, or waits for it until `deadline`: `None` when that has come, 0 at the stream's end.
    ///
    /// What has already arrived is read even after the deadline: a server that was stopped for a while finds its
    /// clients' signs of life there. So a caller whose deadline is for several reads has to check it after each.
    pub(crate) fn read(&mut self, into: &mut [u8], deadline: Option<Instant>) -> io::Result<Option<usize>> {
        let most = into.len().min(READ_MAX);
        loop {
            self.arm(deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())))?;
            let read = (&self.connection.socket).read(&mut into[..most]);
            // When the process is stopped and continued, a read is interrupted even if something has arrived: then it
            // is not known yet whether nothing came in time.
            let interrupted = read.as_ref().is_err_and(|error| error.kind() == ErrorKind::Interrupted);
            if let Some(count) = none_if_not_now(read)? {
                self.connection.count_in(&into[..count]);
                return Ok(Some(count));
            }
            if !interrupted && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(None);
            }
        }
    }

    /// Reads and discards until the peer's end, `deadline`, or [`LINGER_MAX`], so that no reset can destroy what was
    /// sent last on its way.
    ///
    /// It is not inlined: else the stack of each client would hold `scrap` all its life.
    #[inline(never)]
    pub(crate) fn linger(&mut self, deadline: Instant) {
        let mut discarded = 0;
        let mut scrap = [0; 4096];
        while discarded < LINGER_MAX && Instant::now() < deadline {
            match self.read(&mut scrap, Some(deadline)) {
                Ok(Some(count)) if count > 0 => discarded += count as u64,
                _ => return,
            }
        }
    }

    /// Sets the read timeout, unless the present one serves: one that does not expire late, nor before half the time.
    fn arm(&mut self, left: Option<Duration>) -> io::Result<()> {
        let serves = match (self.armed, left) {
            (Some(armed), Some(left)) => armed <= at_least_a_millisecond(left) && left <= armed * 2,
            (armed, left) => armed == left,
        };
        if !serves {
            // A little less, so that it still serves for what is read a moment later against the same deadline.
            self.armed = left.map(|left| at_least_a_millisecond(left - left / 16));
            self.connection.socket.set_read_timeout(self.armed)?;
        }
        Ok(())
    }
}

/// A timeout of zero is an error, and one below a millisecond is rounded by the system as it likes.
fn at_least_a_millisecond(timeout: Duration) -> Duration {
    timeout.max(Duration::from_millis(1))
}

/// `None` in place of the errors that do not end a stream, but only say that nothing could be read or sent now.
fn none_if_not_now(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        // `WouldBlock` and `TimedOut` are the same thing on different systems; `Interrupted` is a signal in between.
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(None),
            _ => Err(error),
        },
    }
}
