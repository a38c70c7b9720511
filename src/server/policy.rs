//! Who may come in: the names a server goes by, and the web origins that may connect to it.
//!
//! A page from anywhere can make its visitor's browser connect to any address. The browser tells truly where the page
//! came from (`Origin`) and what name it connected to (`Host`). Checking the first keeps foreign pages out; checking
//! the second keeps out a page whose own name has been made to lead here (DNS rebinding): of such a page both are the
//! same. So a server has to know its names. One that only this machine can reach has the loopback's; any other one has
//! to be told, or answers to every name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::config::{AllowedHost, AllowedOrigin, Config};
use super::refusal::Refusal;
use crate::protocol::handshake::Request;
use crate::protocol::origin::{Host, Origin};

/// See the module's documentation.
pub(crate) struct Policy {
    /// The address the server is bound to.
    bound: IpAddr,
    hosts: Vec<AllowedHost>,
    origins: Vec<AllowedOrigin>,
    allows_all: bool,
}

impl Policy {
    pub(crate) fn new(bound: IpAddr, config: &Config) -> Policy {
        Policy {
            bound: bound.to_canonical(),
            hosts: config.allow_hosts.clone(),
            origins: config.allow_origins.clone(),
            allows_all: config.allow_origins.iter().any(AllowedOrigin::is_any),
        }
    }

    /// Checks the host of a request from `peer` and, where that matters, its origin: where it asks for an upgrade, says
    /// something or listens.
    pub(crate) fn check(
        &self,
        request: &Request<'_>,
        peer: IpAddr,
        origin_matters: bool,
    ) -> Result<(), Refusal> {
        if self.allows_all {
            return Ok(());
        }
        if request.host.is_some_and(|host| !self.allows_host(canonical(host.host), peer)) {
            return Err(Refusal::HostNotAllowed);
        }
        if !origin_matters {
            return Ok(());
        }
        match request.origin()? {
            None => Ok(()),
            Some(origin) if request.host.is_some_and(|host| origin.is_of_host(&host)) => Ok(()),
            Some(origin) if self.allows_origin(&origin) => Ok(()),
            Some(_) => Err(Refusal::OriginNotAllowed),
        }
    }

    fn allows_host(&self, host: Host<'_>, peer: IpAddr) -> bool {
        let is_of_origin = || self.origins().any(|origin| canonical(origin.host()) == host);
        if !self.hosts.is_empty() {
            let is_named =
                self.hosts.iter().filter_map(AllowedHost::host).any(|named| canonical(named) == host);
            is_named || (peer.to_canonical().is_loopback() && self.is_of_loopback(host))
        } else if self.bound.is_loopback() {
            self.is_of_loopback(host) || is_of_origin()
        } else {
            // An address is no name that somebody else could make lead here.
            let leads_nowhere_else = matches!(host, Host::Ip(_)) || host.is_localhost();
            self.origins.is_empty() || leads_nowhere_else || is_of_origin()
        }
    }

    /// Whether the loopback goes by this name, or by the address the server is bound to.
    fn is_of_loopback(&self, host: Host<'_>) -> bool {
        match host {
            Host::Ip(address) => {
                let is_usual =
                    [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].contains(&address);
                is_usual || (address == self.bound && address.is_loopback())
            }
            Host::Name(_) => host.is_localhost(),
        }
    }

    fn allows_origin(&self, origin: &Origin<'_>) -> bool {
        self.origins().any(|allowed| allowed.is_same(origin))
    }

    fn origins(&self) -> impl Iterator<Item = Origin<'_>> {
        self.origins.iter().filter_map(AllowedOrigin::origin)
    }
}

/// An IPv4 address is the same one in the form of an IPv6 address.
fn canonical(host: Host<'_>) -> Host<'_> {
    match host {
        Host::Ip(address) => Host::Ip(address.to_canonical()),
        name => name,
    }
}

#[cfg(test)]
mod tests;
