//! What a client asks for in its URL: `?name=alice&history=20&own=1&alive=1`.

use super::names::is_client_name;
use super::refusal::Refusal;

/// What a client asks for. By default that is the bare relay.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The name under which it takes part in announcements.
    pub(crate) name: Option<String>,
    /// How many of the newest messages it wants to have.
    pub(crate) history: usize,
    /// Whether its own messages are to come back to it.
    pub(crate) own: bool,
    /// Whether it wants to be told with every ping interval that the path is not dead.
    pub(crate) alive: bool,
}

impl Wishes {
    /// Parses a query. Keys that are not known are ignored.
    pub(crate) fn parse(query: &str) -> Result<Wishes, Refusal> {
        let (mut name, mut history, mut own, mut alive) = (None, None, None, None);
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let is_double = match key {
                "name" => name.replace(parse_name(value)?).is_some(),
                "history" => history.replace(parse_count(value)?).is_some(),
                "own" => own.replace(parse_flag(value)?).is_some(),
                "alive" => alive.replace(parse_flag(value)?).is_some(),
                _ => false,
            };
            if is_double {
                return Err(Refusal::InvalidQuery);
            }
        }
        let (own, alive) = (own == Some(true), alive == Some(true));
        Ok(Wishes { name, history: history.unwrap_or(0), own, alive })
    }
}

fn parse_name(value: &str) -> Result<String, Refusal> {
    let name = percent_decode(value).and_then(|bytes| String::from_utf8(bytes).ok());
    name.filter(|name| is_client_name(name)).ok_or(Refusal::InvalidQuery)
}

/// Parses a number in digits. One too large to count to is the largest.
fn parse_count(value: &str) -> Result<usize, Refusal> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::InvalidQuery);
    }
    Ok(value.parse().unwrap_or(usize::MAX))
}

/// Parses a wish that is there, or is not.
fn parse_flag(value: &str) -> Result<bool, Refusal> {
    match value {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(Refusal::InvalidQuery),
    }
}

/// Decodes what is percent-encoded (RFC 3986 §2.1). A plus is a plus.
fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte == b'%' {
            let ([high, low], after) = after.split_first_chunk()?;
            let digit = |byte: u8| char::from(byte).to_digit(16);
            decoded.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
            rest = after;
        } else {
            decoded.push(*byte);
        }
    }
    Some(decoded)
}
