//! What `/metrics` tells (Prometheus text format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use super::refusal::Refusal;
use super::sync::{Mutex, lock};
use crate::protocol::close::CloseCode;

/// Why the server gave a client up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// It fell further behind than `--max-lag`.
    Lag,
    /// It was silent, and did not answer a Ping.
    Silent,
    /// It disappeared without a Close.
    Reset,
    /// It was behind while memory was scarce.
    Memory,
}

/// Everything that is counted while a server runs. Nothing here orders anything else: all is `Relaxed`.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    clients: AtomicU64,
    rooms: AtomicU64,
    streams: AtomicU64,
    rooms_remembered: AtomicU64,
    messages_in: AtomicU64,
    posts: AtomicU64,
    deliveries: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    accept_errors: AtomicU64,
    dropped: [AtomicU64; 4],
    refused: Mutex<BTreeMap<u16, u64>>,
    closes: Mutex<BTreeMap<u16, u64>>,
}

impl Metrics {
    /// All at zero, the refusals and the usual closes listed.
    pub(crate) fn new() -> Metrics {
        let metrics = Metrics::default();
        lock(&metrics.refused).extend(Refusal::all().map(|refusal| (refusal.status(), 0)));
        lock(&metrics.closes).extend([1000, 1001, 1002, 1007, 1008, 1009, 1011].map(|code| (code, 0)));
        metrics
    }

    pub(crate) fn joined(&self) {
        self.clients.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn left(&self) {
        self.clients.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn stream_opened(&self) {
        self.streams.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stream_ended(&self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many rooms there are with someone in them, and how many with nobody.
    pub(crate) fn rooms(&self, occupied: usize, remembered: usize) {
        self.rooms.store(occupied as u64, Ordering::Relaxed);
        self.rooms_remembered.store(remembered as u64, Ordering::Relaxed);
    }

    pub(crate) fn has_rooms_remembered(&self) -> bool {
        self.rooms_remembered.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn message_in(&self) {
        self.messages_in.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a message that has come by POST.
    pub(crate) fn posted(&self) {
        self.posts.fetch_add(1, Ordering::Relaxed);
        self.message_in();
    }

    pub(crate) fn deliveries(&self, count: usize) {
        self.deliveries.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn bytes_in(&self, count: usize) {
        self.bytes_in.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn bytes_out(&self, count: usize) {
        self.bytes_out.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn accept_error(&self) {
        self.accept_errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self, reason: Dropped) {
        self.dropped[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        *lock(&self.refused).entry(refusal.status()).or_default() += 1;
    }

    pub(crate) fn close_sent(&self, code: CloseCode) {
        *lock(&self.closes).entry(code.get()).or_default() += 1;
    }

    /// The page of `/metrics`.
    pub(crate) fn render(&self, log_lines_dropped: u64) -> String {
        let mut page = Page(String::with_capacity(2048));
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        page.single("clients", "gauge", "Clients in a room.", get(&self.clients));
        page.single("rooms", "gauge", "Rooms with a client in them.", get(&self.rooms));
        page.single("streams", "gauge", "Clients that are event streams.", get(&self.streams));
        let remembered = get(&self.rooms_remembered);
        page.single("rooms_remembered", "gauge", "Rooms with nobody in them.", remembered);
        page.single("messages_in_total", "counter", "Messages received.", get(&self.messages_in));
        page.single("posts_total", "counter", "Of these, by POST.", get(&self.posts));
        page.single(
            "deliveries_total",
            "counter",
            "Messages sent on, once per receiver.",
            get(&self.deliveries),
        );
        page.single("bytes_in_total", "counter", "Bytes read from sockets.", get(&self.bytes_in));
        page.single("bytes_out_total", "counter", "Bytes written to sockets.", get(&self.bytes_out));
        page.family("requests_refused_total", "counter", "Requests refused, by status.");
        for (status, count) in lock(&self.refused).iter() {
            page.labelled("requests_refused_total", "status", status, *count);
        }
        page.family("closes_total", "counter", "Close frames sent by the server.");
        for (code, count) in lock(&self.closes).iter() {
            page.labelled("closes_total", "code", code, *count);
        }
        page.family("clients_dropped_total", "counter", "Clients given up, or gone without a Close.");
        for (reason, count) in ["lag", "silent", "reset", "memory"].iter().zip(&self.dropped) {
            page.labelled("clients_dropped_total", "reason", reason, get(count));
        }
        page.single("accept_errors_total", "counter", "Errors of accept.", get(&self.accept_errors));
        page.single("log_lines_dropped_total", "counter", "Log lines not written.", log_lines_dropped);
        page.into_text()
    }
}

/// Lines of the page.
#[derive(Default)]
pub(crate) struct Page(String);

// Writing to a `String` cannot fail.
impl Page {
    /// The lines themselves.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP chinwag_{name} {help}\n# TYPE chinwag_{name} {kind}\n");
    }

    pub(crate) fn single(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help);
        let _ = writeln!(self.0, "chinwag_{name} {value}");
    }

    fn labelled(&mut self, name: &str, label: &str, label_value: impl std::fmt::Display, value: u64) {
        let _ = writeln!(self.0, "chinwag_{name}{{{label}=\"{label_value}\"}} {value}");
    }
}
