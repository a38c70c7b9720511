//! §4.1: the opening handshake, as the client writes it and reads the answer.
//!
//! It is the mirror of [`handshake`](super::handshake), whose picture has both heads:
//!
//! ```
//! use chinwag::protocol::client_handshake::{ClientRequest, Response, request_key};
//!
//! // §1.3: the client's nonce, which here is not random.
//! let key = request_key(*b"the sample nonce");
//! let (host, target) = ("127.0.0.1:8080", "/kitchen");
//! let request = ClientRequest { host, target, key, subprotocols: &["chat"], fields: &[] };
//! let mut out = [0; 512];
//! let head = request.write(&mut out).unwrap();
//! assert!(head.starts_with(b"GET /kitchen HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
//!
//! let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//!     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\nframes";
//! let Ok(Some((response, b"frames"))) = Response::parse(answer) else { panic!("a whole head") };
//! assert_eq!(response.handshake(&request), Ok(Some("chat")));
//! ```

use core::{fmt, str};

use super::bytes::cut;
use super::fields::Fields;
use super::head::Head;
use super::head_writer::{WriteError, write_head};
use super::keys::accept_key;
pub use super::keys::{RequestKey, request_key};

/// The request of an opening handshake (§4.1).
#[derive(Clone, Copy)]
pub struct ClientRequest<'a> {
    /// The value of `Host`: `host[:port]`, the port "when not using the default port" (§4.1 (4)).
    pub host: &'a str,
    /// The path with its query: what §3 calls the resource name.
    pub target: &'a str,
    /// A key of this connection's own.
    pub key: RequestKey,
    /// The subprotocols that are offered, the one that is liked best first (§1.9).
    pub subprotocols: &'a [&'a str],
    /// More fields, as `Cookie`, `Authorization` or a browser's `Origin` (§4.1 (8), (12)).
    pub fields: &'a [(&'a str, &'a str)],
}

impl ClientRequest<'_> {
    /// Writes the request's head to the front of `out`, and returns it.
    ///
    /// # Errors
    ///
    /// The first part that is not as it has to be, or does not fit.
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], WriteError> {
        let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_host = is_visible(self.host) && !self.host.is_empty();
        // §3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used".
        let is_target = is_visible(self.target) && self.target.starts_with('/') && !self.target.contains('#');
        if !is_host || !is_target {
            return Err(WriteError::InvalidUri);
        }
        let key = str::from_utf8(&self.key).unwrap_or_default();
        // §4.1 (2): "The method of the request MUST be GET, and the HTTP version MUST be at least 1.1." (4) to (7) and
        // (9): the fields that it has to have.
        const UPGRADE: &str = "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ";
        const VERSION: &str = "\r\nSec-WebSocket-Version: 13";
        let beginning = ["GET ", self.target, " HTTP/1.1\r\nHost: ", self.host, UPGRADE, key, VERSION];
        write_head(out, &beginning, self.subprotocols, self.fields)
    }
}

/// A response with a head that is well formed and HTTP/1.1.
#[derive(Clone, Copy, Debug)]
pub struct Response<'h> {
    /// The status code. Any other than 101 is no, and its fields may say more.
    pub status: u16,
    /// All fields.
    pub fields: Fields<'h>,
}

impl<'h> Response<'h> {
    /// Parses the head of the final response from the front of `bytes`, and returns it with the bytes after it. While
    /// it is not complete, that is `None`.
    ///
    /// It scans from the front each time. Where a peer may be slow, keep a [`Head`], and call this once that is
    /// complete.
    ///
    /// # Errors
    ///
    /// `MalformedHead`, at the first byte that decides it.
    pub fn parse(bytes: &'h [u8]) -> Result<Option<(Response<'h>, &'h [u8])>, ResponseError> {
        let mut unread = bytes;
        loop {
            let scanned = Head::of_response().scan(unread).map_err(|_| ResponseError::MalformedHead)?;
            let Some((head, rest)) = scanned.and_then(|len| unread.split_at_checked(len)) else {
                return Ok(None);
            };
            let (status_line, lines) = cut(head, b'\n').ok_or(ResponseError::MalformedHead)?;
            let code = status_line.strip_prefix(b"HTTP/1.1 ").ok_or(ResponseError::MalformedHead)?;
            // The scanner has seen three digits.
            let digits = code.iter().take(3).map(|digit| u16::from(digit & 0x0F));
            let status = digits.fold(0, |code: u16, digit| code.saturating_mul(10).saturating_add(digit));
            // RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final
            // response". With 101 another protocol begins: nothing of HTTP follows.
            if !matches!(status, 100 | 102..=199) {
                return Ok(Some((Response { status, fields: Fields { lines } }, rest)));
            }
            unread = rest;
        }
    }

    /// Checks whether the server has agreed to what was asked for, and returns the subprotocol that it has chosen.
    ///
    /// # Errors
    ///
    /// `NotAccepted`, or the first MUST of §4.1 that the response breaks. For each of these "the client MUST _Fail the
    /// WebSocket Connection_", which here is to close it without a Close (§7.1.7).
    pub fn handshake(&self, request: &ClientRequest<'_>) -> Result<Option<&'h str>, ResponseError> {
        let fields = self.fields;
        let upgrade = fields.single("Upgrade").unwrap_or_default();
        let (accept_key, expected_key) = (fields.single("Sec-WebSocket-Accept"), accept_key(&request.key));
        let chosen = fields.single("Sec-WebSocket-Protocol").and_then(|value| str::from_utf8(value).ok());
        let is_none = fields.values("Sec-WebSocket-Protocol").next().is_none();
        let was_offered = chosen.is_some_and(|chosen| request.subprotocols.contains(&chosen));
        let musts = [
            // (1): "If the status code received from the server is not 101, the client handles the response per HTTP".
            (self.status == 101, ResponseError::NotAccepted),
            // (2): "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a value that
            // is not an ASCII case-insensitive match for the value "websocket"".
            (upgrade.eq_ignore_ascii_case(b"websocket"), ResponseError::IncompleteUpgrade),
            // (3): "If the response lacks a |Connection| header field or the |Connection| header field doesn't contain
            // a token that is an ASCII case-insensitive match for the value "Upgrade"".
            (fields.lists("Connection", "Upgrade"), ResponseError::IncompleteUpgrade),
            // (4): "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept| contains
            // a value other than the base64-encoded SHA-1 of the concatenation".
            (accept_key == Some(&expected_key[..]), ResponseError::WrongAcceptKey),
            // (5): "If [it] indicates the use of an extension that was not present in the client's handshake".
            (fields.values("Sec-WebSocket-Extensions").next().is_none(), ResponseError::UnexpectedExtension),
            // (6): "If [it] indicates the use of a subprotocol that was not present in the client's handshake".
            (is_none || was_offered, ResponseError::UnexpectedSubprotocol),
        ];
        musts.iter().find(|(is_met, _)| !is_met).map_or(Ok(chosen), |(_, error)| Err(*error))
    }
}

/// A reason not to go on with a server, by §4.1 or RFC 9112.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseError {
    /// Not HTTP/1.1, or a head that is not as RFC 9112 §2 to §5 have it, or longer than [`Head`] allows.
    MalformedHead,
    /// Another status than 101. §4.1 (1): "the client might perform authentication if it receives a 401 status code;
    /// the server might redirect the client using a 3xx status code".
    NotAccepted,
    /// `Upgrade` absent, twice, or not `websocket` (§4.1 (2)); `Connection` without `Upgrade` (§4.1 (3)).
    IncompleteUpgrade,
    /// `Sec-WebSocket-Accept` absent, twice, or not of the key that was sent (§4.1 (4)).
    WrongAcceptKey,
    /// `Sec-WebSocket-Extensions`, though none was asked for (§4.1 (5)).
    UnexpectedExtension,
    /// `Sec-WebSocket-Protocol` with what was not offered (§4.1 (6)), or twice (§11.3.4).
    UnexpectedSubprotocol,
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MalformedHead => "malformed response head",
            Self::NotAccepted => "status is not 101",
            Self::IncompleteUpgrade => "incomplete WebSocket upgrade",
            Self::WrongAcceptKey => "Sec-WebSocket-Accept of another key",
            Self::UnexpectedExtension => "extension that was not offered",
            Self::UnexpectedSubprotocol => "subprotocol that was not offered",
        })
    }
}

impl core::error::Error for ResponseError {}
