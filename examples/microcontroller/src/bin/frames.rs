//! Frames alone: says everything back.
#![no_std]
#![no_main]

use board::Uart;
use chinwag::protocol::close::CloseCode;
use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::error::ProtocolError;
use chinwag::protocol::event::Event;
use chinwag::protocol::receiver::{Limits, ServerReceiver};

const LIMITS: Limits = Limits { max_message: 1024, max_fragments: 64 };

type Buffer = [u8; ServerReceiver::buffer_len(LIMITS.max_message)];

#[cortex_m_rt::entry]
fn main() -> ! {
    // No stack has to hold it: `entry` makes it a reference, the only one.
    static mut BUFFER: Buffer = [0; size_of::<Buffer>()];
    let uart = Uart::new();
    loop {
        uart.write(talk(&uart, BUFFER).as_bytes());
    }
}

/// §6.2: frames. Returns the Close that ends it.
fn talk(uart: &Uart, buffer: &mut Buffer) -> ControlFrame {
    let mut receiver = ServerReceiver::new(LIMITS);
    let mut arrived = 0;
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
                    arrived = kept + uart.read(buffer.get_mut(kept..).unwrap_or_default(), board::WHILE)
                }
                Err(full) => return fail(full.into()),
            },
        }
    }
}

fn fail(error: ProtocolError) -> ControlFrame {
    ControlFrame::close(error.close_code(), error.reason(), None)
}
