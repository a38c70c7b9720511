//! All the clients of a server, in one event loop on one thread.

use crate::result::Result;
use crate::{frame, handshake};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Handshakes under way at once: fewer than the shortest usual backlog of a listener (128).
const HANDSHAKES: usize = 64;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// So long nothing comes on a connection that is taken to be still open.
const END_TIMEOUT: Duration = Duration::from_millis(500);
/// Any key but zero will do: what is measured does not depend on it.
const MASKING_KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
/// More than the longest message and what is read with the end of it.
const READ_BUFFER: usize = 2 << 20;

struct Client {
    stream: TcpStream,
    /// The beginning of a frame.
    input: Vec<u8>,
    /// What is to be sent.
    output: Vec<u8>,
}

pub struct Load {
    epoll: Epoll,
    clients: Vec<Client>,
    events: Vec<EpollEvent>,
    buffer: Vec<u8>,
    /// Clients that may have output.
    unsent: Vec<usize>,
}

impl Load {
    /// Connects `count` clients, numbered from 0, to the lobby.
    pub fn connect(addr: SocketAddr, count: usize) -> Result<Load> {
        Load::connect_across(&[addr], count)
    }

    /// The same, in equal parts, to the lobbies of several servers: the first part to the first server, and so on.
    pub fn connect_across(addrs: &[SocketAddr], count: usize) -> Result<Load> {
        let mut load = Load {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            clients: Vec::new(),
            events: vec![EpollEvent::empty(); 1024],
            buffer: vec![0; READ_BUFFER],
            unsent: Vec::new(),
        };
        for (number, addr) in (1..).zip(addrs) {
            let part = count * number / addrs.len();
            while load.clients.len() < part {
                load.connect_some(*addr, HANDSHAKES.min(part - load.clients.len()))?;
            }
        }
        Ok(load)
    }

    fn connect_some(&mut self, addr: SocketAddr, count: usize) -> Result<()> {
        let streams = (0..count).map(|_| dial(addr)).collect::<Result<Vec<TcpStream>>>()?;
        for mut stream in streams {
            let input = await_acceptance(&mut stream)?;
            stream.set_nonblocking(true)?;
            self.epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, self.clients.len() as u64))?;
            self.clients.push(Client { stream, input, output: Vec::new() });
        }
        Ok(())
    }

    /// From now on this client reads nothing.
    pub fn stop_reading(&mut self, number: usize) -> Result<()> {
        Ok(self.epoll.delete(&self.clients[number].stream)?)
    }

    /// Reads what is there for a client that had stopped reading; whether its connection then ends.
    pub fn is_disconnected(&mut self, number: usize) -> Result<bool> {
        let stream = &mut self.clients[number].stream;
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(END_TIMEOUT))?;
        loop {
            match stream.read(&mut self.buffer) {
                Ok(0) => return Ok(true),
                Ok(_) => {}
                Err(error) => return Ok(error.kind() != ErrorKind::WouldBlock),
            }
        }
    }

    /// Sends a text message, as soon as the socket takes it.
    pub fn send(&mut self, number: usize, payload: &[u8]) {
        frame::put(&mut self.clients[number].output, frame::TEXT, Some(MASKING_KEY), payload);
        self.unsent.push(number);
    }

    /// Sends what can be sent, waits at most `timeout` for something to read, and hands each message that has
    /// come to `received`, with the number of the client it came to.
    pub fn turn(
        &mut self,
        timeout: Duration,
        mut received: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        self.flush()?;
        let timeout = if self.unsent.is_empty() { timeout } else { Duration::from_millis(1) };
        let ready = match self.epoll.wait(&mut self.events, timeout.as_millis() as u16) {
            Err(Errno::EINTR) => 0,
            result => result?,
        };
        for at in 0..ready {
            let number = self.events[at].data() as usize;
            self.read(number, &mut received).map_err(|error| format!("client {number}: {error}"))?;
        }
        Ok(())
    }

    fn read(&mut self, number: usize, received: &mut impl FnMut(usize, &[u8]) -> Result<()>) -> Result<()> {
        let client = &mut self.clients[number];
        let kept = client.input.len();
        self.buffer[..kept].copy_from_slice(&client.input);
        let n = match client.stream.read(&mut self.buffer[kept..]) {
            Ok(0) => return Err("the server has closed the connection".into()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            result => result?,
        };
        let mut bytes = &mut self.buffer[..kept + n];
        while let Some(frame) = frame::parse(bytes) {
            let (whole, rest) = bytes.split_at_mut(frame.payload.end);
            let payload = &mut whole[frame.payload];
            if let Some(key) = frame.masking_key {
                frame::apply_mask(payload, key);
            }
            match frame.opcode {
                frame::TEXT => received(number, payload)?,
                frame::PING => {
                    frame::put(&mut client.output, frame::PONG, Some(MASKING_KEY), payload);
                    self.unsent.push(number);
                }
                other => return Err(format!("a frame with opcode {other}, which nobody sent").into()),
            }
            bytes = rest;
        }
        client.input.clear();
        client.input.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut waiting = Vec::new();
        for number in self.unsent.drain(..) {
            let Client { stream, output, .. } = &mut self.clients[number];
            if output.is_empty() {
                continue;
            }
            match stream.write(output) {
                Ok(n) => drop(output.drain(..n)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if !output.is_empty() {
                waiting.push(number);
            }
        }
        self.unsent = waiting;
        Ok(())
    }
}

/// Connects, and asks to be let in.
pub(crate) fn dial(addr: SocketAddr) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    stream.write_all(handshake::request(&addr.to_string()).as_bytes())?;
    Ok(stream)
}

/// Reads the server's answer; returns what came behind it.
pub(crate) fn await_acceptance(stream: &mut TcpStream) -> Result<Vec<u8>> {
    stream.set_read_timeout(Some(HANDSHAKE_TIMEOUT))?;
    let (mut bytes, mut some) = (Vec::new(), [0; 1024]);
    loop {
        let n = stream.read(&mut some)?;
        bytes.extend_from_slice(&some[..n]);
        match handshake::head_len(&bytes) {
            Some(len) if handshake::is_accepted(&bytes[..len]) => return Ok(bytes.split_off(len)),
            None if n > 0 => {}
            _ => return Err(format!("refused: {:?}", String::from_utf8_lossy(&bytes)).into()),
        }
    }
}
