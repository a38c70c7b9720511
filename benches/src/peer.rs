//! What the servers beside chinwag have in common: their options, how they begin, and how they put frames together.
//!
//! They are good-natured: they limit nothing but the length of a message, and a client that stops reading costs them
//! memory. What they are asked for they do as cheaply as their libraries let them.

use crate::result::Result;
use bytes::Bytes;
use std::net::TcpListener;
use tokio::net::TcpStream;

/// What is written at once, in bytes; more goes out in pieces.
pub const BATCH_MAX: usize = 64 << 10;

#[derive(Clone, Copy)]
pub struct Options {
    /// Send each message back to its sender, in place of to everyone else.
    pub echo: bool,
    /// Longest message, in bytes.
    pub max_message: usize,
}

impl Options {
    /// How much to read at once, in bytes, where a library wants to be told: what is set aside for it is cleared, or
    /// held, for each client.
    pub fn read_buffer(&self) -> usize {
        if self.max_message > 64 << 10 { 128 << 10 } else { 8 << 10 }
    }
}

/// What is asked for with `--echo` and `--max-message BYTES`.
pub fn options() -> Result<Options> {
    let mut options = Options { echo: false, max_message: 64 << 10 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--echo" => options.echo = true,
            "--max-message" => options.max_message = words.next().ok_or("how many bytes?")?.parse()?,
            _ => return Err(format!("{word}: no such option").into()),
        }
    }
    Ok(options)
}

/// A listener on a free port, announced.
pub fn listen() -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on http://{}/", listener.local_addr()?);
    Ok(listener)
}

/// Accepts for ever, each client served by a task of its own, all on this thread. `serve` is told the client's number.
pub fn serve_in_tasks<T>(serve: impl Fn(usize, TcpStream) -> T) -> Result<()>
where
    T: Future<Output = Result<()>> + Send + 'static,
{
    let listener = listen()?;
    listener.set_nonblocking(true)?;
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        for number in 0.. {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let served = serve(number, stream);
            // A client that breaks off is none of the others' business.
            tokio::spawn(async { _ = served.await });
        }
        Ok(())
    })
}

/// Frames that are to be written together. A single one is not copied.
#[derive(Default)]
pub struct Batch {
    bytes: Vec<u8>,
    single: Bytes,
}

impl Batch {
    pub fn add(&mut self, frame: Bytes) {
        if self.is_empty() {
            self.single = frame;
            return;
        }
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(&std::mem::take(&mut self.single));
        }
        self.bytes.extend_from_slice(&frame);
    }

    pub fn len(&self) -> usize {
        self.single.len() + self.bytes.len()
    }

    pub fn is_full(&self) -> bool {
        self.len() >= BATCH_MAX
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn as_bytes(&self) -> &[u8] {
        if self.bytes.is_empty() { &self.single } else { &self.bytes }
    }

    pub fn clear(&mut self) {
        self.single = Bytes::new();
        self.bytes.clear();
    }
}
