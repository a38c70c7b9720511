//! A WebSocket client on a serial line: asks for a connection when the board starts, then says everything back. The text
//! `stack` is answered with how much stack has been used.
#![no_std]
#![no_main]

use board::{Random, Uart};
use chinwag::protocol::client_handshake::{ClientRequest, Response, request_key};
use chinwag::protocol::close::CloseCode;
use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::error::ProtocolError;
use chinwag::protocol::event::{Event, MessageType};
use chinwag::protocol::frame::{FrameHeader, Opcode};
use chinwag::protocol::head::Head;
use chinwag::protocol::receiver::{ClientReceiver, Limits};

const LIMITS: Limits = Limits { max_message: 1024, max_fragments: 64 };

/// Holds the response's head, then frames. Its length is also that of the longest head.
type Buffer = [u8; ClientReceiver::buffer_len(LIMITS.max_message)];

#[cortex_m_rt::entry]
fn main() -> ! {
    // No stack has to hold it: `entry` makes it a reference, the only one.
    static mut BUFFER: Buffer = [0; size_of::<Buffer>()];
    let (uart, mut random, buffer) = (Uart::new(), Random::new(), BUFFER);
    if let Some(arrived) = open(&uart, &mut random, buffer) {
        let close = talk(&uart, &mut random, buffer, arrived);
        uart.write(close.as_bytes());
    }
    // Where the server has said no, there is nobody to tell.
    loop {
        uart.read(buffer, board::WHILE);
    }
}

/// §4.1: the opening handshake. Returns how many bytes of frames have come with the response.
fn open(uart: &Uart, random: &mut Random, buffer: &mut Buffer) -> Option<usize> {
    let key = request_key(random.bytes());
    let request = ClientRequest { host: "board", target: "/", key, subprotocols: &[], fields: &[] };
    uart.write(request.write(buffer).ok()?);
    let (mut head, mut arrived) = (Head::of_response(), 0);
    let len = loop {
        arrived += uart.read(buffer.get_mut(arrived..).filter(|free| !free.is_empty())?, board::WHILE);
        if let Some(len) = head.scan(buffer.get(..arrived)?).ok()? {
            break len;
        }
    };
    let (response, _) = Response::parse(buffer).ok()??;
    response.handshake(&request).ok()?;
    Some(board::discard(buffer.get_mut(..arrived)?, len))
}

/// §6.2: frames. Returns the Close that ends it.
fn talk(uart: &Uart, random: &mut Random, buffer: &mut Buffer, mut arrived: usize) -> ControlFrame {
    let mut receiver = ClientReceiver::new(LIMITS);
    loop {
        match receiver.receive(buffer.get_mut(..arrived).unwrap_or_default()) {
            Ok(Some(Event::Message(message))) if message.payload() == b"stack" => {
                say(uart, random, Opcode::Text, &board::stack_used());
            }
            Ok(Some(Event::Message(message))) => {
                let is_text = message.message_type() == MessageType::Text;
                let opcode = if is_text { Opcode::Text } else { Opcode::Binary };
                say(uart, random, opcode, message.payload());
            }
            Ok(Some(Event::Ping(ping))) => say(uart, random, Opcode::Pong, ping.payload()),
            Ok(Some(Event::Pong(_))) => {}
            Ok(Some(Event::Close(code, _))) => {
                return ControlFrame::close(
                    code.unwrap_or(CloseCode::NORMAL_CLOSURE),
                    "",
                    Some(random.bytes()),
                );
            }
            Err(error) => return fail(random, error),
            Ok(None) => match receiver.compact(buffer, arrived) {
                Ok(kept) => {
                    arrived = kept + uart.read(buffer.get_mut(kept..).unwrap_or_default(), board::WHILE)
                }
                Err(full) => return fail(random, full.into()),
            },
        }
    }
}

/// §5.3: a frame with its mask, which is put on byte by byte as they go: so it needs no buffer of its own.
fn say(uart: &Uart, random: &mut Random, opcode: Opcode, payload: &[u8]) {
    let (masking_key, payload_len) = (random.bytes(), payload.len() as u64);
    let header = FrameHeader { fin: true, opcode, masking_key: Some(masking_key), payload_len };
    uart.write(header.encode(&mut [0; FrameHeader::MAX_LEN]));
    for (byte, key) in payload.iter().zip(masking_key.iter().cycle()) {
        uart.write(&[byte ^ key]);
    }
}

fn fail(random: &mut Random, error: ProtocolError) -> ControlFrame {
    ControlFrame::close(error.close_code(), error.reason(), Some(random.bytes()))
}
