//! Frames and messages.

mod close;
mod control;
mod headers;
mod limits;
mod messages;
mod utf8;

use crate::support::{Client, Server};

/// A fresh client sends this and no more, and is failed with the code and a reason a human can read.
#[track_caller]
fn fails(server: &Server, code: u16, bytes: &[u8]) {
    let mut client = Client::join(server, "/");
    client.send(bytes);
    let reason = client.expect_close(code);
    let plain = !reason.is_empty() && reason.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    assert!(plain, "the reason {reason:?} for {}", bytes.escape_ascii());
}
