//! Whose connections belong together, and how many there may be of one address at once.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::sync::{Mutex, lock};

/// Whom connections are counted for. A host has a whole network of IPv6 addresses, so one of 64 bits is one address here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    /// This machine itself: a proxy that brings everyone, as far as can be seen.
    Loopback,
    /// An IPv4 address, or the first of an IPv6 network's.
    Ip(IpAddr),
}

impl From<IpAddr> for Address {
    fn from(peer: IpAddr) -> Address {
        match peer.to_canonical() {
            ip if ip.is_loopback() => Address::Loopback,
            IpAddr::V6(ip) => Address::Ip(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into()),
            ip => Address::Ip(ip),
        }
    }
}

/// Counts the connections of each address.
#[derive(Debug)]
pub(crate) struct Addresses {
    max: usize,
    counts: Mutex<BTreeMap<Address, usize>>,
}

impl Addresses {
    /// One address may have `max` at once.
    pub(crate) fn new(max: usize) -> Arc<Addresses> {
        Arc::new(Addresses { max, counts: Mutex::default() })
    }

    /// Counts one more connection of an address, until what is returned is dropped; `None` where it has as many as it
    /// may. Those of the loopback are not counted: whose they are can only be told by whoever passes them on.
    pub(crate) fn count(self: &Arc<Addresses>, address: Address) -> Option<Counted> {
        if address != Address::Loopback {
            let mut counts = lock(&self.counts);
            let count = counts.entry(address).or_insert(0);
            if *count >= self.max {
                return None;
            }
            *count += 1;
        }
        Some(Counted { addresses: Arc::clone(self), address })
    }
}

/// A connection that has been counted for its address.
#[derive(Debug)]
pub(crate) struct Counted {
    addresses: Arc<Addresses>,
    address: Address,
}

impl Counted {
    pub(crate) fn address(&self) -> Address {
        self.address
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = lock(&self.addresses.counts);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn are_one_where_one_host_could_have_them() {
        let same = [
            ("10.0.0.1", "::ffff:10.0.0.1"),
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"),
            ("2001:db8:0:1::", "2001:db8:0:1:8000::"),
            ("127.0.0.1", "127.255.255.254"),
            ("127.0.0.1", "::1"),
            ("::1", "::ffff:127.9.9.9"),
        ];
        for (a, b) in same {
            assert_eq!(address(a), address(b), "{a} {b}");
        }
        let different = [
            ("10.0.0.1", "10.0.0.2"),
            ("2001:db8:0:1::1", "2001:db8:0:2::1"),
            ("2001:db8::1", "10.0.0.1"),
            ("::", "::1"),
            ("0.0.0.0", "127.0.0.1"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.2"),
            ("10.0.0.1", "::a00:1"),
        ];
        for (a, b) in different {
            assert_ne!(address(a), address(b), "{a} {b}");
        }
    }

    #[test]
    fn have_each_as_many_as_they_may_and_again_when_one_has_gone() {
        let addresses = Addresses::new(2);
        let (one, other) = (address("10.0.0.1"), address("2001:db8::1"));
        let first = addresses.count(one).unwrap();
        let second = addresses.count(address("::ffff:10.0.0.1")).unwrap();
        assert!(addresses.count(one).is_none());
        let third = addresses.count(other).unwrap();
        assert_eq!((first.address(), second.address(), third.address()), (one, one, other));
        drop(first);
        let again = addresses.count(one).unwrap();
        assert!(addresses.count(one).is_none());
        drop((second, again, third));
        assert!(lock(&addresses.counts).is_empty(), "nothing is kept of those who have gone");
    }

    #[test]
    fn are_not_counted_on_the_loopback() {
        let addresses = Addresses::new(1);
        let all: Vec<_> = (0..100).map(|_| addresses.count(Address::Loopback).unwrap()).collect();
        assert!(lock(&addresses.counts).is_empty());
        drop(all);
        let _one = addresses.count(address("10.0.0.1")).unwrap();
        assert!(addresses.count(address("10.0.0.1")).is_none());
    }
}
