//! Frames, as far as a load generator needs them: whole ones only, and no opinion on what they say.

use std::ops::Range;

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;
const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;

/// Where a frame lies in the bytes it was found in.
pub struct Frame {
    pub is_last: bool,
    /// With the reserved bits, so that none of them passes for nothing.
    pub opcode: u8,
    pub masking_key: Option<[u8; 4]>,
    /// The end of the payload is the end of the frame.
    pub payload: Range<usize>,
}

/// The first frame of `bytes`, or `None` as long as it is not there whole.
pub fn parse(bytes: &[u8]) -> Option<Frame> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (len, mut start) = match second & !MASKED {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let mut masking_key = None;
    if second & MASKED != 0 {
        masking_key = Some(bytes.get(start..start + 4)?.try_into().ok()?);
        start += 4;
    }
    let payload = start..start.checked_add(len)?;
    let (is_last, opcode) = (first & FIN != 0, first & !FIN);
    (bytes.len() >= payload.end).then_some(Frame { is_last, opcode, masking_key, payload })
}

/// Appends one whole frame to `out`; a client's has a masking key, a server's has none.
pub fn put(out: &mut Vec<u8>, opcode: u8, masking_key: Option<[u8; 4]>, payload: &[u8]) {
    put_bytes(out, FIN | opcode, masking_key, payload);
}

/// Appends a frame that others are to follow in the same message.
pub fn put_fragment(out: &mut Vec<u8>, opcode: u8, masking_key: Option<[u8; 4]>, payload: &[u8]) {
    put_bytes(out, opcode, masking_key, payload);
}

fn put_bytes(out: &mut Vec<u8>, first: u8, masking_key: Option<[u8; 4]>, payload: &[u8]) {
    let mask_bit = if masking_key.is_some() { MASKED } else { 0 };
    out.push(first);
    match payload.len() {
        len @ 0..=125 => out.push(mask_bit | len as u8),
        len @ 126..=0xFFFF => {
            out.push(mask_bit | 126);
            out.extend((len as u16).to_be_bytes());
        }
        len => {
            out.push(mask_bit | 127);
            out.extend((len as u64).to_be_bytes());
        }
    }
    out.extend(masking_key.iter().flatten());
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = masking_key {
        apply_mask(&mut out[start..], key);
    }
}

pub fn apply_mask(payload: &mut [u8], key: [u8; 4]) {
    let word = u32::from_ne_bytes(key);
    let mut words = payload.chunks_exact_mut(4);
    for four in words.by_ref() {
        let masked = word ^ u32::from_ne_bytes([four[0], four[1], four[2], four[3]]);
        four.copy_from_slice(&masked.to_ne_bytes());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(key) {
        *byte ^= key;
    }
}
