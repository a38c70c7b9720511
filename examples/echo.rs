//! The protocol over a transport of one's own: whatever reads and writes will do. This answers an opening handshake and
//! says everything back.
//!
//! `cargo run --example echo [ADDRESS]` does so over TCP, with a thread for each client.

use chinwag::protocol::close::CloseCode;
use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::event::Event;
use chinwag::protocol::handshake::{Request, SwitchingProtocols};
use chinwag::protocol::head::Head;
use chinwag::protocol::receiver::{Limits, ServerReceiver};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::{env, thread};

const LIMITS: Limits = Limits { max_message: 64 * 1024, max_fragments: 1024 };

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_string());
    let listener = TcpListener::bind(address)?;
    println!("listening on http://{}/", listener.local_addr()?);
    serve(&listener)
}

/// Echoes to everyone who connects, until accepting fails.
pub fn serve(listener: &TcpListener) -> io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        thread::Builder::new().spawn(move || {
            if let Err(error) = echo(stream) {
                eprintln!("{error}");
            }
        })?;
    }
    Ok(())
}

/// One client's life (§4.2, §6, §7) on any transport.
fn echo(mut transport: impl Read + Write) -> io::Result<()> {
    // Enough for the longest message, and for the longest head as well.
    let mut buffer = vec![0; ServerReceiver::buffer_len(LIMITS.max_message)];
    let mut filled = shake_hands(&mut transport, &mut buffer)?;
    // §6.2: after the head there are frames. Each event is a part of the buffer, and so is the frame that goes back.
    let mut receiver = ServerReceiver::new(LIMITS);
    let close = loop {
        match receiver.receive(&mut buffer[..filled]) {
            Ok(Some(Event::Message(message))) => transport.write_all(message.into_frame())?,
            Ok(Some(Event::Ping(ping))) => transport.write_all(ping.into_pong())?,
            Ok(Some(Event::Pong(_))) => {}
            Ok(Some(Event::Close(code, _))) => {
                break ControlFrame::close(code.unwrap_or(CloseCode::NORMAL_CLOSURE), "", None);
            }
            Err(error) => break ControlFrame::close(error.close_code(), error.reason(), None),
            Ok(None) => {
                filled = receiver.compact(&mut buffer, filled).map_err(io::Error::other)?;
                filled += read_more(&mut transport, &mut buffer[filled..])?;
            }
        }
    };
    transport.write_all(close.as_bytes())
}

/// §4.2: the opening handshake. Only what has arrived behind the head is left in the buffer; how much that is.
fn shake_hands(mut transport: impl Read + Write, buffer: &mut [u8]) -> io::Result<usize> {
    // A `Head` that is kept scans every byte once, however slowly they come.
    let (mut head, mut filled) = (Head::new(), 0);
    let head_len = loop {
        filled += read_more(&mut transport, &mut buffer[filled..])?;
        if let Some(len) = head.scan(&buffer[..filled]).map_err(io::Error::other)? {
            break len;
        }
    };
    let (request, _) =
        Request::parse(&buffer[..head_len]).map_err(io::Error::other)?.ok_or(ErrorKind::InvalidData)?;
    let accept_key = request.handshake().map_err(io::Error::other)?.ok_or(ErrorKind::InvalidData)?;
    let accepted = SwitchingProtocols { accept_key, subprotocol: None, fields: &[] };
    transport.write_all(accepted.write(&mut [0; 256]).map_err(io::Error::other)?)?;
    buffer.copy_within(head_len..filled, 0);
    Ok(filled - head_len)
}

/// Reads what has arrived, or waits for it; the end is an error.
fn read_more(mut transport: impl Read, into: &mut [u8]) -> io::Result<usize> {
    let count = transport.read(into)?;
    if count > 0 { Ok(count) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A transport that is read from an array, a few bytes at a time, and written to a vector.
    struct Script<'s>(&'s [u8], Vec<u8>);

    impl Read for Script<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = into.len().min(7);
            self.0.read(&mut into[..most])
        }
    }

    impl Write for Script<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The request of §1.3, the masked "Hello" of §5.7, a Ping, and a Close without a code.
    const SAID: &[u8] =
        b"GET / HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n\
        \x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x81\0\0\0\0?\x88\x80\0\0\0\0";

    #[test]
    fn says_everything_back() {
        let mut script = Script(SAID, Vec::new());
        echo(&mut script).unwrap();
        let heard = b"Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05Hello\x8a\x01?\x88\x02\x03\xe8";
        assert!(script.1.ends_with(heard), "{}", script.1.escape_ascii());
    }

    #[test]
    fn ends_with_the_transport() {
        for len in 0..SAID.len() {
            assert!(echo(&mut Script(&SAID[..len], Vec::new())).is_err(), "after {len} bytes");
        }
    }

    #[test]
    fn says_what_was_wrong() {
        let mut script = Script(&[&SAID[..SAID.len() - 6], b"\xc1"].concat(), Vec::new());
        echo(&mut script).unwrap();
        assert!(script.1.ends_with(b"\x88\x12\x03\xeareserved bit set"), "{}", script.1.escape_ascii());
    }
}
