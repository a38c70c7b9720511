//! Places between the messages of a room, by which one who has been away finds on.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str;

/// A place behind a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which life of which room: a room that has vanished and comes into being again has another. 0 is nobody's.
    pub(crate) life: u64,
    /// How many messages there have been in it.
    pub(crate) number: u64,
}

impl Place {
    /// The beginning of a new life.
    pub(super) fn new() -> Place {
        Place { life: RandomState::new().hash_one(0).max(1), number: 0 }
    }

    /// Parses what `Display` has written; `None` where it is something else.
    pub(crate) fn parse(text: &[u8]) -> Option<Place> {
        let (life, number) = str::from_utf8(text).ok()?.split_once('-')?;
        let place = Place { life: u64::from_str_radix(life, 16).ok()?, number: number.parse().ok()? };
        Some(place).filter(|place| place.to_string().as_bytes() == text)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.life, self.number)
    }
}
