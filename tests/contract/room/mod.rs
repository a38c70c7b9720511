//! The room.

mod forgery;
mod history;
mod lag;
mod memory;
mod presence;
mod relay;
mod scarcity;

use crate::support::{Client, Server};

/// Joins under a name, already encoded, and returns the welcome unread.
#[track_caller]
fn named(server: &Server, room: &str, name: &str) -> Client {
    Client::join(server, &format!("{room}?name={name}"))
}

fn welcome(name: &str, online: usize, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!(r#"{{"type":"welcome","name":"{name}","online":{online},"names":[{}]}}"#, names.join(","))
}

fn joined(name: &str, online: usize) -> String {
    format!(r#"{{"type":"joined","name":"{name}","online":{online}}}"#)
}

fn left(name: &str, online: usize) -> String {
    format!(r#"{{"type":"left","name":"{name}","online":{online}}}"#)
}
