//! The room.

mod forgery;
mod history;
mod lag;
mod linger;
mod memory;
mod presence;
mod relay;
mod scarcity;
mod wishes;

use crate::support::{Client, Server};

/// Joins under a name, already encoded, and returns the welcome unread.
#[track_caller]
fn named(server: &Server, room: &str, name: &str) -> Client {
    Client::join(server, &format!("{room}?name={name}"))
}

fn welcome(name: &str, online: usize, names: &[&str]) -> String {
    welcome_with(name, online, names, 0)
}

/// Of which so many messages of history follow.
fn welcome_with(name: &str, online: usize, names: &[&str], history: usize) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let names = names.join(",");
    let ends = format!(r#""history":{history},"limit":65536"#);
    format!(r#"{{"type":"welcome","name":"{name}","online":{online},"names":[{names}],{ends}}}"#)
}

fn joined(name: &str, online: usize) -> String {
    format!(r#"{{"type":"joined","name":"{name}","online":{online}}}"#)
}

fn left(name: &str, online: usize) -> String {
    format!(r#"{{"type":"left","name":"{name}","online":{online}}}"#)
}
