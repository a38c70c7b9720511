//! What is printed, and what of it has been there before.
//!
//! A message is known by its `id` if it has one, as those of a page have, else by all of its bytes. After a reconnect the
//! history comes first. It goes on where the newest of what has been seen ends; so much of it is new. Nothing with an id is
//! printed twice, however it comes.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::BuildHasher;
use std::io::Write;

use super::json::{Object, Value};
use crate::protocol::event::MessageType;
use crate::trace::{Count, Hex};

/// How many messages are remembered.
const SEEN_MAX: usize = 5000;

/// How much of a history is held until it has come, in messages and in bytes.
const HELD_MAX: usize = 20_000;
const HELD_BYTES_MAX: usize = 16 << 20;

/// How much of a binary message is shown, in bytes.
const BINARY_SHOWN: usize = 32;

/// What a message is known by.
pub(super) type Key = u64;

/// Makes keys that nobody can foresee, so that nobody can make two messages look like one.
#[derive(Clone, Default)]
pub(super) struct Keys(RandomState);

impl Keys {
    pub(super) fn of(&self, message: &[u8]) -> Key {
        self.of_read(message, Chat::read(message).as_ref())
    }

    fn of_read(&self, message: &[u8], chat: Option<&Chat>) -> Key {
        match chat.and_then(|chat| chat.id.as_ref()) {
            Some(id) => self.0.hash_one(("id", id)),
            None => self.0.hash_one(message),
        }
    }
}

/// A message of the page's form.
struct Chat {
    id: Option<String>,
    name: String,
    text: String,
}

impl Chat {
    fn read(message: &[u8]) -> Option<Chat> {
        let object = Object::parse(std::str::from_utf8(message).ok()?)?;
        let text = |name| object.text(name).map(str::to_owned);
        (text("type")? == "message").then_some(())?;
        Some(Chat { id: text("id"), name: text("name")?, text: text("text")? })
    }
}

/// See the module's documentation.
pub(super) struct Screen {
    raw: bool,
    pub(super) keys: Keys,
    /// The newest messages in their order.
    seen: VecDeque<Key>,
    /// The same, to be looked up.
    known: HashSet<Key>,
    /// While a history is coming: what has come.
    held: Option<Vec<(MessageType, Vec<u8>)>>,
    held_bytes: usize,
}

/// What a history has.
pub(super) struct History {
    pub(super) all: Vec<Key>,
    /// How many at its end are new. `None` where that cannot be known.
    pub(super) new: Option<usize>,
}

impl Screen {
    pub(super) fn new(raw: bool, keys: Keys) -> Screen {
        Screen { raw, keys, seen: VecDeque::new(), known: HashSet::new(), held: None, held_bytes: 0 }
    }

    /// Holds what comes until [`Screen::catch_up`].
    pub(super) fn hold(&mut self) {
        (self.held, self.held_bytes) = (Some(Vec::new()), 0);
    }

    /// Takes a message. Returns whether it has to catch up now, since no more can be held.
    pub(super) fn take(&mut self, message_type: MessageType, message: &[u8]) -> std::io::Result<bool> {
        if is_announcement(message) {
            return self.print(message_type, message, None).map(|()| false);
        }
        let Some(held) = &mut self.held else {
            return self.show(message_type, message).map(|()| false);
        };
        held.push((message_type, message.to_vec()));
        self.held_bytes += message.len();
        Ok(held.len() >= HELD_MAX || self.held_bytes >= HELD_BYTES_MAX)
    }

    /// Prints what is new of what was held.
    pub(super) fn catch_up(&mut self) -> std::io::Result<History> {
        let held = self.held.take().unwrap_or_default();
        let all: Vec<Key> = held.iter().map(|(_, message)| self.keys.of(message)).collect();
        // The longest way into the history that ends as what has been seen does.
        let ends_alike = |len: &usize| {
            let pairs = all[..*len].iter().rev().zip(self.seen.iter().rev());
            pairs.into_iter().all(|(key, seen)| key == seen)
        };
        let known = (1..=all.len()).rev().find(ends_alike).unwrap_or(0);
        let new = (!self.seen.is_empty()).then_some(all.len() - known);
        let known = if self.seen.is_empty() { 0 } else { known };
        for (message_type, message) in &held[known..] {
            self.show(*message_type, message)?;
        }
        Ok(History { all, new })
    }

    fn show(&mut self, message_type: MessageType, message: &[u8]) -> std::io::Result<()> {
        let chat = Some(message).filter(|_| message_type == MessageType::Text).and_then(Chat::read);
        let key = self.keys.of_read(message, chat.as_ref());
        let is_double = !self.known.insert(key) && chat.as_ref().is_some_and(|chat| chat.id.is_some());
        if self.seen.len() >= SEEN_MAX {
            let oldest = self.seen.pop_front();
            oldest.map(|oldest| self.known.remove(&oldest));
        }
        self.seen.push_back(key);
        if is_double { Ok(()) } else { self.print(message_type, message, chat) }
    }

    fn print(&self, message_type: MessageType, message: &[u8], chat: Option<Chat>) -> std::io::Result<()> {
        let mut stdout = std::io::stdout().lock();
        match (message_type, std::str::from_utf8(message)) {
            (MessageType::Text, _) if self.raw => stdout.write_all(message)?,
            (MessageType::Text, Ok(text)) => stdout.write_all(readable(text, chat).as_bytes())?,
            _ => {
                let shown = &message[..message.len().min(BINARY_SHOWN)];
                let cut = if shown.len() < message.len() { " ..." } else { "" };
                write!(stdout, "binary, {}: {}{cut}", Count(message.len() as u64), Hex(shown))?;
            }
        }
        stdout.write_all(b"\n")
    }
}

/// Returns a text as a person reads it: one line, without anything that a terminal obeys.
fn readable(text: &str, chat: Option<Chat>) -> String {
    if let Some(Chat { name, text, .. }) = chat {
        return format!("{}: {}", visible(&name), visible(&text));
    }
    let announcement = Some(text).filter(|text| is_announcement(text.as_bytes())).and_then(announced);
    visible(&announcement.unwrap_or_else(|| text.to_owned()))
}

/// Only the server begins a text so, byte for byte.
fn is_announcement(message: &[u8]) -> bool {
    let kind = message.strip_prefix(br#"{"type":""#).unwrap_or_default();
    [&b"joined\""[..], b"left\"", b"welcome\"", b"alive\""]
        .iter()
        .any(|announced| kind.starts_with(announced))
}

fn announced(text: &str) -> Option<String> {
    let object = Object::parse(text)?;
    let (kind, name) = (object.text("type")?, object.text("name")?);
    let Value::Bare(online) = object.get("online")? else { return None };
    Some(match (kind, object.get("names")) {
        ("welcome", Some(Value::List(others))) if others.is_empty() => format!("* {name} is here alone"),
        ("welcome", Some(Value::List(others))) => format!("* {name} is here with {}", others.join(", ")),
        _ => format!("* {name} {kind}, {online} online"),
    })
}

/// Shows what controls a terminal, or the direction of what is written, as escapes.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            // Controls, U+0080 to U+009F among them; what marks, embeds, overrides or isolates a direction; line ends.
            c if c.is_control() => shown.extend(c.escape_unicode()),
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(c.escape_unicode());
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Tells what happens, on stderr. Whoever does not read it does not miss it.
pub(super) fn note(what: impl fmt::Display) {
    let _ = writeln!(std::io::stderr(), "chinwag: {what}");
}
