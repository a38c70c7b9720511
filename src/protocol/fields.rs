//! RFC 9110 §5: the fields of a head, by name.
//!
//! ```
//! use chinwag::protocol::handshake::Request;
//!
//! let head = b"GET /kitchen HTTP/1.1\r\nHost: a\r\nCookie: id=7\r\nAccept: text/html\r\naccept: */*, x\r\n\r\n";
//! let Ok(Some((request, _))) = Request::parse(head) else { panic!("a whole head") };
//! assert_eq!(request.fields.single("cookie"), Some(&b"id=7"[..]));
//! assert_eq!(request.fields.values("Accept").count(), 2);
//! assert_eq!(request.fields.tokens("Accept").collect::<Vec<_>>(), ["x"]);
//! assert!(!format!("{request:?}").contains("id=7"));
//! ```

use core::{fmt, iter, str};

use super::bytes::cut;
use super::head::is_a_token;

/// The fields of a head, in the order in which they came.
///
/// Names compare without regard to case (RFC 9110 §5.1). A value comes without the white space around it. It is of any
/// bytes but control characters (RFC 9110 §5.5), and what those mean that are not ASCII is for its reader to decide.
#[derive(Clone, Copy)]
pub struct Fields<'h> {
    /// The header lines of a head that has been scanned.
    pub(super) lines: &'h [u8],
}

impl<'h> Fields<'h> {
    /// Returns all names with their values.
    pub fn iter(mut self) -> impl Iterator<Item = (&'h str, &'h [u8])> {
        iter::from_fn(move || self.take_first())
    }

    /// Returns the first field, and leaves those after it.
    fn take_first(&mut self) -> Option<(&'h str, &'h [u8])> {
        let (line, rest) = cut(self.lines, b'\n')?;
        self.lines = rest;
        // The empty line, with which a head ends, has no colon.
        let (name, value) = cut(line, b':')?;
        // A name is a token, and so it is ASCII.
        Some((str::from_utf8(name).ok()?, value.trim_ascii()))
    }

    /// Returns the value of the first field of this name, and leaves the fields after it.
    fn take_named(&mut self, name: &str) -> Option<&'h [u8]> {
        let mut fields = iter::from_fn(|| self.take_first());
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Returns the value of each field of this name.
    pub fn values(mut self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        iter::from_fn(move || self.take_named(name))
    }

    /// Returns the value of a field that is there exactly once. Where there are several, it is `None` as where there is
    /// none: a proxy may have believed another one than this server would.
    pub fn single(self, name: &str) -> Option<&'h [u8]> {
        let mut values = self.values(name);
        let first = values.next();
        first.filter(|_| values.next().is_none())
    }

    /// Returns the tokens in the comma-separated list of a field, over however many lines (RFC 9110 §5.3, §5.6.1). What
    /// is no token is left out.
    pub fn tokens(self, name: &str) -> impl Iterator<Item = &'h str> {
        let items = self.values(name).flat_map(|value| value.split(|byte| *byte == b','));
        items
            .map(<[u8]>::trim_ascii)
            .filter(|item| is_a_token(item))
            .filter_map(|token| str::from_utf8(token).ok())
    }

    /// Returns whether the list of a field has this token, without regard to case.
    pub fn lists(self, name: &str, token: &str) -> bool {
        let is_listed = |item: &[u8]| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes());
        is_a_token(token.as_bytes())
            && self.values(name).any(|value| value.split(|byte| *byte == b',').any(is_listed))
    }
}

/// Shows names alone: a value may be a secret, such as a cookie, a password or a key.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
