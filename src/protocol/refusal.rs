//! §4.2.2 (5): what makes a server refuse a request, and with which HTTP status.

use core::fmt;

/// A reason not to answer a request with 101 or 200.
///
/// The first three are decided while the head arrives: the earliest wins. Of the others, the first that applies is the
/// answer: a server checks method, path, host and origin before it asks for the handshake, and the query after it.
///
/// [`Refusal::status`] and [`Refusal::fields`] are the answer on the wire, the `Display` text is its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Not HTTP, or a head that RFC 9112 §2 to §5 does not allow.
    MalformedHead,
    /// A request target longer than [`Head::MAX_TARGET`](super::head::Head::MAX_TARGET).
    TargetTooLong,
    /// A head longer than [`Head::MAX_LEN`](super::head::Head::MAX_LEN), or of too many header lines.
    HeadTooLarge,
    /// Any other version than HTTP/1.1 (§4.2.1 (1)).
    HttpVersion,
    /// No `Host`, more than one, one that is no `host[:port]` or not that of the target (RFC 9112 §3.2).
    InvalidHost,
    /// A request with a body, which no opening handshake has.
    UnexpectedBody,
    /// Another method than GET and HEAD (§4.2.1 (1)).
    MethodNotAllowed,
    /// No such room or page.
    NotFound,
    /// A `Host` that is not a name of this server.
    HostNotAllowed,
    /// An origin that may not connect (§10.2).
    OriginNotAllowed,
    /// An upgrade asked for in part (§4.2.1 (3) and (4)).
    IncompleteUpgrade,
    /// `Sec-WebSocket-Version` absent, twice, or other than 13 (§4.4).
    UnsupportedVersion,
    /// `Sec-WebSocket-Key` absent, twice, or not the base64 of 16 bytes (§4.2.1 (5)).
    InvalidKey,
    /// A query that asks for something in a way that has no meaning.
    InvalidQuery,
    /// A head that was not complete in time.
    HeadTimeout,
    /// Too many connections from this address already.
    TooManyConnections,
    /// Too many clients already.
    ServerFull,
}

impl Refusal {
    /// Every value once.
    pub const ALL: [Refusal; 17] = [
        Self::MalformedHead,
        Self::TargetTooLong,
        Self::HeadTooLarge,
        Self::HttpVersion,
        Self::InvalidHost,
        Self::UnexpectedBody,
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::HostNotAllowed,
        Self::OriginNotAllowed,
        Self::IncompleteUpgrade,
        Self::UnsupportedVersion,
        Self::InvalidKey,
        Self::InvalidQuery,
        Self::HeadTimeout,
        Self::TooManyConnections,
        Self::ServerFull,
    ];

    /// The status code (RFC 9110 §15, RFC 6585 §5).
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedHead | Self::InvalidHost | Self::UnexpectedBody => 400,
            Self::InvalidKey | Self::InvalidQuery => 400,
            Self::HostNotAllowed | Self::OriginNotAllowed => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::HeadTimeout => 408,
            Self::TargetTooLong => 414,
            Self::IncompleteUpgrade | Self::UnsupportedVersion => 426,
            Self::TooManyConnections => 429,
            Self::HeadTooLarge => 431,
            Self::ServerFull => 503,
            Self::HttpVersion => 505,
        }
    }

    /// The reason phrase of the status line (RFC 9112 §4).
    pub const fn reason_phrase(self) -> &'static str {
        match self.status() {
            400 => "Bad Request",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            414 => "URI Too Long",
            426 => "Upgrade Required",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            503 => "Service Unavailable",
            _ => "HTTP Version Not Supported",
        }
    }

    /// The header lines that belong to this answer, each with its CRLF, `Connection` among them.
    pub const fn fields(self) -> &'static str {
        match self {
            Self::MethodNotAllowed => "Connection: close\r\nAllow: GET, HEAD\r\n",
            // RFC 9110 §15.5.22: "The server MUST send an Upgrade header field in a 426 response".
            Self::IncompleteUpgrade => "Connection: close, Upgrade\r\nUpgrade: websocket\r\n",
            // §4.4: "the server MUST respond with one or more |Sec-WebSocket-Version| header fields".
            Self::UnsupportedVersion => {
                "Connection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            }
            Self::TooManyConnections | Self::ServerFull => "Connection: close\r\nRetry-After: 5\r\n",
            _ => "Connection: close\r\n",
        }
    }

    /// What was wrong, in a few plain words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::MalformedHead => "malformed request head",
            Self::TargetTooLong => "request target too long",
            Self::HeadTooLarge => "request head too large",
            Self::HttpVersion => "HTTP/1.1 only",
            Self::InvalidHost => "one valid Host required",
            Self::UnexpectedBody => "no request body allowed",
            Self::MethodNotAllowed => "GET and HEAD only",
            Self::NotFound => "no such room or page",
            Self::HostNotAllowed => "host not allowed",
            Self::OriginNotAllowed => "origin not allowed",
            Self::IncompleteUpgrade => "incomplete WebSocket upgrade",
            Self::UnsupportedVersion => "WebSocket version 13 only",
            Self::InvalidKey => "one Sec-WebSocket-Key of 16 bytes required",
            Self::InvalidQuery => "invalid name or history in the query",
            Self::HeadTimeout => "request head not complete in time",
            Self::TooManyConnections => "too many connections from this address",
            Self::ServerFull => "server full",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl core::error::Error for Refusal {}
