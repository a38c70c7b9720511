//! A chat server on `tungstenite`: a thread per client, and the sockets of all under a lock. Each message is encoded once
//! and written to everyone else.
//!
//! The other design, a channel and a second thread for each client, takes three times the processor time: a thread is
//! woken for each client, for one message or a few.

use chinwag_benches::Result;
use chinwag_benches::peer::{self, Options};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::{Message, accept_with_config};

type Room = Arc<Mutex<Vec<(usize, Arc<TcpStream>)>>>;

fn main() -> Result<()> {
    let options = peer::options()?;
    let listener = peer::listen()?;
    let room = Room::default();
    for (number, stream) in listener.incoming().enumerate() {
        let (stream, room) = (stream?, room.clone());
        thread::Builder::new().stack_size(64 << 10).spawn(move || {
            let _ = if options.echo { echo(stream, options) } else { chat(number, stream, &room, options) };
            room.lock().unwrap().retain(|(other, _)| *other != number);
        })?;
    }
    Ok(())
}

fn config(options: Options) -> Option<WebSocketConfig> {
    let config = WebSocketConfig::default().read_buffer_size(options.read_buffer());
    let max = Some(options.max_message);
    Some(config.max_message_size(max).max_frame_size(max))
}

fn chat(number: usize, stream: TcpStream, room: &Room, options: Options) -> Result<()> {
    stream.set_nodelay(true)?;
    let socket = Socket { number, stream: Arc::new(stream), room: room.clone(), joined: false };
    let mut socket = accept_with_config(socket, config(options))?;
    loop {
        let (message, opcode) = match socket.read()? {
            Message::Text(text) => (text.into(), Data::Text),
            Message::Binary(bytes) => (bytes, Data::Binary),
            _ => continue,
        };
        let mut frame = Vec::with_capacity(message.len() + 10);
        Frame::message(message, OpCode::Data(opcode), true).format(&mut frame)?;
        for (_, member) in room.lock().unwrap().iter().filter(|(other, _)| *other != number) {
            // One who is gone is taken out by its own thread.
            let _ = (&**member).write_all(&frame);
        }
    }
}

/// What the library itself sends, Pongs and Closes, is written under the lock, too. Its first write is the 101: whoever
/// has that is in the room.
struct Socket {
    number: usize,
    stream: Arc<TcpStream>,
    room: Room,
    joined: bool,
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self.stream).read(into)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut members = self.room.lock().unwrap();
        (&*self.stream).write_all(bytes)?;
        if !self.joined {
            members.push((self.number, self.stream.clone()));
            self.joined = true;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn echo(stream: TcpStream, options: Options) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut socket = accept_with_config(SendsBeforeItReads { stream, out: Vec::new() }, config(options))?;
    loop {
        match socket.read() {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message)?,
            Ok(_) => {}
            Err(error) => {
                let SendsBeforeItReads { stream, out } = socket.get_mut();
                stream.write_all(out)?;
                return Err(error.into());
            }
        }
    }
}

/// Keeps what is written until more is wanted than has arrived: so all messages of one read are answered in one write.
struct SendsBeforeItReads {
    stream: TcpStream,
    out: Vec<u8>,
}

impl Read for SendsBeforeItReads {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        self.stream.read(into)
    }
}

impl Write for SendsBeforeItReads {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What is long is not worth a copy.
        if bytes.len() > peer::BATCH_MAX {
            self.stream.write_all(&self.out)?;
            self.out.clear();
            return self.stream.write(bytes);
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
