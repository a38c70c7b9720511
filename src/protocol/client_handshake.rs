//! §4.1: the opening handshake, as the client writes it and reads the answer.
//!
//! It is the mirror of [`handshake`](super::handshake), whose picture has both heads:
//!
//! ```
//! use chinwag::protocol::client_handshake::{ClientRequest, Response, request_key};
//!
//! // §1.3: the client's nonce, which here is not random.
//! let key = request_key(*b"the sample nonce");
//! let request = ClientRequest { subprotocols: &["chat"], ..ClientRequest::new("127.0.0.1:8080", "/kitchen", key) };
//! let mut out = [0; 512];
//! let head = request.write(&mut out).unwrap();
//! assert!(head.starts_with(b"GET /kitchen HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
//!
//! let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//!     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\nframes";
//! let Ok(Some((response, b"frames"))) = Response::parse(answer) else { panic!("a whole head") };
//! assert_eq!(response.handshake(&request), Ok(Some("chat")));
//! ```

use core::fmt;
use core::str;

use super::bytes::cut;
use super::fields::Fields;
use super::handshake_error::HandshakeError;
use super::head::Head;
use super::head_writer::HeadWriter;
pub use super::head_writer::WriteError;
use super::keys::accept_key;
pub use super::keys::{RequestKey, request_key};
use super::origin::is_name_byte;

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

impl<'a> ClientRequest<'a> {
    /// Returns a request that offers no subprotocol, and has no more fields than it must have.
    pub const fn new(host: &'a str, target: &'a str, key: RequestKey) -> Self {
        ClientRequest { host, target, key, subprotocols: &[], fields: &[] }
    }

    /// Writes the request's head to the front of `out`, and returns it.
    ///
    /// # Errors
    ///
    /// The first part that is not as it has to be, or does not fit.
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], WriteError> {
        let target = self.target.as_bytes();
        // §3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used".
        if !target.starts_with(b"/") || !target.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#') {
            return Err(WriteError::InvalidTarget);
        }
        let is_host_byte = |byte| is_name_byte(byte) || matches!(byte, b'[' | b']' | b':' | b'%');
        if self.host.is_empty() || !self.host.bytes().all(is_host_byte) {
            return Err(WriteError::InvalidHost);
        }
        let mut head = HeadWriter::new(out);
        // §4.1 (2): "The method of the request MUST be GET, and the HTTP version MUST be at least 1.1."
        head.line(&[b"GET ", target, b" HTTP/1.1"])?;
        head.line(&[b"Host: ", self.host.as_bytes()])?;
        head.line(&[b"Upgrade: websocket\r\nConnection: Upgrade"])?;
        head.line(&[b"Sec-WebSocket-Key: ", &self.key])?;
        head.line(&[b"Sec-WebSocket-Version: 13"])?;
        head.subprotocols(self.subprotocols)?;
        head.fields(self.fields)?;
        head.finish()
    }
}

/// Shows neither the key nor the query nor the fields' values: they may be secrets.
impl fmt::Debug for ClientRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRequest").field("host", &self.host).finish_non_exhaustive()
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
    /// `MalformedHead`, `HeadTooLarge` or `HttpVersion`.
    pub fn parse(bytes: &'h [u8]) -> Result<Option<(Response<'h>, &'h [u8])>, ResponseError> {
        let mut unread = bytes;
        while let Some((response, rest)) = Self::parse_any(unread)? {
            // RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final
            // response". With 101 another protocol begins: nothing of HTTP follows.
            if !matches!(response.status, 100 | 102..=199) {
                return Ok(Some((response, rest)));
            }
            unread = rest;
        }
        Ok(None)
    }

    fn parse_any(bytes: &'h [u8]) -> Result<Option<(Response<'h>, &'h [u8])>, ResponseError> {
        let scanned = Head::of_response().scan(bytes)?;
        let Some((head, rest)) = scanned.and_then(|len| bytes.split_at_checked(len)) else {
            return Ok(None);
        };
        let (status_line, lines) = cut(head, b'\n').ok_or(ResponseError::MalformedHead)?;
        let status = status_line.strip_prefix(b"HTTP/1.1 ").ok_or(ResponseError::HttpVersion)?;
        // The scanner has seen three digits.
        let digits = status.iter().take(3).map(|digit| u16::from(digit & 0x0F));
        let status = digits.fold(0, |number: u16, digit| number.saturating_mul(10).saturating_add(digit));
        Ok(Some((Response { status, fields: Fields { lines } }, rest)))
    }

    /// Checks whether the server has agreed to what was asked for, and returns the subprotocol that it has chosen.
    ///
    /// # Errors
    ///
    /// `NotAccepted`, or the first MUST of §4.1 that the response breaks. For each of these "the client MUST _Fail the
    /// WebSocket Connection_", which here is to close it without a Close (§7.1.7).
    pub fn handshake(&self, request: &ClientRequest<'_>) -> Result<Option<&'h str>, ResponseError> {
        let fields = self.fields;
        // §4.1 (1): "If the status code received from the server is not 101, the client handles the response per HTTP".
        if self.status != 101 {
            return Err(ResponseError::NotAccepted);
        }
        // (2): "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a value that is
        // not an ASCII case-insensitive match for the value "websocket"".
        if !fields.single("Upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")) {
            return Err(ResponseError::InvalidUpgrade);
        }
        // (3): "If the response lacks a |Connection| header field or the |Connection| header field doesn't contain a
        // token that is an ASCII case-insensitive match for the value "Upgrade"".
        if !fields.lists("Connection", "Upgrade") {
            return Err(ResponseError::InvalidConnection);
        }
        // (4): "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept| contains a
        // value other than the base64-encoded SHA-1 of the concatenation".
        if fields.single("Sec-WebSocket-Accept") != Some(&accept_key(&request.key)) {
            return Err(ResponseError::InvalidAcceptKey);
        }
        // (5): "If [it] indicates the use of an extension that was not present in the client's handshake". None was.
        if fields.values("Sec-WebSocket-Extensions").next().is_some() {
            return Err(ResponseError::UnexpectedExtension);
        }
        // (6): "If [it] indicates the use of a subprotocol that was not present in the client's handshake".
        if fields.values("Sec-WebSocket-Protocol").next().is_none() {
            return Ok(None);
        }
        let chosen = fields.single("Sec-WebSocket-Protocol").and_then(|value| str::from_utf8(value).ok());
        let offered = chosen.filter(|chosen| request.subprotocols.contains(chosen));
        offered.map(Some).ok_or(ResponseError::UnexpectedSubprotocol)
    }
}

/// A reason not to go on with a server, by §4.1 or RFC 9112.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseError {
    /// Not HTTP, or a head that RFC 9112 §2 to §5 does not allow.
    MalformedHead,
    /// A head longer than [`Head::MAX_LEN`], or of too many header lines.
    HeadTooLarge,
    /// Any other version than HTTP/1.1.
    HttpVersion,
    /// Another status than 101. §4.1 (1): "the client might perform authentication if it receives a 401 status code;
    /// the server might redirect the client using a 3xx status code".
    NotAccepted,
    /// `Upgrade` absent, twice, or not `websocket` (§4.1 (2)).
    InvalidUpgrade,
    /// `Connection` without `Upgrade` (§4.1 (3)).
    InvalidConnection,
    /// `Sec-WebSocket-Accept` absent, twice, or not of the key that was sent (§4.1 (4)).
    InvalidAcceptKey,
    /// `Sec-WebSocket-Extensions`, though none was asked for (§4.1 (5)).
    UnexpectedExtension,
    /// `Sec-WebSocket-Protocol` with what was not offered (§4.1 (6)), or twice (§11.3.4).
    UnexpectedSubprotocol,
}

impl ResponseError {
    /// All values, each once.
    pub const ALL: &'static [ResponseError] = &[
        Self::MalformedHead,
        Self::HeadTooLarge,
        Self::HttpVersion,
        Self::NotAccepted,
        Self::InvalidUpgrade,
        Self::InvalidConnection,
        Self::InvalidAcceptKey,
        Self::UnexpectedExtension,
        Self::UnexpectedSubprotocol,
    ];

    /// Returns what was wrong, in a few plain words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::MalformedHead => "malformed response head",
            Self::HeadTooLarge => "response head too large",
            Self::HttpVersion => "HTTP/1.1 only",
            Self::NotAccepted => "status is not 101",
            Self::InvalidUpgrade => "Upgrade is not websocket",
            Self::InvalidConnection => "Connection without Upgrade",
            Self::InvalidAcceptKey => "Sec-WebSocket-Accept of another key",
            Self::UnexpectedExtension => "extension that was not offered",
            Self::UnexpectedSubprotocol => "subprotocol that was not offered",
        }
    }
}

/// What a [`Head`] refuses.
impl From<HandshakeError> for ResponseError {
    fn from(error: HandshakeError) -> ResponseError {
        if error == HandshakeError::HeadTooLarge { Self::HeadTooLarge } else { Self::MalformedHead }
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl core::error::Error for ResponseError {}
