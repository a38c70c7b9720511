//! §10.2, RFC 6454: the host that a request is for, and the origin of the page that sent it.
//!
//! A browser lets any page open a WebSocket to any server, and sends that server's cookies with the handshake. But it
//! says truly in `Origin` where the page came from, "to protect against unauthorized cross-origin use of a WebSocket
//! server by scripts using the WebSocket API in a web browser" (§1.3). So a server can tell its own pages from foreign
//! ones:
//!
//! ```
//! use chinwag::protocol::origin::{Authority, Origin};
//!
//! let Some(host) = Authority::parse(b"chat.example.org") else { panic!("a host") };
//! let is_of_host = |origin: &str| Origin::parse(origin.as_bytes()).is_some_and(|origin| origin.is_of_host(&host));
//! assert!(is_of_host("https://chat.example.org") && is_of_host("HTTPS://CHAT.example.org:443"));
//! assert!(!is_of_host("https://evil.example") && !is_of_host("https://chat.example.org:8443") && !is_of_host("null"));
//! ```

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str;

/// The host of a URL or of a `Host` field (RFC 3986 §3.2.2).
#[derive(Clone, Copy, Debug)]
pub enum Host<'h> {
    /// An IP address, bracketed if IPv6. A zone in its brackets says by which interface of the sender's own the address
    /// is reached (RFC 4007 §11.2), which tells nobody else anything: it is not kept.
    Ip(IpAddr),
    /// A registered name; not empty.
    Name(&'h str),
}

impl Host<'_> {
    /// Returns whether this is a name of the loopback: `localhost`, or one that ends in `.localhost` (RFC 6761 §6.3).
    pub fn is_localhost(&self) -> bool {
        let is_localhost = |label: &str| label.eq_ignore_ascii_case("localhost");
        matches!(self, Self::Name(name) if without_root(name).rsplit('.').next().is_some_and(is_localhost))
    }
}

impl PartialEq for Host<'_> {
    /// Compares without regard to case (RFC 3986 §3.2.2), nor to one dot at a name's end.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Name(a), Self::Name(b)) => without_root(a).eq_ignore_ascii_case(without_root(b)),
            _ => false,
        }
    }
}

/// Returns a name without the dot that stands for the root of all names (RFC 1034 §3.1). With it or without, the name
/// is the same.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// A host and, where one was given, a port: the value of `Host` (RFC 9110 §7.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Authority<'h> {
    /// The host.
    pub host: Host<'h>,
    /// The port.
    pub port: Option<u16>,
}

impl<'h> Authority<'h> {
    /// Parses `host[:port]`. Anything else is `None`.
    pub fn parse(bytes: &'h [u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let (host, port) = match text.strip_prefix('[').and_then(|bracketed| bracketed.split_once(']')) {
            Some((address, port)) => (Host::Ip(parse_ipv6(address)?.into()), port),
            None => {
                let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                (parse_name(name)?, port)
            }
        };
        Some(Authority { host, port: parse_port(port)? })
    }

    /// Returns whether the two are the same for a URL of this scheme, whose default port counts where there is none.
    pub fn is_same(&self, other: &Self, scheme: &str) -> bool {
        let default = default_port(scheme);
        self.host == other.host && self.port.or(default) == other.port.or(default)
    }
}

/// Parses an IPv4 address in its four decimal parts, or a registered name (RFC 3986 §3.2.2).
fn parse_name(name: &str) -> Option<Host<'_>> {
    match name.parse::<Ipv4Addr>() {
        Ok(address) => Some(Host::Ip(address.into())),
        Err(_) => is_name(name).then_some(Host::Name(name)),
    }
}

/// Parses an IPv6 address, with or without a zone. RFC 6874 §2 writes a zone's percent sign as `%25`, where it is not
/// simply kept.
fn parse_ipv6(text: &str) -> Option<Ipv6Addr> {
    let address = match text.split_once('%') {
        Some((address, zone)) => is_name(zone).then_some(address)?,
        None => text,
    };
    address.parse().ok()
}

/// Returns whether there is something, made of [`is_name_byte`]'s and whole percent-encodings.
fn is_name(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = match (byte, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => after,
            (byte, after) if is_name_byte(*byte) => after,
            _ => return false,
        };
    }
    !text.is_empty()
}

/// Returns whether this is an unreserved character or a sub-delimiter (RFC 3986 §2.2, §2.3).
pub(super) const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&'..=b',' | b';' | b'=')
}

/// Parses nothing, or a colon and the digits of a port. A colon without digits is the same as nothing (RFC 3986
/// §3.2.3).
fn parse_port(text: &str) -> Option<Option<u16>> {
    match text.strip_prefix(':') {
        None => text.is_empty().then_some(None),
        Some("") => Some(None),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().map(Some),
        Some(_) => None,
    }
}

/// Returns the port of a URL without one (RFC 9110 §4.2, RFC 6455 §11.1 and §11.2).
fn default_port(scheme: &str) -> Option<u16> {
    let ports = [("http", 80), ("https", 443), ("ws", 80), ("wss", 443)];
    ports.iter().find(|(of, _)| scheme.eq_ignore_ascii_case(of)).map(|(_, port)| *port)
}

/// A web origin: scheme, host and port (RFC 6454 §4, §7).
#[derive(Clone, Copy, Debug)]
pub struct Origin<'o> {
    scheme: &'o str,
    authority: Authority<'o>,
}

impl<'o> Origin<'o> {
    /// Parses `scheme://host[:port]`. Anything else is `None`, and so is `null`, which a browser sends for a page
    /// without an origin to speak of.
    pub fn parse(bytes: &'o [u8]) -> Option<Self> {
        let (scheme, authority) = str::from_utf8(bytes).ok()?.split_once("://")?;
        let rest_fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let first_fits = scheme.bytes().next()?.is_ascii_alphabetic();
        let fits = first_fits && scheme.bytes().all(rest_fits);
        let authority = Authority::parse(authority.as_bytes())?;
        fits.then_some(Origin { scheme, authority })
    }

    /// Returns the host.
    pub fn host(&self) -> Host<'o> {
        self.authority.host
    }

    /// Returns whether this is the origin of the server's own page, served under that `Host`. The scheme only gives the
    /// default port: the server may stand behind a proxy that speaks TLS.
    pub fn is_of_host(&self, host: &Authority<'_>) -> bool {
        let has_port = self.authority.port.or(default_port(self.scheme)).is_some();
        has_port && self.authority.is_same(host, self.scheme)
    }

    /// Returns whether the two are the same origin (RFC 6454 §5).
    pub fn is_same(&self, other: &Origin<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.authority.is_same(&other.authority, self.scheme)
    }
}
