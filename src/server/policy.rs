//! Who may come in: the hosts a server goes by, and the web origins that may connect to it.
//!
//! A page from anywhere can make its visitor's browser connect to any address. The browser tells truly where the page
//! came from (`Origin`) and what name it connected to (`Host`). Checking the first keeps foreign pages out; checking
//! the second, on a server that only this machine can reach, keeps out a page whose own name has been made to lead
//! here (DNS rebinding).

use std::net::IpAddr;

use super::config::AllowedOrigin;
use super::refusal::Refusal;
use crate::protocol::handshake::Request;
use crate::protocol::origin::{Host, Origin};

/// See the module's documentation.
pub(crate) struct Policy {
    /// The address a server is bound to that only this machine can reach.
    loopback: Option<IpAddr>,
    allowed: Vec<AllowedOrigin>,
    allows_all: bool,
}

impl Policy {
    pub(crate) fn new(bound: IpAddr, allowed: &[AllowedOrigin]) -> Policy {
        let bound = bound.to_canonical();
        Policy {
            loopback: bound.is_loopback().then_some(bound),
            allowed: allowed.to_vec(),
            allows_all: allowed.iter().any(AllowedOrigin::is_any),
        }
    }

    /// Checks a request's host and, if it asks for an upgrade, its origin.
    pub(crate) fn check(&self, request: &Request<'_>) -> Result<(), Refusal> {
        if self.allows_all {
            return Ok(());
        }
        if !self.allows_host(request.host.host) {
            return Err(Refusal::HostNotAllowed);
        }
        if !request.asks_for_upgrade() {
            return Ok(());
        }
        match request.origin()? {
            Some(origin) if !origin.is_of_host(&request.host) && !self.allows_origin(&origin) => {
                Err(Refusal::OriginNotAllowed)
            }
            _ => Ok(()),
        }
    }

    fn allows_host(&self, host: Host<'_>) -> bool {
        const LOOPBACK: [Host<'_>; 3] = [
            Host::Name("localhost"),
            Host::Ip(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
            Host::Ip(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)),
        ];
        let Some(bound) = self.loopback else {
            return true;
        };
        let host = match host {
            Host::Ip(address) => Host::Ip(address.to_canonical()),
            name => name,
        };
        LOOPBACK.contains(&host)
            || host == Host::Ip(bound)
            || self.origins().any(|origin| origin.host() == host)
    }

    fn allows_origin(&self, origin: &Origin<'_>) -> bool {
        self.origins().any(|allowed| allowed.is_same(origin))
    }

    fn origins(&self) -> impl Iterator<Item = Origin<'_>> {
        self.allowed.iter().filter_map(AllowedOrigin::origin)
    }
}
