//! What an operator may choose.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

#[cfg(feature = "redis")]
pub use super::link::InvalidUrl;
pub use super::link::RedisUrl;
use crate::protocol::origin::{Authority, Host, Origin};
use crate::protocol::receiver::Limits;

/// The longest time that can be asked for, some thirty years: what is longer is taken as this. Sums of such times and an
/// [`Instant`](std::time::Instant) exist.
pub const TIME_MAX: Duration = Duration::from_secs(1_000_000_000);

/// Everything a server can be told; [`Config::default`] is the command's defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free port.
    pub listen: SocketAddr,
    /// Send each message back to its sender alone. Names, history and announcements are off.
    pub echo: bool,
    /// Connections at once, those in their handshake or their closing included.
    pub max_clients: usize,
    /// Connections at once from one address, an IPv6 network of 64 bits being one; `None` is a quarter of
    /// [`Config::max_clients`], and at least 8. Those from the loopback are not counted.
    pub max_per_address: Option<usize>,
    /// The most that clients can make the server hold, in bytes: queues, backlogs, histories and receive buffers together.
    /// `None` is 64 MiB, or eight times [`Config::max_message`] if that is more; never taken as less than four times that,
    /// nor as less than 256 KiB.
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
    /// How long a room with nobody in it is remembered, and its history with it; zero forgets it at once.
    pub linger: Duration,
    /// Other web origins that may connect.
    pub allow_origins: Vec<AllowedOrigin>,
    /// The names this server answers to, and no others. Where there are none: bound to a loopback address, it answers to
    /// the loopback's names and the hosts of [`Config::allow_origins`]; bound elsewhere, to IP addresses, `localhost` and
    /// those hosts, or, if there are none of these either, to any name.
    pub allow_hosts: Vec<AllowedHost>,
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
            max_per_address: None,
            max_memory: None,
            max_message: 64 * 1024,
            max_fragments: 1024,
            max_lag: 1024 * 1024,
            handshake_timeout: Duration::from_secs(10),
            message_timeout: Duration::from_secs(60),
            ping_interval: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            history: 50,
            linger: Duration::from_secs(600),
            allow_origins: Vec::new(),
            allow_hosts: Vec::new(),
            redis: None,
            trace: false,
            quiet: false,
        }
    }
}

impl Config {
    /// [`Config::max_per_address`], or what stands for `None`.
    pub(crate) fn places_per_address(&self) -> usize {
        self.max_per_address.unwrap_or((self.max_clients / 4).max(8))
    }

    /// The same with no time beyond [`TIME_MAX`].
    pub(crate) fn within_bounds(mut self) -> Config {
        let times = [
            &mut self.handshake_timeout,
            &mut self.message_timeout,
            &mut self.ping_interval,
            &mut self.close_timeout,
            &mut self.linger,
        ];
        times.into_iter().for_each(|time| *time = (*time).min(TIME_MAX));
        self
    }

    /// [`Config::max_memory`], or its default; enough to receive and pass on one message of any length allowed.
    pub(crate) fn max_memory(&self) -> usize {
        const DEFAULT: usize = 64 * 1024 * 1024;
        const LEAST: usize = 256 * 1024;
        let wanted = self.max_memory.unwrap_or(DEFAULT.max(self.max_message.saturating_mul(8)));
        wanted.max(self.max_message.saturating_mul(4)).max(LEAST)
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
        // A `*` may stand in a name (RFC 3986 §3.2.2), but whoever writes one means more than that.
        let is_one = allowed.origin().is_some() && !text.contains('*');
        if allowed.is_any() || is_one { Ok(allowed) } else { Err(InvalidOrigin) }
    }
}

/// A text that is no web origin: without a scheme, with a path, with a host or port that is none, or with a `*` in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOrigin;

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an origin of the form scheme://host[:port]")
    }
}

impl std::error::Error for InvalidOrigin {}

/// A name or an address that a server answers to, without a port; IPv6 in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost(String);

impl AllowedHost {
    /// The host; there is one, as [`AllowedHost::from_str`] has seen to.
    pub(crate) fn host(&self) -> Option<Host<'_>> {
        Authority::parse(self.0.as_bytes()).map(|authority| authority.host)
    }
}

impl FromStr for AllowedHost {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let is_bare = Authority::parse(text.as_bytes()).is_some_and(|it| it.port.is_none());
        // A colon with nothing behind it is a port as well (RFC 3986 §3.2.3).
        let is_one = is_bare && !text.ends_with(':') && !text.contains('*');
        if is_one { Ok(AllowedHost(text.to_owned())) } else { Err(InvalidHost) }
    }
}

/// A text that is no host, has a port behind it, or a `*` in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidHost;

impl fmt::Display for InvalidHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a host without a port")
    }
}

impl std::error::Error for InvalidHost {}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn an_address_has_a_quarter_of_the_places_and_at_least_8() {
        for (max_clients, places) in [(1024, 256), (1, 8), (35, 8), (36, 9), (usize::MAX, usize::MAX / 4)] {
            assert_eq!(
                Config { max_clients, ..Config::default() }.places_per_address(),
                places,
                "{max_clients}"
            );
        }
        let told = Config { max_per_address: Some(1), ..Config::default() };
        assert_eq!(told.places_per_address(), 1);
    }

    #[test]
    fn no_time_is_too_long_for_a_sum() {
        let longest = Config {
            handshake_timeout: Duration::MAX,
            message_timeout: Duration::MAX,
            ping_interval: Duration::MAX,
            close_timeout: Duration::MAX,
            linger: Duration::MAX,
            ..Config::default()
        }
        .within_bounds();
        let times = [
            longest.handshake_timeout,
            longest.message_timeout,
            longest.ping_interval,
            longest.close_timeout,
            longest.linger,
        ];
        assert_eq!(times, [TIME_MAX; 5]);
        assert!(Instant::now().checked_add(TIME_MAX * 4).is_some());
        let usual = Config::default();
        assert_eq!(usual.clone().within_bounds().ping_interval, usual.ping_interval);
    }
}
