//! Everything that touches a socket, a thread or a clock.
//!
//! [`Server::run`] accepts; each connection gets a thread of its own, which lives the client's life from its request
//! head to its closing; what clients say to each other goes through their room.

mod acceptor;
mod buffer;
mod client;
pub mod config;
mod connection;
mod date;
mod gate;
mod link;
mod log;
mod memory;
mod metrics;
mod names;
mod pace;
mod policy;
mod refuser;
mod response;
mod room;
mod rooms;
mod shared;
mod site;
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

/// What the kernel may hold of what is sent to one client, in bytes; the kernel takes twice that for its own purposes.
///
/// Left to itself it would take megabytes: memory that nobody counts, and that is emptied in steps as large as the lag
/// that is allowed.
const SEND_BUFFER: i32 = 128 * 1024;

/// A server that is bound to its address.
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    waker: Arc<Waker>,
    shared: Arc<Shared>,
    acceptor: Arc<Acceptor>,
}

/// Stops a running server from another thread.
#[derive(Clone)]
pub struct Handle {
    acceptor: Arc<Acceptor>,
    waker: Arc<Waker>,
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
        let listener = TcpListener::bind(config.listen)?;
        sys::limit_send_buffer(&listener, SEND_BUFFER);
        let local_addr = listener.local_addr()?;
        let waker = Arc::new(Waker::of(&listener)?);
        let shared = Arc::new(Shared::new(config, local_addr.ip(), log));
        let acceptor = Acceptor::new(Arc::clone(&shared));
        Ok(Server { listener, local_addr, waker, shared, acceptor })
    }

    /// The address it is bound to, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// A handle to stop it by.
    pub fn handle(&self) -> Handle {
        Handle { acceptor: Arc::clone(&self.acceptor), waker: Arc::clone(&self.waker) }
    }

    /// Serves until it is stopped; then sends everyone what was queued and a Close, and waits at most
    /// [`Config::close_timeout`] for them.
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
        self.waker.wake();
    }
}
