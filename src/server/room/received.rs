//! What a member received, read strictly. Shares nothing with the code that wrote it.

/// One frame: its opcode and its payload.
pub(super) type Frame = (u8, Vec<u8>);

#[cfg(not(chinwag_model))]
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
#[cfg(not(chinwag_model))]
pub(super) const PONG: u8 = 10;

/// §5.2, as a server has to write it: the frames in `stream`, and how many bytes of an unfinished one stand at its end.
pub(super) fn read(stream: &[u8]) -> (Vec<Frame>, usize) {
    let mut frames: Vec<Frame> = Vec::new();
    let mut rest = stream;
    while let Some((opcode, payload, len)) = first(rest) {
        assert!(frames.last().is_none_or(|(opcode, _)| *opcode != CLOSE), "a frame behind a Close");
        frames.push((opcode, payload.to_vec()));
        rest = &rest[len..];
    }
    (frames, rest.len())
}

/// The same of a stream that has been ended, or is to be whole.
pub(super) fn read_whole(stream: &[u8]) -> Vec<Frame> {
    let (frames, rest) = read(stream);
    assert_eq!(rest, 0, "half a frame behind {frames:?}");
    frames
}

fn first(stream: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (&a, &b) = (stream.first()?, stream.get(1)?);
    assert!([0x81, 0x82, 0x88, 0x89, 0x8a].contains(&a), "{a:#x} begins no frame of a server");
    assert!(b < 0x80, "a masked frame");
    let (header, len) = match b {
        127 => (10, u64::from_be_bytes(stream.get(2..10)?.try_into().unwrap())),
        126 => (4, u64::from(u16::from_be_bytes(stream.get(2..4)?.try_into().unwrap()))),
        _ => (2, u64::from(b)),
    };
    assert!(b != 126 || len > 125, "a length not in its shortest form");
    assert!(b != 127 || len > 65535, "a length not in its shortest form");
    assert!(a < 0x88 || b < 126, "a control frame too long");
    let end = header + usize::try_from(len).unwrap();
    Some((a & 0x0f, stream.get(header..end)?, end))
}

/// A frame as a server has to write it.
pub(super) fn write(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut frame = vec![0x80 | opcode];
    if len < 126 {
        frame.push(len as u8);
    } else if len < 65536 {
        frame.extend([126, (len >> 8) as u8, len as u8]);
    } else {
        frame.push(127);
        frame.extend((len as u64).to_be_bytes());
    }
    frame.extend_from_slice(payload);
    frame
}
