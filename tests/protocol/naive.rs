//! A second decoder, written from RFC 6455 and the contract alone: it has all the input at once, copies every
//! payload, and is there to be compared with.

use chinwag::protocol::error::ProtocolError::{self, *};
use chinwag::protocol::receiver::Limits;

use crate::support::{BINARY, CLOSE, CONTINUATION, PING, Seen, TEXT};

/// All that a client's `input` brings, the error that it ends in included.
pub fn decode(input: &[u8], limits: Limits) -> Vec<Seen> {
    decode_from(true, input, limits)
}

/// All that `input` brings, by a client if it is `masked`, or by a server.
pub fn decode_from(masked: bool, input: &[u8], limits: Limits) -> Vec<Seen> {
    let mut decoder = Decoder { masked, input, limits, opcode: CONTINUATION, payload: Vec::new(), frames: 0 };
    let mut seen = Vec::new();
    loop {
        match decoder.frame() {
            Ok(None) => {}
            Ok(Some(close @ Seen::Close(..))) => return [seen, vec![close]].concat(),
            Ok(Some(event)) => seen.push(event),
            Err(Stop::NeedMore) => return seen,
            Err(Stop::Fail(error)) => return [seen, vec![Seen::Failed(error)]].concat(),
        }
    }
}

struct Decoder<'i> {
    masked: bool,
    input: &'i [u8],
    limits: Limits,
    /// Of the message that is being received; `CONTINUATION` between messages.
    opcode: u8,
    payload: Vec<u8>,
    frames: u32,
}

enum Stop {
    NeedMore,
    Fail(ProtocolError),
}

fn fail_if(broken: bool, error: ProtocolError) -> Result<(), Stop> {
    if broken { Err(Stop::Fail(error)) } else { Ok(()) }
}

impl<'i> Decoder<'i> {
    fn take(&mut self, len: usize) -> Result<&'i [u8], Stop> {
        let (taken, rest) = self.input.split_at_checked(len).ok_or(Stop::NeedMore)?;
        self.input = rest;
        Ok(taken)
    }

    fn frame(&mut self) -> Result<Option<Seen>, Stop> {
        let first = self.take(1)?[0];
        let (fin, opcode) = (first >= 0x80, first % 16);
        fail_if(first / 16 % 8 != 0, ReservedBitsSet)?;
        fail_if(![0, 1, 2, 8, 9, 10].contains(&opcode), ReservedOpcode)?;
        self.check_sequence(opcode)?;
        let second = self.take(1)?[0];
        fail_if(self.masked && second < 0x80, UnmaskedFrame)?;
        fail_if(!self.masked && second >= 0x80, MaskedFrame)?;
        fail_if(opcode >= 8 && !fin, FragmentedControlFrame)?;
        fail_if(opcode >= 8 && second % 128 > 125, ControlFrameTooLong)?;
        let len = self.length(second % 128)?;
        fail_if(opcode == CLOSE && len == 1, CloseFrameTooShort)?;
        if opcode >= 8 {
            return self.control(opcode, len).map(Some);
        }
        let message_len = u128::from(len) + self.payload.len() as u128;
        fail_if(message_len > self.limits.max_message as u128, MessageTooBig)?;
        self.data(fin, opcode, len as usize)
    }

    fn check_sequence(&self, opcode: u8) -> Result<(), Stop> {
        let begun = self.opcode != CONTINUATION;
        fail_if(opcode == CONTINUATION && !begun, UnexpectedContinuation)?;
        fail_if((opcode == TEXT || opcode == BINARY) && begun, ExpectedContinuation)?;
        fail_if(opcode == CONTINUATION && self.frames == self.limits.max_fragments, TooManyFragments)
    }

    fn length(&mut self, seven_bits: u8) -> Result<u64, Stop> {
        let size = [2, 8].get(usize::from(seven_bits).wrapping_sub(126)).copied().unwrap_or(0);
        let len = self.take(size)?.iter().fold(0, |len, byte| len << 8 | u64::from(*byte));
        fail_if(len >= 1 << 63, LengthMsbSet)?;
        fail_if(size == 2 && len <= 125 || size == 8 && len <= 65535, NonMinimalLength)?;
        Ok(if size == 0 { u64::from(seven_bits) } else { len })
    }

    fn key(&mut self) -> Result<&'i [u8], Stop> {
        if self.masked { self.take(4) } else { Ok(&[0; 4]) }
    }

    fn control(&mut self, opcode: u8, len: u64) -> Result<Seen, Stop> {
        let key = self.key()?;
        let payload = unmask(key, self.take(len as usize)?);
        match (opcode, &payload[..]) {
            (CLOSE, []) => Ok(Seen::Close(None, String::new())),
            (CLOSE, body) => {
                let code = u16::from_be_bytes([body[0], body[1]]);
                let allowed = [1000..=1003, 1007..=1014, 3000..=4999];
                fail_if(!allowed.iter().any(|codes| codes.contains(&code)), InvalidCloseCode)?;
                let reason = String::from_utf8(body[2..].to_vec()).map_err(|_| Stop::Fail(InvalidUtf8))?;
                Ok(Seen::Close(Some(code), reason))
            }
            (PING, _) => Ok(Seen::Ping(payload)),
            _ => Ok(Seen::Pong(payload)),
        }
    }

    fn data(&mut self, fin: bool, opcode: u8, len: usize) -> Result<Option<Seen>, Stop> {
        if opcode != CONTINUATION {
            self.opcode = opcode;
        }
        self.frames += 1;
        self.check_text(fin, len)?;
        let key = self.key()?;
        let arrived = self.take(len.min(self.input.len()))?;
        self.payload.extend(unmask(key, arrived));
        self.check_text(fin, len - arrived.len())?;
        if arrived.len() < len {
            return Err(Stop::NeedMore);
        }
        Ok(fin.then(|| self.message()))
    }

    fn message(&mut self) -> Seen {
        self.frames = 0;
        let payload = std::mem::take(&mut self.payload);
        match std::mem::replace(&mut self.opcode, CONTINUATION) {
            TEXT => Seen::Text(String::from_utf8(payload).expect("checked")),
            _ => Seen::Binary(payload),
        }
    }

    /// With `left` bytes to come in this frame.
    fn check_text(&self, fin: bool, left: usize) -> Result<(), Stop> {
        if self.opcode != TEXT {
            return Ok(());
        }
        let Err(error) = std::str::from_utf8(&self.payload) else {
            return Ok(());
        };
        fail_if(error.error_len().is_some(), InvalidUtf8)?;
        let tail = &self.payload[error.valid_up_to()..];
        let whole = [0x00, 0xC0, 0xE0, 0xF0].iter().filter(|first| **first <= tail[0]).count();
        fail_if(fin && whole - tail.len() > left, InvalidUtf8)
    }
}

fn unmask(key: &[u8], payload: &[u8]) -> Vec<u8> {
    payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()
}
