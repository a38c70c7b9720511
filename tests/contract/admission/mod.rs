//! Who may come in.

mod hosts;
mod origins;
