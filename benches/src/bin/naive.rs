//! The textbook chat server: a thread per client, and an `Arc<Mutex<Vec<TcpStream>>>` that is locked for each
//! message while it is written to everyone else.
//!
//! Its handshake and its frames are right for well-behaved clients; it checks nothing (not even UTF-8) and
//! limits nothing. `TCP_NODELAY` is on, else Nagle's algorithm would be what is measured.

use chinwag_benches::{frame, handshake};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

type Room = Arc<Mutex<Vec<(usize, Arc<TcpStream>)>>>;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on http://{}/", listener.local_addr()?);
    let room = Room::default();
    for (number, stream) in listener.incoming().enumerate() {
        let (stream, room) = (stream?, room.clone());
        thread::Builder::new().stack_size(64 << 10).spawn(move || {
            let _ = serve(number, stream, &room);
            room.lock().unwrap().retain(|(other, _)| *other != number);
        })?;
    }
    Ok(())
}

fn serve(number: usize, stream: TcpStream, room: &Room) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let stream = Arc::new(stream);
    let mut reader = BufReader::new(&*stream);
    let response = handshake::response(&read_head(&mut reader)?).ok_or(io::ErrorKind::InvalidData)?;
    {
        let mut members = room.lock().unwrap();
        (&*stream).write_all(response.as_bytes())?;
        members.push((number, stream.clone()));
    }
    loop {
        let (opcode, payload) = read_frame(&mut reader)?;
        match opcode {
            frame::CLOSE => return write_to(room, |other| other == number, opcode, &payload),
            frame::PING => write_to(room, |other| other == number, frame::PONG, &payload)?,
            frame::PONG => {}
            _ => write_to(room, |other| other != number, opcode, &payload)?,
        }
    }
}

fn write_to(room: &Room, to: impl Fn(usize) -> bool, opcode: u8, payload: &[u8]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(payload.len() + 10);
    frame::put(&mut bytes, opcode, None, payload);
    for (number, stream) in room.lock().unwrap().iter() {
        if to(*number) {
            // One who is gone is taken out by its own thread.
            let _ = (&**stream).write_all(&bytes);
        }
    }
    Ok(())
}

fn read_head(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while handshake::head_len(&head).is_none() {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn read_frame(reader: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let [first, second] = read_array(reader)?;
    let len = match second & 0x7F {
        126 => u64::from(u16::from_be_bytes(read_array(reader)?)),
        127 => u64::from_be_bytes(read_array(reader)?),
        short => u64::from(short),
    };
    let key = read_array(reader)?;
    let mut payload = vec![0; len as usize];
    reader.read_exact(&mut payload)?;
    frame::apply_mask(&mut payload, key);
    Ok((first & 0x0F, payload))
}

fn read_array<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}
