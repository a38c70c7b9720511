//! Who is let in, for addresses and times that are made up.

use std::net::IpAddr;

use super::super::addresses::Addresses;
use super::*;

const MS: Duration = Duration::from_millis(1);

/// A gate, a time, and who came.
struct House {
    gate: Arc<Gate>,
    addresses: Arc<Addresses>,
    now: Instant,
}

impl House {
    fn with_places(max_clients: usize) -> House {
        let addresses = Addresses::new(usize::MAX);
        House { gate: Gate::new(max_clients), addresses, now: Instant::now() }
    }

    /// One with a single place, which is taken.
    fn full() -> (House, Permit) {
        let house = House::with_places(1);
        let client = house.lets_in("10.0.0.99");
        assert!(client.may_chat());
        (house, client)
    }

    fn admit(&self, from: &str) -> Option<(Permit, Option<u64>)> {
        let address = from.parse::<IpAddr>().unwrap().into();
        self.gate.admit(self.addresses.count(address).unwrap(), self.now)
    }

    /// There is a place, and nobody has to make way.
    #[track_caller]
    fn lets_in(&self, from: &str) -> Permit {
        let (permit, displaced) = self.admit(from).unwrap_or_else(|| panic!("no place for {from}"));
        assert_eq!(displaced, None, "for {from}");
        assert!(!permit.is_displaced());
        permit
    }

    #[track_caller]
    fn lets_in_for(&self, displaced: &Permit, from: &str) -> Permit {
        assert!(!displaced.is_displaced());
        let (permit, number) = self.admit(from).unwrap_or_else(|| panic!("no place for {from}"));
        assert_eq!(number, Some(displaced.number), "for {from}");
        assert!(displaced.is_displaced() && !permit.is_displaced());
        permit
    }

    #[track_caller]
    fn turns_away(&self, from: &str) {
        assert!(self.admit(from).is_none(), "there was a place for {from}");
    }

    fn after(&mut self, time: Duration) {
        self.now += time;
    }
}

/// So many hosts, with an address each.
fn outside(count: usize) -> Vec<String> {
    (0..count).map(|host| format!("10.1.0.{host}")).collect()
}

/// Sixteen extras of eight hosts, in the order in which they came: each host once, then each again.
fn two_of_each(house: &House) -> Vec<Permit> {
    let hosts = outside(8);
    hosts.iter().chain(&hosts).map(|host| house.lets_in(host)).collect()
}

#[test]
fn as_many_come_in_as_there_are_places_and_each_has_a_number_of_its_own() {
    let house = House::with_places(3);
    let mut inside: Vec<_> = (0..3).map(|_| house.lets_in("10.0.0.1")).collect();
    let extra = house.lets_in("10.0.0.2");
    assert!(inside.iter().all(Permit::may_chat) && !extra.may_chat());
    drop(inside.remove(0));
    let last = house.lets_in("10.0.0.3");
    let numbers: Vec<_> = inside.iter().chain([&extra, &last]).map(|permit| permit.number).collect();
    assert_eq!(numbers, [2, 3, 4, 5]);
}

#[test]
fn an_extra_one_takes_a_place_that_has_become_free() {
    let (house, client) = House::full();
    let (first, second) = (house.lets_in("10.0.0.1"), house.lets_in("10.0.0.1"));
    assert!(!first.may_chat());
    drop(client);
    assert!(second.may_chat() && second.may_chat() && !first.may_chat());
    // So it is no extra one any more.
    let third = house.lets_in("10.0.0.1");
    house.turns_away("10.0.0.1");
    drop((first, second, third));
    assert!(house.lets_in("10.0.0.1").may_chat());
}

#[test]
fn one_address_has_two_extras_and_the_loopback_four() {
    let (house, _client) = House::full();
    for (from, share) in [("10.0.0.1", 2), ("2001:db8::1", 2), ("127.0.0.1", 4)] {
        let mut extras: Vec<_> = (0..share).map(|_| house.lets_in(from)).collect();
        house.turns_away(from);
        extras.pop();
        extras.push(house.lets_in(from));
        house.turns_away(from);
    }
}

#[test]
fn there_are_sixteen_extras() {
    let (house, _client) = House::full();
    let _extras: Vec<_> = outside(16).iter().map(|host| house.lets_in(host)).collect();
    house.turns_away("10.9.0.1");
    house.turns_away("2001:db8::1");
}

#[test]
fn the_oldest_of_an_address_makes_way_for_its_next_after_a_second() {
    let (mut house, _client) = House::full();
    let stranger = house.lets_in("10.0.0.7");
    let first = house.lets_in("10.0.0.1");
    house.after(500 * MS);
    let second = house.lets_in("10.0.0.1");
    house.after(499 * MS);
    house.turns_away("10.0.0.1");
    house.after(MS);
    let third = house.lets_in_for(&first, "10.0.0.1");
    house.turns_away("10.0.0.1");
    house.after(500 * MS);
    let _fourth = house.lets_in_for(&second, "10.0.0.1");
    assert!(!stranger.is_displaced() && !third.is_displaced(), "there was no need");
}

#[test]
fn one_that_has_been_answered_makes_way_at_once() {
    let (house, _client) = House::full();
    let (first, second) = (house.lets_in("10.0.0.1"), house.lets_in("10.0.0.1"));
    house.turns_away("10.0.0.1");
    second.has_been_answered(house.now);
    let third = house.lets_in_for(&second, "10.0.0.1");
    house.turns_away("10.0.0.1");
    assert!(!first.is_displaced() && !third.is_displaced());
    // A client keeps its place, answered or not.
    let house = House::with_places(1);
    let client = house.lets_in("10.0.0.1");
    client.has_been_answered(house.now);
    let _extras = (house.lets_in("10.0.0.1"), house.lets_in("10.0.0.1"));
    house.turns_away("10.0.0.1");
}

#[test]
fn the_oldest_of_all_makes_way_where_all_places_are_taken() {
    let (mut house, _client) = House::full();
    let extras: Vec<_> = outside(16).iter().map(|host| house.lets_in(host)).collect();
    house.after(999 * MS);
    house.turns_away("10.9.0.1");
    house.after(MS);
    let _next = house.lets_in_for(&extras[0], "10.9.0.1");
    let _after = house.lets_in_for(&extras[1], "10.9.0.2");
    assert!(!extras[2].is_displaced());
}

#[test]
fn who_has_had_to_make_way_leaves_no_place_behind() {
    let (mut house, client) = House::full();
    let first = house.lets_in("10.0.0.1");
    house.after(500 * MS);
    let second = house.lets_in("10.0.0.1");
    house.after(500 * MS);
    let third = house.lets_in_for(&first, "10.0.0.1");
    assert!(!first.may_chat());
    drop(first);
    house.turns_away("10.0.0.1");
    drop(second);
    let fourth = house.lets_in("10.0.0.1");
    drop(client);
    // Nor is it kept from a client's place.
    house.after(1000 * MS);
    assert!(third.may_chat() && !fourth.may_chat());
    drop((third, fourth));
    house.gate.wait_until_empty(Instant::now() + Duration::from_secs(60));
}

/// A host that has no extra yet is heard at once, however many others have two.
#[test]
fn an_address_gives_up_its_second_to_another_s_first() {
    let (house, _client) = House::full();
    let extras = two_of_each(&house);
    let _ninth = house.lets_in_for(&extras[0], "10.9.0.1");
    house.turns_away("10.9.0.1");
    // The first host has one now, so the second host is next.
    let _tenth = house.lets_in_for(&extras[1], "10.9.0.2");
    house.turns_away("10.1.0.0");
}

#[test]
fn the_loopback_is_heard_whoever_else_there_is() {
    for hosts in [8, 16] {
        let (house, _client) = House::full();
        let hosts = outside(hosts);
        let extras: Vec<_> = hosts.iter().cycle().take(16).map(|host| house.lets_in(host)).collect();
        let _health = house.lets_in_for(&extras[0], "127.0.0.1");
        let others = extras[1..].iter().filter(|extra| extra.is_displaced()).count();
        assert_eq!(others, 0);
    }
}

/// Strangers say nothing, and a hundred a second come for each place that becomes free. Health is asked for from a host
/// of its own now and then, and is heard by its first attempt.
#[test]
fn health_is_heard_among_a_flood_of_strangers() {
    for health in ["127.0.0.1", "10.9.0.1", "2001:db8::1"] {
        let (mut house, _client) = House::full();
        let strangers = outside(15);
        let mut inside = Vec::new();
        let mut turned_away = 0;
        for tick in 0..500 {
            match house.admit(&strangers[tick * 7 % strangers.len()]) {
                Some((permit, _)) => inside.push(permit),
                None => turned_away += 1,
            }
            // The displaced notice, and go.
            inside.retain(|permit| !permit.is_displaced());
            assert!(inside.len() <= EXTRAS_MAX);
            house.after(10 * MS);
            if tick % 50 == 49 {
                assert!(house.admit(health).is_some_and(|(permit, _)| !permit.is_displaced()), "at {tick}");
            }
        }
        assert!(inside.len() >= EXTRAS_MAX - 1 && turned_away > 300, "no flood: {turned_away}");
    }
}

#[test]
fn is_empty_when_the_last_has_gone() {
    let (house, client) = House::full();
    let extra = house.lets_in("10.0.0.1");
    let begun = Instant::now();
    house.gate.wait_until_empty(begun + 20 * MS);
    assert!(begun.elapsed() >= 20 * MS);
    drop(client);
    house.gate.wait_until_empty(Instant::now() + MS);
    drop(extra);
    house.gate.wait_until_empty(Instant::now() + Duration::from_secs(600));
}
