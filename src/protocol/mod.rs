//! RFC 6455 alone, both ends of the wire: no I/O, no clock, no allocation, no `std`, no `unsafe`, no panic.
//!
//! # The map
//!
//! ```text
//!   receiver          frames in, events out
//!   reassembly        a message in the buffer, while its fragments arrive
//!   event             what is received, and the frames that answer it
//!   utf8              text that may be cut anywhere
//!   close             the body of a Close frame
//!   control           a whole control frame
//!   frame             a frame's header and its mask
//!   error             what fails a connection
//!   close_code        the codes to fail it with
//!   client_handshake  the opening handshake: the client's half
//!   handshake         the opening handshake: the server's half
//!   origin            whose page asks, and which host it asks for
//!   fields            what stands in a head
//!   head_writer       a head going out
//!   keys              the client's key, and the proof that it was read
//!   head              where a head ends
//!   handshake_error   what refuses a handshake
//!   bytes             slices cut, joined and moved
//! ```
//!
//! Imports run down this map, which is in two halves: a connection is an HTTP request and its response up to
//! `client_handshake`, and frames from then on.
//!
//! A client and a server have nearly everything in common:
//!
//! ```text
//!             asks, answers       reads heads by    sends frames          reads frames by
//!   client    ClientRequest       Response          with a masking key    ClientReceiver
//!   server    SwitchingProtocols  Request           without one           ServerReceiver
//! ```
//!
//! What either writes the other reads. A client masks what it sends and a server does not (§5.1), so only who has sent
//! a frame decides how it is parsed: the same frames bring the same events, and the same errors at the same byte.
//!
//! # In reading order
//!
//! First [`head`], [`handshake_error`], [`fields`], [`handshake`], its mirror [`client_handshake`] with
//! [`head_writer`], and [`origin`], which may be skipped at first. Then [`frame`], [`error`], [`control`] and
//! [`close`], whose codes are in `close_code.rs`. Then [`utf8`], [`event`], `reassembly.rs` and [`receiver`].
//!
//! # Words
//!
//! - *head*: an HTTP request or response up to its empty line (RFC 9112 §2.1).
//! - *frame*: a header and a payload. The *opcode* says of what kind it is (§5.2).
//! - *message*: text or bytes, in one frame or in several. *FIN* marks the last (§5.4).
//! - *fragment*: one of the several. All but the first are *continuation* frames (§5.4).
//! - *control frame*: a Close, a Ping or a Pong. It is never fragmented, and may come between fragments (§5.5).
//! - *masking key*: four bytes that a client's payload is XORed with (§5.3).
//! - *nonce*: 16 bytes that a client chooses, of which a server proves that it has read them (§1.3).
//! - *headroom*: free bytes in front of a payload, for an outgoing header ([`receiver`]).
//! - *to fail*: to send a Close with an error's code, and to ignore what follows (§7.1.7).
//!
//! # Rules
//!
//! 1. Every input is hostile. What a peer sends can make no function here panic, and nothing is held for what it only
//!    announces.
//! 2. Incomplete is no error: `Ok(None)` asks for more bytes. An error falls at the first byte that decides it.
//! 3. What is parsed has a type of its own, so that nothing is checked twice: a [`CloseCode`](close::CloseCode) can be
//!    sent, a [`Ping`](event::Ping) can be answered, and neither can be anything else.
//! 4. Arithmetic saturates, and slices are taken with `get`. While the invariants hold, both do what operators that
//!    panic would do. If one did not, the harm would be one connection's.
//!
//! # What is left out
//!
//! - Extensions (§9). So a reserved bit is an error.
//! - The choice of a subprotocol (§1.9), which is the application's. Whether it was offered is checked here.
//! - Randomness. A client's nonce and its masking keys come from its caller, who knows where the system has them.
//! - What HTTP does with a response that is not 101: authentication, redirects. Its status and its fields are there.
//! - URIs (§3). A client is given a host and a resource name.
//! - Fragments in what is sent. Whoever sends has the whole message.
//! - TLS (§10.6), which belongs to the transport.
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::arithmetic_side_effects
)]

mod bytes;
pub mod client_handshake;
pub mod close;
mod close_code;
pub mod control;
pub mod error;
pub mod event;
pub mod fields;
pub mod frame;
pub mod handshake;
pub mod handshake_error;
pub mod head;
pub mod head_writer;
mod keys;
pub mod origin;
mod reassembly;
pub mod receiver;
pub mod utf8;
