//! §10.2, RFC 3986 §3.2.2: what is an IP address.

use std::net::{Ipv4Addr, Ipv6Addr};

use chinwag::protocol::origin::{Authority, Host};

/// Every list of up to six of these groups, or nine of some of them, is an address here exactly if it is one to `std`.
#[test]
fn is_the_address_that_std_finds() {
    let lists = |groups: &[&str], separator: &str, most: u32| {
        let count = |len| groups.len().pow(len);
        let pick = |number, place| groups[number / count(place) % groups.len()];
        let lists = (1..=most).flat_map(|len| (0..count(len)).map(move |number| (len, number)));
        lists
            .map(|(len, number)| {
                (0..len).map(|place| pick(number, place)).collect::<Vec<_>>().join(separator)
            })
            .collect::<Vec<_>>()
    };
    for text in lists(&["", "0", "Fa9", "0001", "10000", "g", "1.2.3.4", "1.2.3"], ":", 6)
        .into_iter()
        .chain(lists(&["", "1", "1.2.3.4"], ":", 9))
    {
        let bracketed = format!("[{text}]");
        let host = Authority::parse(bracketed.as_bytes()).map(|authority| authority.host);
        assert_eq!(host, text.parse().ok().map(|address: Ipv6Addr| Host::Ip(address.into())), "[{text}]");
    }
    for text in lists(&["", "0", "00", "9", "09", "255", "256", "-1", "0x1", "1234"], ".", 5) {
        let host = Authority::parse(text.as_bytes()).map(|authority| authority.host);
        let address = text.parse().ok().map(|address: Ipv4Addr| Host::Ip(address.into()));
        assert_eq!(host.filter(|host| matches!(host, Host::Ip(_))), address, "{text}");
    }
}
