//! How the server says no to a request.

use std::fmt;

use crate::protocol::handshake_error::HandshakeError;

#[cfg(test)]
mod tests;

/// A reason not to answer a request with 101 or 200.
///
/// Where several apply, the first in this order is the answer: what RFC 9112 has against the request, the length of a
/// POST, method, path, host and origin, what RFC 6455 has against the handshake, and all the rest.
///
/// [`Refusal::status`] and [`Refusal::fields`] are the answer on the wire, the `Display` text is its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// What the protocol refuses.
    Handshake(HandshakeError),
    /// A POST that does not say how long it is.
    LengthRequired,
    /// A POST with more than one length, or with one that is no number.
    InvalidLength,
    /// A POST that is longer than a message may be.
    ContentTooLarge,
    /// A method that no room has.
    MethodNotAllowed,
    /// A method that nothing has but a room.
    MethodNotAllowedElsewhere,
    /// No such room or page.
    NotFound,
    /// A `Host` that is not a name of this server.
    HostNotAllowed,
    /// An origin that may not connect (§10.2).
    OriginNotAllowed,
    /// A query that asks for something in a way that has no meaning.
    InvalidQuery,
    /// A message that is no text in UTF-8.
    InvalidUtf8,
    /// What only the server says.
    Forged,
    /// A message that was not complete in time.
    BodyTimeout,
    /// A head that was not complete in time.
    HeadTimeout,
    /// Too many connections from this address already.
    TooManyConnections,
    /// Too many clients already.
    ServerFull,
}

impl Refusal {
    /// What the server has to say beside the protocol, every value once.
    const OWN: [Refusal; 15] = [
        Self::LengthRequired,
        Self::InvalidLength,
        Self::ContentTooLarge,
        Self::MethodNotAllowed,
        Self::MethodNotAllowedElsewhere,
        Self::NotFound,
        Self::HostNotAllowed,
        Self::OriginNotAllowed,
        Self::InvalidQuery,
        Self::InvalidUtf8,
        Self::Forged,
        Self::BodyTimeout,
        Self::HeadTimeout,
        Self::TooManyConnections,
        Self::ServerFull,
    ];

    /// Every value once.
    pub(crate) fn all() -> impl Iterator<Item = Refusal> {
        HandshakeError::ALL.iter().copied().map(Self::Handshake).chain(Self::OWN)
    }

    /// The status code (RFC 9110 §15, RFC 6585 §4).
    pub(crate) const fn status(self) -> u16 {
        self.answer().0
    }

    /// The reason phrase of the status line (RFC 9112 §4).
    pub(crate) const fn reason_phrase(self) -> &'static str {
        self.answer().1
    }

    /// The header lines that belong to this answer, each with its CRLF, `Connection` among them.
    pub(crate) const fn fields(self) -> &'static str {
        self.answer().2
    }

    const fn answer(self) -> (u16, &'static str, &'static str, &'static str) {
        const CLOSE: &str = "Connection: close\r\n";
        const ALLOW: &str = "Connection: close\r\nAllow: GET, HEAD, POST, OPTIONS\r\n";
        const ALLOW_ELSEWHERE: &str = "Connection: close\r\nAllow: GET, HEAD, OPTIONS\r\n";
        const LATER: &str = "Connection: close\r\nRetry-After: 5\r\n";
        match self {
            Self::Handshake(error) => (error.status(), error.reason_phrase(), error.fields(), error.reason()),
            Self::LengthRequired => (411, "Length Required", CLOSE, "Content-Length required"),
            Self::InvalidLength => (400, "Bad Request", CLOSE, "one Content-Length in digits required"),
            Self::ContentTooLarge => (413, "Content Too Large", CLOSE, "message too long"),
            Self::MethodNotAllowed => (405, "Method Not Allowed", ALLOW, "GET, HEAD, POST and OPTIONS only"),
            Self::MethodNotAllowedElsewhere => {
                (405, "Method Not Allowed", ALLOW_ELSEWHERE, "GET, HEAD and OPTIONS only")
            }
            Self::NotFound => (404, "Not Found", CLOSE, "no such room or page"),
            Self::HostNotAllowed => (403, "Forbidden", CLOSE, "host not allowed"),
            Self::OriginNotAllowed => (403, "Forbidden", CLOSE, "origin not allowed"),
            Self::InvalidQuery => (400, "Bad Request", CLOSE, "invalid name or history in the query"),
            Self::InvalidUtf8 => (400, "Bad Request", CLOSE, "text is not UTF-8"),
            Self::Forged => (403, "Forbidden", CLOSE, "only the server announces"),
            Self::BodyTimeout => (408, "Request Timeout", CLOSE, "message not complete in time"),
            Self::HeadTimeout => (408, "Request Timeout", CLOSE, "request head not complete in time"),
            Self::TooManyConnections => {
                (429, "Too Many Requests", LATER, "too many connections from this address")
            }
            Self::ServerFull => (503, "Service Unavailable", LATER, "server full"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.answer().3)
    }
}

impl From<HandshakeError> for Refusal {
    /// Of methods and origins the server speaks in its own words, which name all that it allows.
    fn from(error: HandshakeError) -> Refusal {
        match error {
            HandshakeError::MethodNotGet => Self::MethodNotAllowed,
            HandshakeError::InvalidOrigin => Self::OriginNotAllowed,
            error => Self::Handshake(error),
        }
    }
}
