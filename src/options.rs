//! The command's options.

use std::ffi::OsString;
use std::str::FromStr;
use std::time::Duration;

use chinwag::client::{Options, Url};
use chinwag::server::Config;
use chinwag::server::config::{AllowedHost, AllowedOrigin, TIME_MAX};

/// What the command is to do.
pub enum Command {
    /// Serve.
    Run(Box<Config>),
    /// Connect to a server: lines in, lines out.
    Connect(Options),
    /// Ask a server whether it is well.
    Check(Url),
    /// Print this and end.
    Print(String),
}

const VERSION: &str = concat!("chinwag ", env!("CARGO_PKG_VERSION"), "\n");

const HELP: &str = "\
chinwag: a WebSocket chat server

Usage: chinwag [OPTIONS]                  serve
       chinwag connect [OPTIONS] URL      a client: lines in, lines out
       chinwag check URL                  is a server well? exit 0 or 1

  --listen <ADDR:PORT>        where to listen; port 0 takes a free port [127.0.0.1:8080]
  --echo                      send each message back to its sender alone
  --max-clients <N>           connections at once [1024]
  --max-per-address <N>       of these, from one address [a quarter, at least 8]
  --max-memory <BYTES>        the most that clients can make the server hold [64M, or
                              eight times the longest message if that is more]
  --max-message <BYTES>       longest message [64K]
  --max-fragments <N>         most frames one message may be cut into [1024]
  --max-lag <BYTES>           how far a slow client may fall behind [1M]
  --handshake-timeout <SECS>  from accept to the end of the request head [10]
  --message-timeout <SECS>    from the first byte of a message to its last [60]
  --ping-interval <SECS>      silence after which a client is pinged; 0 never [20]
  --close-timeout <SECS>      how long a closing handshake may take [5]
  --history <N>               newest messages a room keeps; 0 keeps none [50]
  --linger <SECS>             how long a room with nobody in it is remembered; 0 not
                              at all [600]
  --allow-origin <ORIGIN>     another web origin that may connect; may be given again;
                              * allows every origin and every host
  --allow-host <HOST>         a name that this server answers to, and to no other
                              then; may be given again
";

/// Of a build that can share its rooms.
const HELP_REDIS: &str = if cfg!(feature = "redis") {
    "  --redis <URL>               share every room with the other servers on this Redis:
                              redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]
"
} else {
    ""
};

const HELP_END: &str = "  --trace                     explain every handshake and frame on stderr
  --quiet                     log nothing but errors
  -h, --help                  print this
  -V, --version               print the version

BYTES takes K and M, SECS takes decimals.
";

const HELP_CLIENT: &str = "\
Usage: chinwag connect [OPTIONS] URL      a client: lines in, lines out
       chinwag check URL                  is a server well? exit 0 or 1

URL is ws://HOST[:PORT]/ROOM, with http: as well. Each line of stdin is sent, and each
message that comes is a line on stdout.

  --name <NAME>               take part by this name; without it lines are sent as they are
  --history <N>               newest messages of the room to begin with [0]
  --raw                       print messages as they came
  --once                      connect once; exit 1 where that fails or does not last
  --trace                     explain the handshake and every frame on stderr
  -h, --help                  print this
";

/// The options that may be given again.
const REPEATABLE: [&str; 2] = ["--allow-origin", "--allow-host"];

/// Parses the arguments after the program's name.
pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut args = args.peekable();
    match args.peek().and_then(|arg| arg.to_str()) {
        Some("connect") => parse_connect(args.skip(1)),
        Some("check") => parse_check(args.skip(1)),
        _ => parse_server(args),
    }
}

fn parse_server(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut config = Config::default();
    let mut seen = Vec::new();
    let mut args = args.map(|arg| arg.into_string().map_err(|arg| format!("not UTF-8: {arg:?}")));
    while let Some(arg) = args.next().transpose()? {
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (arg, None),
        };
        match (name.as_str(), &value) {
            ("-h" | "--help", None) => return Ok(Command::Print([HELP, HELP_REDIS, HELP_END].concat())),
            ("-V" | "--version", None) => return Ok(Command::Print(VERSION.to_owned())),
            ("--help" | "--version", Some(_)) => return Err(format!("{name} takes no value")),
            _ => {}
        }
        if !REPEATABLE.contains(&name.as_str()) && seen.contains(&name) {
            return Err(format!("{name} is given twice"));
        }
        if let Some(flag) = flag(&mut config, &name) {
            if value.is_some() {
                return Err(format!("{name} takes no value"));
            }
            *flag = true;
        } else if let Some(set) = setting(&name) {
            let value = value.map_or_else(|| args.next().transpose(), |value| Ok(Some(value)))?;
            let value = value.ok_or_else(|| format!("{name} needs a value"))?;
            set(&mut config, &value).map_err(|expected| match name.as_str() {
                // There may be a password in it.
                "--redis" => format!("{name}: the value is not {expected}"),
                _ => format!("{name}: {value:?} is not {expected}"),
            })?;
        } else {
            return Err(format!("unknown option {name:?}"));
        }
        seen.push(name);
    }
    // A message is received, queued, written and, for some, kept: with less it might never pass.
    if config.max_memory.is_some_and(|most| most < config.max_message.saturating_mul(4)) {
        return Err("--max-memory is less than four times --max-message".to_owned());
    }
    Ok(Command::Run(Box::new(config)))
}

/// Parses the arguments after `connect`.
fn parse_connect(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let (mut name_given, mut history, mut raw, mut once, mut trace) = (None, 0, false, false, false);
    let (mut url, mut seen) = (None, Vec::new());
    let mut args = args.map(|arg| arg.into_string().map_err(|arg| format!("not UTF-8: {arg:?}")));
    while let Some(arg) = args.next().transpose()? {
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (arg.clone(), None),
        };
        if !name.starts_with('-') {
            if url.replace(name.parse::<Url>()?).is_some() {
                return Err(format!("one URL is enough: {name:?}"));
            }
            continue;
        }
        if seen.contains(&name) {
            return Err(format!("{name} is given twice"));
        }
        if let "--name" | "--history" = name.as_str() {
            let value = value.map_or_else(|| args.next().transpose(), |value| Ok(Some(value)))?;
            let value = value.ok_or_else(|| format!("{name} needs a value"))?;
            let is_set = match name.as_str() {
                "--name" => client_name(&value).map(|name| name_given = Some(name)),
                _ => number(&value).map(|count| history = count),
            };
            is_set.map_err(|expected| format!("{name}: {value:?} is not {expected}"))?;
        } else {
            let flag = match name.as_str() {
                "--raw" => &mut raw,
                "--once" => &mut once,
                "--trace" => &mut trace,
                "-h" | "--help" if value.is_none() => return Ok(Command::Print(HELP_CLIENT.to_owned())),
                _ => return Err(format!("unknown option {name:?} of connect")),
            };
            if value.is_some() {
                return Err(format!("{name} takes no value"));
            }
            *flag = true;
        }
        seen.push(name);
    }
    let url = url.ok_or("connect needs a URL such as ws://127.0.0.1:8080/kitchen")?;
    Ok(Command::Connect(Options { url, name: name_given, history, raw, once, trace }))
}

/// Parses the arguments after `check`.
fn parse_check(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let args: Result<Vec<_>, _> = args.map(OsString::into_string).collect();
    match args.map_err(|arg| format!("not UTF-8: {arg:?}"))?.as_slice() {
        [help] if help == "-h" || help == "--help" => Ok(Command::Print(HELP_CLIENT.to_owned())),
        [option, ..] if option.starts_with('-') => Err(format!("unknown option {option:?} of check")),
        [url] => url.parse().map(Command::Check),
        _ => Err("check needs one URL, such as http://127.0.0.1:8080/".to_owned()),
    }
}

fn client_name(name: &str) -> Result<String, &'static str> {
    Some(name.to_owned())
        .filter(|name| chinwag::client::is_name(name))
        .ok_or("a name of 1 to 32 characters, none of them a control character")
}

fn flag<'c>(config: &'c mut Config, name: &str) -> Option<&'c mut bool> {
    match name {
        "--echo" => Some(&mut config.echo),
        "--trace" => Some(&mut config.trace),
        "--quiet" => Some(&mut config.quiet),
        _ => None,
    }
}

/// Sets one thing from a value, or says what was expected.
type Setting = fn(&mut Config, &str) -> Result<(), &'static str>;

fn setting(name: &str) -> Option<Setting> {
    Some(match name {
        "--listen" => {
            |c, v| set(&mut c.listen, v.parse().map_err(|_| "an address and port such as 127.0.0.1:8080"))
        }
        "--max-clients" => |c, v| set(&mut c.max_clients, count(v)),
        "--max-per-address" => |c, v| set(&mut c.max_per_address, count(v).map(Some)),
        "--max-memory" => |c, v| set(&mut c.max_memory, bytes(v).map(Some)),
        "--max-message" => |c, v| set(&mut c.max_message, bytes(v)),
        "--max-fragments" => |c, v| set(&mut c.max_fragments, count(v)),
        "--max-lag" => |c, v| set(&mut c.max_lag, bytes(v)),
        "--handshake-timeout" => |c, v| set(&mut c.handshake_timeout, positive_secs(v)),
        "--message-timeout" => |c, v| set(&mut c.message_timeout, positive_secs(v)),
        "--ping-interval" => |c, v| set(&mut c.ping_interval, secs(v)),
        "--close-timeout" => |c, v| set(&mut c.close_timeout, secs(v)),
        "--history" => |c, v| set(&mut c.history, number(v)),
        "--linger" => |c, v| set(&mut c.linger, secs(v)),
        "--allow-origin" => |c, v| {
            let allowed = v.parse::<AllowedOrigin>();
            c.allow_origins.push(allowed.map_err(|_| "an origin such as https://chat.example.org, or *")?);
            Ok(())
        },
        "--allow-host" => |c, v| {
            let allowed = v.parse::<AllowedHost>();
            c.allow_hosts.push(allowed.map_err(|_| "a host without a port, such as chat.example.org")?);
            Ok(())
        },
        #[cfg(feature = "redis")]
        "--redis" => |c, v| {
            let url = v.parse().map_err(|_| "a URL such as redis://:password@127.0.0.1:6379/0 (without TLS)");
            set(&mut c.redis, url.map(Some))
        },
        _ => return None,
    })
}

fn set<T>(place: &mut T, value: Result<T, &'static str>) -> Result<(), &'static str> {
    *place = value?;
    Ok(())
}

/// Digits alone: `parse` would take a sign as well.
fn number<T: FromStr>(text: &str) -> Result<T, &'static str> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or("a number")
}

fn count<T: FromStr + PartialEq + Default>(text: &str) -> Result<T, &'static str> {
    number(text).ok().filter(|count| *count != T::default()).ok_or("a number above zero")
}

fn bytes(text: &str) -> Result<usize, &'static str> {
    let (digits, unit) = match text.as_bytes() {
        [.., b'K'] => (&text[..text.len() - 1], 1 << 10),
        [.., b'M'] => (&text[..text.len() - 1], 1 << 20),
        _ => (text, 1),
    };
    let bytes = count(digits).ok().and_then(|count: usize| count.checked_mul(unit));
    bytes.ok_or("a number of bytes above zero, such as 65536, 64K or 1M")
}

/// In whole numbers: what parses and prints floating point numbers would be a fortieth of the static binary.
fn secs(text: &str) -> Result<Duration, &'static str> {
    const EXPECTED: &str = "a number of seconds, such as 10 or 0.5";
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let secs = number(whole).map_err(|_| EXPECTED)?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EXPECTED);
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = digits.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    // What is asked for as more than nothing is not rounded to nothing.
    let least = u32::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(Duration::new(secs, nanos.max(least))).filter(|secs| *secs <= TIME_MAX).ok_or(EXPECTED)
}

fn positive_secs(text: &str) -> Result<Duration, &'static str> {
    secs(text).ok().filter(|secs| !secs.is_zero()).ok_or("a number of seconds above zero, such as 10 or 0.5")
}

#[cfg(test)]
mod tests;
