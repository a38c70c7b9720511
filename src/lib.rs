//! chinwag: a WebSocket chat server, protocol library and readable reference.
//!
//! A bare § means [RFC 6455](https://www.rfc-editor.org/rfc/rfc6455).
//!
//! # The map
//!
//! ```text
//!   main      options, signals
//!   server    sockets, threads, clocks: accepting, a client's life, the room, the page
//!   trace     bytes, explained
//!   sys       what `std` cannot do, and all `unsafe` there is
//!   protocol  RFC 6455: bytes in, events out; no I/O, no clock, no allocation
//! ```
//!
//! Imports run one way, down the map, file by file: [`protocol`] knows nothing of what is above it. Read it first, in the
//! order that the documentation of its module gives, which also explains the words. Then read `server`, beginning with
//! its own map, a client's life in `client.rs` and `chat.rs`, and the rules at the top of `room/mod.rs`.
//!
//! # In a program of one's own
//!
//! The whole server runs inside another program: see `server::Server`. The protocol alone asks nothing of
//! its surroundings.
//!
//! ## Over a transport of one's own
//!
//! Whatever reads and writes will do. This answers an opening handshake and says everything back:
//!
//! ```
//! use chinwag::protocol::close::{CloseCode, CloseFrame};
//! use chinwag::protocol::event::Event;
//! use chinwag::protocol::handshake::Request;
//! use chinwag::protocol::head::Head;
//! use chinwag::protocol::receiver::{Limits, Receiver};
//! use std::io::{self, Read, Write};
//!
//! const LIMITS: Limits = Limits { max_message: 64 * 1024, max_fragments: 1024 };
//!
//! fn refuse(why: impl ToString) -> io::Error {
//!     io::Error::other(why.to_string())
//! }
//!
//! fn read_more(mut transport: impl Read, into: &mut [u8]) -> io::Result<usize> {
//!     let count = transport.read(into)?;
//!     if count > 0 { Ok(count) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
//! }
//!
//! fn echo(mut transport: impl Read + Write) -> io::Result<()> {
//!     // Enough for the longest message, and for the longest head as well.
//!     let mut buffer = vec![0; Receiver::buffer_len(LIMITS.max_message)];
//!
//!     // §4.2: the opening handshake. The `Head` that is kept scans every byte once. After the head come frames.
//!     let (mut head, mut filled) = (Head::new(), 0);
//!     let head_len = loop {
//!         filled += read_more(&mut transport, &mut buffer[filled..])?;
//!         if let Some(len) = head.scan(&buffer[..filled]).map_err(refuse)? {
//!             break len;
//!         }
//!     };
//!     let (request, _) = Request::parse(&buffer[..head_len]).map_err(refuse)?.ok_or_else(|| refuse("no head"))?;
//!     let accept_key = request.handshake().map_err(refuse)?.ok_or_else(|| refuse("no handshake"))?;
//!     transport.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")?;
//!     transport.write_all(b"Connection: Upgrade\r\nSec-WebSocket-Accept: ")?;
//!     transport.write_all(&accept_key)?;
//!     transport.write_all(b"\r\n\r\n")?;
//!     buffer.copy_within(head_len..filled, 0);
//!     filled -= head_len;
//!
//!     // §6.2: then frames. Each event is a part of the buffer, and so is the frame that goes back.
//!     let mut receiver = Receiver::new(LIMITS);
//!     loop {
//!         let close = match receiver.receive(&mut buffer[..filled]) {
//!             Ok(Some(Event::Message(message))) => {
//!                 transport.write_all(message.into_frame())?;
//!                 continue;
//!             }
//!             Ok(Some(Event::Ping(ping))) => {
//!                 transport.write_all(ping.into_pong())?;
//!                 continue;
//!             }
//!             Ok(Some(Event::Pong(_))) => continue,
//!             Ok(Some(Event::Close(code, _))) => {
//!                 CloseFrame::new(code.unwrap_or(CloseCode::NORMAL_CLOSURE), "")
//!             }
//!             Err(error) => CloseFrame::new(error.close_code(), error.reason()),
//!             Ok(None) => {
//!                 filled = receiver.compact(&mut buffer, filled).map_err(refuse)?;
//!                 filled += read_more(&mut transport, &mut buffer[filled..])?;
//!                 continue;
//!             }
//!         };
//!         return transport.write_all(close.as_bytes());
//!     }
//! }
//!
//! /// A transport that is read from an array, a few bytes at a time, and written to a vector.
//! struct Script<'s>(&'s [u8], Vec<u8>);
//!
//! impl Read for Script<'_> {
//!     fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
//!         let most = into.len().min(7);
//!         self.0.read(&mut into[..most])
//!     }
//! }
//!
//! impl Write for Script<'_> {
//!     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
//!         self.1.write(bytes)
//!     }
//!     fn flush(&mut self) -> io::Result<()> {
//!         Ok(())
//!     }
//! }
//!
//! let said = b"GET / HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//!     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n\
//!     \x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x80\0\0\0\0";
//! let mut script = Script(said, Vec::new());
//! echo(&mut script)?;
//! assert!(script.1.ends_with(b"Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05Hello\x88\x02\x03\xe8"));
//! # Ok::<(), io::Error>(())
//! ```
//!
//! ## On a device of one's own
//!
//! Everything has a size that is known when the program is built; nothing needs `std` or an allocator
//! (`default-features = false`):
//!
//! ```
//! use chinwag::protocol::error::ProtocolError;
//! use chinwag::protocol::event::Event;
//! use chinwag::protocol::receiver::{Limits, Receiver};
//!
//! const LIMITS: Limits = Limits { max_message: 125, max_fragments: 4 };
//!
//! struct Lamp {
//!     receiver: Receiver,
//!     buffer: [u8; Receiver::buffer_len(LIMITS.max_message)],
//!     filled: usize,
//!     is_on: bool,
//! }
//!
//! impl Lamp {
//!     /// The serial line, the radio, the network chip has received a byte.
//!     fn on_byte(&mut self, byte: u8) -> Result<(), ProtocolError> {
//!         self.buffer[self.filled] = byte;
//!         self.filled += 1;
//!         while let Some(event) = self.receiver.receive(&mut self.buffer[..self.filled])? {
//!             if let Event::Message(message) = event {
//!                 self.is_on = message.payload() == b"on";
//!             }
//!         }
//!         // A buffer that were too small would say so here, and the connection would fail with 1009.
//!         self.filled = self.receiver.compact(&mut self.buffer, self.filled)?;
//!         Ok(())
//!     }
//! }
//!
//! let receiver = Receiver::new(LIMITS);
//! let buffer = [0; Receiver::buffer_len(LIMITS.max_message)];
//! let mut lamp = Lamp { receiver, buffer, filled: 0, is_on: false };
//! // "on" in two fragments, with a Ping between them (§5.4).
//! for byte in *b"\x01\x81\0\0\0\0o\x89\x80\0\0\0\0\x80\x81\0\0\0\0n" {
//!     lamp.on_byte(byte)?;
//! }
//! assert!(lamp.is_on);
//! assert_eq!(lamp.on_byte(0xC1), Err(ProtocolError::ReservedBitsSet));
//! # Ok::<(), ProtocolError>(())
//! ```
//!
//! ## In a room of one's own
//!
//! A message is relayed as a slice of the buffer it was read into, and the same slice serves everyone. (Here it is
//! copied for each listener, because a channel owns what it carries.)
//!
//! ```
//! use chinwag::protocol::event::Event;
//! use chinwag::protocol::receiver::{Limits, Receiver};
//! use std::collections::BTreeMap;
//! use std::sync::mpsc::{Receiver as Inbox, Sender, channel};
//!
//! /// A room in which the loudest wins: texts in capitals go to everyone, all else to nobody.
//! #[derive(Default)]
//! struct Room(BTreeMap<u32, Sender<Vec<u8>>>);
//!
//! impl Room {
//!     fn join(&mut self, who: u32) -> Inbox<Vec<u8>> {
//!         let (sender, inbox) = channel();
//!         self.0.insert(who, sender);
//!         inbox
//!     }
//!
//!     fn hear(&self, from: u32, receiver: &mut Receiver, arrived: &mut [u8]) {
//!         while let Ok(Some(event)) = receiver.receive(arrived) {
//!             if let Event::Message(message) = event {
//!                 if message.payload().is_ascii() && !message.payload().iter().any(u8::is_ascii_lowercase) {
//!                     let frame = message.into_frame();
//!                     self.0.iter().filter(|(who, _)| **who != from).for_each(|(_, to)| {
//!                         let _ = to.send(frame.to_vec());
//!                     });
//!                 }
//!             }
//!         }
//!     }
//! }
//!
//! let mut room = Room::default();
//! let (a, b) = (room.join(1), room.join(2));
//! let mut receiver = Receiver::new(Limits { max_message: 125, max_fragments: 4 });
//! let mut arrived = *b"\x81\x83\x20\x20\x20\x20\x68\x69\x01\x81\x82\x20\x20\x20\x20\x48\x49";
//! room.hear(1, &mut receiver, &mut arrived);
//! assert_eq!(b.try_iter().collect::<Vec<_>>(), [b"\x81\x03HI!".to_vec()]);
//! assert_eq!(a.try_iter().count(), 0);
//! ```
#![cfg_attr(not(feature = "server"), no_std)]

// The README's examples are compiled and run, too.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod protocol;
#[cfg(feature = "server")]
pub mod server;
// Public for the program alone.
#[cfg(feature = "server")]
#[doc(hidden)]
pub mod sys;
pub mod trace;
