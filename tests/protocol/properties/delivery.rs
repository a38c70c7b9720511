//! The beginning of an input says how the rest of it is delivered.
//!
//! ```text
//!   first byte   FF LLL C NN   FF fragments, LLL longest message, C compacting, NN sizes that follow
//!   sizes        of the pieces, in turn and over again; all of them 0, or none: everything at once
//!   the rest     is delivered
//! ```
//!
//! `0` as first byte, an ASCII digit, is everything at once within the widest limits.

use chinwag::protocol::receiver::Limits;

const MAX_MESSAGE: [usize; 8] = [0, 1, 20, 125, 126, 300, 1 << 20, 66_000];
const MAX_FRAGMENTS: [u32; 4] = [64, 1, 2, 3];

/// What is delivered, and how.
pub struct Delivery<'i> {
    pub bytes: &'i [u8],
    pub limits: Limits,
    /// Whether the buffer is compacted before every read.
    pub compacting: bool,
    sizes: &'i [u8],
}

impl<'i> Delivery<'i> {
    pub fn of(input: &'i [u8]) -> Delivery<'i> {
        let (first, rest) = input.split_first().unwrap_or((&b'0', input));
        let (sizes, bytes) = rest.split_at(usize::from(first & 0b11).min(rest.len()));
        let limits = Limits {
            max_message: MAX_MESSAGE[usize::from(first >> 3 & 0b111)],
            max_fragments: MAX_FRAGMENTS[usize::from(first >> 6)],
        };
        Delivery { bytes, limits, compacting: first & 0b100 != 0, sizes }
    }

    /// The sizes that the pieces should have, without end.
    pub fn sizes(&self) -> impl Iterator<Item = usize> + 'i {
        let whole = self.sizes.iter().all(|size| *size == 0);
        let sizes = if whole { &[0xFF] } else { self.sizes };
        sizes.iter().cycle().map(move |size| if whole { usize::MAX } else { usize::from(*size) })
    }

    /// The bytes in their pieces, some of which may be empty.
    pub fn pieces(&self) -> impl Iterator<Item = &'i [u8]> {
        let (mut rest, mut sizes) = (self.bytes, self.sizes());
        std::iter::from_fn(move || {
            let size = sizes.next()?.min(rest.len());
            let (piece, after) = rest.split_at(size);
            (!rest.is_empty()).then(|| {
                rest = after;
                piece
            })
        })
    }
}
