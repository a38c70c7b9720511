//! How the server says no to a request.

use std::fmt;

use crate::protocol::handshake_error::HandshakeError;

#[cfg(test)]
mod tests;

/// A reason not to answer a request with 101 or 200.
///
/// Where several apply, the first in this order is the answer: what RFC 9112 has against the request, method, path,
/// host and origin, what RFC 6455 has against the handshake, and all the rest.
///
/// [`Refusal::status`] and [`Refusal::fields`] are the answer on the wire, the `Display` text is its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// What the protocol refuses.
    Handshake(HandshakeError),
    /// Another method than GET, HEAD and OPTIONS.
    MethodNotAllowed,
    /// No such room or page.
    NotFound,
    /// A `Host` that is not a name of this server.
    HostNotAllowed,
    /// An origin that may not connect (§10.2).
    OriginNotAllowed,
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
    /// What the server has to say beside the protocol, every value once.
    const OWN: [Refusal; 8] = [
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::HostNotAllowed,
        Self::OriginNotAllowed,
        Self::InvalidQuery,
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
        const ALLOW: &str = "Connection: close\r\nAllow: GET, HEAD, OPTIONS\r\n";
        const LATER: &str = "Connection: close\r\nRetry-After: 5\r\n";
        match self {
            Self::Handshake(error) => (error.status(), error.reason_phrase(), error.fields(), error.reason()),
            Self::MethodNotAllowed => (405, "Method Not Allowed", ALLOW, "GET, HEAD and OPTIONS only"),
            Self::NotFound => (404, "Not Found", CLOSE, "no such room or page"),
            Self::HostNotAllowed => (403, "Forbidden", CLOSE, "host not allowed"),
            Self::OriginNotAllowed => (403, "Forbidden", CLOSE, "origin not allowed"),
            Self::InvalidQuery => (400, "Bad Request", CLOSE, "invalid name or history in the query"),
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
