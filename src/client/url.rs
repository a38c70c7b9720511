//! §3: where a server is.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// A `ws:` or `http:` URL, without a fragment identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The host as the system resolves it: an IPv6 address has no brackets.
    host: String,
    port: u16,
    /// What `Host` says.
    pub(super) authority: String,
    path: String,
    query: String,
}

impl Url {
    /// The resource name (§3), with more in its query.
    pub(super) fn target(&self, wishes: &str) -> String {
        let separator = if self.query.is_empty() { "" } else { "&" };
        format!("{}?{}{separator}{wishes}", self.path, self.query)
    }

    /// The path beside this one that ends with `name`.
    pub(super) fn beside(&self, name: &str) -> String {
        let folder = self.path.rfind('/').map_or("/", |at| &self.path[..=at]);
        format!("{folder}{name}")
    }

    pub(super) fn resolve(&self) -> std::io::Result<impl Iterator<Item = SocketAddr>> {
        (self.host.as_str(), self.port).to_socket_addrs()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ws://{}{}", self.authority, self.path)
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(url: &str) -> Result<Url, String> {
        let expected = || format!("{url:?} is not a URL such as ws://127.0.0.1:8080/kitchen");
        let (scheme, rest) = url.split_once("://").ok_or_else(expected)?;
        match scheme.to_ascii_lowercase().as_str() {
            "ws" | "http" => {}
            "wss" | "https" => {
                return Err(format!(
                    "{scheme}: needs TLS, which is not in this program; let a tunnel on this side speak it, such as \
                     stunnel or socat, and connect to its end with ws://127.0.0.1:PORT/"
                ));
            }
            _ => return Err(expected()),
        }
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // §3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used".
        if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(expected());
        }
        let (host, port) = split_authority(authority).ok_or_else(expected)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Url {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            // §4.1 (4): the port is there "when not using the default port".
            authority: if port == 80 { host.to_owned() } else { format!("{host}:{port}") },
            path: if path.is_empty() { "/" } else { path }.to_owned(),
            query: query.to_owned(),
        })
    }
}

/// Returns a host, an IPv6 address in its brackets, and its port.
fn split_authority(authority: &str) -> Option<(&str, u16)> {
    let is_ipv6 = authority.starts_with('[');
    let host_len =
        if is_ipv6 { authority.find(']')? + 1 } else { authority.find(':').unwrap_or(authority.len()) };
    let (host, port) = authority.split_at(host_len);
    let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
    let name = if is_ipv6 { host.get(1..host_len - 1)? } else { host };
    if name.is_empty() || !name.bytes().all(|byte| is_host_byte(byte) || is_ipv6 && byte == b':') {
        return None;
    }
    let port = match port.strip_prefix(':') {
        None | Some("") => Some(80).filter(|_| port.len() < 2),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        Some(_) => None,
    };
    Some((host, port.filter(|port| *port > 0)?))
}
