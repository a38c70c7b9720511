//! Everything that touches a socket, a thread or a clock.
//!
//! [`Server::run`] accepts. Each connection gets a thread of its own, which lives the client's life from its request
//! head to its closing. What clients say to each other goes through their room.
//!
//! # The map
//!
//! ```text
//!   acceptor    accepting: each connection gets a place and a thread, or is refused
//!   client      one client's life: request head, answer, room, closing
//!   post        a message without a WebSocket
//!   request     receiving a request until it is whole, or refused, or late
//!   stream      a client in its room without WebSocket: listening to events
//!   chat        a client in its room: reading and posting until there is a reason to end
//!   site        what a request is answered
//!   shared      what all threads of a server share
//!   refuser     refusing where there is no place or no thread
//!   rooms       all rooms by their names, and a client's seat in one of them
//!   connection  one accepted socket: reading until a deadline, sending without waiting
//!   tracer      what passes on a connection, explained
//!   gate        how many connections there may be, and who is heard where the server is full
//!   addresses   how many of them one address may have
//!   policy      who may come in, by host and by origin
//!   config      what an operator may choose
//!   events      what a room sends, as events
//!   link        to other servers that share the rooms
//!   room        who is in it, what is to be sent to them, and the one place that writes to clients
//!   response    how responses are written
//!   date        when
//!   wishes      what a client asks for in its URL
//!   names       what rooms and clients can be called
//!   buffer      what a client has sent
//!   memory      one number bounds all that clients can make the server hold
//!   pace        how fast senders are read while someone is far behind
//!   metrics     what is counted
//!   refusal     how the server says no
//!   log         what is logged, without waiting for it
//!   sync        locks and threads
//! ```

mod acceptor;
mod addresses;
mod buffer;
mod chat;
mod client;
pub mod config;
mod connection;
mod date;
mod events;
mod gate;
mod link;
mod log;
mod memory;
mod metrics;
pub(crate) mod names;
mod pace;
mod policy;
mod post;
mod refusal;
mod refuser;
mod request;
mod response;
mod room;
mod rooms;
mod shared;
mod site;
mod stream;
mod sync;
mod tracer;
mod wishes;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Instant;

use crate::sys::{self, Waker};
use acceptor::Acceptor;
pub use config::Config;
pub use log::Log;
use shared::Shared;

/// What the kernel may hold of what is sent to one client, and as much again of what has come from it, in bytes; the
/// kernel takes twice that for its own purposes.
///
/// Left to itself it would take megabytes for each: memory that nobody counts, and that is emptied in steps as large as the
/// lag that is allowed. So it gets a client's part of what the server itself may hold, within reason.
fn socket_buffer(config: &Config) -> i32 {
    const LEAST: usize = 16 * 1024;
    const MOST: usize = 64 * 1024;
    (config.max_memory() / config.max_clients.max(1)).clamp(LEAST, MOST) as i32
}

/// A server that is bound to its address.
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Arc<Acceptor>,
}

/// Stops a running server from another thread.
#[derive(Clone)]
pub struct Handle {
    acceptor: Arc<Acceptor>,
}

impl Server {
    /// Binds to [`Config::listen`] and logs on stderr.
    ///
    /// # Errors
    ///
    /// Those of binding: a port in use, an address that is not this machine's.
    pub fn bind(config: Config) -> io::Result<Server> {
        let log = Log::to_stderr(config.quiet);
        Self::bind_with_log(config, log)
    }

    /// The same with a log of the caller's.
    ///
    /// # Errors
    ///
    /// Those of [`Server::bind`].
    pub fn bind_with_log(config: Config, log: Log) -> io::Result<Server> {
        let config = config.within_bounds();
        let listener = TcpListener::bind(config.listen)?;
        sys::limit_buffers(&listener, socket_buffer(&config));
        let local_addr = listener.local_addr()?;
        let waker = Waker::of(&listener)?;
        let shared = Arc::new(Shared::new(config, local_addr.ip(), log));
        let acceptor = Acceptor::new(Arc::clone(&shared), waker);
        Ok(Server { listener, local_addr, shared, acceptor })
    }

    /// Returns the address that it is bound to, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Returns a handle to stop it by.
    pub fn handle(&self) -> Handle {
        Handle { acceptor: Arc::clone(&self.acceptor) }
    }

    /// Serves until it is stopped. Then it sends everyone what was queued and a Close, and waits at most
    /// [`Config::close_timeout`] for them: a *graceful shutdown*.
    pub fn run(self) {
        let Shared { config, rooms, log, .. } = &*self.shared;
        let hearing = Arc::clone(rooms);
        rooms.link().start(move |server, news| hearing.hear(server, news));
        self.acceptor.run(&self.listener);
        drop(self.listener);
        let deadline = Instant::now() + config.close_timeout;
        log.info("stopping");
        self.acceptor.say_goodbye(deadline);
        rooms.link().stop(deadline);
    }
}

impl Handle {
    /// Makes [`Server::run`] stop accepting and end.
    pub fn stop(&self) {
        self.acceptor.stop();
    }
}
