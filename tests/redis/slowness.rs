//! A Redis that answers late, or little by little.

use crate::patience::long;
use crate::proxy::Proxy;
use crate::redis::Redis;
use crate::servers::{self, logged, metric, talk, wait_for, wait_until_together};
use crate::support::frame::{BINARY, FIN, Frame, masked};
use crate::support::{Client, Server};
use std::time::Duration;
use std::{str, thread};

/// Servers that have a slow way to the same Redis.
fn start(redis: &Redis, bytes: usize, pause: Duration) -> ([Server; 2], Proxy) {
    let proxy = Proxy::to(redis.address, bytes, pause);
    let servers = [0, 1].map(|_| servers::at(&proxy.url()));
    wait_until_together(&servers);
    (servers, proxy)
}

/// Neighbours wait for nothing; the others get everything, later.
#[test]
fn late_answers() {
    let redis = Redis::start();
    let (servers, _proxy) = start(&redis, 4096, Duration::from_millis(100));
    let [mut a, mut neighbour] = [0, 1].map(|_| Client::join(&servers[0], "/"));
    let mut far = Client::join(&servers[1], "/");
    // Were each to wait for the one before it, this would take a minute, and nobody is that patient.
    for n in 0..300 {
        a.text(&format!("{n}"));
        neighbour.expect_text(&format!("{n}"));
    }
    for n in 0..300 {
        far.expect_text(&format!("{n}"));
    }
    far.text("heard");
    neighbour.expect_text("heard");
    assert_eq!(metric(&servers[0], "dropped_total"), 0.0);
}

/// So little at a time that a large message takes some seconds.
#[test]
fn little_by_little() {
    let redis = Redis::start();
    let (servers, _proxy) = start(&redis, 256, Duration::from_millis(10));
    let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/"));
    let large = vec![7; 64 * 1024];
    b.stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    a.send(&masked(FIN | BINARY, &large));
    a.settle();
    b.expect(&Frame::binary(&large));
    talk(&mut a, &mut b, "and on");
    wait_for(&servers[0], "published_total", 2.0);
    assert_eq!(servers.each_ref().map(|server| metric(server, "up")), [1.0, 1.0]);
}

/// A break in the middle of a message, longer than it takes to ask whether Redis is still there and shorter than it takes
/// to give up: nothing is lost by the asking.
#[test]
fn a_break_in_the_middle_of_a_message() {
    let redis = Redis::start();
    let fast = servers::at(&redis.url());
    let proxy = Proxy::to(redis.address, 512, Duration::from_millis(2));
    let slow = servers::at(&proxy.url());
    let servers = [fast, slow];
    wait_until_together(&servers);
    let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/"));
    let large = vec![9; 60_000];
    b.stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    a.send(&masked(FIN | BINARY, &large));
    a.settle();
    proxy.hold_for(Duration::from_millis(6500));
    b.expect(&Frame::binary(&large));
    a.text("after");
    b.expect_text("after");
    assert_eq!(metric(&servers[1], "missed_total"), 0.0);
}

/// One of a server's two connections is neither ended nor heard of any more, as when a router forgets it; it is given
/// up, and another one made, though the other shows that Redis is well.
#[test]
fn a_connection_that_falls_silent() {
    let redis = Redis::start();
    let (near, proxy) = (servers::at(&redis.url()), Proxy::to(redis.address, 4096, Duration::ZERO));
    let servers = [near, servers::at(&proxy.url())];
    wait_until_together(&servers);
    let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/"));
    talk(&mut a, &mut b, "before");
    for oldest in [true, false, true] {
        let begun = logged(&servers[1], "joined again");
        proxy.silence(oldest);
        long("the silence to be noticed", || (logged(&servers[1], "joined again") > begun).then_some(()));
        wait_until_together(&servers);
        talk(&mut a, &mut b, "again");
    }
}

/// More is said than Redis takes: the neighbours hear it all, what does not fit is dropped and counted, and what does
/// arrives in order.
#[test]
fn too_much_for_it() {
    const MESSAGES: usize = 400;
    let redis = Redis::start();
    let (servers, _proxy) = start(&redis, 64 * 1024, Duration::from_millis(10));
    let [mut a, mut neighbour] = [0, 1].map(|_| Client::join(&servers[0], "/"));
    let mut far = Client::join(&servers[1], "/");
    let message = |n: usize| [n.to_string().into_bytes(), vec![b' '; 60_000]].concat();
    let (dropped, heard) = thread::scope(|scope| {
        let heard = scope.spawn(|| {
            let payloads = std::iter::from_fn(|| Some(far.frame().payload));
            let numbers = payloads.take_while(|payload| payload != b"last").map(|payload| {
                let digits = str::from_utf8(&payload[..payload.len() - 60_000]).unwrap();
                digits.parse::<usize>().unwrap()
            });
            numbers.collect::<Vec<_>>()
        });
        for n in 0..MESSAGES {
            a.send(&masked(FIN | BINARY, &message(n)));
            neighbour.expect(&Frame::binary(&message(n)));
        }
        // Once there is room again.
        let dropped = metric(&servers[0], "dropped_total") as usize;
        long("what fits to be published", || {
            (metric(&servers[0], "published_total") as usize == MESSAGES - dropped).then_some(())
        });
        a.text("last");
        (dropped, heard.join().unwrap())
    });
    assert!(dropped > 0 && dropped < MESSAGES, "{dropped} dropped");
    assert_eq!(heard.len(), MESSAGES - dropped);
    assert!(heard.is_sorted_by(|a, b| a < b), "out of order or twice: {heard:?}");
}
