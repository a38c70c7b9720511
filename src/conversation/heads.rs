//! The two heads of an opening handshake (§4.2), and those of other requests.

use std::str;

use sha1_smol::Sha1;

use crate::protocol::client_handshake::RequestKey;
use crate::protocol::handshake::{GUID, Request, accept_key};
use crate::protocol::handshake_error::HandshakeError;
use crate::trace::{Count, Hex, Text};

/// Where the meaning of a line begins, if the line is not longer.
const MEANING: usize = 54;

const KEY_FIELD: &[u8] = b"Sec-WebSocket-Key:";

/// The most that is shown of a line, in bytes.
const LINE_MAX: usize = 160;

/// How much is shown of what is neither head nor frame, in bytes.
const BODY_SHOWN: usize = 48;

/// Whose eyes it is seen with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The end that has asked for the connection.
    Client,
    /// The end that was asked.
    Server,
}

/// A field's name in lower case, and what it is for.
type Field = (&'static str, &'static str);

/// What the fields of a client's handshake are for, to the server.
const REQUEST_FIELDS: [Field; 8] = [
    ("host", "§4.2.1 (2): whom the request is for"),
    ("upgrade", "§4.2.1 (3): the protocol to change to"),
    ("connection", "§4.2.1 (4): Upgrade is for the next hop only"),
    ("sec-websocket-key", "§4.2.1 (5): 16 random bytes in base64"),
    ("sec-websocket-version", "§4.2.1 (6): the version, always 13"),
    ("origin", "§4.2.1 (7): the web page that asks, said by a browser"),
    ("sec-websocket-protocol", "§4.2.1 (8): subprotocols; none is taken"),
    ("sec-websocket-extensions", "§4.2.1 (9): extensions; none is taken"),
];

/// The same to the client.
const OWN_REQUEST_FIELDS: [Field; 5] = [
    ("host", "§4.1 (4): whom the request is for"),
    ("upgrade", "§4.1 (5): the protocol to change to"),
    ("connection", "§4.1 (6): Upgrade is for the next hop only"),
    ("sec-websocket-key", "§4.1 (7): 16 random bytes in base64, new each time"),
    ("sec-websocket-version", "§4.1 (9): the version, always 13"),
];

/// What the fields of the answer are for, to the client.
const CHECKED_RESPONSE_FIELDS: [Field; 5] = [
    ("upgrade", "§4.1 (2): has to be websocket"),
    ("connection", "§4.1 (3): has to list Upgrade"),
    ("sec-websocket-accept", "§4.1 (4): has to be the accept key, as below"),
    ("sec-websocket-extensions", "§4.1 (5): must not be there: none was offered"),
    ("sec-websocket-protocol", "§4.1 (6): must not be there: none was offered"),
];

/// What the fields of the answer are for, to the server.
const RESPONSE_FIELDS: [Field; 3] = [
    ("upgrade", "§4.2.2 (5.2): the protocol changed to"),
    ("connection", "§4.2.2 (5.3): Upgrade is for the next hop only"),
    ("sec-websocket-accept", "§4.2.2 (5.4): proof that the key was read"),
];

/// The length of the head that `bytes` begin with, once it is whole.
pub(super) fn len(bytes: &[u8]) -> Option<usize> {
    let end = b"\r\n\r\n";
    bytes.windows(end.len()).position(|window| window == end).map(|at| at + end.len())
}

pub(super) fn switches_protocols(response: &[u8]) -> bool {
    response.starts_with(b"HTTP/1.1 101 ")
}

/// Whether another answer follows (RFC 9110 §15.2).
pub(super) fn is_interim(response: &[u8]) -> bool {
    response.starts_with(b"HTTP/1.1 100 ")
}

/// How much of what comes behind a request's head is its body, in bytes.
pub(super) fn body_len(request: &[u8]) -> usize {
    let length =
        Request::parse(request).ok().flatten().and_then(|(it, _)| it.fields.single("Content-Length"));
    length.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok()).unwrap_or(0)
}

pub(super) fn explain_request(head: &[u8], side: Side) -> String {
    let fields: &[Field] = match side {
        _ if key_of(head).is_empty() => &[],
        Side::Client => &OWN_REQUEST_FIELDS,
        Side::Server => &REQUEST_FIELDS,
    };
    explain("request head", head, "method, path, version", fields)
}

/// What was refused before the head was whole.
pub(super) fn explain_refused(bytes: &[u8], error: HandshakeError) -> String {
    format!("{}\nrefused: {error}; the answer is {}", explain("request head", bytes, "", &[]), error.status())
}

pub(super) fn explain_response(head: &[u8], side: Side) -> String {
    let (meaning, fields): (_, &[Field]) = match side {
        _ if is_interim(head) => ("the body is waited for", &[]),
        _ if !switches_protocols(head) => ("no WebSocket: the stream ends after this", &[]),
        Side::Client => ("§4.1 (1): after this head there are frames", &CHECKED_RESPONSE_FIELDS),
        Side::Server => ("§4.2.2 (5.1): after this head there are frames", &RESPONSE_FIELDS),
    };
    explain("response head", head, meaning, fields)
}

pub(super) fn explain_ignored(bytes: &[u8]) -> String {
    format!("{}, ignored", Count(bytes.len() as u64))
}

/// Explains what is neither head nor frame.
pub(super) fn explain_body(body: &[u8]) -> String {
    let shown = &body[..body.len().min(BODY_SHOWN)];
    let cut = if shown.len() < body.len() { "..." } else { "" };
    format!("body of {}\n{}{cut}", Count(body.len() as u64), Text(shown))
}

/// §4.1 (4), §4.2.2 (5.4): how the accept key comes about, of a request that was accepted.
pub(super) fn explain_accept_key(request: &[u8], side: Side) -> String {
    let origin = if side == Side::Client { "the key, as it was sent" } else { "the key, as it came" };
    let key = RequestKey::try_from(key_of(request)).unwrap_or_default();
    let mut sha1 = Sha1::from(key);
    sha1.update(GUID);
    let digest = sha1.digest().bytes();
    let (first_half, second_half) = digest.split_at(digest.len() / 2);
    let rows = [
        (key.escape_ascii().to_string(), origin),
        (GUID.escape_ascii().to_string(), "appended to it, always the same"),
        (Hex(first_half).to_string(), "the SHA-1 of the two together,"),
        (Hex(second_half).to_string(), "20 bytes"),
        (accept_key(&key).escape_ascii().to_string(), "base64 of these: Sec-WebSocket-Accept"),
    ];
    rows.iter().fold("the accept key".to_owned(), |text, (value, meaning)| text + &row(value, meaning))
}

/// What never became a head.
pub(super) fn explain_unfinished(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| format!("{}\nunfinished: the head goes on", explain("head", bytes, "", &[])))
}

fn explain(what: &str, head: &[u8], meaning_of_first: &str, fields: &[Field]) -> String {
    let mut meaning = meaning_of_first;
    let mut text = format!("{what} of {}", Count(head.len() as u64));
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let (shown, more) = line.split_at(line.len().min(LINE_MAX));
        let mut shown = Text(shown).to_string();
        if !more.is_empty() {
            shown += &format!("... and {} more", Count(more.len() as u64));
        }
        text += &row(&shown, meaning_of(line, fields).unwrap_or(meaning));
        meaning = "";
    }
    text
}

/// Begins a line: a value and what it means.
fn row(value: &str, meaning: &str) -> String {
    format!("\n{value:<MEANING$}  {meaning}").trim_end_matches(' ').to_owned()
}

fn meaning_of(line: &[u8], fields: &[Field]) -> Option<&'static str> {
    if line == b"\r\n" {
        return Some("the end of the head");
    }
    let name = line.split(|byte| *byte == b':').next()?;
    let field = fields.iter().find(|(field, _)| name.eq_ignore_ascii_case(field.as_bytes()));
    field.map(|(_, meaning)| *meaning)
}

fn key_of(request: &[u8]) -> &[u8] {
    let lines = request.split(|byte| *byte == b'\n');
    let named = lines.filter_map(|line| line.split_at_checked(KEY_FIELD.len()));
    let mut values = named.filter(|(name, _)| name.eq_ignore_ascii_case(KEY_FIELD)).map(|(_, value)| value);
    values.next().unwrap_or_default().trim_ascii()
}
