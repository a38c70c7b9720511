//! What other servers tell of the rooms that they share with this one.

/// One thing that a server tells. Its clients have numbers that are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News<'n> {
    /// A message, one whole frame, for everyone in this room.
    Message { room: &'n str, frame: &'n [u8] },
    /// A client that has a name has come.
    Joined { client: u64, room: &'n str, name: &'n str },
    /// It has gone.
    Left { client: u64, room: &'n str },
    /// The server begins to tell anew who is there: a `Joined` for each client, then `RosterEnds`.
    RosterBegins,
    /// It has told it all: whoever was not among them has gone.
    RosterEnds,
    /// The server is gone, and whoever was there.
    Gone,
}
