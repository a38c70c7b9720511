//! A textbook's first page: a chat server in a hundred lines, with a thread for each client and one locked vector of
//! their sockets. `cargo run --example textbook`, then `python3 -m websockets ws://127.0.0.1:8080/` in two terminals.
//!
//! What it says is right: `chinwag::protocol` sees to that. What it does fails, as soon as someone is slow, dead or
//! hostile. Each "Fails" below says how, and which file of `src/server/` has the cure.

use chinwag::protocol::receiver::{Limits, ServerReceiver};
use chinwag::protocol::{close::CloseCode, control::ControlFrame};
use chinwag::protocol::{event::Event, handshake::Request};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::{env, thread};

const LIMITS: Limits = Limits { max_message: 64 * 1024, max_fragments: 1024 };
type Room = Arc<Mutex<Vec<TcpStream>>>;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:8080"))?;
    println!("listening on http://{}/", listener.local_addr()?);
    serve(&listener)
}

/// A thread for each client, for ever. Fails at its end: everyone is cut off in the middle of a word (acceptor.rs).
pub fn serve(listener: &TcpListener) -> io::Result<()> {
    let room = Room::default();
    for stream in listener.incoming() {
        // Fails when no descriptor is free: the server ends for everyone (acceptor.rs).
        let (stream, room) = (stream?, Arc::clone(&room));
        // Fails in a crowd: nothing bounds it (gate.rs), and where no thread can be had, this is a panic (acceptor.rs).
        thread::spawn(move || chat(stream, &room).unwrap_or_else(|error| eprintln!("{error}")));
    }
    Ok(())
}

/// One client's life: the opening handshake (§4.2), messages (§6), the Close (§7).
fn chat(mut stream: TcpStream, room: &Room) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (own, mut filled) = (stream.peer_addr()?, 0);
    let mut buffer = vec![0; ServerReceiver::buffer_len(LIMITS.max_message)];
    let (accept_key, rest_len) = loop {
        // Fails if the rest of the request never comes: this waits for ever (request.rs).
        filled += read_more(&mut stream, &mut buffer[filled..])?;
        if let Some((request, rest)) = Request::parse(&buffer[..filled]).map_err(io::Error::other)? {
            // Fails if a web page from anywhere sends its visitors here: they are let in (policy.rs).
            let accept_key = request.handshake().map_err(io::Error::other)?;
            break (accept_key.ok_or(ErrorKind::InvalidData)?, rest.len());
        }
    };
    // The answer and the joining are one step: no message comes before the answer, none behind it is missed.
    let mut members = room.lock().unwrap();
    stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")?;
    stream.write_all(&[b"Sec-WebSocket-Accept: ", &accept_key[..], b"\r\n\r\n"].concat())?;
    members.push(stream.try_clone()?);
    drop(members);
    buffer.copy_within(filled - rest_len..filled, 0);
    let (mut receiver, mut filled) = (ServerReceiver::new(LIMITS), rest_len);
    let end = loop {
        match receiver.receive(&mut buffer[..filled]) {
            Ok(Some(Event::Message(message))) => post(room, own, message.into_frame()),
            Ok(Some(Event::Ping(ping))) => {
                let _members = room.lock().unwrap();
                let _ = stream.write_all(ping.into_pong());
            }
            Ok(Some(Event::Pong(_))) => {}
            Ok(Some(Event::Close(code, _))) => break Ok(code.unwrap_or(CloseCode::NORMAL_CLOSURE)),
            Err(error) => break Ok(error.close_code()),
            Ok(None) => {
                filled = receiver.compact(&mut buffer, filled).map_err(io::Error::other)?;
                // Fails if the client has gone and could not say so: nobody asks, and it keeps its place (chat.rs).
                match read_more(&mut stream, &mut buffer[filled..]) {
                    Ok(count) => filled += count,
                    Err(error) => break Err(error),
                }
            }
        }
    };
    // Fails if a thread panics: its socket stays in the room (rooms.rs), a lock it held is a panic to all (sync.rs).
    room.lock().unwrap().retain(|member| member.peer_addr().is_ok_and(|other| other != own));
    // Fails if the client still sends: what nobody reads makes a reset, which takes the Close away (connection.rs).
    stream.write_all(ControlFrame::close(end?, "", None).as_bytes())
}

/// Locks, writes the frame to every socket but the sender's, unlocks.
fn post(room: &Room, sender: SocketAddr, frame: &[u8]) {
    // Fails when many talk: everyone waits for everyone, and each delivery is a system call (room/mod.rs).
    for mut member in room.lock().unwrap().iter() {
        if member.peer_addr().is_ok_and(|address| address != sender) {
            // Fails if one is slow: all wait until it has read, which may be never (room/outbox.rs). With a timeout,
            // half a frame could be on the wire, and the next one would begin in its middle (room/outbox.rs).
            let _ = member.write_all(frame);
        }
    }
}

/// Reads what has arrived, or waits for it.
fn read_more(mut stream: impl Read, into: &mut [u8]) -> io::Result<usize> {
    let count = stream.read(into)?;
    if count > 0 { Ok(count) } else { Err(ErrorKind::UnexpectedEof.into()) }
}
