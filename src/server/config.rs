//! What an operator may choose.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

#[cfg(feature = "redis")]
pub use super::link::InvalidUrl;
pub use super::link::RedisUrl;
use crate::protocol::origin::Origin;
use crate::protocol::receiver::Limits;

/// Everything a server can be told; [`Config::default`] is the command's defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free port.
    pub listen: SocketAddr,
    /// Send each message back to its sender alone. Names, history and announcements are off.
    pub echo: bool,
    /// Connections at once, those in their handshake or their closing included.
    pub max_clients: usize,
    /// The most that clients can make the server hold, in bytes: queues, backlogs, histories and receive buffers together.
    /// `None` is 64 MiB, or eight times [`Config::max_message`] if that is more.
    pub max_memory: Option<usize>,
    /// Longest message in bytes, reassembled (§10.4).
    pub max_message: usize,
    /// Most frames one message may be cut into, empty ones counted.
    pub max_fragments: u32,
    /// How many bytes a slow client may fall behind before it is dropped;
    /// never taken as less than four times [`Config::max_message`].
    pub max_lag: usize,
    /// From accept to the end of the request head, in total.
    pub handshake_timeout: Duration,
    /// From the first byte of a message to its last, in total.
    pub message_timeout: Duration,
    /// Silence after which a client is pinged; silent for as long again, it is dropped. Zero never pings.
    pub ping_interval: Duration,
    /// How long a closing handshake may take before the socket is simply closed.
    pub close_timeout: Duration,
    /// Newest messages a room keeps for those who ask for them; zero keeps none.
    pub history: usize,
    /// Other web origins that may connect.
    pub allow_origins: Vec<AllowedOrigin>,
    /// The Redis through which rooms are shared with other servers: only in a build with the feature `redis`.
    pub redis: Option<RedisUrl>,
    /// Explain every handshake and frame on stderr.
    pub trace: bool,
    /// Log nothing but errors.
    pub quiet: bool,
}

impl Config {
    /// The limits of what a client may send.
    pub(crate) fn limits(&self) -> Limits {
        Limits { max_message: self.max_message, max_fragments: self.max_fragments }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            echo: false,
            max_clients: 1024,
            max_memory: None,
            max_message: 64 * 1024,
            max_fragments: 1024,
            max_lag: 1024 * 1024,
            handshake_timeout: Duration::from_secs(10),
            message_timeout: Duration::from_secs(60),
            ping_interval: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            history: 50,
            allow_origins: Vec::new(),
            redis: None,
            trace: false,
            quiet: false,
        }
    }
}

impl Config {
    /// [`Config::max_memory`], or its default.
    pub(crate) fn max_memory(&self) -> usize {
        const DEFAULT: usize = 64 * 1024 * 1024;
        self.max_memory.unwrap_or(DEFAULT.max(self.max_message.saturating_mul(8)))
    }
}

/// A web origin that may connect, as `scheme://host[:port]`, or `*` for every origin and every host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(String);

impl AllowedOrigin {
    /// The origin; `None` where every one is meant.
    pub(crate) fn origin(&self) -> Option<Origin<'_>> {
        Origin::parse(self.0.as_bytes())
    }

    /// Whether every origin and every host is meant.
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }
}

impl FromStr for AllowedOrigin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let allowed = AllowedOrigin(text.to_owned());
        if allowed.is_any() || allowed.origin().is_some() { Ok(allowed) } else { Err(InvalidOrigin) }
    }
}

/// A text that is no web origin: without a scheme, with a path, or with a host or port that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOrigin;

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an origin of the form scheme://host[:port]")
    }
}

impl std::error::Error for InvalidOrigin {}
