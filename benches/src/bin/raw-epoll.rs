//! The raw kernel: one thread, epoll, and each client's bytes copied to everyone else as they came.
//!
//! This is no WebSocket server. It gives every handshake the same answer, looks at a frame only to find its end
//! (so that what two clients say does not get mixed up), and leaves the masks on: the load generator takes them
//! off. What it costs is what any server on this kernel has to pay that, like chinwag, gives each client everything
//! of one wake-up in a single system call.

use chinwag_benches::{frame, handshake};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;

const LISTENER: u64 = u64::MAX;
/// How far a client may fall behind before it is dropped, in bytes.
const MAX_LAG: usize = 1 << 20;

struct Client {
    stream: TcpStream,
    upgraded: bool,
    /// The beginning of a head or of a frame.
    input: Vec<u8>,
    /// What its socket would not take.
    backlog: Vec<u8>,
    /// Where in the batch its own frames are. It is read once per wake-up, so they are in one piece.
    own: Range<usize>,
}

struct Relay {
    epoll: Epoll,
    listener: TcpListener,
    /// By number; numbers are not used again.
    clients: Vec<Option<Client>>,
    batch: Vec<u8>,
    scratch: Vec<u8>,
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("listening on http://{}/", listener.local_addr()?);
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    Relay { epoll, listener, clients: Vec::new(), batch: Vec::new(), scratch: vec![0; 64 << 10] }.run()
}

impl Relay {
    fn run(&mut self) -> io::Result<()> {
        let mut events = vec![EpollEvent::empty(); 1024];
        loop {
            let ready = self.epoll.wait(&mut events, EpollTimeout::NONE)?;
            self.batch.clear();
            for event in &events[..ready] {
                match event.data() {
                    LISTENER => self.accept()?,
                    number => self.wake(number as usize, event.events()),
                }
            }
            if !self.batch.is_empty() {
                self.deliver();
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            self.epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, self.clients.len() as u64))?;
            let (input, backlog) = (Vec::new(), Vec::new());
            self.clients.push(Some(Client { stream, upgraded: false, input, backlog, own: 0..0 }));
        }
    }

    fn wake(&mut self, number: usize, flags: EpollFlags) {
        let Some(client) = &mut self.clients[number] else { return };
        let mut alive = true;
        if flags.contains(EpollFlags::EPOLLOUT) {
            alive = client.send_backlog(&self.epoll, number).is_ok();
        }
        if alive && flags != EpollFlags::EPOLLOUT {
            alive = client.read(&mut self.scratch, &mut self.batch).is_ok();
        }
        if !alive {
            self.clients[number] = None;
        }
    }

    fn deliver(&mut self) {
        for (number, slot) in self.clients.iter_mut().enumerate() {
            let Some(client) = slot else { continue };
            if client.upgraded && client.send(&self.batch, &self.epoll, number).is_err() {
                *slot = None;
            }
        }
    }
}

impl Client {
    /// Reads once, and appends the frames that are whole to the batch.
    fn read(&mut self, scratch: &mut [u8], batch: &mut Vec<u8>) -> io::Result<()> {
        match self.stream.read(scratch) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => self.input.extend_from_slice(&scratch[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if !self.upgraded {
            let Some(len) = handshake::head_len(&self.input) else { return Ok(()) };
            self.input.drain(..len);
            self.stream.write_all(handshake::fixed_response().as_bytes())?;
            self.upgraded = true;
        }
        let mut whole = 0;
        while let Some(frame) = frame::parse(&self.input[whole..]) {
            whole += frame.payload.end;
        }
        self.own = batch.len()..batch.len() + whole;
        batch.extend(self.input.drain(..whole));
        Ok(())
    }

    /// Sends the batch without its own frames.
    fn send(&mut self, batch: &[u8], epoll: &Epoll, number: usize) -> io::Result<()> {
        let own = std::mem::take(&mut self.own);
        let parts = [&batch[..own.start], &batch[own.end..]];
        let mut sent = 0;
        if self.backlog.is_empty() && own.len() < batch.len() {
            sent = match self.stream.write_vectored(&parts.map(IoSlice::new)) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                result => result.unwrap_or(0),
            };
            if sent < parts[0].len() + parts[1].len() {
                let both = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT;
                epoll.modify(&self.stream, &mut EpollEvent::new(both, number as u64))?;
            }
        }
        for part in parts {
            self.backlog.extend_from_slice(&part[sent.min(part.len())..]);
            sent = sent.saturating_sub(part.len());
        }
        if self.backlog.len() > MAX_LAG { Err(ErrorKind::OutOfMemory.into()) } else { Ok(()) }
    }

    fn send_backlog(&mut self, epoll: &Epoll, number: usize) -> io::Result<()> {
        match self.stream.write(&self.backlog) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            result => drop(self.backlog.drain(..result.unwrap_or(0))),
        }
        if self.backlog.is_empty() {
            epoll.modify(&self.stream, &mut EpollEvent::new(EpollFlags::EPOLLIN, number as u64))?;
        }
        Ok(())
    }
}
