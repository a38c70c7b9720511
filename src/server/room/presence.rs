//! The announcements of arrivals, departures and life: text messages that only a server sends.

use std::fmt::Write;
use std::time::Duration;

use super::place::Place;
use crate::protocol::control::ControlFrame;
use crate::protocol::frame::{FrameHeader, Opcode};

/// Whether a text pretends to be an announcement.
pub(crate) fn is_forged(text: &[u8]) -> bool {
    const TYPES: [&[u8]; 4] = [b"joined\"", b"left\"", b"welcome\"", b"alive\""];
    let after = text.strip_prefix(br#"{"type":""#);
    after.is_some_and(|after| TYPES.iter().any(|kind| after.starts_with(kind)))
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

/// Returns the frame that tells a client that its path is not dead, and when it is told again.
pub(crate) fn alive(next: Duration) -> Vec<u8> {
    let (secs, fraction) = (next.as_secs(), format!(".{:09}", next.subsec_nanos()));
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let text = format!(r#"{{"type":"alive","next":{secs}{fraction}}}"#);
    [text_header(text.as_bytes(), &mut [0; FrameHeader::MAX_LEN]), text.as_bytes()].concat()
}

/// Writes the header of a text in one frame.
pub(super) fn text_header<'o>(text: &[u8], out: &'o mut [u8; FrameHeader::MAX_LEN]) -> &'o [u8] {
    let payload_len = text.len() as u64;
    FrameHeader { fin: true, opcode: Opcode::Text, masking_key: None, payload_len }.encode(out)
}

/// Writes the text that tells a newcomer who is here: `names` are the others, in order of arrival. Behind it come so many
/// messages of the history; the longest message allowed has so many bytes.
pub(super) fn welcome<'n>(
    text: &mut String,
    name: &str,
    online: usize,
    names: impl Iterator<Item = &'n str>,
    (history, limit): (usize, usize),
) {
    begin(text, "welcome", name, online);
    text.push_str(r#","names":["#);
    for (index, name) in names.enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        push_string(text, name);
    }
    let _ = write!(text, r#"],"history":{history},"limit":{limit}}}"#);
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
