//! A Redis that is not there, goes, comes back, hangs: each server serves its own clients meanwhile.

use crate::patience::long;
use crate::redis::Redis;
use crate::servers::{self, logged, metric, start, talk, wait_for, wait_until_together};
use crate::support::{Client, Server, frame, metrics};
use std::time::{Duration, Instant};

/// Two on the first server, one on the second.
struct House {
    servers: [Server; 2],
    near: [Client; 2],
    far: Client,
    /// How many messages there have been on the first server.
    said: usize,
}

impl House {
    fn new(servers: [Server; 2]) -> House {
        let near = [0, 1].map(|_| Client::join(&servers[0], "/"));
        let far = Client::join(&servers[1], "/");
        House { servers, near, far, said: 0 }
    }

    /// So many messages, each of which the neighbour must hear.
    #[track_caller]
    fn chat(&mut self, count: usize, what: &str) {
        for n in 0..count {
            let [a, b] = &mut self.near;
            a.text(&format!("{what} {n}"));
            b.expect_text(&format!("{what} {n}"));
        }
        self.said += count;
    }

    /// Waits until it is known of each message of the first server whether it was shared; how many were not.
    #[track_caller]
    fn dropped(&self) -> usize {
        long("all to be counted", || {
            let [published, dropped] =
                ["published_total", "dropped_total"].map(|name| metric(&self.servers[0], name) as usize);
            (published + dropped == self.said).then_some(dropped)
        })
    }

    /// So many messages, which all must hear in this order, and nothing before.
    #[track_caller]
    fn chat_together(&mut self, count: usize, what: &str) {
        self.chat(count, what);
        for n in 0..count {
            self.far.expect_text(&format!("{what} {n}"));
        }
        self.far.text("heard");
        self.near.iter_mut().for_each(|near| near.expect_text("heard"));
    }

    fn wait_until_away(&self) {
        self.servers.iter().for_each(|server| wait_for(server, "up", 0.0));
    }

    fn each_logged(&self, what: &str) -> [usize; 2] {
        self.servers.each_ref().map(|server| logged(server, what))
    }
}

#[test]
fn absent_at_the_start() {
    let mut redis = Redis::absent(&[]);
    let mut house = House::new([0, 1].map(|_| servers::at(&redis.url())));
    house.chat(20, "alone");
    house.wait_until_away();
    long("a log line each", || (house.each_logged("is away") == [1, 1]).then_some(()));
    assert_eq!(house.dropped(), 20);
    redis.run();
    wait_until_together(&house.servers);
    house.chat_together(20, "together");
    long("a log line each", || (house.each_logged("joined again") == [1, 1]).then_some(()));
    assert_eq!(house.each_logged("is away"), [1, 1]);
    house.servers[0].stderr.wait_for("how many", |line| line.contains("20 messages were not shared"));
}

#[test]
fn the_contract_names_every_metric() {
    let redis = Redis::absent(&[]);
    let promised = ["HTTP", "Many servers"].into_iter().flat_map(metrics::promised);
    assert_eq!(metrics::names(&servers::at(&redis.url())), promised.collect());
}

#[test]
fn killed_and_started_again_and_again() {
    let mut redis = Redis::start();
    let mut house = House::new(start(&redis));
    house.chat_together(20, "before");
    for round in 1..=3 {
        redis.kill();
        house.chat(50, "during");
        house.wait_until_away();
        let before = house.dropped();
        house.chat(30, "away");
        assert_eq!(house.dropped() - before, 30);
        redis.run();
        wait_until_together(&house.servers);
        // What was said meanwhile has gone; what is said from now on arrives.
        house.chat_together(100, &format!("after {round}"));
        long("one log line each", || (house.each_logged("is away") == [round, round]).then_some(()));
    }
}

/// Talk goes on while Redis goes and comes: what arrives does so once and in order.
#[test]
fn killed_in_the_middle_of_talk() {
    let mut redis = Redis::start();
    let mut house = House::new(start(&redis));
    let mut sent = 0;
    for _ in 0..3 {
        for _ in 0..200 {
            house.near[0].text(&format!("{sent}"));
            sent += 1;
        }
        redis.kill();
        for _ in 0..200 {
            house.near[0].text(&format!("{sent}"));
            sent += 1;
        }
        house.wait_until_away();
        redis.run();
        wait_until_together(&house.servers);
    }
    house.near[0].text("last");
    let heard = until_last(&mut house.far);
    assert!(heard.is_sorted_by(|a, b| a < b), "out of order or twice: {heard:?}");
    assert_eq!(until_last(&mut house.near[1]), (0..sent).collect::<Vec<_>>());
    house.said = sent + 1;
    let published = house.said - house.dropped();
    // What was counted as published was heard; of what was not, some may have been.
    assert!(heard.len() + 1 >= published, "{} of {published} heard", heard.len() + 1);
}

/// The numbers that have come before "last".
fn until_last(client: &mut Client) -> Vec<usize> {
    let texts = std::iter::from_fn(|| Some(String::from_utf8(client.frame().payload).unwrap()));
    texts.take_while(|text| text != "last").map(|text| text.parse().unwrap()).collect()
}

/// It answers no more, but its connections stay: that is noticed, too, and nobody waits for it.
#[test]
fn stopped_and_continued() {
    let redis = Redis::start();
    let mut house = House::new(start(&redis));
    house.chat_together(20, "before");
    redis.signal("STOP");
    let stopped = Instant::now();
    let mut said = 0;
    while house.servers.iter().any(|server| metric(server, "up") > 0.0) {
        house.chat(50, &format!("meanwhile {said}"));
        said += 50;
        assert!(stopped.elapsed() < Duration::from_secs(40), "a Redis that hangs is not noticed");
    }
    house.chat(50, "away");
    redis.signal("CONT");
    wait_until_together(&house.servers);
    house.near[0].text("last");
    // Some of what was said before it was noticed may still come: once each, and in order.
    let mut heard = Vec::new();
    loop {
        let text = String::from_utf8(house.far.frame().payload).unwrap();
        if text == "last" {
            break;
        }
        heard.push(text);
    }
    assert!(!heard.iter().any(|text| text.starts_with("away")), "{heard:?}");
    let number = |text: &String| -> usize {
        let (_, numbers) = text.split_once(' ').unwrap();
        let (round, n) = numbers.split_once(' ').unwrap();
        round.parse::<usize>().unwrap() + n.parse::<usize>().unwrap()
    };
    let numbers: Vec<_> = heard.iter().map(number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "out of order or twice: {numbers:?}");
    house.near[1].expect_text("last");
    house.chat_together(50, "after");
}

#[test]
fn a_server_ends_in_time_though_redis_hangs() {
    let redis = Redis::start();
    let [mut server] = start(&redis);
    let mut client = Client::join(&server, "/");
    redis.signal("STOP");
    client.text("not shared");
    client.settle();
    let begun = Instant::now();
    server.signal("TERM");
    client.expect_close(1001);
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "took {:?}", begun.elapsed());
    redis.signal("CONT");
}

/// A server that ends says what there was to be said, and takes leave: nobody waits until it has been silent for long.
#[test]
fn what_is_said_last_is_shared() {
    let redis = Redis::start();
    for _ in 0..5 {
        let servers: [_; 2] = start(&redis);
        let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/"));
        talk(&mut a, &mut b, "hello");
        a.send(&[frame::text("goodbye"), frame::close(1000, b"")].concat());
        a.expect_close(1000);
        drop(a);
        let [mut one, two] = servers;
        one.stop();
        let stopped = Instant::now();
        b.expect_text("goodbye");
        wait_for(&two, "servers", 0.0);
        assert!(stopped.elapsed() < Duration::from_secs(10), "it took no leave");
    }
}

/// A median of a message's way to a neighbour while Redis is well and while it hangs. It is printed and not judged; what
/// is judged is that each message arrives, which in [`stopped_and_continued`] it must.
#[test]
fn the_way_to_a_neighbour_is_as_long_as_ever() {
    let redis = Redis::start();
    let mut house = House::new(start(&redis));
    let mut medians = [Vec::new(), Vec::new()];
    for round in 0..10 {
        let hangs = round % 2 == 1;
        if hangs {
            redis.signal("STOP");
        }
        let mut times: Vec<_> = (0..400)
            .map(|_| {
                let begun = Instant::now();
                house.chat(1, "to and fro");
                begun.elapsed()
            })
            .collect();
        if hangs {
            redis.signal("CONT");
        }
        times.sort();
        medians[usize::from(hangs)].push(times[times.len() / 2]);
    }
    medians.iter_mut().for_each(|medians| medians.sort());
    println!("to a neighbour: {:?} while Redis is well, {:?} while it hangs", medians[0][2], medians[1][2]);
    assert_eq!(metrics::value(&house.servers[0], "chinwag_messages_in_total"), 4000.0);
}
