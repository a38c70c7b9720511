//! Section 5: who may come in.

mod hosts;
mod origins;
