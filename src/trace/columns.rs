//! Bytes in lines: on the wire, what is in them, what they mean.

use core::fmt::{self, Write};

/// Where what is in the bytes begins, and where its meaning does.
const CONTENT: usize = 25;
const MEANING: usize = CONTENT + 12;

/// Begins a line: bytes and what is in them, as far as where the meaning begins if there is one to come.
pub(super) fn write_row(
    f: &mut fmt::Formatter<'_>,
    bytes: &[u8],
    content: impl fmt::Display,
    has_meaning: bool,
) -> fmt::Result {
    f.write_char('\n')?;
    let mut columns = Columns { f, width: 0 };
    write!(columns, "{}", Hex(bytes))?;
    columns.fill_to(CONTENT)?;
    write!(columns, "{content}")?;
    columns.fill_to(if has_meaning { MEANING } else { 0 })
}

/// Counts what is written. All of it is ASCII.
struct Columns<'f, 'a> {
    f: &'f mut fmt::Formatter<'a>,
    width: usize,
}

impl Columns<'_, '_> {
    fn fill_to(&mut self, width: usize) -> fmt::Result {
        (self.width..width).try_for_each(|_| self.write_char(' '))
    }
}

impl Write for Columns<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.width += text.len();
        self.f.write_str(text)
    }
}

/// In hexadecimal.
pub(crate) struct Hex<'b>(pub(crate) &'b [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        self.0.iter().try_for_each(|byte| write!(f, "{}{byte:02x}", core::mem::replace(&mut separator, " ")))
    }
}

/// What can be shown of some bytes one by one.
pub(super) struct Ascii<'b>(pub(super) &'b [u8]);

impl fmt::Display for Ascii<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.iter().map(|byte| if (b' '..=b'~').contains(byte) { *byte } else { b'.' });
        shown.try_for_each(|byte| f.write_char(byte.into()))
    }
}

/// UTF-8 in one line: what cannot be shown is escaped.
pub(crate) struct Text<'b>(pub(crate) &'b [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.utf8_chunks().try_for_each(|chunk| {
            for part in chunk.valid().split_inclusive(QUOTES) {
                let unquoted = part.trim_end_matches(QUOTES);
                write!(f, "{}{}", unquoted.escape_debug(), &part[unquoted.len()..])?;
            }
            write!(f, "{}", chunk.invalid().escape_ascii())
        })
    }
}

/// They would be escaped, too, and need not be.
const QUOTES: [char; 2] = ['"', '\''];

/// So many bytes.
pub(crate) struct Count(pub(crate) u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "byte" } else { "bytes" })
    }
}
