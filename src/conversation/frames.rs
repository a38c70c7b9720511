//! One direction's frames.

use crate::protocol::error::ProtocolError;
use crate::protocol::event::Event;
use crate::protocol::frame::{FrameHeader, Opcode};
use crate::protocol::receiver::{Limits, Receiver};
use crate::trace::{Count, Explanation, SHOWN_MAX, Text};

/// The most that is kept of a frame, in bytes: what is shown of it.
pub(super) const KEPT_MAX: usize = FrameHeader::MAX_LEN + SHOWN_MAX;

/// Follows a stream of frames: a client's if `MASKED`, else a server's.
pub(super) struct Frames<const MASKED: bool> {
    /// The beginning of the present frame.
    pub(super) kept: Vec<u8>,
    /// How much more of it there has been, in bytes.
    hidden: u64,
    judge: Option<Judge<MASKED>>,
}

impl<const MASKED: bool> Frames<MASKED> {
    /// Those that are received are refused where a receiver with these limits refuses them.
    pub(super) fn new(received: Option<Limits>) -> Self {
        Frames { kept: Vec::new(), hidden: 0, judge: received.map(Judge::new) }
    }

    /// Explains the frames that end in these bytes. Returns what comes after the last frame of all as well.
    pub(super) fn take<'b>(&mut self, mut bytes: &'b [u8]) -> (Vec<String>, Option<&'b [u8]>) {
        let mut explained = Vec::new();
        while !bytes.is_empty() {
            let (len, verdict) = self.take_piece(bytes);
            bytes = &bytes[len..];
            let explanation = self.explanation();
            let is_control = explanation.opcode().is_some_and(Opcode::is_control);
            match &verdict {
                Verdict::Refused(error) => explained.push(explanation.refused(*error).to_string()),
                _ if explanation.frame_len() != Some(self.arrived()) => continue,
                Verdict::Message(message) => explained.push(format!("{explanation}\n{message}")),
                Verdict::Fine | Verdict::Close => explained.push(explanation.to_string()),
            }
            if let Some(judge) = self.judge.as_mut().filter(|_| !is_control) {
                judge.count();
            }
            self.kept.clear();
            self.hidden = 0;
            if matches!(verdict, Verdict::Refused(_) | Verdict::Close) {
                return (explained, Some(bytes));
            }
        }
        (explained, None)
    }

    /// Takes bytes of one frame, how many and what they led to: of a header one, of a payload all there are, or as many
    /// as decide that it is refused.
    fn take_piece(&mut self, bytes: &[u8]) -> (usize, Verdict) {
        let wanted = self.explanation().frame_len().map_or(1, |len| len.saturating_sub(self.arrived()));
        let mut len = usize::try_from(wanted).unwrap_or(usize::MAX).min(bytes.len());
        let mut verdict = Verdict::Fine;
        if let Some(judge) = &mut self.judge {
            (len, verdict) = judge.take(&bytes[..len]);
        }
        self.keep(&bytes[..len]);
        (len, verdict)
    }

    /// The frame that never became whole.
    pub(super) fn into_unfinished(self) -> Option<String> {
        (!self.kept.is_empty()).then(|| self.explanation().to_string())
    }

    fn explanation(&self) -> Explanation<'_> {
        Explanation::read(&self.kept, self.hidden)
    }

    fn arrived(&self) -> u64 {
        self.hidden + self.kept.len() as u64
    }

    fn keep(&mut self, piece: &[u8]) {
        let (kept, hidden) = piece.split_at(piece.len().min(KEPT_MAX - self.kept.len()));
        self.kept.extend_from_slice(kept);
        self.hidden += hidden.len() as u64;
    }
}

/// Reads along as the receiving end does.
struct Judge<const MASKED: bool> {
    receiver: Receiver<MASKED>,
    buffer: Vec<u8>,
    /// How many frames the present message has had before this one.
    fragments: u32,
}

/// What a piece of a frame has led to.
enum Verdict {
    /// Nothing, or a frame that stands for itself.
    Fine,
    /// The end of a message in several frames: what that is.
    Message(String),
    Close,
    Refused(ProtocolError),
}

impl<const MASKED: bool> Judge<MASKED> {
    fn new(limits: Limits) -> Self {
        Judge { receiver: Receiver::new(limits), buffer: Vec::new(), fragments: 0 }
    }

    /// Takes a piece of one frame, and says how much of it was looked at until there was something to say.
    fn take(&mut self, piece: &[u8]) -> (usize, Verdict) {
        for (at, byte) in piece.iter().enumerate() {
            match self.take_byte(*byte) {
                Verdict::Fine => {}
                verdict => return (at + 1, verdict),
            }
        }
        (piece.len(), Verdict::Fine)
    }

    fn take_byte(&mut self, byte: u8) -> Verdict {
        self.buffer.push(byte);
        let verdict = match self.receiver.receive(&mut self.buffer) {
            Err(error) => Verdict::Refused(error),
            Ok(Some(Event::Close(..))) => Verdict::Close,
            Ok(Some(Event::Message(message))) if self.fragments > 0 => {
                Verdict::Message(describe(message.payload(), self.fragments + 1))
            }
            Ok(_) => Verdict::Fine,
        };
        let arrived = self.buffer.len();
        let kept = self.receiver.compact(&mut self.buffer, arrived);
        self.buffer.truncate(kept.unwrap_or(arrived));
        verdict
    }

    /// A data frame has ended.
    fn count(&mut self) {
        self.fragments = if self.receiver.in_message() { self.fragments + 1 } else { 0 };
    }
}

fn describe(message: &[u8], fragments: u32) -> String {
    let (shown, more) = message.split_at(message.len().min(SHOWN_MAX));
    let cut = if more.is_empty() { "" } else { "..." };
    format!("the message, {} in {fragments} frames: {}{cut}", Count(message.len() as u64), Text(shown))
}
