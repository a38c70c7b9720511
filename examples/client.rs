//! The other end of the wire, over whatever reads and writes: a parrot, which says back all that it hears.
//!
//! `cargo run --example client [ADDRESS]` sends one into the room there.

use chinwag::protocol::client_handshake::{ClientRequest, Response, request_key};
use chinwag::protocol::event::{Event, MessageType};
use chinwag::protocol::frame::{FrameHeader, Opcode, frame_in_place};
use chinwag::protocol::receiver::{ClientReceiver, Limits};
use chinwag::protocol::{close::CloseCode, control::ControlFrame};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Read, Write};
use std::{array, env, net::TcpStream};

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_string());
    let limits = Limits { max_message: 64 * 1024, max_fragments: 1024 };
    parrot(TcpStream::connect(&address)?, &address, "/", limits)
}

/// A connection's life from the client's side (§4.1, §6, §7).
pub fn parrot(mut stream: impl Read + Write, host: &str, target: &str, limits: Limits) -> io::Result<()> {
    // Enough for the longest message, and here for the longest head as well.
    let mut buffer = vec![0; ClientReceiver::buffer_len(limits.max_message)];
    let request = ClientRequest { host, target, key: request_key(random()), subprotocols: &[], fields: &[] };
    stream.write_all(request.write(&mut buffer).map_err(io::Error::other)?)?;
    let mut filled = 0;
    let rest_len = loop {
        filled += read_more(&mut stream, &mut buffer[filled..])?;
        if let Some((response, rest)) = Response::parse(&buffer[..filled]).map_err(io::Error::other)? {
            response.handshake(&request).map_err(io::Error::other)?;
            break rest.len();
        }
    };
    buffer.copy_within(filled - rest_len..filled, 0);
    filled = rest_len;
    let mut receiver = ClientReceiver::new(limits);
    let close = loop {
        match receiver.receive(&mut buffer[..filled]) {
            Ok(Some(Event::Message(message))) => {
                let is_text = message.message_type() == MessageType::Text;
                let opcode = if is_text { Opcode::Text } else { Opcode::Binary };
                stream.write_all(&masked(opcode, message.payload()))?;
            }
            Ok(Some(Event::Ping(ping))) => stream.write_all(&masked(Opcode::Pong, ping.payload()))?,
            Ok(Some(Event::Pong(_))) => {}
            Ok(Some(Event::Close(code, _))) => break (code.unwrap_or(CloseCode::NORMAL_CLOSURE), ""),
            Err(error) => break (error.close_code(), error.reason()),
            Ok(None) => {
                filled = receiver.compact(&mut buffer, filled).map_err(io::Error::other)?;
                filled += read_more(&mut stream, &mut buffer[filled..])?;
            }
        }
    };
    stream.write_all(ControlFrame::close(close.0, close.1, Some(random())).as_bytes())?;
    // §7.1.1: a client "SHOULD wait for a TCP Close from the server".
    io::copy(&mut stream, &mut io::sink()).map(|_| ())
}

/// A client's header is longer than the one that has arrived, so that what is said back needs a place of its own.
fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut buffer = [&[0; FrameHeader::MAX_LEN], payload].concat();
    frame_in_place(&mut buffer, FrameHeader::MAX_LEN, opcode, Some(random())).expect("headroom").to_vec()
}

/// Reads what has arrived, or waits for it; the end is an error.
fn read_more(stream: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let count = stream.read(into)?;
    if count > 0 { Ok(count) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Bytes that nobody can guess (§4.1 (7), §5.3): the hasher's keys are the system's.
fn random<const N: usize>() -> [u8; N] {
    array::from_fn(|_| RandomState::new().hash_one(()) as u8)
}
