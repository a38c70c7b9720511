//! §4.2: the opening handshake, as the server reads and answers it.
//! [`client_handshake`](super::client_handshake) is its mirror.
//!
//! ```text
//!   GET /kitchen HTTP/1.1                                HTTP/1.1 101 Switching Protocols
//!   Host: 127.0.0.1:8080                                 Upgrade: websocket
//!   Upgrade: websocket                            =>     Connection: Upgrade
//!   Connection: Upgrade                                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
//!   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
//!   Sec-WebSocket-Version: 13
//! ```
//!
//! [`Head`] finds the end of the head while it arrives, and refuses what is no HTTP. [`Request::parse`] then takes the
//! head apart. Which paths, hosts and origins to let in is for the server to decide, by checks in the order of
//! [`HandshakeError`]'s variants. [`Request::handshake`] does the rest:
//!
//! ```
//! use chinwag::protocol::handshake::Request;
//!
//! let head = b"GET /kitchen HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//!     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
//! let Ok(Some((request, _))) = Request::parse(head) else { panic!("a whole head") };
//! assert_eq!(request.path, "/kitchen");
//! assert_eq!(request.handshake(), Ok(Some(*b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
//! ```

use core::{fmt, str};

use super::bytes::{cut, split_before};
use super::fields::Fields;
use super::handshake_error::HandshakeError;
use super::head::{Head, is_absolute};
use super::head_writer::{WriteError, begins_as_ours, write_head};
use super::keys::parse_key;
pub use super::keys::{AcceptKey, GUID, accept_key};
use super::origin::{Authority, Origin};

/// What a request wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// A page, or the opening handshake.
    Get,
    /// The answer to GET, without its body.
    Head,
    /// Any other method.
    Other,
}

/// A request with a head that is well formed, HTTP/1.1, for one host, and without a body.
#[derive(Clone, Copy)]
pub struct Request<'h> {
    /// What is to be done.
    pub method: Method,
    /// The target's path. It is as it was sent: nothing is decoded or normalised.
    pub path: &'h str,
    /// The target's query, as it was sent, without its question mark.
    pub query: Option<&'h str>,
    /// The host and port in `Host`.
    pub host: Authority<'h>,
    /// All fields, `Host` among them.
    pub fields: Fields<'h>,
}

impl<'h> Request<'h> {
    /// Parses the head of a request from the front of `bytes`, and returns it with the bytes after it. While it is not
    /// complete, that is `None`.
    ///
    /// It scans from the front each time. Where a peer may be slow, keep a [`Head`], and call this once that is
    /// complete.
    ///
    /// # Errors
    ///
    /// `MalformedHead`, `TargetTooLong`, `HeadTooLarge`, `HttpVersion`, `InvalidHost` or `UnexpectedBody`.
    pub fn parse(bytes: &'h [u8]) -> Result<Option<(Request<'h>, &'h [u8])>, HandshakeError> {
        let Some((head, rest)) = Head::new().scan(bytes)?.and_then(|len| bytes.split_at_checked(len)) else {
            return Ok(None);
        };
        let head = head.strip_prefix(b"\r\n").unwrap_or(head);
        let (request_line, header_lines) = cut(head, b'\n').ok_or(HandshakeError::MalformedHead)?;
        let (method, target) = cut(request_line, b' ').ok_or(HandshakeError::MalformedHead)?;
        let (target, version) = cut(target, b' ').ok_or(HandshakeError::MalformedHead)?;
        // §4.2.1 (1): "An HTTP/1.1 or higher GET request". There is no higher one of this syntax.
        if version != b"HTTP/1.1\r" {
            return Err(HandshakeError::HttpVersion);
        }
        let method = match method {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            _ => Method::Other,
        };
        let fields = Fields { lines: header_lines };
        let host = fields.single("Host").and_then(Authority::parse).ok_or(HandshakeError::InvalidHost)?;
        let (path, query) = split_target(target, &host).ok_or(HandshakeError::InvalidHost)?;
        check_no_body(fields)?;
        Ok(Some((Request { method, path, query, host, fields }, rest)))
    }

    /// Returns the origin of the page that asks, and `None` where there is none: no browser has sent the request
    /// (§4.2.1 (7), §10.2).
    ///
    /// # Errors
    ///
    /// `InvalidOrigin` for more than one, for `null`, and for what is no origin.
    pub fn origin(&self) -> Result<Option<Origin<'h>>, HandshakeError> {
        let is_there = self.fields.values("Origin").next().is_some();
        let origin = self.fields.single("Origin").and_then(Origin::parse);
        if is_there && origin.is_none() { Err(HandshakeError::InvalidOrigin) } else { Ok(origin) }
    }

    /// Returns whether an opening handshake is meant: `Upgrade` lists `websocket` (§4.2.1 (3)). HEAD never means one.
    pub fn names_websocket(&self) -> bool {
        self.method != Method::Head && self.fields.lists("Upgrade", "websocket")
    }

    /// Returns whether an opening handshake is meant at least in part: by `Upgrade`, or by any field of §11.3.
    pub fn asks_for_upgrade(&self) -> bool {
        let has_ours = self.fields.iter().any(|(name, _)| begins_as_ours(name));
        self.method != Method::Head && (has_ours || self.names_websocket())
    }

    /// Returns the subprotocols that the client offers, the one that it likes best first (§1.9, §4.2.1 (8)).
    ///
    /// A server that takes one of them answers with it in `Sec-WebSocket-Protocol`. One that takes none has no such
    /// field in its answer (§4.2.2 (5.5)).
    pub fn subprotocols(&self) -> impl Iterator<Item = &'h str> {
        self.fields.tokens("Sec-WebSocket-Protocol")
    }

    /// Returns the answer to the opening handshake (§4.2.2 (5.4)), and `None` where none is asked for.
    ///
    /// # Errors
    ///
    /// `MethodNotGet`, `IncompleteUpgrade`, `UnsupportedVersion` or `InvalidKey`: the first that applies.
    pub fn handshake(&self) -> Result<Option<AcceptKey>, HandshakeError> {
        let fields = self.fields;
        if !self.asks_for_upgrade() {
            return Ok(None);
        }
        // §4.2.1 (1): "An HTTP/1.1 or higher GET request". A server without other methods has refused them before.
        if self.method != Method::Get {
            return Err(HandshakeError::MethodNotGet);
        }
        // §4.2.1 (3), (4): `Upgrade` with "websocket", `Connection` with "Upgrade", without regard to case.
        if !self.names_websocket() || !fields.lists("Connection", "upgrade") {
            return Err(HandshakeError::IncompleteUpgrade);
        }
        // §4.2.1 (6): "A |Sec-WebSocket-Version| header field, with a value of 13."
        if fields.single("Sec-WebSocket-Version") != Some(b"13") {
            return Err(HandshakeError::UnsupportedVersion);
        }
        let key = fields.single("Sec-WebSocket-Key").and_then(parse_key);
        Ok(Some(accept_key(key.ok_or(HandshakeError::InvalidKey)?)))
    }
}

/// Shows neither the query nor the fields' values: they may hold secrets.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { method, path, host, fields, .. } = self;
        write!(f, "Request {{ method: {method:?}, path: {path:?}, host: {host:?}, fields: {fields:?}, .. }}")
    }
}

/// The response that accepts an opening handshake (§4.2.2 (5)).
///
/// ```
/// use chinwag::protocol::handshake::{SwitchingProtocols, accept_key};
///
/// let accept_key = accept_key(b"dGhlIHNhbXBsZSBub25jZQ==");
/// let response = SwitchingProtocols { accept_key, subprotocol: Some("chat"), fields: &[("Server", "lamp")] };
/// let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\nServer: lamp\r\n\r\n";
/// assert_eq!(response.write(&mut [0; 256]), Ok(&head[..]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SwitchingProtocols<'a> {
    /// What [`Request::handshake`] returned.
    pub accept_key: AcceptKey,
    /// The subprotocol that is chosen, if one is: one of [`Request::subprotocols`].
    pub subprotocol: Option<&'a str>,
    /// More fields.
    pub fields: &'a [(&'a str, &'a str)],
}

impl SwitchingProtocols<'_> {
    /// Writes the response to the front of `out`, and returns it.
    ///
    /// # Errors
    ///
    /// The first part that is not as it has to be, or does not fit.
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], WriteError> {
        const BEGINNING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: ";
        let accept_key = str::from_utf8(&self.accept_key).unwrap_or_default();
        write_head(out, &[BEGINNING, accept_key], self.subprotocol.as_slice(), self.fields)
    }
}

/// Returns a target's path and query. In absolute form it also names a host: where that is another one than `Host`
/// (RFC 9112 §3.2.2), there is nothing to return.
fn split_target<'h>(target: &'h [u8], host: &Authority<'_>) -> Option<(&'h str, Option<&'h str>)> {
    let mut local = target;
    if is_absolute(target) {
        let (scheme, rest) = cut(target, b':')?;
        let (authority, after) = split_before(rest.strip_prefix(b"//")?, |byte| matches!(byte, b'/' | b'?'));
        Authority::parse(authority)?.is_same(host, str::from_utf8(scheme).ok()?).then_some(())?;
        local = after;
    }
    let (path, query) = match cut(local, b'?') {
        Some((path, query)) => (path, Some(str::from_utf8(query).ok()?)),
        None => (local, None),
    };
    // RFC 9110 §4.2.3: an empty path is the same as "/".
    Some((if path.is_empty() { "/" } else { str::from_utf8(path).ok()? }, query))
}

/// Refuses a body, which two fields announce (RFC 9112 §6). One that a proxy reads and this server does not could hide
/// a request.
fn check_no_body(fields: Fields<'_>) -> Result<(), HandshakeError> {
    let mut lengths = fields.values("Content-Length");
    let no_length = lengths.next().is_none_or(|length| length == b"0") && lengths.next().is_none();
    let no_coding = fields.values("Transfer-Encoding").next().is_none();
    if no_length && no_coding { Ok(()) } else { Err(HandshakeError::UnexpectedBody) }
}
