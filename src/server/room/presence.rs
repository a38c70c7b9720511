//! The announcements of arrivals and departures: text messages that only a server sends.

use std::fmt::Write;

use crate::protocol::frame::Opcode;
use crate::server::frame_of;

/// Whether a text pretends to be an announcement.
pub(crate) fn is_forged(text: &[u8]) -> bool {
    const TYPES: [&str; 3] = ["joined", "left", "welcome"];
    let after = text.strip_prefix(br#"{"type":""#);
    after.is_some_and(|after| {
        TYPES
            .iter()
            .any(|kind| after.strip_prefix(kind.as_bytes()).is_some_and(|rest| rest.starts_with(b"\"")))
    })
}

/// The frame that tells the named members of an arrival.
pub(super) fn joined(name: &str, online: usize) -> Vec<u8> {
    announcement("joined", name, online, "")
}

/// The frame that tells the named members of a departure.
pub(super) fn left(name: &str, online: usize) -> Vec<u8> {
    announcement("left", name, online, "")
}

/// The frame that tells a newcomer who is here: `names` are the others, in order of arrival.
pub(super) fn welcome<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Vec<u8> {
    let mut online = 1;
    let mut list = String::new();
    for name in names {
        list.push_str(if online == 1 { "" } else { "," });
        push_string(&mut list, name);
        online += 1;
    }
    announcement("welcome", name, online, &format!(r#","names":[{list}]"#))
}

fn announcement(kind: &str, name: &str, online: usize, more: &str) -> Vec<u8> {
    let mut text = format!(r#"{{"type":"{kind}","name":"#);
    push_string(&mut text, name);
    // Writing to a `String` cannot fail.
    let _ = write!(text, r#","online":{online}{more}}}"#);
    frame_of(Opcode::Text, text.as_bytes())
}

/// RFC 8259 §7: a string with what must be escaped, escaped. A name has no control characters.
fn push_string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            json.push('\\');
        }
        json.push(character);
    }
    json.push('"');
}
