//! A chat server on `tungstenite`: two threads per client. One reads, and hands each message, encoded once, to
//! everyone else's channel; the other waits at its channel and writes all that has gathered there in one call.
//!
//! The other design, a lock around all sockets, is `naive.rs`; with this library it is slower still.

use bytes::Bytes;
use chinwag_benches::Result;
use chinwag_benches::peer::{self, Batch, Options};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::{Message, accept_with_config};

/// Everyone's channel, under a lock that gives all messages one order.
type Room = Arc<Mutex<Vec<(usize, Sender<Bytes>)>>>;

const STACK: usize = 64 << 10;

fn main() -> Result<()> {
    let options = peer::options()?;
    let listener = peer::listen()?;
    let room = Room::default();
    for (number, stream) in listener.incoming().enumerate() {
        let (stream, room) = (stream?, room.clone());
        thread::Builder::new().stack_size(STACK).spawn(move || {
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
    let stream = Arc::new(stream);
    let (sender, receiver) = channel();
    room.lock().unwrap().push((number, sender.clone()));
    let mut socket = accept_with_config(Socket { stream: stream.clone(), sender: None }, config(options))?;
    socket.get_mut().sender = Some(sender);
    thread::Builder::new().stack_size(STACK).spawn(move || write_all(&stream, &receiver))?;
    loop {
        let (message, opcode) = match socket.read()? {
            Message::Text(text) => (text.into(), Data::Text),
            Message::Binary(bytes) => (bytes, Data::Binary),
            _ => continue,
        };
        let mut frame = Vec::with_capacity(message.len() + 10);
        Frame::message(message, OpCode::Data(opcode), true).format(&mut frame)?;
        let frame = Bytes::from(frame);
        for (_, member) in room.lock().unwrap().iter().filter(|(other, _)| *other != number) {
            // One who is gone is taken out by its own thread.
            let _ = member.send(frame.clone());
        }
    }
}

/// Until the client is gone, and nobody can send it anything.
fn write_all(mut stream: &TcpStream, receiver: &Receiver<Bytes>) {
    let mut batch = Batch::default();
    while let Ok(frame) = receiver.recv() {
        batch.add(frame);
        while !batch.is_full() {
            let Ok(frame) = receiver.try_recv() else { break };
            batch.add(frame);
        }
        if stream.write_all(batch.as_bytes()).is_err() {
            return;
        }
        batch.clear();
    }
}

/// What the library itself sends, Pongs and Closes, goes through the channel, too, once there is one.
struct Socket {
    stream: Arc<TcpStream>,
    sender: Option<Sender<Bytes>>,
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self.stream).read(into)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.sender {
            None => (&*self.stream).write(bytes),
            Some(sender) => {
                let sent = sender.send(Bytes::copy_from_slice(bytes));
                sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
            }
        }
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
