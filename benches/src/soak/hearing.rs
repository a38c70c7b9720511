//! What a client makes of what it is told.

use super::client::{Client, Fate, Heard, Phase};
use super::ledger::Ledger;
use super::message::Bodies;
use super::random::Random;
use super::score::Score;
use super::tally::Tally;
use crate::{frame, handshake};

const ANNOUNCEMENT: &[u8] = b"{\"type\":\"";

/// What a client's hearing is noted in.
pub struct Notes<'c> {
    pub ledger: &'c mut Ledger,
    pub bodies: &'c Bodies,
    pub score: &'c mut Score,
    pub tally: &'c mut Tally,
    pub random: &'c mut Random,
}

impl Notes<'_> {
    pub fn hear(&mut self, client: &mut Client, heard: Heard<'_>) {
        match heard {
            _ if client.phase == Phase::Waking => {}
            Heard::Head(head) => self.answer(client, head),
            Heard::Frame { is_last, opcode, payload } => {
                if client.phase == Phase::Closed && !matches!(client.fate, Fate::Refused(_)) {
                    self.score.strange("a frame after the Close");
                }
                if !is_last {
                    self.score.strange("a fragment");
                }
                self.frame(client, opcode, payload);
            }
        }
    }

    fn answer(&mut self, client: &mut Client, head: &[u8]) {
        let expects = match client.fate {
            Fate::Refused(status) => status,
            _ => 101,
        };
        let status = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        if status != Some(expects) || expects == 101 && !handshake::is_accepted(head) {
            self.score.strange(&format!("answered {status:?} in place of {expects}"));
        }
        if expects != 101 {
            *self.tally.refused.entry(expects).or_default() += 1;
            client.phase = Phase::Closed;
            return;
        }
        self.tally.joined += 1;
        client.phase = Phase::Open;
        if !client.is_observer() {
            self.ledger.join(client.number, client.asked_at, client.history);
        }
    }

    fn frame(&mut self, client: &mut Client, opcode: u8, payload: &[u8]) {
        if client.is_named && client.online.is_none() && !payload.starts_with(b"{\"type\":\"welcome\"") {
            self.score.strange("a named client was not welcomed first");
            client.is_named = false;
        }
        match opcode {
            frame::TEXT if payload.starts_with(ANNOUNCEMENT) => self.announcement(client, payload),
            frame::TEXT | frame::BINARY => match self.bodies.read(opcode, payload) {
                None => self.score.strange("a broken message"),
                Some(seen) if client.is_observer() => self.ledger.observed(seen, self.score),
                Some(seen) => self.ledger.received(client.number, seen, self.score),
            },
            frame::PING if matches!(client.phase, Phase::Open | Phase::Paused) => {
                frame::put(&mut client.output, frame::PONG, Some(self.random.masking_key()), payload);
            }
            frame::PING => {}
            frame::PONG => {
                self.score.pongs += 1;
                if client.pings.pop_front().is_none_or(|ping| ping.to_be_bytes() != payload) {
                    self.score.strange("a Pong that nobody waits for");
                }
            }
            frame::CLOSE => self.close(client, payload),
            other => self.score.strange(&format!("a frame with opcode {other}")),
        }
    }

    fn close(&mut self, client: &mut Client, payload: &[u8]) {
        let code = payload.first_chunk().map(|&code| u16::from_be_bytes(code));
        *self.tally.closes.entry(code.unwrap_or(1005)).or_default() += 1;
        match client.phase {
            Phase::Leaving(expected) if code == Some(expected) => {}
            Phase::Leaving(expected) => {
                self.score.strange(&format!("closed with {code:?} in place of {expected}"));
            }
            _ => self.score.strange(&format!("closed with {code:?} for no reason")),
        }
        client.phase = Phase::Closed;
    }

    /// The count of those who are there must go with who comes and goes.
    fn announcement(&mut self, client: &mut Client, payload: &[u8]) {
        self.score.announced += 1;
        let text = String::from_utf8_lossy(payload);
        let Some(online) = online(&text) else {
            return self.score.strange("an announcement without a count");
        };
        let expected = match (client.online, text.split('"').nth(3)) {
            (None, Some("welcome")) if client.is_named => Some(online),
            (Some(before), Some("joined")) => Some(before + 1),
            (Some(before), Some("left")) => before.checked_sub(1),
            _ => None,
        };
        if expected != Some(online) {
            self.score.strange(&format!("{text} where {:?} were there", client.online));
        }
        client.online = Some(online);
    }
}

fn online(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once("\"online\":")?;
    rest.split([',', '}']).next()?.parse().ok()
}
