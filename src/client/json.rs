//! RFC 8259, as much of it as the messages of a page and the announcements of a server have: an object of strings, of
//! lists of strings, and of values without quotes. Whatever else it is, it is `None`, and never a panic.

use std::iter::Peekable;
use std::str::Chars;

/// A value of an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    /// A number, `true`, `false` or `null`, as it stands.
    Bare(String),
}

/// An object's members in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Object(Vec<(String, Value)>);

impl Object {
    pub(super) fn parse(text: &str) -> Option<Object> {
        let mut parser = Parser(text.chars().peekable());
        let members = parser.sequence('{', '}', |parser| {
            let name = parser.string()?;
            parser.expect(':')?;
            Some((name, parser.value()?))
        })?;
        parser.skip_space();
        parser.0.next().is_none().then_some(Object(members))
    }

    /// Returns the last member of that name, as a browser does.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

struct Parser<'t>(Peekable<Chars<'t>>);

impl Parser<'_> {
    fn skip_space(&mut self) {
        while self.0.next_if(|c| matches!(c, ' ' | '\t' | '\r' | '\n')).is_some() {}
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        self.skip_space();
        self.0.next_if_eq(&wanted).map(drop)
    }

    fn sequence<T>(
        &mut self,
        open: char,
        close: char,
        item: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.expect(open)?;
        let mut items = Vec::new();
        if self.expect(close).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.expect(',').is_none() {
                return self.expect(close).map(|()| items);
            }
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_space();
        match self.0.peek()? {
            '"' => self.string().map(Value::Text),
            '[' => self.sequence('[', ']', Self::string).map(Value::List),
            _ => {
                let mut bare = String::new();
                while let Some(c) = self.0.next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)) {
                    bare.push(c);
                }
                Some(Value::Bare(bare)).filter(|bare| *bare != Value::Bare(String::new()))
            }
        }
    }

    /// RFC 8259 §7: a character beyond the basic plane is two escapes, as in UTF-16. Half of one is U+FFFD.
    fn string(&mut self) -> Option<String> {
        self.expect('"')?;
        let mut units = Vec::new();
        loop {
            match self.0.next()? {
                '"' => return Some(String::from_utf16_lossy(&units)),
                '\\' => units.push(self.escape()?),
                c => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        Some(match self.0.next()? {
            'b' => 0x8,
            'f' => 0xC,
            'n' => 0xA,
            'r' => 0xD,
            't' => 0x9,
            'u' => {
                let unit = (0..4).try_fold(0, |unit, _| Some(unit * 16 + self.0.next()?.to_digit(16)?))?;
                return u16::try_from(unit).ok();
            }
            c @ ('"' | '\\' | '/') => c as u16,
            _ => return None,
        })
    }
}

/// Returns `text` as a JSON string, quotes included.
pub(super) fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\0'..='\u{1f}' => json += &format!("\\u{:04x}", u32::from(c)),
            c => json.push(c),
        }
    }
    json + "\""
}
