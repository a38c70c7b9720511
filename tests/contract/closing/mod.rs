//! Closing.

mod disappearing;
mod handshake;
mod silence;

use crate::support::{Client, Server};

/// Alone in its room, so that it is told of the next to come and go.
fn observer(server: &Server, room: &str) -> Client {
    let mut observer = Client::join(server, &format!("{room}?name=observer"));
    observer.expect_text(
        r#"{"type":"welcome","name":"observer","online":1,"names":[],"history":0,"limit":65536}"#,
    );
    observer
}

/// Joins and has been seen to.
fn observed(server: &Server, room: &str, observer: &mut Client) -> Client {
    let mut client = Client::join(server, &format!("{room}?name=guest"));
    client.expect_text(
        r#"{"type":"welcome","name":"guest","online":2,"names":["observer"],"history":0,"limit":65536}"#,
    );
    observer.expect_text(r#"{"type":"joined","name":"guest","online":2}"#);
    client
}

#[track_caller]
fn expect_left(observer: &mut Client) {
    observer.expect_text(r#"{"type":"left","name":"guest","online":1}"#);
}
