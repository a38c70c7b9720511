//! RFC 9112 §2 to §5: where a head ends, and whether it is well formed.
//!
//! A WebSocket begins as an HTTP request (§1.7), which stands in this head:
//!
//! ```text
//!   GET /kitchen HTTP/1.1 CR LF      request line: method, target, version
//!   Host: 127.0.0.1:8080 CR LF       header lines: name, colon, value
//!   Upgrade: websocket CR LF
//!   CR LF                            the end
//! ```
//!
//! A response's head has a status line instead of the request line: `HTTP/1.1 101 Switching Protocols`.
//!
//! Rules:
//!
//! 1. A head is refused at the first byte that decides it. What is neither refused nor complete needs more bytes.
//! 2. A [`Head`] that is kept between reads scans every byte once, however the head is cut up. Only the first bytes of
//!    method and target are compared again.
//! 3. Only what HTTP/1.1 writes is read: no bare LF, no folded lines, no space before a colon. So a proxy between
//!    a client and this server sees the same request as this server does, and nobody can hide one request in another
//!    (RFC 9112 §11.2).
//! 4. A head is refused for its size as soon as it is larger than allowed, so that memory for it is bounded. A buffer
//!    that is shorter still, and full without a whole head, is its owner's to refuse as
//!    [`HandshakeError::HeadTooLarge`].

use super::handshake_error::HandshakeError;

/// Looks for the end of a head while it arrives.
///
/// ```
/// use chinwag::protocol::head::Head;
///
/// let mut head = Head::new();
/// assert_eq!(head.scan(b"GET / HTTP/1.1\r\nHost: a\r\n"), Ok(None));
/// // What has been scanned is shown again, and not scanned again.
/// assert_eq!(head.scan(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nframes"), Ok(Some(27)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Head {
    part: Part,
    /// How many bytes have been scanned.
    scanned: usize,
    /// Where the request line begins.
    start: usize,
    /// Where the present word of the request line begins.
    word: usize,
    header_lines: usize,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    /// The request line's first byte, or one empty line to be skipped.
    #[default]
    Start,
    /// The LF of that empty line.
    EmptyLineEnd,
    Method,
    Target(TargetForm),
    Version,
    /// The status line of a response.
    Status,
    /// The LF after a line.
    LineEnd,
    /// The first byte of a header line, or of the empty one.
    LineStart,
    Name,
    Value,
    /// The LF of the empty line.
    HeadEnd,
    Complete,
}

/// Which forms of target the method allows (RFC 9112 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TargetForm {
    /// A path, or a whole URL.
    Usual,
    /// OPTIONS: `*` as well.
    Asterisk,
    /// CONNECT: host and port only.
    Authority,
}

impl Head {
    /// The longest head in bytes, from the request line to the end of the empty line.
    pub const MAX_LEN: usize = 16 * 1024;
    /// The longest request target in bytes.
    pub const MAX_TARGET: usize = 8 * 1024;
    /// The most header lines.
    pub const MAX_HEADER_LINES: usize = 100;

    /// Returns the scanner of a request, for a connection just opened.
    pub const fn new() -> Self {
        Head { part: Part::Start, scanned: 0, start: 0, word: 0, header_lines: 0 }
    }

    /// Returns the scanner of a response, for a client that has just asked.
    pub const fn of_response() -> Self {
        Head { part: Part::Status, ..Self::new() }
    }

    /// Scans what has arrived since the last call, where `buffer` is all that has arrived. Returns the length of the
    /// head, with an empty line that was skipped in front of it, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// `MalformedHead`, `TargetTooLong` or `HeadTooLarge`, at the first byte that decides it.
    pub fn scan(&mut self, buffer: &[u8]) -> Result<Option<usize>, HandshakeError> {
        while self.part != Part::Complete {
            let Some(&byte) = buffer.get(self.scanned) else {
                return Ok(None);
            };
            let word = buffer.get(self.word..=self.scanned).unwrap_or_default();
            let part = self.step(byte, word)?;
            if self.scanned.saturating_sub(self.start) >= Self::MAX_LEN {
                return Err(HandshakeError::HeadTooLarge);
            }
            self.part = part;
            self.scanned = self.scanned.saturating_add(1);
        }
        Ok(Some(self.scanned))
    }

    /// Returns the part after `byte`, which is also the last byte of `word`.
    fn step(&mut self, byte: u8, word: &[u8]) -> Result<Part, HandshakeError> {
        match (self.part, byte) {
            // RFC 9112 §2.2: "SHOULD ignore at least one empty line (CRLF) received prior to the request-line."
            (Part::Start, b'\r') => Ok(Part::EmptyLineEnd),
            (Part::EmptyLineEnd, b'\n') => {
                self.start = self.scanned.saturating_add(1);
                self.word = self.start;
                Ok(Part::Method)
            }
            (Part::Start | Part::Method, byte) if is_token(byte) => Ok(Part::Method),
            (Part::Method, b' ') => self.end_method(word),
            (Part::Target(form), b' ') => self.end_target(form, word),
            (Part::Target(form), b'!'..=b'~') => check_target(form, word),
            (Part::Version | Part::Status, byte) => step_version(self.part, byte, word),
            (Part::LineEnd, b'\n') => Ok(Part::LineStart),
            (Part::LineStart, b'\r') => Ok(Part::HeadEnd),
            (Part::LineStart, byte) if is_token(byte) => self.begin_header_line(),
            (Part::Name, b':') => Ok(Part::Value),
            (Part::Name, byte) if is_token(byte) => Ok(Part::Name),
            (Part::Value, b'\r') => Ok(Part::LineEnd),
            // RFC 9110 §5.5: a value is of visible characters, space, tab, and bytes from 0x80 on.
            (Part::Value, b'\t' | b' '..=b'~' | 0x80..) => Ok(Part::Value),
            (Part::HeadEnd, b'\n') => Ok(Part::Complete),
            _ => Err(HandshakeError::MalformedHead),
        }
    }

    fn end_method(&mut self, word: &[u8]) -> Result<Part, HandshakeError> {
        let form = match word {
            b" " => return Err(HandshakeError::MalformedHead),
            b"OPTIONS " => TargetForm::Asterisk,
            b"CONNECT " => TargetForm::Authority,
            _ => TargetForm::Usual,
        };
        self.word = self.scanned.saturating_add(1);
        Ok(Part::Target(form))
    }

    fn end_target(&mut self, form: TargetForm, word: &[u8]) -> Result<Part, HandshakeError> {
        let target = word.get(..word.len().saturating_sub(1)).unwrap_or_default();
        let is_target = match form {
            TargetForm::Authority => !target.is_empty(),
            TargetForm::Asterisk if target == b"*" => true,
            _ => target.first() == Some(&b'/') || is_absolute(target),
        };
        self.word = self.scanned.saturating_add(1);
        if is_target { Ok(Part::Version) } else { Err(HandshakeError::MalformedHead) }
    }

    fn begin_header_line(&mut self) -> Result<Part, HandshakeError> {
        self.header_lines = self.header_lines.saturating_add(1);
        if self.header_lines > Self::MAX_HEADER_LINES {
            return Err(HandshakeError::HeadTooLarge);
        }
        Ok(Part::Name)
    }
}

/// Returns whether a target of this form may begin so.
fn check_target(form: TargetForm, target: &[u8]) -> Result<Part, HandshakeError> {
    if target.len() > Head::MAX_TARGET {
        return Err(HandshakeError::TargetTooLong);
    }
    let begins_well = target.first() == Some(&b'/')
        || form == TargetForm::Authority
        || (form == TargetForm::Asterisk && target == b"*")
        // While it is shorter than a scheme, it is compared as far as it goes.
        || SCHEMES.iter().any(|scheme| starts_alike(target, scheme));
    if begins_well { Ok(Part::Target(form)) } else { Err(HandshakeError::MalformedHead) }
}

/// Takes a byte of the version: `HTTP/`, a digit, a point, a digit (RFC 9112 §2.3). In a request the line ends there.
/// In a response there follow three digits and a reason phrase, which says nothing that counts (RFC 9112 §4).
fn step_version(part: Part, byte: u8, word: &[u8]) -> Result<Part, HandshakeError> {
    let pattern: &[u8] = if part == Part::Status { b"HTTP/0.0 000 " } else { b"HTTP/0.0" };
    let expected = word.len().checked_sub(1).and_then(|at| pattern.get(at));
    match (expected, byte) {
        (None, b'\r') => Ok(Part::LineEnd),
        (None, b'\t' | b' '..=b'~' | 0x80..) if part == Part::Status => Ok(part),
        (Some(b'0'), b'0'..=b'9') => Ok(part),
        (Some(expected), byte) if *expected == byte => Ok(part),
        _ => Err(HandshakeError::MalformedHead),
    }
}

/// The absolute forms of a target that lead to a WebSocket or to a page (§3, RFC 9110 §4.2).
const SCHEMES: [&[u8]; 4] = [b"http://", b"https://", b"ws://", b"wss://"];

/// Returns whether the shorter of the two is the beginning of the longer, without regard to case.
fn starts_alike(target: &[u8], scheme: &[u8]) -> bool {
    target.iter().zip(scheme).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// Returns whether a target is in absolute form (RFC 9112 §3.2.2).
pub(super) fn is_absolute(target: &[u8]) -> bool {
    SCHEMES.iter().any(|scheme| target.len() >= scheme.len() && starts_alike(target, scheme))
}

/// Returns whether a method or a field name may have this byte (RFC 9110 §5.6.2).
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// Returns whether this is a token (RFC 9110 §5.6.2).
pub(super) fn is_a_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().copied().all(is_token)
}
