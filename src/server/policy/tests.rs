//! Names and peers, for every way to be bound and told: what cannot be tried from outside without a network of its own.

use std::net::IpAddr;

use super::*;

const LOOPBACK: [&str; 11] = [
    "localhost",
    "LocalHost.",
    "localhost:8080",
    "chat.localhost",
    "a.b.LOCALHOST.",
    "127.0.0.1",
    "127.0.0.1:80",
    "[::1]",
    "[::1%lo]:8080",
    "[::1%25lo]",
    "[::ffff:127.0.0.1]",
];

const ADDRESSES: [&str; 6] =
    ["192.168.1.7", "10.0.0.1:8080", "0.0.0.0", "[fe80::1]", "[fe80::1%eth0]:8080", "[::ffff:10.0.0.1]"];

/// Spellings of the name that a server is told in the tests below.
const OWN: [&str; 4] =
    ["chat.example.org", "CHAT.example.ORG:8080", "chat.example.org.", "chat.example.org.:443"];

const FOREIGN: [&str; 8] = [
    "evil.example",
    "localhost.evil.example",
    "notlocalhost",
    "chat.example.org.evil.example",
    "evil-chat.example.org",
    "chat.example.org..",
    "127.0.0.1.evil.example",
    "127.1",
];

const OUTSIDE: &str = "192.168.1.99";
const PEERS: [&str; 5] = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", OUTSIDE];

fn policy(bound: &str, hosts: &[&str], origins: &[&str]) -> Policy {
    let allow_hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
    let allow_origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    Policy::new(bound.parse().unwrap(), &Config { allow_hosts, allow_origins, ..Config::default() })
}

fn answers(policy: &Policy, host: &str, peer: &str) -> bool {
    let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (request, _) = Request::parse(head.as_bytes()).unwrap().unwrap();
    match policy.check(&request, peer.parse().unwrap(), request.asks_for_upgrade()) {
        Ok(()) => true,
        Err(refusal) => {
            assert_eq!(refusal, Refusal::HostNotAllowed);
            false
        }
    }
}

#[track_caller]
fn all(policy: &Policy, hosts: &[&str], peers: &[&str], expected: bool) {
    for host in hosts {
        for peer in peers {
            assert_eq!(answers(policy, host, peer), expected, "{host} for {peer}");
        }
    }
}

#[test]
fn bound_to_the_loopback_it_answers_to_the_loopback_s_names() {
    for bound in ["127.0.0.1", "127.0.0.5", "::1", "::ffff:127.0.0.1"] {
        let policy = policy(bound, &[], &[]);
        all(&policy, &LOOPBACK, &PEERS, true);
        for strangers in [&ADDRESSES[..], &OWN, &FOREIGN, &["127.0.0.2"]] {
            all(&policy, strangers, &PEERS, false);
        }
    }
    all(&policy("127.0.0.5", &[], &[]), &["127.0.0.5", "127.0.0.5:1"], &PEERS, true);
}

#[test]
fn bound_to_the_loopback_it_answers_to_its_origins_hosts_as_well() {
    for origin in ["https://chat.example.org", "http://Chat.Example.org.:8080"] {
        let policy = policy("127.0.0.1", &[], &[origin]);
        all(&policy, &LOOPBACK, &PEERS, true);
        all(&policy, &OWN, &PEERS, true);
        all(&policy, &ADDRESSES, &PEERS, false);
        all(&policy, &FOREIGN, &PEERS, false);
    }
}

#[test]
fn bound_elsewhere_and_told_nothing_it_answers_to_any_name() {
    for bound in ["0.0.0.0", "::", "192.168.1.7", "fe80::1"] {
        let policy = policy(bound, &[], &[]);
        for hosts in [&LOOPBACK[..], &ADDRESSES, &OWN, &FOREIGN] {
            all(&policy, hosts, &PEERS, true);
        }
    }
}

#[test]
fn bound_elsewhere_with_an_origin_it_answers_to_addresses_and_its_own_names() {
    for bound in ["0.0.0.0", "::", "192.168.1.7"] {
        let policy = policy(bound, &[], &["https://chat.example.org"]);
        for hosts in [&LOOPBACK[..], &ADDRESSES, &OWN] {
            all(&policy, hosts, &PEERS, true);
        }
        all(&policy, &FOREIGN, &PEERS, false);
    }
}

#[test]
fn told_its_names_it_answers_to_them_alone_and_to_the_loopback_s_for_the_loopback() {
    for bound in ["127.0.0.1", "0.0.0.0", "::", "192.168.1.7"] {
        // What its origins are called is then no name of its own.
        let policy = policy(bound, &["Chat.example.org.", "other.example"], &["https://evil.example"]);
        all(&policy, &OWN, &PEERS, true);
        all(&policy, &["other.example", "OTHER.example.:1"], &PEERS, true);
        all(&policy, &LOOPBACK, &PEERS[..4], true);
        all(&policy, &LOOPBACK, &[OUTSIDE], false);
        all(&policy, &ADDRESSES, &PEERS, false);
        all(&policy, &FOREIGN, &PEERS, false);
    }
}

#[test]
fn a_name_it_is_told_may_be_an_address() {
    let policy = policy("0.0.0.0", &["10.0.0.1", "[2001:db8::1]", "[fe80::1%eth0]"], &[]);
    let own = [
        "10.0.0.1",
        "10.0.0.1:80",
        "[::ffff:10.0.0.1]",
        "[2001:db8:0::1]:80",
        "[fe80::1]",
        "[fe80::1%wlan0]",
    ];
    all(&policy, &own, &PEERS, true);
    all(&policy, &["10.0.0.2", "[2001:db8::2]", "0.0.0.0", "a"], &PEERS, false);
    // The same address in its other form, by the origin as well.
    let mapped = self::policy("127.0.0.1", &["[::ffff:10.0.0.1]"], &[]);
    all(&mapped, &["10.0.0.1", "[::ffff:a00:1]"], &PEERS, true);
    let of_origin = self::policy("127.0.0.1", &[], &["http://[::ffff:10.0.0.1]:8080"]);
    all(&of_origin, &["10.0.0.1", "[::ffff:a00:1]"], &PEERS, true);
}

#[test]
fn a_loopback_address_it_is_bound_to_is_the_loopback_s_name() {
    let policy = policy("127.0.0.5", &["chat.example.org"], &[]);
    all(&policy, &["127.0.0.5", "127.0.0.1"], &PEERS[..4], true);
    all(&policy, &["127.0.0.6"], &PEERS, false);
    // One that others can reach is a name like any other.
    let policy = self::policy("192.168.1.7", &["chat.example.org"], &[]);
    all(&policy, &["192.168.1.7"], &PEERS, false);
}

#[test]
fn a_star_lets_everyone_in_under_every_name() {
    for bound in ["127.0.0.1", "0.0.0.0"] {
        for hosts in [&[][..], &["chat.example.org"]] {
            let policy = policy(bound, hosts, &["*"]);
            for hosts in [&LOOPBACK[..], &ADDRESSES, &OWN, &FOREIGN] {
                all(&policy, hosts, &PEERS, true);
            }
        }
    }
}

/// The page of a foreign name that now leads here has the same host and origin, so that only the name can tell.
#[test]
fn a_rebound_page_stays_out_wherever_a_name_or_an_origin_is_known() {
    let handshake =
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nUpgrade: websocket\r\n\r\n";
    let (request, _) = Request::parse(handshake).unwrap().unwrap();
    let peer: IpAddr = OUTSIDE.parse().unwrap();
    for policy in [
        policy("127.0.0.1", &[], &[]),
        policy("0.0.0.0", &[], &["https://chat.example.org"]),
        policy("0.0.0.0", &["chat.example.org"], &[]),
        policy("0.0.0.0", &["chat.example.org"], &["http://evil.example"]),
    ] {
        assert_eq!(policy.check(&request, peer, false), Err(Refusal::HostNotAllowed));
    }
    assert_eq!(policy("0.0.0.0", &[], &[]).check(&request, peer, false), Ok(()));
}
