//! A chat server on `fastwebsockets`: two tasks per client on a runtime of one thread (there is one processor for it),
//! and one broadcast channel for all. One task reads, and says each message, encoded once; the other takes everything
//! that has been said and writes it in one call.
//!
//! The handshake is the least there is (`src/handshake.rs`); the library's own would bring all of `hyper`.

use bytes::{Bytes, BytesMut};
use chinwag_benches::peer::{self, BATCH_MAX, Batch, Options};
use chinwag_benches::{Result, handshake};
use fastwebsockets::{FragmentCollectorRead, Frame, OpCode, Role, after_handshake_split};
use futures_util::poll;
use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::Poll;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::broadcast::{self, Receiver, Sender, error::TryRecvError};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// From whom, and which frame: shared by all who get it.
type Said = (usize, Bytes);

/// So many messages a client may fall behind.
const MAX_LAG: usize = 4096;

fn main() -> Result<()> {
    let options = peer::options()?;
    let (room, _) = broadcast::channel(MAX_LAG);
    peer::serve_in_tasks(move |number, stream| {
        let room = room.clone();
        async move {
            if options.echo { echo(stream, options).await } else { chat(number, stream, room, options).await }
        }
    })
}

async fn shake_hands(stream: &mut TcpStream) -> Result<()> {
    let mut head = BytesMut::new();
    while handshake::head_len(&head).is_none() {
        if stream.read_buf(&mut head).await? == 0 {
            return Err("gone".into());
        }
    }
    let response = handshake::response(&head).ok_or("no handshake")?;
    Ok(stream.write_all(response.as_bytes()).await?)
}

fn encode(frame: &mut Frame<'_>) -> Bytes {
    let mut head = [0; 16];
    let head_len = frame.fmt_head(&mut head);
    let mut bytes = Vec::with_capacity(head_len + frame.payload.len());
    bytes.extend_from_slice(&head[..head_len]);
    bytes.extend_from_slice(&frame.payload);
    bytes.into()
}

fn reader(half: OwnedReadHalf, options: Options) -> FragmentCollectorRead<OwnedReadHalf> {
    let (mut reader, _) = after_handshake_split(half, tokio::io::sink(), Role::Server);
    reader.set_max_message_size(options.max_message + 1);
    FragmentCollectorRead::new(reader)
}

fn is_said(frame: &Frame<'_>) -> bool {
    matches!(frame.opcode, OpCode::Text | OpCode::Binary)
}

async fn chat(number: usize, mut stream: TcpStream, room: Sender<Said>, options: Options) -> Result<()> {
    let said = room.subscribe();
    shake_hands(&mut stream).await?;
    let (read_half, write_half) = stream.into_split();
    let (to_writer, answers) = unbounded_channel();
    tokio::spawn(async move {
        let _ = write(number, write_half, said, answers).await;
    });
    let mut reader = reader(read_half, options);
    let mut answer = |mut frame: Frame<'_>| {
        let _ = to_writer.send(encode(&mut frame));
        ready(Ok::<(), Infallible>(()))
    };
    loop {
        let frame = reader.read_frame(&mut answer).await?;
        if is_said(&frame) {
            let mut plain = Frame::new(true, frame.opcode, None, frame.payload);
            let _ = room.send((number, encode(&mut plain)));
        } else if frame.opcode == OpCode::Close {
            return Ok(());
        }
    }
}

/// Until there is nobody to answer any more.
async fn write(
    number: usize,
    mut half: OwnedWriteHalf,
    mut said: Receiver<Said>,
    mut answers: UnboundedReceiver<Bytes>,
) -> Result<()> {
    let mut batch = Batch::default();
    loop {
        tokio::select! {
            biased;
            next = said.recv() => {
                let mut next = Ok(next?);
                while let Ok((from, frame)) = next {
                    if from != number {
                        batch.add(frame);
                    }
                    if batch.is_full() {
                        half.write_all(batch.as_bytes()).await?;
                        batch.clear();
                    }
                    next = said.try_recv();
                }
                if next.is_err_and(|error| error != TryRecvError::Empty) {
                    return Err("too far behind".into());
                }
            }
            answer = answers.recv() => batch.add(answer.ok_or("gone")?),
        }
        if !batch.is_empty() {
            half.write_all(batch.as_bytes()).await?;
            batch.clear();
        }
    }
}

/// Answers everything that has arrived before it writes.
async fn echo(mut stream: TcpStream, options: Options) -> Result<()> {
    shake_hands(&mut stream).await?;
    let (read_half, mut write_half) = stream.into_split();
    let mut reader = reader(read_half, options);
    let (sender, answers) = channel();
    let mut answer = |mut frame: Frame<'_>| ready(sender.send(encode(&mut frame)));
    let mut batch = Batch::default();
    loop {
        let mut read = pin!(reader.read_frame(&mut answer));
        let frame = match poll!(read.as_mut()) {
            Poll::Ready(frame) => frame?,
            Poll::Pending => {
                write_half.write_all(batch.as_bytes()).await?;
                batch.clear();
                read.await?
            }
        };
        answers.try_iter().for_each(|frame| batch.add(frame));
        let is_last = frame.opcode == OpCode::Close;
        if is_said(&frame) {
            let mut plain = Frame::new(true, frame.opcode, None, frame.payload);
            if plain.payload.len() < BATCH_MAX {
                batch.add(encode(&mut plain));
            } else {
                write_half.write_all(batch.as_bytes()).await?;
                batch.clear();
                plain.writev(&mut write_half).await?;
            }
        }
        if is_last || batch.is_full() {
            write_half.write_all(batch.as_bytes()).await?;
            batch.clear();
        }
        if is_last {
            return Ok(());
        }
    }
}
