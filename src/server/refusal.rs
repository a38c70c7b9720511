//! How the server says no to a request.

use std::fmt;

use crate::protocol::handshake_error::HandshakeError;

#[cfg(test)]
mod tests;

/// A reason not to answer a request with 101 or 200.
///
/// Where several apply, the first in this order is the answer: what RFC 9112 has against the request, method, path, host
/// and origin, what RFC 6455 has against the handshake, and all the rest.
///
/// [`Refusal::status`] and [`Refusal::fields`] are the answer on the wire, the `Display` text is its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// What the protocol refuses.
    Handshake(HandshakeError),
    /// Another method than GET and HEAD.
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
    /// Too many clients already.
    ServerFull,
}

impl Refusal {
    /// What the server has to say beside the protocol, every value once.
    const OWN: [Refusal; 7] = [
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::HostNotAllowed,
        Self::OriginNotAllowed,
        Self::InvalidQuery,
        Self::HeadTimeout,
        Self::ServerFull,
    ];

    /// Every value once.
    pub(crate) fn all() -> impl Iterator<Item = Refusal> {
        HandshakeError::ALL.iter().copied().map(Self::Handshake).chain(Self::OWN)
    }

    /// The status code (RFC 9110 §15).
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Handshake(error) => error.status(),
            Self::InvalidQuery => 400,
            Self::HostNotAllowed | Self::OriginNotAllowed => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::HeadTimeout => 408,
            Self::ServerFull => 503,
        }
    }

    /// The reason phrase of the status line (RFC 9112 §4).
    pub(crate) const fn reason_phrase(self) -> &'static str {
        match self {
            Self::Handshake(error) => error.reason_phrase(),
            Self::InvalidQuery => "Bad Request",
            Self::HostNotAllowed | Self::OriginNotAllowed => "Forbidden",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::HeadTimeout => "Request Timeout",
            Self::ServerFull => "Service Unavailable",
        }
    }

    /// The header lines that belong to this answer, each with its CRLF, `Connection` among them.
    pub(crate) const fn fields(self) -> &'static str {
        match self {
            Self::Handshake(error) => error.fields(),
            Self::MethodNotAllowed => "Connection: close\r\nAllow: GET, HEAD\r\n",
            Self::ServerFull => "Connection: close\r\nRetry-After: 5\r\n",
            _ => "Connection: close\r\n",
        }
    }

    /// What was wrong, in a few plain words.
    const fn reason(self) -> &'static str {
        match self {
            Self::Handshake(error) => error.reason(),
            Self::MethodNotAllowed => "GET and HEAD only",
            Self::NotFound => "no such room or page",
            Self::HostNotAllowed => "host not allowed",
            Self::OriginNotAllowed => "origin not allowed",
            Self::InvalidQuery => "invalid name or history in the query",
            Self::HeadTimeout => "request head not complete in time",
            Self::ServerFull => "server full",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
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
