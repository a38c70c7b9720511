//! One connection: the opening handshake, a thread that reads and prints, and the caller's, which writes.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::check::connect;
use super::outbox::{Outbox, Over, SILENCE, Turn};
use super::random::Random;
use super::screen::{Screen, note, visible};
use super::url::Url;
use crate::conversation::{Conversation, Side};
use crate::protocol::client_handshake::{ClientRequest, Response, request_key};
use crate::protocol::close::CloseCode;
use crate::protocol::control::ControlFrame;
use crate::protocol::event::{Event, MessageType};
use crate::protocol::head::Head;
use crate::protocol::receiver::{ClientReceiver, Limits};

/// How long an opening handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(15);

/// The most that is taken of a server.
const LIMITS: Limits = Limits { max_message: 16 << 20, max_fragments: 1 << 16 };

/// How much is read at once, and the length of the buffer until a message needs more.
const BUFFER: usize = 64 * 1024;

/// Why there is no connection, or none any more.
pub(super) type Failure = Box<dyn Error>;

/// A socket whose traffic is explained, if that is asked for.
#[derive(Clone)]
pub(super) struct Connection {
    stream: Arc<TcpStream>,
    tracer: Option<Arc<Mutex<Conversation>>>,
}

impl Connection {
    /// Connects and makes the opening handshake. Returns what has come behind the answer, too.
    pub(super) fn open(
        url: &Url,
        target: &str,
        is_traced: bool,
        random: &mut Random,
    ) -> Result<(Connection, Vec<u8>), Failure> {
        let stream = Arc::new(connect(url, HANDSHAKE)?);
        let tracer = is_traced.then(|| Arc::new(Mutex::new(Conversation::new(Side::Client, LIMITS))));
        let connection = Connection { stream, tracer };
        let behind = connection.shake_hands(&url.authority, target, random)?;
        Ok((connection, behind))
    }

    fn shake_hands(&self, host: &str, target: &str, random: &mut Random) -> Result<Vec<u8>, Failure> {
        let key = request_key(random.nonce());
        let request = ClientRequest { host, target, key, subprotocols: &[], fields: &[] };
        let mut head = vec![0; Head::MAX_LEN];
        let head = request.write(&mut head)?;
        self.stream.set_nodelay(true)?;
        self.stream.set_write_timeout(Some(SILENCE / 4))?;
        (&*self.stream).write_all(head)?;
        self.explain(|conversation| conversation.send(head));
        let (deadline, mut answer) = (Instant::now() + HANDSHAKE, Vec::new());
        loop {
            if let Some((response, behind)) = Response::parse(&answer)? {
                if response.status != 101 {
                    return Err(format!("the server has answered {} instead of 101", response.status).into());
                }
                response.handshake(&request)?;
                self.stream.set_read_timeout(None)?;
                return Ok(behind.to_vec());
            }
            // Interim responses may come before the final one, but not without end.
            if answer.len() > 2 * Head::MAX_LEN {
                return Err("the server answers with too much".into());
            }
            let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
            self.stream.set_read_timeout(Some(left.ok_or("the server does not answer in time")?))?;
            let mut piece = [0; 4096];
            match self.read(&mut piece) {
                Ok(0) => return Err("the server has closed without an answer".into()),
                Ok(len) => answer.extend_from_slice(&piece[..len]),
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Lives until all is said, or returns why the connection is lost.
    pub(super) fn run(self, reader: Reader, behind: Vec<u8>, random: &mut Random) -> Result<(), Failure> {
        let (outbox, connection) = (Arc::clone(&reader.outbox), self.clone());
        let reading = thread::Builder::new().spawn(move || {
            let over = reader.read_all(&connection, behind);
            reader.outbox.lose(over);
        })?;
        let ended = self.write_all(&outbox, random);
        let _ = self.stream.shutdown(Shutdown::Both);
        if ended.is_err() {
            // What has come is printed first. At the end it has been.
            let _ = reading.join();
        }
        self.explain(Conversation::break_off);
        ended
    }

    fn write_all(&self, outbox: &Outbox, random: &mut Random) -> Result<(), Failure> {
        let mut out = Vec::new();
        loop {
            match outbox.next(&mut out, random) {
                Turn::Write => {
                    if let Err(error) = self.write(&out, outbox) {
                        // The reader may find a Close that says why.
                        outbox.wait_for_close();
                        outbox.lose(Over { code: None, why: error.to_string() });
                    }
                }
                Turn::Finish => {
                    if self.close(CloseCode::NORMAL_CLOSURE, outbox, random).is_ok() {
                        outbox.wait_for_close();
                    }
                    return Ok(());
                }
                Turn::Over(Over { code, why }) => {
                    // §5.5.1: a Close is answered, with its own code; §7.1.7: what fails is told why.
                    let _ = code.map(|code| self.close(code, outbox, random));
                    return Err(why.into());
                }
            }
        }
    }

    fn close(&self, code: CloseCode, outbox: &Outbox, random: &mut Random) -> std::io::Result<()> {
        let close = ControlFrame::close(code, "", Some(random.masking_key()));
        self.write(close.as_bytes(), outbox)
    }

    /// Writes all, however slowly it is taken, while there is somebody who takes it.
    fn write(&self, bytes: &[u8], outbox: &Outbox) -> std::io::Result<()> {
        self.explain(|conversation| conversation.send(bytes));
        let (mut rest, mut was_full) = (bytes, false);
        while !rest.is_empty() {
            match (&*self.stream).write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(len) => {
                    rest = &rest[len..];
                    // Where there was no space, the other end has made some. Where there was, nobody may be there.
                    if was_full {
                        outbox.hear(Some(Instant::now()));
                    }
                }
                Err(error) if is_timeout(&error) && !outbox.is_over() => was_full = true,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match (&*self.stream).read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => {
                    let len = *read.as_ref().unwrap_or(&0);
                    self.explain(|conversation| conversation.receive(&buffer[..len]));
                    return read;
                }
            }
        }
    }

    fn explain(&self, change: impl FnOnce(&mut Conversation)) {
        if let Some(tracer) = &self.tracer {
            let mut conversation = tracer.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut conversation);
            for lines in conversation.explain("") {
                let _ = writeln!(std::io::stderr(), "{lines}");
            }
        }
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// What reads and prints.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) outbox: Arc<Outbox>,
    pub(super) screen: Arc<Mutex<Screen>>,
    pub(super) is_named: bool,
}

impl Reader {
    /// Reads until the end, and returns why that is.
    fn read_all(&self, connection: &Connection, mut buffer: Vec<u8>) -> Over {
        let mut screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut receiver, mut filled) = (ClientReceiver::new(LIMITS), buffer.len());
        loop {
            self.outbox.hear(None);
            let over = loop {
                match receiver.receive(&mut buffer[..filled]) {
                    Ok(None) => break None,
                    Ok(Some(Event::Close(code, reason))) => break Some(self.closed(code, reason)),
                    Ok(Some(event)) => self.take(event, &mut screen),
                    Err(error) => {
                        let why = format!("the server breaks the protocol: {error}");
                        break Some(Over { code: CloseCode::new(error.close_code().get()), why });
                    }
                }
            };
            if std::io::stdout().flush().is_err() {
                self.outbox.abandon();
            }
            self.outbox.hear(Some(Instant::now()));
            if let Some(over) = over {
                return over;
            }
            filled = receiver.compact(&mut buffer, filled).unwrap_or(filled);
            if buffer.len() - filled < BUFFER / 2 {
                // It grows with what has arrived; the receiver holds that to its limits.
                buffer.resize((filled * 2).max(BUFFER), 0);
            }
            match connection.read(&mut buffer[filled..]) {
                Ok(0) => return Over { code: None, why: "the server has gone without a Close".to_owned() },
                Ok(len) => filled += len,
                Err(error) => return Over { code: None, why: error.to_string() },
            }
        }
    }

    fn take(&self, event: Event<'_, false>, screen: &mut Screen) {
        let has_caught_up = match event {
            Event::Message(message) => {
                if self.outbox.has_joined() && message.message_type() == MessageType::Text {
                    self.outbox.come_back(screen.keys.of(message.payload()));
                }
                screen.take(message.message_type(), message.payload())
            }
            Event::Ping(ping) => Ok(self.outbox.answer(ping.payload())),
            Event::Pong(payload) => Ok(self.outbox.settle(payload)),
            Event::Close(..) => Ok(false),
        };
        let printed = match has_caught_up {
            Ok(true) => screen.catch_up().map(|history| self.outbox.join(&history, self.is_named)),
            printed => printed.map(drop),
        };
        if printed.is_err() {
            self.outbox.abandon();
        }
    }

    fn closed(&self, code: Option<CloseCode>, reason: &str) -> Over {
        // What a server says of a message: it is unsupported data, an invalid payload, against its policy, too big.
        let is_refusal = code.is_some_and(|code| matches!(code.get(), 1003 | 1007..=1009));
        if is_refusal && self.outbox.refuse() {
            note(format_args!("the server refuses a line, which is dropped: {}", visible(reason)));
        }
        let code = code.unwrap_or(CloseCode::NORMAL_CLOSURE);
        let why = format!("the server has closed with {code} {}", visible(reason));
        Over { code: Some(code), why: why.trim_end().to_owned() }
    }
}
