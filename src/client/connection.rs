//! One connection: the opening handshake, a thread that reads and prints, and the caller's, which writes.

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
use crate::protocol::client_handshake::{ClientRequest, Response, ResponseError, request_key};
use crate::protocol::close::CloseCode;
use crate::protocol::control::ControlFrame;
use crate::protocol::event::Event;
use crate::protocol::frame::Opcode;
use crate::protocol::head::Head;
use crate::protocol::receiver::{ClientReceiver, Limits};

/// How long an opening handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(15);

/// The most that is taken of a server.
const LIMITS: Limits = Limits { max_message: 16 << 20, max_fragments: 1 << 16 };

/// How much is read at once, and the length of the buffer until a message needs more.
const BUFFER: usize = 64 * 1024;

/// A socket whose traffic is explained, if that is asked for.
#[derive(Clone)]
pub(super) struct Connection {
    stream: Arc<TcpStream>,
    tracer: Option<Arc<Mutex<Conversation>>>,
}

/// How a connection has ended.
pub(super) enum Ending {
    /// All is said, and all has been read.
    Finished,
    Lost(String),
}

impl Connection {
    /// Connects and makes the opening handshake. Returns what has come behind the answer, too.
    pub(super) fn open(
        url: &Url,
        target: &str,
        is_traced: bool,
        random: &mut Random,
    ) -> Result<(Connection, Vec<u8>), String> {
        let stream = connect(url, HANDSHAKE).map_err(|error| error.to_string())?;
        let tracer = is_traced.then(|| Arc::new(Mutex::new(Conversation::new(Side::Client, LIMITS))));
        let connection = Connection { stream: Arc::new(stream), tracer };
        let behind = connection.shake_hands(&url.authority, target, random)?;
        Ok((connection, behind))
    }

    fn shake_hands(&self, host: &str, target: &str, random: &mut Random) -> Result<Vec<u8>, String> {
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => "the server does not answer".to_owned(),
            _ => error.to_string(),
        };
        let _ = self.stream.set_nodelay(true);
        self.stream.set_write_timeout(Some(SILENCE / 4)).map_err(failed)?;
        let key = request_key(random.nonce());
        let request = ClientRequest { host, target, key, subprotocols: &[], fields: &[] };
        let mut head = vec![0; Head::MAX_LEN];
        let head = request.write(&mut head).map_err(|error| error.to_string())?;
        (&*self.stream).write_all(head).map_err(failed)?;
        self.explain(|conversation| conversation.send(head));
        let (deadline, mut answer) = (Instant::now() + HANDSHAKE, Vec::new());
        loop {
            // Byte by byte it would be scanned as often: it is as short as a response's head may be.
            match Response::parse(&answer).map(|parsed| parsed.map(|(response, rest)| (response, rest.len())))
            {
                Ok(Some((response, behind))) => {
                    response.handshake(&request).map_err(|error| refused(error, response.status))?;
                    self.stream.set_read_timeout(None).map_err(failed)?;
                    return Ok(answer.split_off(answer.len() - behind));
                }
                Ok(None) => {}
                Err(error) => return Err(error.to_string()),
            }
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.stream.set_read_timeout(Some(left)).map_err(failed)?;
            let mut piece = [0; 4096];
            let len = self.read(&mut piece).map_err(failed)?;
            if len == 0 {
                return Err("the server has closed without an answer".to_owned());
            }
            if left <= Duration::from_millis(1) {
                return Err("the server does not answer in time".to_owned());
            }
            answer.extend_from_slice(&piece[..len]);
        }
    }

    /// Lives until all is said or the connection is lost.
    pub(super) fn run(
        self,
        behind: Vec<u8>,
        outbox: &Arc<Outbox>,
        screen: &Arc<Mutex<Screen>>,
        random: &mut Random,
        is_named: bool,
    ) -> Ending {
        let reader = Reader { connection: self.clone(), outbox: Arc::clone(outbox), is_named };
        let screen = Arc::clone(screen);
        let reading = thread::Builder::new().spawn(move || {
            let mut screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
            let over = reader.read_all(behind, &mut screen);
            reader.outbox.lose(over.code, over.why);
        });
        let Ok(reading) = reading else {
            return Ending::Lost("no thread to read with".to_owned());
        };
        let ending = self.write_all(outbox, random);
        let _ = self.stream.shutdown(Shutdown::Both);
        if matches!(ending, Ending::Lost(_)) {
            // What has come is printed first. At the end nobody waits for whoever reads that.
            let _ = reading.join();
        }
        self.explain(Conversation::break_off);
        ending
    }

    fn write_all(&self, outbox: &Outbox, random: &mut Random) -> Ending {
        let mut out = Vec::new();
        loop {
            match outbox.next(&mut out, random) {
                Turn::Write => {
                    if let Err(error) = self.write(&out, outbox) {
                        // The reader may find a Close that says why.
                        outbox.wait_for_close();
                        outbox.lose(None, error.to_string());
                    }
                }
                Turn::Finish => {
                    if self.close(CloseCode::NORMAL_CLOSURE, outbox, random).is_ok() {
                        outbox.wait_for_close();
                    }
                    return Ending::Finished;
                }
                Turn::Over(Over { code, why }) => {
                    // §5.5.1: a Close is answered, with its own code; §7.1.7: what fails is told why.
                    let _ = code.map(|code| self.close(code, outbox, random));
                    return Ending::Lost(why);
                }
            }
        }
    }

    fn close(&self, code: CloseCode, outbox: &Outbox, random: &mut Random) -> std::io::Result<()> {
        let payload = code.get().to_be_bytes();
        let close = ControlFrame::new(Opcode::Close, &payload, Some(random.masking_key()));
        self.write(close.as_bytes(), outbox)
    }

    /// Writes all, however slowly it is taken, while there is somebody who takes it.
    fn write(&self, bytes: &[u8], outbox: &Outbox) -> std::io::Result<()> {
        self.explain(|conversation| conversation.send(bytes));
        let mut rest = bytes;
        while !rest.is_empty() {
            match (&*self.stream).write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(len) => {
                    rest = &rest[len..];
                    outbox.progress();
                }
                Err(error) if is_timeout(&error) && !outbox.is_over() => {}
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

fn refused(error: ResponseError, status: u16) -> String {
    match error {
        ResponseError::NotAccepted => format!("the server has answered {status} instead of 101"),
        error => error.to_string(),
    }
}

/// What reads and prints.
struct Reader {
    connection: Connection,
    outbox: Arc<Outbox>,
    is_named: bool,
}

impl Reader {
    /// Reads until the end, and returns why that is.
    fn read_all(&self, mut buffer: Vec<u8>, screen: &mut Screen) -> Over {
        let (mut receiver, mut filled) = (ClientReceiver::new(LIMITS), buffer.len());
        let lost = |why: &str| Over { code: None, why: why.to_owned() };
        loop {
            self.outbox.hear(false);
            while let Some(event) = receiver.receive(&mut buffer[..filled]).transpose() {
                let dealt_with = event.map_err(|error| Over {
                    code: CloseCode::new(error.close_code().get()),
                    why: format!("the server breaks the protocol: {error}"),
                });
                match dealt_with.map(|event| self.take(event, screen)) {
                    Ok(None) => {}
                    Ok(Some(over)) | Err(over) => {
                        let _ = screen.flush();
                        return over;
                    }
                }
            }
            if screen.flush().is_err() {
                self.outbox.abandon();
            }
            self.outbox.hear(true);
            filled = match receiver.compact(&mut buffer, filled) {
                Ok(filled) => filled,
                Err(_) => filled,
            };
            if buffer.len() - filled < BUFFER / 2 {
                // What has arrived at least doubles it; the receiver holds it to its limits.
                buffer.resize((filled * 2).max(BUFFER), 0);
            }
            match self.connection.read(&mut buffer[filled..]) {
                Ok(0) => return lost("the server has gone without a Close"),
                Ok(len) => filled += len,
                Err(error) => return lost(&error.to_string()),
            }
        }
    }

    /// Deals with an event, and returns what ends the connection.
    fn take(&self, event: Event<'_, false>, screen: &mut Screen) -> Option<Over> {
        match event {
            Event::Message(message) => match screen.take(message.message_type(), message.payload()) {
                Ok(true) => {}
                Ok(false) => self.join(screen),
                Err(_) => self.outbox.abandon(),
            },
            Event::Ping(ping) => self.outbox.answer(ping.payload()),
            Event::Pong(payload) => {
                if self.outbox.settle(payload) {
                    self.join(screen);
                }
            }
            Event::Close(code, reason) => {
                let refusals = [
                    CloseCode::UNSUPPORTED_DATA,
                    CloseCode::INVALID_PAYLOAD,
                    CloseCode::POLICY_VIOLATION,
                    CloseCode::MESSAGE_TOO_BIG,
                ];
                if code.is_some_and(|code| refusals.contains(&code)) && self.outbox.refuse() {
                    note(format_args!("the server refuses a line, which is dropped: {}", visible(reason)));
                }
                let code = code.unwrap_or(CloseCode::NORMAL_CLOSURE);
                let why = format!("the server has closed with {code} {}", visible(reason));
                return Some(Over { code: Some(code), why: why.trim_end().to_owned() });
            }
        }
        None
    }

    fn join(&self, screen: &mut Screen) {
        match screen.catch_up() {
            Ok(history) => self.outbox.join(&history, self.is_named),
            Err(_) => self.outbox.abandon(),
        }
    }
}
