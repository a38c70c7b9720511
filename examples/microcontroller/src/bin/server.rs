//! A WebSocket server on a serial line: answers an opening handshake, then says everything back, until one of the two
//! closes; then it waits for the next handshake. The text `stack` is answered with how much stack has been used.
#![no_std]
#![no_main]

use board::Uart;
use chinwag::protocol::close::{CloseCode, CloseFrame};
use chinwag::protocol::error::ProtocolError;
use chinwag::protocol::event::Event;
use chinwag::protocol::handshake::Request;
use chinwag::protocol::handshake_error::HandshakeError;
use chinwag::protocol::head::Head;
use chinwag::protocol::receiver::{Limits, ServerReceiver};

const LIMITS: Limits = Limits { max_message: 1024, max_fragments: 64 };

/// Holds a head, then frames. Its length is also that of the longest head.
type Buffer = [u8; ServerReceiver::buffer_len(LIMITS.max_message)];

#[cortex_m_rt::entry]
fn main() -> ! {
    let uart = Uart::new();
    let mut buffer = [0; size_of::<Buffer>()];
    loop {
        match open(&uart, &mut buffer) {
            Ok(arrived) => uart.write(talk(&uart, &mut buffer, arrived).as_bytes()),
            Err(error) => refuse(&uart, error),
        }
    }
}

/// §4.2: the opening handshake. Returns how many bytes of frames have come with it: the client sends none before it has
/// the answer, or breaks §4.1.
fn open(uart: &Uart, buffer: &mut Buffer) -> Result<usize, HandshakeError> {
    let (mut head, mut arrived) = (Head::new(), 0);
    loop {
        let free = buffer.get_mut(arrived..).filter(|free| !free.is_empty());
        arrived += uart.read(free.ok_or(HandshakeError::HeadTooLarge)?);
        if head.scan(buffer.get(..arrived).unwrap_or_default())?.is_some() {
            break;
        }
    }
    let (request, _) = Request::parse(buffer)?.ok_or(HandshakeError::MalformedHead)?;
    let accept_key = request.handshake()?.ok_or(HandshakeError::IncompleteUpgrade)?;
    uart.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
    uart.write(&accept_key);
    uart.write(b"\r\n\r\n");
    Ok(0)
}

/// §6.2: frames. Returns the Close that ends it.
fn talk(uart: &Uart, buffer: &mut Buffer, mut arrived: usize) -> CloseFrame {
    let mut receiver = ServerReceiver::new(LIMITS);
    loop {
        match receiver.receive(buffer.get_mut(..arrived).unwrap_or_default()) {
            Ok(Some(Event::Message(message))) if message.payload() == b"stack" => {
                uart.write(&[0x81, 5]);
                uart.write(&board::stack_used());
            }
            Ok(Some(Event::Message(message))) => uart.write(message.into_frame()),
            Ok(Some(Event::Ping(ping))) => uart.write(ping.into_pong()),
            Ok(Some(Event::Pong(_))) => {}
            Ok(Some(Event::Close(code, _))) => return CloseFrame::new(code.unwrap_or(CloseCode::NORMAL_CLOSURE), ""),
            Err(error) => return fail(error),
            Ok(None) => match receiver.compact(buffer, arrived) {
                Ok(kept) => arrived = kept + uart.read(buffer.get_mut(kept..).unwrap_or_default()),
                Err(full) => return fail(full.into()),
            },
        }
    }
}

fn fail(error: ProtocolError) -> CloseFrame {
    CloseFrame::new(error.close_code(), error.reason())
}

fn refuse(uart: &Uart, error: HandshakeError) {
    let status = error.status();
    uart.write(b"HTTP/1.1 ");
    uart.write(&[status / 100, status / 10 % 10, status % 10].map(|digit| digit as u8 + b'0'));
    for part in [" ", error.reason_phrase(), "\r\n", error.fields(), "Content-Length: 0\r\n\r\n"] {
        uart.write(part.as_bytes());
    }
}
