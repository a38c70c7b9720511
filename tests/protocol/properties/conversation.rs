//! Both roles, of which each reads what the other writes, heads and frames in one stream, through a cutter.
//!
//! ```text
//!   target LF subprotocol,... LF field name LF value LF    what the client asks with
//!   kind and length, a byte each, in turn                  what it sends then
//! ```

use chinwag::protocol::client_handshake::{ClientRequest, Response, request_key};
use chinwag::protocol::close::CloseCode;
use chinwag::protocol::control::ControlFrame;
use chinwag::protocol::event::Event;
use chinwag::protocol::frame::{FrameHeader, Opcode, apply_mask, frame_in_place};
use chinwag::protocol::handshake::{Request, SwitchingProtocols};
use chinwag::protocol::head::Head;
use chinwag::protocol::receiver::{ClientReceiver, ServerReceiver};

use super::delivery::Delivery;
use crate::support::{LIMITS, Seen, compact, some_bytes};

/// Returns whether the client could ask, and has had a message of its own back.
pub fn holds(input: &[u8]) -> bool {
    let delivery = Delivery::of(input);
    let mut parts = delivery.bytes.splitn(5, |byte| *byte == b'\n');
    let mut text = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
    let (Some(target), Some(offers), Some(name), Some(value)) = (text(), text(), text(), text()) else {
        return false;
    };
    let subprotocols = Vec::from_iter(offers.split(',').filter(|_| !offers.is_empty()));
    let fields = [(name, value)];
    let fields = if name.is_empty() { &[] } else { &fields[..] };
    let key = request_key([offers.len() as u8; 16]);
    let request =
        ClientRequest { host: "example.org:8080", target, key, subprotocols: &subprotocols, fields };
    let mut out = [0; 16 << 10];
    let Ok(head) = request.write(&mut out) else {
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_path = target.strip_prefix('/').is_some_and(is_plain);
        assert!(
            !is_path || !is_plain(name) || !is_plain(value) || !offers.is_empty() || is_of_a_head(name),
            "{input:?}"
        );
        return false;
    };
    let script = parts.next().unwrap_or_default();
    let (frames, expected) = act(script);
    let mut client = Client { request, frames, buffer: Vec::new(), receiver: None, seen: Vec::new() };
    let mut server = Server { head: Head::new(), fields, buffer: Vec::new(), receiver: None };
    let (mut to_server, mut to_client) = (Stream::default(), Stream::default());
    to_server.written.extend_from_slice(head);
    for size in delivery.sizes() {
        if to_server.is_read() && to_client.is_read() {
            break;
        }
        server.read(to_server.read(size), &mut to_client.written);
        client.read(to_client.read(size), &mut to_server.written);
    }
    assert_eq!(client.seen, expected, "{input:?}");
    expected.iter().skip(1).any(|seen| matches!(seen, Seen::Text(_) | Seen::Binary(_)))
}

/// Whether a plain name is one that the handshake has itself.
fn is_of_a_head(name: &str) -> bool {
    ["host", "upgrade", "connection"].contains(&name)
}

/// One direction.
#[derive(Default)]
struct Stream {
    written: Vec<u8>,
    read: usize,
}

impl Stream {
    fn is_read(&self) -> bool {
        self.read == self.written.len()
    }

    /// At least a byte, so that it comes to an end.
    fn read(&mut self, size: usize) -> &[u8] {
        let unread = &self.written[self.read..];
        let piece = &unread[..size.max(1).min(unread.len())];
        self.read += piece.len();
        piece
    }
}

const GREETING: &[u8] = b"welcome";

/// What a client sends, and what it then sees.
fn act(script: &[u8]) -> (Vec<u8>, Vec<Seen>) {
    let (mut frames, mut expected) = (Vec::new(), vec![Seen::text("welcome")]);
    for (at, step) in script.chunks_exact(2).take(16).enumerate() {
        let key = (at as u32).wrapping_mul(0x9E37_79B9).to_be_bytes();
        // Two may be long.
        let len = usize::from(step[1]) * if step[0] & 0x40 != 0 && at < 2 { 300 } else { 1 };
        match step[0] % 6 {
            0 => {
                let text = "aé€🙂".repeat(len / 10);
                frames.extend(masked(Opcode::Text, text.as_bytes(), key));
                expected.push(Seen::Text(text));
            }
            1 => {
                frames.extend(masked(Opcode::Binary, &some_bytes(len), key));
                expected.push(Seen::Binary(some_bytes(len)));
            }
            2 => {
                let payload = some_bytes(len.min(125));
                frames.extend(ControlFrame::new(Opcode::Ping, &payload, Some(key)).as_bytes());
                expected.push(Seen::Pong(payload));
            }
            3 => frames.extend(ControlFrame::new(Opcode::Pong, &some_bytes(len), Some(key)).as_bytes()),
            4 => {
                let payload = some_bytes(len);
                let (first, last) = payload.split_at(len / 3);
                for (payload, opcode, fin) in
                    [(first, Opcode::Binary, false), (last, Opcode::Continuation, true)]
                {
                    let header = FrameHeader {
                        fin,
                        opcode,
                        masking_key: Some(key),
                        payload_len: payload.len() as u64,
                    };
                    frames.extend(header.encode(&mut [0; FrameHeader::MAX_LEN]));
                    let mut payload = payload.to_vec();
                    apply_mask(&mut payload, key);
                    frames.extend(payload);
                }
                expected.push(Seen::Binary(payload));
            }
            _ => {
                let code = CloseCode::new(3000 + len as u16 % 2000).expect("to be sent");
                let reason = "é".repeat(len);
                frames.extend(ControlFrame::close(code, &reason, Some(key)).as_bytes());
                expected.push(Seen::Close(Some(code.get()), "é".repeat(len.min(61))));
                break;
            }
        }
    }
    (frames, expected)
}

fn masked(opcode: Opcode, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut buffer = [&[0xAA; FrameHeader::MAX_LEN], payload].concat();
    frame_in_place(&mut buffer, FrameHeader::MAX_LEN, opcode, Some(key)).expect("headroom").to_vec()
}

struct Server<'a> {
    head: Head,
    fields: &'a [(&'a str, &'a str)],
    buffer: Vec<u8>,
    receiver: Option<ServerReceiver>,
}

impl Server<'_> {
    fn read(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.buffer.extend_from_slice(bytes);
        if self.receiver.is_none() {
            self.shake_hands(out);
        }
        let Some(receiver) = &mut self.receiver else { return };
        loop {
            match receiver.receive(&mut self.buffer).expect("a client's frames") {
                Some(Event::Message(message)) => out.extend_from_slice(message.into_frame()),
                Some(Event::Ping(ping)) => out.extend_from_slice(ping.into_pong()),
                Some(Event::Pong(_)) => {}
                Some(Event::Close(code, reason)) => {
                    out.extend(ControlFrame::close(code.expect("a code"), reason, None).as_bytes());
                }
                None => break,
            }
        }
        compact(receiver, &mut self.buffer);
    }

    /// Takes the subprotocol that the client likes least, and says welcome in the same stream.
    fn shake_hands(&mut self, out: &mut Vec<u8>) {
        let Some(len) = self.head.scan(&self.buffer).expect("a client's head") else { return };
        let (request, rest) = Request::parse(&self.buffer).expect("a client's request").expect("whole");
        assert_eq!(rest.len(), self.buffer.len() - len);
        let own = self.fields.iter().all(|(name, value)| {
            request.fields.values(name).any(|found| found == value.trim_ascii().as_bytes())
        });
        assert!(own, "{:?}", request.fields);
        let accept_key = request.handshake().expect("a client's handshake").expect("an upgrade");
        let subprotocol = request.subprotocols().last();
        let accepted = SwitchingProtocols { accept_key, subprotocol, fields: self.fields };
        out.extend(accepted.write(&mut [0; 16 << 10]).expect("what the client could write"));
        let mut greeting = [&[0; FrameHeader::MAX_UNMASKED_LEN], GREETING].concat();
        let frame = frame_in_place(&mut greeting, FrameHeader::MAX_UNMASKED_LEN, Opcode::Text, None);
        out.extend_from_slice(frame.expect("headroom"));
        self.buffer.drain(..len);
        self.receiver = Some(ServerReceiver::new(LIMITS));
    }
}

struct Client<'a> {
    request: ClientRequest<'a>,
    /// What is sent once the server has agreed.
    frames: Vec<u8>,
    buffer: Vec<u8>,
    receiver: Option<ClientReceiver>,
    seen: Vec<Seen>,
}

impl Client<'_> {
    fn read(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.buffer.extend_from_slice(bytes);
        if self.receiver.is_none() {
            let Some((response, rest)) = Response::parse(&self.buffer).expect("a server's head") else {
                return;
            };
            let chosen = response.handshake(&self.request).expect("a server's handshake");
            assert_eq!(chosen, self.request.subprotocols.last().copied());
            let rest_len = rest.len();
            self.buffer.drain(..self.buffer.len() - rest_len);
            self.receiver = Some(ClientReceiver::new(LIMITS));
            out.append(&mut self.frames);
        }
        let Some(receiver) = &mut self.receiver else { return };
        while let Some(event) = receiver.receive(&mut self.buffer).expect("a server's frames") {
            self.seen.push(event.into());
        }
        compact(receiver, &mut self.buffer);
    }
}
