//! The command.

mod bind;
mod log;
mod options;
mod refusals;
mod signals;
mod streams;
mod trace;
