//! A WebSocket server on a serial line: answers an opening handshake, then says everything back, until one of the two
//! closes; then it waits for the next handshake. The text `stack` is answered with how much stack has been used.
#![no_std]
#![no_main]

use board::Uart;
use chinwag::protocol::close::CloseCode;
use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::error::ProtocolError;
use chinwag::protocol::event::Event;
use chinwag::protocol::frame::Opcode;
use chinwag::protocol::handshake::Request;
use chinwag::protocol::handshake_error::HandshakeError;
use chinwag::protocol::head::Head;
use chinwag::protocol::receiver::{Limits, ServerReceiver};

const LIMITS: Limits = Limits { max_message: 1024, max_fragments: 64 };

/// Holds a head, then frames. Its length is also that of the longest head.
type Buffer = [u8; ServerReceiver::buffer_len(LIMITS.max_message)];

#[cortex_m_rt::entry]
fn main() -> ! {
    // No stack has to hold it: `entry` makes it a reference, the only one.
    static mut BUFFER: Buffer = [0; size_of::<Buffer>()];
    let (uart, buffer) = (Uart::new(), BUFFER);
    loop {
        let ended = match open(&uart, buffer) {
            Ok(arrived) => talk(&uart, buffer, arrived),
            Err(error) => refuse(&uart, error),
        };
        // A client that did not end it itself may not know yet. What it still sends is no next client's head.
        while ended == Ended::ByUs && uart.read(buffer, board::MOMENT) > 0 {}
    }
}

/// Who has ended a connection.
#[derive(PartialEq)]
enum Ended {
    ByClient,
    ByUs,
}

/// §4.2: the opening handshake. Returns how many bytes of frames have come with it. A head that ends in silence is
/// forgotten: nothing else tells that its client has gone.
fn open(uart: &Uart, buffer: &mut Buffer) -> Result<usize, HandshakeError> {
    let (mut head, mut arrived) = (Head::new(), 0);
    let len = loop {
        let free = buffer.get_mut(arrived..).filter(|free| !free.is_empty());
        match uart.read(free.ok_or(HandshakeError::HeadTooLarge)?, board::WHILE) {
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

/// §6.2: frames. Silence is answered with a Ping, and silence after that ends it: nothing else tells that the client has
/// gone.
fn talk(uart: &Uart, buffer: &mut Buffer, mut arrived: usize) -> Ended {
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
                close(uart, code.unwrap_or(CloseCode::NORMAL_CLOSURE), "");
                return Ended::ByClient;
            }
            Err(error) => return fail(uart, error),
            Ok(None) => {
                let kept = match receiver.compact(buffer, arrived) {
                    Ok(kept) => kept,
                    Err(full) => return fail(uart, full.into()),
                };
                let more = uart.read(buffer.get_mut(kept..).unwrap_or_default(), board::WHILE);
                if more == 0 && is_asked {
                    close(uart, CloseCode::INTERNAL_ERROR, "silent");
                    return Ended::ByUs;
                } else if more == 0 {
                    uart.write(ControlFrame::new(Opcode::Ping, b"", None).as_bytes());
                }
                (arrived, is_asked) = (kept + more, more == 0);
            }
        }
    }
}

/// §7.1.7: _Fail the WebSocket Connection_.
fn fail(uart: &Uart, error: ProtocolError) -> Ended {
    close(uart, error.close_code(), error.reason());
    Ended::ByUs
}

fn close(uart: &Uart, code: CloseCode, reason: &str) {
    uart.write(ControlFrame::close(code, reason, None).as_bytes());
}

fn refuse(uart: &Uart, error: HandshakeError) -> Ended {
    let status = error.status();
    uart.write(b"HTTP/1.1 ");
    uart.write(&[status / 100, status / 10 % 10, status % 10].map(|digit| digit as u8 + b'0'));
    for part in [" ", error.reason_phrase(), "\r\n", error.fields(), "Content-Length: 0\r\n\r\n"] {
        uart.write(part.as_bytes());
    }
    Ended::ByUs
}
