//! The other end of a connection, blocking: lines in, lines out.
//!
//! One thread reads stdin for as long as it lasts. The caller's connects, again and again, and writes; beside it a
//! connection has a thread that reads it and prints.
//!
//! # The map
//!
//! ```text
//!   connection  one connection: opening handshake, reading, writing
//!   check       whether a server is well
//!   outbox      what is to be sent, until it is known to have arrived
//!   screen      what is printed, and what of it has been there before
//!   url         where a server is
//!   random      where chance comes from
//!   json        messages of a page's form
//! ```

mod check;
mod connection;
mod json;
mod outbox;
mod random;
mod screen;
mod url;

use std::io::{BufRead, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

pub use crate::server::names::is_client_name as is_name;
pub use check::check;
use connection::{Connection, Reader};
use json::quoted;
use outbox::Outbox;
use random::Random;
use screen::{Keys, Screen, note};
pub use url::Url;

/// The bounds of the backoff.
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// The longest line that is sent, in bytes: no server is asked for more memory at once.
const LINE_MAX: usize = 1 << 20;

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to.
    pub url: Url,
    /// The name under which to take part.
    pub name: Option<String>,
    /// How many of the newest messages to begin with.
    pub history: usize,
    /// Whether messages are printed as they came.
    pub raw: bool,
    /// Whether there is one try, and one connection.
    pub once: bool,
    /// Whether all that passes is explained.
    pub trace: bool,
}

/// Connects until all of stdin has been said, and returns the program's exit status.
pub fn connect(options: &Options) -> u8 {
    let (keys, outbox) = (Keys::default(), Arc::new(Outbox::default()));
    let screen = Arc::new(Mutex::new(Screen::new(options.raw, keys.clone())));
    let (said, name) = (Arc::clone(&outbox), options.name.clone());
    let reading = thread::Builder::new().spawn(move || read_stdin(&said, name.as_deref(), &keys));
    if let Err(error) = reading {
        note(format_args!("no thread to read stdin with: {error}"));
        return 1;
    }
    let reader = Reader { outbox, screen, is_named: options.name.is_some() };
    let outbox = &reader.outbox;
    let (mut random, mut tries, mut has_joined) = (Random::new(), 0, false);
    loop {
        outbox.begin();
        let target = options.url.target(&wishes(options, has_joined));
        let opened = Connection::open(&options.url, &target, options.trace, &mut random);
        let ended = opened.and_then(|(connection, behind)| {
            note(format_args!("connected to {}", options.url));
            if has_joined {
                reader.screen.lock().unwrap_or_else(PoisonError::into_inner).hold();
            }
            connection.run(reader.clone(), behind, &mut random)
        });
        // Not before: a server may let it in only to throw it out.
        if outbox.has_joined() {
            (has_joined, tries) = (true, 0);
        }
        let Err(why) = ended else {
            return u8::from(outbox.is_cut_short());
        };
        if options.once {
            note(why);
            return 1;
        }
        let longest = FIRST_RETRY.saturating_mul(1 << tries).min(LAST_RETRY).as_millis() as u64;
        tries = (tries + 1).min(6);
        // Full jitter: those who lost a server together do not come back together.
        let pause = Duration::from_millis(random.number() % (longest + 1));
        note(format_args!("{why}; next try in {}.{} s", pause.as_secs(), pause.subsec_millis() / 100));
        if !has_joined {
            thread::sleep(pause);
        } else if outbox.wait(pause) {
            return u8::from(outbox.is_cut_short());
        }
    }
}

/// What is asked for. After a reconnect that is all the history: there may be in it what was sent, and what was missed.
fn wishes(options: &Options, has_joined: bool) -> String {
    let history = if has_joined { usize::MAX } else { options.history };
    let name = options.name.iter().flat_map(|name| name.bytes());
    let name: String = name.map(|byte| format!("%{byte:02X}")).collect();
    let name = if name.is_empty() { name } else { format!("&name={name}") };
    format!("own=1&history={history}{name}")
}

fn read_stdin(outbox: &Outbox, name: Option<&str>, keys: &Keys) {
    let (mut stdin, mut random, mut line) = (std::io::stdin().lock(), Random::new(), Vec::new());
    loop {
        line.clear();
        match stdin.by_ref().take(LINE_MAX as u64 + 1).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                note(format_args!("stdin: {error}"));
                break;
            }
        }
        if line.len() > LINE_MAX && !line.ends_with(b"\n") {
            note(format_args!("a line of more than {LINE_MAX} bytes is not sent"));
            let _ = stdin.skip_until(b'\n');
            continue;
        }
        let content = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = String::from_utf8_lossy(content.strip_suffix(b"\r").unwrap_or(content));
        if matches!(text, std::borrow::Cow::Owned(_)) {
            note("a line is not UTF-8: what is not is sent as U+FFFD");
        }
        let text = name.map_or_else(|| text.to_string(), |name| chat_message(name, &text, &mut random));
        let key = keys.of(text.as_bytes());
        outbox.push(text, key);
    }
    outbox.end();
}

/// A message of the page's form.
fn chat_message(name: &str, text: &str, random: &mut Random) -> String {
    let id = u128::from_ne_bytes(random.nonce());
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_millis());
    let (name, text) = (quoted(name), quoted(text));
    format!(r#"{{"type":"message","id":"{id:032x}","name":{name},"text":{text},"time":{time}}}"#)
}
