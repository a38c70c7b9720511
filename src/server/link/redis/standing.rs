//! How the link stands, for the log and for `/metrics`.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::server::log::Log;
use crate::server::metrics::Page;
use crate::server::sync::{Mutex, lock};

/// The two connections that a link has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Publisher,
    Subscriber,
}

/// See the module's documentation.
pub(super) struct Standing {
    log: Log,
    address: String,
    connected: Mutex<Connected>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    published: AtomicU64,
    received: AtomicU64,
    dropped: AtomicU64,
    missed: AtomicU64,
    ignored: AtomicU64,
    servers: AtomicU64,
}

struct Connected {
    halves: [bool; 2],
    /// Since when not both are, if it has been said.
    away: Option<Away>,
    /// Whether there has been nothing to say yet.
    is_new: bool,
}

struct Away {
    since: Instant,
    dropped_before: u64,
}

impl Standing {
    pub(super) fn new(log: Log, address: String) -> Standing {
        Standing {
            log,
            address,
            connected: Mutex::new(Connected { halves: [false; 2], away: None, is_new: true }),
            counts: Counts::default(),
        }
    }

    /// Notes that a connection does what it is for: the subscriber listens, or the publisher has published a hello.
    ///
    /// The publisher may be the last to notice that Redis was away: it has to say hello behind the subscriber.
    pub(super) fn up(&self, half: Half) {
        let mut connected = lock(&self.connected);
        if half == Half::Subscriber {
            connected.halves[Half::Publisher as usize] = false;
        }
        if std::mem::replace(&mut connected.halves[half as usize], true) || !connected.is_up() {
            return;
        }
        let address = &self.address;
        match connected.away.take() {
            None if connected.is_new => self.log.info(format_args!("redis at {address}: joined")),
            None => {}
            Some(Away { since, dropped_before }) => {
                let (seconds, dropped) =
                    (since.elapsed().as_secs(), get(&self.counts.dropped) - dropped_before);
                self.log.error(format_args!(
                    "redis at {address}: joined again after {seconds} s; {dropped} messages were not shared"
                ));
            }
        }
        connected.is_new = false;
    }

    /// Notes that a connection does not, or does not any more. Returns whether it did.
    pub(super) fn down(&self, half: Half, reason: &str) -> bool {
        let mut connected = lock(&self.connected);
        if connected.away.is_none() {
            let address = &self.address;
            self.log.error(format_args!("redis at {address} is away, rooms are not shared: {reason}"));
            connected.away = Some(Away { since: Instant::now(), dropped_before: get(&self.counts.dropped) });
        }
        std::mem::replace(&mut connected.halves[half as usize], false)
    }

    pub(super) fn cannot_start(&self, error: &io::Error) {
        self.log.error(format_args!("rooms are not shared: cannot start a thread: {error}"));
    }

    pub(super) fn published(&self, messages: u64) {
        self.counts.published.fetch_add(messages, Ordering::Relaxed);
    }

    pub(super) fn received(&self) {
        self.counts.received.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self, messages: u64) {
        self.counts.dropped.fetch_add(messages, Ordering::Relaxed);
    }

    pub(super) fn missed(&self, messages: u64) {
        self.counts.missed.fetch_add(messages, Ordering::Relaxed);
    }

    pub(super) fn ignored(&self) {
        self.counts.ignored.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn servers(&self, count: usize) {
        self.counts.servers.store(count as u64, Ordering::Relaxed);
    }

    pub(super) fn render(&self) -> String {
        let mut page = Page::default();
        let up = lock(&self.connected).is_up().into();
        page.single("redis_up", "gauge", "Whether rooms are shared with other servers.", up);
        page.single("redis_servers", "gauge", "Other servers there are.", get(&self.counts.servers));
        for (name, help, counter) in [
            ("published", "Messages shared with other servers.", &self.counts.published),
            ("received", "Messages of other servers.", &self.counts.received),
            ("dropped", "Messages that could not be shared.", &self.counts.dropped),
            ("missed", "Messages of other servers that did not come.", &self.counts.missed),
            ("ignored", "What came on the channel and was not believed.", &self.counts.ignored),
        ] {
            page.single(&format!("redis_{name}_total"), "counter", help, get(counter));
        }
        page.into_text()
    }
}

impl Connected {
    fn is_up(&self) -> bool {
        self.halves == [true; 2]
    }
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
