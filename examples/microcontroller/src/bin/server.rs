//! A WebSocket server on a serial line: answers an opening handshake, then says everything back, until one of the two
//! closes; then it waits for the next handshake. The text `stack` is answered with how much stack has been used.
#![no_std]
#![no_main]

use board::Uart;
use chinwag::protocol::close::CloseCode;
use chinwag::protocol::control::ControlFrame;
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

/// §4.2: the opening handshake. Returns how many bytes of frames have come with it. A head that ends in silence is
/// forgotten: nothing else tells that its client has gone.
fn open(uart: &Uart, buffer: &mut Buffer) -> Result<usize, HandshakeError> {
    let (mut head, mut arrived) = (Head::new(), 0);
    let len = loop {
        let free = buffer.get_mut(arrived..).filter(|free| !free.is_empty());
        match uart.read(free.ok_or(HandshakeError::HeadTooLarge)?) {
            0 => (head, arrived) = (Head::new(), 0),
            more => arrived += more,
        }
        if let Some(len) = head.scan(buffer.get(..arrived).unwrap_or_default())? {
            break len;
        }
    };
    let (request, _) = Request::parse(buffer)?.ok_or(HandshakeError::MalformedHead)?;
    let accept_key = request.handshake()?.ok_or(HandshakeError::IncompleteUpgrade)?;
    uart.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
    uart.write(&accept_key);
    uart.write(b"\r\n\r\n");
    Ok(board::discard(buffer.get_mut(..arrived).unwrap_or_default(), len))
}

/// §6.2: frames. Returns the Close that ends it. Silence is answered with a Ping, and silence after that with the end:
/// nothing else tells that the client has gone.
fn talk(uart: &Uart, buffer: &mut Buffer, mut arrived: usize) -> ControlFrame {
    let mut receiver = ServerReceiver::new(LIMITS);
    let mut is_asked = false;
    loop {
        match receiver.receive(buffer.get_mut(..arrived).unwrap_or_default()) {
            Ok(Some(Event::Message(message))) if message.payload() == b"stack" => {
                uart.write(&[0x81, 5]);
                uart.write(&board::stack_used());
            }
            Ok(Some(Event::Message(message))) => uart.write(message.into_frame()),
            Ok(Some(Event::Ping(ping))) => uart.write(ping.into_pong()),
            Ok(Some(Event::Pong(_))) => {}
            Ok(Some(Event::Close(code, _))) => {
                return ControlFrame::close(code.unwrap_or(CloseCode::NORMAL_CLOSURE), "", None);
            }
            Err(error) => return fail(error),
            Ok(None) => match receiver.compact(buffer, arrived) {
                Ok(kept) => {
                    let more = uart.read(buffer.get_mut(kept..).unwrap_or_default());
                    if more == 0 && is_asked {
                        return ControlFrame::close(CloseCode::INTERNAL_ERROR, "silent", None);
                    } else if more == 0 {
                        uart.write(&[0x89, 0]);
                    }
                    (arrived, is_asked) = (kept + more, more == 0);
                }
                Err(full) => return fail(full.into()),
            },
        }
    }
}

fn fail(error: ProtocolError) -> ControlFrame {
    ControlFrame::close(error.close_code(), error.reason(), None)
}

fn refuse(uart: &Uart, error: HandshakeError) {
    let status = error.status();
    uart.write(b"HTTP/1.1 ");
    uart.write(&[status / 100, status / 10 % 10, status % 10].map(|digit| digit as u8 + b'0'));
    for part in [" ", error.reason_phrase(), "\r\n", error.fields(), "Content-Length: 0\r\n\r\n"] {
        uart.write(part.as_bytes());
    }
}
