//! Many who listen and speak, each in its own way.

use crate::support::events::Heard;
use crate::support::http::{self, Head};
use crate::support::metrics::{value, wait_for};
use crate::support::{Client, EventStream, Server};
use std::io::Write;
use std::thread;

const EACH: usize = 200;

/// Says something by POST, and has its answer.
fn post(server: &Server, text: &str) {
    let mut stream = server.connect();
    let head = Head::get("/").method("POST").with("Content-Length", &text.len().to_string());
    stream.write_all(&[&head.bytes(), text.as_bytes()].concat()).unwrap();
    assert_eq!(http::read_head(&mut stream).0.status, 204);
}

/// What a stream hears up to the end.
fn heard_by_events(mut stream: EventStream) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        match stream.next() {
            Some(Heard::Event { data, .. }) if data == "end" => return heard,
            Some(Heard::Event { data, .. }) => heard.push(data),
            other => panic!("{other:?} is no message"),
        }
    }
}

fn heard_by_frames(mut client: Client) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        match String::from_utf8(client.frame().payload).unwrap() {
            text if text == "end" => return heard,
            text => heard.push(text),
        }
    }
}

#[test]
fn two_hundred_streams_and_two_hundred_sockets_hear_everyone_once_in_one_order() {
    let server = Server::start(&["--history", "0"]);
    let streams: Vec<_> = (0..EACH).map(|_| EventStream::open(&server, "/")).collect();
    let sockets: Vec<_> = (0..EACH).map(|_| Client::join(&server, "/?own=1")).collect();
    wait_for(&server, "chinwag_clients", 2.0 * EACH as f64);
    assert_eq!(value(&server, "chinwag_streams"), EACH as f64);
    let voices: Vec<_> = sockets.iter().map(|client| client.stream.try_clone().unwrap()).collect();
    let all: Vec<Vec<String>> = thread::scope(|scope| {
        let by_events = streams.into_iter().map(|stream| scope.spawn(|| heard_by_events(stream)));
        let by_frames = sockets.into_iter().map(|client| scope.spawn(|| heard_by_frames(client)));
        let hearing: Vec<_> = by_events.collect::<Vec<_>>().into_iter().chain(by_frames).collect();
        let server = &server;
        let talking: Vec<_> = voices
            .into_iter()
            .enumerate()
            .map(|(who, mut voice)| {
                scope.spawn(move || {
                    for n in 0..2 {
                        voice.write_all(&crate::support::frame::text(&format!("socket {who} {n}"))).unwrap();
                        post(server, &format!("stream {who} {n}"));
                    }
                })
            })
            .collect();
        talking.into_iter().for_each(|talker| talker.join().unwrap());
        // What a socket says is not answered.
        wait_for(server, "chinwag_messages_in_total", 4.0 * EACH as f64);
        post(server, "end");
        hearing.into_iter().map(|hearer| hearer.join().unwrap()).collect()
    });
    let mut once = all[0].clone();
    once.sort();
    once.dedup();
    assert_eq!((all[0].len(), once.len()), (4 * EACH, 4 * EACH));
    assert!(all.iter().all(|heard| *heard == all[0]), "in one order");
}
