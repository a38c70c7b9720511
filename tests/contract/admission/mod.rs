//! Who may come in.

mod addresses;
mod hosts;
mod names;
mod network;
mod origins;
