//! Where chance comes from.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{BufReader, Read};

/// Numbers that nobody can predict.
///
/// §5.3: "the masking key MUST be derived from a strong source of entropy", since who chooses a payload must not be able
/// to choose what is on the wire (§10.3). `std` has no such source of its own. Where the system has a file for it, that is
/// read. Elsewhere it is the keyed hash of `std`'s tables, whose keys come from the system's source: a number of it tells
/// nothing about the next one to who does not have the keys.
pub(super) struct Random {
    file: Option<BufReader<File>>,
    keys: RandomState,
    drawn: u64,
}

impl Random {
    pub(super) fn new() -> Random {
        let file = File::open("/dev/urandom").ok().map(BufReader::new);
        Random { file, keys: RandomState::new(), drawn: 0 }
    }

    pub(super) fn number(&mut self) -> u64 {
        let mut bytes = [0; 8];
        match self.file.as_mut().map(|file| file.read_exact(&mut bytes)) {
            Some(Ok(())) => u64::from_ne_bytes(bytes),
            _ => {
                self.drawn += 1;
                self.keys.hash_one(self.drawn)
            }
        }
    }

    pub(super) fn masking_key(&mut self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.number().to_ne_bytes();
        [a, b, c, d]
    }

    pub(super) fn nonce(&mut self) -> [u8; 16] {
        ((u128::from(self.number()) << 64) | u128::from(self.number())).to_ne_bytes()
    }
}
