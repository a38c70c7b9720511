//! The command.

mod bind;
mod check;
mod connect;
mod extremes;
mod hangup;
mod help;
mod log;
mod named;
mod options;
mod reconnect;
mod refusals;
mod signals;
mod streams;
mod trace;
