//! A crowd that comes, talks, misbehaves and goes, for as long as one likes.
//!
//! Every message must reach everyone who is in its room, once, whole and in one order, whatever the others do; and when
//! all have left, the server must hold what it held before.
//!
//! - [`random`], [`message`]: what is decided by the seed alone,
//! - [`log`], [`reader`], [`ledger`], [`score`]: who must get what, and who got it,
//! - [`client`], [`hearing`], [`crowd`], [`conduct`]: those who come and go,
//! - [`tally`], [`watch`]: what the server has counted, and what it holds.

pub mod client;
pub mod conduct;
pub mod crowd;
pub mod hearing;
pub mod ledger;
pub mod log;
pub mod message;
pub mod random;
pub mod reader;
pub mod score;
pub mod tally;
pub mod watch;

#[cfg(test)]
mod tests;
