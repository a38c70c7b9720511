//! A textbook's first page: a chat server in a hundred lines, with a thread for each client and one locked vector of
//! their sockets. `cargo run --example textbook`, then `python3 -m websockets ws://127.0.0.1:8080/` in two terminals.
//!
//! What it says is right: `chinwag::protocol` sees to that. What it does fails, as soon as someone is slow, dead or
//! hostile. Each "Fails" below says how, and which file of `src/server/` has the cure.

use chinwag::protocol::close::{CloseCode, CloseFrame};
use chinwag::protocol::receiver::{Limits, Receiver};
use chinwag::protocol::{event::Event, frame::Opcode, handshake::Request};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::{env, thread};

type Room = Arc<Mutex<Vec<TcpStream>>>;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:8080"))?;
    println!("listening on http://{}/", listener.local_addr()?);
    serve(&listener)
}

/// A thread for each client, for ever. Fails at its end: everyone is cut off in the middle of a word (mod.rs).
pub fn serve(listener: &TcpListener) -> io::Result<()> {
    let room = Room::default();
    for stream in listener.incoming() {
        // Fails when no descriptor is free: the server ends for everyone (mod.rs).
        let (stream, room) = (stream?, Arc::clone(&room));
        // Fails in a crowd: nothing bounds it (gate.rs), and where no thread can be had, this is a panic (mod.rs).
        thread::spawn(move || chat(stream, &room).unwrap_or_else(|error| eprintln!("{error}")));
    }
    Ok(())
}

/// One client's life: the opening handshake (§4.2), messages (§6), the Close (§7).
fn chat(mut stream: TcpStream, room: &Room) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (own, mut buffer) = (stream.peer_addr()?, Vec::new());
    let (accept_key, rest) = loop {
        // Fails if the rest of the request never comes: this waits for ever (client.rs).
        read_more(&mut stream, &mut buffer)?;
        if let Some((request, rest)) = Request::parse(&buffer).map_err(io::Error::other)? {
            // Fails if a web page from anywhere sends its visitors here: they are let in (policy.rs).
            let accept_key = request.handshake().map_err(io::Error::other)?;
            break (accept_key.ok_or(ErrorKind::InvalidData)?, rest.to_vec());
        }
    };
    // The answer and the joining are one step: no message comes before the answer, none behind it is missed.
    let mut members = room.lock().unwrap();
    stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")?;
    stream.write_all(&[b"Sec-WebSocket-Accept: ", &accept_key[..], b"\r\n\r\n"].concat())?;
    members.push(stream.try_clone()?);
    drop(members);
    let mut receiver = Receiver::new(Limits { max_message: 64 * 1024, max_fragments: 1024 });
    buffer = rest;
    let end = loop {
        match receiver.receive(&mut buffer) {
            Ok(Some(Event::Message { opcode, payload })) => post(room, own, payload.into_frame(opcode)),
            Ok(Some(Event::Ping(payload))) => {
                let _members = room.lock().unwrap();
                let _ = stream.write_all(payload.into_frame(Opcode::Pong));
            }
            Ok(Some(Event::Pong(_))) => {}
            Ok(Some(Event::Close(code, _))) => break Ok(code.unwrap_or(CloseCode::NORMAL_CLOSURE)),
            Err(error) => break Ok(error.close_code()),
            Ok(None) => {
                let kept = receiver.compact(&mut buffer);
                buffer.truncate(kept);
                // Fails if the client has gone and could not say so: nobody asks, and it keeps its place (client.rs).
                if let Err(error) = read_more(&mut stream, &mut buffer) {
                    break Err(error);
                }
            }
        }
    };
    // Fails if a thread panics: its socket stays in the room (rooms.rs), a lock it held is a panic to all (sync.rs).
    room.lock().unwrap().retain(|member| member.peer_addr().is_ok_and(|other| other != own));
    // Fails if the client still sends: what nobody reads makes a reset, which takes the Close away (connection.rs).
    stream.write_all(CloseFrame::new(end?, "").as_bytes())
}

/// Locks, writes the frame to every socket but the sender's, unlocks.
fn post(room: &Room, sender: SocketAddr, frame: &[u8]) {
    // Fails when many talk: everyone waits for everyone, and each delivery is a system call (room/mod.rs).
    for mut member in room.lock().unwrap().iter() {
        if member.peer_addr().is_ok_and(|address| address != sender) {
            // Fails if one is slow: all wait until it has read, which may be never (room/backlog.rs). With a timeout,
            // half a frame could be on the wire, and the next one would begin in its middle (room/member.rs).
            let _ = member.write_all(frame);
        }
    }
}

/// Reads what has arrived, or waits for it.
fn read_more(mut stream: impl Read, buffer: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; 4096];
    let count = stream.read(&mut chunk)?;
    buffer.extend_from_slice(&chunk[..count]);
    if count > 0 { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}
