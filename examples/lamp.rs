//! The protocol on a device of one's own. Everything has a size that is known when the program is built, and nothing
//! needs an allocator; nor `std`, but for the `main` that stands in for the device (`default-features = false`).
//!
//! A lamp is told "on" or "off". Here its serial line is stdin, and comes without a mask but for a key of zeros:
//! `printf '\201\202\0\0\0\0on\201\203\0\0\0\0off' | cargo run --example lamp`

use chinwag::protocol::error::ProtocolError;
use chinwag::protocol::event::Event;
use chinwag::protocol::receiver::{Limits, ServerReceiver};
use std::io::{self, BufRead, Write};

const LIMITS: Limits = Limits { max_message: 125, max_fragments: 4 };

/// A lamp, and all that its connection needs.
struct Lamp {
    receiver: ServerReceiver,
    buffer: [u8; ServerReceiver::buffer_len(LIMITS.max_message)],
    arrived: usize,
    is_on: bool,
}

impl Lamp {
    const fn new() -> Lamp {
        let buffer = [0; ServerReceiver::buffer_len(LIMITS.max_message)];
        Lamp { receiver: ServerReceiver::new(LIMITS), buffer, arrived: 0, is_on: false }
    }

    /// The serial line, the radio, the network chip has received a byte.
    fn on_byte(&mut self, byte: u8) -> Result<(), ProtocolError> {
        self.buffer[self.arrived] = byte;
        let arrived = &mut self.buffer[..=self.arrived];
        while let Some(event) = self.receiver.receive(arrived)? {
            if let Event::Message(message) = event {
                self.is_on = message.payload() == b"on";
            }
        }
        self.arrived = self.receiver.compact(&mut self.buffer, self.arrived + 1)?;
        Ok(())
    }
}

fn main() -> io::Result<()> {
    burn(io::stdin().lock(), io::stdout())
}

/// Writes whether the lamp is on, whenever that changes.
fn burn(serial_line: impl BufRead, mut out: impl Write) -> io::Result<()> {
    let mut lamp = Lamp::new();
    for byte in serial_line.bytes() {
        let was_on = lamp.is_on;
        lamp.on_byte(byte?).map_err(io::Error::other)?;
        if lamp.is_on != was_on {
            writeln!(out, "{}", if lamp.is_on { "on" } else { "off" })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_at_the_last_byte_of_the_word() {
        let mut lamp = Lamp::new();
        // "on" in two fragments, with a Ping between them (§5.4).
        let (last, rest) = b"\x01\x81\0\0\0\0o\x89\x80\0\0\0\0\x80\x81\0\0\0\0n".split_last().unwrap();
        for byte in rest {
            lamp.on_byte(*byte).unwrap();
            assert!(!lamp.is_on);
        }
        lamp.on_byte(*last).unwrap();
        assert!(lamp.is_on);
        assert_eq!(lamp.on_byte(0xC1), Err(ProtocolError::ReservedBitsSet));
    }

    #[test]
    fn shines_as_its_line_says() {
        let mut shown = Vec::new();
        let line = b"\x81\x82\0\0\0\0on\x81\x82\0\0\0\0on\x81\x83\0\0\0\0off\xC1";
        assert_eq!(burn(&line[..], &mut shown).unwrap_err().to_string(), "reserved bit set");
        assert_eq!(shown, b"on\noff\n");
    }
}
