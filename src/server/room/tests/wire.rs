//! A wire that takes what it is told to take, and keeps what it took.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::server::metrics::Dropped;
use crate::server::room::Wire;

/// How a wire behaves; by default it takes everything at once.
#[derive(Clone, Copy, Default)]
pub(super) struct Behaviour {
    /// After so many bytes, once, a send takes nothing more.
    pub(super) stalls_at: Option<usize>,
    /// After every so many bytes a send takes nothing more.
    pub(super) stalls_every: Option<usize>,
    /// After so many bytes every send fails.
    pub(super) breaks_at: Option<(usize, ErrorKind)>,
    /// The most that a send that waits takes.
    pub(super) some: Option<usize>,
    /// Whether a send that waits goes on waiting until it is let go.
    pub(super) holds: bool,
    /// Whether the first send that waits is interrupted.
    pub(super) interrupts: bool,
    /// Whether sending panics after so many bytes.
    pub(super) panics_at: Option<usize>,
}

pub(super) struct MockWire {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    behaviour: Behaviour,
    taken: Taken,
}

#[derive(Clone, Default)]
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    pub(super) ended: bool,
    pub(super) cut: bool,
    pub(super) lagged: u32,
    /// Why it was dropped, if it was.
    pub(super) dropped: Option<Dropped>,
    /// How many sends did not wait, and how many did.
    pub(super) sends: (usize, usize),
}

/// Longer than any of these tests may wait.
const LONG: Duration = Duration::from_secs(60);

impl MockWire {
    pub(super) fn new(behaviour: Behaviour) -> Arc<Self> {
        let state = Mutex::new(State { behaviour, taken: Taken::default() });
        Arc::new(MockWire { state, changed: Condvar::new() })
    }

    pub(super) fn taken(&self) -> Taken {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).taken.clone()
    }

    /// Lets the sends go on that wait.
    pub(super) fn let_go(&self) {
        self.state.lock().unwrap().behaviour.holds = false;
        self.changed.notify_all();
    }

    /// Panics no more; its lock has been poisoned.
    pub(super) fn recover(&self) {
        self.state.clear_poison();
        self.state.lock().unwrap().behaviour.panics_at = None;
    }

    pub(super) fn hold(&self) {
        self.state.lock().unwrap().behaviour.holds = true;
    }

    pub(super) fn wait_for_end(&self) {
        self.wait_until(|taken| taken.ended || taken.cut);
    }

    pub(super) fn wait_until(&self, mut is_so: impl FnMut(&Taken) -> bool) {
        let state = self.state.lock().unwrap();
        let (_state, timeout) =
            self.changed.wait_timeout_while(state, LONG, |state| !is_so(&state.taken)).unwrap();
        assert!(!timeout.timed_out(), "waited in vain");
    }

    fn take(&self, state: &mut State, bytes: &[u8], most: usize) -> io::Result<usize> {
        let (behaviour, taken) = (&mut state.behaviour, &mut state.taken);
        assert!(!taken.ended, "a send behind the end");
        if taken.cut {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let at = taken.bytes.len();
        let mut count = bytes.len().min(most);
        if let Some(end) = behaviour.panics_at {
            assert!(at + count <= end, "a wire that panics");
        }
        if let Some((end, kind)) = behaviour.breaks_at {
            count = count.min(end - at);
            if count == 0 {
                return Err(kind.into());
            }
        }
        taken.bytes.extend_from_slice(&bytes[..count]);
        self.changed.notify_all();
        Ok(count)
    }
}

impl Wire for MockWire {
    fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap();
        state.taken.sends.0 += 1;
        let at = state.taken.bytes.len();
        let mut most = usize::MAX;
        if let Some(end) = state.behaviour.stalls_at.filter(|end| at + bytes.len() > *end) {
            most = end - at;
            state.behaviour.stalls_at = None;
        }
        if let Some(every) = state.behaviour.stalls_every {
            most = most.min(every - at % every).min(if at % every == 0 { 0 } else { usize::MAX });
        }
        if most == 0 && state.behaviour.breaks_at.is_none_or(|(end, _)| end > at) {
            return Ok(0);
        }
        self.take(&mut state, bytes, most)
    }

    fn send_some(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap();
        state.taken.sends.1 += 1;
        self.changed.notify_all();
        let (mut state, timeout) = self
            .changed
            .wait_timeout_while(state, LONG, |state| state.behaviour.holds && !state.taken.cut)
            .unwrap();
        assert!(!timeout.timed_out(), "held for too long");
        if std::mem::take(&mut state.behaviour.interrupts) {
            // As a connection says it.
            return Ok(0);
        }
        let most = state.behaviour.some.unwrap_or(usize::MAX);
        self.take(&mut state, bytes, most)
    }

    fn end_writing(&self) {
        let mut state = self.state.lock().unwrap();
        assert!(!state.taken.ended, "ended twice");
        // Of what has been cut there is nothing left to end.
        state.taken.ended = !state.taken.cut;
        self.changed.notify_all();
    }

    fn cut(&self) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.taken.cut = true;
        self.changed.notify_all();
    }

    fn cut_for(&self, reason: Dropped) {
        {
            let taken = &mut self.state.lock().unwrap().taken;
            taken.lagged += 1;
            taken.dropped = Some(reason);
        }
        self.cut();
    }
}
