//! A chat server on `tokio-tungstenite`: a task per client on a runtime of one thread (there is one processor for it),
//! and one broadcast channel for all. A task that is woken first hands on everything that it has read, then takes
//! everything that has been said, feeds it to its socket and flushes once.

use chinwag_benches::Result;
use chinwag_benches::peer::{self, Options};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::broadcast::{self, Sender, error::TryRecvError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, tungstenite::Message};

/// From whom, and what: shared by all who get it.
type Said = (usize, Message);

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

fn config(options: Options) -> Option<WebSocketConfig> {
    let config = WebSocketConfig::default().read_buffer_size(options.read_buffer());
    let max = Some(options.max_message);
    Some(config.max_message_size(max).max_frame_size(max))
}

fn is_said(message: &Message) -> bool {
    message.is_text() || message.is_binary()
}

async fn chat(number: usize, stream: TcpStream, room: Sender<Said>, options: Options) -> Result<()> {
    let mut said = room.subscribe();
    let mut socket = accept_async_with_config(stream, config(options)).await?;
    loop {
        tokio::select! {
            biased;
            message = socket.next() => match message.ok_or("gone")?? {
                message if is_said(&message) => drop(room.send((number, message))),
                _ => {}
            },
            next = said.recv() => {
                let mut next = Ok(next?);
                while let Ok((from, message)) = next {
                    if from != number {
                        socket.feed(message).await?;
                    }
                    next = said.try_recv();
                }
                socket.flush().await?;
                if next.is_err_and(|error| error != TryRecvError::Empty) {
                    return Err("too far behind".into());
                }
            }
        }
    }
}

/// Answers everything that has arrived before it flushes.
async fn echo(stream: TcpStream, options: Options) -> Result<()> {
    let mut socket = accept_async_with_config(stream, config(options)).await?;
    loop {
        let message = match socket.next().now_or_never() {
            Some(message) => message,
            None => next_after_flush(&mut socket).await?,
        };
        match message.ok_or("gone")?? {
            message if is_said(&message) => socket.feed(message).await?,
            _ => {}
        }
    }
}

async fn next_after_flush(
    socket: &mut WebSocketStream<TcpStream>,
) -> Result<Option<std::result::Result<Message, tokio_tungstenite::tungstenite::Error>>> {
    socket.flush().await?;
    Ok(socket.next().await)
}
