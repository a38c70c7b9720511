//! Accepting: each connection gets a place and a thread, or is refused.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::addresses::Addresses;
use super::client;
use super::connection::Connection;
use super::gate::Gate;
use super::log::Throttle;
use super::refusal::Refusal;
use super::refuser::Refuser;
use super::room::{Farewell, Wire};
use super::shared::Shared;
use super::sync::{Mutex, STACK_SIZE, lock};
use super::tracer::Tracer;
use crate::protocol::close::CloseCode;
use crate::sys::Waker;

/// How long to wait after an error of `accept` that is not over at once, such as no descriptor being free.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections, and knows those that there are.
pub(crate) struct Acceptor {
    shared: Arc<Shared>,
    addresses: Arc<Addresses>,
    waker: Waker,
    gate: Arc<Gate>,
    refuser: Refuser,
    errors: Throttle,
    connections: Mutex<BTreeMap<u64, Weak<Connection>>>,
    stopping: AtomicBool,
}

impl Acceptor {
    /// `waker` wakes it where it waits for the next connection.
    pub(crate) fn new(shared: Arc<Shared>, waker: Waker) -> Arc<Acceptor> {
        Arc::new(Acceptor {
            addresses: Addresses::new(shared.config.places_per_address()),
            gate: Gate::new(shared.config.max_clients),
            refuser: Refuser::new(shared.config.close_timeout),
            shared,
            waker,
            errors: Throttle::default(),
            connections: Mutex::default(),
            stopping: AtomicBool::new(false),
        })
    }

    /// Accepts connections until it is stopped. It never waits for a client, and never ends on an error.
    pub(crate) fn run(self: &Arc<Acceptor>, listener: &TcpListener) {
        while !self.is_stopping() {
            match listener.accept() {
                Ok((socket, peer)) => self.admit(socket, peer),
                Err(error) => self.endure(&error),
            }
        }
    }

    /// Makes [`Acceptor::run`] end.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.waker.wake();
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Finds a place and a thread for a connection, or refuses it.
    fn admit(self: &Arc<Acceptor>, socket: TcpStream, peer: SocketAddr) {
        if self.is_stopping() {
            return;
        }
        let Some(counted) = self.addresses.count(peer.ip().into()) else {
            return self.turn_away(socket, peer, Refusal::TooManyConnections);
        };
        let Some((permit, displaced)) = self.gate.admit(counted, Instant::now()) else {
            return self.turn_away(socket, peer, Refusal::ServerFull);
        };
        if let Some(connection) = displaced.and_then(|number| self.connection(number)) {
            connection.end_reading();
        }
        let (shared, number) = (&self.shared, permit.number);
        let tracer =
            shared.config.trace.then(|| Tracer::new(shared.log.clone(), number, shared.config.limits()));
        let metrics = Arc::clone(&shared.metrics);
        let connection = Arc::new(Connection::new(socket, peer, permit, metrics, tracer));
        lock(&self.connections).insert(number, Arc::downgrade(&connection));
        let (acceptor, served) = (Arc::clone(self), Arc::clone(&connection));
        let serve = move || {
            let listed = ListEntry { acceptor: &acceptor, number };
            client::serve(&served, &acceptor.shared);
            drop(listed);
        };
        if thread::Builder::new().stack_size(STACK_SIZE).spawn(serve).is_err() {
            lock(&self.connections).remove(&number);
            if let Some(connection) = Arc::into_inner(connection) {
                self.refuser.refuse(connection.into_socket(), Refusal::ServerFull);
            }
            shared.log_refusal(Refusal::ServerFull, peer);
        }
    }

    /// Refuses a connection without hearing it.
    fn turn_away(&self, socket: TcpStream, peer: SocketAddr, refusal: Refusal) {
        self.refuser.refuse(socket, refusal);
        self.shared.log_refusal(refusal, peer);
    }

    /// Goes on after an error of `accept`, whatever it is.
    fn endure(&self, error: &io::Error) {
        if self.is_stopping() {
            return;
        }
        self.shared.metrics.accept_error();
        if let Some(passed_over) = self.errors.admit() {
            let log = &self.shared.log;
            log.error(format_args!("cannot accept: {error} ({passed_over} more of its kind before)"));
        }
        // A connection that was gone before it was accepted is no reason to wait.
        if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) {
            thread::sleep(PAUSE);
        }
    }

    /// Ends every connection, politely as far as `deadline` allows.
    pub(crate) fn say_goodbye(&self, deadline: Instant) {
        self.each_connection(Connection::cut_if_awaiting_head);
        let farewell = Farewell { code: CloseCode::GOING_AWAY, reason: "server going away", waits: true };
        self.shared.rooms.close(farewell, deadline);
        self.gate.wait_until_empty(deadline);
        self.each_connection(Wire::cut);
    }

    fn connection(&self, number: u64) -> Option<Arc<Connection>> {
        lock(&self.connections).get(&number).and_then(Weak::upgrade)
    }

    fn each_connection(&self, act: impl Fn(&Connection)) {
        let connections: Vec<_> = lock(&self.connections).values().filter_map(Weak::upgrade).collect();
        connections.iter().for_each(|connection| act(connection));
    }
}

/// A connection's entry in the list of all, taken out when its thread ends, by return or by panic.
struct ListEntry<'a> {
    acceptor: &'a Acceptor,
    number: u64,
}

impl Drop for ListEntry<'_> {
    fn drop(&mut self) {
        lock(&self.acceptor.connections).remove(&self.number);
    }
}
