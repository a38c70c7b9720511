//! The same room without a queue, a batch or a lock: each post is given to each member at once.

use super::received::{self, CLOSE, PONG, TEXT};
use super::{Farewell, GREETING};

/// Each message counts with its header and its entry in a list of places and lengths.
const KEPT_MAX: usize = 256 * 1024;
const ENTRY: usize = 16;

pub(super) struct Naive {
    pub(super) members: Vec<Expected>,
    pub(super) deliveries: u64,
    history_max: usize,
    history: Vec<Vec<u8>>,
    /// Who has come, in this order: members by their numbers, guests by theirs and their names.
    arrivals: Vec<Arrival>,
}

enum Arrival {
    Member(usize),
    Guest(u64, String),
}

#[derive(Default)]
pub(super) struct Expected {
    pub(super) stream: Vec<u8>,
    name: Option<String>,
    pub(super) left: bool,
    pub(super) closed: bool,
}

impl Expected {
    fn is_here(&self) -> bool {
        !self.left && !self.closed
    }
}

impl Naive {
    pub(super) fn new(history_max: usize) -> Naive {
        Naive { members: Vec::new(), deliveries: 0, history_max, history: Vec::new(), arrivals: Vec::new() }
    }

    pub(super) fn join(&mut self, greeting: &[u8], name: Option<String>, history: usize) {
        let mut stream = greeting.to_vec();
        if let Some(name) = &name {
            let name = quoted(name);
            let others: Vec<_> = self.named().map(quoted).collect();
            let online = others.len() + 1;
            let names = others.join(",");
            let kept = history.min(self.history.len());
            let welcome = format!(
                r#"{{"type":"welcome","name":{name},"online":{online},"names":[{names}],"history":{kept},"limit":65536}}"#
            );
            stream.extend(received::write(TEXT, welcome.as_bytes()));
            self.announce(&format!("{{\"type\":\"joined\",\"name\":{name},\"online\":{online}}}"));
        }
        let older = self.history.len() - history.min(self.history.len());
        self.history[older..].iter().for_each(|payload| stream.extend(received::write(TEXT, payload)));
        self.arrivals.push(Arrival::Member(self.members.len()));
        self.members.push(Expected { stream, name, ..Expected::default() });
    }

    pub(super) fn relay(&mut self, from: u64, payload: &[u8]) {
        for (_, member) in (0..).zip(&mut self.members).filter(|(id, m)| *id != from && m.is_here()) {
            member.stream.extend(received::write(TEXT, payload));
            self.deliveries += 1;
        }
        self.history.push(payload.to_vec());
        while self.history.len() > self.history_max
            || self.history.iter().map(|kept| received::write(TEXT, kept).len() + ENTRY).sum::<usize>()
                > KEPT_MAX
        {
            self.history.remove(0);
        }
    }

    pub(super) fn answer(&mut self, to: u64, payload: &[u8]) {
        if let Some(member) = self.members.get_mut(to as usize).filter(|member| member.is_here()) {
            member.stream.extend(received::write(PONG, payload));
            self.deliveries += 1;
        }
    }

    pub(super) fn leave(&mut self, id: u64, farewell: Option<Farewell>) {
        let Some(member) = self.members.get_mut(id as usize).filter(|member| member.is_here()) else {
            return;
        };
        say_goodbye(member, farewell);
        if let Some(name) = member.name.take() {
            let online = self.named().count();
            self.announce(&format!("{{\"type\":\"left\",\"name\":{},\"online\":{online}}}", quoted(&name)));
        }
    }

    pub(super) fn close_all(&mut self, farewell: Farewell) {
        self.members.iter_mut().filter(|m| m.is_here()).for_each(|m| say_goodbye(m, Some(farewell)));
    }

    /// What was said behind a member's greeting.
    pub(super) fn said_to(&self, id: usize) -> &[u8] {
        &self.members[id].stream[GREETING.len()..]
    }
    pub(super) fn guest_comes(&mut self, id: u64, name: &str) {
        let online = self.named().count() + 1;
        self.announce(&format!("{{\"type\":\"joined\",\"name\":{},\"online\":{online}}}", quoted(name)));
        self.arrivals.push(Arrival::Guest(id, name.to_owned()));
    }
    pub(super) fn guest_goes(&mut self, id: u64) {
        let place =
            self.arrivals.iter().position(|who| matches!(who, Arrival::Guest(other, _) if *other == id));
        let Some(Arrival::Guest(_, name)) = place.map(|place| self.arrivals.remove(place)) else {
            return;
        };
        let online = self.named().count();
        self.announce(&format!("{{\"type\":\"left\",\"name\":{},\"online\":{online}}}", quoted(&name)));
    }

    /// The names of those who are here and have one, in order of arrival.
    fn named(&self) -> impl Iterator<Item = &str> {
        self.arrivals.iter().filter_map(|arrival| match arrival {
            Arrival::Member(id) => self.members[*id].name.as_deref().filter(|_| self.members[*id].is_here()),
            Arrival::Guest(_, name) => Some(name),
        })
    }

    fn announce(&mut self, text: &str) {
        for member in self.members.iter_mut().filter(|member| member.name.is_some() && member.is_here()) {
            member.stream.extend(received::write(TEXT, text.as_bytes()));
        }
    }
}

fn say_goodbye(member: &mut Expected, farewell: Option<Farewell>) {
    match farewell {
        Some(farewell) => {
            let mut payload = farewell.code.get().to_be_bytes().to_vec();
            payload.extend(farewell.reason.bytes());
            member.stream.extend(received::write(CLOSE, &payload));
            member.closed = true;
        }
        None => member.left = true,
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}
