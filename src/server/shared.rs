//! What all threads of a server share.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::config::Config;
use super::connection::Connection;
use super::link::Link;
use super::log::{Log, Throttle};
use super::memory::Memory;
use super::metrics::Metrics;
use super::policy::Policy;
use super::refusal::Refusal;
use super::room::Bounds;
use super::rooms::Rooms;

/// What each client is served with.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) policy: Policy,
    pub(crate) rooms: Arc<Rooms<Connection>>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) log: Log,
    refusals: Throttle,
}

impl Shared {
    /// Of a server that is bound to this address.
    pub(crate) fn new(config: Config, bound: IpAddr, log: Log) -> Shared {
        let metrics = Arc::new(Metrics::new());
        let memory = Memory::new(config.max_memory(), config.max_message);
        // Nobody takes more than half of the memory alone.
        let max_lag = config.max_lag.max(config.max_message.saturating_mul(4)).min(memory.limit() / 2);
        // An echo has nothing to remember, and nothing to share.
        let (history, linger) =
            if config.echo { (0, Duration::ZERO) } else { (config.history, config.linger) };
        let redis = config.redis.clone().filter(|_| !config.echo);
        let link = Link::new(redis, config.max_message, &log);
        let bounds = Bounds { history, max_lag, max_message: config.max_message, linger };
        Shared {
            policy: Policy::new(bound, &config),
            rooms: Rooms::new(bounds, Arc::clone(&metrics), Arc::clone(&memory), link),
            memory,
            metrics,
            log,
            refusals: Throttle::default(),
            config,
        }
    }

    /// Counts and logs that a request or a connection is refused.
    pub(crate) fn log_refusal(&self, refusal: Refusal, peer: SocketAddr) {
        self.metrics.refused(refusal);
        if let Some(passed_over) = self.refusals.admit() {
            let status = refusal.status();
            self.log.info(format_args!("refused {peer}: {status} {refusal} ({passed_over} more before)"));
        }
    }
}
