//! A server that is stopped for longer than its own timeouts, and goes on.

use crate::house::House;
use crate::peers;
use crate::support::frame::{self, FIN, PING, PONG, TEXT, masked};
use crate::support::patience::at_some_pace;
use crate::support::{Client, Head, eventually};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A living client that says nothing by itself: it answers Pings until the end, and tells whether it was a Close.
fn answer_pings(mut client: Client, leaving: &Arc<AtomicBool>) -> JoinHandle<bool> {
    let leaving = Arc::clone(leaving);
    thread::spawn(move || {
        loop {
            let frame = client.frame();
            match frame.opcode {
                PING if leaving.load(Ordering::SeqCst) => client.send(&frame::close(1000, b"")),
                PING => client.send(&masked(FIN | PONG, &frame.payload)),
                frame::CLOSE => return frame.payload == 1000_u16.to_be_bytes(),
                _ => {}
            }
        }
    })
}

#[test]
fn living_clients_are_not_dropped() {
    at_some_pace(stopped_twice);
}

fn stopped_twice(times: f64) {
    let (ping, other) = ((0.3 * times).to_string(), (0.5 * times).to_string());
    let timeouts =
        [("--handshake-timeout", &other), ("--message-timeout", &other), ("--ping-interval", &ping)];
    let options: Vec<_> = timeouts.iter().flat_map(|(option, value)| [*option, value]).collect();
    // Longer than two ping intervals, and than every other timeout.
    let pause = Duration::from_secs_f64(0.9 * times);
    let mut house = House::start(&options);
    let leaving = Arc::new(AtomicBool::new(false));
    // In a room where nobody talks, so that they are pinged.
    let join = |room: &str| Client::join(&house.server, room);
    let quiet: Vec<_> = (0..20).map(|_| answer_pings(join("/quiet"), &leaving)).collect();
    for _ in 0..2 {
        house.beside("stopped for longer than its timeouts", |server| {
            let head = Head::upgrade("/").bytes();
            let (mut coming, mut talking) = (server.connect(), Client::join(server, "/"));
            coming.write_all(&head[..50]).unwrap();
            talking.send(&masked(TEXT, b"begun before, "));
            peers::clients(server, 23).unwrap_or_else(|| panic!("someone is missing"));
            server.signal("STOP");
            thread::sleep(pause / 2);
            // What comes while it is stopped came in time.
            coming.write_all(&head[50..]).unwrap();
            talking.send(&masked(FIN, b"ended meanwhile"));
            thread::sleep(pause / 2);
            server.signal("CONT");
            let mut came = Client::try_join_on(coming, b"").unwrap();
            for client in [&mut came, &mut talking] {
                client.send(&frame::close(1000, b""));
                assert_eq!(peers::close_code(client), 1000);
            }
        });
        house.expect_counted(&[("closed 1000", 2)]);
    }
    leaving.store(true, Ordering::SeqCst);
    assert!(quiet.into_iter().all(|client| client.join().unwrap()), "someone was dropped");
    house.expect_counted(&[("closed 1000", 20)]);
    eventually("the pair alone", || peers::clients(&house.server, 2));
    house.expect_rest();
    house.close();
}
