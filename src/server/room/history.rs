//! The newest messages of a room.

use std::collections::VecDeque;

/// The most that is kept, in bytes of payload.
const MAX_BYTES: usize = 256 * 1024;

/// Whole frames, the oldest first, end to end in a ring: to keep a message is to copy it, and nothing more.
pub(super) struct History {
    max_messages: usize,
    frames: VecDeque<u8>,
    messages: VecDeque<Kept>,
    payload_bytes: usize,
}

struct Kept {
    frame_len: usize,
    payload_len: usize,
}

impl History {
    pub(super) fn new(max_messages: usize) -> Self {
        History { max_messages, frames: VecDeque::new(), messages: VecDeque::new(), payload_bytes: 0 }
    }

    /// Keeps a message, one whole frame, in place of the oldest where there are too many. One that is too large for itself leaves
    /// nothing: what came before it would have a gap behind it.
    pub(super) fn keep(&mut self, frame: &[u8]) {
        let payload_len = payload_len(frame);
        while self.messages.len() >= self.max_messages || self.payload_bytes + payload_len > MAX_BYTES {
            let Some(oldest) = self.messages.pop_front() else {
                return;
            };
            self.frames.drain(..oldest.frame_len);
            self.payload_bytes -= oldest.payload_len;
        }
        self.frames.extend(frame);
        self.payload_bytes += payload_len;
        self.messages.push_back(Kept { frame_len: frame.len(), payload_len });
    }

    /// Appends the frames of the newest `count` messages, the oldest first.
    pub(super) fn append_newest(&self, count: usize, out: &mut Vec<u8>) {
        let older = self.messages.len().saturating_sub(count);
        let skipped = self.messages.iter().take(older).map(|kept| kept.frame_len).sum();
        let (front, back) = self.frames.as_slices();
        out.extend_from_slice(front.get(skipped..).unwrap_or_default());
        out.extend_from_slice(back.get(skipped.saturating_sub(front.len())..).unwrap_or_default());
    }
}

/// §5.2: what is behind the header, whose length the second byte tells.
fn payload_len(frame: &[u8]) -> usize {
    let header_len = match frame.get(1) {
        Some(127) => 10,
        Some(126) => 4,
        _ => 2,
    };
    frame.len().saturating_sub(header_len)
}
