//! Everything that touches a socket, a thread or a clock.
//!
//! [`Server::run`] accepts; each connection gets a thread of its own, which lives the client's life from its request
//! head to its closing; what clients say to each other goes through their room.

#[cfg(not(feature = "redis"))]
mod alone;
mod buffer;
mod client;
pub mod config;
mod connection;
mod date;
mod gate;
mod log;
mod metrics;
mod policy;
#[cfg(feature = "redis")]
mod redis;
mod refusal;
mod refuser;
mod room;
mod rooms;
mod site;
mod sync;
mod tracer;
mod wishes;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::protocol::close::CloseCode;
use crate::protocol::receiver::Limits;
use crate::sys::{self, Waker};
#[cfg(not(feature = "redis"))]
use alone::{Link, Presence};
pub use config::Config;
use connection::Connection;
use gate::Gate;
pub use log::Log;
use log::Throttle;
use metrics::Metrics;
use policy::Policy;
#[cfg(feature = "redis")]
use redis::{Link, Presence};
use refusal::Refusal;
use refuser::Refuser;
use room::{Bounds, Farewell, Wire};
use rooms::Rooms;
use sync::{Mutex, lock};

/// Room for the calls of one thread, in bytes. Only what is used of it takes memory.
const STACK_SIZE: usize = 64 * 1024;

/// What the kernel may hold of what is sent to one client, in bytes; the kernel takes twice that for its own purposes.
///
/// Left to itself it would take megabytes: memory that nobody counts, and that is emptied in steps as large as the lag
/// that is allowed.
const SEND_BUFFER: i32 = 128 * 1024;

/// How long to wait after an error of `accept` that is not over at once, such as no descriptor being free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A server that is bound to its address.
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    waker: Arc<Waker>,
    shared: Arc<Shared>,
}

/// What all threads of a server share.
struct Shared {
    config: Config,
    policy: Policy,
    metrics: Arc<Metrics>,
    gate: Arc<Gate>,
    refuser: Refuser,
    rooms: Arc<Rooms<Connection>>,
    log: Log,
    refusals: Throttle,
    accept_errors: Throttle,
    next_client: AtomicU64,
    connections: Mutex<BTreeMap<u64, Weak<Connection>>>,
    stopping: AtomicBool,
}

/// Stops a running server from another thread.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
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
        let metrics = Arc::new(Metrics::new());
        let max_lag = config.max_lag.max(config.max_message.saturating_mul(4));
        let history = if config.echo { 0 } else { config.history };
        let shared = Shared {
            policy: Policy::new(local_addr.ip(), &config.allow_origins),
            gate: Gate::new(config.max_clients),
            refuser: Refuser::new(config.close_timeout),
            rooms: Rooms::new(Bounds { history, max_lag }, Arc::clone(&metrics), Link::new(&config, &log)),
            metrics,
            log,
            refusals: Throttle::default(),
            accept_errors: Throttle::default(),
            next_client: AtomicU64::new(1),
            connections: Mutex::default(),
            stopping: AtomicBool::new(false),
            config,
        };
        Ok(Server { listener, local_addr, waker, shared: Arc::new(shared) })
    }

    /// The address it is bound to, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// A handle to stop it by.
    pub fn handle(&self) -> Handle {
        Handle { shared: Arc::clone(&self.shared), waker: Arc::clone(&self.waker) }
    }

    /// Serves until it is stopped; then sends everyone what was queued and a Close, and waits at most
    /// [`Config::close_timeout`] for them.
    pub fn run(self) {
        self.shared.rooms.link().start(&self.shared.rooms);
        while !self.shared.stopping.load(Ordering::SeqCst) {
            match self.listener.accept() {
                Ok((socket, peer)) => self.shared.admit(socket, peer),
                Err(error) => self.shared.endure(&error),
            }
        }
        drop(self.listener);
        self.shared.say_goodbye();
    }
}

impl Handle {
    /// Makes [`Server::run`] stop accepting and end.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.waker.wake();
    }
}

impl Shared {
    fn limits(&self) -> Limits {
        Limits { max_message: self.config.max_message, max_fragments: self.config.max_fragments }
    }

    /// Finds a place and a thread for a connection, or refuses it.
    fn admit(self: &Arc<Shared>, socket: TcpStream, peer: SocketAddr) {
        if self.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Some(permit) = self.gate.admit() else {
            self.refuser.refuse(socket);
            self.log_refusal(Refusal::ServerFull, peer);
            return;
        };
        let number = self.next_client.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection::new(socket, number, peer, permit, self));
        lock(&self.connections).insert(number, Arc::downgrade(&connection));
        let (shared, served) = (Arc::clone(self), Arc::clone(&connection));
        let serve = move || {
            let listed = Listed { shared: &shared, number };
            client::serve(&served, &shared);
            drop(listed);
        };
        if thread::Builder::new().stack_size(STACK_SIZE).spawn(serve).is_err() {
            lock(&self.connections).remove(&number);
            if let Some(connection) = Arc::into_inner(connection) {
                self.refuser.refuse(connection.into_socket());
            }
            self.log_refusal(Refusal::ServerFull, peer);
        }
    }

    /// Goes on after an error of `accept`, whatever it is.
    fn endure(&self, error: &io::Error) {
        if self.stopping.load(Ordering::SeqCst) {
            return;
        }
        self.metrics.accept_error();
        if let Some(passed_over) = self.accept_errors.admit() {
            self.log.error(format_args!("cannot accept: {error} ({passed_over} more of its kind before)"));
        }
        // A connection that was gone before it was accepted is no reason to wait.
        if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) {
            thread::sleep(ACCEPT_PAUSE);
        }
    }

    fn log_refusal(&self, refusal: Refusal, peer: SocketAddr) {
        self.metrics.refused(refusal);
        if let Some(passed_over) = self.refusals.admit() {
            let status = refusal.status();
            self.log.info(format_args!("refused {peer}: {status} {refusal} ({passed_over} more before)"));
        }
    }

    /// Ends every connection, politely as far as time allows.
    fn say_goodbye(&self) {
        let deadline = Instant::now() + self.config.close_timeout;
        self.log.info("stopping");
        self.each_connection(Connection::cut_if_awaiting_head);
        let farewell = Farewell { code: CloseCode::GOING_AWAY, reason: "server going away", waits: true };
        self.rooms.close(farewell, deadline);
        self.gate.wait_until_empty(deadline);
        self.each_connection(Wire::cut);
        self.rooms.link().stop(deadline);
    }

    fn each_connection(&self, act: impl Fn(&Connection)) {
        let connections: Vec<_> = lock(&self.connections).values().filter_map(Weak::upgrade).collect();
        connections.iter().for_each(|connection| act(connection));
    }
}

/// A connection's entry in the list of all, taken out when its thread ends, by return or by panic.
struct Listed<'s> {
    shared: &'s Shared,
    number: u64,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        lock(&self.shared.connections).remove(&self.number);
    }
}
