//! §4.2: what is wrong with an opening handshake, or with the HTTP request that it is, and how that is answered.
//!
//! §4.2.1: "If the server, while reading the handshake, finds that the client did not send a handshake that matches the
//! description below [...], the server MUST stop processing the client's handshake and return an HTTP response with an
//! appropriate error code (such as 400 Bad Request)."
//!
//! ```
//! use chinwag::protocol::handshake_error::HandshakeError;
//!
//! fn response(error: HandshakeError) -> String {
//!     let (status, phrase, fields) = (error.status(), error.reason_phrase(), error.fields());
//!     format!("HTTP/1.1 {status} {phrase}\r\n{fields}Content-Length: 0\r\n\r\n")
//! }
//!
//! let response = response(HandshakeError::InvalidKey);
//! assert_eq!(response, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
//! ```

use core::fmt;

/// A reason to refuse a request by RFC 6455, RFC 9110 or RFC 9112.
///
/// The first three are decided while the head arrives, and the earliest of them wins. Of the others, the first that
/// applies is the answer. Reasons of a server's own come in between: what it has at a path before whom it lets in, and
/// both before the handshake.
///
/// [`HandshakeError::status`] and [`HandshakeError::fields`] are the answer on the wire, and the `Display` text is its
/// body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeError {
    /// Not HTTP, or a head that RFC 9112 §2 to §5 does not allow: 400.
    MalformedHead,
    /// A request target longer than [`Head::MAX_TARGET`](super::head::Head::MAX_TARGET): 414.
    TargetTooLong,
    /// A head longer than [`Head::MAX_LEN`](super::head::Head::MAX_LEN), or of too many header lines: 431.
    HeadTooLarge,
    /// Any other version than HTTP/1.1 (§4.2.1 (1)), or HTTP/1.0 where something is opened or said: 505.
    HttpVersion,
    /// No `Host`, more than one, one that is no `host[:port]` or not that of the target (RFC 9112 §3.2): 400.
    InvalidHost,
    /// A request with a body, which no opening handshake has: 400.
    UnexpectedBody,
    /// An opening handshake by another method than GET (§4.2.1 (1)): 405.
    MethodNotGet,
    /// More than one `Origin`, `null`, or one that is no origin (§4.2.1 (7), §10.2): 403.
    InvalidOrigin,
    /// An upgrade asked for in part (§4.2.1 (3) and (4)): 426.
    IncompleteUpgrade,
    /// `Sec-WebSocket-Version` absent, twice, or other than 13 (§4.4): 426.
    UnsupportedVersion,
    /// `Sec-WebSocket-Key` absent, twice, or not the base64 of 16 bytes (§4.2.1 (5)): 400.
    InvalidKey,
}

impl HandshakeError {
    /// All values, each once, in the order in which they answer.
    pub const ALL: &'static [HandshakeError] = &[
        Self::MalformedHead,
        Self::TargetTooLong,
        Self::HeadTooLarge,
        Self::HttpVersion,
        Self::InvalidHost,
        Self::UnexpectedBody,
        Self::MethodNotGet,
        Self::InvalidOrigin,
        Self::IncompleteUpgrade,
        Self::UnsupportedVersion,
        Self::InvalidKey,
    ];

    /// Returns the status code (RFC 9110 §15, RFC 6585 §5).
    pub const fn status(self) -> u16 {
        self.answer().0
    }

    /// Returns the reason phrase of the status line (RFC 9112 §4).
    pub const fn reason_phrase(self) -> &'static str {
        self.answer().1
    }

    /// Returns the header lines that belong to this answer, each with its CRLF, `Connection` among them.
    pub const fn fields(self) -> &'static str {
        self.answer().2
    }

    /// Returns what was wrong, in a few plain words.
    pub const fn reason(self) -> &'static str {
        self.answer().3
    }

    /// Returns status, reason phrase, header lines and reason.
    const fn answer(self) -> (u16, &'static str, &'static str, &'static str) {
        const CLOSE: &str = "Connection: close\r\n";
        // RFC 9110 §15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
        const ALLOW: &str = "Connection: close\r\nAllow: GET\r\n";
        // RFC 9110 §15.5.22: "The server MUST send an Upgrade header field in a 426 response".
        const UPGRADE: &str = "Connection: close, Upgrade\r\nUpgrade: websocket\r\n";
        // §4.4: "the server MUST respond with one or more |Sec-WebSocket-Version| header fields".
        const VERSION: &str =
            "Connection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
        match self {
            Self::MalformedHead => (400, "Bad Request", CLOSE, "malformed request head"),
            Self::TargetTooLong => (414, "URI Too Long", CLOSE, "request target too long"),
            Self::HeadTooLarge => (431, "Request Header Fields Too Large", CLOSE, "request head too large"),
            Self::HttpVersion => (505, "HTTP Version Not Supported", CLOSE, "HTTP/1.1 only"),
            Self::InvalidHost => (400, "Bad Request", CLOSE, "one valid Host required"),
            Self::UnexpectedBody => (400, "Bad Request", CLOSE, "no request body allowed"),
            Self::MethodNotGet => (405, "Method Not Allowed", ALLOW, "GET only"),
            Self::InvalidOrigin => (403, "Forbidden", CLOSE, "no single valid Origin"),
            Self::IncompleteUpgrade => (426, "Upgrade Required", UPGRADE, "incomplete WebSocket upgrade"),
            Self::UnsupportedVersion => (426, "Upgrade Required", VERSION, "WebSocket version 13 only"),
            Self::InvalidKey => (400, "Bad Request", CLOSE, "one Sec-WebSocket-Key of 16 bytes required"),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl core::error::Error for HandshakeError {}
