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

use super::bytes::{cut, split_before};

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
        let bracketed = bytes.strip_prefix(b"[").and_then(|rest| cut(rest, b']'));
        let (host, port) = match bracketed {
            Some((address, port)) => (Host::Ip(parse_ipv6(address)?.into()), port),
            None => {
                let (name, port) = split_before(bytes, |byte| byte == b':');
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

/// Parses an IPv4 address, or a registered name (RFC 3986 §3.2.2).
fn parse_name(name: &[u8]) -> Option<Host<'_>> {
    let address = parse_ipv4(name).map(|address| Host::Ip(address.into()));
    address.or(str::from_utf8(name).ok().filter(|_| is_name(name)).map(Host::Name))
}

/// Parses four decimal parts, of which none begins with a zero that it does not need (RFC 3986 §3.2.2).
fn parse_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut parts = text.split(|byte| *byte == b'.');
    let mut address = [0; 4];
    for octet in &mut address {
        let part = parts.next().filter(|part| part.len() == 1 || !part.starts_with(b"0"))?;
        *octet = parse_number(part, 10).and_then(|number| u8::try_from(number).ok())?;
    }
    parts.next().is_none().then_some(address.into())
}

/// Parses an IPv6 address, with or without a zone. RFC 6874 §2 writes a zone's percent sign as `%25`, where it is not
/// simply kept.
fn parse_ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let (address, zone) = split_before(text, |byte| byte == b'%');
    let is_zone = zone.strip_prefix(b"%").is_none_or(is_name);
    // RFC 4291 §2.2 (3): the last two groups may be written as an IPv4 address.
    let is_ipv4_last = !address.iter().skip_while(|byte| **byte != b'.').any(|byte| *byte == b':');
    // (2): "::" stands once for one group of zeros or more.
    let gap = address.windows(2).position(|pair| pair == b"::");
    let (before, from_gap) = address.split_at_checked(gap.unwrap_or(address.len()))?;
    let (head, head_len) = parse_groups(before)?;
    let (tail, tail_len) = parse_groups(from_gap.strip_prefix(b"::").unwrap_or_default())?;
    let zeros = 128_u32.checked_sub(head_len)?.checked_sub(tail_len)?;
    let head = head.checked_shl(zeros.saturating_add(tail_len)).unwrap_or_default();
    let is_whole = is_zone && is_ipv4_last && (zeros > 0) == gap.is_some();
    is_whole.then_some(Ipv6Addr::from_bits(head | tail))
}

/// Parses none, one or several groups of an IPv6 address. Returns their bits and how many those are, which for too many
/// groups is too many.
fn parse_groups(text: &[u8]) -> Option<(u128, u32)> {
    let mut groups = text.split(|byte| *byte == b':').filter(|_| !text.is_empty());
    groups.try_fold((0_u128, 0_u32), |(bits, len), group| {
        let (group, group_len) = match parse_ipv4(group) {
            Some(address) => (address.to_bits(), 32),
            None => (parse_number(group, 16).filter(|_| group.len() <= 4)?, 16),
        };
        Some((bits.wrapping_shl(group_len) | u128::from(group), len.saturating_add(group_len)))
    })
}

/// Parses a number of one digit or more.
fn parse_number(digits: &[u8], radix: u32) -> Option<u32> {
    let number = digits.iter().try_fold(0_u32, |number, digit| {
        number.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?)
    });
    number.filter(|_| !digits.is_empty())
}

/// Returns whether there is something, made of [`is_name_byte`]'s and whole percent-encodings.
fn is_name(text: &[u8]) -> bool {
    let mut rest = text;
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
const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&'..=b',' | b';' | b'=')
}

/// Parses nothing, or a colon and the digits of a port. A colon without digits is the same as nothing (RFC 3986
/// §3.2.3).
fn parse_port(text: &[u8]) -> Option<Option<u16>> {
    match text {
        [] | [b':'] => Some(None),
        [b':', digits @ ..] => u16::try_from(parse_number(digits, 10)?).ok().map(Some),
        _ => None,
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
        let (scheme, rest) = cut(bytes, b':')?;
        let rest_fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let fits = scheme.first()?.is_ascii_alphabetic() && scheme.iter().all(rest_fits);
        let authority = Authority::parse(rest.strip_prefix(b"//")?)?;
        let scheme = str::from_utf8(scheme).ok()?;
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
