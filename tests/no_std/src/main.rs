//! The protocol core on a fixed array: no `std`, no `alloc`, no allocator, no operating system but for its `main`.
#![no_std]
#![no_main]

use core::fmt::{self, Write};
use core::panic::PanicInfo;

use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::error::ProtocolError;
use chinwag::protocol::event::{Event, MessageType};
use chinwag::protocol::receiver::{Limits, ServerReceiver};
use chinwag::trace::explain;

const LIMITS: Limits = Limits { max_message: 256, max_fragments: 8 };

/// §5.7: "Hello", masked, in two reads; then a frame without a mask.
const HELLO: ([u8; 4], [u8; 7]) = ([0x81, 0x85, 0x37, 0xfa], [0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
const UNMASKED: [u8; 7] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];

/// What a device has for a connection: its state and its buffer, both of a size known when it is built.
struct Connection {
    receiver: ServerReceiver,
    buffer: [u8; ServerReceiver::buffer_len(LIMITS.max_message)],
    filled: usize,
}

impl Connection {
    /// The next event, once `bytes` have been read.
    fn read(&mut self, bytes: &[u8]) -> Result<Option<Event<'_>>, ProtocolError> {
        let kept = self.receiver.compact(&mut self.buffer, self.filled)?;
        self.filled = kept + bytes.len();
        self.buffer[kept..self.filled].copy_from_slice(bytes);
        self.receiver.receive(&mut self.buffer[..self.filled])
    }
}

/// The number of the first check that failed; 0 when none did.
fn first_failure(connection: &mut Connection) -> i32 {
    if !matches!(connection.read(&HELLO.0), Ok(None)) {
        return 1;
    }
    let Ok(Some(Event::Message(message))) = connection.read(&HELLO.1) else {
        return 2;
    };
    if message.message_type() != MessageType::Text || message.into_frame() != UNMASKED {
        return 3;
    }
    let Err(error) = connection.read(&UNMASKED) else {
        return 4;
    };
    let close = ControlFrame::close(error.close_code(), error.reason(), None);
    let expected = b"\x88\x12\x03\xeaframe not masked";
    if error != ProtocolError::UnmaskedFrame || close.as_bytes() != expected {
        return 5;
    }
    let mut text = Text { bytes: [0; 1024], len: 0 };
    if write!(text, "{}", explain(&UNMASKED)).is_err() || !text.bytes[..text.len].ends_with(b"payload") {
        return 6;
    }
    0
}

/// Formatted text in a fixed array.
struct Text {
    bytes: [u8; 1024],
    len: usize,
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

// What starts the program and calls `main`, and `memcpy` and the like, are the C library's.
#[link(name = "c")]
unsafe extern "C" {}

/// `core` comes compiled for unwinding and names what would unwind. Nothing here does: a panic aborts.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    let receiver = ServerReceiver::new(LIMITS);
    first_failure(&mut Connection {
        receiver,
        buffer: [0; ServerReceiver::buffer_len(LIMITS.max_message)],
        filled: 0,
    })
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
