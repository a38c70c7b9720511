//! The floods: each is done to a server for some seconds, with as many clients as it has places beside the healthy pair.

use crate::crowd::{Attacker, Crowd, for_a_while, message};
use crate::support::frame::{self, BINARY, FIN, PING, masked};
use crate::support::{Client, Server};
use std::thread;
use std::time::{Duration, Instant};

/// The longest message, which is the default.
const LONG: usize = 64 << 10;

pub struct Flood {
    pub name: &'static str,
    /// Options of the server beside those that it always has.
    pub options: &'static [&'static str],
    /// Something to say of it, or what went wrong.
    pub act: fn(&Server, usize) -> Result<String, String>,
}

pub const ALL: &[Flood] = &[
    Flood { name: "stalled-one-room", options: &[], act: stalled_in_one_room },
    Flood { name: "stalled-many-rooms", options: &[], act: stalled_in_many_rooms },
    Flood { name: "unfinished", options: &[], act: unfinished_messages },
    Flood { name: "histories", options: &[], act: histories },
    Flood { name: "newcomers", options: &[], act: newcomers },
    Flood { name: "joins-and-leaves", options: &[], act: joins_and_leaves },
    Flood { name: "kept-buffers", options: &[], act: kept_buffers },
    Flood { name: "quiet-rooms", options: &[], act: quiet_rooms },
    Flood { name: "pings", options: &[], act: pings },
    Flood { name: "laggards-that-talk", options: &[], act: laggards_that_talk },
    Flood { name: "tiny-histories", options: &["--history", "100000"], act: tiny_histories },
    Flood { name: "echo", options: &["--echo"], act: echo },
    Flood { name: "closings", options: &[], act: closings },
    Flood { name: "threads-and-memory", options: &[], act: threads_and_memory },
    Flood { name: "one-laggard", options: &[], act: one_laggard },
    Flood { name: "all-at-once", options: &[], act: all_at_once },
];

/// Nobody reads, and one talks.
fn stalled_in_one_room(server: &Server, places: usize) -> Result<String, String> {
    let mut crowd = Crowd::join(server, places - 1, b"", |_| "/crowd".into());
    let mut speaker = Attacker::join_at_last(server, "/crowd", &message(LONG));
    for_a_while(|| {
        speaker.push_again();
        crowd.refill(3);
    });
    Ok(String::new())
}

/// The same in pairs.
fn stalled_in_many_rooms(server: &Server, places: usize) -> Result<String, String> {
    let pairs = places / 2;
    let mut crowd = Crowd::join(server, 2 * pairs, &message(LONG), |n| format!("/r{}", n / 2 % pairs));
    for_a_while(|| {
        crowd.all.iter_mut().step_by(2).for_each(Attacker::push_again);
        crowd.refill(2);
    });
    Ok(String::new())
}

/// All but the last byte of the longest message.
fn unfinished_messages(server: &Server, places: usize) -> Result<String, String> {
    let says = frame::unfinished(FIN | BINARY, LONG as u64, &vec![b'.'; LONG - 1]);
    let mut crowd = Crowd::join(server, places, &says, |n| format!("/r{n}"));
    for_a_while(|| {
        crowd.each(Attacker::push);
        crowd.refill(2);
    });
    Ok(String::new())
}

/// In each room as much as a history may have, and more.
fn histories(server: &Server, places: usize) -> Result<String, String> {
    let says = message(8000).repeat(40);
    let mut crowd = Crowd::join(server, places, &says, |n| format!("/r{n}"));
    for_a_while(|| {
        crowd.each(Attacker::push);
        crowd.refill(2);
    });
    Ok(String::new())
}

/// Each is owed the names and the history, and reads neither.
fn newcomers(server: &Server, places: usize) -> Result<String, String> {
    let mut speaker = Attacker::join_at_last(server, "/crowd", &message(5000).repeat(50));
    speaker.push();
    let target = format!("/crowd?history=50&name={}", "n".repeat(32));
    let mut crowd = Crowd::join(server, places - 1, b"", move |_| target.clone());
    for_a_while(|| {
        speaker.push_again();
        crowd.refill(3);
    });
    Ok(String::new())
}

/// Hundreds are told of everyone who comes and goes, and do not read it.
fn joins_and_leaves(server: &Server, places: usize) -> Result<String, String> {
    let coming = places / 16;
    let target = |n: usize| format!("/crowd?history=50&name={n:032}");
    let mut crowd = Crowd::join(server, places - 4 * coming, b"", target);
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for_a_while(|| {
                    drop(
                        (0..coming)
                            .map(|n| Attacker::join(server, &target(thread * coming + n), b""))
                            .collect::<Vec<_>>(),
                    )
                });
            });
        }
        // Of those who come and go nobody knows how many are there.
        for_a_while(|| crowd.refill(2));
    });
    Ok(String::new())
}

/// In each of many rooms long messages now and then: what a room keeps for the next, it keeps for ever.
fn kept_buffers(server: &Server, places: usize) -> Result<String, String> {
    let pairs = places / 2;
    let mut crowd = Crowd::join(server, 2 * pairs, &message(LONG), |n| format!("/r{}", n / 2 % pairs));
    for_a_while(|| {
        crowd.each(Attacker::push_again);
        crowd.each(Attacker::read);
        crowd.refill(2);
    });
    Ok(String::new())
}

/// In each of many rooms one message, not long.
fn quiet_rooms(server: &Server, places: usize) -> Result<String, String> {
    let mut crowd = Crowd::join(server, places, &message(3500), |n| format!("/r{n}"));
    for_a_while(|| {
        crowd.each(Attacker::push);
        crowd.refill(2);
    });
    Ok(String::new())
}

/// Pongs are for one alone, and nobody reads his.
fn pings(server: &Server, places: usize) -> Result<String, String> {
    let says = masked(FIN | PING, &[b'?'; 125]).repeat(100);
    let mut crowd = Crowd::join(server, places, &says, |n| format!("/r{}", n % 20));
    for_a_while(|| {
        crowd.each(Attacker::push_again);
        crowd.refill(2);
    });
    Ok(String::new())
}

/// Each gets all but its own messages, which are one byte long: what it is still to get lies in very many parts.
fn laggards_that_talk(server: &Server, places: usize) -> Result<String, String> {
    let says = [message(1), masked(FIN | PING, b"")].concat().repeat(50);
    let mut crowd = Crowd::join(server, places, &says, |n| format!("/r{}", n % 8));
    for_a_while(|| {
        crowd.each(Attacker::push_again);
        crowd.refill(2);
    });
    Ok(String::new())
}

/// A history of very many messages of nothing, with an announcement between each two, for hundreds who ask for it.
fn tiny_histories(server: &Server, places: usize) -> Result<String, String> {
    let mut speaker = Attacker::join_at_last(server, "/crowd", &message(0));
    for n in 0..2000 {
        speaker.push_again();
        drop(Attacker::join(server, &format!("/crowd?name={n}"), b""));
    }
    let mut crowd = Crowd::join(server, places - 1, b"", |_| "/crowd?history=100000".into());
    for_a_while(|| {
        speaker.push_again();
        crowd.refill(3);
    });
    Ok(String::new())
}

/// Each is sent its own messages, and does not read them.
fn echo(server: &Server, places: usize) -> Result<String, String> {
    let mut crowd = Crowd::join(server, places, &message(LONG), |_| "/".into());
    for_a_while(|| {
        crowd.each(Attacker::push_again);
        crowd.refill(2);
    });
    Ok(String::new())
}

/// Each has as much to read as its socket holds, says that it closes, and neither reads nor closes.
fn closings(server: &Server, places: usize) -> Result<String, String> {
    let says = [masked(FIN | PING, &[b'?'; 125]).repeat(700), frame::close(1000, b"")].concat();
    let mut crowd = Crowd::join(server, places, &says, |n| format!("/r{}", n % 20));
    for_a_while(|| {
        crowd.each(Attacker::push);
        crowd.refill(2);
    });
    Ok(String::new())
}

/// Most are a little behind in one room, so that each has its thread, and some as far as they may be in rooms of their own.
fn threads_and_memory(server: &Server, places: usize) -> Result<String, String> {
    let pairs = places / 16;
    let mut crowds = [
        Crowd::join(server, places - 2 * pairs - 1, b"", |_| "/crowd".into()),
        Crowd::join(server, 2 * pairs, &message(LONG), |n| format!("/r{}", n / 2 % pairs)),
    ];
    let mut speaker = Attacker::join_at_last(server, "/crowd", &message(LONG));
    let start = Instant::now();
    for_a_while(|| {
        if start.elapsed() < Duration::from_secs(1) {
            speaker.push_again();
        }
        let [_, in_pairs] = &mut crowds;
        in_pairs.all.iter_mut().step_by(2).for_each(Attacker::push_again);
        in_pairs.refill(places - 2 * pairs + 2);
    });
    Ok(String::new())
}

/// One is far behind in a room in which two say little: each rests in proportion to what it says.
fn one_laggard(server: &Server, _: usize) -> Result<String, String> {
    let mut two = [Client::join(server, "/trip"), Client::join(server, "/trip")];
    let without = round_trip(&mut two);
    let _laggard = Attacker::join_at_last(server, "/trip", b"");
    let mut speaker = Client::join(server, "/trip");
    // As much as the sockets hold, and then more than half of what anybody may be behind.
    const MESSAGES: usize = 13;
    for _ in 0..MESSAGES {
        speaker.send(&message(LONG));
        two.iter_mut().for_each(|client| drop(client.frame()));
    }
    let with = round_trip(&mut two);
    let said = format!("round trip {with:?}, without the laggard {without:?}");
    let is_fair = with <= 2 * without + Duration::from_micros(100);
    if is_fair { Ok(said) } else { Err(said) }
}

/// The median of what it takes two to hear of each other.
fn round_trip(two: &mut [Client; 2]) -> Duration {
    let mut all: Vec<_> = (0..1000)
        .map(|n| {
            let (start, said) = (Instant::now(), format!("trip {n}"));
            for (from, to) in [(0, 1), (1, 0)] {
                two[from].text(&said);
                two[to].expect_text(&said);
            }
            start.elapsed()
        })
        .collect();
    all.sort_unstable();
    all[all.len() / 2]
}

/// A part of each.
fn all_at_once(server: &Server, places: usize) -> Result<String, String> {
    let part = places / 5;
    let unfinished = frame::unfinished(FIN | BINARY, LONG as u64, &vec![b'.'; LONG - 1]);
    let pings = masked(FIN | PING, &[b'?'; 125]).repeat(100);
    let mut crowds = [
        Crowd::join(server, part, &message(LONG), |n| format!("/stalled{}", n / 2 % 40)),
        Crowd::join(server, part, &unfinished, |n| format!("/unfinished{n}")),
        Crowd::join(server, part, &message(8000).repeat(40), |n| format!("/history{n}")),
        Crowd::join(server, part, &pings, |_| "/pings".into()),
        Crowd::join(server, part, &message(1000), |n| format!("/history{n}?history=50&name={n:032}")),
    ];
    for_a_while(|| {
        let [stalled, unfinished, histories, pings, newcomers] = &mut crowds;
        stalled.all.iter_mut().step_by(2).for_each(Attacker::push_again);
        unfinished.each(Attacker::push);
        histories.each(Attacker::push);
        pings.each(Attacker::push_again);
        newcomers.each(Attacker::push_again);
        crowds.iter_mut().for_each(|crowd| crowd.refill(2 + 4 * part));
    });
    Ok(String::new())
}
