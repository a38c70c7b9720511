//! Long conversations made up by a generator, compared with the naive decoder.

use chinwag::protocol::receiver::Limits;

use crate::naive;
use crate::support::*;

/// xorshift64*: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn key(&mut self) -> [u8; 4] {
        (self.next() as u32).to_be_bytes()
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    fn text(&mut self, len: usize) -> Vec<u8> {
        let mut text = String::new();
        while text.len() < len {
            text.push(self.one_of(&['a', 'é', '€', '🙂', '\0', '\u{10FFFF}']));
        }
        text.into_bytes()
    }

    fn len_up_to(&mut self, max: usize) -> usize {
        let small = self.below(20);
        self.one_of(&[0, 1, small, small, 125, 126, 127, 200, 300, max]).min(max)
    }

    fn control_frame(&mut self) -> Vec<u8> {
        let len = self.one_of(&[0, 1, 5, 125]);
        let payload = self.bytes(len);
        frame_with_key(FIN | self.one_of(&[PING, PONG]), payload, self.key())
    }

    /// A message of at most `max` bytes in at most six frames, with control frames between them.
    fn message(&mut self, max: usize) -> Vec<u8> {
        let len = self.len_up_to(max.saturating_sub(3));
        let opcode = self.one_of(&[TEXT, BINARY]);
        let payload = if opcode == TEXT { self.text(len) } else { self.bytes(len) };
        let mut cuts = vec![0, payload.len()];
        for _ in 0..self.one_of(&[0, 0, 1, 2, 5]) {
            cuts.push(self.one_of(&[0, 1, 2]).min(payload.len()));
            cuts.push(self.below(payload.len() + 1));
        }
        cuts.truncate(7);
        cuts.sort_unstable();
        let mut bytes = Vec::new();
        for (i, cut) in cuts.windows(2).enumerate() {
            let fin = if i + 2 == cuts.len() { FIN } else { 0 };
            let opcode = if i == 0 { opcode } else { CONTINUATION };
            bytes.extend(frame_with_key(fin | opcode, &payload[cut[0]..cut[1]], self.key()));
            for _ in 0..self.one_of(&[0, 0, 1, 3]).min(if fin == FIN { 0 } else { 3 }) {
                bytes.extend(self.control_frame());
            }
        }
        bytes
    }

    fn session(&mut self, messages: usize, max: usize) -> Vec<u8> {
        (0..messages)
            .flat_map(|_| if self.below(3) == 0 { self.control_frame() } else { self.message(max) })
            .collect()
    }
}

#[test]
fn a_fixed_buffer_suffices_for_a_long_session() {
    for (seed, max_message) in [(1, 66_000), (2, 300), (3, 20), (4, 3)] {
        let limits = Limits { max_message, max_fragments: 6 };
        let mut numbers = Numbers(seed);
        let mut session = numbers.session(600, max_message);
        session.extend(frame(FIN | CLOSE, close_body(1000, "done")));
        let expected = naive::decode(&session, limits);
        assert!(expected.len() > 600, "{:?}", expected.last());
        for sizes in [&[1, 2, 3][..], &[1, 7, 64, 200], &[1500], &[usize::MAX], &[1, usize::MAX]] {
            let seen = receive_in_a_fixed_buffer(&session, limits, || numbers.one_of(sizes));
            assert!(seen == expected, "seed {seed}, reads of {sizes:?}");
        }
    }
}

/// The worst there can be: the longest message whose end is held back behind the longest incomplete control frame.
#[test]
fn a_fixed_buffer_suffices_for_the_longest_of_everything() {
    for max_message in [0, 1, 125, 126, 65535, 65536, 70_000] {
        let limits = Limits { max_message, max_fragments: 3 };
        let session = [
            frame(BINARY, some_bytes(max_message)),
            frame(FIN | PING, some_bytes(125)),
            frame(CONTINUATION, ""),
            frame(FIN | PONG, some_bytes(125)),
            frame(FIN | CONTINUATION, ""),
        ];
        let session = session.concat();
        let expected = naive::decode(&session, limits);
        assert_eq!(expected.len(), 3);
        for size in [1, 130, 131, 140, usize::MAX] {
            let seen = receive_in_a_fixed_buffer(&session, limits, || size);
            assert!(seen == expected, "{max_message} bytes, reads of {size}");
        }
    }
}

/// Short sessions, most of them with bits turned over.
pub fn broken_sessions(count: usize, max_message: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut numbers = Numbers(6);
    (0..count).map(move |_| {
        let mut session = numbers.session(4, max_message);
        session.truncate(400);
        for _ in 0..numbers.below(3) {
            let (at, bit) = (numbers.below(session.len()), numbers.below(8));
            session[at] ^= 1 << bit;
        }
        session
    })
}

/// Short sessions with bytes overwritten: after each byte the receiver has seen what the naive decoder sees in as much.
#[test]
fn a_broken_session_is_seen_alike_at_every_byte() {
    let limits = Limits { max_message: 130, max_fragments: 3 };
    let mut numbers = Numbers(5);
    let mut failed = 0;
    for round in 0..1500 {
        let mut session = numbers.session(4, 140);
        session.truncate(400);
        for _ in 0..numbers.below(3) {
            let (at, bit) = (numbers.below(session.len()), numbers.below(8));
            session[at] ^= 1 << bit;
        }
        let mut connection = Connection::new(limits);
        let (mut seen, mut read) = (Vec::new(), 0);
        while read < session.len() {
            let until = session.len().min(read + numbers.one_of(&[1, 1, 1, 2, 9]));
            if numbers.below(2) == 0 {
                connection.compact();
            }
            seen.extend(connection.read(&session[read..until]));
            read = until;
            assert_eq!(
                seen,
                naive::decode(&session[..read], limits),
                "round {round}: {:02x?}",
                &session[..read]
            );
        }
        failed += usize::from(matches!(seen.last(), Some(Seen::Failed(_))));
    }
    assert!((300..1400).contains(&failed), "{failed} of 1500 sessions were broken");
}

/// All sequences of five frames out of nine kinds.
#[test]
fn every_sequence_of_frames_is_seen_alike() {
    let limits = Limits { max_message: 5, max_fragments: 3 };
    let kinds = [
        frame(TEXT, "ab"),
        frame(FIN | TEXT, ""),
        frame(BINARY, ""),
        frame(FIN | BINARY, b"\xE2\x82"),
        frame(CONTINUATION, "c"),
        frame(CONTINUATION, b"\xE2"),
        frame(FIN | CONTINUATION, b"\x82\xAC"),
        frame(FIN | PING, "?"),
        frame(FIN | CLOSE, ""),
    ];
    let mut sequences = vec![vec![]];
    for _ in 0..5 {
        let longer =
            sequences.iter().flat_map(|begun: &Vec<u8>| kinds.iter().map(|kind| [&begun[..], kind].concat()));
        sequences = longer.collect();
    }
    for sequence in sequences {
        assert_eq!(
            Connection::new(limits).read(&sequence),
            naive::decode(&sequence, limits),
            "{sequence:02x?}"
        );
    }
}
