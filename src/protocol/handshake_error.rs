//! §4.2: what is wrong with an opening handshake, or with the HTTP request that it is, and how that is answered.

use core::fmt;

/// A reason to refuse a request by RFC 6455, RFC 9110 or RFC 9112.
///
/// The first three are decided while the head arrives: the earliest wins. Of the others, the first that applies is the
/// answer. A server's own reasons stand between them: paths and hosts before an origin, what it lacks at the end.
///
/// [`HandshakeError::status`] and [`HandshakeError::fields`] are the answer on the wire, the `Display` text is its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeError {
    /// Not HTTP, or a head that RFC 9112 §2 to §5 does not allow: 400.
    MalformedHead,
    /// A request target longer than [`Head::MAX_TARGET`](super::head::Head::MAX_TARGET): 414.
    TargetTooLong,
    /// A head longer than [`Head::MAX_LEN`](super::head::Head::MAX_LEN), or of too many header lines: 431.
    HeadTooLarge,
    /// Any other version than HTTP/1.1 (§4.2.1 (1)): 505.
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
    /// Every value once, in the order in which they answer.
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

    /// The status code (RFC 9110 §15, RFC 6585 §5).
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedHead | Self::InvalidHost | Self::UnexpectedBody | Self::InvalidKey => 400,
            Self::InvalidOrigin => 403,
            Self::MethodNotGet => 405,
            Self::TargetTooLong => 414,
            Self::IncompleteUpgrade | Self::UnsupportedVersion => 426,
            Self::HeadTooLarge => 431,
            Self::HttpVersion => 505,
        }
    }

    /// The reason phrase of the status line (RFC 9112 §4).
    pub const fn reason_phrase(self) -> &'static str {
        match self.status() {
            403 => "Forbidden",
            405 => "Method Not Allowed",
            414 => "URI Too Long",
            426 => "Upgrade Required",
            431 => "Request Header Fields Too Large",
            505 => "HTTP Version Not Supported",
            _ => "Bad Request",
        }
    }

    /// The header lines that belong to this answer, each with its CRLF, `Connection` among them.
    pub const fn fields(self) -> &'static str {
        match self {
            // RFC 9110 §15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
            Self::MethodNotGet => "Connection: close\r\nAllow: GET\r\n",
            // RFC 9110 §15.5.22: "The server MUST send an Upgrade header field in a 426 response".
            Self::IncompleteUpgrade => "Connection: close, Upgrade\r\nUpgrade: websocket\r\n",
            // §4.4: "the server MUST respond with one or more |Sec-WebSocket-Version| header fields".
            Self::UnsupportedVersion => {
                "Connection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            }
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
            Self::MethodNotGet => "GET only",
            Self::InvalidOrigin => "no single valid Origin",
            Self::IncompleteUpgrade => "incomplete WebSocket upgrade",
            Self::UnsupportedVersion => "WebSocket version 13 only",
            Self::InvalidKey => "one Sec-WebSocket-Key of 16 bytes required",
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl core::error::Error for HandshakeError {}
