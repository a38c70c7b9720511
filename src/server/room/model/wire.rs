//! A wire that takes what its script says, and keeps what it took.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};

use super::messages;
use crate::server::metrics::Dropped;
use crate::server::room::{Wire, received};
use crate::server::sync::thread;

/// What every member is sent first.
pub(super) const GREETING: &[u8] = b"101";

/// How many bytes a send takes at most; `None` for one that fails.
pub(super) type Takes = Option<usize>;

pub(super) struct ModelWire {
    /// Of sends that do not wait; then everything is taken.
    now: Mutex<VecDeque<Takes>>,
    /// Of sends that wait; then two bytes at a time.
    later: Mutex<VecDeque<Takes>>,
    taken: Mutex<Taken>,
}

#[derive(Clone, Default)]
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    pub(super) ended: bool,
    pub(super) cut: bool,
    pub(super) lagged: u32,
}

impl ModelWire {
    /// One that takes everything at once.
    pub(super) fn healthy() -> Arc<Self> {
        Arc::new(ModelWire { now: Mutex::default(), later: Mutex::default(), taken: Mutex::default() })
    }

    /// One with a script, which begins behind the greeting.
    pub(super) fn scripted<const N: usize, const L: usize>(now: [Takes; N], later: [Takes; L]) -> Arc<Self> {
        let now = [Some(GREETING.len())].into_iter().chain(now).collect();
        let later = later.into_iter().collect();
        Arc::new(ModelWire { now: Mutex::new(now), later: Mutex::new(later), taken: Mutex::default() })
    }

    pub(super) fn taken(&self) -> Taken {
        self.taken.lock().unwrap().clone()
    }

    /// The messages of a member whose stream is whole, and whether it was ended with a Close, and only then.
    pub(super) fn whole(&self) -> (super::Messages, bool) {
        let taken = self.taken();
        let stream = taken.bytes.strip_prefix(GREETING).expect("the greeting first");
        let (messages, closed) = messages(received::read_whole(stream));
        assert_eq!(closed, taken.ended, "ended without a Close, or the other way round");
        (messages, closed)
    }

    /// The messages of a member whose stream may have been cut anywhere.
    pub(super) fn cut_off(&self) -> super::Messages {
        let taken = self.taken();
        assert!(taken.cut);
        let (frames, _) = received::read(taken.bytes.strip_prefix(GREETING).expect("the greeting first"));
        messages(frames).0
    }

    fn take(&self, bytes: &[u8], takes: Takes) -> io::Result<usize> {
        let mut taken = self.taken.lock().unwrap();
        assert!(!bytes.is_empty(), "a send of nothing");
        assert!(!taken.ended, "a send behind the end");
        if taken.cut {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let count = takes.ok_or(ErrorKind::ConnectionReset)?.min(bytes.len());
        taken.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}

impl Wire for ModelWire {
    fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        let takes = self.now.lock().unwrap().pop_front().unwrap_or(Some(usize::MAX));
        self.take(bytes, takes)
    }

    fn send_some(&self, bytes: &[u8]) -> io::Result<usize> {
        thread::yield_now();
        let takes = self.later.lock().unwrap().pop_front().unwrap_or(Some(2));
        self.take(bytes, takes)
    }

    fn end_writing(&self) {
        let mut taken = self.taken.lock().unwrap();
        assert!(!taken.ended, "ended twice");
        taken.ended = true;
    }

    fn cut(&self) {
        self.taken.lock().unwrap().cut = true;
    }

    fn cut_for(&self, _: Dropped) {
        let mut taken = self.taken.lock().unwrap();
        taken.lagged += 1;
        taken.cut = true;
    }
}
