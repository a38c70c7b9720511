//! §7.4: the codes that say why an endpoint closes.

use core::fmt;

/// A close code that may be on the wire (§7.4), whichever side sends it.
///
/// | codes | |
/// |---|---|
/// | 1000-1003, 1007-1011 | defined by §7.4.1 |
/// | 1012-1014 | registered after the RFC (§11.7) |
/// | 3000-3999 | for libraries and frameworks (§7.4.2) |
/// | 4000-4999 | for private use (§7.4.2) |
///
/// There is no value of this type for any other number. §7.4.1 keeps 1004 in reserve. 1005 (a Close without a code),
/// 1006 (an end without a Close) and 1015 (a failed TLS handshake) are what an API reports, and each "MUST NOT be set
/// as a status code in a Close control frame by an endpoint". §7.4.2 gives no meaning to what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection has been fulfilled.
    pub const NORMAL_CLOSURE: CloseCode = CloseCode(1000);
    /// 1001: a server going down, or a browser leaving the page.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// 1003: a type of data that the endpoint cannot accept.
    pub const UNSUPPORTED_DATA: CloseCode = CloseCode(1003);
    /// 1007: data that does not fit its message's type, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: CloseCode = CloseCode(1007);
    /// 1008: a message that violates the endpoint's policy.
    pub const POLICY_VIOLATION: CloseCode = CloseCode(1008);
    /// 1009: a message too big to process.
    pub const MESSAGE_TOO_BIG: CloseCode = CloseCode(1009);
    /// 1010: a client that misses an extension; only a client sends it.
    pub const MANDATORY_EXTENSION: CloseCode = CloseCode(1010);
    /// 1011: an unexpected condition kept the server from going on.
    pub const INTERNAL_ERROR: CloseCode = CloseCode(1011);

    /// Returns the close code of this number, and `None` for a number that must not be on the wire.
    ///
    /// ```
    /// use chinwag::protocol::close::CloseCode;
    ///
    /// const KICKED_OUT: CloseCode = CloseCode::new(4001).unwrap();
    /// assert_eq!(KICKED_OUT.get(), 4001);
    /// assert_eq!(CloseCode::new(1005), None);
    /// ```
    pub const fn new(code: u16) -> Option<CloseCode> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(CloseCode(code)),
            _ => None,
        }
    }

    /// Returns the number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
