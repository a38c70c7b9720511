//! The announcements of arrivals and departures: text messages that only a server sends.

use std::fmt::Write;

use super::place::Place;
use crate::protocol::control::ControlFrame;
use crate::protocol::frame::Opcode;

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

/// Writes the text that tells the named members of an arrival.
pub(super) fn joined(text: &mut String, name: &str, online: usize) {
    begin(text, "joined", name, online);
    text.push('}');
}

/// Writes the text that tells the named members of a departure.
pub(super) fn left(text: &mut String, name: &str, online: usize) {
    begin(text, "left", name, online);
    text.push('}');
}

/// Writes the text that tells a newcomer who is here: `names` are the others, in order of arrival.
pub(super) fn welcome<'n>(
    text: &mut String,
    name: &str,
    online: usize,
    names: impl Iterator<Item = &'n str>,
) {
    begin(text, "welcome", name, online);
    text.push_str(r#","names":["#);
    for (index, name) in names.enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        push_string(text, name);
    }
    text.push_str("]}");
}

/// Returns the Ping that tells a newcomer behind which message it begins, and whether any are missing before that.
pub(super) fn place(place: Place, is_whole: bool) -> ControlFrame {
    let gap = if is_whole { "" } else { "gap " };
    ControlFrame::new(Opcode::Ping, format!("{gap}{place}").as_bytes(), None)
}

fn begin(text: &mut String, kind: &str, name: &str, online: usize) {
    text.clear();
    // Writing to a `String` cannot fail.
    let _ = write!(text, r#"{{"type":"{kind}","name":"#);
    push_string(text, name);
    let _ = write!(text, r#","online":{online}"#);
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
