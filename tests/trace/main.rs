//! A frame explained: what it says of every kind of frame, and that nothing makes it stumble.

mod every_kind;
mod every_opening;
