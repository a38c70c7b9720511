//! One client of the crowd: its socket, and how far it has come.

use super::random::Random;
use crate::result::Result;
use crate::{frame, handshake};
use nix::sys::socket::{setsockopt, sockopt};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

const NAMES: [&str; 6] = ["alice", "bob", "carol", "d%C3%A9d%C3%A9", "%22eve%22", "%E2%82%AC"];

/// What it will do when its time has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Closes as it should.
    Leaves,
    /// Stops reading for a while and then reads everything.
    Pauses,
    /// Stops reading for good; whether it goes on pinging, so as not to be taken for silent.
    Stalls { pings: bool },
    /// Resets the connection.
    Killed,
    /// Shuts down its writing side.
    HalfCloses,
    /// Sends what the server must answer with this code.
    Breaks(u16),
    /// Asks for what the server must refuse with this status.
    Refused(u16),
}

impl Fate {
    /// One in a hundred for each of the evil ones, and for each way of being refused.
    pub fn choose(random: &mut Random) -> Fate {
        match random.below(100) {
            0 => Fate::Killed,
            1 => Fate::HalfCloses,
            2 => Fate::Breaks(1002),
            3 => Fate::Breaks(1007),
            4 => Fate::Breaks(1008),
            5 => Fate::Breaks(1009),
            6 => Fate::Stalls { pings: false },
            7 => Fate::Stalls { pings: true },
            8 => Fate::Refused(400),
            9 => Fate::Refused(404),
            10 => Fate::Refused(426),
            11..=13 => Fate::Pauses,
            _ => Fate::Leaves,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Awaits the answer to its request.
    Asking,
    Open,
    Paused,
    Stalled,
    /// Reads again after a stall, to see the end of what it was sent before it was dropped.
    Waking,
    /// Awaits a Close with this code, and then the end.
    Leaving(u16),
    /// Has got it.
    Closed,
    HalfClosed,
}

/// Where it sits.
#[derive(Clone, Copy)]
pub struct Seat {
    pub room: usize,
    /// `None`: the room's observer.
    pub place: Option<usize>,
}

pub struct Client {
    pub number: u64,
    pub seat: Seat,
    pub fate: Fate,
    pub phase: Phase,
    pub is_named: bool,
    pub history: usize,
    /// What the observer had got before this one asked.
    pub asked_at: u64,
    /// Pings that are not answered yet.
    pub pings: VecDeque<u64>,
    /// How many named ones there are, as it has been told.
    pub online: Option<u64>,
    pub stream: TcpStream,
    input: Vec<u8>,
    pub output: Vec<u8>,
}

/// What has come.
pub enum Heard<'b> {
    Head(&'b [u8]),
    Frame { is_last: bool, opcode: u8, payload: &'b [u8] },
}

impl Client {
    /// Connects and asks for its room.
    pub fn connect(
        addr: SocketAddr,
        number: u64,
        seat: Seat,
        fate: Fate,
        random: &mut Random,
    ) -> Result<Client> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut client = Client {
            number,
            seat,
            fate,
            phase: Phase::Asking,
            is_named: false,
            history: 0,
            asked_at: 0,
            pings: VecDeque::new(),
            online: None,
            stream,
            input: Vec::new(),
            output: Vec::new(),
        };
        let target = client.target(random);
        let mut request = handshake::request_for(&addr.to_string(), &target);
        if fate == Fate::Refused(426) {
            request = request.replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8");
        }
        client.output = request.into_bytes();
        Ok(client)
    }

    fn target(&mut self, random: &mut Random) -> String {
        let room = format!("/room-{}", self.seat.room);
        match self.fate {
            Fate::Refused(400) => return room + "?name=",
            Fate::Refused(404) => return room + "/none",
            _ => {}
        }
        let mut query = Vec::new();
        if self.seat.place.is_some() {
            self.is_named = random.one_in(3);
            self.history = if random.one_in(3) { random.between(1, 60) } else { 0 };
        }
        if self.is_named {
            query.push(format!("name={}", NAMES[random.below(NAMES.len())]));
        }
        if self.history > 0 {
            query.push(format!("history={}", self.history));
        }
        if query.is_empty() { room } else { room + "?" + &query.join("&") }
    }

    /// Whether it is there, and awaits nothing.
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Paused | Phase::Stalled)
    }

    pub fn is_observer(&self) -> bool {
        self.seat.place.is_none()
    }

    /// Reads once; whether the stream goes on.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
        mut hear: impl FnMut(&mut Client, Heard<'_>),
    ) -> io::Result<bool> {
        let kept = self.input.len();
        buffer[..kept].copy_from_slice(&self.input);
        let read = match self.stream.read(&mut buffer[kept..]) {
            Ok(0) => return Ok(false),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return Ok(true);
            }
            result => result?,
        };
        let mut bytes = &buffer[..kept + read];
        if self.phase == Phase::Asking {
            if let Some(len) = handshake::head_len(bytes) {
                hear(self, Heard::Head(&bytes[..len]));
                bytes = &bytes[len..];
            }
        }
        while self.phase != Phase::Asking {
            let Some(frame) = frame::parse(bytes) else { break };
            let (is_last, opcode, end) = (frame.is_last, frame.opcode, frame.payload.end);
            hear(self, Heard::Frame { is_last, opcode, payload: &bytes[frame.payload] });
            bytes = &bytes[end..];
        }
        self.input.clear();
        self.input.extend_from_slice(bytes);
        Ok(true)
    }

    /// Sends what the socket takes; whether that is all.
    pub fn flush(&mut self) -> io::Result<bool> {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(count) => drop(self.output.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// A whole message, or one in pieces, with Pings before it and between them.
    pub fn say(&mut self, opcode: u8, payload: &[u8], random: &mut Random) {
        if random.one_in(20) {
            self.ping(random);
        }
        let mut rest = payload;
        let mut opcode = opcode;
        if random.one_in(5) {
            for _ in 0..random.between(1, 4) {
                let (piece, after) = rest.split_at(random.below(rest.len() + 1));
                frame::put_fragment(&mut self.output, opcode, Some(random.masking_key()), piece);
                (rest, opcode) = (after, frame::CONTINUATION);
                if random.one_in(2) {
                    self.ping(random);
                }
            }
        }
        frame::put(&mut self.output, opcode, Some(random.masking_key()), rest);
    }

    pub fn ping(&mut self, random: &mut Random) {
        let payload = random.draw();
        self.pings.push_back(payload);
        frame::put(&mut self.output, frame::PING, Some(random.masking_key()), &payload.to_be_bytes());
    }

    /// Sends a Close; returns the code with which the server must answer.
    pub fn close(&mut self, random: &mut Random) -> u16 {
        let (code, body) = match random.below(5) {
            0 => (1000, Vec::new()),
            1 => (1001, 1001u16.to_be_bytes().to_vec()),
            2 => (3000, [&3000u16.to_be_bytes()[..], "au revoir, à bientôt".as_bytes()].concat()),
            3 => (4999, 4999u16.to_be_bytes().to_vec()),
            _ => (1000, 1000u16.to_be_bytes().to_vec()),
        };
        frame::put(&mut self.output, frame::CLOSE, Some(random.masking_key()), &body);
        self.phase = Phase::Leaving(code);
        code
    }

    /// Sends what the server must fail with `code`.
    pub fn break_with(&mut self, code: u16, random: &mut Random) {
        match code {
            1002 => {
                // The first byte has a reserved bit set, whatever follows.
                self.output.push(0xC1 | random.draw() as u8 & 0x30);
                self.output.extend((0..random.between(1, 2000)).map(|_| random.draw() as u8));
            }
            1007 => {
                let text = [&b"0 not UTF-8: "[..], &[0xED, 0xA0, 0x80], b" a surrogate"].concat();
                frame::put(&mut self.output, frame::TEXT, Some(random.masking_key()), &text);
            }
            1008 => {
                let forged = br#"{"type":"left","name":"alice","online":0}"#;
                frame::put(&mut self.output, frame::TEXT, Some(random.masking_key()), forged);
            }
            _ => {
                self.output.extend([0x82, 0xFF]);
                self.output.extend(((64u64 << 10) + 1 + random.draw() % (1 << 40)).to_be_bytes());
                self.output.extend(random.masking_key());
            }
        }
        self.phase = Phase::Leaving(code);
    }

    pub fn half_close(&mut self) -> io::Result<()> {
        self.phase = Phase::HalfClosed;
        self.stream.shutdown(Shutdown::Write)
    }

    /// From now on the kernel holds so many bytes for it that it has not read.
    pub fn hold(&self, bytes: usize) -> Result<()> {
        Ok(setsockopt(&self.stream, sockopt::RcvBuf, &bytes)?)
    }

    /// Ends the connection with a reset.
    pub fn kill(self) -> Result<()> {
        let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
        Ok(setsockopt(&self.stream, sockopt::Linger, &at_once)?)
    }
}
